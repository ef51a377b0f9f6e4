"""How fast mail is taken in: the real intake against the standard library and bare SQL, in turns, on one core and two."""

from __future__ import annotations

import contextlib
import hashlib
import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from sqlalchemy import event

from benchmarks.figures import Figure, Sample, against
from benchmarks.mails import DESK, invented_mails
from benchmarks.options import Options
from helpdesk_tui.config import Settings
from helpdesk_tui.desk.door import Desk
from helpdesk_tui.desk.identity import identify, welcome_first
from helpdesk_tui.desk.mailroom import ArrivedMail
from helpdesk_tui.desk.settings import set_queue
from helpdesk_tui.mail.ingest import take_in
from helpdesk_tui.mail.readers import Readers
from helpdesk_tui.store.schema import FIRST_QUEUE, upgrade
from helpdesk_tui.terms import SYSTEM
from tests.services.available import POSTGRES, is_available

TITLE = "Taking in mail"
NOTE = (
    "2,000 invented mails (a quarter answers, a fifth with HTML, one in twenty with a file), in batches of 50 that take "
    "turns. The floor is `email.message_from_bytes` with `policy.default`, the header and body read, the raw bytes "
    "of the batch inserted in one durable commit, then a ticket, a message and an FTS5 row in one durable commit a "
    "mail: the pragmas and the number of commits are the product's. On one core floor and product run there with every "
    "process they start; on two the product has a store of its own, and is measured against itself on one."
)
BATCH = 50
_MAILS = 2_000
_COUNTED = 300
_ALL_CORES = frozenset(os.sched_getaffinity(0))
#: How many cores the product gets, as far as there are as many.
_CORES = [count for count in (1, 2) if count <= len(_ALL_CORES)]


@dataclass(frozen=True, slots=True)
class _Taken:
    """A batch taken in: seconds by the clock, and of the processor."""

    mails: int
    seconds: float
    worked: float


def main(options: Options) -> list[Figure]:
    """Mails a second on one core and on two, on SQLite and PostgreSQL; statements and commits a mail."""
    batches = _batches(invented_mails(max(options.times(_MAILS), 2 * BATCH)))
    with contextlib.ExitStack() as stack:
        floor = stack.enter_context(_floor_store(options.folder / "floor.db"))
        places = [stack.enter_context(_place(options.folder / f"ingest-{n}.db", n)) for n in _CORES]
        bare, *ours = _in_turns(floor, places, batches)
    one = ours[0]
    figures = [
        against("SQLite, one core", _rates(one), _rates(bare), least=0.35),
        against("SQLite, processor time a mail (without the reading)", _work(one), _work(bare)),
    ]
    if len(ours) > 1:
        figures.append(against("SQLite, two cores; floor: ours on one", _rates(ours[1]), _rates(one), least=1.5))
    figures += _counts(options, batches)
    if is_available(POSTGRES) and not options.is_quick:
        figures.append(_postgres(options, batches))
    return figures


@dataclass(frozen=True, slots=True)
class _Place:
    """A desk, the readers for it, and the cores on which both run."""

    desk: Desk
    readers: Readers
    cores: frozenset[int]

    def take_in(self, mails: list[bytes]) -> None:
        """Take these mails in."""
        now = datetime.now(UTC)
        filed = take_in(self.desk, "inbox", [ArrivedMail(mail, now) for mail in mails], readers=self.readers)
        if any(one.ticket is None for one in filed):
            raise RuntimeError(f"not all became tickets: {[one.reason for one in filed if one.ticket is None]}")


def _batches(mails: list[bytes]) -> list[list[bytes]]:
    return [mails[at : at + BATCH] for at in range(0, len(mails), BATCH)]


def _in_turns(floor: sqlite3.Connection, places: list[_Place], batches: list[list[bytes]]) -> list[list[_Taken]]:
    """How long the floor and each place took for each batch, without the first, which warms up; the floor on one core."""
    taken: list[list[_Taken]] = [[] for _one in (floor, *places)]
    for batch in batches:
        with _on(places[0].cores):
            taken[0].append(_timed(batch, lambda mails: _floor(floor, mails)))
        for place, times in zip(places, taken[1:], strict=True):
            with _on(place.cores):
                times.append(_timed(batch, place.take_in))
    return [times[1:] for times in taken]


@contextlib.contextmanager
def _place(file: Path, cores: int) -> Iterator[_Place]:
    """A desk whose process and readers have so many cores."""
    chosen = frozenset(sorted(_ALL_CORES)[:cores])
    with _sqlite_desk(file) as desk, _on(chosen), Readers() as readers:
        readers.start()
        yield _Place(desk, readers, chosen)


@contextlib.contextmanager
def _on(cores: frozenset[int]) -> Iterator[None]:
    """Run on these cores alone, and start others there."""
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, _ALL_CORES)


