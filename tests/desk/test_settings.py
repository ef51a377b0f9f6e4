"""What an admin sets up, and who is let in."""

from __future__ import annotations

import os
import pwd
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.exc import ProgrammingError

from helpdesk_tui.config import Settings
from helpdesk_tui.desk import settings
from helpdesk_tui.desk.door import Desk
from helpdesk_tui.desk.identity import identify, os_login, welcome_first
from helpdesk_tui.errors import HelpdeskError, NotFound, Refused, Usage
from helpdesk_tui.store.queries.setup import agents, categories, queues, teams
from helpdesk_tui.store.schema import AGENT_ROLE, upgrade
from tests.build import FrozenClock, Place, sql
from tests.conftest import make_role
from tests.services.postgres import PostgresServer

CONFIGURE: list[Callable[[Desk], Any]] = [
    lambda d: settings.add_queue(d, "hr"),
    lambda d: settings.set_queue(d, "support", ["new@desk.example"]),
    lambda d: settings.add_agent(d, "cleo"),
    lambda d: settings.set_agent(d, "anna", name="Root"),
    lambda d: settings.add_team(d, "night"),
    lambda d: settings.add_category(d, "hardware"),
]


def setup(desk: Desk) -> list[Any]:
    """Everything that is set up."""
    return [desk.ask(question) for question in (queues, agents, teams, categories)]


@pytest.mark.parametrize("verb", CONFIGURE)
def test_agents_set_up_nothing(desk: Desk, verb: Callable[[Desk], Any]) -> None:
    before = setup(desk)
    with pytest.raises(Refused, match="Only an admin"):
        verb(desk)
    assert setup(desk) == before


def test_a_queue_answers_from_its_first_address(admin: Desk) -> None:
    settings.add_queue(admin, "hr", ["HR+x@Desk.example", "people@desk.example"], "People\n\x1b[31m")
    found = {queue.name: queue for queue in admin.ask(queues)}
    assert found["hr"].addresses == ("hr+x@desk.example", "people@desk.example")
    assert found["hr"].display_name == "People"
    settings.set_queue(admin, "hr", ["people@desk.example"])
    settings.set_queue(admin, "hr", display_name="HR")
    found = {queue.name: queue for queue in admin.ask(queues)}
    assert (found["hr"].addresses, found["hr"].display_name) == (("people@desk.example",), "HR")


@pytest.mark.parametrize(
    ("verb", "kind", "words"),
    [
        (lambda d: settings.add_queue(d, "support"), Refused, "support already"),
        (lambda d: settings.add_queue(d, "hr", ["support@desk.example"]), Refused, "belongs to another queue"),
        (lambda d: settings.set_queue(d, "billing", ["x@y.example", "Support@desk.example"]), Refused, "belongs to"),
        (lambda d: settings.add_queue(d, "hr", ["no address"]), Usage, "not an address"),
        (lambda d: settings.set_queue(d, "billing", ["a@b@c, d"]), Usage, "not an address"),
        (lambda d: settings.set_queue(d, "nowhere"), NotFound, "no queue nowhere"),
        (lambda d: settings.add_queue(d, "two words"), Usage, "cannot be a name"),
        (lambda d: settings.add_queue(d, ""), Usage, "cannot be a name"),
        (lambda d: settings.add_category(d, "\x1b[31mx"), Usage, "^x cannot be a name"),
        (lambda d: settings.add_category(d, "billing"), Refused, "billing already"),
        (lambda d: settings.add_agent(d, "anna"), Refused, "agent anna already"),
        (lambda d: settings.add_agent(d, "a b"), Usage, "cannot be a name"),
        (lambda d: settings.set_agent(d, "nobody", name="x"), NotFound, "no agent nobody"),
        (lambda d: settings.add_team(d, "night", ["anna", "nobody"]), NotFound, "no agent nobody"),
    ],
)
def test_what_cannot_be_set_up_is_said_and_leaves_nothing(
    admin: Desk, verb: Callable[[Desk], Any], kind: type[HelpdeskError], words: str
) -> None:
    before = setup(admin)
    with pytest.raises(kind, match=words):
        verb(admin)
    assert setup(admin) == before


def test_a_team_has_members(admin: Desk) -> None:
    settings.add_team(admin, "night", ["bob", "anna"])
    assert [(team.name, team.members) for team in admin.ask(teams)] == [("night", ("anna", "bob"))]


def test_an_agent_is_changed_and_comes_back(admin: Desk, clock: FrozenClock) -> None:
    settings.set_agent(admin, "anna", name="Anna Ott", away_until=clock() + timedelta(days=1))
    anna = next(agent for agent in admin.ask(agents) if agent.login == "anna")
    assert (anna.name, anna.email, anna.away_until) == ("Anna Ott", "anna@desk.example", clock() + timedelta(days=1))
    with pytest.raises(Usage, match="over already"):
        settings.set_agent(admin, "anna", away_until=clock())
    settings.set_agent(admin, "anna", away_until="")
    anna = next(agent for agent in admin.ask(agents) if agent.login == "anna")
    assert (anna.name, anna.away_until) == ("Anna Ott", None)


