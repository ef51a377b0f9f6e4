"""Lonely jobs: one holder at a time, free as soon as that one is gone."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from helpdesk_tui.errors import Temporary
from helpdesk_tui.store.engine import Store, open_store
from helpdesk_tui.store.locks import Busy, alone, sign, whoami
from tests.build import FrozenClock, Place, sql
from tests.services.postgres import PostgresServer

HOLDER = """
import sys
from helpdesk_tui.store.engine import open_store
from helpdesk_tui.store.locks import alone
with alone(open_store(sys.argv[1]), "poll"):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_second_holder_is_told_who_has_it(place: Place, clock: FrozenClock) -> None:
    first, second = place.store("anna"), place.store("bob")
    with alone(first, "poll"):
        sign(first, "poll", clock())
        with pytest.raises(Busy, match=whoami()) as refused, alone(second, "poll"):
            pass
        assert refused.value.exit_code == 75
    with alone(second, "poll"):
        pass


def test_other_jobs_are_not_held_up(place: Place) -> None:
    with alone(place.store("anna"), "poll"), alone(place.store("bob"), "send"):
        pass


@pytest.mark.parametrize(("one", "other"), [("mailbox a.b", "mailbox a-b"), ("mailbox Büro", "mailbox B ro")])
def test_jobs_with_similar_names_are_not_held_up_either(place: Place, one: str, other: str) -> None:
    with alone(place.store("anna"), one), alone(place.store("bob"), other):
        pass


def test_a_failure_gives_the_lock_back(store: Store) -> None:
    with pytest.raises(RuntimeError), alone(store, "poll"):
        raise RuntimeError
    with alone(store, "poll"):
        pass


def test_the_lock_ends_with_the_process_that_holds_it(place: Place) -> None:
    argv = [sys.executable, "-c", HOLDER, place.url_of("anna")]
    store = place.store("bob")
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(Busy), alone(store, "poll"):
            pass
        holder.kill()
        holder.wait()
        _take_when_noticed(store)


def _take_when_noticed(store: Store) -> None:
    """A database server needs a moment to see that a client died; the lock may not outlast it."""
    from tests.services.hosting import wait_until

    def is_free() -> bool:
        try:
            with alone(store, "poll"):
                return True
        except Busy:
            return False

    wait_until(is_free, "the lock is free", seconds=5)


def test_a_sign_of_life_says_since_when(store: Store, clock: FrozenClock) -> None:
    sign(store, "poll", clock())
    sign(store, "poll", clock.advance(minutes=5), "no route to host")
    ((holder, since, at, words),) = sql(store, "SELECT holder, since, at, words FROM lease")
    assert (holder, words) == (whoami(), "no route to host")
    assert str(at) > str(since)


@pytest.mark.parametrize("place", ["postgres"], indirect=True)
def test_a_lock_lost_with_its_connection_is_noticed(store: Store, postgres_server: PostgresServer) -> None:
    with alone(store, "poll") as still_held:
        still_held()
        with psycopg.connect(postgres_server.superuser_url()) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND pid != pg_backend_pid()"
            )
        with pytest.raises(Temporary):
            still_held()


@pytest.mark.parametrize("place", ["sqlite"], indirect=True)
def test_a_store_by_another_name_is_the_same_store(store: Store, tmp_path: Path) -> None:
    other = tmp_path / "other.db"
    other.symlink_to(store.file or "")
    linked = open_store(f"sqlite:///{other}")
    with alone(store, "poll"), pytest.raises(Busy), alone(linked, "poll"):
        pytest.fail("two hold it")
    linked.close()
