"""Message-IDs without their brackets, as people's programs write them, in all their sloppiness."""

from __future__ import annotations

import re

from helpdesk_tui.mail.charsets import line

MOST_IDS = 50
_LONGEST_ID = 998
_BRACKETED = re.compile(r"<([^<>]*)>")
_BLANK = re.compile(r"\s+")


def ids_in(value: str) -> tuple[str, ...]:
    """The ids of a field in its order, each once, the last `MOST_IDS` of them; case is kept."""
    found = _BRACKETED.findall(value) if "<" in value else [word for word in value.split() if "@" in word]
    if not found and "@" in value:
        found = [value.strip("<> \t")]
    cleaned = (line(_BLANK.sub("", one), _LONGEST_ID + 1) for one in found[-2 * MOST_IDS :])
    return tuple(dict.fromkeys(one for one in cleaned if one and len(one) <= _LONGEST_ID))[-MOST_IDS:]


def first_id(value: str) -> str:
    """The one id of a field, "" where there is none; without brackets it needs no at-sign."""
    found = _BRACKETED.search(value)
    bare = _BLANK.sub("", found[1] if found else value.strip("<> \t"))[: _LONGEST_ID + 1]
    cleaned = line(bare, _LONGEST_ID + 1)
    return cleaned if len(cleaned) <= _LONGEST_ID else ""
