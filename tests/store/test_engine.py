"""Opening a store: safe files, true transactions, and errors in our own words."""

from __future__ import annotations

import os
import sqlite3
import stat
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import text

from helpdesk_tui.errors import HelpdeskError, Temporary, Usage
from helpdesk_tui.store.engine import BUSY_SECONDS, Store, lonely_connection, open_store
from helpdesk_tui.store.schema import upgrade
from helpdesk_tui.store.tables import Lease
from helpdesk_tui.store.transaction import reading, writing
from helpdesk_tui.terms import SYSTEM
from tests.build import Place, sql


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture(autouse=True)
def open_umask() -> Iterator[None]:
    """The files must be closed to others by themselves, whatever the umask."""
    before = os.umask(0o000)
    yield
    os.umask(before)


def test_a_new_store_is_closed_to_others(tmp_path: Path) -> None:
    file = tmp_path / "own" / "helpdesk.db"
    store = upgrade(f"sqlite:///{file}")
    with writing(store, SYSTEM) as session:
        session.execute(text("INSERT INTO tag (name) VALUES ('vpn')"))
        session.flush()
        beside = {path.name: mode(path) for path in file.parent.iterdir()}
    store.close()
    assert beside == {"helpdesk.db": 0o600, "helpdesk.db-wal": 0o600, "helpdesk.db-shm": 0o600}
    assert mode(file.parent) == 0o700


@pytest.mark.parametrize("bits", [0o640, 0o604, 0o660, 0o666, 0o610])
def test_a_store_that_others_may_open_is_refused(tmp_path: Path, bits: int) -> None:
    file = tmp_path / "helpdesk.db"
    upgrade(f"sqlite:///{file}").close()
    file.chmod(bits)
    with pytest.raises(HelpdeskError, match=f"mode 0{bits:o}") as refused:
        open_store(f"sqlite:///{file}")
    assert str(file) in refused.value.hint
    assert "chmod 600" in refused.value.hint


