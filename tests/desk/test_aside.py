"""What was kept aside: four lists, a ticket of an entry, an entry put away, and all of it taken back."""

from __future__ import annotations

import pytest

from helpdesk_tui.desk.aside import dismiss
from helpdesk_tui.desk.conversation import reply
from helpdesk_tui.desk.door import Desk
from helpdesk_tui.desk.history import redo, undo
from helpdesk_tui.desk.mailroom import ArrivedMail, keep
from helpdesk_tui.desk.tickets import set_priority, set_status
from helpdesk_tui.errors import CannotUndo, HelpdeskError, NotFound, Refused
from helpdesk_tui.mail.again import read_again, ticket_of
from helpdesk_tui.store.queries.aside import Aside, AsideRow, aside_counts, aside_rows
from helpdesk_tui.store.queries.mail import mail_account
from helpdesk_tui.store.queries.why import why
from helpdesk_tui.terms import SYSTEM, Priority, Status
from tests.build import MAILBOX, FrozenClock, Place, a_mail, everything, listed, received, row, sql, thread
from tests.store.secrets import HR, a_secret, set_up_hr

#: A mail in which nothing can be read.
NOTHING = b"\n\n"


def a_newsletter(week: int = 1, **more: str) -> bytes:
    return a_mail(
        f"All about week {week}.",
        sender="News <news@shop.example>",
        subject=f"Weekly news {week}",
        Auto_Submitted="auto-generated",
        **more,
    )


def a_bounce(at: int = 1) -> bytes:
    """A report on a mail that is not ours."""
    return (
        f"From: MAILER-DAEMON@mx{at}.example\r\nTo: support@desk.example\r\nSubject: Undelivered Mail\r\n"
        f"Message-ID: <bounce-{at}@mx.example>\r\nAuto-Submitted: auto-replied\r\n"
        'MIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: text/plain\r\n\r\nIt was not delivered.\r\n"
        "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n\r\n"
        f"Final-Recipient: rfc822; nobody{at}@mx.example\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n--b--\r\n"
    ).encode()


def entries(desk: Desk, aside: Aside) -> list[AsideRow]:
    return desk.ask(aside_rows, aside)


def only(desk: Desk, aside: Aside) -> AsideRow:
    (found,) = entries(desk, aside)
    return found


class TestLists:
    """Each mail that became no ticket stands in one list, with those like it."""

    def test_nothing_is_aside_on_the_first_day(self, desk: Desk) -> None:
        received(desk, a_mail())
        assert desk.ask(aside_counts) == {}
        assert [entries(desk, one) for one in Aside] == [[], [], [], []]

    def test_what_is_alike_is_one_entry_named_by_its_newest_mail(self, desk: Desk) -> None:
        for week in (1, 2, 3):
            newest = received(desk, a_newsletter(week))
        found = only(desk, Aside.ROBOTS)
        assert (found.mail, found.count, found.subject) == (newest.raw_id, 3, "Weekly news 3")
        assert found.sender.address == "news@shop.example"

    def test_each_list_is_counted(self, desk: Desk) -> None:
        received(desk, a_newsletter())
        received(desk, a_bounce(1))
        received(desk, a_bounce(2))
        received(desk, NOTHING)
        assert desk.ask(aside_counts) == {Aside.QUARANTINE: 1, Aside.ROBOTS: 1, Aside.BACKSCATTER: 1}
        assert only(desk, Aside.BACKSCATTER).count == 2
        assert "neither a sender nor any text" in only(desk, Aside.QUARANTINE).reason

    def test_the_newest_stands_first(self, desk: Desk, place: Place) -> None:
        for name in ("a", "b", "a"):
            place.clock.advance(minutes=1)
            received(desk, a_mail(sender=f"{name}@shop.example", subject="News", Auto_Submitted="auto-generated"))
        assert [one.sender.address for one in entries(desk, Aside.ROBOTS)] == ["a@shop.example", "b@shop.example"]


