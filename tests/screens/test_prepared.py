"""Prepared texts and macros under keys, in a real terminal."""

from __future__ import annotations

from time import sleep

from helpdesk_tui.desk.door import Desk
from helpdesk_tui.desk.texts import CannedText, MacroText, keep_macro, keep_text
from helpdesk_tui.store.queries.texts import canned_replies, macros
from tests.build import row, sql, thread
from tests.screens.stage import OpenApp, Stage

HOSTILE = "[bold]x[/]\x1b]52;c;eA==\x07"


def opened(app: OpenApp, number: int) -> OpenApp:
    """The app on this ticket."""
    app.up().press("#").shows("Ticket number")
    app.write(str(number)).press("enter").shows(f"#{number} ")
    return app


def texts(desk: Desk) -> dict[str, int]:
    """How often each prepared text went out."""
    return {one.path: one.uses for one in desk.ask(canned_replies, desk.actor)}


def test_a_prepared_text_is_written_used_edited_and_thrown_away(morning: Stage) -> None:
    with morning.app() as app:
        opened(app, 1002).press("r").shows("To Erika Beispiel")
        app.press("ctrl+t").shows("There is none yet; ^N writes one.")
        app.press("ctrl+n").shows("are filled in")
        app.write("Konto/Gruß").press("enter", "enter", "tab", "enter").settled()
        app.write("Hallo {{nobody}}").press("ctrl+s").shows("nobody")
        app.press(*["backspace"] * 8).write("customer}}, {{ticket}}").press("ctrl+s").shows("Kept as Konto/Gruß")
        app.press("ctrl+t").shows("^R throw away", "Konto/Gruß")
        app.write("gru").press("enter").shows("Hallo Erika Beispiel, 1002")
        app.press("ctrl+s").shows("is on its way")
        assert texts(morning.desk()) == {"Konto/Gruß": 1}
        app.press("r").shows("To Erika Beispiel")
        app.press("ctrl+t").shows("used 1 time")
        app.press("ctrl+o").shows("are filled in")
        app.press(*["backspace"] * 4).write("Ende").press("ctrl+s").shows("Kept as Konto/Ende")
        assert set(texts(morning.desk())) == {"Konto/Ende"}, "it is called something else now"
        app.press("ctrl+t").shows("^R throw away", "Konto/Ende")
        app.press("ctrl+r").shows("once more throws it away")
        app.press("ctrl+r").shows("Ende is gone")
        assert app.quit() == 0
    assert texts(morning.desk()) == {}


def test_a_form_that_was_filled_in_is_not_left_by_one_key(morning: Stage) -> None:
    with morning.app() as app:
        opened(app, 1002).press("z").shows("There is none yet")
        app.press("ctrl+n").shows("a step a line")
        app.press("escape").gone("a step a line")
        app.press("z").shows("There is none yet")
        app.press("ctrl+n").shows("a step a line")
        app.write("Fertig").press("escape").shows("Esc once more leaves without keeping it")
        app.press("escape").gone("Fertig")
        assert app.quit() == 0


def test_a_macro_is_done_under_its_digit_and_on_marked_tickets(morning: Stage) -> None:
    desk = morning.desk()
    keep_macro(desk, MacroText("Done", ("reply Thank you, {{customer}}.", "status solved", "tag +done"), "3"))
    with morning.app() as app:
        opened(app, 1002).press("4").shows("There is no macro under 4.", "z lists them")
        app.press("3").shows("Done on #1002")
        assert (row(desk, 1002).status, thread(desk, 1002)[-1].text) == ("solved", "Thank you, Erika Beispiel.")
        app.press("u").shows("Undone")
        assert row(desk, 1002).status == "new"
        app.press("q").shows("5 tickets")
        app.press("g", "space", "space", "z").shows("Macro on 2 tickets", "status solved")
        app.press("enter").shows("Done on 2 tickets", "#1002 Erika Beispiel", "Thank you, Erika", "^S sends 2 answers")
        app.press("escape").gone("^S sends 2")
        assert row(desk, 1002).status == "new", "to look at it does nothing"
        app.press("z").shows("Macro on 2 tickets")
        app.press("enter").shows("^S sends 2 answers")
        sleep(0.6)
        app.press("ctrl+s").gone("^S sends 2").shows("Done on 2 tickets")
        assert app.quit() == 0
    solved = sql(desk.store, "SELECT count(*) FROM ticket WHERE status = 'solved'")[0][0]
    assert solved >= 2
    assert [one.uses for one in desk.ask(macros, desk.actor)] == [2]


def test_a_macro_that_cannot_be_done_says_why_and_does_nothing(morning: Stage) -> None:
    desk = morning.desk()
    keep_macro(desk, MacroText("Lost", ("tag +x", "canned nowhere"), "1"))
    with morning.app() as app:
        opened(app, 1002).press("1").shows("There is no canned reply nowhere.")
        assert app.quit() == 0
    assert "x" not in str(sql(desk.store, "SELECT tag.name FROM ticket_tag JOIN tag ON tag.id = tag_id"))


def test_what_stands_in_a_prepared_text_reaches_no_terminal(morning: Stage) -> None:
    keep_text(morning.desk(), CannedText("Odd", f"Hallo {HOSTILE}"))
    with morning.app() as app:
        opened(app, 1002).press("r").shows("To Erika Beispiel")
        app.press("ctrl+t").shows("Odd", "[bold]x[/]")
        app.press("enter").shows("Hallo [bold]x[/]")
        assert app.quit() == 0
        assert b"\x1b]52;c;eA==" not in app.bytes_seen()
