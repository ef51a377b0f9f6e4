"""A store with people in it, the same on SQLite and on PostgreSQL, and the real servers."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from helpdesk_tui.config import Settings
from helpdesk_tui.desk.door import Desk
from helpdesk_tui.desk.identity import identify, welcome_first
from helpdesk_tui.desk.settings import add_agent, add_queue, set_queue
from helpdesk_tui.store.engine import Store
from helpdesk_tui.store.schema import upgrade
from helpdesk_tui.terms import SYSTEM
from tests import compiled_once
from tests.build import SUPPORT, FrozenClock, Place, Proves
from tests.sampling import pytest_collection_modifyitems
from tests.services.fixtures import (
    dovecot_server,
    either_dovecot,
    exim,
    mailbox,
    postgres_server,
    pytest_configure,
    pytest_terminal_summary,
    smtp_sink,
    tmux,
)
from tests.services.postgres import PostgresServer

__all__ = [
    "dovecot_server",
    "either_dovecot",
    "exim",
    "mailbox",
    "postgres_server",
    "pytest_collection_modifyitems",
    "pytest_configure",
    "pytest_terminal_summary",
    "smtp_sink",
    "tmux",
]

compiled_once.share()


@pytest.fixture
def proves(request: pytest.FixtureRequest) -> Proves:
    """Say what a test has seen, for the figures of the long run: how many, and of what."""
    return lambda what, count: request.node.user_properties.append((what, count))


AGENTS = ("anna", "bob")
DATABASE = "desk"
REMEMBER = """
CREATE SCHEMA first;
CREATE TABLE first."of sequences" (name text, value bigint, is_called bool);
DO $$ DECLARE name text; BEGIN
  FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP
    EXECUTE format('CREATE TABLE first.%I AS TABLE public.%I', name, name);
  END LOOP;
  FOR name IN SELECT sequencename FROM pg_sequences WHERE schemaname = 'public' LOOP
    EXECUTE format('INSERT INTO first."of sequences" SELECT %L, last_value, is_called FROM public.%I', name, name);
  END LOOP;
END $$
"""
GO_BACK = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
 WHERE datname = current_database() AND pid <> pg_backend_pid();
SET session_replication_role = replica;
DO $$ DECLARE name text; BEGIN
  FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP
    EXECUTE format('DELETE FROM public.%I', name);
    EXECUTE format('INSERT INTO public.%I SELECT * FROM first.%I', name, name);
  END LOOP;
  PERFORM setval(format('public.%I', s.name), s.value, s.is_called) FROM first."of sequences" s;
END $$
"""


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite store with its people and nothing else; copied by each test."""
    folder = tmp_path_factory.mktemp("template")
    _furnish(f"sqlite:///{folder / 'helpdesk.db'}", "root")
    return folder / "helpdesk.db"


@pytest.fixture(scope="session")
def postgres_database(postgres_server: PostgresServer) -> str:
    """The same on PostgreSQL: its owner is no superuser, its agents own nothing. It remembers how it was."""
    make_role(postgres_server, "root", "LOGIN CREATEROLE")
    for login in AGENTS:
        make_role(postgres_server, login, "LOGIN")
    _furnish(postgres_server.create_database(DATABASE, owner="root"))
    with psycopg.connect(postgres_server.superuser_url(DATABASE)) as connection:
        connection.execute(REMEMBER)
    return DATABASE


@pytest.fixture
def clock() -> FrozenClock:
    """The time of this test; it stands still until `clock.advance(hours=1)`."""
    return FrozenClock()


@pytest.fixture(params=["sqlite", "postgres"])
def place(request: pytest.FixtureRequest, clock: FrozenClock) -> Iterator[Place]:
    """A database of one's own with `root`, `anna` and `bob`; the test runs once on each kind."""
    with request.getfixturevalue(f"{request.param}_place")(clock) as place:
        yield place


@pytest.fixture
def sqlite_place(sqlite_template: Path, tmp_path: Path) -> Callable[[FrozenClock], Place]:
    """Makes an SQLite database of one's own."""

    def make(clock: FrozenClock) -> Place:
        file = tmp_path / "desk" / "helpdesk.db"
        file.parent.mkdir(mode=0o700)
        shutil.copy2(sqlite_template, file)
        return Place(lambda _login: f"sqlite:///{file}", False, clock)

    return make


@pytest.fixture
def postgres_place(postgres_server: PostgresServer, postgres_database: str) -> Callable[[FrozenClock], Place]:
    """Gives the PostgreSQL database as it was at first: emptying it is ten times faster than making a new one."""

    def make(clock: FrozenClock) -> Place:
        with psycopg.connect(postgres_server.superuser_url(postgres_database)) as connection:
            connection.execute(GO_BACK)
        return Place(lambda login: postgres_server.url(postgres_database, login), True, clock)

    return make


@pytest.fixture
def desk(place: Place) -> Desk:
    """The desk of Anna, an agent."""
    return place.desk("anna")


@pytest.fixture
def bob(place: Place) -> Desk:
    """The desk of Bob, another agent."""
    return place.desk("bob")


@pytest.fixture
def admin(place: Place) -> Desk:
    """The desk of the admin, who on PostgreSQL owns the database."""
    return place.desk("root")


@pytest.fixture
def system(desk: Desk) -> Desk:
    """The desk of the program itself, run by Anna: poller, sender and timers need no more rights than hers."""
    return desk.acting_as(SYSTEM)


@pytest.fixture
def store(desk: Desk) -> Store:
    """Anna's open store."""
    return desk.store


def make_role(server: PostgresServer, name: str, options: str) -> None:
    """Create a login that is no superuser."""
    with psycopg.connect(server.superuser_url(), autocommit=True) as connection:
        connection.execute(f'CREATE ROLE "{name}" {options} NOSUPERUSER')


def _furnish(url: str, claimed: str | None = None) -> None:
    store = upgrade(url)
    welcome_first(store, claimed)
    desk = Desk(store, identify(store, claimed), Settings(store=url))
    for login in AGENTS:
        add_agent(desk, login, login.capitalize(), f"{login}@desk.example")
    set_queue(desk, "support", [SUPPORT], "Example Support")
    add_queue(desk, "billing", ["billing@desk.example"])
    add_queue(desk, "silent")
    store.close()
