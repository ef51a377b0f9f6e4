"""Places in a prepared text that are filled in for a customer: `{{customer}}`, `{{free_slots:3}}`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from helpdesk_tui.errors import Usage
from helpdesk_tui.language import _
from helpdesk_tui.rules.untrusted import clean_line

#: What a text may have filled in.
PLACES = ("customer", "agent", "queue", "ticket", "subject", "free_slots")
#: So many free slots are named at most.
MOST_SLOTS = 9
_PLACE = re.compile(r"(?P<before>[ \t]?)\{\{\s*(?P<name>[a-z_]{1,30})\s*(?::\s*(?P<count>\d{1,3})\s*)?\}\}")
_BRACES = re.compile(r"\{\{[^{}\n]{0,60}\}?\}?")


def check(text: str) -> None:
    """Look whether all places of a text can be filled in.

    Raises:
        Usage: one cannot; it is named.
    """
    rest = _PLACE.sub(lambda found: "" if found["name"] in PLACES else found[0], text)
    if bad := _BRACES.search(rest):
        raise Usage(
            _("{place} cannot be filled in.").format(place=clean_line(bad[0], 60)),
            _("Known: {names}.").format(names=", ".join(f"{{{{{name}}}}}" for name in PLACES)),
        )


def wants_slots(text: str) -> int:
    """How many free slots a text names; 0 where it names none."""
    counts = (int(found["count"] or 1) for found in _PLACE.finditer(text) if found["name"] == "free_slots")
    return min(max(counts, default=0), MOST_SLOTS)


def fill(text: str, values: Mapping[str, str], slots: Callable[[int], str]) -> str:
    """A text with its places filled in; of a value that is not known nothing is left, not even the blank before it.

    Args:
        slots: names so many free slots, one a line.
    Raises:
        Usage: a place cannot be filled in.
    """
    check(text)

    def value(found: re.Match[str]) -> str:
        if found["name"] == "free_slots":
            return found["before"] + slots(min(int(found["count"] or 1), MOST_SLOTS))
        known = values.get(found["name"], "")
        return f"{found['before']}{known}" if known else ""

    return _PLACE.sub(value, text)
