"""`?` shows every key; a verb that cannot be done now says why instead of doing nothing."""

from __future__ import annotations

import re

import pytest

from helpdesk_tui.desk.tickets import move
from helpdesk_tui.screens.keys import Key, table
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
