"""The change feed: every committed event reaches every reader once, at once, and waits for nobody.

Ids are taken before the commit, so "id greater than the last one seen" misses events (8 % with eight writers on
PostgreSQL). There each reading takes the events whose transaction the *previous* reading's snapshot did not see: the
later ones, and those it saw running. On SQLite writers take turns, and ids are enough.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, or_, select, text
from sqlalchemy.orm import Session
from sqlmodel import col

from helpdesk_tui.store.engine import Store, lonely_connection
from helpdesk_tui.store.sight import WITH_LEFT
from helpdesk_tui.store.statements import is_among
from helpdesk_tui.store.tables import Event
from helpdesk_tui.store.transaction import CHANNEL, reading
from helpdesk_tui.terms import Actor

#: PostgreSQL: how long to wait for NOTIFY before looking all the same, in seconds.
_LOOK_ANYWAY = 0.5
#: SQLite: how often to ask whether another connection has written, in seconds (1.4 µs a question).
_ASK_EVERY = 0.1


@dataclass(frozen=True, slots=True)
class Change:
    """One event as the feed shows it."""

    event_id: int
    ticket_id: int
    actor_id: int | None
    verb: str


@dataclass(frozen=True, slots=True)
class _Snapshot:
    """What a transaction of PostgreSQL sees: all that was committed before `end`, except what was `running`."""

    end: int
    running: tuple[int, ...]


class Feed:
    """One reader's place in the feed; starts at the present. It shows what the reader may see, and what left that."""

    def __init__(self, store: Store, actor: Actor) -> None:
        self._store = store
        self._actor = actor
        self._seen = _Snapshot(0, ())
        self._last_id = 0
        with reading(store, actor) as session:
            self._start(session)

    def read(self) -> list[Change]:
        """Everything committed since the last reading, each event once."""
        with reading(self._store, self._actor) as session:
            return self._read_postgres(session) if self._store.is_postgres else self._read_sqlite(session)

    def _start(self, session: Session) -> None:
        newest = select(func.max(col(Event.id)))
        if self._store.is_postgres:
            self._seen = _snapshot(session)
            # Nothing that is seen can be later than the snapshot, except what was restored from another server, whose
            # transaction ids are not ours. New events have greater ids: a restore sets the sequence behind its rows.
            newest = newest.where(col(Event.xid) >= self._seen.end)
        self._last_id = session.execute(newest).scalar_one() or 0

    def _read_postgres(self, session: Session) -> list[Change]:
        now = _snapshot(session)
        is_later = col(Event.xid) >= self._seen.end
        unseen = or_(is_later, is_among(session, col(Event.xid), self._seen.running))
        rows = session.execute(_events().where(unseen, col(Event.id) > self._last_id)).all()
        self._seen = now
        return [_change(row) for row in rows]

    def _read_sqlite(self, session: Session) -> list[Change]:
        rows = session.execute(_events().where(col(Event.id) > self._last_id)).all()
        if rows:
            self._last_id = rows[-1].id
        return [_change(row) for row in rows]


class Lookout:
    """Waits until there may be something new. A hint only: reading the feed decides."""

    def __init__(self, store: Store) -> None:
        self._connection = lonely_connection(store)
        self._is_postgres = store.is_postgres
        self._version: Any = None
        if self._is_postgres:
            self._connection.exec_driver_sql(f"LISTEN {CHANNEL}")
        else:
            self._version = self._data_version()

    def wait(self) -> bool:
        """Wait a moment; True where one should look now.

        Raises:
            DBAPIError: the connection is gone; make a new lookout.
        """
        if self._is_postgres:
            driver = self._connection.connection.dbapi_connection
            for _notice in driver.notifies(timeout=_LOOK_ANYWAY, stop_after=1):
                pass
            return True
        time.sleep(_ASK_EVERY)
        before, self._version = self._version, self._data_version()
        return bool(before != self._version)

    def close(self) -> None:
        """Give the connection back."""
        self._connection.close()

    def _data_version(self) -> Any:
        return self._connection.exec_driver_sql("PRAGMA data_version").scalar_one()


def _events() -> Any:
    shown = select(col(Event.id), col(Event.ticket_id), col(Event.actor_id), col(Event.verb))
    return shown.order_by(col(Event.id)).execution_options(**WITH_LEFT)


def _change(row: Any) -> Change:
    return Change(row.id, row.ticket_id, row.actor_id, row.verb)


def _snapshot(session: Session) -> _Snapshot:
    """Begin a transaction that sees one moment only, and say which."""
    session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
    _begin, end, running = session.execute(text("SELECT pg_current_snapshot()::text")).scalar_one().split(":")
    return _Snapshot(int(end), tuple(map(int, filter(None, running.split(",")))))
