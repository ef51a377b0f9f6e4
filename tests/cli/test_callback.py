"""`helpdesk callback …`: the contract that programs rely on."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.build import Place, a_mail
from tests.cli.conftest import Helpdesk

pytestmark = pytest.mark.one_store

ALWAYS = ("--hours", "mon-sun 00:00-24:00", "--zone", "Europe/Berlin", "--length", "30m", "--notice", "0m")
OFFER = {"team", "start", "end", "capacity", "free", "state"}
WISH = "Please call me back on +1 212 555 0123, I do not understand the invoice."


@pytest.fixture
def team(as_root: Helpdesk) -> str:
    """A team that calls back round the clock, one call at a time."""
    as_root("team", "add", "phones", "--member", "anna")
    as_root("callback", "pattern", "set", "phones", *ALWAYS, "--capacity", "1")
    return "phones"


@pytest.fixture
def wish(helpdesk: Helpdesk) -> Callable[[], str]:
    """Makes tickets whose customers ask to be called; gives their numbers."""

    def make() -> str:
        return str(helpdesk.json("mail", "receive", stdin=a_mail(WISH, subject="Call me"))[0]["ticket"])

    return make


def tomorrow() -> str:
    """A date on which every slot is in the future."""
    return f"{datetime.now(UTC) + timedelta(days=2):%Y-%m-%d}"


def test_slots_are_listed_with_what_is_free(helpdesk: Helpdesk, team: str) -> None:
    slots = helpdesk.json("callback", "slots", team, "--from", tomorrow(), "--days", "1")
    assert {frozenset(slot) for slot in slots} == {frozenset(OFFER)}
    assert len(slots) in (46, 48, 50)
    assert {(slot["team"], slot["capacity"], slot["free"], slot["state"]) for slot in slots} == {
        ("phones", 1, 1, "free")
    }
    states = {slot["state"] for slot in helpdesk.json("callback", "slots", team, "--days", "40")}
    assert {"free", "closed"} <= states
    assert b"state" in helpdesk("callback", "slots", team).out


def test_a_place_that_is_gone_is_refused_and_the_next_one_named(
    helpdesk: Helpdesk, team: str, wish: Callable[[], str]
) -> None:
    first, second = wish(), wish()
    booked = helpdesk.json("callback", "book", first, "--team", team, "--next")
    assert booked["tickets"] == [int(first)]
    call = booked["callback"]
    assert (call["ticket"], call["phone"], call["phone_zone"]) == (int(first), "+12125550123", "America/New_York")
    assert (call["state"], call["attempt"], call["last_outcome"], call["overbooked"]) == ("open", 1, None, False)
    refused = helpdesk.json("callback", "book", second, "--team", team, "--at", call["start"], code=1)
    assert "is full" in refused["error"]["message"]
    taken = datetime.fromisoformat(call["start"]) + timedelta(minutes=30)
    assert f"({taken:%Y-%m-%dT%H:%M:%SZ})" in refused["error"]["hint"]
    again = helpdesk.json("callback", "book", second, "--at", f"{taken:%Y-%m-%dT%H:%M:%SZ}")
    assert datetime.fromisoformat(again["callback"]["start"]) == taken


def test_the_same_batch_books_once(helpdesk: Helpdesk, team: str, wish: Callable[[], str]) -> None:
    words = ("callback", "book", wish(), "--team", team, "--next", "--batch-id", "b1")
    assert helpdesk.json(*words) == helpdesk.json(*words)
    assert len(helpdesk.json("callback", "list")) == 1


def test_a_call_is_moved_made_and_given_up(helpdesk: Helpdesk, team: str, wish: Callable[[], str]) -> None:
    ticket = wish()
    first = helpdesk.json("callback", "book", ticket, "--team", team, "--next")["callback"]["start"]
    second = helpdesk.json("callback", "move", ticket, "--next")["callback"]["start"]
    third = helpdesk.json("callback", "outcome", ticket, "no_answer")["callback"]
    assert first < second < third["start"]
    assert (third["attempt"], third["last_outcome"]) == (2, "no_answer")
    later = helpdesk.json("callback", "outcome", ticket, "later", "--at", f"{tomorrow()}T12:00")["callback"]
    assert later["start"].startswith(tomorrow())
    done = helpdesk.json("callback", "outcome", ticket, "reached", "--note", "all explained")["callback"]
    assert (done["state"], done["start"], done["last_outcome"]) == ("done", None, "reached")
    thread = helpdesk.json("ticket", "show", ticket)
    assert [one["text"] for one in thread["messages"] if one["kind"] == "call"] == ["all explained"]
    assert helpdesk.json("callback", "list") == []
    assert [one["state"] for one in helpdesk.json("callback", "list", "--all")] == ["done"]
    helpdesk("callback", "cancel", ticket, code=1)
    assert helpdesk.json("ticket", "undo")["tickets"] == [int(ticket)]
    assert helpdesk.json("callback", "cancel", ticket)["callback"]["state"] == "cancelled"


@pytest.mark.parametrize(
    "words",
    [
        ("callback", "book", "TICKET"),
        ("callback", "book", "TICKET", "--next", "--at", "2030-01-01T09:00"),
        ("callback", "book", "TICKET", "--at", "soon"),
        ("callback", "book", "TICKET", "--next", "--number", "none"),
        ("callback", "outcome", "TICKET", "reached", "--at", "2030-01-01T09:00"),
        ("callback", "outcome", "TICKET", "later", "--note", "x"),
        ("callback", "outcome", "TICKET", "lost"),
        ("callback", "slots", "phones", "--from", "soon"),
        ("callback", "slots", "phones", "--from", "0001-01-01"),
        ("callback", "slots", "phones", "--from", "9999-12-31"),
    ],
)
def test_words_that_make_no_sense_are_refused(
    helpdesk: Helpdesk, team: str, wish: Callable[[], str], words: tuple[str, ...]
) -> None:
    ticket = wish()
    refused = helpdesk.json(*(ticket if word == "TICKET" else word for word in words), code=2)
    assert refused["error"]["hint"]
    assert helpdesk.json("callback", "list") == []


def test_patterns_and_exceptions(as_root: Helpdesk, helpdesk: Helpdesk, team: str) -> None:
    as_root("callback", "exception", "add", team, tomorrow(), "closed")
    (pattern,) = helpdesk.json("callback", "pattern", "list")
    assert (pattern["team"], pattern["slot_minutes"], pattern["notice_minutes"]) == ("phones", 30, 0)
    assert pattern["exceptions"] == [{"date": tomorrow(), "closed": True, "hours": None, "capacity": None}]
    closed = helpdesk.json("callback", "slots", team, "--from", tomorrow(), "--days", "1")
    assert {slot["state"] for slot in closed} == {"closed"}
    as_root("callback", "exception", "add", team, tomorrow(), "--hours", "09:00-10:00", "--capacity", "3")
    open_slots = helpdesk.json("callback", "slots", team, "--from", tomorrow(), "--days", "1")
    assert [(slot["free"], slot["state"]) for slot in open_slots] == [(3, "free")] * 2
    as_root("callback", "exception", "remove", team, tomorrow())
    as_root("callback", "exception", "remove", team, tomorrow(), code=1)
    as_root("callback", "exception", "add", team, tomorrow(), code=2)
    as_root("callback", "exception", "add", team, tomorrow(), "--hours", "09:00-09:10", code=2)
    as_root("callback", "exception", "add", team, tomorrow(), "closed", "--capacity", "1", code=2)
    helpdesk("callback", "exception", "add", team, tomorrow(), "closed", code=1)
    helpdesk("callback", "pattern", "set", team, "--capacity", "9", code=1)
    as_root("callback", "pattern", "set", "nobody", "--capacity", "9", code=1)


@pytest.mark.parametrize(("option", "said"), [("--length", "4m"), ("--length", "soon"), ("--horizon", "36h")])
def test_an_option_that_is_refused_is_named(as_root: Helpdesk, team: str, option: str, said: str) -> None:
    error = as_root.json("callback", "pattern", "set", team, option, said, code=2)["error"]
    assert option in error["message"] + error["hint"]


class TestTheConfiguration:
    """What the TOML says is written into the store when somebody says so; the store is what holds."""

    TOML = """
