"""The schema: made from nothing, the same as the tables say, refused where it is newer."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import inspect, text
from sqlmodel import SQLModel

from helpdesk_tui.errors import HelpdeskError
from helpdesk_tui.store import schema
from helpdesk_tui.store.engine import Store, open_store
from helpdesk_tui.store.schema import AGENT_ROLE, FIRST_QUEUE, info, open_current, upgrade
from tests.build import Place, a_ticket, everything, sql
from tests.conftest import make_role
from tests.services.postgres import PostgresServer

#: SQLite's search index, and what Alembic cannot compare: indexes on expressions.
NOT_COMPARED = ("ticket_search", "ticket_words_search", "ticket_by_work", "ticket_by_update")

#: A row in each table that a later migration touches, and in those they hang on.
OLD_ROWS = (
    "INSERT INTO queue (name, display_name, is_confidential) VALUES ('old', '', false)",
    "INSERT INTO category (name) VALUES ('technical')",
    "INSERT INTO agent (login, name, email, role, is_active) VALUES ('anna', 'Anna', '', 'agent', true)",
    "INSERT INTO external_ref (system, type, external_id, own_id) VALUES ('old', 'ticket', '7', 1)",
    "INSERT INTO customer (name, search_key, created_at) VALUES ('Mira', 'mira', '2026-01-01')",
    "INSERT INTO ticket (number, queue_id, requester_id, subject, status, priority, channel, waiting_for,"
    " waiting_since, is_spam, created_at, updated_at, version) VALUES"
    " (1, 1, 1, 'A', 'new', 1, 'email', 'us', '2026-01-01', false, '2026-01-01', '2026-01-01', 1),"
    " (2, 1, 1, 'B', 'closed', 1, 'email', NULL, '2026-01-01', false, '2026-01-01', '2026-01-01', 1)",
    """INSERT INTO message (ticket_id, queue_id, kind, is_automatic, is_withdrawn, from_name, from_address, "to", cc,"""
    """ subject, text, quoted, remarks, message_id, "references", received_at) VALUES"""
    """ (1, 1, 'outbound', false, false, '', '', '[]', '[]', '', 'hello', '', '[]', 'a@b', '[]', '2026-01-01')""",
    "INSERT INTO attachment (message_id, ticket_id, queue_id, name, content_type, size, sha256) VALUES"
    " (1, 1, 1, 'a.pdf', 'application/pdf', 4, 'abc')",
    "INSERT INTO outbox (ticket_id, queue_id, message_id, state, header_message_id, tries, due_at, words, updated_at)"
    " VALUES (1, 1, 1, 'sent', 'a@b', 1, '2026-01-01', '', '2026-01-01')",
    "INSERT INTO raw_message (id, queue_id, ticket_id, mailbox, sha256, received_at, why_reason, is_queue_chosen)"
    " VALUES (1000000000, 1, 1, 'inbox', 'abc', '2026-01-01', '', false)",
    "INSERT INTO mail_quarantine (queue_id, ticket_id, raw_id, reason, at) VALUES"
    " (1, 1, 1000000000, 'unreadable', '2026-01-01')",
    "INSERT INTO batch (id, verb, at, outcome) VALUES ('b', 'create', '2026-01-01', '{}')",
    "INSERT INTO event (ticket_id, queue_id, batch_id, verb, at, changes) VALUES"
    " (1, 1, 'b', 'create', '2026-01-01', '{}')",
    "INSERT INTO ticket_words (ticket_id, queue_id, words, cost) VALUES (1, 1, 'mira', 10)",
)


@pytest.fixture(params=["sqlite", "postgres"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Where an empty database is, or none yet."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'new' / 'helpdesk.db'}"
        return
    server: PostgresServer = request.getfixturevalue("postgres_server")
    request.getfixturevalue("postgres_database")
    yield server.create_database("empty_desk", owner="root")
    server.drop_database("empty_desk")


def differences(store: Store) -> list[Any]:
    """How the database differs from what the tables say."""

    def is_compared(thing: Any, name: str | None, *_more: Any) -> bool:
        return not (name or "").startswith(NOT_COMPARED)

    with store.engine.connect() as connection:
        options = {"include_object": is_compared, "compare_type": True}
        return compare_metadata(MigrationContext.configure(connection, opts=options), SQLModel.metadata)


def test_the_migrations_lead_to_what_the_tables_say(place: Place) -> None:
    assert differences(place.store()) == []


def test_a_missing_column_would_be_noticed(place: Place) -> None:
    store = place.store()
    sql(store, "ALTER TABLE tag ADD COLUMN extra text")
    found = differences(store)
    sql(store, "ALTER TABLE tag DROP COLUMN extra")
    assert [one[0] for one in found] == ["remove_column"]


def test_constraints_that_cannot_be_compared_are_there(place: Place) -> None:
    inspector = inspect(place.store().engine)
    for table in SQLModel.metadata.tables.values():
        wanted = {one.name for one in table.constraints if str(one.name or "").endswith("_known")}
        assert wanted == {one["name"] for one in inspector.get_check_constraints(table.name)}, table.name


def test_the_indexes_of_lists_are_there(place: Place) -> None:
    names = {one["name"] for one in inspect(place.store().engine).get_indexes("ticket")}
    assert {"ticket_by_work", "ticket_by_update", "ticket_by_assignee", "ticket_by_due"} <= names


def test_an_empty_database_becomes_a_store(empty_url: str) -> None:
    store = upgrade(empty_url)
    assert info(store).fits
    assert sql(store, "SELECT name FROM queue") == [(FIRST_QUEUE,)]
    assert sql(store, "SELECT count(*) FROM category") == [(4,)]
    store.close()
    open_current(empty_url).close()


def test_an_older_store_keeps_its_rows_when_it_is_upgraded(empty_url: str) -> None:
    store = _store_of(empty_url, "0001")
    for statement in OLD_ROWS:
        sql(store, statement)
    columns = {name: [one["name"] for one in inspect(store.engine).get_columns(name)] for name in _tables(store)}
    before = _all_rows(store, columns)
    assert {"ticket", "message", "attachment", "outbox", "event", "mail_quarantine"} <= before.keys()
    with pytest.raises(HelpdeskError, match=f"schema 0001, this program needs {schema.SCHEMA}"):
        open_current(empty_url)
    upgrade(empty_url).close()
    store.close()
    store = open_current(empty_url)
    assert _all_rows(store, columns) == before
    assert sql(store, "SELECT queue_id, agent_id FROM queue_member") == [(1, 1)]
    assert differences(store) == []
    store.close()


def test_what_waits_for_a_chosen_time_still_does_after_an_upgrade(empty_url: str) -> None:
    store = _store_of(empty_url, "0008")
    for statement in OLD_ROWS:
        sql(store, statement)
    for state, tries, leaves in (("queued", 0, "2026-01-02"), ("queued", 3, "2026-01-02"), ("queued", 0, "2026-01-01")):
        sql(
            store,
            "INSERT INTO outbox (ticket_id, queue_id, message_id, state, header_message_id, tries, due_at, words,"
            f" updated_at) VALUES (1, 1, 1, '{state}', 'a@b', {tries}, '{leaves}', '', '2026-01-01')",
        )
    store.close()
    upgrade(empty_url).close()
    store = open_current(empty_url)
    assert [bool(one.is_timed) for one in sql(store, "SELECT is_timed FROM outbox ORDER BY id")] == [
        False,
        True,
        False,
        False,
    ]
    store.close()


def _tables(store: Store) -> set[str]:
    return SQLModel.metadata.tables.keys() & set(inspect(store.engine).get_table_names())


def _store_of(url: str, version: str) -> Store:
    """A store as an older program made it, without any rows."""
    store = open_store(url, create=True)
    config = Config()
    config.set_main_option("script_location", str(Path(schema.__file__).parent / "migrations"))
    with store.engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, version)
    return store


def _all_rows(store: Store, columns: dict[str, list[str]]) -> dict[str, list[Any]]:
    """What stands in these columns, by table."""
    found = {}
    for name, own in columns.items():
        named = ", ".join(f'"{column}"' for column in own)
        found[name] = sorted(map(repr, sql(store, f'SELECT {named} FROM "{name}"')))
    return {name: rows for name, rows in found.items() if rows}


def test_upgrading_again_changes_nothing(place: Place) -> None:
    a_ticket(place.desk("anna"))
    store = place.store()
    before = everything(store), sql(store, "SELECT * FROM queue")
    upgrade(place.url).close()
    assert (everything(store), sql(store, "SELECT * FROM queue")) == before


def test_a_store_without_a_schema_is_not_opened(empty_url: str) -> None:
    open_store(empty_url, create=True).close()
    with pytest.raises(HelpdeskError, match="schema none, this program needs 0") as refused:
        open_current(empty_url)
    assert refused.value.hint == "Run: helpdesk db upgrade"


@pytest.mark.parametrize("how", [open_current, upgrade])
def test_a_newer_schema_is_refused_and_left_alone(place: Place, how: Any) -> None:
    store = place.store()
    needed = info(store).needed
    sql(store, "UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(HelpdeskError, match=f"schema 9999, which is newer than this program's {needed}"):
        how(place.url)
    assert sql(store, "SELECT version_num FROM alembic_version") == [("9999",)]


@pytest.mark.parametrize("place", ["postgres"], indirect=True)
def test_two_upgrades_at_once_wait_for_each_other(postgres_server: PostgresServer, place: Place) -> None:
    """A second migration would fail on tables that are there already."""
    url = postgres_server.create_database("raced", owner="root")
    failures: list[Exception] = []

    def run() -> None:
        try:
            upgrade(url).close()
        except Exception as error:  # noqa: BLE001  it is shown below
            failures.append(error)

    threads = [threading.Thread(target=run) for _ in range(3)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    postgres_server.drop_database("raced")
    assert failures == []


@pytest.mark.parametrize("place", ["postgres"], indirect=True)
class TestRightsOnPostgres:
    """What an agent's login may do there."""

    @pytest.mark.parametrize(
        "statement",
        [
            "DELETE FROM ticket",
            "DELETE FROM message",
            "DELETE FROM event",
            "UPDATE event SET verb = 'note'",
            "TRUNCATE ticket CASCADE",
            "DROP TABLE ticket",
            "CREATE TABLE mine (id int)",
            "ALTER TABLE event DISABLE TRIGGER ALL",
            f"GRANT {AGENT_ROLE} TO bob",
        ],
    )
    def test_agents_delete_nothing_and_own_nothing(self, place: Place, statement: str) -> None:
        a_ticket(place.desk("anna"))
        before = everything(place.store())
        with pytest.raises(HelpdeskError, match=r"permission denied|must be owner"):
            sql(place.store("anna"), statement)
        assert everything(place.store()) == before

    def test_a_login_that_is_no_agent_reads_nothing(self, place: Place, postgres_server: PostgresServer) -> None:
        make_role(postgres_server, "nosy", "LOGIN")
        with pytest.raises(HelpdeskError, match="permission denied"):
            sql(place.store("nosy"), "SELECT subject FROM ticket")


