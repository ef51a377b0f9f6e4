"""The board in a real terminal: a colleague is ill, and their work is with others before the phone rings again."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from helpdesk_tui.desk import assignment, settings, tickets
from helpdesk_tui.desk.drafts import save_draft
from helpdesk_tui.store.queries.thread import drafts
from helpdesk_tui.terms import Role, Status
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
        hand.press("k").shows("anna: free → full")
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
        app.press("*", "k").shows("anna: free → full")
        tickets.set_status(morning.desk("anna"), [1004], Status.WAITING_OTHER)
        app.press("enter").shows("left alone: #1004 (waiting_other meanwhile) · 3 ticke", "u undoes it")
        assert app.quit() == 0


def test_marks_chosen_one_by_one_and_a_proposal(morning: Stage) -> None:
    furnish_board(morning)
    with morning.app(NARROW, "root") as app:
        app.up().press("H").shows("bob        absent till")
        app.press("k").shows("Rechnung")
        app.press("tab", "space", "space").shows("2 marked tickets")
        app.press("=").shows(re.compile("root stays free|root: free"), "Enter does it")
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
