"""Due dates as people type them, on a Thursday in Berlin."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from helpdesk_tui.config import CalendarSettings
from helpdesk_tui.errors import Usage
from helpdesk_tui.rules.promise import read_due

#: Thursday 26 November 2026, 10:30 in Berlin.
NOW = datetime(2026, 11, 26, 9, 30, tzinfo=UTC)


@pytest.fixture(autouse=True)
def berlin() -> Iterator[None]:
    """The person at the terminal lives in Berlin."""
    before = os.environ.get("TZ")
    os.environ["TZ"] = "Europe/Berlin"
    time.tzset()
    yield
    os.environ.pop("TZ")
    if before is not None:
        os.environ["TZ"] = before
    time.tzset()


@pytest.mark.parametrize(
    ("typed", "local"),
    [
        ("2026-12-01T15:00", "2026-12-01 15:00"),
        ("2026-12-01T15:00+00:00", "2026-12-01 16:00"),
        ("2026-12-01", "2026-12-01 23:59"),
        ("2026-12-01 9:30", "2026-12-01 09:30"),
        ("2026-12-01 09:30:00", "2026-12-01 09:30"),
        ("14:00", "2026-11-26 14:00"),
        ("9:00", "2026-11-27 09:00"),
        ("today", "2026-11-26 23:59"),
        ("heute 18 Uhr", "2026-11-26 18:00"),
        ("Tomorrow 9:15", "2026-11-27 09:15"),
        ("morgen 9", "2026-11-27 09:00"),
        ("fri", "2026-11-27 23:59"),
        ("thu 9:00", "2026-12-03 09:00"),
        ("Mittwoch 8.30", "2026-12-02 08:30"),
        ("sonnabend", "2026-11-28 23:59"),
        ("so", "2026-11-29 23:59"),
        ("1.12.", "2026-12-01 23:59"),
        ("1.2. 9:00", "2027-02-01 09:00"),
        ("27.11.2026 9:00", "2026-11-27 09:00"),
        ("+30min", "2026-11-26 11:00"),
        ("+2d", "2026-11-28 10:30"),
        ("+2h", "2026-11-26 12:30"),
        ("+8h", "2026-11-27 10:30"),
    ],
)
def test_a_date_is_understood(typed: str, local: str) -> None:
    due = read_due(typed, NOW, CalendarSettings())
    assert isinstance(due, datetime)
    assert f"{due.astimezone():%Y-%m-%d %H:%M}" == local


@pytest.mark.parametrize("typed", ["", " none "])
def test_no_date(typed: str) -> None:
    assert read_due(typed, NOW, CalendarSettings()) == ""


@pytest.mark.parametrize(
    "typed",
    [
        "someday",
        "25:00",
        "31.2.",
        "1.13.",
        "+99999999999999h",
        "+4x",
        "0001-01-01",
        "fri 99:00",
        "yesterday",
        "\x1b[2J",
    ],
)
def test_what_is_no_date_is_refused_in_words(typed: str) -> None:
    with pytest.raises(Usage, match="is not a date") as refused:
        read_due(typed, NOW, CalendarSettings())
    assert "\x1b" not in refused.value.message
