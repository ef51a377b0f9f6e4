"""Invented tickets in any number, for trying out how the desk behaves when it is full; the same seed, the same desk."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from helpdesk_tui.config import Settings
from helpdesk_tui.demo.build import AGENTS
from helpdesk_tui.desk.door import utc_now
from helpdesk_tui.language import _
from helpdesk_tui.store.bulk import Bulk, FinishedMessage, FinishedTicket
from helpdesk_tui.store.queries.setup import agents, queues
from helpdesk_tui.store.schema import upgrade
from helpdesk_tui.store.statements import add_unless_there
from helpdesk_tui.store.tables import Agent
from helpdesk_tui.store.transaction import reading, writing
from helpdesk_tui.terms import Channel, MessageKind, Party, Person, Priority, Status

_T = TypeVar("_T")
_AT_ONCE = 1000
_DAYS = 400
_STATUSES = (
    (Status.NEW, 4),
    (Status.OPEN, 8),
    (Status.WAITING_CUSTOMER, 7),
    (Status.WAITING_OTHER, 2),
    (Status.SOLVED, 9),
    (Status.CLOSED, 66),
    (Status.CANCELLED, 4),
)
_PRIORITIES = ((Priority.LOW, 10), (Priority.NORMAL, 70), (Priority.HIGH, 16), (Priority.URGENT, 4))
_CATEGORIES = (("technical", 55), ("billing", 25), ("sales", 15), ("", 5))
_THINGS = (
    "Drucker", "VPN", "Rechnung", "Lizenz", "Passwort", "Backup", "router", "invoice", "certificate", "printer",
    "Telefon", "WLAN", "mailbox", "Zugang", "Vertrag", "delivery", "firmware", "Kalender", "license", "Monitor",
)  # fmt: skip
_TROUBLES = (
    "funktioniert nicht mehr", "bricht immer wieder ab", "ist doppelt", "fehlt", "is very slow", "does not start",
    "was charged twice", "läuft ab", "zeigt einen Fehler", "asks for a password", "kommt nicht an", "cannot be found",
)  # fmt: skip
_SENTENCES = (
    "Seit heute früh geht hier gar nichts mehr.", "Could you please have a look at this today?",
    "Wir haben das Gerät schon neu gestartet, ohne Erfolg.", "The problem started after the last update.",
    "Bitte rufen Sie mich zurück, am besten am Vormittag.", "I have attached the log of the last two days.",
    "Unsere Buchhaltung wartet dringend auf die Korrektur.", "It affects all twelve people in our office.",
    "Vielen Dank für die schnelle Hilfe beim letzten Mal.", "The number on the sticker is hard to read.",
    "Können Sie mir sagen, wie lange das dauern wird?", "We would like to extend the contract by a year.",
    "Im dritten Stock tritt es besonders häufig auf.", "Nothing else has changed on our side.",
)  # fmt: skip
_ANSWERS = (
    "Wir haben die Ursache gefunden und beheben sie gerade.", "Thank you, we are looking into it.",
    "Bitte starten Sie das Gerät einmal neu und melden Sie sich dann.", "The corrected invoice is on its way.",
)  # fmt: skip
_FIRST = (
    "Anna",
    "Jürgen",
    "Fatma",
    "Tunde",
    "Lan",
    "Heinrich",
    "Siobhán",
    "Mateusz",
    "Priya",
    "Renate",
    "Kwame",
    "Zoë",
)
_LAST = (
    "Müller",
    "Okafor",
    "Çelik",
    "Groß",
    "Nguyễn",
    "Wagner",
    "Byrne",
    "Kowalczyk",
    "Rao",
    "Weiß",
    "Boateng",
    "Smith",
)


@dataclass(frozen=True, slots=True)
class Filled:
    """What was written, and how fast (tickets a second, by the wall clock)."""

    tickets: int
    messages: int
    seconds: float
    tickets_per_second: int


def fill_store(settings: Settings, count: int, seed: int, tell: Callable[[str], None]) -> Filled:
    """Fill a store, creating it where it does not exist."""
    from helpdesk_tui.desk.identity import welcome_first

    store = upgrade(settings.store)
    welcome_first(store)
    with writing(store) as session:
        for login, name, role in AGENTS:
            row = {"login": login, "name": name, "email": "", "role": role, "is_active": True}
            add_unless_there(session, Agent, row)
    with reading(store) as session:
        names = [queue.name for queue in queues(session)], [agent.login for agent in agents(session)]
    started, now, messages, done = time.monotonic(), utc_now(), 0, 0
    bulk = Bulk(store, None)
    for batch in _batches(invent(count, random.Random(seed), now, *names)):
        bulk.append(batch, now)
        messages += sum(len(ticket.messages) for ticket in batch)
        done += len(batch)
        seconds = max(time.monotonic() - started, 0.001)
        if done % (_AT_ONCE * 10) == 0:
            left = (count - done) / (done / seconds)
            tell(_("{done} of {count} · {left} s left").format(done=done, count=count, left=round(left)))
    return Filled(count, messages, round(seconds, 3), round(count / seconds))


def invent(
    count: int, chance: random.Random, now: datetime, queue_names: list[str], logins: list[str]
) -> Iterator[FinishedTicket]:
    """Tickets with three messages each on average, spread over a year and a bit."""
    for number in range(count):
        yield _ticket(number, chance, now, queue_names, logins)


def _ticket(
    number: int, chance: random.Random, now: datetime, queue_names: list[str], logins: list[str]
) -> FinishedTicket:
    status = _weighted(chance, _STATUSES)
    age = timedelta(days=chance.random() * (_DAYS if status in (Status.CLOSED, Status.CANCELLED) else 20))
    created = now - age
    person = _person(chance)
    subject = f"{chance.choice(_THINGS)} {chance.choice(_TROUBLES)}"
    assignee = "" if status is Status.NEW or chance.random() < 0.15 else chance.choice(logins)
    thread = tuple(_thread(number, chance, created, now, person, subject, assignee or logins[0]))
    is_due = status in (Status.NEW, Status.OPEN) and chance.random() < 0.2
    return FinishedTicket(
        subject=subject,
        requester=person,
        queue=chance.choice(queue_names),
        created_at=created,
        updated_at=thread[-1].at,
        messages=thread,
        status=status,
        priority=_weighted(chance, _PRIORITIES),
        channel=Channel.PHONE if chance.random() < 0.1 else Channel.EMAIL,
        category=_weighted(chance, _CATEGORIES),
        assignee=assignee,
        tags=("vpn",) if "VPN" in subject else (),
        due_at=now + timedelta(hours=chance.uniform(-30, 100)) if is_due else None,
        waiting_for=_waits_for(status),
        waiting_since=thread[-1].at,
        closed_at=thread[-1].at if status in (Status.CLOSED, Status.CANCELLED) else None,
    )


def _waits_for(status: Status) -> Party | None:
    if status in (Status.NEW, Status.OPEN, Status.WAITING_OTHER):
        return Party.US
    return Party.THEM if status is Status.WAITING_CUSTOMER else None


def _thread(
    number: int, chance: random.Random, created: datetime, now: datetime, person: Person, subject: str, login: str
) -> Iterator[FinishedMessage]:
    at = created
    for turn in range(chance.choice((1, 2, 3, 3, 4, 5))):
        is_ours = turn % 2 == 1
        kind = MessageKind.OUTBOUND if is_ours else MessageKind.INBOUND
        sentences = chance.sample(_ANSWERS if is_ours else _SENTENCES, 2 if is_ours else chance.randint(2, 6))
        yield FinishedMessage(
            kind=kind,
            sender=Person(login.capitalize(), "support@beispiel.example") if is_ours else person,
            text="\n".join(sentences),
            at=at,
            agent=login if is_ours else "",
            subject=subject if turn == 0 else f"Re: {subject}",
            to=(person,) if is_ours else (),
            message_id=f"{number}.{turn}.{chance.getrandbits(48):x}@load.example",
        )
        at = min(at + timedelta(hours=chance.uniform(0.1, 30)), now)


def _person(chance: random.Random) -> Person:
    first, last, number = chance.choice(_FIRST), chance.choice(_LAST), chance.randint(1, 4000)
    return Person(f"{first} {last}", f"{first}.{last}.{number}@kunde.example".lower())


def _weighted(chance: random.Random, table: tuple[tuple[_T, int], ...]) -> _T:
    return chance.choices([value for value, _weight in table], [weight for _value, weight in table])[0]


def _batches(tickets: Iterator[FinishedTicket]) -> Iterator[list[FinishedTicket]]:
    batch: list[FinishedTicket] = []
    for ticket in tickets:
        batch.append(ticket)
        if len(batch) == _AT_ONCE:
            yield batch
            batch = []
    if batch:
        yield batch