[callbacks]
region = "GB"

[callbacks.phones]
length = "20m"
hours = "mon-fri 10:00-12:00"
capacity = 3
zone = "Europe/London"
exceptions = ["2027-12-24 closed", "2027-12-31 10:00-11:00"]
"""

    def test_it_is_applied_once(self, as_root: Helpdesk, team: str, a_file: Callable[[str], str]) -> None:
        file = a_file(self.TOML)
        (check,) = [
            one for one in as_root.json("--config", file, "doctor", code=0)["checks"] if one["what"] == "callbacks"
        ]
        assert (check["state"], check["hint"]) == ("warn", "A lead runs: helpdesk callback pattern apply")
        assert len(as_root.json("--config", file, "callback", "pattern", "apply")) == 1
        (pattern,) = as_root.json("callback", "pattern", "list")
        assert (pattern["slot_minutes"], pattern["capacity"], pattern["horizon_days"]) == (20, 3, 30)
        assert [one["date"] for one in pattern["exceptions"]] == ["2027-12-24", "2027-12-31"]
        assert as_root.json("--config", file, "callback", "pattern", "apply") == []
        (check,) = [one for one in as_root.json("--config", file, "doctor")["checks"] if one["what"] == "callbacks"]
        assert check["state"] == "ok"

    def test_a_region_that_is_none_is_found_by_doctor(self, as_root: Helpdesk, a_file: Callable[[str], str]) -> None:
        file = a_file('[callbacks]\nregion = "Germany"\n')
        (check,) = [
            one for one in as_root.json("--config", file, "doctor", code=1)["checks"] if one["what"] == "callbacks"
        ]
        assert (check["state"], check["words"]) == ("fail", "Germany is no region of phone numbers")

    def test_the_region_reads_numbers(
        self, helpdesk: Helpdesk, team: str, wish: Callable[[], str], a_file: Callable[[str], str]
    ) -> None:
        words = ("callback", "book", wish(), "--team", team, "--next", "--number", "020 7946 0958")
        assert helpdesk.json("--config", a_file(self.TOML), *words)["callback"]["phone"] == "+442079460958"

    @pytest.mark.parametrize(
        ("toml", "line", "code"),
        [
            ("[callbacks]\nregion = 5\n", 2, 2),
            ('[callbacks]\ncolour = "x"\n', 2, 2),
            ('[callbacks.phones]\nlength = "15m"\ncapacity = "2"\n', 3, 2),
            ("[callbacks.phones]\nsize = 1\n", 2, 2),
        ],
    )
    def test_what_is_wrong_in_it_is_named(
        self, as_root: Helpdesk, a_file: Callable[[str], str], toml: str, line: int, code: int
    ) -> None:
        done = as_root("--config", a_file(toml), "callback", "pattern", "apply", code=code)
        assert f"line {line}".encode() in done.err

    @pytest.mark.parametrize("words", ['length = "x"', 'hours = "9-5"', 'zone = "Mars"', 'exceptions = ["never"]'])
    def test_what_cannot_be_kept_is_refused(
        self, as_root: Helpdesk, team: str, a_file: Callable[[str], str], words: str
    ) -> None:
        as_root("--config", a_file(f"[callbacks.phones]\n{words}\n"), "callback", "pattern", "apply", code=2)
        (pattern,) = as_root.json("callback", "pattern", "list")
        assert pattern["slot_minutes"] == 30


def test_what_lies_in_a_queue_of_others_is_not_listed(
    place: Place, as_root: Helpdesk, helpdesk: Helpdesk, team: str, wish: Callable[[], str], home: Path
) -> None:
    ticket = wish()
    helpdesk("callback", "book", ticket, "--team", team, "--next")
    as_root("agent", "set", "anna", "--queue", "-support")
    assert helpdesk.json("callback", "list", "--all") == []
    assert helpdesk.json("callback", "move", ticket, "--next", code=1)["error"]["message"].startswith(
        "There is no ticket"
    )
    states = {slot["state"] for slot in helpdesk.json("callback", "slots", team, "--days", "2")}
    assert "full" in states  # how much of a team's time is taken is no secret, for whom it is stays one