def _timed(mails: list[bytes], work: Callable[[list[bytes]], None]) -> _Taken:
    started, worked = time.perf_counter(), time.process_time()
    work(mails)
    return _Taken(len(mails), time.perf_counter() - started, time.process_time() - worked)


def _rates(taken: list[_Taken]) -> Sample:
    return Sample([one.mails / one.seconds for one in taken], "mails/s")


def _work(taken: list[_Taken]) -> Sample:
    return Sample([one.worked * 1000 / one.mails for one in taken], "ms")


def _counts(options: Options, batches: list[list[bytes]]) -> list[Figure]:
    """Statements and commits a mail, counted where nothing is timed."""
    counted = {"statements": 0, "commits": 0}
    with _sqlite_desk(options.folder / "counted.db") as desk:

        @event.listens_for(desk.store.engine, "before_cursor_execute")
        def _statement(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
            counted["statements"] += not statement.startswith("BEGIN")

        @event.listens_for(desk.store.engine, "commit")
        def _commit(_connection: object) -> None:
            counted["commits"] += 1

        taken = [mail for batch in batches for mail in batch][:_COUNTED]
        with Readers() as readers:
            for batch in _batches(taken):
                _Place(desk, readers, _ALL_CORES).take_in(batch)
    return [Figure(f"{what} a mail", Sample([number / len(taken)], "")) for what, number in counted.items()]


def _postgres(options: Options, batches: list[list[bytes]]) -> Figure:
    """The same mails on PostgreSQL, beside the floor on SQLite; for information."""
    from tests.services.postgres import running_postgres

    with running_postgres() as server, _floor_store(options.folder / "floor-again.db") as floor, Readers() as readers:
        desk = _furnished(server.create_database("bench"))
        bare, ours = _in_turns(floor, [_Place(desk, readers, _ALL_CORES)], batches)
        desk.store.close()
    return against("PostgreSQL (against the same floor on SQLite)", _rates(ours), _rates(bare))


@contextlib.contextmanager
def _sqlite_desk(file: Path) -> Iterator[Desk]:
    desk = _furnished(f"sqlite:///{file}")
    try:
        yield desk
    finally:
        desk.store.close()


def _furnished(url: str) -> Desk:
    """A new store with one queue that has an address; the program itself takes mail in."""
    store = upgrade(url)
    welcome_first(store)
    desk = Desk(store, identify(store), Settings(url))
    set_queue(desk, FIRST_QUEUE, [DESK], "Beispiel Support")
    return desk.acting_as(SYSTEM)


@contextlib.contextmanager
def _floor_store(file: Path) -> Iterator[sqlite3.Connection]:
    """Four bare tables under the product's pragmas."""
    connection = sqlite3.connect(file, isolation_level=None)
    for pragma in ("journal_mode=WAL", "foreign_keys=ON", "synchronous=FULL", "cache_size=-16000"):
        connection.execute(f"PRAGMA {pragma}").close()
    connection.executescript(
        "CREATE TABLE raw (sha256 TEXT PRIMARY KEY, body BLOB);"
        "CREATE TABLE ticket (id INTEGER PRIMARY KEY, subject TEXT, requester TEXT, created_at TEXT);"
        "CREATE TABLE message (id INTEGER PRIMARY KEY, ticket_id INTEGER, message_id TEXT, sent_at TEXT, text TEXT);"
        "CREATE VIRTUAL TABLE search USING fts5(words, tokenize='unicode61');"
    )
    try:
        yield connection
    finally:
        connection.close()


def _floor(store: sqlite3.Connection, mails: list[bytes]) -> None:
    """What is done at the least: keep all, then read and file each."""
    store.execute("BEGIN IMMEDIATE")
    store.executemany("INSERT INTO raw VALUES (?, ?)", [(hashlib.sha256(mail).hexdigest(), mail) for mail in mails])
    store.execute("COMMIT")
    for mail in mails:
        _file_bare(store, mail)


def _file_bare(store: sqlite3.Connection, content: bytes) -> None:
    mail = message_from_bytes(content, _class=EmailMessage, policy=policy.default)
    body = mail.get_body(("plain", "html"))
    text = body.get_content() if body is not None else ""
    subject, sender, sent_at = (str(mail[name]) for name in ("subject", "from", "date"))
    recipients, message_id, answers = (str(mail[name] or "") for name in ("to", "message-id", "in-reply-to"))
    store.execute("BEGIN IMMEDIATE")
    added = store.execute(
        "INSERT INTO ticket (subject, requester, created_at) VALUES (?, ?, ?)", (subject, sender, sent_at)
    )
    row = (added.lastrowid, message_id + answers, sent_at, text)
    store.execute("INSERT INTO message (ticket_id, message_id, sent_at, text) VALUES (?, ?, ?, ?)", row)
    store.execute("INSERT INTO search VALUES (?)", (f"{subject} {sender} {recipients} {text}",))
    store.execute("COMMIT")
