"""Builders for calls: a team that calls back, a customer who asks for it, and what the log and the outbox say."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlmodel import col

from helpdesk_tui.desk.callback_plans import PlanFields, set_plan
from helpdesk_tui.desk.callbacks import Wish, book
from helpdesk_tui.desk.delivery import claim, conclude
from helpdesk_tui.desk.door import Desk
from helpdesk_tui.desk.settings import add_team
from helpdesk_tui.mail.compose import compose
from helpdesk_tui.mail.parse import parse
from helpdesk_tui.store.queries.callbacks import CallRow, latest_call
from helpdesk_tui.store.tables import CallbackSlot
from helpdesk_tui.terms import SYSTEM, IncomingMail, OutboxState
from tests.build import MORNING, Place, a_mail, received, session_of, sql

TEAM = "phones"
#: Tuesday, 9:00 in Berlin.
NINE = datetime(2026, 11, 24, 8, 0, tzinfo=MORNING.tzinfo)
SLOT = timedelta(minutes=15)
BERLIN = PlanFields(hours="mon-fri 09:00-12:00,13:00-17:00", zone="Europe/Berlin", capacity=1)
WISH = "Guten Tag,\n\nbitte um Rückruf unter 069 1234567, ich verstehe die Rechnung nicht.\n\nErika Beispiel\n"


def a_calling_team(place: Place, *members: str, plan: PlanFields = BERLIN, name: str = TEAM) -> Desk:
    """A team that calls back; gives the desk of the admin who made it."""
    root = place.desk("root")
    add_team(root, name, members)
    set_plan(root, name, plan)
    return root


def a_wish(desk: Desk, text: str = WISH, **mail: Any) -> int:
    """The number of a ticket whose customer asks to be called."""
    ticket = received(desk, a_mail(text, subject="Bitte um Rückruf", **mail)).ticket
    assert ticket is not None
    return ticket


def a_call(desk: Desk, at: datetime = NINE, **wish: Any) -> int:
    """The number of a ticket with a booked call."""
    ticket = a_wish(desk)
    book(desk, ticket, Wish(at=at, **wish))
    return ticket


def call(desk: Desk, ticket: int) -> CallRow:
    """The newest wish to be called of a ticket."""
    found = desk.ask(latest_call, ticket)
    assert found is not None
    return found


def places(place: Place) -> dict[datetime, tuple[int, int]]:
    """The slots somebody has booked or had: capacity and taken, by their beginning; the database's count holds."""
    store = place.store()
    rows = sql(store, "SELECT id, capacity, taken FROM callback_slot ORDER BY start_at")
    counted = dict(sql(store, "SELECT slot_id, count(*) FROM callback_booking WHERE holds GROUP BY slot_id"))
    with session_of(store) as session:
        starts = dict(session.execute(select(col(CallbackSlot.id), col(CallbackSlot.start_at))).all())
    store.close()  # asked in every round: the connections of a test are not without limit
    assert [row[2] for row in rows] == [counted.get(row[0], 0) for row in rows]
    return {starts[row[0]]: (row[1], row[2]) for row in rows}


def letters(desk: Desk, state: OutboxState = OutboxState.SENT) -> list[IncomingMail]:
    """What leaves the house now, as the customer's program reads it; the mails are in this state from then on."""
    system, mails = desk.acting_as(SYSTEM), []
    while outgoing := claim(system, compose):
        mails.append(parse(outgoing.content))
        conclude(system, outgoing.outbox_id, state)
    return mails


def calendar_of(mail: IncomingMail) -> str:
    """The entry for the calendar that comes with a mail."""
    (file,) = mail.files
    assert file.name == "callback.ics"
    assert file.content_type.startswith("text/calendar")
    return file.content.decode().replace("\r\n ", "")
