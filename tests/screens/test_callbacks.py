"""Calls by keys alone, in a real terminal: from a mail that asks for one to a customer who was reached."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from textual.css.query import NoMatches

from helpdesk_tui.app import HelpdeskApp
from helpdesk_tui.config import Settings
from helpdesk_tui.desk.callback_plans import PlanFields, set_plan
from helpdesk_tui.desk.callbacks import Wish, book
from helpdesk_tui.desk.calls import Ended, record_outcome
from helpdesk_tui.desk.conversation import NewRequest, create
from helpdesk_tui.desk.door import Desk
from helpdesk_tui.desk.settings import add_queue, add_team, set_agent
from helpdesk_tui.desk.tickets import move
from helpdesk_tui.screens.calendar import CallbackScreen
from helpdesk_tui.screens.triage import TriageScreen
from helpdesk_tui.terms import CallOutcome, Person
from tests.build import a_mail, received
from tests.screens.stage import SIZES, OpenApp, Stage
from tests.services.escapes import forbidden_bytes

#: tmux keeps a line of 24 for itself.
IN_TMUX = (80, 23)
WISH = "Guten Tag,\n\nbitte um Rückruf unter 069 1234567, ich verstehe die Rechnung nicht.\n\nErika Beispiel\n"
#: At the most so many keys lead from the list to a customer who was reached.
MOST_KEYS = 12


@pytest.fixture
def phones(stage: Stage) -> Stage:
    """A help desk whose team `phones` calls back round the clock, one call at a time; #1001 asks for one."""
    a_team(stage)
    mail = a_mail(WISH, sender="Erika Beispiel <erika@kunde.example>", subject="Bitte um Rückruf")
    assert received(stage.desk(), mail).ticket == 1001
    return stage


def a_team(stage: Stage) -> None:
    root, hours = stage.desk("root"), "mon-sun 00:00-24:00"
    add_team(root, "phones", ["anna"])
    plan = PlanFields(hours=hours, zone=midday_zone(), slot_minutes=30, capacity=1, notice_minutes=0)
    set_plan(root, "phones", plan)


def another_team(stage: Stage, name: str, member: str) -> None:
    root = stage.desk("root")
    add_team(root, name, [member])
    hours = PlanFields(hours="mon-sun 00:00-24:00", zone=midday_zone(), slot_minutes=30, notice_minutes=0)
    set_plan(root, name, hours)


def midday_zone() -> str:
    """A time zone where the day is half over, and clocks show another time than in New York."""
    ahead = 12 - datetime.now(UTC).hour
    ahead -= 2 * (ahead in (-5, -4))
    return f"Etc/GMT{-ahead:+}"  # the sign of these names is that of POSIX


def a_second_wish(stage: Stage) -> int:
    mail = a_mail("Please call me: +1 212 555 0123", sender="Tunde <tunde@client.example>", subject="Call me")
    number = received(stage.desk(), mail).ticket
    assert number is not None
    return number


def calls(stage: Stage) -> list[dict[str, object]]:
    found: list[dict[str, object]] = stage.answer("callback", "list", "--all")
    return found


@pytest.mark.sample(2)
@pytest.mark.parametrize("size", [IN_TMUX, *SIZES], ids=("80x23", "80x24", "200x50"))
def test_from_the_list_to_a_customer_who_was_reached(phones: Stage, size: tuple[int, int]) -> None:
    keys = 0
    with phones.app(size) as app:
        app.up().shows("1 ticket", re.compile(r"1001 Bitte um"))

        def press(key: str, *wanted: str | re.Pattern[str]) -> None:
            nonlocal keys
            keys += 1
            app.press(key).shows(*wanted)

        press("b", "Callback for Erika Beispiel · 30 min", "+49 69 1234567", "▌1 free", "Enter books")
        press("enter", re.compile(r"Callback for #1001: ... \d{4}-"), "u undoes it", re.compile("1001 .*☎ [0-9MTWFS]"))
        press("T", "try 1 of 3", "bitte um Rückruf unter", "1 reached  2 no answer")
        press("1", "#1001: reached · u undoes it")
        assert keys <= MOST_KEYS
        assert app.quit() == 0
        assert forbidden_bytes(app.bytes_seen(), allow=("OSC 8",)) == []
        links = set(re.findall(rb"\x1b\]8;[^;]*;([^\x1b\x07]*)", app.bytes_seen())) - {b""}
        assert links == {b"tel:+49691234567"}
    (call,) = calls(phones)
    assert (call["state"], call["last_outcome"], call["attempt"]) == ("done", "reached", 1)
    (ticket,) = (phones.answer("ticket", "show", "1001"),)
    assert [one["kind"] for one in ticket["messages"]] == ["inbound", "outbound", "call"]


