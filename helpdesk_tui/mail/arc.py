"""The newest set of an Authenticated Received Chain (RFC 8617): who sealed it, and what they had seen.

Whether the chain is sound only a server that asked the DNS can say; here nothing is verified.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from helpdesk_tui.mail.authresults import LONGEST_FIELD, MethodResult, read_results
from helpdesk_tui.mail.headers import Headers
from helpdesk_tui.rules.domains import ascii_form

#: RFC 8617 §4.2.1 allows no more sets.
_MOST_SETS = 50
_MOST_TAGS = 50
_INSTANCE = re.compile(r"[ \t]*i[ \t]*=[ \t]*([0-9]{1,2})[ \t]*;")
_FIELDS = ("arc-seal", "arc-authentication-results", "arc-message-signature")


@dataclass(frozen=True, slots=True)
class ArcSet:
    """The domain that sealed a set, and what its server said about the mail it got."""

    domain: str
    results: tuple[MethodResult, ...]


def newest_set(headers: Headers) -> ArcSet | None:
    """The set of the highest instance; None where it is not there exactly once and whole."""
    if any(headers.count(name) > _MOST_SETS for name in _FIELDS):
        return None
    seals = [_tags(value) for value in headers.every("arc-seal")]
    newest = max((int(one) for one in (tags.get("i", "") for tags in seals) if _is_instance(one)), default=0)
    sealed = [tags for tags in seals if tags.get("i") == str(newest)]
    said = [value for value in headers.every("arc-authentication-results") if _instance(value) >= newest]
    if len(sealed) != 1 or len(said) != 1 or _instance(said[0]) != newest or not sealed[0].get("d"):
        return None
    results = read_results(said[0].partition(";")[2])
    return None if results is None else ArcSet(ascii_form(sealed[0]["d"]), results)


def _tags(value: str) -> dict[str, str]:
    """The tags of a list as DKIM writes them (RFC 6376 §3.2); none where one comes twice or there are very many."""
    pairs = [one.partition("=") for one in value[:LONGEST_FIELD].split(";", _MOST_TAGS) if one.strip()]
    tags = {name.strip(): content.strip() for name, _mark, content in pairs}
    return tags if len(tags) == len(pairs) < _MOST_TAGS else {}


def _is_instance(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= 2


def _instance(value: str) -> int:
    """The number of the set a field belongs to; a field without one spoils every set."""
    found = _INSTANCE.match(value)
    return int(found[1]) if found else _MOST_SETS + 1
