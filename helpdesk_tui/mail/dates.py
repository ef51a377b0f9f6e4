"""When a mail claims to have been sent."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

_LONGEST = 120
_NAMES = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTHS = {name: number for number, name in enumerate(_NAMES, 1)}
_DATE = re.compile(
    r"(\d{1,2})[ \t-]+([A-Za-z]{3})[a-z]{0,6}\.?[ \t-]+(\d{4}|\d{2})[ \t,]+(\d{1,2})[:.](\d{2})(?:[:.](\d{2}))?"
    r"(?:[ \t]*([+-]\d{4})(?!\d)|[ \t]+([A-Za-z]{1,5})\b)?"
)
_ASCTIME = re.compile(
    r"([A-Za-z]{3})[a-z]{0,6}[ \t]+(\d{1,2}),?[ \t]+(\d{1,2}):(\d{2}):(\d{2})[ \t]+(?:([A-Za-z]{1,5})[ \t]+)?(\d{4})"
)
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(?::\d{2})?(?:Z|[+-]\d{2}:?\d{2})?")
_ZONES = {"est": -5, "edt": -4, "cst": -6, "cdt": -5, "mst": -7, "mdt": -6, "pst": -8, "pdt": -7, "met": 1, "mez": 1}
_ZONES |= {"cet": 1, "cest": 2, "mesz": 2, "mest": 2, "bst": 1, "eet": 2, "eest": 3, "msk": 3, "jst": 9}
_UNIVERSAL = frozenset({"utc", "ut", "gmt", "z"})
_WIDEST_OFFSET = timedelta(hours=15)


def sent_at(value: str) -> datetime | None:
    """The moment of a Date field in UTC, None where it names none that can be."""
    value = value[:_LONGEST]
    try:
        return _rfc(value) or _asctime(value) or _iso(value)
    except (ValueError, OverflowError):
        return None


def knows_zone(name: str) -> bool:
    """True where a time zone's name says how far it is from UTC; `sent_at` takes any other for UTC."""
    return name.lower() in _ZONES or name.lower() in _UNIVERSAL


def _rfc(value: str) -> datetime | None:
    found = _DATE.search(value)
    if found is None:
        return None
    day, month, year, hour, minute, second, offset, zone = found.groups()
    # A zone that is no four digits, such as fourteen of them, makes the whole claim worthless.
    if not offset and re.match(r"[ \t]*[+-]\d", value[found.end() :]):
        return None
    return _moment(
        (_year(year), _MONTHS.get(month.lower(), 0), int(day)),
        (int(hour), int(minute), int(second or 0)),
        _offset(offset, zone),
    )


def _asctime(value: str) -> datetime | None:
    for found in _ASCTIME.finditer(value):
        month, day, hour, minute, second, zone, year = found.groups()
        if month.lower() in _MONTHS:
            clock = (int(hour), int(minute), int(second))
            return _moment((_year(year), _MONTHS[month.lower()], int(day)), clock, _offset("", zone))
    return None


def _iso(value: str) -> datetime | None:
    found = _ISO.search(value)
    if found is None:
        return None
    moment = datetime.fromisoformat(found[0])
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)


def _year(digits: str) -> int:
    short = int(digits)
    return short if len(digits) == 4 else short + (2000 if short < 70 else 1900)


def _moment(day: tuple[int, int, int], clock: tuple[int, int, int], offset: timedelta) -> datetime | None:
    year, month, date = day
    if abs(offset) > _WIDEST_OFFSET or not 1970 <= year <= 9998:
        return None
    hour, minute, second = clock
    return datetime(year, month, date, hour, minute, min(second, 59), tzinfo=timezone(offset)).astimezone(UTC)


def _offset(numeric: str | None, zone: str | None) -> timedelta:
    if numeric:
        minutes = int(numeric[1:3]) * 60 + int(numeric[3:5])
        return timedelta(minutes=-minutes if numeric[0] == "-" else minutes)
    return timedelta(hours=_ZONES.get((zone or "").lower(), 0))
