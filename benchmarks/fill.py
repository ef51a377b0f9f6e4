"""How fast a store is filled with invented tickets."""

from __future__ import annotations

import random
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.figures import Figure, Sample, against
from benchmarks.options import Options
from helpdesk_tui.config import Settings
from helpdesk_tui.demo.synthetic import fill_store, invent

TITLE = "Filling a store"
NOTE = (
    "`helpdesk demo --tickets` on SQLite: the whole command, then 2,000 tickets at a time in one process. The floor "
    "invents the same tickets and writes ticket, messages and an FTS5 row by `executemany`, 1,000 tickets a commit."
)
_AT_ONCE = 2_000
_TIMES = 8
_LEAST = 1_000
_UNIT = "tickets/s"


def main(options: Options) -> list[Figure]:
    """Tickets a second."""
    filled = options.filled(options.many)
    command = Sample([filled.tickets / filled.seconds], _UNIT)
    bound = f"≥ {_LEAST:,} tickets/s"
    what = f"the command, {filled.tickets:,} tickets, {filled.messages:,} messages"
    return [Figure(what, command, bound=bound, is_kept=command.p50 >= _LEAST), _in_turns(options)]


def _in_turns(options: Options) -> Figure:
    count = _AT_ONCE // 10 if options.is_quick else _AT_ONCE
    ours, bare = [], []
    for turn in range(1 if options.is_quick else _TIMES):
        ours.append(count / _seconds(lambda file: _fill(file, count), options.folder / f"fill-{turn}.db"))
        bare.append(count / _seconds(lambda file: _fill_bare(file, count), options.folder / f"bare-{turn}.db"))
    return against(f"{count:,} tickets at a time", Sample(ours, _UNIT), Sample(bare, _UNIT))


def _seconds(fill: Callable[[Path], None], file: Path) -> float:
    started = time.perf_counter()
    fill(file)
    return time.perf_counter() - started


def _fill(file: Path, count: int) -> None:
    fill_store(Settings(f"sqlite:///{file}"), count, 1, lambda _said: None)


def _fill_bare(file: Path, count: int) -> None:
    invented = list(invent(count, random.Random(1), datetime.now(UTC), ["support"], ["anna", "ben", "cara"]))
    with closing(sqlite3.connect(file)) as store:
        store.executescript(
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
            "CREATE TABLE ticket (id INTEGER PRIMARY KEY, subject TEXT, requester TEXT, status TEXT, updated_at TEXT);"
            "CREATE TABLE message (id INTEGER PRIMARY KEY, ticket INTEGER, sender TEXT, at TEXT, text TEXT);"
            "CREATE VIRTUAL TABLE search USING fts5(words);"
        )
        for first in range(0, count, 1000):
            tickets = list(enumerate(invented[first : first + 1000], first + 1))
            messages = [(id, message) for id, ticket in tickets for message in ticket.messages]
            store.executemany(
                "INSERT INTO ticket VALUES (?, ?, ?, ?, ?)",
                [(id, t.subject, t.requester.address, t.status, t.updated_at.isoformat()) for id, t in tickets],
            )
            store.executemany(
                "INSERT INTO message (ticket, sender, at, text) VALUES (?, ?, ?, ?)",
                [(id, m.sender.address, m.at.isoformat(), m.text) for id, m in messages],
            )
            store.executemany(
                "INSERT INTO search (rowid, words) VALUES (?, ?)",
                [(id, " ".join((t.subject, *(m.text for m in t.messages)))) for id, t in tickets],
            )
            store.commit()