def test_the_call_that_is_due_rings_and_is_under_0(phones: Stage) -> None:
    """Its slot has begun: a line tells of it, without taking a key from whoever types."""
    now = datetime.now(UTC)
    start = now - timedelta(minutes=now.minute % 30, seconds=now.second, microseconds=now.microsecond)
    book(phones.desk(ago=now - start + timedelta(minutes=1)), 1001, Wish(at=start))
    with phones.app() as app:
        app.up().shows(
            re.compile(r"☎ \d\d:\d\d now · Erika Beispiel · \+49 69 1234567 · T opens the card"), "0 Calls 1"
        )
        app.press("0").shows("1 ticket", re.compile("1001 .*☎ now"))
        app.press("enter").shows("callback ", re.compile(r"automatic · |callback\.ics"))
        app.press("c").shows("stays in the house")
        app.write("T1").shows("T1")
        app.leave_composer()
        app.press("T").shows("1 reached  2 no answer")
        app.press("q").gone("1 reached  2 no")
        app.press("T").shows("1 reached  2 no answer")
        app.press("y").shows("+49 69 1234567 sent to the terminal's clipboard", "1 reached  2 no answer")
        app.shows(re.compile(r"clipboard · 00:0[2-9]"))  # it stays while the time runs
        app.press("2").shows("#1001: no answer, try 1 of 3 · next ")
        app.gone("T opens the card").shows("no answer, try 1 of 3, next ")
        app.press("u").shows("Undone: #1001: no answer", "T opens the card")
        app.press("T").shows("1 reached  2 no answer")
        app.press("5").shows("Callback for Erika Beispiel", "▌1 free")
        app.press("enter").shows("#1001: later · next ")
        assert app.quit() == 0
    assert calls(phones)[0]["last_outcome"] == "later"


def test_a_call_that_a_colleague_has_made_meanwhile_is_not_made_twice(phones: Stage) -> None:
    book(phones.desk(), 1001, Wish())
    with phones.app() as app:
        app.up().press("T").shows("try 1 of 3", "1 reached  2 no answer")
        record_outcome(phones.desk("bob"), 1001, Ended(CallOutcome.NO_ANSWER))
        app.press("2").shows("bob has made this call: no answer.")
        app.press("T").shows("try 2 of 3")
        assert app.quit() == 0
    assert calls(phones)[0]["attempt"] == 2


def test_what_is_not_free_is_named_and_passed_over(phones: Stage) -> None:
    other = a_second_wish(phones)
    with phones.app((120, 40)) as app:
        app.up().press("#").shows("Ticket number")
        app.write(str(other)).press("enter").shows(f"#{other} Call me")
        app.press("b").shows("Callback for Tunde", "▌1 free", re.compile(r"there \w{3} \d\d:\d\d \(New York\)"))
        first = foot(app)
        app.press("enter").shows(f"Callback for #{other}:")
        app.press("q").gone("automatic")
        app.press("#").shows("Ticket number")
        app.write("1001").press("enter").shows("#1001 Bitte um")
        app.press("b").shows("Callback for Erika", "░ full", "▌1 free")
        second = foot(app, unlike=first)
        app.press("k", "k", "k", "j")
        third = foot(app, unlike=second)
        assert first not in (second, third)
        app.press(".")
        next_week = foot(app, unlike=third)
        app.press("n")
        assert foot(app, unlike=next_week) == second
        app.press("q").gone("Callback for Erika")
        assert app.quit() == 0


