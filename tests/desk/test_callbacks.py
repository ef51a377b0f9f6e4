"""Booking a call, moving it, giving it up: places, the customer's mail, the log."""

from __future__ import annotations

from datetime import timedelta

import pytest

from helpdesk_tui.desk.assignment import assign
from helpdesk_tui.desk.callback_plans import PlanFields, add_exception, remove_exception, set_plan
from helpdesk_tui.desk.callbacks import Wish, book, cancel_booking, move_booking
from helpdesk_tui.desk.calls import Ended, record_outcome
from helpdesk_tui.desk.conversation import reply
from helpdesk_tui.desk.door import Desk
from helpdesk_tui.desk.pages import call_page
from helpdesk_tui.desk.settings import add_team
from helpdesk_tui.desk.tickets import move
from helpdesk_tui.errors import NotFound, Refused, Usage
from helpdesk_tui.rules.slots import DayException
from helpdesk_tui.screens.call_words import banner
from helpdesk_tui.store.queries.callbacks import week
from helpdesk_tui.terms import CallOutcome, CallState, Person
from tests.build import MIRA, MORNING, Place, a_mail, a_ticket, last_changes, received, row, thread
from tests.desk.callback_desk import (
    BERLIN,
    NINE,
    SLOT,
    TEAM,
    WISH,
    a_call,
    a_calling_team,
    a_wish,
    calendar_of,
    call,
    letters,
    places,
)