class TestTicket:
    """One key makes a ticket of an entry, and what comes like it goes on there."""

    def test_the_mail_opens_an_ordinary_ticket_and_nobody_gets_an_answer(self, desk: Desk) -> None:
        mail = received(desk, a_newsletter()).raw_id or 0
        outcome = desk.do(ticket_of, mail)
        (number,) = outcome.tickets
        assert (row(desk, number).subject, row(desk, number).status) == ("Weekly news 1", Status.NEW)
        assert [one.text.strip() for one in thread(desk, number)] == ["All about week 1."]
        assert desk.ask(aside_counts) == {}
        assert sql(desk.store, "SELECT count(*) FROM outbox") == [(0,)]
        account = desk.ask(mail_account)
        assert (account.lost, account.by_disposition) == (0, {"new": 1})

    @pytest.mark.parametrize(
        ("raw", "again", "fate"),
        [(a_newsletter(1), a_newsletter(2), "appended"), (a_bounce(1), a_bounce(2), "folded")],
        ids=["with other words", "of no other use"],
    )
    def test_what_comes_like_it_goes_on_there(self, desk: Desk, raw: bytes, again: bytes, fate: str) -> None:
        (number,) = desk.do(ticket_of, received(desk, raw).raw_id or 0).tickets
        filed = received(desk, again)
        assert (filed.disposition, filed.ticket) == (fate, number)
        assert len(thread(desk, number)) == (2 if fate == "appended" else 1)
        assert desk.ask(aside_counts) == {}

    def test_once_its_ticket_is_closed_the_next_is_a_new_entry(self, desk: Desk) -> None:
        (number,) = desk.do(ticket_of, received(desk, a_newsletter(1)).raw_id or 0).tickets
        set_status(desk, [number], Status.CLOSED)
        assert received(desk, a_newsletter(2)).ticket is None
        assert only(desk, Aside.ROBOTS).count == 1

    def test_of_what_cannot_be_read_the_ticket_has_the_original(self, desk: Desk) -> None:
        mail = received(desk, NOTHING).raw_id or 0
        (number,) = desk.do(ticket_of, mail).tickets
        (message,) = thread(desk, number)
        assert [(one.name, one.content_type, one.size) for one in message.files] == [
            ("original.eml", "message/rfc822", len(NOTHING))
        ]
        assert "neither a sender" in " ".join(message.remarks)
        assert desk.ask(aside_counts) == {}

    def test_it_is_made_once(self, desk: Desk) -> None:
        mail = received(desk, a_newsletter()).raw_id or 0
        (number,) = desk.do(ticket_of, mail).tickets
        before = everything(desk.store)
        with pytest.raises(Refused, match=f"in #{number} already"):
            desk.do(ticket_of, mail)
        assert everything(desk.store) == before

    def test_undo_lets_the_entry_wait_again_and_redo_takes_it_up(self, desk: Desk) -> None:
        mail = received(desk, a_newsletter()).raw_id or 0
        (number,) = desk.do(ticket_of, mail).tickets
        undo(desk)
        assert (row(desk, number).status, only(desk, Aside.ROBOTS).count) == (Status.CANCELLED, 1)
        redo(desk)
        assert (row(desk, number).status, desk.ask(aside_counts)) == (Status.NEW, {})
        undo(desk)
        assert desk.do(ticket_of, mail).tickets == (number,)
        assert (row(desk, number).status, desk.ask(aside_counts)) == (Status.NEW, {})

    def test_where_work_has_begun_undo_takes_that_back_first(self, desk: Desk) -> None:
        (number,) = desk.do(ticket_of, received(desk, a_newsletter()).raw_id or 0).tickets
        set_status(desk, [number], Status.OPEN)
        undo(desk)
        undo(desk)
        assert row(desk, number).status is Status.CANCELLED

    def test_what_a_colleague_has_begun_stays_and_its_entry_with_it(self, desk: Desk, bob: Desk) -> None:
        (number,) = desk.do(ticket_of, received(desk, a_newsletter()).raw_id or 0).tickets
        set_status(bob, [number], Status.OPEN)
        assert "left alone" in undo(desk).text
        assert (row(desk, number).status, desk.ask(aside_counts)) == (Status.OPEN, {})

    def test_a_mail_that_is_not_there_is_named(self, desk: Desk) -> None:
        for mail in (987_003, 1_000_987_004):
            with pytest.raises(NotFound, match=f"There is no mail {mail}"):
                desk.do(ticket_of, mail)
            with pytest.raises(NotFound, match=f"There is no mail {mail}"):
                desk.do(dismiss, mail)


def test_a_batch_id_repeats_the_same_call_and_no_other(desk: Desk) -> None:
    first, second = received(desk, a_newsletter()).raw_id or 0, received(desk, a_bounce()).raw_id or 0
    for verb, batch in ((ticket_of, "one"), (dismiss, "two")):
        outcome = desk.in_batch(batch).do(verb, first if verb is ticket_of else second)
        assert desk.in_batch(batch).do(verb, first if verb is ticket_of else second) == outcome
        with pytest.raises(Refused, match="was used for something else"):
            desk.in_batch(batch).do(verb, second if verb is ticket_of else first)


