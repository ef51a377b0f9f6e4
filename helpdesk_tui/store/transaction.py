"""Transactions: the only place that commits."""

from __future__ import annotations

import hashlib
import logging
import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from sqlalchemy import text
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, OperationalError
from sqlalchemy.orm import Session

from helpdesk_tui.errors import HelpdeskError, Refused, Temporary
from helpdesk_tui.language import _
from helpdesk_tui.store import sight
from helpdesk_tui.store.engine import Store
from helpdesk_tui.terms import Actor

log = logging.getLogger(__name__)
#: The channel on which PostgreSQL is told "look now"; it carries nothing else.
CHANNEL = "helpdesk_changed"
#: Set in `session.info` by whoever appended an event.
TELLS = "tells"
#: SQLSTATE of a missing right (PostgreSQL).
_NO_RIGHT = "42501"
#: SQLSTATEs of a disk without room, and of a server that takes no writing, as a standby before it takes over.
_DISK_FULL, _READ_ONLY = "53100", "25006"
#: SQLSTATEs of a deadlock and of a failed serialization.
_CROSSED = frozenset({"40P01", "40001"})
#: The class of SQLSTATEs of statements and values that are too large or too deep.
_TOO_MUCH = "54"
_TRIES = 3
_T = TypeVar("_T")
_LASTING_CODES = frozenset({sqlite3.SQLITE_ERROR, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
#: PostgreSQL refuses a connection without a code; these are its words for what no waiting mends.
_LASTING_WORDS = re.compile(
    r"FATAL: .*(?:(?:database|role) .* does not exist|authentication failed|no pg_hba\.conf entry|not permitted to log in)"
)


class Crossed(Temporary):
    """Two transactions were in each other's way, and the database gave this one up."""


class Unstorable(HelpdeskError):
    """What is to be written is what the database will never take: waiting does not help, writing something else does."""


def tried_again(act: Callable[[], _T]) -> _T:
    """Do it again where the database gave a transaction up for another's sake; three times, then it is told."""
    for _try in range(_TRIES):
        try:
            return act()
        except Crossed as error:
            log.info("%s", error.message)
    return act()


@contextmanager
def writing(store: Store, actor: Actor) -> Iterator[Session]:
    """A transaction that writes; commits at the end, leaves nothing behind on an error.

    It finds only what this actor may see (`store.sight`).

    Raises:
        Temporary: the store is locked or out of reach, or its file was taken away meanwhile.
    """
    with said_plainly(), Session(store.engine, expire_on_commit=False, autoflush=False) as session:
        sight.begin(session, actor, reads=False)
        yield session
        session.commit()
    if store.opened:
        store.opened.refuse_written()
    if session.info.get(TELLS) and store.is_postgres:
        _tell(store)


@contextmanager
def reading(store: Store, actor: Actor) -> Iterator[Session]:
    """A transaction that only reads, and delays no writer; it shows only what this actor may see (`store.sight`)."""
    with said_plainly(), Session(store.reader, expire_on_commit=False, autoflush=False) as session:
        sight.begin(session, actor, reads=True)
        yield session


def lock_name(session: Session, *names: str) -> None:
    """Hold a lock on these words until the transaction ends, so that two writers do not make the same thing.

    Needed on PostgreSQL alone; on SQLite there is one writer at a time.
    """
    if session.get_bind().dialect.name != "postgresql":
        return
    for name in sorted(names):
        key = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big", signed=True)
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": key})


def _tell(store: Store) -> None:
    """Say "look now" after the commit: NOTIFY inside it would make all writers queue for one lock."""
    try:
        with store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql(f"NOTIFY {CHANNEL}")
    except DBAPIError as error:
        log.info("nobody could be told to look now: %s", _first_line(error))  # the change itself is committed


@contextmanager
def said_plainly() -> Iterator[None]:
    """Turn what the database says into our errors: temporary, refused, or wrong.

    Raises:
        Temporary: it is locked or out of reach. Refused: one has no right to it. Unstorable: it never takes what was
        written. HelpdeskError: anything else.
    """
    try:
        yield
    except (OverflowError, UnicodeEncodeError) as error:  # the drivers' own, for numbers and texts no column holds
        raise Unstorable(
            _("The store cannot hold such a number or text."), _("Nothing was changed. Check what was typed.")
        ) from error
    except DBAPIError as error:
        if error.connection_invalidated:
            raise Temporary(
                _("The connection to the store was lost."), _("Look whether it was done before you do it again.")
            ) from error
        if getattr(error.orig, "sqlstate", "") in _CROSSED:
            raise Crossed(
                _("Somebody else changed the same at the same moment."), _("Nothing was changed. Try again.")
            ) from error
        if _is_of_the_values(error):
            raise Unstorable(_refused(error), _("Nothing was changed.")) from error
        if _is_passing(error):
            words = _("The store cannot be used now: {words}").format(words=_first_line(error))
            raise Temporary(words, _hint(error)) from error
        if getattr(error.orig, "sqlstate", "") == _NO_RIGHT:
            raise Refused(
                _("The store refuses you: {words}").format(words=_first_line(error)),
                _("What an admin sets up changes who owns the store; they also add you: helpdesk agent add LOGIN."),
            ) from error
        raise HelpdeskError(_refused(error), _("Nothing was changed.")) from error


def _is_of_the_values(error: DBAPIError) -> bool:
    """True for values that no column holds or that break a rule (SQLSTATE 22, 23), and for too many of them (54)."""
    if isinstance(error, DataError | IntegrityError):
        return True
    return (getattr(error.orig, "sqlstate", None) or "")[:2] == _TOO_MUCH


def _is_passing(error: DBAPIError) -> bool:
    """True where waiting helps. It does not where the file is no store or is damaged, or no such database or login is."""
    if getattr(error.orig, "sqlstate", "") == _READ_ONLY:
        return True
    return isinstance(error, OperationalError) and not _is_lasting(error)


def _is_lasting(error: OperationalError) -> bool:
    code = getattr(error.orig, "sqlite_errorcode", None)
    return code in _LASTING_CODES if code is not None else bool(_LASTING_WORDS.search(str(error.orig)))


def _hint(error: DBAPIError) -> str:
    """What helps where the store cannot be used."""
    code, state = getattr(error.orig, "sqlite_errorcode", 0) & 0xFF, getattr(error.orig, "sqlstate", "")
    if code == sqlite3.SQLITE_READONLY:
        return _("Nothing was changed. Let your account write the store's file and its folder.")
    if code == sqlite3.SQLITE_FULL or state == _DISK_FULL:
        return _("Nothing was changed. Make room on the disk of the store, then try again.")
    if state == _READ_ONLY:
        return _("Nothing was changed. Try again: another server may be taking over. Else ask who runs the database.")
    return _("Nothing was changed. Try again; `helpdesk doctor` looks into it.")


def _refused(error: DBAPIError) -> str:
    return _("The store refused this: {words}").format(words=_first_line(error))


def _first_line(error: DBAPIError) -> str:
    """The driver's words without the statement and its values."""
    lines = str(error.orig).strip().splitlines()
    return lines[0] if lines else type(error.orig).__name__