def test_what_follows_its_ticket_is_found_by_it() -> None:
    """Each move looks for the ticket's rows in all these tables: without an index it would read them whole."""
    for table in SQLModel.metadata.tables.values():
        if {"ticket_id", "queue_id"} <= set(table.columns.keys()):
            firsts = [next(iter(one.columns)).name for one in (*table.indexes, table.primary_key)]
            assert "ticket_id" in firsts, table.name


def test_every_table_follows_its_ticket_to_another_queue() -> None:
    """What belongs to a ticket carries its queue by a composite key that cascades; events do so by a trigger."""
    for name, table in SQLModel.metadata.tables.items():
        if {"ticket_id", "queue_id"} <= set(table.columns.keys()) and name != "event":
            keys = [key for key in table.foreign_key_constraints if key.column_keys == ["ticket_id", "queue_id"]]
            assert [key.onupdate for key in keys] == ["CASCADE"], table.name


def test_no_status_outside_the_known_ones_gets_in(place: Place) -> None:
    number = a_ticket(place.desk("anna"))
    with pytest.raises(HelpdeskError, match="refused"):
        sql(place.store(), "UPDATE ticket SET status = 'lost' WHERE number = :number", number=number)
    with place.store().reader.connect() as connection:
        assert connection.execute(text("SELECT status FROM ticket")).scalars().all() == ["new"]
