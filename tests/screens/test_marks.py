"""A verb hits what was chosen when its key was pressed, however slow the store is."""

from __future__ import annotations

import re
import sys
import time

from helpdesk_tui.desk import assignment
from tests.screens.conftest import create_many
from tests.screens.stage import SMALL, OpenApp, Stage


def test_esc_in_the_filter_peels_one_layer_a_time(morning: Stage) -> None:
    with morning.app() as app:
        app.up().press("space").shows("1 marked ticket")
        app.press("/").shows("filter: words")
        app.press("escape").gone("filter: words").shows("1 marked ticket")
        app.press("/").write("drucker").shows("1 ticket")
        app.press("escape").gone("filter: words").shows("5 tickets", "1 marked ticket")
        app.press("escape").gone("marked ticket")
        app.press("/").shows("filter: words")
        app.press("escape").gone("filter: words")
        app.press("j").shows("▌●   1006")
        assert "q once more" not in "\n".join(app.screen())
        assert app.quit() == 0


def test_with_one_mark_writing_and_the_summary_mean_the_marked_ticket(morning: Stage) -> None:
    with morning.app() as app:
        app.up().press("space", "j").shows("1 marked ticket", "▌●   1001")
        app.press("S").shows("Summary", "Rechnung doppelt abgebucht")
        app.press("escape").gone("Summary")
        app.press("r").shows(re.compile("^ #1002", re.MULTILINE), "To Erika Beispiel", "Esc leave")
        app.leave_composer().shows("r reply")
        app.press("q").shows("1 marked ticket")
        app.press("c").shows(re.compile("^ #1002", re.MULTILINE), "Note · stays")
        assert app.quit() == 0


def test_a_picker_hits_what_was_chosen_when_it_opened(morning: Stage) -> None:
    with morning.app() as app:
        app.up().press("p").shows("Priority")
        assignment.assign(morning.desk("bob"), [1002], "bob")
        morning.run("ticket", "set", "1002", "--status", "closed", login="anna")
        app.shows("4 tickets")
        app.write("low").press("enter").shows("#1002: priority low")
        assert app.quit() == 0


def test_a_slow_store_changes_nothing_about_what_keys_hit(morning: Stage) -> None:
    with _slow(morning) as app:
        app.up().shows("5 tickets")
        app.send(b"x\rjA")
        app.shows("#1001: yours now")
        app.send(b"x\r6A")
        app.shows("#1005: yours now")
        app.send(b"x\r jj")
        app.shows("1 marked ticket")
        assert app.quit() == 0
    taken = {one["number"] for one in morning.answer("ticket", "list", "me is:any")}
    assert taken == {1001, 1005}


def test_the_cursor_does_not_wait_for_a_slow_store(stage: Stage) -> None:
    create_many(stage, 20)
    with _slow(stage, seconds=3) as app:
        app.up().shows("20 tickets", timeout=30)
        app.press("j").shows(re.compile("▌●   1002"), timeout=1)


def test_keys_that_wait_for_nothing_are_dropped_in_the_end(morning: Stage) -> None:
    with _slow(morning, seconds=600, patience=0.5, after="take") as app:
        app.up().press("A", "j").shows("The store does not answer.")
        app.press("j").shows(re.compile("▌●‼  1005"), timeout=5)
        app.kill()


def test_letters_of_a_text_are_not_dropped(morning: Stage) -> None:
    """A change of one's own from elsewhere, and a store that hangs while it is looked up: typing goes on."""
    with _slow(morning, seconds=600, patience=0.5, after="page") as app:
        app.up().press("enter").shows("#1002 Rechnung")
        app.press("r").shows("then:")
        assert morning.run("ticket", "set", "1002", "--priority", "high").returncode == 0
        for letter in "Guten Tag, wir erstatten":
            app.write(letter).shows(letter)
            time.sleep(0.05)  # so that the news come somewhere in between
        app.shows("Guten Tag, wir erstatten")
        app.kill()


def test_a_number_that_is_none_is_refused(morning: Stage) -> None:
    with morning.app() as app:
        app.up().press("#").shows("Ticket number")
        app.write("²").press("enter").shows("There is no ticket #²")
        assert app.quit() == 0


def _slow(stage: Stage, seconds: float = 0.3, patience: float = 10.0, after: str = "") -> OpenApp:
    """The app on a store that takes its time over every list, or over one verb."""
    argv = [sys.executable, "-c", _SLOW, str(seconds), str(patience), after]
    return OpenApp(argv, *SMALL, stage.environment)


_SLOW = """
import sys, time
from helpdesk_tui.desk import assignment
from helpdesk_tui.screens import triage, typeahead
seconds, typeahead.LONGEST_WAIT, verb = float(sys.argv[1]), float(sys.argv[2]), sys.argv[3]
sys.argv = ["helpdesk", "--as", "anna"]

def slowed(function):
    def slow(*args, **kwargs):
        time.sleep(seconds)
        return function(*args, **kwargs)
    return slow

if verb == "page":
    from helpdesk_tui.screens import ticket
    pages = iter([ticket.ticket_page])
    again = slowed(ticket.ticket_page)
    ticket.ticket_page = lambda *args, **kwargs: next(pages, again)(*args, **kwargs)
elif verb:
    assignment.take = slowed(assignment.take)
else:
    triage.first_page = slowed(triage.first_page)
from helpdesk_tui.__main__ import main
main()
"""