class TestWhoIsAsking:
    """On SQLite the person at the keyboard, on PostgreSQL the login, never a name sent along."""

    @pytest.mark.parametrize("login", ["anna", "root"])
    def test_an_agent_is_known_by_login(self, place: Place, login: str) -> None:
        actor = place.desk(login).actor
        assert (actor.login, actor.name) == (login, "Anna" if login == "anna" else actor.name)
        assert actor.role == ("admin" if login == "root" else "agent")

    @pytest.mark.parametrize("place", ["sqlite"], indirect=True)
    def test_on_sqlite_a_login_may_be_named(self, place: Place) -> None:
        assert identify(place.store(), "bob").login == "bob"
        with pytest.raises(HelpdeskError, match=r"^nobody is no agent"):
            identify(place.store(), "no\x1b[31mbody")

    @pytest.mark.parametrize("place", ["sqlite"], indirect=True)
    def test_on_sqlite_it_is_the_person_at_the_keyboard(self, place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("LOGNAME", "anna")  # which anybody can set
        user = pwd.getpwuid(os.getuid()).pw_name
        assert os_login() == user
        store = place.store()
        if user == "root":
            assert identify(store).login == user
        else:
            with pytest.raises(HelpdeskError, match=f"^{user} is no agent"):
                identify(store)

    @pytest.mark.parametrize("place", ["postgres"], indirect=True)
    def test_on_postgres_a_named_login_is_refused(self, place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("LOGNAME", "root")
        store = place.store("anna")
        assert identify(store).login == "anna"
        for claimed in ("root", "anna"):
            with pytest.raises(Usage, match="refused on PostgreSQL"):
                identify(store, claimed)

    @pytest.mark.parametrize("place", ["postgres"], indirect=True)
    def test_on_postgres_changing_the_role_changes_nobody(self, place: Place) -> None:
        store = place.store("anna")
        sql(store, f"SET ROLE {AGENT_ROLE}")
        assert identify(store).login == "anna"

    def test_somebody_who_left_does_not_come_in(self, place: Place) -> None:
        sql(place.store(), "UPDATE agent SET is_active = false WHERE login = 'anna'")
        with pytest.raises(HelpdeskError, match="anna is no agent") as refused:
            place.desk("anna")
        assert "agent add anna" in refused.value.hint

    def test_only_the_first_one_is_welcomed(self, place: Place) -> None:
        welcome_first(place.store(), "mallory")
        assert {row[0] for row in sql(place.store(), "SELECT login FROM agent")} == {"root", "anna", "bob"}


@pytest.mark.parametrize("place", ["postgres"], indirect=True)
class TestLoginsOnPostgres:
    """An agent there is a login of the database."""

    def test_a_login_is_given_the_rights_of_an_agent(
        self, admin: Desk, place: Place, postgres_server: PostgresServer
    ) -> None:
        make_role(postgres_server, "cleo", "LOGIN")
        settings.add_agent(admin, "cleo", "Cleo")
        assert place.desk("cleo").ask(queues)

    def test_a_login_that_is_not_there_is_no_agent(self, admin: Desk) -> None:
        with pytest.raises(Refused, match="no login nobody") as refused:
            settings.add_agent(admin, "nobody")
        assert 'CREATE ROLE "nobody" LOGIN' in refused.value.hint
        assert "nobody" not in [agent.login for agent in admin.ask(agents)]

    def test_an_admin_without_the_right_to_grant_is_told_whom_to_ask(
        self, admin: Desk, place: Place, postgres_server: PostgresServer
    ) -> None:
        make_role(postgres_server, "dora", "LOGIN")
        make_role(postgres_server, "otto", "LOGIN")
        url = postgres_server.create_database("of_otto", owner="otto")
        store = upgrade(url)
        welcome_first(store, None)
        otto = Desk(store, identify(store), Settings(store=url))
        with pytest.raises(Refused, match="You may not give dora") as refused:
            settings.add_agent(otto, "dora")
        assert f'GRANT {AGENT_ROLE} TO "dora"' in refused.value.hint
        assert [agent.login for agent in otto.ask(agents)] == ["otto"]
        store.close()

    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE agent SET role = 'admin' WHERE login = 'anna'",
            "UPDATE agent SET role = 'admin'",
            "INSERT INTO team_member (team_id, agent_id) VALUES (1, 1)",
            "UPDATE queue SET is_confidential = false",
            "DELETE FROM queue_address",
            "DELETE FROM ticket_tag; DELETE FROM ticket",
            "UPDATE alembic_version SET version_num = '0000'",
            "UPDATE event SET verb = 'note'",
        ],
    )
    def test_an_agent_with_a_database_program_makes_nobody_an_admin(self, place: Place, statement: str) -> None:
        with place.store("anna").engine.connect() as connection, pytest.raises(ProgrammingError, match="permission"):
            connection.exec_driver_sql(statement)

    def test_an_admin_who_does_not_own_the_store_is_told_who_does(self, admin: Desk, place: Place) -> None:
        sql(admin.store, "UPDATE agent SET role = 'admin' WHERE login = 'anna'")
        with pytest.raises(Refused, match="permission denied") as refused:
            settings.add_category(place.desk("anna"), "fax")
        assert "owns the store" in refused.value.hint
