"""Building the demo's desk: a sample mailbox sent through the real intake, and colleagues who have begun the day."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.parser import BytesHeaderParser
from email.utils import parsedate_to_datetime
from importlib.resources import files
from pathlib import Path

from helpdesk_tui.config import MailboxSettings, Settings, SmtpSettings
from helpdesk_tui.desk import assignment, settings, tickets
from helpdesk_tui.desk.callback_plans import PlanFields, set_plan
from helpdesk_tui.desk.callbacks import Wish, book
from helpdesk_tui.desk.conversation import NewRequest, create, note
from helpdesk_tui.desk.door import Desk
from helpdesk_tui.desk.identity import identify, let_in, welcome_first
from helpdesk_tui.desk.queue_mail import QueueMail, set_queue_mail
from helpdesk_tui.errors import HelpdeskError
from helpdesk_tui.language import _
from helpdesk_tui.mail.ledger import Ledger, look
from helpdesk_tui.mail.poller import poll_once
from helpdesk_tui.rules.query import parse
from helpdesk_tui.store.engine import Store, without_password
from helpdesk_tui.store.queries.setup import agents
from helpdesk_tui.store.queries.tickets import Asker, count_tickets, ticket_ids, ticket_rows
from helpdesk_tui.store.schema import upgrade
from helpdesk_tui.store.transaction import writing
from helpdesk_tui.terms import SYSTEM, Actor, Person, Priority, Role

VISITOR = "anna"
AGENTS = (
    ("anna", "Anna", Role.ADMIN),
    ("ben", "Ben", Role.AGENT),
    ("cara", "Cara", Role.LEAD),
    ("dev", "Dev", Role.AGENT),
)
#: Who is ill, so that there is work to hand over.
_ABSENT = "dev"
_QUEUES = (
    ("support", "Beispiel Support", ("support@beispiel.example",)),
    ("billing", "Beispiel Buchhaltung", ("billing@beispiel.example", "rechnung@beispiel.example")),
    ("sales", "Beispiel Vertrieb", ("sales@beispiel.example",)),
    ("hr", "Beispiel Personal", ("hr@beispiel.example",)),
)
#: By when the demo's queues promise an answer, in working time.
_ANSWERS_WITHIN = "4h"
#: Who calls back in the demo, round the clock, so that a slot is free whenever somebody looks; really that is rare.
_CALLERS, _CALLING = "support", PlanFields(hours="mon-sun 00:00-24:00", capacity=2, notice_minutes=0)
#: What colleagues did before the visitor came: words of a subject -> (agent, assignee, priority, category, tags, due).
_MORNING: tuple[tuple[str, str, str, Priority, str, tuple[str, ...], int], ...] = (
    ("Rechnung doppelt abgebucht", "cara", "", Priority.URGENT, "billing", ("sepa",), 2),
    ("Mahnung unberechtigt", "cara", "", Priority.URGENT, "billing", ("complaint",), 4),
    ("VPN bricht alle 10 Minuten", "ben", "ben", Priority.HIGH, "technical", ("vpn",), 3),
    ("Drei Stunden ohne Telefon", "cara", "anna", Priority.HIGH, "technical", ("complaint",), -1),
    ("Angebot für 40 Arbeitsplätze", "cara", "anna", Priority.NORMAL, "sales", (), 26),
    ("Drucker 3. OG druckt nicht", "ben", "cara", Priority.NORMAL, "technical", (), 0),
    ("Backup failed", "ben", "dev", Priority.HIGH, "technical", ("backup",), 5),
    ("Bitte um Rückruf", "cara", "anna", Priority.NORMAL, "technical", ("callback",), 1),
    ("Zertifikat", "ben", "dev", Priority.HIGH, "technical", ("tls",), 0),
    ("Frage zur Gehaltsabrechnung", "cara", "cara", Priority.NORMAL, "hr", (), 0),
)


@dataclass(frozen=True)
class DemoFiles:
    """Where the demo lies: everything below one folder, which is thrown away at the end."""

    folder: Path
    store_url: str = ""
    settings: Settings = field(init=False)

    def __post_init__(self) -> None:
        url = self.store_url or f"sqlite:///{self.folder / 'demo.db'}"
        inbox = MailboxSettings("demo", path=str(self.inbox), batch_count=10)
        chosen = Settings(url, self.config, 2, (inbox,), SmtpSettings(path=str(self.customers)))
        object.__setattr__(self, "settings", chosen)

    @property
    def inbox(self) -> Path:
        """The desk's mailbox (a Maildir)."""
        return self.folder / "inbox"

    @property
    def customers(self) -> Path:
        """Where mail to customers arrives (a Maildir)."""
        return self.folder / "customers"

    @property
    def config(self) -> Path:
        """The configuration that a poller of the demo reads."""
        return self.folder / "demo.toml"

    def prepare(self) -> None:
        """Make the folders and the configuration."""
        for box in (self.inbox, self.customers):
            for part in ("cur", "new", "tmp"):
                (box / part).mkdir(mode=0o700, parents=True, exist_ok=True)
        lines = [
            f"store = {json.dumps(self.settings.store)}",
            "poll_seconds = 2",
            "[mailboxes.demo]",
            f"path = {json.dumps(str(self.inbox))}",
            "batch_count = 10",
            "[smtp]",
            f"path = {json.dumps(str(self.customers))}",
        ]
        self.config.write_text("\n".join(lines) + "\n", encoding="utf-8")


@dataclass(frozen=True, slots=True)
class DemoCounts:
    """The ledger of the demo, how many tickets came of its mail, and how many mails ended in each way."""

    ledger: Ledger
    tickets: int
    by_disposition: dict[str, int]