def foot(app: OpenApp, unlike: str = "") -> str:
    """Which slot the cursor is on, as soon as that is another one."""

    def slot(screen: list[str]) -> str:
        found = re.search(r"\w{3} \d{4}-\d\d-\d\d \d\d:\d\d \(GMT", "\n".join(screen))
        return found[0] if found else ""

    return slot(app.until(lambda screen: slot(screen) not in ("", unlike), "the cursor is on a slot"))


def test_a_call_is_moved_and_given_up_by_keys(phones: Stage) -> None:
    with phones.app() as app:
        app.up().press("enter").shows("#1001 Bitte um")
        app.press("b").shows("▌1 free")
        app.press("enter").shows("Callback for #1001:", "callback ")
        app.press("b").shows("☎ booked", "· booked ", "Enter moves the call")
        app.press("j", "enter").shows("Callback for #1001 moved to", "callback moved from")
        app.press("b").shows("☎ booked")
        app.press("x").shows("No callback for #1001 any more", "callback given up")
        app.press("u").shows("Undone: No callback for #1001 any more", "undid: callback")
        assert app.quit() == 0
    (call,) = calls(phones)
    assert call["state"] == "open"


def test_a_number_that_is_not_known_is_asked_for(phones: Stage) -> None:
    mail = a_mail("Rufen Sie mich an.", sender="Otto <otto@kunde.example>", subject="Ohne Nummer")
    assert received(phones.desk(), mail).ticket == 1002
    with phones.app() as app:
        app.up().press("#").shows("Ticket number")
        app.write("1002").press("enter").shows("#1002 Ohne Nummer")
        app.press("b").shows("number not known yet")
        app.press("enter").shows("Which number shall be called")
        app.write("12").press("enter").shows("12 is not a phone number")
        app.press("ctrl+u").write("0170 1234567").press("enter").shows("Callback for #1002:")
        assert app.quit() == 0
    assert calls(phones)[0]["phone"] == "+491701234567"


def test_of_several_numbers_one_is_chosen(phones: Stage) -> None:
    for number in ("030 1234567", "030 7654321"):
        create(phones.desk(), NewRequest(Person("Otto", "otto@kunde.example"), "Call me", phone=number))
    with phones.app() as app:
        app.up().press("#").shows("Ticket number")
        app.write("1003").press("enter").shows("#1003 Call me")
        app.press("b").shows("2 numbers known", "▌1 free")
        app.press("enter").shows("Which number shall be called", "+49 30 7654321", "another one")
        app.write("1234").press("enter").shows("Callback for #1003:")
        assert app.quit() == 0
    assert calls(phones)[0]["phone"] == "+49301234567"


def test_where_several_teams_could_call_one_is_chosen_first(phones: Stage) -> None:
    another_team(phones, "aaa", "anna")
    with phones.app() as app:
        app.up().press("b").shows("▌1 free", "t chooses who calls")
        app.press("enter").shows("Who calls")
        app.write("phones").press("enter").shows("Team phones", "Enter books")
        app.press("enter").shows("Callback for #1001:")
        assert app.quit() == 0
    assert calls(phones)[0]["team"] == "phones"


def test_a_team_of_others_is_not_chosen_unasked_and_may_be_for_later(phones: Stage) -> None:
    another_team(phones, "aaa", "bob")
    with phones.app() as app:
        app.up().press("b").shows("▌1 free", "Team phones", "Enter books")
        app.press("enter").shows("Callback for #1001:")
        app.press("T").shows("1 reached  2 no answer")
        app.press("5").shows("▌1 free", "Team phones", " Enter moves the call · ")
        app.press("t").shows("Who calls")
        app.write("aaa").press("enter").shows("Team aaa")
        app.press("enter").shows("#1001: later · next ")
        assert app.quit() == 0
    assert calls(phones)[0]["team"] == "aaa"


def test_without_a_team_that_calls_back_that_is_said(morning: Stage) -> None:
    with morning.app() as app:
        app.up().shows("5 tickets")
        app.press("b").shows("No team has times for callbacks yet. A lead runs:")
        app.press("T").shows("No call is due now, and none is booked here. b books one.")
        assert app.quit() == 0


