"""The board in a real terminal: a colleague is ill, and their work is with others before the phone rings again."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from helpdesk_tui.desk import assignment, settings, tickets
from helpdesk_tui.desk.callback_plans import PlanFields, set_plan
from helpdesk_tui.desk.callbacks import Wish, book
from helpdesk_tui.desk.drafts import save_draft
from helpdesk_tui.desk.handover import hand_over
from helpdesk_tui.store.queries.board import Side, side_tickets
from helpdesk_tui.store.queries.thread import drafts
from helpdesk_tui.terms import Priority, Role, Status
from tests.build import listed, row
from tests.screens.conftest import create_many, furnish_board
from tests.screens.stage import OpenApp, Stage, wait_until

NARROW = (80, 23)
MANY = 200


class Counted:
    """Presses keys and counts them."""

    def __init__(self, app: OpenApp) -> None:
        self.app = app
        self.count = 0

    def press(self, *keys: str) -> OpenApp:
        self.count += len(keys)
        return self.app.press(*keys)


def assignees(stage: Stage, login: str) -> list[int]:
    return sorted(listed(stage.desk(login), "is:any assignee:me"))


def test_two_hundred_tickets_of_an_absent_colleague_in_ten_keys_at_most(stage: Stage) -> None:
    create_many(stage, MANY)
    admin, bob = stage.desk("root"), stage.desk("bob")
    settings.add_agent(admin, "lea", role=Role.LEAD)
    numbers = sorted(listed(admin, "is:any"))
    assignment.assign(admin, numbers, "bob")
    tickets.set_status(bob, numbers[:50], Status.WAITING_CUSTOMER)
    tickets.set_status(bob, numbers[50:60], Status.SNOOZED)
    save_draft(bob, row(bob, numbers[0]).id, "reply", "Dear Mira,")
    settings.set_agent(admin, "bob", away_until=datetime.now(UTC) + timedelta(days=2))
    with stage.app(NARROW, "lea") as app:
        app.up()
        hand = Counted(app)
        hand.press("H").shows("bob        absent till")
        hand.press("k").shows("unsent text")
        hand.press("*").shows("200 marked tickets")
        hand.press("k").shows("anna +200: free → full")
        hand.press("enter").shows("200 tickets, 1 unsent text handed over to anna · u undoes it")
        assert hand.count <= 10, hand.count
        assert (assignees(stage, "anna"), assignees(stage, "bob")) == (numbers, [])
        assignment.take(stage.desk("root"), numbers[:1])
        app.press("u").shows(f"left alone: assignee of #{numbers[0]}")
        wait_until(lambda: assignees(stage, "bob") == numbers[1:], "they are back")
        assert (assignees(stage, "anna"), assignees(stage, "root")) == ([], numbers[:1])
        assert {one.agent for one in admin.ask(drafts, row(bob, numbers[0]).id)} == {"bob"}
        assert app.quit() == 0


def test_what_a_colleague_took_while_the_lead_was_looking_is_named(morning: Stage) -> None:
    furnish_board(morning)
    with morning.app(NARROW, "root") as app:
        app.up().press("H").shows("bob        absent till")
        app.press("k").shows("Rechnung")
        app.press("*", "k").shows("anna +4: free → full")
        tickets.set_status(morning.desk("anna"), [1004], Status.WAITING_OTHER)
        app.press("enter").shows("left alone: #1004 (waiting_other meanwhile) · 3 ticke", "u undoes it")
        assert app.quit() == 0


def test_marks_chosen_one_by_one_and_a_proposal(morning: Stage) -> None:
    furnish_board(morning)
    with morning.app(NARROW, "root") as app:
        app.up().press("H").shows("bob        absent till")
        app.press("k").shows("Rechnung")
        app.press("tab", "space", "space").shows("2 marked tickets")
        app.press("=").shows("root +2 stays free   Enter does it")
        app.press("enter").shows("2 tickets")
        wait_until(lambda: len(assignees(morning, "bob")) == 2, "two of four have gone")
        app.press("q").shows("Board")
        app.press("q").shows("1 Mine")
        assert app.quit() == 0


def test_an_agent_is_told_why_there_is_no_board_for_them(morning: Stage) -> None:
    with morning.app(NARROW) as app:
        app.up().press("H").shows("Only a lead or an admin may do this.")
        assert app.quit() == 0


def test_the_board_is_opened_by_a_command(morning: Stage) -> None:
    furnish_board(morning)
    with morning.app(NARROW, words=["--as", "root", "board"]) as app:
        app.shows("Board ·", "bob        absent till")
        app.press("q").shows("1 Mine")
        assert app.quit() == 0


def test_a_ticket_that_moves_out_of_sight_leaves_the_list(morning: Stage) -> None:
    admin = morning.desk("root")
    settings.add_queue(admin, "hr")
    settings.set_agent(admin, "anna", queues=["-hr"])
    with morning.app(NARROW) as app:
        app.up().shows("5 tickets")
        app.press("enter").shows("#1002 Rechnung")
        tickets.move(admin, [1002], "hr")
        app.shows("This ticket is no longer in a queue you belong to.")
        app.gone("1002 ")
        assert app.quit() == 0


def test_a_line_more_on_the_left_changes_nobody_under_the_hand(morning: Stage) -> None:
    furnish_board(morning)
    admin, anna = morning.desk("root"), morning.desk("anna")
    settings.set_agent(admin, "anna", capacity=20)
    with morning.app(NARROW, "root") as app:
        marked_work_of_bob(app)
        app.press("k").shows("anna +4 stays free   Enter does it")
        settings.add_agent(admin, "adam")
        tickets.set_priority(anna, [1005], Priority.LOW)
        app.shows("adam", "anna +4 stays free   Enter does it")
        app.press("enter").shows("4 tickets, 1 unsent text handed over to anna")
        assert app.quit() == 0
    assert assignees(morning, "anna") == [1001, 1002, 1003, 1004]


def test_what_no_longer_holds_is_told_anew_and_not_done(morning: Stage) -> None:
    furnish_board(morning)
    with morning.app(NARROW, "root") as app:
        marked_work_of_bob(app)
        app.press("k").shows("anna +4: free → full   Enter does it")
        settings.set_agent(morning.desk("root"), "anna", queues=["-support"])
        app.press("enter").shows("That has changed meanwhile", "4 stay, anna does not belong there")
        assert app.quit() == 0
    assert assignees(morning, "bob") == [1001, 1002, 1003, 1004]


def test_work_is_not_given_to_whom_it_is_with_however_full_they_are_by_now(morning: Stage) -> None:
    furnish_board(morning)
    admin = morning.desk("root")
    settings.set_agent(admin, "bob", away_until="")
    with morning.app(NARROW, "root") as app:
        app.up().press("H").shows("bob        free")
        app.press("k").shows("Rechnung")
        app.press("*").shows("4 marked tickets")
        settings.set_agent(admin, "bob", capacity=4)
        tickets.set_priority(morning.desk("anna"), [1005], Priority.LOW)
        app.shows("bob        full")
        app.press("k").shows("anna +4")
        app.press("j").shows("4 marked tickets: choose on the left")
        assert app.quit() == 0


def test_somebody_absent_gets_work_only_told_before(morning: Stage) -> None:
    furnish_board(morning)
    settings.set_agent(morning.desk("root"), "anna", away_until=datetime.now(UTC) + timedelta(days=9))
    with morning.app(NARROW, "root") as app:
        marked_work_of_bob(app)
        app.press("k").shows(re.compile(r"anna \+4, absent until ... \d\d   Enter does it"))
        assert app.quit() == 0


def test_a_proposal_for_many_fits_the_line(morning: Stage) -> None:
    furnish_board(morning)
    for login in ("carl", "dora", "emil", "fritz"):
        settings.add_agent(morning.desk("root"), login)
    create_many(morning, 30)
    with morning.app(NARROW, "root") as app:
        app.up().press("H").shows("bob        absent till")
        app.press("G").shows("32 of nobody")
        app.press("*", "=").shows(re.compile(r"carl \+\d.*root \+\d stay free   Enter does it$", re.MULTILINE))
        assert app.quit() == 0


def test_the_left_arrow_changes_the_pane_and_keeps_the_marks(morning: Stage) -> None:
    furnish_board(morning)
    with morning.app(NARROW, "root") as app:
        app.up().press("H").shows("bob        absent till")
        app.press("k").shows("Rechnung")
        app.press("right", "space", "space").shows("2 marked tickets")
        app.press("left", "k").shows("anna +2 stays free")
        app.press("left").shows("mark tickets with space")
        app.press("left").shows("1 Mine")
        assert app.quit() == 0


def test_verbs_on_the_left_hit_what_is_marked_alone(morning: Stage) -> None:
    furnish_board(morning)
    with morning.app(NARROW, "root") as app:
        app.up().press("H").shows("bob        absent till")
        app.press("k").shows("Rechnung")
        app.press("x").shows("Mark tickets, or go to them with Tab")
        app.press("tab", "space", "tab", "x").shows("What solved it")
        app.press("enter").shows("#1002: status solved")
        assert app.quit() == 0
    assert len(assignees(morning, "bob")) == 4


def test_calls_and_texts_of_somebody_without_a_ticket_are_given_away(morning: Stage) -> None:
    admin, bob = morning.desk("root"), morning.desk("bob")
    save_draft(bob, 2, "reply", "Guten Tag,")
    save_draft(bob, None, "new", "Frau Voss rief an")
    assignment.unassign(admin, [1003])
    settings.set_agent(admin, "bob", away_until=datetime.now(UTC) + timedelta(days=2))
    with morning.app(NARROW, "root") as app:
        app.up().press("H").shows("bob        absent till")
        app.press("k").shows("unsent text · #1002", "unsent text of a new request")
        app.press("*").shows("all of bob is marked: choose on the left who gets it")
        app.press("k").shows("2 texts to anna   Enter does it")
        app.press("enter").shows("no ticket, 2 unsent texts handed over to anna", "unsent text of a new request")
        assert {one.agent for one in admin.ask(drafts, None)} == {"anna"}
        app.press("u").gone("unsent text of a new request")
        assert app.quit() == 0
    assert {one.agent for one in admin.ask(drafts, 2)} == {"bob"}


def test_where_all_else_goes_is_told_with_a_proposal(morning: Stage) -> None:
    furnish_board(morning)
    save_draft(morning.desk("bob"), 5, "note", "Half a note on a ticket of nobody")
    with morning.app(NARROW, "root") as app:
        marked_work_of_bob(app)
        app.press("=").shows("root +4 stays free · 1 text to root   Enter does it")
        app.press("G").shows("4 back to their queues · 1 text with bob still   Enter does it")
        app.press("enter").shows("left alone: the text on #1002 (bob keeps it); the text on #1005")
        assert app.quit() == 0


def test_the_board_lets_go_at_once_of_what_its_lead_may_not_see(morning: Stage) -> None:
    furnish_board(morning)
    admin = morning.desk("root")
    settings.add_agent(admin, "lea", role=Role.LEAD)
    settings.add_queue(admin, "hr")
    settings.set_agent(admin, "lea", queues=["-hr"])
    with morning.app(NARROW, "lea") as app:
        app.up().press("H").shows("bob        absent till")
        app.press("g", "j").shows("Rechnung doppe")
        app.press("*").shows("4 marked tickets")
        tickets.move(admin, [1002], "hr")
        app.gone("Rechnung doppe").gone("#1002").shows("3 marked tickets")
        assert app.quit() == 0


def test_a_call_rings_on_the_board_as_soon_as_it_is_ones_own(morning: Stage) -> None:
    admin = morning.desk("root")
    settings.add_team(admin, "phones", ["root", "bob"])
    set_plan(admin, "phones", PlanFields(hours="mon-sun 00:00-24:00", slot_minutes=30, notice_minutes=0))
    assignment.assign(admin, [1006], "bob")
    book(morning.desk("bob", ago=timedelta(hours=2)), 1006, Wish(number="+49 30 2312540"))
    with morning.app(NARROW, "root") as app:
        app.up().press("H").shows("bob  ")
        app.press("k").shows("Bitte um Rückr")
        app.gone("T opens the card")
        hand_over(admin, "bob", {"root": admin.ask(side_tickets, admin.actor, Side("bob"))})
        app.shows("T opens the card", timeout=5)
        assert app.quit() == 0


def marked_work_of_bob(app: OpenApp) -> None:
    """The board, with all of bob's tickets marked and the left cursor on him."""
    app.up().press("H").shows("bob        absent till")
    app.press("k").shows("Rechnung")
    app.press("*").shows("4 marked tickets")