def sample_mails() -> list[tuple[str, bytes]]:
    """The sample mailbox: names and bytes, oldest first."""
    box = files("helpdesk_tui.demo") / "mailbox"
    found = [(item.name, item.read_bytes()) for item in box.iterdir() if item.name.endswith(".eml")]
    return sorted(found)


def deliver(demo: DemoFiles, mails: list[tuple[str, bytes]], now: datetime) -> None:
    """Put mails into the desk's mailbox, as if the last one had come two minutes ago."""
    written = {name: _written_at(content) for name, content in sample_mails()}
    newest = max(written.values())
    for name, content in mails:
        at = (now - timedelta(minutes=2) - (newest - written[name]) / 4).timestamp()
        draft = demo.inbox / "tmp" / name
        draft.write_bytes(content)
        os.utime(draft, (at, at))
        draft.rename(demo.inbox / "new" / name)


def open_demo_store(demo: DemoFiles) -> Desk:
    """An empty store with queues and agents, seen by the visitor.

    Raises:
        HelpdeskError: there are tickets in it already.
    """
    store = upgrade(demo.settings.store)
    _refuse_used(store, demo.settings)
    desk = Desk(store, _visitor(store), demo.settings)
    for name, display_name, addresses in _QUEUES:
        verb = settings.set_queue if name == "support" else settings.add_queue
        desk.do(verb, name, addresses, display_name)
    desk.do(settings.add_team, _CALLERS, [desk.actor.login, *(login for login, _name, _role in AGENTS)])
    desk.do(set_plan, _CALLERS, _CALLING)
    return desk


def take_in_all(desk: Desk) -> None:
    """Poll the sample mailbox once, as the poller does.

    Raises:
        HelpdeskError: the first failure there was.
    """
    done = poll_once(desk.acting_as(SYSTEM), desk.settings)
    for failure in done.failures:
        raise failure


def begin_the_day(desk: Desk) -> None:
    """Let the colleagues sort the first tickets, so that the visitor comes into a desk at work.

    From here on new requests are confirmed: those of the sample mailbox are old.
    """
    for queue, _name, _addresses in _QUEUES:
        desk.do(set_queue_mail, queue, QueueMail(confirms=True, within=_ANSWERS_WITHIN))
    rows = {}
    ids = desk.ask(ticket_ids, parse("is:open"), Asker(desk.actor, desk.clock()))
    for row in desk.ask(ticket_rows, ids):
        rows[row.raw_subject] = row.number
    actors = {login: actor(desk.store, login) for login, _name, _role in AGENTS}
    for words, by, assignee, priority, category, tags, due in _MORNING:
        number = next((n for subject, n in rows.items() if words in subject), None)
        if number is None:
            continue
        theirs = desk.acting_as(actors[by])
        due_at = desk.clock() + timedelta(hours=due) if due else None
        theirs.do(tickets.set_fields, [number], tickets.Fields(priority=priority, category=category, due=due_at))
        if tags:
            theirs.do(tickets.tag, [number], add=tags)
        if assignee:
            theirs.do(assignment.assign, [number], assignee)
        if words.startswith("VPN"):
            theirs.do(note, number, _("Same log lines as last week on gateway fra2; firmware 4.3.1 should help."))
    _phone_call(desk.acting_as(actors["cara"]))
    desk.do(settings.set_agent, _ABSENT, away_until=desk.clock() + timedelta(days=2))


def counts(desk: Desk) -> DemoCounts:
    """The mailbox beside the store, in figures."""
    made = desk.ask(count_tickets, parse("is:any"), Asker(desk.actor, desk.clock()))
    ledger = look(desk.acting_as(SYSTEM), desk.settings.mailboxes)
    return DemoCounts(ledger, made, ledger.account.by_disposition)


def actor(store: Store, login: str) -> Actor:
    """An agent of the demo, as who they act."""
    from helpdesk_tui.store.transaction import reading

    with reading(store, SYSTEM) as session:
        one = next(agent for agent in agents(session) if agent.login == login)
    return Actor(one.id, one.login, one.name, Role(one.role))


def _refuse_used(store: Store, chosen: Settings) -> None:
    """A desk that somebody has set up is no place for a demo: leave it as it is."""
    desk = Desk(store, SYSTEM, chosen)
    has_tickets = desk.ask(count_tickets, parse("is:any"), Asker(SYSTEM, desk.clock()), 1)
    others = {one.login for one in desk.ask(agents)} - {login for login, _name, _role in AGENTS}
    if has_tickets or (others and not store.is_postgres):
        raise HelpdeskError(
            _("The store {url} is in use; the demo needs an empty one.").format(url=without_password(store.url)),
            _("Leave --store away, or name a new file."),
        )


def _visitor(store: Store) -> Actor:
    if store.is_postgres:
        welcome_first(store)
        visitor = identify(store)
    with writing(store, SYSTEM) as session:
        for login, name, role in AGENTS:
            let_in(session, {"login": login, "name": name, "email": "", "role": role})
    return visitor if store.is_postgres else actor(store, VISITOR)


def _phone_call(desk: Desk) -> None:
    said = _("Asks when the technician comes; only reachable until noon.")
    person = Person("Hannelore Voss", "")
    request = NewRequest(person, "Wann kommt der Techniker?", said, phone="+49 30 23125 412")
    (number,) = desk.do(create, request).tickets
    desk.do(book, number, Wish(asked=_("When does the technician come?")))  # within a quarter of an hour


def _written_at(content: bytes) -> datetime:
    date = BytesHeaderParser().parsebytes(content)["Date"]
    return parsedate_to_datetime(str(date)).astimezone(UTC)
