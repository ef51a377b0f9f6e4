"""Nothing surprises a hand that is faster than the eye: no key hits what it was not meant for."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from helpdesk_tui.desk.drafts import save_draft
from helpdesk_tui.store.queries.thread import drafts
from tests.build import a_mail, received, row, sql, thread
from tests.screens.stage import SMALL, Stage, wait_until

_LONG = timedelta(hours=1)


def test_a_draft_that_was_left_takes_no_keys_unasked(morning: Stage) -> None:
    save_draft(morning.desk(), 2, "reply", "Liebe Frau Beispiel,")
    with morning.app() as app:
        app.up().shows("1002")
        app.press("enter").shows("Liebe Frau Beispiel", "Your draft is still here; Tab goes on writing.")
        app.press("p").shows("Priority")
        app.press("escape").gone("Priority").press("tab").shows("Esc leave")
        app.write(" gern.").shows("Liebe Frau Beispiel, gern.")
        assert app.quit() == 0


def test_esc_never_quits(morning: Stage) -> None:
    with morning.app() as app:
        app.up().press("space").shows("1 marked ticket")
        app.press("escape").gone("1 marked ticket")
        for _ in range(3):
            app.press("escape").shows("q leaves the program")
            app.settled(0.2)
        app.press("j").gone("q leaves the program").shows("5 tickets")
        app.press("q").shows("q once more")
        app.press("q")
        assert app.wait() == 0


def test_a_choice_begins_at_what_is_so(morning: Stage) -> None:
    before = row(morning.desk(), 1001)
    with morning.app() as app:
        app.up().press("j", "j").shows(re.compile("▌●   1001"))
        for key, title in (("p", "Priority"), ("s", "Status"), ("M", "Move to queue")):
            app.press(key).shows(title)
            app.press("enter").gone(title).shows("Nothing to change")
        assert app.quit() == 0
    assert row(morning.desk(), 1001) == before


def test_a_date_without_sense_stays_to_be_mended(morning: Stage) -> None:
    with morning.app() as app:
        app.up().press("D").shows("tomorrow 9:00")
        app.write("someday").press("enter").shows("someday is not a date", "someday")
        app.press(*["backspace"] * 7).write("2027-03-01 9:30").press("enter").shows("due 2027-03-01 09:30")
        assert app.quit() == 0
    assert row(morning.desk(), 1002).due_kind == "agreed"


@pytest.mark.parametrize("height", [14, 10, 8])
def test_a_low_terminal_keeps_its_tickets(morning: Stage, height: int) -> None:
    with morning.app((80, height)) as app:
        app.shows(re.compile(r"▌●‼ +1002"), "1005", "1001")
        app.press("+", "+", "+", "+").shows("1005", "1001")
        assert app.quit() == 0


def test_the_line_of_views_follows_the_width(morning: Stage) -> None:
    whole = re.compile(r"1 Mine 0  2 Unassigned 5 .* 6 Open 6 +anna ●$", re.MULTILINE)
    with morning.app() as app:
        app.up().shows(whole)
        app.press("6").shows("6 tickets")
        app.resize(44, 23)
        app.shows(re.compile(r"1 Mine 0 .*6 Open 6 .*anna ●$", re.MULTILINE))
        app.resize(*SMALL)
        app.shows(whole)
        assert app.quit() == 0


def test_a_colleague_who_begins_to_write_is_seen_at_once_and_not_for_ever(morning: Stage) -> None:
    save_draft(morning.desk("bob", ago=_LONG), 1, "reply", "left")
    with morning.app() as app:
        app.up().shows(re.compile("1001 .*–$", re.MULTILINE))
        save_draft(morning.desk("bob"), 2, "reply", "Liebe")
        app.shows(re.compile("1002 .*✎ bob", re.MULTILINE), timeout=1.5)
        app.press("enter").shows("bob is writing")
        app.press("q").gone("bob is writing")
        app.press("j", "j", "enter").shows("#1001", "bob left a draft")
        assert app.quit() == 0


def test_one_s_own_draft_does_not_hide_who_has_the_ticket(morning: Stage) -> None:
    save_draft(morning.desk(), 3, "reply", "mine")
    with morning.app() as app:
        app.up().press("6").shows(re.compile("1003 .*bob ✎", re.MULTILINE))
        assert app.quit() == 0


class TestWhomAnAnswerGoesTo:
    """A name may say anything; the address decides, and it is seen."""

    def test_a_name_that_is_another_s_address_deceives_nobody(self, stage: Stage) -> None:
        received(stage.desk(), a_mail(sender='"anna@bank.example" <mallory@evil.example>', subject="Konto"))
        with stage.app() as app:
            app.up().shows(re.compile("Konto +mallory@evil"))
            app.press("enter").shows("anna@bank.example <mallory@evil.example>")
            app.press("r").shows("To anna@bank.example <mallory@evil.example>")
            app.write("Hallo").press("ctrl+s").shows("on its way to mallory@evil.example")
            assert app.quit() == 0


class TestNewRequests:
    """The next caller begins with an empty form, and what was said is never lost."""

    def test_a_name_and_an_address(self, stage: Stage) -> None:
        with stage.app() as app:
            app.up().press("n").shows("New request")
            app.write("Neue Person <neu@x.example>").press("enter").write("Betreff").press("ctrl+s")
            app.shows(re.compile(r"Request #\d+: Betreff"))
            assert app.quit() == 0
        ((name, address),) = sql(stage.desk().store, "SELECT name, address FROM customer, customer_address")
        assert (name, address) == ("Neue Person", "neu@x.example")

    def test_an_address_that_is_none_is_said_and_the_form_stays(self, stage: Stage) -> None:
        with stage.app() as app:
            app.up().press("n").shows("New request")
            app.write("Neu <a b@c>").press("enter").write("Betreff").press("ctrl+s").shows(
                "is not an address", "Betreff"
            )
            app.press("escape").gone("New request")
            assert app.quit() == 0
        assert sql(stage.desk().store, "SELECT count(*) FROM ticket")[0][0] == 0

    def test_what_was_kept_can_be_put_away(self, stage: Stage) -> None:
        with stage.app() as app:
            app.up().press("n").shows("New request")
            app.write("Erster Anrufer").press("escape").gone("New request")
            app.press("n").shows("Erster Anrufer", "Kept from before; ctrl+n begins an empty one")
            app.press("ctrl+n").shows("ctrl+n once more empties the form")
            app.press("ctrl+n").gone("Erster Anrufer")
            app.write("Zweiter").press("enter").write("Fax").press("ctrl+s")
            app.shows(re.compile(r"Request #\d+: Fax"))
            assert app.quit() == 0

    def test_a_known_matter_takes_the_text_along(self, morning: Stage) -> None:
        with morning.app() as app:
            app.up().press("n").shows("New request")
            app.write("x").press("tab", "tab").write("Sie wartet auf Geld.").shows("Sie wartet")
            app.press("shift+tab", "shift+tab", "backspace").write("beispiel").shows("erika@kunde.example")
            app.press("enter").shows("#1002 Rechnung")
            app.press("enter").shows("Sie wartet auf Geld.", "stays in the house")
            app.press("tab", "ctrl+s").shows("Note on #1002")
            assert app.quit() == 0
        assert thread(morning.desk(), 1002)[-1].text == "Sie wartet auf Geld."
        wait_until(lambda: not any(one.text for one in morning.desk().ask(drafts, None)), "the form is empty again")
