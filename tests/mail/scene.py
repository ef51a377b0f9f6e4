"""A desk with a few matters in it, as it stands before each mail of the cross product, and what one mail changes."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import psycopg
from sqlalchemy import text

from helpdesk_tui.desk.conversation import reply
from helpdesk_tui.desk.door import Desk
from helpdesk_tui.desk.letters import answers_to
from helpdesk_tui.desk.queue_mail import QueueMail, set_queue_mail
from helpdesk_tui.desk.settings import set_agent, set_queue
from helpdesk_tui.desk.tickets import set_status
from helpdesk_tui.store.transaction import reading
from helpdesk_tui.terms import SYSTEM, Person, Status
from tests.build import MIRA, MORNING, Place, row, sql, thread
from tests.mail.letterbox import new_id, sent_mails, taken_in, written

MIRAS_SECOND = "mira.kern@home.example"
ROSA = Person("Rosa Ott", "rosa@customer.example")
ANNA, BOB = Person("Anna", "anna@desk.example"), Person("Bob", "bob@desk.example")
SUBJECT = "Printer on floor 3"
#: Words of the ticket that nobody outside may be told.
CANARY = "nebelkrähe"
#: The tables in which a mail may leave a trace, and whatever else must stay as it is.
TABLES = (
    "agent", "acknowledgement", "attachment", "batch", "content", "customer", "customer_address", "customer_phone",
    "draft", "event", "mail_group", "mail_quarantine", "mail_seen", "message", "outbox", "own_token", "participant",
    "queue", "queue_address", "queue_member", "raw_message", "ticket", "ticket_number", "ticket_tag", "ticket_words",
    "timer",
)  # fmt: skip
_MERGE = "UPDATE ticket SET merged_into = (SELECT id FROM ticket WHERE number = :into) WHERE number = :number"

Rows = dict[str, dict[Any, dict[str, Any]]]


class State(StrEnum):
    """What has become of Mira's ticket before the mail comes."""

    WAITING = "waiting"
    MERGED = "merged"
    CLOSED = "closed recently"
    LONG_CLOSED = "closed long ago"
    EXPIRED = "silent for 400 days"


@dataclass(frozen=True)
class Setting:
    """Under what circumstances a mail comes; `is_told`: our last mail on the ticket went to Anna and Bob instead."""

    state: State = State.WAITING
    is_confidential: bool = False
    is_told: bool = False


@dataclass(frozen=True)
class Scene:
    """Mira's ticket, its target or else a second one of hers, and what leads to them.

    Args:
        ticket: id of the ticket that `number` is.
        ours, other_ours: the Message-ID of our last mail on each; theirs: that of Mira's first mail.
    """

    desk: Desk
    ticket: int
    number: int
    target: int
    other: int
    theirs: str
    ours: str
    other_ours: str


def build(place: Place, setting: Setting) -> Scene:
    """The scene under these circumstances. Bob does not belong to the queue; requests in it are confirmed."""
    place.clock.now = MORNING
    root, anna = place.desk("root"), place.desk("anna")
    set_queue_mail(root, "support", QueueMail(confirms=True))
    numbers, ids, ours = [], [], []
    for subject in (SUBJECT, "Scanner", "Fax"):
        ids.append(new_id())
        raw = written([MIRA.whole], subject, f"It is broken. {CANARY}", message_id=ids[-1])
        numbers.append(taken_in(anna, raw).ticket or 0)
        reply(anna, numbers[-1], f"We look at it. {CANARY}", to=[MIRA, ROSA] if subject == SUBJECT else ())
        ours.append(thread(anna, numbers[-1])[-1].message_id)
    if setting.is_told:
        reply(anna, numbers[0], "Colleagues, what do you say?", to=[ANNA, BOB])
        ours[0] = thread(anna, numbers[0])[-1].message_id
    sent_mails(anna)
    customer = "(SELECT customer_id FROM customer_address WHERE address = 'mira@customer.example')"
    add = f"INSERT INTO customer_address (address, customer_id, position) SELECT :address, {customer}, 1"
    sql(root.store, add, address=MIRAS_SECOND)
    set_agent(root, "bob", queues=["-support"])
    if setting.is_confidential:
        set_queue(root, "support", is_confidential=True)
    _let_pass(place, root, setting.state, numbers)
    return Scene(anna, row(anna, numbers[0]).id, numbers[0], numbers[1], numbers[2], ids[0], ours[0], ours[2])


def _let_pass(place: Place, root: Desk, state: State, numbers: list[int]) -> None:
    if state is State.MERGED:
        sql(root.store, _MERGE, number=numbers[0], into=numbers[1])
    if state in (State.CLOSED, State.LONG_CLOSED):
        set_status(place.desk("anna"), [numbers[0]], Status.CLOSED)
    days = {State.LONG_CLOSED: 31, State.EXPIRED: 401}.get(state, 2)
    place.clock.advance(days=days)


@contextmanager
def restored(place: Place, superuser_url: str = "", name: str = "scene") -> Iterator[Callable[[], None]]:
    """A function that puts the whole database back as it is now; `name` tells one such state from another."""
    with ExitStack() as stack:
        if place.is_postgres:
            connection = stack.enter_context(psycopg.connect(superuser_url, autocommit=True))
            connection.execute(f"DROP SCHEMA IF EXISTS {name} CASCADE; CREATE SCHEMA {name}")
            stack.callback(connection.execute, f"DROP SCHEMA {name} CASCADE")
            for table in TABLES:
                connection.execute(f"CREATE TABLE {name}.{table} AS TABLE public.{table}")
            yield lambda: _go_back(connection, name)
        else:
            live = stack.enter_context(closing(sqlite3.connect(place.url.removeprefix("sqlite:///"))))
            kept = stack.enter_context(closing(sqlite3.connect(":memory:")))
            live.backup(kept)
            yield lambda: kept.backup(live)


def _go_back(connection: psycopg.Connection[Any], name: str) -> None:
    with connection.transaction():
        connection.execute("SET LOCAL session_replication_role = replica")
        for table in TABLES:
            connection.execute(f"DELETE FROM public.{table}; INSERT INTO public.{table} SELECT * FROM {name}.{table}")


def all_rows(desk: Desk) -> Rows:
    """All rows of these tables, by the value of their first column, or by all where that is not their own."""
    with reading(desk.store, SYSTEM) as session:
        found: Rows = {}
        for name in TABLES:
            rows = [dict(one._mapping) for one in session.execute(text(f'SELECT * FROM "{name}"'))]
            found[name] = {one["id"] if "id" in one else repr(one): one for one in rows}
        return found


def next_recipient(scene: Scene) -> str:
    """The address to which the next answer on Mira's ticket goes."""
    person = scene.desk.ask(answers_to, scene.ticket)
    return person.address if person else ""
