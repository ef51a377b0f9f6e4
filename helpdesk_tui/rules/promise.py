"""Dates as people type them when they promise something."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Protocol

from helpdesk_tui.errors import Usage
from helpdesk_tui.language import _
from helpdesk_tui.rules.calendar import due_at, parse_calendar

_WORKING_HOURS = re.compile(r"\+(\d{1,4})h")


class WorkingTime(Protocol):
    """What says when the office is open."""

    @property
    def hours(self) -> str:
        """Hours by weekday, as `rules.calendar` reads them."""

    @property
    def zone(self) -> str:
        """An IANA time zone."""


def read_due(text: str, now: datetime, office: WorkingTime) -> datetime | str:
    """A due date: a day (its end), an instant (local time where no zone is named), `+4h` of working time.

    Returns:
        "" for "" and none: no due date.
    Raises:
        Usage: it is none of these.
    """
    if text in ("", "none"):
        return ""
    try:
        if found := _WORKING_HOURS.fullmatch(text):
            return due_at(now, timedelta(hours=int(found[1])), parse_calendar(office.hours, office.zone))
        if len(text) == len("2026-12-01"):
            return datetime.combine(date.fromisoformat(text), time(23, 59)).astimezone(UTC)
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise Usage(
            _("{text} is not a date.").format(text=text), _("Use 2026-12-01T15:00, 2026-12-01, +4h or none.")
        ) from error
