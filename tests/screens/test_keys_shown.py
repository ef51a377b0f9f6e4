"""`?` shows every key; a verb that cannot be done now says why instead of doing nothing."""

from __future__ import annotations

import re

import pytest

from helpdesk_tui.desk.conversation import NewRequest, create
from helpdesk_tui.desk.settings import set_queue
from helpdesk_tui.desk.tickets import move
from helpdesk_tui.screens.keys import Key, table
from helpdesk_tui.terms import Person
from tests.screens.stage import LARGE, SMALL, OpenApp, Stage

BY_AREA = {"list": ("list", "verb", "any"), "ticket": ("ticket", "verb", "any", "write")}
#: The verbs that need a ticket, by their keys.
VERBS = {key.keys.split(",")[0]: key.action for key in table() if key.area == "verb"}


@pytest.mark.parametrize("size", [SMALL, pytest.param(LARGE, marks=pytest.mark.long)], ids=("80x24", "200x50"))
def test_the_keys_are_all_shown(morning: Stage, size: tuple[int, int]) -> None:
    with morning.app(size) as app:
        app.up()
        _shows_all(app, "?", "list")
        app.press("enter").shows("#1002 Rechnung")
        _shows_all(app, "?", "ticket")
        assert app.quit() == 0


def test_every_verb_says_why_it_cannot_be_done(stage: Stage) -> None:
    with stage.app() as app:
        app.up().shows("0 tickets")
        for key, action in VERBS.items():
            app.press("q").shows("q once more")
            app.press("5").gone("q once more")
            app.press(key).shows("No ticket is chosen.")
            assert app.alive, action
        app.press("enter").shows("No ticket is chosen.")
        app.press("u").shows(re.compile("[Nn]othing"))
        app.press("U").shows(re.compile("[Nn]othing"))
        assert app.quit() == 0


def test_an_answer_that_cannot_leave_is_refused_with_the_reason(morning: Stage) -> None:
    move(morning.desk(), [1001], "silent")
    with morning.app() as app:
        app.up().press("#").shows("Ticket number")
        app.write("1001").press("enter").shows("#1001 Angebot")
        app.press("r").shows("The queue silent has no address to answer from.")
        app.press("#").shows("Ticket number")
        app.write("1006").press("enter").shows("#1006 Bitte um R")
        app.press("r").shows(re.compile(r"^ .*address.*", re.MULTILINE))
        assert "then:" not in "\n".join(app.screen())
        app.press("ctrl+s").shows("Nothing is being written; r answers, c writes a note.")
        app.press("q").gone("#1006 Bitte um Rückruf   ")
        app.press("space", "space").shows("2 marked tickets")
        app.press("f").shows("one ticket at a time")
        app.press("c").shows("one ticket at a time")
        assert app.quit() == 0


#: On a ticket that came by phone, without an address: what each key of reading, writing and relations says.
ON_A_CALL = {
    "r": "No address of the customer is known.",
    "R": "No address of the customer is known.",
    "N": "No address of the customer is known.",
    "f": "There is no mail here to pass on.",
    "v": "This is no mail; it has no original.",
    "o": "There is neither a file nor a link here.",
    "!": "This mail needs nothing",
    "<": "It is the only message here",
    ">": "Notes and calls stay in the house.",
    "I": "Nobody new to this ticket has written last.",
    "7": "There is no macro under 7.",
    "J": "That was the last one of the list.",
    "ctrl+s": "Nothing is being written",
    "ctrl+t": "Nothing is being written",
    "ctrl+o": "Nothing is being written",
}


def test_every_key_of_a_thread_says_why_it_cannot_be_used(stage: Stage) -> None:
    """And the list says the same of those it shares with the thread."""
    set_queue(stage.desk("root"), "support", ["support@desk.example"])
    create(stage.desk(), NewRequest(Person("Otto", ""), "Rückruf", "Bitte anrufen.", phone="+49 69 7654321"))
    with stage.app() as app:
        app.up().press("6").shows("1 ticket")
        for key in ("r", "R", "N", "f"):
            app.press(key).shows(ON_A_CALL[key])
            app.press("j").gone(ON_A_CALL[key])
        app.press("enter").shows("#1001 Rückruf")
        for key, reason in ON_A_CALL.items():
            app.press(key).shows(reason)
            app.press("j").gone(reason)
        app.press("c").shows("stays in the house", "Esc leave")
        for key in ("ctrl+r", "ctrl+f"):
            app.press(key).shows("This stays in the house.")
            app.write("x").gone("This stays in the house.")
        assert app.quit() == 0


def test_what_cannot_be_done_is_struck_through(morning: Stage) -> None:
    with morning.app() as app:
        app.up().press("space", "space").shows("2 marked tickets")
        app.settled(0.3)
        assert re.search(rb"\x1b\[[0-9;]*9[;m][^\x1b]* b", app.bytes_seen())


def _shows_all(app: OpenApp, key: str, screen: str) -> None:
    """Open the keys, read them to their end, leave."""
    app.press(key).shows("Keys · q closes")
    pages = []
    for _page in range(8):
        app.settled(0.15)
        pages += app.screen()
        app.press("space")
    read = {re.sub(r"\s+", " ", line.strip(" │")) for line in pages}
    for one in _wanted(screen):
        assert any(f"{one.all_shown} {one.help}" in line for line in read), one
    app.press("q").gone("Keys · q closes")


def _wanted(screen: str) -> list[Key]:
    return [key for key in table() if key.area in BY_AREA[screen]]
