"""Times as tables write them."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from helpdesk_tui.mail.dates import knows_zone, sent_at

_DAY_FIRST = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})(?:[ ,T]+(\d{1,2}:\d{2}(?::\d{2})?))?")
_YEAR_FIRST = re.compile(r"\d{4}[-/]\d{1,2}[-/]\d{1,2}(?:[ T]+.*)?")
#: What stands behind the time in a mail's date: a zone, and the year where it comes last.
_ZONE = re.compile(r"\d[:.]\d{2}(?:[:.]\d{2})?[ \t]*([+-]\d{4}|[A-Za-z]{1,5})?(?:[ \t]+\d{4})?[ \t]*(?:\([^()]*\))?$")
_YEARS = range(1970, 9000)
#: Nobody writes a moment in more characters, and a pattern takes the square of them.
_LONGEST = 200


def read_moment(text: str, zone: ZoneInfo, date_format: str = "") -> datetime | None:
    """The moment that a cell names, in UTC; None where it names none that is beyond doubt.

    Args:
        zone: where a time without a zone is meant; date_format: how all of them are written (`strptime`), "" for ISO
            8601, 31.12.2026 23:59 and the dates of mails (RFC 5322). 12/31/2026 is in doubt, and needs a format.
    """
    text = text.strip()
    if len(text) > _LONGEST:
        return None
    try:
        found = datetime.strptime(text, date_format) if date_format else _read(text)
        if found is None or found.year not in _YEARS:
            return None
        return (found if found.tzinfo else found.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _read(text: str) -> datetime | None:
    if found := _DAY_FIRST.fullmatch(text):
        day, month, year, clock = found.groups()
        return datetime.fromisoformat(f"{year}-{month:0>2}-{day:0>2}T{(clock or '00:00').rjust(5, '0')}")
    if _YEAR_FIRST.fullmatch(text):
        return datetime.fromisoformat(text.replace("/", "-").replace(" UTC", "+00:00"))
    return _as_mails_write(text)


def _as_mails_write(text: str) -> datetime | None:
    """A mail's date, naive where it names no zone; None where it names one that nobody knows."""
    named, found = _ZONE.search(text), sent_at(text)
    if named is None or found is None:
        return None
    zone = named[1] or ""
    if not zone:
        return found.replace(tzinfo=None)
    return found if zone[0] in "+-" or knows_zone(zone) else None
