"""Whose mail somebody passes on: read from the head that mail programs put above what they forward."""

from __future__ import annotations

import re

from helpdesk_tui.rules.routing import is_address
from helpdesk_tui.rules.untrusted import clean_line
from helpdesk_tui.terms import Person

_FORWARD = re.compile(r"(?:fwd?|wg|tr|rv|enc|i|doorst|vs|vl|vidarebef)(?:\[\d+\])?\s*[:：]", re.IGNORECASE)
_FROM = re.compile(
    r"^[ \t>*]*(?:from|von|de|van|da|från|fra|od)[ \t]?:\*?[ \t]*+(?P<name>[^\n<>\[\]]{0,400}+)"
    r"[<\[](?:mailto:)?(?P<address>[^\s<>\[\]]{3,320})[>\]]",
    re.IGNORECASE | re.MULTILINE,
)
_BARE = re.compile(r"^[ \t>*]*(?:from|von)[ \t]?:\*?[ \t]*(?P<address>[^\s<>\[\]]{3,320})[ \t]*$", re.I | re.M)
#: A head stands near the front of what is passed on.
_READ = 20_000


def is_forward(subject: str) -> bool:
    """True where a subject says that its mail passes another on."""
    return _FORWARD.match(subject) is not None


def forwarded_sender(subject: str, text: str) -> Person | None:
    """The sender named in the head of a forwarded mail; None where it is none or names nobody."""
    if not is_forward(subject):
        return None
    found = _FROM.search(text[:_READ]) or _BARE.search(text[:_READ])
    if found is None or not is_address(found["address"]):
        return None
    name = clean_line((found.groupdict().get("name") or "").strip(" \"'"), 200)
    return Person("" if "@" in name else name, found["address"])
