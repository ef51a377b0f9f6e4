"""Where one stands: after a restart, after a ticket left the list, on a narrow screen."""

from __future__ import annotations

import re

from helpdesk_tui.demo.plug import PlugReport
from helpdesk_tui.desk import assignment
from helpdesk_tui.desk.conversation import NewRequest, create
from helpdesk_tui.mail.ledger import Ledger
from helpdesk_tui.store.queries.ledger import Waiting
from helpdesk_tui.store.queries.mail import MailAccount
from helpdesk_tui.terms import Person
from tests.screens.conftest import create_many
from tests.screens.stage import Stage, wait_until


def test_after_a_restart_deep_in_the_list_the_times_are_right(stage: Stage) -> None:
    create_many(stage, 100)
    with stage.app() as app:
        app.up().press("G").shows(re.compile(r"▌●   1100 .* 8 h "))
        wait_until(lambda: stage.place().get("cursor") == 100, "the cursor is remembered")
        assert app.quit() == 0
    with stage.app() as app:
        app.shows(re.compile(r"▌●   1100 .* 8 h "))
        assert app.quit() == 0


def test_what_is_no_longer_new_is_not_counted(morning: Stage) -> None:
    with morning.app() as app:
        app.up().shows("5 tickets")
        create(morning.desk("bob"), NewRequest(Person("Zoe", ""), "Just now", "Words."))
        app.shows("1 new · ctrl+r shows them")
        assignment.take(morning.desk("bob"), [1007])
        app.gone("1 new")
        assert app.quit() == 0


def test_a_range_begins_at_the_last_marked_ticket_wherever_it_stands_now(morning: Stage) -> None:
    with morning.app() as app:
        app.up().press("j", "j", "space").shows("1 marked ticket", "▌●   1004")
        app.press("6").shows("6 tickets", "1 marked ticket")
        app.press("G", "v").shows("3 marked tickets")
        assert app.quit() == 0
    assert set(morning.place()["marks"]) == {1, 4, 6}


def test_any_other_key_takes_back_the_question_whether_to_leave(morning: Stage) -> None:
    with morning.app() as app:
        for key in ("P", "y", "+", "ctrl+l"):
            app.up().press("q").shows("q once more leaves the program")
            app.press(key).gone("q once more leaves")
        app.press("q").shows("q once more leaves the program")
        assert app.quit() == 0


def test_one_goes_by_pages_and_the_preview_grows_and_shrinks(stage: Stage) -> None:
    create_many(stage, 100)

    def border(screen: list[str]) -> int:
        return next(n for n, line in enumerate(screen) if line.startswith("────"))

    with stage.app() as app:
        app.up().press("g").shows("▌●   1001")
        app.press("pagedown", "pagedown").gone(" 1001 ")
        app.press("pageup", "pageup").shows("▌●   1001")
        stood = border(app.screen())
        app.press("+").until(lambda screen: border(screen) < stood, "the preview grew")
        app.press("-").until(lambda screen: border(screen) == stood, "it shrank again")
        assert app.quit() == 0


def test_a_screen_that_something_wrote_into_is_drawn_anew(morning: Stage) -> None:
    with morning.app() as app:
        app.up().settled(0.4)
        seen = app.bytes_seen().count(b"Rechnung doppelt")
        app.press("ctrl+l")
        wait_until(lambda: app.bytes_seen().count(b"Rechnung doppelt") > seen, "it was written once more")
        assert app.quit() == 0


def test_a_verb_is_found_by_its_name(morning: Stage) -> None:
    with morning.app() as app:
        app.up().press(":").shows("mark as solved")
        app.write("choose the prio").press("enter").shows("Priority", "urgent")
        assert app.quit() == 0


def test_next_and_previous_go_on_from_where_the_ticket_stood(morning: Stage) -> None:
    with morning.app() as app:
        app.up().press("j", "j").shows("▌●   1001")
        app.press("enter").shows("#1001 Angebot")
        app.press("A").shows("#1001: yours now")
        app.press("J").shows("#1004 Drucker")
        app.press("A").shows("#1004: yours now")
        app.press("K").shows("#1005 請求書")
        app.press("J").shows("#1006 Bitte")
        app.press("A").shows("#1006: yours now")
        app.press("J").shows("That was the last one of the list.", "#1006 Bitte")
        app.press("K").shows("#1005 請求書")
        app.press("q").shows("▌●‼  1005")
        assert app.quit() == 0


def test_a_long_subject_leaves_room_for_the_state(morning: Stage) -> None:
    create(morning.desk(), NewRequest(Person("Zoe", ""), "Ein sehr langer Betreff 請求書 " * 6, "Words."))
    with morning.app() as app:
        app.up().press("#").shows("Ticket number")
        app.write("1007").press("enter").shows(
            re.compile(r"^ #1007 Ein sehr .*…   support · normal · new · nobody$", re.M)
        )
        app.resize(200, 50)
        app.shows(re.compile(r"^ #1007 Ein sehr .{90,}…   support · normal · new · nobody *$", re.M))
        app.resize(80, 24)
        app.shows(re.compile(r"^ #1007 Ein sehr .*…   support · normal · new · nobody$", re.M))
        assert app.quit() == 0


def test_what_a_verb_hits_and_an_error_are_said_in_full_on_80_columns(morning: Stage) -> None:
    with morning.app() as app:
        app.up().press("*").shows("x solves 5 marked tickets")
        app.press("/").write("drucker").press("enter").shows(
            "x solves 5 marked tickets (4 not in this list) · q unmarks"
        )
        app.press("/", "end").write(" is:rubbish").shows("is:rubbish is unknown (at character 9)", "unassigned")
        app.press("enter", "q").gone("is unknown")
        assert app.quit() == 0


def test_another_place_is_told_by_the_marks_too() -> None:
    ledger = Ledger((), {}, Waiting(0, ()), MailAccount(60, 60, {"new": 60}))
    report = PlugReport(ledger, 60, 40, 1, 1, [1, 2], [1], "text", "text")
    assert not report.is_kept
    assert "another place" in report.in_words()