def test_a_place_taken_meanwhile_is_said_beside_those_that_are_left(phones: Stage) -> None:
    other = a_second_wish(phones)
    with phones.app() as app:
        app.up().press("#").shows("Ticket number")
        app.write("1001").press("enter").shows("#1001 Bitte um")
        app.press("b").shows("▌1 free")
        book(phones.desk("bob"), other, Wish())
        app.shows("░ full")
        app.press("enter").shows(re.compile("Callback for #1001:|is full"))
        assert app.quit() == 0


def test_the_week_can_be_looked_at_without_a_ticket(phones: Stage) -> None:
    with phones.app() as app:
        app.up().press("B").shows("Callbacks · 30 min", "1 free")
        app.press("enter").shows("Here one only looks; b on a ticket books a call.")
        app.press("t").shows("Who calls")
        app.press("enter").gone("Who calls")
        app.press("?").shows("Keys · q closes", "to the next slot that is free")
        app.press("q").gone("Keys · q")
        app.press("q").shows("1 ticket")
        assert app.quit() == 0


@pytest.mark.parametrize(("key", "title"), [("?", "Keys · q closes"), (":", "What to do"), ("enter", "Which number")])
def test_a_ticket_that_goes_out_of_sight_takes_its_week_along(phones: Stage, key: str, title: str) -> None:
    """Also from under another screen, as soon as that is left."""
    root = phones.desk("root")
    add_queue(root, "personnel")
    set_agent(root, "anna", queues=["-personnel"])
    received(phones.desk(), a_mail("Call me.", sender="Otto <otto@kunde.example>", subject="No number"))
    with phones.app() as app:
        app.up().press("#").shows("Ticket number")
        app.write("1002").press("enter").shows("#1002 No number")
        app.press("b").shows("▌1 free")
        app.press(key).shows(title)
        move(root, [1002], "personnel")
        received(phones.desk("bob"), a_mail("And another.", sender="Ute <ute@kunde.example>", subject="Another"))
        app.press("escape").gone(title).shows("This ticket is no longer in a queue you belong to.")
        assert app.quit() == 0


class Clocked(HelpdeskApp):
    """The app on a clock that a test sets."""

    now = datetime.now(UTC)

    @property
    def desk(self) -> Desk:
        """The desk, with that clock."""
        return replace(super().desk, clock=lambda: self.now)


def test_a_slot_that_passes_is_no_longer_offered(phones: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, phones.environment[name])
    app = Clocked(Settings(store=f"sqlite:///{phones.store}"), "anna")
    assert asyncio.run(_offered_before_and_after_it_began(app)) == timedelta(minutes=30)


async def _offered_before_and_after_it_began(app: Clocked) -> timedelta:
    async def until(is_so: Callable[[], bool]) -> None:
        async with asyncio.timeout(15):
            while True:
                with suppress(NoMatches):  # a screen that is only just opening has nothing on it
                    if is_so():
                        return
                await pilot.pause(0.05)

    def chosen() -> datetime | None:
        return (
            app.screen.grid.current.start
            if isinstance(app.screen, CallbackScreen) and app.screen.grid.current
            else None
        )

    async with app.run_test(size=(80, 24)) as pilot:
        await until(lambda: isinstance(app.screen, TriageScreen) and app.screen.chosen() != [])
        await pilot.press("b")
        await until(lambda: chosen() is not None)
        first = chosen()
        assert first is not None
        app.now = first + timedelta(seconds=1)
        await until(lambda: chosen() != first)
        second = chosen()
        assert second is not None
        return second - first


def test_the_card_fits_on_the_lowest_terminal(phones: Stage) -> None:
    book(phones.desk(), 1001, Wish())
    with phones.app((80, 12)) as app:
        app.up().press("T").shows("1 reached  2 no answer  3 voicemail  4 wrong number  5 later", "y copies the number")
        app.press("4").shows("#1001: wrong number · ask for the right one, then book again")
        app.press("b").shows("▌1 free")
        app.press("enter").shows("Which number shall be called")
        assert app.quit() == 0
