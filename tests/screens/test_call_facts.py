"""A call is written down with its number and its times, as people type them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from helpdesk_tui.errors import Usage
from helpdesk_tui.screens.dialogs.call_facts import read_moment
from helpdesk_tui.store.queries.tickets import ticket_by_number
from tests.build import thread
from tests.screens.stage import Stage

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def test_a_clock_means_the_last_time_it_showed_that() -> None:
    local = NOW.astimezone()
    earlier, later = local.replace(hour=(local.hour or 24) - 1, minute=5), local.replace(minute=1)
    assert read_moment(f"{earlier:%H:%M}", NOW).astimezone().time() == earlier.time()
    assert (NOW - read_moment(f"{later:%H.%M}", NOW)).days == 0
    assert read_moment(f"{later:%H:%M}", NOW) < NOW
    assert read_moment("2026-11-22T09:30+00:00", NOW) == datetime(2026, 11, 22, 9, 30, tzinfo=UTC)


@pytest.mark.parametrize("text", ["soon", "25:00", "9:75", "2026-11-24T09:30+00:00", "9"])
def test_what_is_no_time_or_is_to_come_is_said(text: str) -> None:
    with pytest.raises(Usage):
        read_moment(text, NOW)


def test_number_and_times_are_typed_mended_and_kept(morning: Stage) -> None:
    with morning.app() as app:
        app.up().press("F").shows("Call from", "Esc leave")
        app.write("Sie wartet.")
        app.press("ctrl+r").shows("The call", "Number")
        app.write("069 1").press("tab", "ctrl+u").write("11:00")
        app.press("tab").write("10:00").press("enter").shows("ended before it began")
        app.press("ctrl+u").write("11:20").press("enter").gone("The call")
        app.shows("069 1", "11:00 – 11:20")
        app.press("ctrl+s").shows("Call on #1002, 20 min")
        assert app.quit() == 0
    call = thread(morning.desk(), 1002)[-1].call
    assert call["number"].endswith("069 1")


def test_a_text_of_several_lines_is_pasted_whole_and_once_into_a_field_of_one(morning: Stage) -> None:
    with morning.app() as app:
        app.up().press("S").shows("Summary")
        app.press("ctrl+u").paste("Zeile eins\nZeile  zwei\n").press("enter").shows("Zeile eins Zeile zwei")
        assert app.quit() == 0
    row = morning.desk().ask(ticket_by_number, 1002)
    assert row is not None
    assert row.summary == "Zeile eins Zeile zwei"
