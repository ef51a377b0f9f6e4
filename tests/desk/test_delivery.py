"""The outbox: claimed before a server hears of a mail, its fate written down after."""

from __future__ import annotations

from datetime import timedelta

import pytest

from helpdesk_tui.desk.conversation import note, reply
from helpdesk_tui.desk.copies import lies_there
from helpdesk_tui.desk.delivery import Letter, claim, conclude, doubt_interrupted, pause_after
from helpdesk_tui.desk.door import Desk
from helpdesk_tui.desk.history import redo, undo
from helpdesk_tui.desk.merging import merge
from helpdesk_tui.desk.outreach import LoggedCall, forward, log_call
from helpdesk_tui.desk.resending import edit_instead, send_again
from helpdesk_tui.desk.sending import Sending
from helpdesk_tui.desk.tickets import set_status
from helpdesk_tui.errors import Refused
from helpdesk_tui.store.queries.mail import outbox
from helpdesk_tui.store.queries.thread import drafts, raw_of_message
from helpdesk_tui.store.transaction import reading
from helpdesk_tui.terms import SYSTEM, CallDirection, OutboxState, Person, Refusal, Status
from tests.build import (
    MIRA,
    STRANGER,
    FrozenClock,
    a_ticket,
    an_incoming,
    filed,
    history,
    letter_bytes,
    listed,
    row,
    sql,
    thread,
)


@pytest.fixture
def number(desk: Desk) -> int:
    """A ticket with a reply that waits to be sent."""
    number = filed(desk, an_incoming()).ticket or 0
    reply(desk, number, "Is it on?")
    return number


def states(desk: Desk) -> list[str]:
    """How far each mail has come."""
    return [entry.state for entry in desk.ask(outbox)]


@pytest.mark.usefixtures("number")
def test_a_claimed_mail_is_nobody_elses(desk: Desk, system: Desk) -> None:
    assert claim(system, letter_bytes)
    assert states(desk) == ["sending"]
    assert claim(system, letter_bytes) is None


def test_the_bytes_of_a_sent_mail_are_kept(desk: Desk, system: Desk, number: int) -> None:
    mail = claim(system, letter_bytes)
    assert mail
    conclude(system, mail.outbox_id, OutboxState.SENT)
    with reading(desk.store, SYSTEM) as session:
        assert b"".join(raw_of_message(session, thread(desk, number)[-1].id)) == mail.content
    assert thread(desk, number)[-1].delivery == "sent"


@pytest.mark.parametrize("state", [OutboxState.SENT, OutboxState.FAILED, OutboxState.UNSURE])
def test_the_fate_of_a_mail_is_an_event_of_its_ticket(
    desk: Desk, system: Desk, number: int, state: OutboxState
) -> None:
    mail = claim(system, letter_bytes)
    assert mail
    conclude(system, mail.outbox_id, state, "550 no such user")
    assert states(desk) == [state]
    event = history(desk, number)[-1]
    assert (event.actor, event.verb) == ("system", "delivery")
    assert event.changes["delivery"] == ["sending", state]
    assert thread(desk, number)[-1].delivery_words == "550 no such user"
    assert listed(desk, "is:failed") == ([] if state is OutboxState.SENT else [number])


@pytest.mark.usefixtures("number")
def test_a_mail_to_be_tried_again_waits_longer_each_time(desk: Desk, system: Desk, clock: FrozenClock) -> None:
    bytes_seen = set()
    for minutes in (1, 2, 4, 8, 16, 32, 60, 60):
        mail = claim(system, letter_bytes)
        assert mail
        bytes_seen.add(mail.content)
        conclude(system, mail.outbox_id, OutboxState.QUEUED, "451 later")
        clock.advance(minutes=minutes, seconds=-1)
        assert claim(system, letter_bytes) is None
        clock.advance(seconds=1)
    assert len(bytes_seen) == 1
    assert states(desk) == ["queued"]


@pytest.mark.parametrize(("tries", "minutes"), [(0, 1), (1, 1), (2, 2), (3, 4), (7, 60), (1000, 60)])
def test_pauses(tries: int, minutes: int) -> None:
    assert pause_after(tries) == timedelta(minutes=minutes)


