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
from helpdesk_tui.store.transaction import reading, writing
from helpdesk_tui.terms import SYSTEM, Channel, IncomingFile, MessageKind, Party, Person, Priority, Status

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
#: What is said of things, by customers and by agents; `{a}` and `{b}` are two of them.
_IN_GERMAN = (
    (
        "Seit heute früh geht bei {a} gar nichts mehr.", "Unsere Buchhaltung wartet dringend auf {a}.",
        "Wir haben {a} schon neu gestartet, ohne Erfolg, und auch {b} einmal abgezogen.",
        "Bitte rufen Sie mich wegen {a} zurück, am besten am Vormittag.", "Der Mitschnitt von {a} liegt bei.",
        "Vielen Dank für die schnelle Hilfe beim letzten Mal, als {a} ausgefallen war.",
        "Können Sie mir sagen, wie lange das mit {a} dauern wird und was {b} kosten würde?",
        "Im dritten Stock tritt es bei {a} besonders häufig auf, seltener bei {b}.",
        "Mein Kollege meint, dass {a} nichts damit zu tun hat, sondern eher {b}.",
    ),
    (
        "Wir haben die Ursache bei {a} gefunden und beheben sie gerade.",
        "Bitte starten Sie {a} einmal neu und melden Sie sich dann.",
        "Könnten Sie uns bitte noch ein Bild von {a} und die Nummer von {b} schicken?",
        "Der Hersteller von {a} kennt den Fehler und hat für nächste Woche eine neue Fassung von {b} versprochen.",
    ),
)  # fmt: skip
_IN_ENGLISH = (
    (
        "Could you please have a look at the {a} today?", "I have attached the log of the {a}.",
        "The problem with the {a} started after the last update of the {b}.", "We tried the {a}, then the {b}.",
        "It affects all twelve people in our office who work with the {a} or the {b}.",
        "Nothing else has changed on our side but the {a}.",
        "The number on the sticker of the {a} is hard to read, but it begins like that of the {b}.",
        "We would like to extend the contract for the {a} by a year and give the {b} back.",
        "Sometimes the {a} works for an hour and then stops, and the {b} shows a red light.",
    ),
    (
        "Thank you, we are looking into the {a}.", "The corrected papers for the {a} are on their way.",
        "Please leave the {a} switched off until our colleague has replaced the {b}.",
        "We have set the {a} back to the state of last Friday, so that the {b} should appear again.",
    ),
)  # fmt: skip
#: Things are named by a first and a last part: in German these are 3,600 words.
_FIRST_PARTS = (
    "Drucker", "Netzwerk", "Rechnungs", "Lizenz", "Kennwort", "Server", "Bildschirm", "Telefon", "Vertrags", "Kunden",
    "Liefer", "Kalender", "Daten", "Speicher", "Sicherungs", "Zugangs", "Konto", "Geräte", "Wartungs", "Software",
    "Mobil", "Büro", "Lager", "Kassen", "Scanner", "Tastatur", "Router", "Firmen", "Projekt", "Personal",
    "Bestell", "Versand", "Zahlungs", "Steuer", "Archiv", "Video", "Besprechungs", "Anmelde", "Postfach", "Ordner",
    "Tablet", "Maschinen", "Mess", "Kühl", "Strom", "Gebäude", "Schlüssel", "Parkplatz", "Fahrzeug", "Reise",
    "Schulungs", "Web", "Cloud", "Test", "Verwaltungs", "Etiketten", "Notfall", "Wochen", "Jahres", "Export",
)  # fmt: skip
_LAST_PARTS = (
    "kabel", "fehler", "nummer", "karte", "anschluss", "treiber", "papier", "programm", "dienst", "liste",
    "bericht", "zugriff", "ausfall", "wechsel", "plan", "stelle", "raum", "gerät", "system", "vorlage",
    "prüfung", "meldung", "adresse", "verbindung", "sperre", "tausch", "auftrag", "schein", "datei", "kopie",
    "konto", "schalter", "anzeige", "leitung", "einstellung", "übersicht", "frist", "gebühr", "gruppe", "verwaltung",
    "fenster", "feld", "netz", "teil", "platte", "verlauf", "termin", "schutz", "umzug", "betrieb",
    "sammlung", "zeile", "steuerung", "halter", "tasche", "modul", "umgebung", "schnittstelle", "kennung", "ablage",
)  # fmt: skip
_ENGLISH_FIRST_PARTS = (
    "printer", "network", "invoice", "license", "password", "server", "monitor", "phone", "contract", "customer",
    "delivery", "calendar", "backup", "storage", "access", "account", "device", "service", "office", "warehouse",
)  # fmt: skip
_ENGLISH_LAST_PARTS = (
    "cable", "error", "number", "card", "port", "driver", "tray", "program", "list", "report",
    "outage", "switch", "plan", "desk", "room", "template", "check", "message", "address", "lock",
)  # fmt: skip
#: So many sentences are made in each language for each side.
_SENTENCES = 3000
#: Words of a message; long ones are rare.
_SHORTEST, _LONGEST, _LONGEST_SENTENCE = 12, 250, 25
#: Files that tickets come with are drawn from so many different ones, of up to so many bytes.
_FILES, _LARGEST_FILE = 200, 40_000
_FILE_KINDS = (
    ("Bildschirmfoto {n}.png", "image/png"),
    ("Rechnung_{n}.pdf", "application/pdf"),
    ("log {n}.txt", "text/plain"),
    ("Liste {n}.csv", "text/csv"),
)
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