class TestBooking:
    """From a mail that asks for it to a place in a slot."""

    def test_the_number_in_the_mail_is_called_at_the_next_free_time(self, place: Place, desk: Desk) -> None:
        a_calling_team(place, "anna")
        ticket = a_wish(desk)
        outcome = book(desk, ticket, Wish())
        # It is 11:00 in Berlin; with half an hour's notice the next slot begins at 11:30.
        assert outcome.text == f"Callback for #{ticket}: Mon 2026-11-23 11:30, phones · a mail tells Mira Kern"
        found = call(desk, ticket)
        assert (found.phone, found.phone_zone, found.team) == ("+49691234567", "Europe/Berlin", TEAM)
        assert (found.start, found.end) == (MORNING + 2 * SLOT, MORNING + 3 * SLOT)
        assert (found.attempt, found.attempts, found.state) == (1, 3, CallState.OPEN)
        assert places(place) == {MORNING + 2 * SLOT: (1, 1)}

    def test_a_number_that_is_named_goes_first(self, place: Place, desk: Desk) -> None:
        a_calling_team(place)
        ticket = a_wish(desk)
        book(desk, ticket, Wish(number="+1 212 555 0123", asked="Invoice\x1b[31m 4711\n"))
        assert (call(desk, ticket).phone, call(desk, ticket).phone_zone) == ("+12125550123", "America/New_York")
        assert call(desk, ticket).asked == "Invoice 4711"

    def test_a_caller_is_called_where_they_called_from(self, place: Place, desk: Desk) -> None:
        a_calling_team(place)
        ticket = a_ticket(desk, "Call me", phone="0170 1234567")
        book(desk, ticket, Wish())
        assert call(desk, ticket).phone == "+491701234567"

    def test_what_they_wrote_here_goes_before_what_they_are_known_by(self, place: Place, desk: Desk, bob: Desk) -> None:
        a_calling_team(place)
        ticket = a_wish(desk, f"{WISH}\nMobil 0170 1234567")
        a_ticket(bob, "Something else", person=MIRA, phone="069 7654321")
        a_ticket(bob, "Something else", person=MIRA, phone="0170 1234567")
        book(desk, ticket, Wish())
        assert call(desk, ticket).phone == "+491701234567"
        other = a_wish(desk, "Rufnummer 030 1234567, Fax 030 7654321")
        book(desk, other, Wish())
        assert call(desk, other).phone == "+49301234567"

    def test_of_several_known_numbers_one_is_to_be_named(self, place: Place, desk: Desk, bob: Desk) -> None:
        a_calling_team(place)
        ticket = a_ticket(desk, "Confidential", person=MIRA, phone="069 7654321")
        a_ticket(bob, "Something else", person=MIRA, phone="0170 1234567")
        with pytest.raises(Usage, match="Several numbers of the customer") as refused:
            book(desk, ticket, Wish())
        assert refused.value.hint == "Name one of them: --number +491701234567 or +49697654321"
        book(desk, ticket, Wish(number="069 7654321"))
        assert call(desk, ticket).phone == "+49697654321"

    @pytest.mark.parametrize(
        ("mail", "found"),
        [
            ("Heute bitte!\n\nAm Montag schrieb Support:\n> Gern.\n>\n> Support, Tel. 069 9999000\n", "+49691234567"),
            ("Unter 069 9999000 erreiche ich niemanden.", "+49691234567"),
            ("Wie Sie schreiben: 069 1234567.", "+49691234567"),
        ],
    )
    def test_a_number_that_we_wrote_first_is_not_called(self, place: Place, desk: Desk, mail: str, found: str) -> None:
        a_calling_team(place)
        ticket = a_wish(desk)
        reply(desk, ticket, "Gern, unter 069 1234567. Wann?\n\nSupport, Tel. 069 9999000")
        ours = thread(desk, ticket)[-1].message_id
        assert received(desk, a_mail(mail, subject="Re: Bitte um Rückruf", In_Reply_To=f"<{ours}>")).ticket == ticket
        book(desk, ticket, Wish())
        assert call(desk, ticket).phone == found

    def test_two_numbers_of_theirs_are_asked_about_the_newest_first(self, place: Place, desk: Desk) -> None:
        a_calling_team(place)
        ticket = a_wish(desk)
        reply(desk, ticket, "Gern, unter 069 1234567. Wann?")
        ours = thread(desk, ticket)[-1].message_id
        no = a_mail("Nein: 0171 1234567.", subject="Re: Bitte um Rückruf", In_Reply_To=f"<{ours}>")
        assert received(desk, no).ticket == ticket
        with pytest.raises(Usage) as refused:
            book(desk, ticket, Wish())
        assert refused.value.hint == "Name one of them: --number +491711234567 or +49691234567"

    def test_what_is_dialled_behind_a_number_is_told_to_who_calls(self, place: Place, desk: Desk) -> None:
        a_calling_team(place)
        ticket = a_wish(desk, "Please call +49 69 1234567 ext. 44.")
        book(desk, ticket, Wish(asked="invoice"))
        assert call(desk, ticket).asked == "ext. 44 · invoice"
        other = a_wish(desk)
        book(desk, other, Wish(number="+49 69 7654321 ext. 5"))
        assert (call(desk, other).phone, call(desk, other).asked) == ("+49697654321", "ext. 5")

    def test_who_has_no_name_is_called_by_their_address(self, place: Place, desk: Desk) -> None:
        a_calling_team(place, "anna")
        ticket = a_wish(desk, sender="erika@kunde.example")
        book(desk, ticket, Wish(at=NINE))
        assert banner(call(desk, ticket), NINE).split(" · ")[1:3] == ["erika@kunde.example", "+49 69 1234567"]

    def test_without_a_number_nothing_is_booked(self, place: Place, desk: Desk) -> None:
        a_calling_team(place)
        ticket = a_wish(desk, "Please call me.")
        with pytest.raises(Usage, match="No phone number"):
            book(desk, ticket, Wish())
        assert places(place) == {}

    def test_the_last_place_is_gone_and_the_next_is_named(self, place: Place, desk: Desk, bob: Desk) -> None:
        a_calling_team(place)
        a_call(desk)
        second = a_wish(bob)
        with pytest.raises(Refused, match=r"Tue 2026-11-24 09:00 is full\.") as refused:
            book(bob, second, Wish(at=NINE))
        assert "Mon 2026-11-23 11:30 (2026-11-23T10:30:00Z)" in refused.value.hint
        assert places(place) == {NINE: (1, 1)}
        assert book(bob, second, Wish(at=NINE + SLOT)).tickets == (second,)

    @pytest.mark.parametrize(
        ("at", "why"),
        [
            ("2026-11-23T10:00", "is past"),
            ("2026-11-23T11:15", "is too soon"),
            ("2026-12-24T09:00", "is closed"),
            ("2026-11-24T09:05", "No slot of phones begins"),
            ("2026-11-24T12:00", "No slot of phones begins"),
            ("soon", "is not a time"),
        ],
    )
    def test_a_time_that_cannot_be_booked_is_refused(self, place: Place, desk: Desk, at: str, why: str) -> None:
        a_calling_team(place)
        ticket = a_wish(desk)
        with pytest.raises((Refused, Usage), match=why):
            book(desk, ticket, Wish(at=at))
        assert places(place) == {}

    def test_a_second_call_is_refused_while_one_is_booked(self, place: Place, desk: Desk) -> None:
        a_calling_team(place)
        ticket = a_call(desk)
        with pytest.raises(Refused, match="has a call already: Tue 2026-11-24 09:00"):
            book(desk, ticket, Wish())

    def test_the_assignee_calls_where_they_are_of_the_team(self, place: Place, desk: Desk) -> None:
        a_calling_team(place, "anna")
        for assignee, agent in (("anna", "anna"), ("bob", None)):
            ticket = a_wish(desk)
            assign(desk, [ticket], assignee)
            book(desk, ticket, Wish())
            assert call(desk, ticket).agent == agent

    def test_a_team_is_named_where_several_could_call(self, place: Place, desk: Desk) -> None:
        a_calling_team(place, name="day")
        a_calling_team(place, name="night")
        ticket = a_wish(desk)
        with pytest.raises(Usage, match="which team") as refused:
            book(desk, ticket, Wish())
        assert refused.value.hint == "Teams that call back: day, night"
        book(desk, ticket, Wish(team="night"))
        assert call(desk, ticket).team == "night"

    def test_who_asks_says_which_team_where_nothing_else_does(self, place: Place, desk: Desk, bob: Desk) -> None:
        a_calling_team(place, "bob", name="day")
        a_calling_team(place, "anna", "bob", name="night")
        ticket = a_wish(desk)
        with pytest.raises(Usage, match="which team"):
            book(bob, ticket, Wish())  # of both
        assert desk.ask(call_page, row(desk, ticket).id, bob.actor, MORNING, "DE").team == ""
        assert desk.ask(call_page, row(desk, ticket).id, desk.actor, MORNING, "DE").team == "night"
        book(desk, ticket, Wish())
        assert call(desk, ticket).team == "night"

    @pytest.mark.parametrize("team", ["", "nobody", "idle"])
    def test_a_team_without_times_calls_nobody(self, place: Place, desk: Desk, team: str) -> None:
        add_team(place.desk("root"), "idle")
        with pytest.raises((NotFound, Usage), match="times for callbacks"):
            book(desk, a_wish(desk), Wish(team=team))

    def test_it_moves_with_its_ticket(self, place: Place, desk: Desk) -> None:
        a_calling_team(place)
        ticket = a_call(desk)
        move(desk, [ticket], "billing")
        assert call(desk, ticket).start == NINE


