"""The whole decision table as real mails: every combination of token, link, person, proof, robot, state and queue."""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.build import FrozenClock, Place, Proves
from tests.conftest import GO_BACK
from tests.mail.crossing import every_case
from tests.mail.oracle import Case, Kind, Who, fate_of
from tests.mail.promises import PROMISES, Promise
from tests.mail.scene import CANARY, State
from tests.mail.trials import Trial, tried
from tests.services.postgres import PostgresServer

IS_LONG = bool(os.environ.get("HELPDESK_LONG"))
#: So many cases are tried where not all are.
SAMPLE = {"sqlite": 300, "postgres": 45}
#: All cases are tried in so many parts.
PARTS = 4 if IS_LONG else 1


@pytest.fixture(scope="module", params=[(kind, part) for kind in SAMPLE for part in range(PARTS)], ids=str)
def trials(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> list[Trial]:
    """All cases in the long run, else a fixed sample of them, on each kind of store."""
    kind, part = request.param
    cases = random.Random("cross product").sample(found := every_case(kind == "postgres"), len(found))
    if not IS_LONG:
        few = cases if kind == "sqlite" else [case for case in cases if _is_usual(case)]
        cases = _sample(few, SAMPLE[kind])
    return list(_tried(request, tmp_path_factory, cases[part::PARTS]))


def _is_usual(case: Case) -> bool:
    """True in one of the few settings that are built on PostgreSQL where time is short."""
    return case.state is State.WAITING or (case.state is State.LONG_CLOSED and not case.is_told)


def _sample(cases: list[Case], count: int) -> list[Case]:
    """So many cases, every row of the table among them."""
    first = {fate_of(case).row: case for case in reversed(cases)}
    return list(dict.fromkeys([*first.values(), *cases]))[:count]


def _tried(request: pytest.FixtureRequest, folders: pytest.TempPathFactory, cases: list[Case]) -> Iterator[Trial]:
    if request.param[0] == "postgres":
        server: PostgresServer = request.getfixturevalue("postgres_server")
        name: str = request.getfixturevalue("postgres_database")
        with psycopg.connect(server.superuser_url(name)) as connection:
            connection.execute(GO_BACK)
        with Place(lambda login: server.url(name, login), True, FrozenClock()) as place:
            yield from tried(place, cases, server.superuser_url(name))
    else:
        folder = folders.mktemp("crossing", numbered=True)
        folder.chmod(0o700)
        file = Path(shutil.copy2(request.getfixturevalue("sqlite_template"), folder))
        with Place(lambda _login: f"sqlite:///{file}", False, FrozenClock()) as place:
            yield from tried(place, cases)


def test_every_mail_has_the_row_and_the_place_that_were_promised(trials: list[Trial], proves: Proves) -> None:
    wrong = [(one.case, one.fate, fate_of(one.case)) for one in trials if one.fate != fate_of(one.case)]
    assert not wrong
    assert {one.fate.row for one in trials} == {2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17}
    assert all(one.reason for one in trials)
    proves("mails", len(trials))


@pytest.mark.parametrize("promise", PROMISES)
def test_it_holds_for_every_mail(trials: list[Trial], promise: Promise) -> None:
    for one in trials:
        promise(one)


def test_a_mail_is_in_one_ticket_or_in_none(trials: list[Trial]) -> None:
    for one in trials:
        written = [message for message in one.new["message"] if message["kind"] != "outbound"]
        assert len(written) == (0 if one.fate.row in (3, 5) else 1), one.case
        assert len(one.new["ticket"]) == (1 if one.fate.ticket == "new" else 0), one.case
        assert len(one.changed["ticket"]) <= (1 if one.fate.ticket == "main" else 0), one.case


def test_who_may_speak_wakes_the_ticket(trials: list[Trial]) -> None:
    for one in trials:
        if one.fate.row in (6, 7, 8, 10, 11, 14):
            assert [{"status", "waiting_for"} <= names for names in one.changed["ticket"]] == [True], one.case


def test_a_mail_whose_check_failed_says_so_wherever_it_goes(trials: list[Trial]) -> None:
    for one in trials:
        if one.case.kind in (Kind.PERSON, Kind.LIST):
            (written,) = (message for message in one.new["message"] if message["kind"] != "outbound")
            assert one.case.is_forged == ("probably forged" in str(written["remarks"])), one.case


def test_only_who_is_known_moves_where_answers_go(trials: list[Trial]) -> None:
    for one in trials:
        if one.next_after != one.next_before:
            assert one.fate.row in (6, 10, 11, 14), one.case
            assert one.case.who in (Who.REQUESTER, Who.SECOND), one.case


def test_nothing_leaves_but_a_confirmation_with_a_fixed_text(trials: list[Trial]) -> None:
    confirmations = set()
    for one in trials:
        sent = [message for message in one.new["message"] if message["kind"] == "outbound"]
        assert len(one.new["outbox"]) == len(sent)
        confirmations |= {(message["subject"], message["text"]) for message in sent}
        assert not sent or (one.fate.ticket == "new" and one.case.kind is Kind.PERSON and not one.case.is_forged)
    assert len(confirmations) == 1
    assert all(CANARY not in subject + text for subject, text in confirmations)


def test_no_attack_reaches_the_rows_of_customers_or_gets_a_word_of_the_ticket(
    trials: list[Trial], proves: Proves
) -> None:
    attacks = [one for one in trials if one.case.is_attack]
    assert attacks
    assert not [one.case for one in attacks if one.fate.row in (6, 10, 14)]
    assert not [
        one.case for one in attacks for sent in one.new["message"] if sent["kind"] == "outbound" and CANARY in str(sent)
    ]
    proves("attacks", len(attacks))