class TestPuttingAway:
    """An entry that is put away is gone from its list, and its mails stay."""

    @pytest.mark.parametrize("raw", [a_newsletter(), a_bounce(), NOTHING], ids=["robot", "bounce", "unread"])
    def test_it_is_gone_and_undo_brings_it_back(self, desk: Desk, raw: bytes) -> None:
        mail = received(desk, raw).raw_id or 0
        before = desk.ask(aside_counts)
        desk.do(dismiss, mail)
        assert desk.ask(aside_counts) == {}
        assert desk.ask(why, mail).is_aside is False
        undo(desk)
        assert desk.ask(aside_counts) == before
        redo(desk)
        assert desk.ask(aside_counts) == {}
        undo(desk)
        assert desk.ask(aside_counts) == before

    def test_what_comes_like_it_begins_a_new_entry_and_then_undo_says_so(self, desk: Desk, clock: FrozenClock) -> None:
        number = received(desk, a_mail()).ticket or 0
        set_priority(desk, [number], Priority.URGENT)
        clock.advance(minutes=1)
        desk.do(dismiss, received(desk, a_newsletter(1)).raw_id or 0)
        received(desk, a_newsletter(2))
        assert only(desk, Aside.ROBOTS).count == 1
        with pytest.raises(CannotUndo, match="begun a new entry") as refused:
            undo(desk)
        assert "priority urgent" in undo(desk, but={refused.value.batch}).text, "one can step over it"

    def test_what_waits_in_no_list_cannot_be_put_away(self, desk: Desk) -> None:
        with pytest.raises(Refused, match="waits in no list"):
            desk.do(dismiss, received(desk, a_mail()).raw_id or 0)

    def test_undo_goes_through_tickets_and_entries_in_the_order_they_were_touched(
        self, desk: Desk, place: Place
    ) -> None:
        mail, number = received(desk, a_newsletter()).raw_id or 0, received(desk, a_mail()).ticket or 0
        set_status(desk, [number], Status.OPEN)
        place.clock.advance(minutes=1)
        dismiss(desk, mail)
        place.clock.advance(minutes=1)
        set_status(desk, [number], Status.SOLVED)
        undo(desk)
        assert (row(desk, number).status, desk.ask(aside_counts)) == (Status.OPEN, {})
        undo(desk)
        assert (row(desk, number).status, desk.ask(aside_counts)) == (Status.OPEN, {Aside.ROBOTS: 1})
        undo(desk)
        assert row(desk, number).status is Status.NEW


def test_who_does_not_belong_there_finds_and_changes_nothing(place: Place) -> None:
    set_up_hr(place)
    hidden = a_secret(place)
    anna, bob = place.desk("anna"), place.desk("bob")
    aside = [one for kind in Aside for one in entries(anna, kind)]
    assert len(aside) >= 2
    assert (bob.ask(aside_counts), [entries(bob, kind) for kind in Aside]) == ({}, [[], [], [], []])
    before = everything(place.store())
    for mail in (hidden.raw, hidden.message, *(one.mail for one in aside)):
        for verb in (ticket_of, dismiss):
            with pytest.raises(NotFound, match=f"There is no mail {mail}"):
                bob.do(verb, mail)
        with pytest.raises(HelpdeskError):
            bob.ask(why, mail)
    assert everything(place.store()) == before


@pytest.mark.parametrize("raw", [b"", NOTHING, b"From: a@b.example\nSubject: =?utf-8?q?Hello?=\n", b"\x00" * 1000])
def test_any_bytes_make_a_mail(desk: Desk, raw: bytes) -> None:
    (kept,) = keep(desk.acting_as(SYSTEM), MAILBOX, [ArrivedMail(raw, desk.clock())])
    mail = read_again(desk, kept.raw_id, raw)
    assert mail.subject
    assert mail.files or mail.text or mail.sender.address


def test_a_mail_of_another_queue_becomes_a_ticket_there(place: Place) -> None:
    set_up_hr(place)
    anna = place.desk("anna")
    mail = received(anna, a_newsletter(to=HR)).raw_id or 0
    (number,) = anna.do(ticket_of, mail).tickets
    assert (row(anna, number).queue, listed(place.desk("bob"), "is:any")) == ("hr", [])


def test_an_answer_of_ours_is_explained_too(desk: Desk) -> None:
    number = received(desk, a_mail()).ticket or 0
    reply(desk, number, "Is it on?")
    with pytest.raises(NotFound):
        desk.ask(why, thread(desk, number)[-1].id)


def test_who_does_not_see_all_makes_a_ticket_of_what_they_see(place: Place) -> None:
    """A number that no ticket has yet is shown to nobody who does not see all."""
    set_up_hr(place)
    bob = place.desk("bob")
    mail = received(bob, a_newsletter()).raw_id or 0
    number = ticket_of(bob, mail).tickets[0]
    assert row(bob, number).subject == "Weekly news 1"
