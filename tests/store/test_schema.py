"""The schema: made from nothing, the same as the tables say, refused where it is newer."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect, text
from sqlmodel import SQLModel

from helpdesk_tui.errors import HelpdeskError
from helpdesk_tui.store.engine import Store, open_store
from helpdesk_tui.store.schema import AGENT_ROLE, FIRST_QUEUE, info, open_current, upgrade
from tests.build import Place, a_ticket, everything, sql
from tests.conftest import make_role
from tests.services.postgres import PostgresServer

#: SQLite's search index, and what Alembic cannot compare: indexes on expressions.
NOT_COMPARED = ("ticket_search", "ticket_words_search", "ticket_by_work", "ticket_by_update")


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


def test_every_table_follows_its_ticket_to_another_queue() -> None:
    """What belongs to a ticket carries its queue by a composite key that cascades."""
    for table in SQLModel.metadata.tables.values():
        if {"ticket_id", "queue_id"} <= set(table.columns.keys()):
            keys = [key for key in table.foreign_key_constraints if key.column_keys == ["ticket_id", "queue_id"]]
            assert [key.onupdate for key in keys] == ["CASCADE"], table.name


def test_no_status_outside_the_known_ones_gets_in(place: Place) -> None:
    number = a_ticket(place.desk("anna"))
    with pytest.raises(HelpdeskError, match="refused"):
        sql(place.store(), "UPDATE ticket SET status = 'lost' WHERE number = :number", number=number)
    with place.store().reader.connect() as connection:
        assert connection.execute(text("SELECT status FROM ticket")).scalars().all() == ["new"]
