"""Builders: a mail, a parsed mail, a ticket, and the small things around them, each with sensible defaults."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP
from itertools import count
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from helpdesk_tui.config import Settings
from helpdesk_tui.desk.conversation import NewRequest, create
from helpdesk_tui.desk.delivery import Letter
from helpdesk_tui.desk.door import Desk
from helpdesk_tui.desk.identity import identify
from helpdesk_tui.desk.mailroom import ArrivedMail, file, keep
from helpdesk_tui.mail.ingest import take_in
from helpdesk_tui.mail.readers import Readers
from helpdesk_tui.rules.query import parse
from helpdesk_tui.store.engine import Store, open_store
from helpdesk_tui.store.queries.thread import EventRow, MessageRow, events, messages
from helpdesk_tui.store.queries.tickets import Asker, TicketRow, ticket_by_number, ticket_ids, ticket_rows
from helpdesk_tui.store.transaction import reading, writing
from helpdesk_tui.terms import SYSTEM, FiledMail, IncomingMail, Person

#: Says what a test has seen, for the figures of the long run: of what, and how many.
Proves = Callable[[str, int], None]

#: A Monday morning in Berlin and in Dublin.
MORNING = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
MIRA = Person("Mira Kern", "mira@customer.example")
STRANGER = Person("Otto Fremd", "otto@elsewhere.example")
SUPPORT = "support@desk.example"
MAILBOX = "inbox"
_numbers = count(1)
#: One for all tests of a process: starting one takes longer than most of them.
_readers = Readers(1)


@dataclass
class FrozenClock:
    """A clock that stands still until it is told to go on."""

    now: datetime = MORNING

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **length: float) -> datetime:
        """Let time pass: `advance(minutes=5)`; says what time it is then."""
        self.now += timedelta(**length)
        return self.now


@dataclass
class Place:
    """One database, and the people who come to it: on PostgreSQL each with a login of their own.

    Its admin is `root`, its agents are `anna` and `bob`.
    """

    url_of: Callable[[str], str]
    is_postgres: bool
    clock: FrozenClock = field(default_factory=FrozenClock)
    _open: ExitStack = field(default_factory=ExitStack)

    def __enter__(self) -> Place:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def close(self) -> None:
        """Give back the connections of all stores opened so far."""
        self._open.close()

    @property
    def url(self) -> str:
        """How its owner reaches the database."""
        return self.url_of("root")

    def store(self, login: str = "root") -> Store:
        """A store of one's own, with connections of one's own."""
        store = open_store(self.url_of(login))
        self._open.callback(store.close)
        return store

    def desk(self, login: str) -> Desk:
        """The desk of this agent."""
        store = self.store(login)
        actor = identify(store, None if self.is_postgres else login)
        return Desk(store, actor, Settings(store=store.url), self.clock)


def a_mail(
    body: str = "The printer is on fire.",
    *,
    sender: str = "Mira Kern <mira@customer.example>",
    to: str = SUPPORT,
    subject: str | None = None,
    message_id: str | None = None,
    **headers: str,
) -> bytes:
    """A raw mail; `headers` are more fields, with underscores for dashes. Each has an id and a subject of its own."""
    mail = EmailMessage(SMTP)
    mail["From"], mail["To"] = sender, to
    mail["Subject"] = f"Printer {next(_numbers)}" if subject is None else subject
    mail["Date"] = "Mon, 23 Nov 2026 09:55:00 +0000"
    mail["Message-ID"] = f"<{message_id or an_id()}>"
    for name, value in headers.items():
        mail[name.replace("_", "-")] = value
    mail.set_content(body)
    return mail.as_bytes()


def an_id() -> str:
    """A Message-ID as a customer's program makes it."""
    return f"{next(_numbers)}.mail@customer.example"