class TestTheLetter:
    """What the customer gets."""

    def test_it_says_when_and_has_an_entry_for_the_calendar(self, place: Place, desk: Desk) -> None:
        a_calling_team(place, "anna")
        ticket = a_call(desk, asked="invoice")
        (mail,) = letters(desk)
        assert mail.to[0].address == "mira@customer.example"
        assert mail.subject == "Re: Bitte um Rückruf"
        assert "Dienstag, 24.11.2026, 09:00 bis 09:15 Uhr (Europe/Berlin)" in mail.text
        assert str(ticket) not in mail.text + mail.subject
        assert mail.auto_submitted == "auto-generated"
        entry = calendar_of(mail)
        assert "METHOD:REQUEST" in entry
        assert "DTSTART:20261124T080000Z" in entry
        assert 'ORGANIZER;CN="Example Support":mailto:support@desk.example' in entry

    def test_it_names_the_city_people_know_a_country_by(self, place: Place, desk: Desk) -> None:
        a_calling_team(place)
        book(desk, a_wish(desk, "Please call me on +44 7911 123456."), Wish(at=NINE))
        assert "08:00 (Europe/London)" in letters(desk)[0].text

    def test_an_answer_to_it_comes_back_to_the_ticket(self, place: Place, desk: Desk) -> None:
        a_calling_team(place)
        ticket = a_call(desk)
        (mail,) = letters(desk)
        answer = a_mail("Besser am Nachmittag.", subject=mail.subject, In_Reply_To=f"<{mail.message_id}>")
        assert received(desk, answer).ticket == ticket

    def test_it_is_in_the_thread_and_no_answer_of_a_person(self, place: Place, desk: Desk) -> None:
        a_calling_team(place)
        ticket = a_call(desk)
        message = thread(desk, ticket)[-1]
        assert (message.is_automatic, message.delivery) == (True, "queued")
        assert [file.name for file in message.files] == ["callback.ics"]
        assert row(desk, ticket).waiting_for == "us"

    def test_moved_and_cancelled_calls_change_the_same_entry(self, place: Place, desk: Desk) -> None:
        a_calling_team(place)
        ticket = a_call(desk)
        move_booking(desk, ticket, NINE + SLOT)
        cancel_booking(desk, ticket)
        entries = [calendar_of(mail) for mail in letters(desk)]
        uids = {line for entry in entries for line in entry.splitlines() if line.startswith("UID:")}
        assert len(uids) == 1
        assert [[word in entry for word in ("METHOD:REQUEST", "METHOD:CANCEL")] for entry in entries] == [
            [True, False], [True, False], [False, True],
        ]  # fmt: skip
        assert [f"SEQUENCE:{n}" in entry for n, entry in enumerate(entries)] == [True] * 3
        assert "DTSTART:20261124T081500Z" in entries[1]
        assert "DTSTART:20261124T081500Z" in entries[2]

    def test_who_has_no_address_gets_none_and_that_is_said(self, place: Place, desk: Desk) -> None:
        a_calling_team(place)
        ticket = a_ticket(desk, "Call me", person=Person("Otto", ""), phone="0170 1234567")
        assert book(desk, ticket, Wish()).text.endswith("no mail goes out: No address of the customer is known.")
        assert letters(desk) == []

    def test_a_queue_without_an_address_sends_none(self, place: Place, desk: Desk) -> None:
        a_calling_team(place)
        ticket = a_ticket(desk, "Call me", queue="silent", phone="0170 1234567")
        assert "no mail goes out: The queue silent has no address" in book(desk, ticket, Wish()).text


