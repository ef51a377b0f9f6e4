"""How fast mail is taken in: the real intake against the standard library and bare SQL, in turns, in one process."""

from __future__ import annotations

import contextlib
import hashlib
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
from helpdesk_tui.store.schema import FIRST_QUEUE, upgrade
from helpdesk_tui.terms import SYSTEM
from tests.services.available import POSTGRES, is_available

TITLE = "Taking in mail"
NOTE = (
    "2,000 invented mails (a quarter answers, a fifth with HTML, one in twenty with a file), in batches of 50 that take "
    "turns. The floor is `email.message_from_bytes` with `policy.default`, the header and body read, the raw bytes "
    "of the batch inserted in one durable commit, then a ticket, a message and an FTS5 row in one durable commit a "
    "mail: the pragmas and the number of commits are the product's."
)
BATCH = 50
_MAILS = 2_000
_COUNTED = 300


@dataclass(frozen=True, slots=True)
class _Taken:
    """A batch taken in: seconds by the clock, and of the processor."""

    mails: int
    seconds: float
    worked: float


def main(options: Options) -> list[Figure]:
    """Mails a second on SQLite and PostgreSQL, statements and commits a mail."""
    batches = _batches(invented_mails(max(options.times(_MAILS), 2 * BATCH)))
    with _sqlite_desk(options.folder / "ingest.db") as desk, _floor_store(options.folder / "floor.db") as floor:
        ours, bare = _in_turns(desk, floor, batches)
    figures = [
        against("SQLite", _rates(ours), _rates(bare), least=0.25),
        against("SQLite, processor time a mail", _work(ours), _work(bare)),
    ]
    figures += _counts(options, batches)
    if is_available(POSTGRES) and not options.is_quick:
        figures.append(_postgres(options, batches))
    return figures


def _batches(mails: list[bytes]) -> list[list[bytes]]:
    return [mails[at : at + BATCH] for at in range(0, len(mails), BATCH)]


def _in_turns(desk: Desk, floor: sqlite3.Connection, batches: list[list[bytes]]) -> tuple[list[_Taken], list[_Taken]]:
    """How long ours and the floor took for each batch, without the first, which warms up."""
    ours, bare = [], []
    for batch in batches:
        ours.append(_timed(batch, lambda mails: _take_in(desk, mails)))
        bare.append(_timed(batch, lambda mails: _floor(floor, mails)))
    return ours[1:], bare[1:]


def _timed(mails: list[bytes], work: Callable[[list[bytes]], None]) -> _Taken:
    started, worked = time.perf_counter(), time.process_time()
    work(mails)
    return _Taken(len(mails), time.perf_counter() - started, time.process_time() - worked)


def _rates(taken: list[_Taken]) -> Sample:
    return Sample([one.mails / one.seconds for one in taken], "mails/s")


def _work(taken: list[_Taken]) -> Sample:
    return Sample([one.worked * 1000 / one.mails for one in taken], "ms")


def _take_in(desk: Desk, mails: list[bytes]) -> None:
    now = datetime.now(UTC)
    filed = take_in(desk, "inbox", [ArrivedMail(mail, now) for mail in mails])
    if any(one.ticket is None for one in filed):
        raise RuntimeError(f"not all mails became tickets: {[one.reason for one in filed if one.ticket is None]}")


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
        for at in range(0, len(taken), BATCH):
            _take_in(desk, taken[at : at + BATCH])
    return [Figure(f"{what} a mail", Sample([number / len(taken)], "")) for what, number in counted.items()]


def _postgres(options: Options, batches: list[list[bytes]]) -> Figure:
    """The same mails on PostgreSQL, beside the floor on SQLite; for information."""
    from tests.services.postgres import running_postgres

    with running_postgres() as server, _floor_store(options.folder / "floor-again.db") as floor:
        desk = _furnished(server.create_database("bench"))
        ours, bare = _in_turns(desk, floor, batches)
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
