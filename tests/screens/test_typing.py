"""Keys and letters that come faster than the screens: each one goes where it was meant for, in order."""

from __future__ import annotations

import re
import sys

import pytest

from tests.build import history, thread
from tests.screens.conftest import create_many
from tests.screens.stage import LARGE, SIZES, SMALL, OpenApp, Stage


def test_thirty_keys_at_once_are_applied_in_order(stage: Stage) -> None:
    create_many(stage, 40)
    with stage.app() as app:
        app.up()
        app.send(b"jjjjjjjjjjkkk   jj GkkkggjjjA")
        app.shows("4 tickets: yours now", "#1004 Person 003")
        assert app.quit() == 0
    assert {one["number"] for one in stage.answer("ticket", "list", "me")} == {1008, 1009, 1010, 1013}
    assert stage.place()["marks"] == []


def test_an_answer_typed_blindly_is_an_answer(morning: Stage) -> None:
    with morning.app() as app:
        app.up()
        app.send(b"rax Qs p1 nUx\x13")
        app.shows("Reply to #1002 is on its way")
        assert app.quit() == 0
    assert [one.text for one in thread(morning.desk(), 1002)][-1] == "ax Qs p1 nUx"
    assert [event.verb for event in history(morning.desk(), 1002)][-1] == "reply"


def test_a_filter_typed_blindly_decides_what_the_next_verb_hits(morning: Stage) -> None:
    with morning.app() as app:
        app.up()
        app.send("/Çelik xAp\x15drucker\rA".encode())
        app.shows("#1004: yours now")
        app.send(b"q6/xyzzy\rx")
        app.shows("No ticket is chosen.")
        app.send(b"qphigh\r")
        app.shows("#1002: priority high")
        assert app.quit() == 0


def test_a_machine_that_is_busy_changes_nothing_about_where_letters_go(morning: Stage) -> None:
    """The field is asked for, and has its focus only a moment later: nothing that is typed is selected by it."""
    with OpenApp([sys.executable, "-c", _BUSY], *SMALL, morning.environment) as app:
        app.up()
        for word in ("drucker", "angebot", "is:open"):
            app.press("/").write(word).press("enter").shows(f"/{word} · ")
        app.press("q").shows("5 tickets")
        assert app.quit() == 0


#: The app on a machine that does something else for a moment after every key.
_BUSY = """
import sys, time
from textual.app import App
from textual.events import Key
sys.argv = ["helpdesk", "--as", "anna"]
deliver = App.on_event

async def busy(self, event):
    await deliver(self, event)
    if isinstance(event, Key):
        time.sleep(0.04)

App.on_event = busy
from helpdesk_tui.__main__ import main
main()
"""


def test_a_view_and_a_verb_typed_at_once_hit_the_view_s_ticket(morning: Stage) -> None:
    with morning.app() as app:
        app.up()
        app.send(b"/bob\r")
        app.send(b"3x")
        app.shows("No ticket is chosen.")
        app.send(b"6jjA")
        app.shows("#1003: yours now")
        assert app.quit() == 0


def test_dialogs_typed_blindly(morning: Stage) -> None:
    with morning.app(LARGE) as app:
        app.up()
        app.send(b"abob\rphigh\rtvpn q\r#1004\raanna\rq")
        app.shows("1 Mine 1")
        app.send(b"nErika\r")
        app.shows("+ new request")
        app.send(b"\x1b[B\rNew matter p\rxx q\ryy\x13")
        app.shows("New matter p · u undoes it")
        assert app.quit() == 0
    listed = morning.answer("ticket", "list")
    found = {one["number"]: one for one in listed}
    assert (found[1002]["assignee"], found[1005]["priority"], found[1004]["assignee"]) == ("bob", "high", "anna")
    assert set(found[1005]["tags"]) == {"vpn", "q"}
    made = next(one for one in listed if one["subject"] == "New matter p")
    assert made["requester"]["address"] == "erika@kunde.example"
    assert [one.text for one in thread(morning.desk(), made["number"])] == ["xx q\nyy"]


@pytest.mark.sample(1)
@pytest.mark.parametrize("size", SIZES, ids=("80x24", "200x50"))
def test_every_way_of_moving_moves_the_cursor(stage: Stage, size: tuple[int, int]) -> None:
    create_many(stage, 200)
    lines = size[1] - (9 if size == SMALL else 4)
    with stage.app(size) as app:
        app.up().shows("200 tickets", "#1001 Person 000")
        at = 1001
        ways = (("down", 1), ("j", 1), ("up", -1), ("k", -1), ("pagedown", lines), ("ctrl+d", lines // 2))
        for key, step in (*ways, ("ctrl+u", -(lines // 2)), ("pageup", -lines)):
            at = min(max(at + step, 1001), 1200)
            app.press(key).shows(re.compile(f"▌●   {at}"))
        for key, number in (("end", 1200), ("home", 1001), ("G", 1200), ("g", 1001)):
            app.press(key).shows(re.compile(f"▌●   {number}"))
        assert app.quit() == 0