def test_a_readable_store_may_be_allowed_on_purpose(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "helpdesk.db"
    upgrade(f"sqlite:///{file}").close()
    file.chmod(0o640)
    monkeypatch.setenv("HELPDESK_ALLOW_READABLE_STORE", "1")
    open_store(f"sqlite:///{file}").close()


def test_a_store_that_is_not_there_is_not_made_by_opening_it(tmp_path: Path) -> None:
    with pytest.raises(HelpdeskError, match="no store") as refused:
        open_store(f"sqlite:///{tmp_path / 'helpdesk.db'}")
    assert "helpdesk init" in refused.value.hint
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("url", ["", "mysql://h/d", "sqlite://", "postgresql://host", "nonsense", "sqlite:///"])
def test_an_address_of_no_store_is_refused(url: str) -> None:
    with pytest.raises(Usage, match="not the address of a store"):
        open_store(url)


def test_a_refused_address_does_not_show_its_password() -> None:
    with pytest.raises(Usage) as refused:
        open_store("mysql://anna:geheim@db.example/helpdesk")
    assert "geheim" not in refused.value.message + refused.value.hint


@pytest.mark.parametrize("place", ["sqlite"], indirect=True)
def test_every_connection_of_sqlite_is_safe(place: Place) -> None:
    store = place.store()
    wanted = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": BUSY_SECONDS * 1000}
    connections = [store.engine.connect(), store.engine.connect(), store.reader.connect()]
    try:
        for connection in connections[::-1]:
            found = {name: connection.exec_driver_sql(f"PRAGMA {name}").scalar_one() for name in wanted}
            assert found == wanted
            connection.rollback()
    finally:
        for connection in connections:
            connection.close()


@pytest.mark.parametrize("place", ["sqlite"], indirect=True)
def test_a_reader_looks_on_while_somebody_writes(place: Place) -> None:
    store, other = place.store(), place.store()
    with writing(store, SYSTEM) as session:
        session.execute(text("INSERT INTO tag (name) VALUES ('vpn')"))
        with other.reader.connect() as reader:
            assert reader.execute(text("SELECT count(*) FROM tag")).scalar_one() == 0
    with other.reader.connect() as reader:
        assert reader.execute(text("SELECT count(*) FROM tag")).scalar_one() == 1


def test_what_fails_leaves_nothing_behind(place: Place) -> None:
    store = place.store()
    with pytest.raises(RuntimeError):
        _insert_and_fail(store)
    with pytest.raises(HelpdeskError, match="refused"):
        sql(store, "INSERT INTO tag (name) VALUES ('old'), (NULL)")
    with store.reader.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM tag")).scalar_one() == 0


def _insert_and_fail(store: Store) -> None:
    with writing(store, SYSTEM) as session:
        session.execute(text("INSERT INTO tag (name) VALUES ('vpn')"))
        raise RuntimeError


def test_instants_come_back_as_they_went_in(place: Place) -> None:
    store, instant = place.store(), datetime(2026, 3, 29, 2, 30, 0, 123456, timezone(timedelta(hours=14)))
    with writing(store, SYSTEM) as session:
        session.add(Lease(name="poll", since=instant, at=instant))
    with reading(store, SYSTEM) as session:
        found = session.get_one(Lease, "poll").at
    assert (found, found.utcoffset()) == (instant, timedelta())


def a_backup(store: Store) -> Path:
    """A copy of the store beside it."""
    file = store.file or Path()
    with sqlite3.connect(file) as found, sqlite3.connect(file.with_name("backup.db")) as copy:
        found.backup(copy)
    found.close()
    copy.close()
    return file.with_name("backup.db")


class TestAFileThatIsNoMoreTheOneOpened:
    """Whoever wrote on into it would write where nobody looks."""

    @pytest.fixture
    def store(self, tmp_path: Path) -> Iterator[Store]:
        store = upgrade(f"sqlite:///{tmp_path / 'helpdesk.db'}")
        sql(store, "INSERT INTO tag (name) VALUES ('vpn')")
        yield store
        store.close()

    @pytest.mark.parametrize("is_replaced", [False, True])
    def test_nothing_is_written_into_it(self, store: Store, is_replaced: bool) -> None:
        file = store.file or Path()
        backup = a_backup(store)
        file.unlink()
        if is_replaced:
            backup.rename(file)
        for _try in range(2):
            with (
                pytest.raises(Temporary, match="removed or replaced while it was open") as refused,
                writing(store, SYSTEM) as s,
            ):
                s.execute(text("INSERT INTO tag (name) VALUES ('lost')"))
            assert "start it again" in refused.value.hint
        assert file.exists() is is_replaced

    def test_what_was_written_as_it_went_away_is_not_relied_on(self, store: Store) -> None:
        def write_as_it_goes() -> None:
            with writing(store, SYSTEM) as session:
                session.execute(text("INSERT INTO tag (name) VALUES ('gone')"))
                (store.file or Path()).unlink()

        with pytest.raises(Temporary, match="while it was written"):
            write_as_it_goes()

    def test_no_connection_makes_an_empty_one(self, store: Store) -> None:
        file = store.file or Path()
        store.close()
        file.unlink()
        with pytest.raises(Temporary), reading(store, SYSTEM) as session:
            session.execute(text("SELECT 1"))
        with pytest.raises(Temporary):
            lonely_connection(store)
        assert not file.exists()

    def test_one_that_is_put_back_is_written_again(self, store: Store) -> None:
        file = store.file or Path()
        file.rename(file.with_name("away.db"))
        with pytest.raises(Temporary):
            sql(store, "INSERT INTO tag (name) VALUES ('lost')")
        file.with_name("away.db").rename(file)
        sql(store, "INSERT INTO tag (name) VALUES ('found')")
        assert [row.name for row in sql(store, "SELECT name FROM tag ORDER BY id")] == ["vpn", "found"]
