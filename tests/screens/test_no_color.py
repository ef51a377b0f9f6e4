"""Who wants no colour (NO_COLOR) gets every screen without it."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from helpdesk_tui.desk.callback_plans import PlanFields, set_plan
from helpdesk_tui.desk.callbacks import Wish, book
from helpdesk_tui.desk.conversation import reply
from helpdesk_tui.desk.outreach import LoggedCall, log_call
from helpdesk_tui.desk.settings import add_team
from helpdesk_tui.desk.tickets import set_priority
from helpdesk_tui.terms import CallDirection, Priority
from tests.screens.conftest import furnish_board
from tests.screens.stage import Stage


def test_every_screen_stands_without_colour(morning: Stage) -> None:
    root = morning.desk("root")
    furnish_board(morning)
    add_team(root, "phones", ["root"])
    set_plan(root, "phones", PlanFields(hours="mon-sun 00:00-24:00", capacity=1, notice_minutes=0))
    book(root, 1006, Wish(number="+49 30 2312540"))
    with morning.app(login="root", env={"NO_COLOR": "1"}) as app:
        app.up().press("/").write("is:any").press("enter").shows("6 tickets", "1006 ")
        app.press("#").shows("Ticket number")
        app.write("1002").press("enter").shows("#1002 Rechnung")
        app.press("b").shows("Callback for Erika Beispiel", "▌1 free")
        app.press("q").shows("4 quoted lines")
        app.press("q").shows("6 tickets")
        app.press("B").shows("1 free")
        app.press("q").shows("6 tickets")
        app.press("H").shows("bob        absent till")
        app.press("q").shows("6 tickets")
        app.press("0").shows("1 ticket")
        app.press("T").shows("1 reached  2 no answer")
        app.press("q").gone("1 reached  2 no")
        app.press("?").shows("Keys · q closes")
        app.press("q").gone("Keys · q closes")
        app.press("n").shows("New request")
        app.press("escape").gone("New request")
        assert app.quit() == 0


def test_who_said_what_how_is_told_apart_without_colour(morning: Stage) -> None:
    anna, now = morning.desk(), datetime.now(UTC)
    log_call(
        anna, 1002, "Sie wartet.", LoggedCall(CallDirection.OUT, "+49 30 2312540", now - timedelta(minutes=4), now)
    )
    set_priority(anna, [1002], Priority.HIGH)
    reply(anna, 1002, "Wir kümmern uns.")
    with morning.app((80, 50), env={"NO_COLOR": "1"}) as app:
        app.up().press("6", "#").shows("Ticket number")
        screen = app.write("1002").press("enter").shows("#1002 Rechnung", "Wir kümmern uns.")
        assert app.quit() == 0
        shades = set(re.findall(rb"[34]8;2;(\d+);(\d+);(\d+)", app.bytes_seen()))
        assert shades
        assert all(red == green == blue for red, green, blue in shades), "nothing but grey"
    said = "\n".join(screen)
    for line in (
        r"^.▸ Erika Beispiel <erika@kunde.example> .* · mail$",
        r"^.▪ note · Bob ",
        r"^.☎ Anna .* · call\n.*we called · \+49 30 2312540 · ",
        r"^.○ anna: priority urgent → high · today ",
        r"^.◂ Anna · Example Support .* · mail$",
    ):
        assert re.search(line, said, re.MULTILINE), line
