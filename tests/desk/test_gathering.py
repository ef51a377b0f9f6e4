"""Storms, machines and alerts: one entry or one ticket of what is alike, every original kept, never an answer."""

from __future__ import annotations

import os
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from helpdesk_tui.config import MailboxSettings
from helpdesk_tui.desk.conversation import reply
from helpdesk_tui.desk.door import Desk
from helpdesk_tui.desk.gathering import FLOOD_ALIKE, FLOOD_ANY
from helpdesk_tui.desk.history import undo
from helpdesk_tui.desk.mailroom import ArrivedMail, file_each, keep
from helpdesk_tui.desk.merging import merge
from helpdesk_tui.desk.queue_mail import QueueMail, set_queue_mail
from helpdesk_tui.desk.tickets import move, set_status
from helpdesk_tui.mail.readers import Readers
from helpdesk_tui.store.queries.aside import Aside, aside_counts
from helpdesk_tui.store.queries.mail import mail_account
from helpdesk_tui.store.queries.why import why
from helpdesk_tui.terms import SYSTEM, Authenticity, FiledMail, Person, Status
from tests.build import (
    MAILBOX,
    MIRA,
    Place,
    Proves,
    a_mail,
    an_incoming,
    filed,
    listed,
    received,
    row,
    sql,
    thread,
)
from tests.desk.test_aside import a_bounce, a_newsletter, only

IS_LONG = bool(os.environ.get("HELPDESK_LONG"))
#: As many as come within a minute when somebody sends in our name; `make test` takes a few of them.
BOUNCES = 10_000 if IS_LONG else 300
BOSS = Person("Bea Boss", "bea@partner.example")


def an_alert(state: str, service: str = "disk", **more: str) -> bytes:
    """What a monitoring system says of a service."""
    return a_mail(
        f"Service: {service}",
        sender="Monitoring <nagios@monitor.example>",
        subject=f"** {state} Service Alert: mail01/{service} is {'OK' if state == 'RECOVERY' else 'CRITICAL'} **",
        Auto_Submitted="auto-generated",
        **more,
    )


def of(sender: Person, at: int, **more: Any) -> dict[str, Any]:
    return {"sender": sender, "subject": "Order", "text": f"Order {at}", **more}


def poured(desk: Desk, sender: Person, count: int, **more: Any) -> list[FiledMail]:
    """As many mails of one sender, one after the other."""
    return [filed(desk, an_incoming(**of(sender, at, **more))) for at in range(count)]


def counted(mails: list[FiledMail]) -> dict[str, int]:
    """How many ended in which way; a new ticket is one, be it linked to another of the same subject or not."""
    return dict(Counter(str(one.disposition).replace("linked", "new") for one in mails))


class TestBackscatter:
    """Bounces of mails that are not ours stand as one entry, however many come."""

    def test_a_storm_of_bounces_is_one_entry_and_no_answer(self, desk: Desk, admin: Desk, proves: Proves) -> None:
        set_queue_mail(admin, "support", QueueMail(confirms=True))
        for at in range(BOUNCES):
            received(desk, a_bounce(at))
        assert only(desk, Aside.BACKSCATTER).count == BOUNCES
        assert desk.ask(aside_counts) == {Aside.BACKSCATTER: 1}
        assert listed(desk, "is:any") == []
        for table, rows in (("outbox", 0), ("message", 0), ("raw_message", BOUNCES), ("mail_group", 1)):
            assert sql(desk.store, f"SELECT count(*) FROM {table}") == [(rows,)], table
        account = desk.ask(mail_account)
        assert (account.lost, account.by_disposition) == (0, {"bounce": BOUNCES})
        proves("bounces in one entry", BOUNCES)

    def test_two_pollers_that_count_in_one_entry_lose_nothing(self, place: Place) -> None:
        desks, each = [place.desk(login) for login in ("anna", "bob", "anna", "bob")], 25

        def poll(at: int) -> None:
            with Readers(1) as readers:
                for n in range(each):
                    received(desks[at], a_bounce(at * each + n), f"mailbox {at}", readers=readers)

        with ThreadPoolExecutor(len(desks)) as pool:
            list(pool.map(poll, range(len(desks))))
        assert only(desks[0], Aside.BACKSCATTER).count == len(desks) * each
        assert sql(place.store(), "SELECT count(*) FROM mail_group") == [(1,)]


