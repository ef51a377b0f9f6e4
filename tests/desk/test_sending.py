"""What goes along with an answer, and what stops it: colleagues who were first, files, whom it goes on from."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from helpdesk_tui.desk.conversation import note, reply
from helpdesk_tui.desk.delivery import Letter, claim
from helpdesk_tui.desk.door import Desk
from helpdesk_tui.desk.sending import MOST_BYTES, KeptFile, Sending, keep_file
from helpdesk_tui.errors import Overtaken, Refused
from helpdesk_tui.terms import SYSTEM, Status
from tests.build import MIRA, STRANGER, an_incoming, filed, letter_bytes, row, thread


@pytest.fixture
def number(desk: Desk) -> int:
    return filed(desk, an_incoming()).ticket or 0


def seen(desk: Desk, number: int) -> Sending:
    """An answer by somebody who has read all there is now."""
    return Sending(seen=frozenset(one.id for one in thread(desk, number)))


class TestWhoWasFirst:
    def test_two_who_answer_at_once_the_second_is_stopped(self, desk: Desk, bob: Desk, number: int) -> None:
        as_bob_saw_it = seen(bob, number)
        reply(desk, number, "Pull the plug.")
        with pytest.raises(Overtaken, match="Anna"):
            reply(bob, number, "Turn it off.", sending=as_bob_saw_it)
        assert [one.text for one in thread(bob, number)][1:] == ["Pull the plug."]
        assert row(bob, number).status is Status.WAITING_CUSTOMER

    def test_having_read_it_they_may_go_on(self, desk: Desk, bob: Desk, number: int) -> None:
        reply(desk, number, "Pull the plug.")
        reply(bob, number, "Turn it off as well.", sending=seen(bob, number))
        assert len(thread(bob, number)) == 3

    def test_a_customer_who_wrote_meanwhile_counts(self, desk: Desk, number: int) -> None:
        reply(desk, number, "Is it on fire?")
        before = seen(desk, number)
        ours = thread(desk, number)[-1].message_id
        filed(desk, an_incoming(text="It is out.", in_reply_to=(ours,)))
        with pytest.raises(Overtaken, match="Mira Kern"):
            reply(desk, number, "Call the fire brigade.", sending=before)

    def test_so_does_a_colleagues_note(self, desk: Desk, bob: Desk, number: int) -> None:
        before = seen(bob, number)
        note(desk, number, "She has called, do not answer.")
        with pytest.raises(Overtaken):
            reply(bob, number, "Turn it off.", sending=before)

    def test_but_not_what_one_wrote_oneself(self, desk: Desk, number: int) -> None:
        before = seen(desk, number)
        note(desk, number, "I look into it.")
        reply(desk, number, "Turn it off.", sending=before)
        assert thread(desk, number)[-1].text == "Turn it off."


class TestFiles:
    def test_they_go_along_as_they_are(self, desk: Desk, system: Desk, number: int) -> None:
        manual = keep_file(desk, "Anleitung.pdf", "application/pdf", b"%PDF\0\xff")
        reply(desk, number, "See page 2.", sending=Sending(files=(manual,)))
        letters: list[Letter] = []
        claim(system, kept_in(letters))
        assert letters[0].files == (("Anleitung.pdf", "application/pdf", b"%PDF\0\xff"),)
        assert [one.name for one in thread(desk, number)[-1].files] == ["Anleitung.pdf"]

    def test_one_that_is_too_large_is_refused_at_once(self, desk: Desk) -> None:
        with pytest.raises(Refused, match="too large"):
            keep_file(desk, "film.mp4", "video/mp4", bytes(MOST_BYTES + 1))

    def test_so_are_several_together(self, desk: Desk, number: int) -> None:
        files = tuple(KeptFile(f"{n}.bin", "application/octet-stream", MOST_BYTES // 2, "0" * 64) for n in range(3))
        with pytest.raises(Refused, match="too large"):
            reply(desk, number, "See there.", sending=Sending(files=files))
        assert len(thread(desk, number)) == 1

    def test_one_that_nobody_keeps_is_told(self, desk: Desk, number: int) -> None:
        with pytest.raises(Refused, match="not kept"):
            reply(desk, number, "x", sending=Sending(files=(KeptFile("a.pdf", "application/pdf", 4, "0" * 64),)))


class TestWhatItGoesOnFrom:
    def test_the_message_that_is_answered_is_named_last(self, desk: Desk, number: int) -> None:
        first = thread(desk, number)[0]
        reply(desk, number, "Which one?")
        ours = thread(desk, number)[-1].message_id
        filed(desk, an_incoming(text="The blue one.", in_reply_to=(ours,), message_id="second@customer.example"))
        reply(desk, number, "To your first mail:", sending=Sending(answers=first.id))
        references = sent_references(desk, number)
        assert references[-1] == first.message_id
        assert set(references) == {first.message_id, ours, "second@customer.example"}

    def test_a_long_thread_is_gathered_by_its_first_mail(self, desk: Desk, number: int) -> None:
        for n in range(30):
            reply(desk, number, f"Answer {n}")
        ids = [one.message_id for one in thread(desk, number) if one.message_id]
        references = sent_references(desk, number)
        assert (references[0], references[-1]) == (ids[0], ids[-2])
        assert len(references) <= 21

    def test_a_customer_is_not_told_to_go_on_from_a_mail_of_somebody_else(self, desk: Desk, number: int) -> None:
        first = thread(desk, number)[0].message_id
        reply(desk, number, "Can you help us?", to=[STRANGER])
        ours = thread(desk, number)[-1].message_id
        filed(desk, an_incoming(sender=STRANGER, text="Yes.", in_reply_to=(ours,), message_id="otto@elsewhere.example"))
        reply(desk, number, "We found somebody.", to=[MIRA])
        assert sent_references(desk, number)[-1] == first


def kept_in(letters: list[Letter]) -> Callable[[Letter], bytes]:
    """Makes mails of letters, and keeps them."""

    def compose(letter: Letter) -> bytes:
        letters.append(letter)
        return letter_bytes(letter)

    return compose


def sent_references(desk: Desk, number: int) -> list[str]:
    """What the last answer names, the one it answers last."""
    letters: list[Letter] = []
    while claim(desk.acting_as(SYSTEM), kept_in(letters)):
        pass
    return list(letters[-1].references)