class TestMovingAndCancelling:
    """Another time, or none."""

    def test_the_old_place_is_free_again(self, place: Place, desk: Desk) -> None:
        a_calling_team(place)
        ticket = a_call(desk)
        outcome = move_booking(desk, ticket, "2026-11-24T10:00")
        assert outcome.text.startswith(f"Callback for #{ticket} moved to Tue 2026-11-24 10:00, phones")
        assert places(place) == {NINE: (1, 0), NINE + 4 * SLOT: (1, 1)}
        before, after = last_changes(desk, ticket)["callback"]
        assert (before["start"], after["start"]) == ("2026-11-24T08:00:00.000000Z", "2026-11-24T09:00:00.000000Z")

    def test_the_next_free_time_is_later_than_the_present_one(self, place: Place, desk: Desk) -> None:
        a_calling_team(place, plan=PlanFields(hours="mon-fri 09:00-12:00", zone="Europe/Berlin", capacity=2))
        ticket = a_call(desk)
        move_booking(desk, ticket)
        assert call(desk, ticket).start == NINE + SLOT

    def test_where_the_other_is_full_it_keeps_the_one_it_has(self, place: Place, desk: Desk) -> None:
        a_calling_team(place)
        ticket = a_call(desk)
        a_call(desk, NINE + SLOT)
        with pytest.raises(Refused, match="is full"):
            move_booking(desk, ticket, NINE + SLOT)
        assert call(desk, ticket).start == NINE
        assert places(place) == {NINE: (1, 1), NINE + SLOT: (1, 1)}

    @pytest.mark.parametrize("capacity", [1, 2])
    def test_the_same_time_again_is_no_move_and_no_mail(self, place: Place, desk: Desk, capacity: int) -> None:
        a_calling_team(place, plan=PlanFields(hours=BERLIN.hours, zone=BERLIN.zone, capacity=capacity))
        ticket = a_call(desk)
        letters(desk)
        assert move_booking(desk, ticket, NINE).text == "Nothing to change: it is so already."
        assert letters(desk) == []

    def test_its_own_place_is_in_nobodys_way(self, place: Place, desk: Desk) -> None:
        root = a_calling_team(place)
        ticket = a_call(desk)
        set_plan(root, TEAM, PlanFields(slot_minutes=30))
        move_booking(desk, ticket, NINE)
        found = call(desk, ticket)
        assert (found.start, found.end, found.is_overbooked) == (NINE, NINE + 2 * SLOT, False)

    def test_another_team_can_call(self, place: Place, desk: Desk) -> None:
        a_calling_team(place)
        a_calling_team(place, name="night")
        ticket = a_call(desk, team=TEAM)
        move_booking(desk, ticket, NINE, "night")
        assert (call(desk, ticket).team, call(desk, ticket).start) == ("night", NINE)

    @pytest.mark.parametrize(("days", "told"), [(0, [True]), (1, [])])
    def test_a_call_that_was_announced_is_called_off_though_it_was_tried(
        self, place: Place, desk: Desk, days: int, told: list[bool]
    ) -> None:
        a_calling_team(place)
        ticket = a_call(desk)
        letters(desk)
        place.clock.now += timedelta(days=days)
        record_outcome(desk, ticket, Ended(CallOutcome.WRONG_NUMBER))
        cancel_booking(desk, ticket)
        assert ["METHOD:CANCEL" in calendar_of(mail) for mail in letters(desk)] == told

    def test_a_cancelled_call_gives_its_place_back(self, place: Place, desk: Desk) -> None:
        a_calling_team(place)
        ticket = a_call(desk)
        cancel_booking(desk, ticket)
        assert call(desk, ticket).state is CallState.CANCELLED
        assert places(place) == {NINE: (1, 0)}
        with pytest.raises(NotFound):
            cancel_booking(desk, ticket)
        with pytest.raises(NotFound):
            move_booking(desk, ticket)
        book(desk, ticket, Wish(at=NINE))
        assert places(place) == {NINE: (1, 1)}


