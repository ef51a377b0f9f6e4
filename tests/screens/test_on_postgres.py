"""The app on the shared store: each agent logs in as themselves, and sees what the others do."""

from __future__ import annotations

import os
import re
import signal
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest

from helpdesk_tui.desk.tickets import set_priority
from helpdesk_tui.terms import Priority
from tests.build import Place, a_mail, a_ticket, received, row, sql, thread
from tests.screens.stage import SMALL, OpenApp, noon_now, wait_until
from tests.services.postgres import PostgresServer

pytestmark = pytest.mark.parametrize("place", ["postgres"], indirect=True)


@pytest.fixture
def app(place: Place, tmp_path: Path) -> Iterator[OpenApp]:
    """Anna's app, with a ticket by mail and one by phone in the list."""
    bob = place.desk("bob")
    received(bob, a_mail(subject="Drucker brennt", sender="Erika Beispiel <erika@kunde.example>"))
    a_ticket(bob, "Fax is dead")
    folders = {f"XDG_{kind}_HOME": str(tmp_path / kind) for kind in ("STATE", "CONFIG", "DATA")}
    environment = {"HOME": str(tmp_path), "HELPDESK_STORE": place.url_of("anna"), "TZ": noon_now(), **folders}
    with OpenApp([sys.executable, "-m", "helpdesk_tui"], *SMALL, environment) as app:
        app.up()
        yield app


def test_an_agent_answers_and_hears_of_colleagues_within_a_second(app: OpenApp, place: Place) -> None:
    bob = place.desk("bob")
    mail, fax = (found[0] for found in sql(bob.store, "SELECT number FROM ticket ORDER BY id"))
    app.shows("Drucker brennt", "Fax is dead", re.compile(r"anna ● *$", re.MULTILINE))
    set_priority(bob, [fax], Priority.URGENT)
    app.shows(re.compile(rf"‼ +{fax} "), timeout=1)
    a_ticket(bob, "Just now")
    app.shows("1 new · ctrl+r shows them", timeout=1)
    app.press("#").shows("Ticket number")
    app.write(str(mail)).press("enter").shows(f"#{mail} Drucker brennt")
    app.press("A").shows("yours now")
    app.press("r").shows("then:")
    app.write("Bitte löschen.").press("ctrl+s").shows("is on its way to Erika Beispiel")
    wait_until(lambda: row(bob, mail).status == "waiting_customer", "bob sees what anna did")
    assert (row(bob, mail).assignee, thread(bob, mail)[-1].text) == ("anna", "Bitte löschen.")
    assert app.quit() == 0


def test_a_store_that_went_away_is_said_and_comes_back(
    app: OpenApp, place: Place, postgres_server: PostgresServer
) -> None:
    """The server ends all connections, as at a restart; nothing is lost, and the next key works."""
    (fax,) = (found[0] for found in sql(place.store(), "SELECT number FROM ticket WHERE subject = 'Fax is dead'"))
    app.press("#").shows("Ticket number")
    app.write(str(fax)).press("enter").shows(f"#{fax} Fax is dead")
    with psycopg.connect(postgres_server.superuser_url()) as connection:
        connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'anna'")
    app.press("A").shows("yours now")
    app.press("p").shows("Priority")
    app.write("high").press("enter").shows("priority high")
    set_priority(place.desk("bob"), [fax], Priority.URGENT)
    app.shows("urgent", timeout=3)
    assert app.quit() == 0


def test_a_store_that_hangs_holds_nobody_in_the_app(app: OpenApp, place: Place) -> None:
    """The server stops answering without a word; whoever waits is told so, and can leave."""
    app.shows(re.compile(r"anna ● *$", re.MULTILINE))
    (pids,) = sql(place.store(), "SELECT array_agg(pid) FROM pg_stat_activity WHERE usename = 'anna'")
    try:
        for pid in pids[0]:
            os.kill(pid, signal.SIGSTOP)
        app.press("A").shows("The store is busy; your keys wait.", timeout=5)
        app.press("ctrl+q")
        assert app.wait() == 1
    finally:
        for pid in pids[0]:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)