@pytest.mark.usefixtures("number")
def test_a_mail_whose_sender_died_is_in_doubt_and_not_sent_again(desk: Desk, system: Desk) -> None:
    claim(system, letter_bytes)
    assert doubt_interrupted(system) == 1
    assert doubt_interrupted(system) == 0
    assert states(desk) == ["unsure"]
    assert claim(system, letter_bytes) is None


def test_a_mail_that_cannot_be_written_fails_and_the_next_one_leaves(desk: Desk, system: Desk, number: int) -> None:
    def refuse_first(letter: Letter) -> bytes:
        if letter.text == "Is it on?":
            raise Refused("mira@ cannot be written to.", "")
        return letter_bytes(letter)

    reply(desk, number, "second")
    mail = claim(system, refuse_first)
    assert mail
    assert b"second" in mail.content
    assert states(desk) == ["failed", "sending"]
    assert thread(desk, number)[-2].delivery_words == "mira@ cannot be written to."


def test_whatever_breaks_while_a_mail_is_written_the_next_one_leaves(desk: Desk, system: Desk, number: int) -> None:
    def stumble_over_first(letter: Letter) -> bytes:
        if letter.text == "Is it on?":
            raise UnboundLocalError
        return letter_bytes(letter)

    reply(desk, number, "second")
    mail = claim(system, stumble_over_first)
    assert mail
    assert b"second" in mail.content
    assert states(desk) == ["failed", "sending"]
    assert "could not be written (UnboundLocalError)" in thread(desk, number)[-2].delivery_words


def test_mails_leave_in_the_order_they_were_written(desk: Desk, system: Desk, number: int) -> None:
    for text in ("two", "three"):
        reply(desk, number, text)
    mails = [claim(system, letter_bytes) for _ in range(3)]
    assert [mail.content.split()[-1] for mail in mails if mail] == [b"on?", b"two", b"three"]


@pytest.mark.usefixtures("number")
def test_an_agent_does_not_write_down_what_became_of_a_mail(desk: Desk, system: Desk) -> None:
    mail = claim(system, letter_bytes)
    assert mail
    with pytest.raises(Refused):
        conclude(desk, mail.outbox_id, OutboxState.SENT)


def test_a_copy_of_an_earlier_time_does_not_say_that_the_others_got_it(desk: Desk, system: Desk) -> None:
    number = filed(desk, an_incoming()).ticket or 0
    reply(desk, number, "Hello", cc=[STRANGER])
    assert claim(system, letter_bytes)
    for statement in (
        "UPDATE outbox SET state = 'unsure'",
        "UPDATE outbox_recipient SET state = 'sent'",
        f"UPDATE outbox_recipient SET state = 'unsure' WHERE address = '{STRANGER.address}'",
    ):
        sql(desk.store, statement)
    ((entry,),) = sql(desk.store, "SELECT id FROM outbox")
    lies_there(system, entry)
    states = dict(sql(desk.store, "SELECT address, state FROM outbox_recipient"))
    assert states[STRANGER.address] == "unsure"
    assert sql(desk.store, "SELECT state, copy_due_at FROM outbox") == [("unsure", None)]