#: Sentences, each with its number of words.
_Sentences = list[tuple[str, int]]


@dataclass(frozen=True, slots=True)
class _Stock:
    """What messages are put together from: what customers and agents say, in each language, and files."""

    said: list[tuple[_Sentences, _Sentences]]
    files: list[IncomingFile]


@dataclass(frozen=True, slots=True)
class Filled:
    """What was written, and how fast (tickets a second, by the wall clock)."""

    tickets: int
    messages: int
    seconds: float
    tickets_per_second: int


def fill_store(settings: Settings, count: int, seed: int, tell: Callable[[str], None]) -> Filled:
    """Fill a store, creating it where it does not exist."""
    from helpdesk_tui.desk.identity import let_in, welcome_first

    store = upgrade(settings.store)
    welcome_first(store)
    with writing(store, SYSTEM) as session:
        for login, name, role in AGENTS:
            let_in(session, {"login": login, "name": name, "email": "", "role": role})
    with reading(store, SYSTEM) as session:
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
    """Tickets with three messages each on average, spread over a year and a bit; one in ten comes with a file."""
    stock = _Stock([_german(chance), _english(chance)], _files(chance))
    for number in range(count):
        yield _ticket(number, chance, now, queue_names, logins, stock)


def _ticket(
    number: int, chance: random.Random, now: datetime, queue_names: list[str], logins: list[str], stock: _Stock
) -> FinishedTicket:
    status = _weighted(chance, _STATUSES)
    age = timedelta(days=chance.random() * (_DAYS if status in (Status.CLOSED, Status.CANCELLED) else 20))
    created = now - age
    person = _person(chance)
    subject = f"{chance.choice(_THINGS)} {chance.choice(_TROUBLES)}"
    assignee = "" if status is Status.NEW or chance.random() < 0.15 else chance.choice(logins)
    thread = tuple(_thread(number, chance, created, now, person, subject, assignee or logins[0], stock))
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
    number: int,
    chance: random.Random,
    created: datetime,
    now: datetime,
    person: Person,
    subject: str,
    login: str,
    stock: _Stock,
) -> Iterator[FinishedMessage]:
    at, said = created, chance.choice(stock.said)
    files = (chance.choice(stock.files),) if chance.random() < 0.1 else ()
    for turn in range(chance.choice((1, 2, 3, 3, 4, 5))):
        is_ours = turn % 2 == 1
        kind = MessageKind.OUTBOUND if is_ours else MessageKind.INBOUND
        yield FinishedMessage(
            kind=kind,
            sender=Person(login.capitalize(), "support@beispiel.example") if is_ours else person,
            text=_text(chance, said[is_ours]),
            at=at,
            agent=login if is_ours else "",
            subject=subject if turn == 0 else f"Re: {subject}",
            to=(person,) if is_ours else (),
            message_id=f"{number}.{turn}.{chance.getrandbits(48):x}@load.example",
            files=files if turn == 0 else (),
        )
        at = min(at + timedelta(hours=chance.uniform(0.1, 30)), now)


def _german(chance: random.Random) -> tuple[_Sentences, _Sentences]:
    things = [first + last for first in _FIRST_PARTS for last in _LAST_PARTS]
    by_customers, by_agents = _IN_GERMAN
    return _sentences(chance, by_customers, things), _sentences(chance, by_agents, things)


def _english(chance: random.Random) -> tuple[_Sentences, _Sentences]:
    things = [f"{first} {last}" for first in _ENGLISH_FIRST_PARTS for last in _ENGLISH_LAST_PARTS]
    by_customers, by_agents = _IN_ENGLISH
    return _sentences(chance, by_customers, things), _sentences(chance, by_agents, things)


def _sentences(chance: random.Random, said: tuple[str, ...], things: list[str]) -> _Sentences:
    made = (chance.choice(said).format(a=chance.choice(things), b=chance.choice(things)) for _n in range(_SENTENCES))
    return [(sentence, len(sentence.split())) for sentence in made]


def _files(chance: random.Random) -> list[IncomingFile]:
    kinds = [chance.choice(_FILE_KINDS) for _n in range(_FILES)]
    return [
        IncomingFile(name.format(n=number), content_type, chance.randbytes(chance.randint(500, _LARGEST_FILE)))
        for number, (name, content_type) in enumerate(kinds, 1)
    ]


def _text(chance: random.Random, sentences: _Sentences) -> str:
    """Sentences of 12 to 250 words in all, a few to a paragraph."""
    wanted, said, text = _SHORTEST + (_LONGEST - _SHORTEST - _LONGEST_SENTENCE) * chance.random() ** 8, 0, ""
    while said < wanted:
        sentence, words = sentences[int(chance.random() * len(sentences))]
        text += sentence + ("\n\n" if chance.random() < 0.25 else " ")
        said += words
    return text.rstrip()


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
