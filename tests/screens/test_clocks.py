"""The clocks of a ticket count working time."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from helpdesk_tui.screens.clocks import clocks, office
from helpdesk_tui.settings import CalendarSettings
from helpdesk_tui.store.queries.tickets import TicketRow
from helpdesk_tui.terms import DueKind, Party
from tests.build import Place, a_ticket, row

#: A Friday, an hour before the office closes in Berlin.
FRIDAY = datetime(2026, 11, 27, 15, 0, tzinfo=UTC)
MONDAY = datetime(2026, 11, 30, 9, 30, tzinfo=UTC)
BERLIN = CalendarSettings(hours="mon-fri 9:00-17:00", zone="Europe/Berlin")


@pytest.fixture
def ticket(place: Place) -> TicketRow:
    """A ticket for which nothing is owed and nobody waits."""
    desk = place.desk("anna")
    return replace(row(desk, a_ticket(desk)), due_at=None, due_kind=None, waiting_for=None)


@pytest.mark.parametrize("place", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("due_at", "kind", "said"),
    [
        (MONDAY, DueKind.FIRST_RESPONSE, ("1st answer", "2:30 h left")),
        (FRIDAY + timedelta(minutes=20), DueKind.AGREED, ("agreed", "20 min left")),
        (FRIDAY - timedelta(hours=2), DueKind.RESOLUTION, ("solution", "2:00 h late")),
        (FRIDAY - timedelta(days=400), DueKind.NEXT_RESPONSE, ("answer", "9600 h late")),
    ],
)
def test_what_is_owed_is_counted_in_working_time(
    ticket: TicketRow, due_at: datetime, kind: DueKind, said: tuple[str, str]
) -> None:
    assert clocks(replace(ticket, due_at=due_at, due_kind=kind), FRIDAY, office(BERLIN)) == [said]


@pytest.mark.parametrize("place", ["sqlite"], indirect=True)
def test_the_side_that_has_the_next_word_is_counted(ticket: TicketRow) -> None:
    theirs = replace(ticket, waiting_for=Party.THEM, waiting_since=FRIDAY)
    ours = replace(theirs, waiting_for=Party.US)
    assert clocks(theirs, MONDAY, office(BERLIN)) == [("for them", "2:30 h so far")]
    assert clocks(ours, MONDAY, office(BERLIN)) == [("for us", "2:30 h so far")]
    assert clocks(ticket, MONDAY, office(BERLIN)) == []


@pytest.mark.parametrize("place", ["sqlite"], indirect=True)
@pytest.mark.parametrize("hours", ["", "mon-fri 99:00-17:00"])
def test_without_hours_every_hour_counts(ticket: TicketRow, hours: str) -> None:
    assert office(CalendarSettings(hours=hours)) is None
    waits = replace(ticket, waiting_for=Party.US, waiting_since=FRIDAY)
    assert clocks(waits, MONDAY, None) == [("for us", "66:30 h so far")]
