"""Links in a text, each with the target it truly has."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from helpdesk_tui.rules.untrusted import clean_line

#: So many are listed.
MOST = 100
_LINK = re.compile(r"(?:https?://|mailto:)[^\s<>\"'|\\^`{}\[\]]{1,2000}", re.IGNORECASE)
#: What stands behind a link in a sentence and is no part of it.
_AFTER = ".,;:!?)'\"»”"


@dataclass(frozen=True, slots=True)
class Link:
    """A link as it stands in a text: its whole target, and the host it leads to ("" for an address)."""

    target: str
    host: str


def links_in(text: str) -> list[Link]:
    """The links of a text, each once, in their order; at most `MOST`. Only web pages and addresses are links."""
    found: dict[str, Link] = {}
    for match in _LINK.finditer(text):
        target = match[0].rstrip(_AFTER)
        if target.count("(") > target.count(")") and match[0][len(target) : len(target) + 1] == ")":
            target += ")"
        if len(found) < MOST and target not in found:
            found[target] = Link(target, host_of(target))
    return list(found.values())


def host_of(target: str) -> str:
    """Where a link leads, in ASCII as name servers see it; "" where that is nowhere."""
    try:
        host = urlsplit(target).hostname or ""
        return clean_line(host.encode("idna").decode() if not host.isascii() else host, 253)
    except (ValueError, UnicodeError):
        return ""


def may_be_opened(target: str) -> bool:
    """True for what may be handed to a browser: a page with a host, or an address; no option, no other scheme."""
    scheme = target.partition(":")[0].lower()
    if scheme == "mailto":
        return len(target) > len("mailto:")
    return scheme in ("http", "https") and bool(host_of(target))