def an_incoming(**fields: Any) -> IncomingMail:
    """A mail as `mail.parse` hands it over."""
    usual = IncomingMail(
        sender=MIRA,
        has_strict_sender=True,
        reply_to=(),
        to=(Person("", SUPPORT),),
        cc=(),
        delivered_to=(),
        subject="Printer",
        text="The printer is on fire.",
        quoted="",
        message_id=an_id(),
        in_reply_to=(),
        references=(),
        sent_at=MORNING - timedelta(minutes=5),
        auto_submitted="",
        robot_signs=(),
        is_list=False,
        importance="",
        report=None,
        report_ids=(),
        files=(),
    )
    return replace(usual, **fields)


def a_ticket(desk: Desk, subject: str = "Printer", *, person: Person = MIRA, **request: Any) -> int:
    """The number of a new ticket that came in by phone."""
    return create(desk, NewRequest(person, subject, **request)).tickets[0]


def received(desk: Desk, raw: bytes, mailbox: str = MAILBOX, **more: Any) -> FiledMail:
    """Where a raw mail that comes in now is filed."""
    mails = [ArrivedMail(raw, desk.clock())]
    return take_in(desk.acting_as(SYSTEM), mailbox, mails, **{"readers": _readers, **more})[0]


def filed(desk: Desk, mail: IncomingMail, **more: Any) -> FiledMail:
    """Where a parsed mail that comes in now is filed."""
    system = desk.acting_as(SYSTEM)
    content = f"mail {mail.message_id} {next(_numbers)}".encode()
    return file(system, keep(system, MAILBOX, [ArrivedMail(content, desk.clock())])[0].raw_id, mail, **more)


def row(desk: Desk, number: int) -> TicketRow:
    """A ticket as lists show it."""
    found = desk.ask(ticket_by_number, number)
    assert found is not None, f"there is no ticket #{number}"
    return found


def listed(desk: Desk, query: str = "") -> list[int]:
    """The numbers of the tickets a query means, in the order of a list."""
    ids = desk.ask(ticket_ids, parse(query), Asker(desk.actor, desk.clock()))
    return [one.number for one in desk.ask(ticket_rows, ids)]


def thread(desk: Desk, number: int) -> list[MessageRow]:
    """The messages of a ticket."""
    return desk.ask(messages, row(desk, number).id)


def history(desk: Desk, number: int) -> list[EventRow]:
    """The events of a ticket."""
    return desk.ask(events, row(desk, number).id)


def last_changes(desk: Desk, number: int) -> dict[str, list[Any]]:
    """What the newest event of a ticket changed."""
    return history(desk, number)[-1].changes


def everything(store: Store) -> dict[str, list[Any]]:
    """All rows of all tables that tell something about tickets, to see that nothing changed."""
    tables = ("ticket", "message", "event", "batch", "outbox", "draft", "timer", "ticket_tag", "ticket_number")
    with reading(store, SYSTEM) as session:
        return {name: sorted(map(repr, session.execute(text(f"SELECT * FROM {name}")))) for name in tables}


def sql(store: Store, statement: str, **values: Any) -> list[Any]:
    """Run one statement as whoever opened the store, and commit."""
    with writing(store, SYSTEM) as session:
        found = session.execute(text(statement), values)
        return list(found) if found.returns_rows else []


def session_of(store: Store) -> AbstractContextManager[Session]:
    """A transaction that commits at the end of the block."""
    return writing(store, SYSTEM)


def letter_bytes(letter: Letter) -> bytes:
    """A composer for tests that look at the letter and not at the mail."""
    return f"To: {letter.to[0].address}\r\nMessage-ID: <{letter.message_id}>\r\n\r\n{letter.text}\r\n".encode()


def texts_on(desk: Desk, ticket_id: int) -> dict[str, str]:
    """What is being written on a ticket, by the writer's login: as it stands in the store, not as colleagues see it."""
    found = "SELECT a.login, d.text FROM draft d JOIN agent a ON a.id = d.agent_id"
    return dict(map(tuple, sql(desk.store, f"{found} WHERE d.ticket_id = {ticket_id} AND d.text != ''")))