class TestMachines:
    """What a machine writes is one entry, or one ticket where the queue wants that."""

    def test_a_weekly_mail_is_one_entry(self, desk: Desk, place: Place) -> None:
        for week in range(8):
            received(desk, a_newsletter(week))
            place.clock.advance(days=7)
        assert only(desk, Aside.ROBOTS).count == 8

    def test_after_a_long_silence_it_begins_anew(self, desk: Desk, place: Place) -> None:
        received(desk, a_newsletter(1))
        place.clock.advance(days=31)
        received(desk, a_newsletter(2))
        assert only(desk, Aside.ROBOTS).count == 1
        assert sql(desk.store, "SELECT count(*) FROM mail_group") == [(2,)]


class TestAlerts:
    """The problem and the recovery of one matter are one entry, or one ticket."""

    @pytest.fixture(autouse=True)
    def tickets(self, admin: Desk) -> None:
        set_queue_mail(admin, "support", QueueMail(robots="ticket"))

    def test_a_ticket_follows_its_alert(self, desk: Desk) -> None:
        first = received(desk, an_alert("PROBLEM"))
        number = first.ticket or 0
        assert (first.disposition, row(desk, number).status) == ("robot", Status.NEW)
        again = received(desk, an_alert("PROBLEM"))
        assert (again.disposition, again.ticket, len(thread(desk, number))) == ("folded", number, 1)
        over = received(desk, an_alert("RECOVERY"))
        assert (over.disposition, over.ticket, row(desk, number).status) == ("appended", number, Status.SOLVED)
        assert received(desk, an_alert("RECOVERY")).disposition == "folded"
        anew = received(desk, an_alert("PROBLEM"))
        assert (anew.disposition, anew.ticket, row(desk, number).status) == ("appended", number, Status.OPEN)
        assert len(thread(desk, number)) == 3
        found = desk.ask(why, anew.message or 0).counted_in
        assert found is not None
        assert (found.kind, found.count, found.ticket) == ("alert", 5, number)

    def test_a_forged_one_neither_ends_nor_hides_nor_takes_up_the_real_one(self, place: Place, desk: Desk) -> None:
        """By the word of the border server about who sent it."""
        checked = MailboxSettings("inbox", authserv_id="mx.desk.example", own_hops=0)
        desk = replace(desk, settings=replace(desk.settings, mailboxes=(checked,)))

        def comes(state: str, verdict: str) -> FiledMail:
            result = f"mx.desk.example; dmarc={verdict} header.from=monitor.example"
            return received(desk, an_alert(state, Authentication_Results=result), "inbox")

        forged = comes("PROBLEM", "fail").ticket or 0
        assert "probably forged" in " ".join(thread(desk, forged)[0].remarks)
        real = comes("PROBLEM", "pass")
        assert (real.disposition, real.ticket == forged) == ("robot", False)
        for verdict in ("fail", "none"):
            comes("RECOVERY", verdict)
            assert row(desk, real.ticket or 0).status == Status.NEW
        comes("RECOVERY", "pass")
        assert row(desk, real.ticket or 0).status == Status.SOLVED
        comes("PROBLEM", "fail")
        assert row(desk, real.ticket or 0).status == Status.SOLVED

    def test_a_recovery_without_a_problem_stays_in_the_list(self, desk: Desk) -> None:
        for _night in range(3):
            received(desk, an_alert("RECOVERY"))
        assert (only(desk, Aside.ROBOTS).count, listed(desk, "is:any")) == (3, [])

    def test_reports_with_other_words_are_all_shown(self, desk: Desk) -> None:
        def order(words: str) -> FiledMail:
            return received(
                desk, a_mail(words, sender="shop@x.example", subject="New order", Auto_Submitted="auto-generated")
            )

        number = order("Order 1: paper").ticket or 0
        assert [order(words).disposition for words in ("Order 2: pens", "Order 2: pens", "Order 3: ink")] == [
            "appended", "folded", "appended",
        ]  # fmt: skip
        assert [one.text for one in thread(desk, number)] == ["Order 1: paper", "Order 2: pens", "Order 3: ink"]
        set_status(desk, [number], Status.SOLVED)
        order("Order 4: glue")
        assert row(desk, number).status == Status.OPEN

    def test_very_many_reports_are_not_all_shown(self, desk: Desk) -> None:
        def order(at: int) -> FiledMail:
            report = {"subject": "New order", "text": f"Order {at}", "auto_submitted": "auto-generated"}
            return filed(desk, an_incoming(sender=BOSS, **report))

        ends = Counter(order(at).disposition for at in range(FLOOD_ALIKE + 20))
        assert ends["folded"] >= 19
        assert sum(ends.values()) == FLOOD_ALIKE + 20

    def test_another_matter_is_another_ticket(self, desk: Desk) -> None:
        tickets = {received(desk, an_alert("PROBLEM", one)).ticket for one in ("disk", "load", "disk")}
        assert len(tickets) == 2

    def test_once_its_ticket_is_closed_a_problem_is_a_new_one(self, desk: Desk) -> None:
        number = received(desk, an_alert("PROBLEM")).ticket or 0
        set_status(desk, [number], Status.CLOSED)
        assert received(desk, an_alert("PROBLEM")).ticket not in (None, number)

    def test_a_ticket_that_was_moved_is_found_again(self, desk: Desk) -> None:
        number = received(desk, an_alert("PROBLEM")).ticket or 0
        move(desk, [number], "billing")
        assert received(desk, an_alert("RECOVERY")).ticket == number
        assert (row(desk, number).queue, row(desk, number).status) == ("billing", Status.SOLVED)

    def test_a_ticket_moves_to_where_the_same_alert_has_one(self, desk: Desk, admin: Desk) -> None:
        set_queue_mail(admin, "billing", QueueMail(robots="ticket"))
        here = received(desk, an_alert("PROBLEM")).ticket or 0
        there = received(desk, an_alert("PROBLEM"), "other", to_queue="billing").ticket or 0
        assert here != there
        move(desk, [here], "billing")
        assert (row(desk, here).queue, row(desk, there).queue) == ("billing", "billing")

    def test_a_recovery_solves_no_ticket_that_its_own_was_merged_into(self, desk: Desk) -> None:
        alert, request = received(desk, an_alert("PROBLEM")).ticket or 0, filed(desk, an_incoming()).ticket or 0
        merge(desk, alert, request)
        assert received(desk, an_alert("PROBLEM")).ticket == request
        over = received(desk, an_alert("RECOVERY"))
        assert (over.disposition, over.ticket, row(desk, request).status) == ("appended", request, Status.NEW)
        undo(desk)
        again = received(desk, an_alert("RECOVERY"))
        assert (again.ticket, row(desk, alert).status) == (alert, Status.SOLVED)

    def test_tickets_of_the_same_alert_in_two_queues_are_merged_and_parted(self, desk: Desk, admin: Desk) -> None:
        set_queue_mail(admin, "billing", QueueMail(robots="ticket"))
        here = received(desk, an_alert("PROBLEM")).ticket or 0
        there = received(desk, an_alert("PROBLEM"), "other", to_queue="billing").ticket or 0
        merge(desk, here, there)
        assert received(desk, an_alert("PROBLEM")).ticket == there
        undo(desk)
        assert received(desk, an_alert("RECOVERY")).ticket == here

    def test_where_machines_go_aside_it_is_an_entry_that_a_recovery_ends(self, desk: Desk, admin: Desk) -> None:
        set_queue_mail(admin, "support", QueueMail(robots="aside"))
        received(desk, an_alert("PROBLEM"))
        received(desk, an_alert("PROBLEM"))
        assert only(desk, Aside.ROBOTS).count == 2
        received(desk, an_alert("RECOVERY"))
        assert (desk.ask(aside_counts), listed(desk, "is:any")) == ({}, [])


