"""Opening a store: SQLite with safe files and true transactions, or PostgreSQL."""

from __future__ import annotations

import os
import re
import sqlite3
import stat
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, OperationalError
from sqlalchemy.pool import NullPool, QueuePool

from helpdesk_tui.errors import HelpdeskError, Temporary, Usage
from helpdesk_tui.language import _

#: How long a writer waits for another one's transaction, in seconds.
BUSY_SECONDS = 30
#: After so long, SQLite's waiting for the write lock begins anew, with its short pauses.
TURN_MILLISECONDS = 40


class OpenedFile:
    """The file of an SQLite store, known by device and inode from its first connection on."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._identity: tuple[int, int] | None = None

    def refuse_another(self) -> None:
        """Stop where the store's name leads to another file by now, or to none: what is written there is lost.

        Raises:
            Temporary: it does.
        """
        if self._is_another():
            raise Temporary(
                _("The store {path} was removed or replaced while it was open.").format(path=self._path),
                _("Nothing was changed. Put it back if it is gone, then end this program and start it again."),
            )

    def refuse_written(self) -> None:
        """The same once something was written: nobody may rely on it.

        Raises:
            Temporary: the file was taken away in the meantime.
        """
        if self._is_another():
            raise Temporary(
                _("The store {path} was removed or replaced while it was written.").format(path=self._path),
                _("The change is in the file that is gone. Put that back, or start this program again and repeat it."),
            )

    def _is_another(self) -> bool:
        try:
            about = os.stat(self._path)
        except OSError:
            return True
        return self._identity not in (None, (about.st_dev, about.st_ino))

    def remember(self) -> None:
        """Take the file that is there as the one; SQLite has it open for writing, so it is not replaced by that."""
        if self._identity is None:
            about = os.stat(self._path)
            self._identity = about.st_dev, about.st_ino


@dataclass(frozen=True)
class Store:
    """An open store. `engine` writes (its transactions lock at once on SQLite); `reader` only reads."""

    url: str
    engine: Engine
    reader: Engine
    opened: OpenedFile | None = None

    @property
    def is_postgres(self) -> bool:
        """True on PostgreSQL, False on SQLite."""
        return self.engine.dialect.name == "postgresql"

    @property
    def file(self) -> Path | None:
        """The SQLite file."""
        return None if self.is_postgres else Path(self.engine.url.database or "")

    def close(self) -> None:
        """Give all connections back."""
        self.engine.dispose()
        self.reader.dispose()


def open_store(url: str, *, create: bool = False) -> Store:
    """Open the store at `url` (sqlite:///FILE or postgresql://…).

    Args:
        create: make the SQLite file (0600, in a folder of 0700) where there is none.
    Raises:
        Usage: the address is of no kind we know, or the PostgreSQL driver is missing.
        HelpdeskError: there is no such file, or others may read it.
    """
    parsed = _parse(url)
    if parsed.get_backend_name() == "sqlite":
        _prepare_file(Path(parsed.database or ""), create=create)
        return _sqlite(url, parsed)
    return _postgres(url, parsed)


def without_password(url: str) -> str:
    """A store's address as it may be shown: without a password, wherever in it that stands."""
    shown = re.sub(r"(?<=://)[^/?#]*:[^/?#]*@", "…@", url)
    return re.sub(r"(?i)((?:ssl)?password=)[^&]*", r"\1…", shown)


def _parse(url: str) -> URL:
    try:
        parsed = make_url(url)
    except ArgumentError:
        parsed = None
    if parsed is None or parsed.get_backend_name() not in ("sqlite", "postgresql") or not parsed.database:
        raise Usage(
            _("{url} is not the address of a store.").format(url=without_password(url)),
            _("Use a file path, sqlite:///FILE or postgresql://HOST/DATABASE."),
        )
    return parsed


def _prepare_file(path: Path, *, create: bool) -> None:
    if not path.exists():
        if not create:
            raise HelpdeskError(
                _("There is no store at {path}.").format(path=path),
                _("`helpdesk init` sets one up, `helpdesk db upgrade` creates an empty one."),
            )
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    if not path.is_file():
        raise HelpdeskError(
            _("{path} is no file.").format(path=path),
            _("Name the file of a store: {path}/helpdesk.db").format(path=path),
        )
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o077 and not os.environ.get("HELPDESK_ALLOW_READABLE_STORE"):
        raise HelpdeskError(
            _("Others may read the store {path} (mode {mode}).").format(path=path, mode=f"{mode:04o}"),
            _("Run: chmod 600 {path}").format(path=path),
        )


def _sqlite(url: str, parsed: URL) -> Store:
    opened = OpenedFile(parsed.database or "")
    engine = create_engine(
        parsed, poolclass=QueuePool, connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False}
    )

    @event.listens_for(engine, "do_connect")
    def _find(*_args: Any) -> None:
        opened.refuse_another()  # where there is none, SQLite would make an empty one

    @event.listens_for(engine, "connect")
    def _set_up(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        for pragma in (
            "journal_mode=WAL",
            "foreign_keys=ON",
            f"busy_timeout={BUSY_SECONDS * 1000}",
            "synchronous=FULL",
        ):
            connection.execute(f"PRAGMA {pragma}").close()
        connection.execute("PRAGMA cache_size=-16000").close()
        opened.remember()

    @event.listens_for(engine, "begin")
    def _begin(connection: Any) -> None:
        if connection.get_execution_options().get("sqlite_begin") == "BEGIN":
            connection.exec_driver_sql("BEGIN")
        else:
            _begin_in_turn(connection)
            opened.refuse_another()

    return Store(url, engine, engine.execution_options(sqlite_begin="BEGIN"), opened)


def _begin_in_turn(connection: Any) -> None:
    """Take SQLite's write lock.

    SQLite's own waiting asks less and less often (every 100 ms in the end), so that who waits longest loses to
    whoever comes: among 8 busy writers one was passed over for 30 s. Here all ask equally often.
    """
    last = time.monotonic() + BUSY_SECONDS
    connection.exec_driver_sql(f"PRAGMA busy_timeout={TURN_MILLISECONDS}")
    try:
        while True:
            try:
                connection.exec_driver_sql("BEGIN IMMEDIATE")
                return
            except OperationalError as error:
                code = getattr(error.orig, "sqlite_errorcode", 0) & 0xFF
                if code != sqlite3.SQLITE_BUSY or time.monotonic() > last:
                    raise
    finally:
        connection.exec_driver_sql(f"PRAGMA busy_timeout={BUSY_SECONDS * 1000}")


def _postgres(url: str, parsed: URL) -> Store:
    try:
        import psycopg  # noqa: F401
    except ImportError as error:
        raise Usage(
            _("The PostgreSQL driver is not installed."), _("Run: pip install 'helpdesk-tui[postgres]'")
        ) from error
    parsed = parsed.set(drivername="postgresql+psycopg")
    # Each transaction asks first whether its connection still stands: a server restarted at night costs no key.
    engine = create_engine(parsed, pool_size=3, pool_pre_ping=True, connect_args=_postgres_options(parsed))
    return Store(url, engine, engine)


def _postgres_options(url: URL) -> dict[str, Any]:
    """What each connection begins with: a server that is gone, or hangs, is noticed within half a minute."""
    own = str(url.query.get("options") or "")
    return {
        "connect_timeout": 10,
        "options": f"-c timezone=UTC -c idle_in_transaction_session_timeout=300000 {own}".strip(),
        "keepalives_idle": 10,
        "keepalives_interval": 5,
        "keepalives_count": 3,
        "tcp_user_timeout": 30_000,
    }


def lonely_connection(store: Store) -> Any:
    """A connection of its own outside the pool, in autocommit: for locks, NOTIFY and looking for changes."""
    if store.opened:
        store.opened.refuse_another()
    engine = create_engine(
        store.engine.url,
        poolclass=NullPool,
        isolation_level="AUTOCOMMIT",
        connect_args=_postgres_options(store.engine.url)
        if store.is_postgres
        else {"timeout": BUSY_SECONDS, "check_same_thread": False},
    )
    return engine.connect()
