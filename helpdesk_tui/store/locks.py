"""Lonely jobs: one process at a time polls a mailbox, sends the outbox, runs the timers.

The lock is the database session (PostgreSQL) or an flock beside the file (SQLite): both end with their holder.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from functools import partial

from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError

from helpdesk_tui.errors import Temporary
from helpdesk_tui.language import _
from helpdesk_tui.store.engine import Store, lonely_connection
from helpdesk_tui.store.statements import add_unless_there
from helpdesk_tui.store.tables import Lease
from helpdesk_tui.store.transaction import reading, said_plainly, writing
from helpdesk_tui.terms import SYSTEM

_LONGEST_NAME = 60
_NOT_PLAIN = re.compile(r"[^A-Za-z0-9_-]+")


class Busy(Temporary):
    """Another process does this job."""


#: Asks whether a lock still stands; raises Temporary where it was lost.
Hold = Callable[[], None]


@contextmanager
def alone(store: Store, job: str) -> Iterator[Hold]:
    """Hold the lock of a job for the length of the block.

    A lock of PostgreSQL ends with its connection, of which nobody hears: ask `hold()` before doing what two must not
    do at once.

    Raises:
        Busy: another process holds it; says who, as far as is known.
    """
    hold = _alone_postgres if store.is_postgres else _alone_sqlite
    with said_plainly(), hold(store, job) as still_held:
        yield still_held


def sign(store: Store, job: str, now: datetime, words: str = "ok") -> None:
    """Say that this process does the job and is alive; for people to read, never for deciding."""
    with writing(store, SYSTEM) as session:
        blank = {"name": job, "holder": "", "since": now, "at": now, "words": ""}
        add_unless_there(session, Lease, blank)  # somebody else may sign for the first time as well
        lease = session.get_one(Lease, job)
        if lease.holder != whoami():
            lease.holder, lease.since = whoami(), now
        lease.at, lease.words = now, words


def whoami() -> str:
    """This process as people know it: host and process id."""
    return f"{socket.gethostname()}:{os.getpid()}"


@contextmanager
def _alone_sqlite(store: Store, job: str) -> Iterator[Hold]:
    digest = hashlib.sha256(job.encode()).hexdigest()[:8]
    file = os.path.realpath(store.file or "")  # by whatever name it is opened
    path = f"{file}.{_NOT_PLAIN.sub('-', job)[:_LONGEST_NAME]}.{digest}.lock"
    handle = _opened(path)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise _busy(store, job) from None
        yield lambda: None
    finally:
        os.close(handle)


def _opened(path: str) -> int:
    try:
        return os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
    except OSError as error:
        raise Temporary(
            _("The lock {path} cannot be used: {words}.").format(path=path, words=error.strerror),
            _("Let your account write it and its folder, and see that the disk has room."),
        ) from error


@contextmanager
def _alone_postgres(store: Store, job: str) -> Iterator[Hold]:
    key = int.from_bytes(hashlib.sha256(f"job {job}".encode()).digest()[:8], "big", signed=True)
    connection = lonely_connection(store)
    try:
        if not connection.execute(text("SELECT pg_try_advisory_lock(:key)"), {"key": key}).scalar_one():
            raise _busy(store, job)
        try:
            yield partial(_ask, connection)
        finally:
            with suppress(SQLAlchemyError):  # the server may take its time to see that a connection ended
                connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": key})
    finally:
        connection.close()


def _ask(connection: Connection) -> None:
    with said_plainly():
        connection.exec_driver_sql("SELECT 1")


def _busy(store: Store, job: str) -> Busy:
    with reading(store, SYSTEM) as session:
        lease = session.get(Lease, job)
    holder = lease.holder if lease else _("another process")
    return Busy(
        _("{holder} is doing this already: {job}.").format(holder=holder, job=job),
        _("One is enough; stop that one first."),
    )