class TestPlanning:
    """What leads set, and what becomes of what is booked."""

    def test_only_a_lead_plans(self, place: Place, desk: Desk) -> None:
        a_calling_team(place)
        for attempt in (
            lambda: set_plan(desk, TEAM, BERLIN),
            lambda: add_exception(desk, TEAM, NINE.date(), DayException(hours="")),
            lambda: remove_exception(desk, TEAM, NINE.date()),
        ):
            with pytest.raises(Refused, match="Only a lead"):
                attempt()

    def test_a_lead_who_owns_no_database_plans_and_takes_back(self, place: Place, desk: Desk) -> None:
        from helpdesk_tui.desk.settings import set_agent
        from helpdesk_tui.terms import Role

        root = a_calling_team(place)
        set_agent(root, "bob", role=Role.LEAD)
        lead = place.desk("bob")
        set_plan(lead, TEAM, PlanFields(capacity=3))
        add_exception(lead, TEAM, NINE.date(), DayException(capacity=1))
        add_exception(lead, TEAM, NINE.date(), DayException(hours=""))
        assert remove_exception(lead, TEAM, NINE.date()).text == "phones on 2026-11-24: as usual"
        assert desk.ask(week, TEAM, MORNING, NINE.date(), 1).offers[0].free == 3

    def test_what_is_not_named_stays(self, place: Place, desk: Desk) -> None:
        root = a_calling_team(place)
        set_plan(root, TEAM, PlanFields(capacity=4, notice_minutes=0))
        found = desk.ask(week, TEAM, MORNING, NINE.date(), 1)
        assert (len(found.offers), found.zone, found.offers[0].capacity) == (28, "Europe/Berlin", 4)

    def test_fewer_places_leave_what_is_booked_and_say_so(self, place: Place, desk: Desk) -> None:
        root = a_calling_team(place, plan=PlanFields(hours=BERLIN.hours, zone=BERLIN.zone, capacity=2))
        tickets = [a_call(desk), a_call(desk)]
        said = set_plan(root, TEAM, PlanFields(capacity=1)).text
        assert "1 slot is overbooked now" in said
        assert places(place) == {NINE: (1, 2)}
        assert [call(desk, ticket).is_overbooked for ticket in tickets] == [True, True]
        cancel_booking(desk, tickets[0])
        with pytest.raises(Refused, match="is full"):
            book(desk, a_wish(desk), Wish(at=NINE))

    def test_a_closed_day_takes_no_more_and_keeps_what_it_has(self, place: Place, desk: Desk) -> None:
        root = a_calling_team(place)
        ticket = a_call(desk)
        assert "1 slot is overbooked now" in add_exception(root, TEAM, NINE.date(), DayException(hours="")).text
        assert call(desk, ticket).start == NINE
        with pytest.raises(Refused, match="is closed"):
            book(desk, a_wish(desk), Wish(at=NINE + SLOT))

    def test_longer_slots_count_the_calls_of_the_shorter_ones(self, place: Place, desk: Desk) -> None:
        root = a_calling_team(place, plan=PlanFields(hours=BERLIN.hours, zone=BERLIN.zone, capacity=2))
        a_call(desk, NINE + SLOT)
        set_plan(root, TEAM, PlanFields(slot_minutes=30))
        book(desk, a_wish(desk), Wish(at=NINE))
        with pytest.raises(Refused, match="is full"):
            book(desk, a_wish(desk), Wish(at=NINE))
        assert places(place) == {NINE: (1, 1), NINE + SLOT: (0, 1)}

    def test_an_exception_that_is_none_cannot_be_removed(self, place: Place) -> None:
        with pytest.raises(NotFound, match="no exception"):
            remove_exception(a_calling_team(place), TEAM, NINE.date())

    def test_a_plan_that_cannot_be_kept_changes_nothing(self, place: Place, desk: Desk) -> None:
        root = a_calling_team(place)
        with pytest.raises(Usage):
            set_plan(root, TEAM, PlanFields(slot_minutes=1))
        assert len(desk.ask(week, TEAM, MORNING, NINE.date(), 1).offers) == 28


def test_the_week_shows_what_is_taken(place: Place, desk: Desk) -> None:
    a_calling_team(place)
    a_call(desk)
    found = desk.ask(week, TEAM, MORNING, None, 3)
    assert (found.first, found.today) == (MORNING.date(), MORNING.date())
    by_start = {offer.start: offer.state for offer in found.offers}
    assert by_start[NINE] == "full"
    assert by_start[NINE + SLOT] == "free"
    assert by_start[MORNING - timedelta(hours=1)] == "past"
    assert by_start[MORNING + SLOT] == "too_soon"
