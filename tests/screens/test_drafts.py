"""What is typed is kept: once sent it is sent once, and until then no key, no end and no failure loses a letter."""

from __future__ import annotations

import re
import signal
import sys
from typing import Any

import pytest

from helpdesk_tui.desk.conversation import reply
from tests.build import sql, thread
from tests.screens.stage import LARGE, SMALL, OpenApp, Stage, wait_until

WORDS = "Guten Tag, das Geld kommt morgen."


def test_send_twice_sends_once_and_leaves_no_draft(morning: Stage) -> None:
    with _program(morning, _SLOW_SENDING) as app:
        app.up().press("enter").shows("#1002 Rechnung")
        app.press("r").shows("then: waiting for the customer")
        app.write(WORDS).press("ctrl+s", "ctrl+s", "escape")
        app.shows("5 tickets", "outbox 1")
        assert app.quit() == 0
    assert [one.text for one in thread(morning.desk(), 1002) if one.kind == "outbound"] == [WORDS]
    assert _drafts(morning) == []


def test_reply_note_reply_keeps_the_answer(morning: Stage) -> None:
    with morning.app() as app:
        app.up().press("enter").shows("#1002 Rechnung")
        app.press("r").shows("then: waiting for the customer")
        app.write(WORDS).press("tab", "c").shows("stays in the house")
        app.gone(WORDS)
        app.write("Notiz").press("tab", "r").shows("To Erika Beispiel", WORDS)
        app.write("!").shows(f"{WORDS}!", "draft saved")
        app.press("tab", "r").write("?").shows(f"{WORDS}!?", "draft saved")
        app.leave_composer().press("q").shows("5 tickets")
        assert app.quit() == 0
    assert _drafts(morning) == [("note", "Notiz"), ("reply", f"{WORDS}!?")]


@pytest.mark.parametrize("how", [None, signal.SIGTERM, signal.SIGHUP], ids=["ctrl+q", "terminate", "hang up"])
def test_the_last_letter_is_kept_at_every_end_that_can_be_noticed(morning: Stage, how: signal.Signals | None) -> None:
    with morning.app() as app:
        app.up().press("enter").shows("#1002 Rechnung")
        app.press("r").shows("then: waiting for the customer")
        app.write(WORDS).shows(WORDS)
        if how is None:
            app.press("ctrl+q").shows("ctrl+q once more leaves the program")
            app.write("!!").gone("ctrl+q once more").shows("!!")
            app.press("ctrl+q").shows("ctrl+q once more leaves the program")
            app.press("ctrl+q")
        else:
            app.write("!!").shows("!!")
            app.kill(how)
        assert app.wait() == (0 if how is None else 128 + how)
    assert _drafts(morning) == [("reply", f"{WORDS}!!")]


@pytest.mark.parametrize("keys", [["escape"], ["ctrl+q", "ctrl+q"]], ids=["Esc", "ctrl+q"])
def test_a_request_that_is_left_is_kept(morning: Stage, keys: list[str]) -> None:
    with morning.app() as app:
        app.up().press("n").shows("New request")
        app.write("Erika").shows("Erika Beispiel ·")
        app.press("enter").shows("+ new request")
        app.press("down", "enter").write("Zweite Frage").shows("Zweite Frage")
        if len(keys) == 2:
            app.press("ctrl+q").shows("ctrl+q once more leaves the program")
            app.press("tab", "x").gone("ctrl+q once more")
            app.press("backspace").shows("Enter next")
            app.settled(0.2)
        app.press(*keys)
        if keys == ["escape"]:
            app.gone("New request")
            app.press("ctrl+q")
        assert app.wait() == 0
    with morning.app() as app:
        app.up().press("n").shows("Erika Beispiel", "Zweite Frage")
        app.press("ctrl+s").shows("Zweite Frage · u undoes it")
        assert app.quit() == 0
    made = next(one for one in morning.answer("ticket", "list") if one["subject"] == "Zweite Frage")
    assert made["requester"]["address"] == "erika@kunde.example"
    assert _drafts(morning) == []


def test_a_draft_that_could_not_be_saved_is_tried_again(morning: Stage) -> None:
    with _program(morning, _FAILING_DRAFTS) as app:
        app.up().press("enter").shows("#1002 Rechnung")
        app.press("r").shows("then: waiting for the customer")
        app.write(WORDS).shows("not saved", "Your draft is not saved yet")
        app.shows("draft saved")
        assert _drafts(morning) == [("reply", WORDS)]
        app.kill()


def test_a_draft_that_could_not_be_saved_outlives_its_composer(morning: Stage) -> None:
    with _program(morning, _FAILING_DRAFTS) as app:
        app.up().press("enter").shows("#1002 Rechnung")
        app.press("r").shows("then: waiting for the customer")
        app.write(WORDS).shows("not saved")
        app.leave_composer().press("q").shows("5 tickets")
        app.press("enter").shows("#1002 Rechnung")
        app.press("r").shows(WORDS)
        wait_until(lambda: _drafts(morning) == [("reply", WORDS)], "the draft is saved")
        app.kill()


def test_an_answer_taken_back_comes_before_what_is_being_written(morning: Stage) -> None:
    reply(morning.desk(), 1002, "Erste Antwort.")
    with morning.app() as app:
        app.up().press("#").write("1002").press("enter").shows("#1002 Rechnung", "Erste Antwort.")
        app.press("r").shows("To Erika Beispiel")
        app.write("Und noch").shows("Und noch")
        app.press("tab", "u").shows("Erste Antwort.\n\n Und noch")
        app.press("r").write(" etwas").shows("Und noch etwas", "draft saved")
        app.leave_composer().press("q")
        assert app.quit() == 0
    assert _drafts(morning) == [("reply", "Erste Antwort.\n\nUnd noch etwas")]


def test_a_state_folder_that_cannot_be_written_is_said_and_all_goes_on(morning: Stage) -> None:
    (morning.home / "state").write_text("in the way")
    with morning.app(LARGE, env={"VISUAL": "true"}) as app:
        app.up().shows("The place in the list cannot be remembered: ")
        app.press("j", "j").gone("cannot be remembered").shows(re.compile("▌●   1001"))
        app.press("enter").shows("#1001 Angebot")
        app.press("r").shows("To Anna Schmidt")
        app.write("Text").press("ctrl+g").shows("The editor cannot be started: ")
        app.press("ctrl+s").shows("Reply to #1001 is on its way")
        assert app.quit() == 0


def _drafts(stage: Stage) -> list[tuple[Any, ...]]:
    found = sql(stage.desk().store, "SELECT kind, text FROM draft WHERE text != '' ORDER BY kind")
    return [tuple(row) for row in found]


def _program(stage: Stage, how: str) -> OpenApp:
    return OpenApp([sys.executable, "-c", how], *SMALL, stage.environment)


_SLOW_SENDING = """
import sys, time
sys.argv = ["helpdesk", "--as", "anna"]
from helpdesk_tui.screens import composition

def slow(*args, reply=composition.reply, **kwargs):
    time.sleep(0.5)
    return reply(*args, **kwargs)

composition.reply = slow
from helpdesk_tui.__main__ import main
main()
"""

_FAILING_DRAFTS = """
import sys
sys.argv = ["helpdesk", "--as", "anna"]
from helpdesk_tui.errors import Temporary
from helpdesk_tui.screens import drafts
failures = iter((1, 2))

def failing(*args, save=drafts.save_draft):
    if next(failures, None):
        raise Temporary("The disk is full.", "")
    save(*args)

drafts.save_draft = failing
from helpdesk_tui.__main__ import main
main()
"""