class TestAMailThatWaitsForItsTime:
    """It leaves as it was meant to, unless somebody has said something since that its writer has not read."""

    @pytest.fixture
    def number(self, desk: Desk, clock: FrozenClock) -> int:
        """A ticket with an answer that leaves tomorrow."""
        number = filed(desk, an_incoming()).ticket or 0
        reply(
            desk,
            number,
            "We come on Monday.",
            sending=Sending(leaves_at=clock.now + timedelta(hours=20), is_timed=True),
        )
        clock.advance(hours=1)
        return number

    def test_it_leaves(self, desk: Desk, system: Desk, number: int, clock: FrozenClock) -> None:
        note(desk, number, "A note is nothing they read.")
        clock.advance(hours=20)
        assert claim(system, letter_bytes)

    def test_the_customer_has_written(self, desk: Desk, system: Desk, number: int, clock: FrozenClock) -> None:
        mine = thread(desk, number)[-1]
        filed(system, an_incoming(text="It works again.", in_reply_to=(thread(desk, number)[0].message_id,)))
        assert thread(desk, number)[-1].text == "It works again."
        clock.advance(hours=20)
        assert claim(system, letter_bytes) is None
        held = next(one for one in thread(desk, number) if one.id == mine.id)
        assert (held.delivery, held.delivery_words) == (
            "failed",
            "Held back: Mira Kern has written since. Read it first.",
        )
        assert held.not_reached == (), "it can be edited"
        assert listed(desk, "is:failed") == [number]
        send_again(desk, mine.id)
        mail = claim(system, letter_bytes)
        assert mail, "a person has decided"
        assert b"We come on Monday." in mail.content

    def test_a_colleague_has_answered(
        self, desk: Desk, bob: Desk, system: Desk, number: int, clock: FrozenClock
    ) -> None:
        reply(bob, number, "Nobody can come on Monday.")
        mail = claim(system, letter_bytes)
        assert mail
        assert b"Nobody can come" in mail.content
        conclude(system, mail.outbox_id, OutboxState.SENT)
        clock.advance(hours=20)
        assert claim(system, letter_bytes) is None
        assert "Held back" in thread(desk, number)[1].delivery_words
        edit_instead(desk, thread(desk, number)[1].id)
        assert [one.text for one in desk.ask(drafts, row(desk, number).id)] == ["We come on Monday."]

    def test_a_colleague_who_asks_others_holds_nothing_back(
        self, desk: Desk, bob: Desk, system: Desk, number: int, clock: FrozenClock
    ) -> None:
        forward(bob, number, thread(desk, number)[0].id, "Can you?", [Person("Toner AG", "help@toner.example")])
        clock.advance(hours=20)
        assert claim(system, letter_bytes)
        assert claim(system, letter_bytes)

    def test_a_colleague_has_spoken_with_them(
        self, desk: Desk, bob: Desk, system: Desk, number: int, clock: FrozenClock
    ) -> None:
        log_call(bob, number, "She needs nobody any more.", LoggedCall(CallDirection.IN, "", clock.now, clock.now))
        clock.advance(hours=20)
        assert claim(system, letter_bytes) is None
        assert "Held back: Bob" in thread(desk, number)[1].delivery_words
        assert "has spoken with them since" in thread(desk, number)[1].delivery_words

    def test_ones_own_call_holds_nothing_back(self, desk: Desk, system: Desk, number: int, clock: FrozenClock) -> None:
        log_call(desk, number, "Monday is fine.", LoggedCall(CallDirection.OUT, "", clock.now, clock.now))
        clock.advance(hours=20)
        assert claim(system, letter_bytes)

    def test_a_server_that_was_not_ready_does_not_let_it_pass_unread(
        self, desk: Desk, system: Desk, number: int, clock: FrozenClock
    ) -> None:
        clock.advance(hours=20)
        mail = claim(system, letter_bytes)
        assert mail
        conclude(system, mail.outbox_id, OutboxState.QUEUED, "451 come back later")
        filed(system, an_incoming(text="It works again.", in_reply_to=(thread(desk, number)[0].message_id,)))
        clock.advance(hours=1)
        assert claim(system, letter_bytes) is None
        assert "Held back" in thread(desk, number)[1].delivery_words

    def test_what_one_of_them_has_got_the_others_get_too(self, desk: Desk, system: Desk, clock: FrozenClock) -> None:
        number = filed(desk, an_incoming(subject="Both")).ticket or 0
        later = Sending(leaves_at=clock.now + timedelta(hours=1), is_timed=True)
        reply(desk, number, "We come on Monday.", cc=[STRANGER], sending=later)
        clock.advance(hours=2)
        mail = claim(system, letter_bytes)
        assert mail
        busy = Refusal(STRANGER.address, "451 busy", is_final=False)
        conclude(system, mail.outbox_id, OutboxState.SENT, refused=[busy])
        filed(system, an_incoming(text="Thanks, but:", in_reply_to=(thread(desk, number)[0].message_id,)))
        clock.advance(hours=1)
        mail = claim(system, letter_bytes)
        assert mail
        assert mail.recipients == (STRANGER.address,)

    def test_taken_back_and_done_again_it_still_waits_for_its_time(
        self, desk: Desk, system: Desk, number: int, clock: FrozenClock
    ) -> None:
        undo(desk)
        redo(desk)
        filed(system, an_incoming(text="It works again.", in_reply_to=(thread(desk, number)[0].message_id,)))
        clock.advance(hours=20)
        assert claim(system, letter_bytes) is None

    def test_another_ticket_came_in(self, desk: Desk, bob: Desk, system: Desk, number: int, clock: FrozenClock) -> None:
        earlier = a_ticket(bob, "Stop, do not come", person=STRANGER)
        merge(bob, earlier, number)
        undo(bob)
        clock.advance(hours=20)
        assert claim(system, letter_bytes), "it is another one's again"

    def test_another_ticket_is_part_of_it(
        self, desk: Desk, bob: Desk, system: Desk, number: int, clock: FrozenClock
    ) -> None:
        merge(bob, a_ticket(bob, "Stop, do not come", person=STRANGER), number)
        clock.advance(hours=20)
        assert claim(system, letter_bytes) is None
        held = next(one for one in thread(desk, number) if one.text == "We come on Monday.")
        assert "another ticket is part of this one" in held.delivery_words

    def test_its_ticket_was_cancelled(
        self, desk: Desk, bob: Desk, system: Desk, number: int, clock: FrozenClock
    ) -> None:
        set_status(bob, [number], Status.CANCELLED)
        clock.advance(hours=20)
        assert claim(system, letter_bytes) is None
        assert "is cancelled" in thread(desk, number)[-1].delivery_words

    def test_ones_own_second_mail_holds_nothing_back(
        self, desk: Desk, system: Desk, number: int, clock: FrozenClock
    ) -> None:
        reply(desk, number, "And bring the old one.")
        clock.advance(hours=20)
        assert claim(system, letter_bytes)
        assert claim(system, letter_bytes)

    def test_what_waits_only_to_be_taken_back_leaves(self, desk: Desk, system: Desk, clock: FrozenClock) -> None:
        other = filed(desk, an_incoming(subject="Other", sender=STRANGER)).ticket or 0
        reply(desk, other, "Hello", sending=Sending(leaves_at=clock.now + timedelta(seconds=10)))
        filed(system, an_incoming(text="Also:", sender=STRANGER, in_reply_to=(thread(desk, other)[0].message_id,)))
        clock.advance(seconds=11)
        mail = claim(system, letter_bytes)
        assert mail, "who writes within these seconds has not been answered any later for it"


def test_after_days_of_it_what_is_refused_for_now_has_failed(desk: Desk, system: Desk, number: int) -> None:
    sql(desk.store, "UPDATE outbox SET tries = 124")
    mail = claim(system, letter_bytes)
    assert mail
    conclude(system, mail.outbox_id, OutboxState.QUEUED, "451 try later")
    assert states(desk) == ["queued"]
    sql(desk.store, "UPDATE outbox SET due_at = updated_at")
    mail = claim(system, letter_bytes)
    assert mail
    conclude(system, mail.outbox_id, OutboxState.QUEUED, "451 try later")
    assert states(desk) == ["failed"]
    assert thread(desk, number)[-1].delivery_words == "451 try later"
    send_again(desk, thread(desk, number)[-1].id)
    assert states(desk) == ["queued"]


def test_nobody_gets_it_twice(desk: Desk, system: Desk) -> None:
    number = filed(desk, an_incoming()).ticket or 0
    reply(desk, number, "x", to=[MIRA], cc=[Person("Mira", MIRA.address.upper()), STRANGER])
    mail = claim(system, letter_bytes)
    assert mail
    assert mail.recipients == (MIRA.address, STRANGER.address)