class TestFloods:
    """Very many mails of one sender within the hour are one ticket more, and all are kept."""

    def test_what_is_too_much_is_folded_and_kept(self, desk: Desk) -> None:
        mails = poured(desk, MIRA, FLOOD_ALIKE + 30)
        assert counted(mails) == {"new": FLOOD_ALIKE + 1, "folded": 29}
        last = mails[FLOOD_ALIKE].ticket or 0
        assert {one.ticket for one in mails[FLOOD_ALIKE:]} == {last}
        assert "very many mails" in " ".join(thread(desk, last)[0].remarks)
        assert sql(desk.store, "SELECT count(*) FROM raw_message") == [(FLOOD_ALIKE + 30,)]
        found = only(desk, Aside.FLOODS)
        assert (found.count, found.ticket, found.sender.address) == (30, last, MIRA.address)
        assert desk.ask(mail_account).lost == 0

    def test_two_senders_have_two_floods(self, desk: Desk) -> None:
        mira, boss = poured(desk, MIRA, FLOOD_ALIKE + 2), poured(desk, BOSS, FLOOD_ALIKE + 2)
        assert counted(mira) == counted(boss) == {"new": FLOOD_ALIKE + 1, "folded": 1}
        assert mira[-1].ticket != boss[-1].ticket

    def test_who_names_no_address_is_a_flood_as_well(self, desk: Desk) -> None:
        assert counted(poured(desk, Person("", ""), FLOOD_ALIKE + 5)) == {"new": FLOOD_ALIKE + 1, "folded": 4}

    @pytest.mark.parametrize("sender", [MIRA, Person("", "")])
    def test_it_is_noticed_among_mails_that_are_filed_together(self, desk: Desk, sender: Person) -> None:
        system, count = desk.acting_as(SYSTEM), FLOOD_ALIKE + 5
        contents = [ArrivedMail(f"mail {at}".encode(), desk.clock()) for at in range(count)]
        kept = [one.raw_id for one in keep(system, MAILBOX, contents)]
        mails = [an_incoming(**of(sender, at)) for at in range(count)]
        assert counted(file_each(system, list(zip(kept, mails, strict=True)))) == {"new": FLOOD_ALIKE + 1, "folded": 4}

    def test_who_writes_slowly_is_no_flood(self, desk: Desk, place: Place) -> None:
        mails = []
        for _mail in range(FLOOD_ALIKE + 5):
            mails += poured(desk, MIRA, 1)
            place.clock.advance(minutes=2)
        assert counted(mails) == {"new": FLOOD_ALIKE + 5}

    def test_an_hour_later_it_is_over(self, desk: Desk, place: Place) -> None:
        poured(desk, MIRA, FLOOD_ALIKE + 2)
        place.clock.advance(minutes=61)
        assert counted(poured(desk, MIRA, 1)) == {"new": 1}

    @pytest.mark.long
    @pytest.mark.skipif(not IS_LONG, reason="a part of the long run: HELPDESK_LONG=1")
    def test_as_many_of_different_subjects_are_none_until_there_are_far_more(self, desk: Desk) -> None:
        mails = [filed(desk, an_incoming(**of(BOSS, at, subject=f"Matter {at}x"))) for at in range(FLOOD_ANY + 2)]
        assert counted(mails) == {"new": FLOOD_ANY + 1, "folded": 1}

    def test_an_answer_during_a_flood_is_seen_where_it_belongs(self, desk: Desk) -> None:
        number = filed(desk, an_incoming(subject="Printer")).ticket or 0
        reply(desk, number, "Is it on?")
        ours = thread(desk, number)[-1].message_id
        poured(desk, MIRA, FLOOD_ALIKE + 5)
        answer = filed(desk, an_incoming(subject="Re: Printer", text="Yes.", in_reply_to=(ours,)))
        assert (answer.disposition, answer.ticket) == ("appended", number)

    def test_answers_without_end_are_a_flood_of_their_ticket(self, desk: Desk) -> None:
        number = filed(desk, an_incoming(subject="Printer")).ticket or 0
        reply(desk, number, "Is it on?")
        ours = thread(desk, number)[-1].message_id
        mails = poured(desk, MIRA, FLOOD_ALIKE + 20, in_reply_to=(ours,))
        assert counted(mails) == {"appended": FLOOD_ALIKE + 1, "folded": 19}
        assert {one.ticket for one in mails} == {number}

    def test_what_is_forged_in_somebodys_name_folds_no_mail_of_theirs(self, desk: Desk) -> None:
        poured(desk, MIRA, FLOOD_ALIKE + 5, authenticity=Authenticity.NONE)
        genuine = filed(desk, an_incoming(**of(MIRA, 1, authenticity=Authenticity.PASS)))
        assert counted([genuine]) == {"new": 1}
