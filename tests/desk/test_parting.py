"""Taking apart: a message becomes a ticket, what was merged is two tickets again, with the mail that came since."""

from __future__ import annotations

import pytest

from helpdesk_tui.desk import settings
from helpdesk_tui.desk.conversation import note, reply
from helpdesk_tui.desk.door import Desk
from helpdesk_tui.desk.history import redo, undo
from helpdesk_tui.desk.merging import merge
from helpdesk_tui.desk.parting import split, unmerge
from helpdesk_tui.desk.tickets import move
from helpdesk_tui.errors import NotFound, Refused
from helpdesk_tui.terms import IncomingFile, Status
from tests.build import MIRA, STRANGER, SUPPORT, Place, a_ticket, an_incoming, filed, history, listed, row, sql, thread
from tests.store.secrets import set_up_hr


@pytest.fixture(autouse=True)
def _address(admin: Desk) -> None:
    settings.set_queue(admin, "support", addresses=[SUPPORT])


def texts(desk: Desk, number: int) -> list[str]:
    return [one.text for one in thread(desk, number)]


class TestUnmerging:
    @pytest.fixture
    def pair(self, desk: Desk) -> tuple[int, int]:
        """A stranger's ticket that is part of Mira's."""
        mira = filed(desk, an_incoming(text="Mira asks.")).ticket or 0
        otto = filed(desk, an_incoming(sender=STRANGER, subject="Scanner", text="Otto asks.")).ticket or 0
        reply(desk, otto, "Otto is answered.")
        merge(desk, otto, mira)
        return otto, mira

    def test_what_came_since_goes_back_as_well(self, desk: Desk, pair: tuple[int, int]) -> None:
        otto, mira = pair
        ours = next(one.message_id for one in thread(desk, mira) if one.text == "Otto is answered.")
        filed(desk, an_incoming(sender=STRANGER, text="Otto answers.", in_reply_to=(ours,), references=(ours,)))
        theirs = next(one.id for one in thread(desk, mira) if one.text == "Otto answers.")
        reply(desk, mira, "And again.", to=[STRANGER])
        note(desk, mira, "Both have called.")
        assert theirs
        assert "4 messages came back" in unmerge(desk, otto).text
        assert texts(desk, otto) == ["Otto asks.", "Otto is answered.", "Otto answers.", "And again."]
        assert texts(desk, mira) == ["Mira asks.", "Both have called."]
        assert (row(desk, otto).status, row(desk, otto).merged_into) == (Status.OPEN, None)

    def test_so_does_what_names_its_parent_in_in_reply_to_alone(self, desk: Desk, pair: tuple[int, int]) -> None:
        otto, mira = pair
        ours = next(one.message_id for one in thread(desk, mira) if one.text == "Otto is answered.")
        filed(desk, an_incoming(sender=STRANGER, text="Otto answers.", in_reply_to=(ours,)))
        unmerge(desk, otto)
        assert texts(desk, otto) == ["Otto asks.", "Otto is answered.", "Otto answers."]

    def test_later_mail_finds_its_own_ticket(self, desk: Desk, pair: tuple[int, int]) -> None:
        otto, _mira = pair
        ours = next(one.message_id for one in thread(desk, _mira) if one.text == "Otto is answered.")
        unmerge(desk, otto)
        assert filed(desk, an_incoming(sender=STRANGER, text="Late.", in_reply_to=(ours,))).ticket == otto

    def test_undo_of_the_merge_does_the_same(self, desk: Desk, pair: tuple[int, int]) -> None:
        otto, mira = pair
        ours = next(one.message_id for one in thread(desk, mira) if one.text == "Otto is answered.")
        filed(desk, an_incoming(sender=STRANGER, text="Otto answers.", in_reply_to=(ours,), references=(ours,)))
        undo(desk)
        assert texts(desk, otto) == ["Otto asks.", "Otto is answered.", "Otto answers."]
        redo(desk)
        assert texts(desk, otto) == []
        assert len(thread(desk, mira)) == 4

    def test_it_can_be_undone_itself(self, desk: Desk, pair: tuple[int, int]) -> None:
        otto, mira = pair
        unmerge(desk, otto)
        undo(desk)
        assert row(desk, otto).merged_into == mira
        assert (len(thread(desk, otto)), len(thread(desk, mira))) == (0, 3)

    def test_search_finds_each_by_its_own_words(self, desk: Desk, pair: tuple[int, int]) -> None:
        otto, mira = pair
        unmerge(desk, otto)
        assert listed(desk, '"Otto asks" is:any') == [otto]
        assert listed(desk, '"Mira asks" is:any') == [mira]

    def test_what_is_not_merged_is_refused(self, desk: Desk, pair: tuple[int, int]) -> None:
        with pytest.raises(Refused, match="not part of"):
            unmerge(desk, pair[1])


class TestSplitting:
    @pytest.fixture
    def number(self, desk: Desk) -> int:
        """A ticket with a second mail, about something else, with a file."""
        number = filed(desk, an_incoming(text="The printer burns.")).ticket or 0
        reply(desk, number, "It is out.")
        ours = thread(desk, number)[-1].message_id
        file = IncomingFile("rechnung.pdf", "application/pdf", b"%PDF")
        filed(desk, an_incoming(subject="Re: Rechnung", text="And my invoice?", in_reply_to=(ours,), files=(file,)))
        return number

    def split_off(self, desk: Desk, number: int) -> int:
        """The number of the ticket that the last message became."""
        return next(one for one in split(desk, thread(desk, number)[-1].id).tickets if one != number)

    def test_a_message_becomes_a_ticket_with_its_files_and_mail(self, desk: Desk, place: Place, number: int) -> None:
        new = self.split_off(desk, number)
        assert texts(desk, number) == ["The printer burns.", "It is out."]
        (said,) = thread(desk, new)
        assert (said.text, [one.name for one in said.files]) == ("And my invoice?", ["rechnung.pdf"])
        assert (row(desk, new).subject, row(desk, new).requester.address) == ("Rechnung", MIRA.address)
        assert row(desk, new).status is Status.NEW
        for table in ("message", "attachment", "raw_message"):
            found = sql(place.store(), f"SELECT count(*) FROM {table} WHERE ticket_id = :id", id=row(desk, new).id)
            assert found == [(1,)], table
        assert listed(desk, "invoice") == [new]

    def test_an_answer_to_it_goes_to_the_new_ticket(self, desk: Desk, number: int) -> None:
        new = self.split_off(desk, number)
        reply(desk, new, "Here it is.")
        ours = thread(desk, new)[-1].message_id
        assert filed(desk, an_incoming(text="Thanks", in_reply_to=(ours,))).ticket == new

    def test_undo_brings_it_back_and_redo_takes_it_out_again(self, desk: Desk, number: int) -> None:
        new = self.split_off(desk, number)
        undo(desk)
        assert len(thread(desk, number)) == 3
        assert (row(desk, new).status, thread(desk, new)) == (Status.CANCELLED, [])
        redo(desk)
        assert texts(desk, new) == ["And my invoice?"]

    def test_the_only_message_is_refused(self, desk: Desk) -> None:
        number = filed(desk, an_incoming()).ticket or 0
        with pytest.raises(Refused, match="no other message"):
            split(desk, thread(desk, number)[0].id)

    def test_a_message_that_is_not_there(self, desk: Desk) -> None:
        with pytest.raises(NotFound):
            split(desk, 987_654)

    def test_its_history_says_so(self, desk: Desk, number: int) -> None:
        new = self.split_off(desk, number)
        assert history(desk, number)[-1].changes["split_off"][1]["number"] == new

    def test_but_not_the_number_of_what_one_does_not_see(self, place: Place) -> None:
        set_up_hr(place)
        anna, bob = place.desk("anna"), place.desk("bob")
        number = filed(anna, an_incoming()).ticket or 0
        reply(anna, number, "Which?")
        new = self.split_off(anna, number)
        into = a_ticket(bob, "Other", person=STRANGER)
        merge(anna, new, into)
        move(anna, [number], "hr")
        told = repr([one.changes for one in history(bob, into)])
        assert str(new) in told
        move(anna, [new], "hr")
        hidden = a_ticket(anna, "Pay", person=STRANGER, queue="hr")
        merge(anna, hidden, into)
        told = repr([one.changes for one in history(bob, into)])
        assert str(hidden) not in told
        assert "hidden" in told


def test_what_went_on_into_a_third_ticket_comes_back_from_there(desk: Desk) -> None:
    first = filed(desk, an_incoming(subject="Fire", text="It burns.", message_id="f@x.example")).ticket or 0
    second, third = a_ticket(desk, "Second", person=STRANGER), a_ticket(desk, "Third", person=STRANGER)
    merge(desk, first, second)
    merge(desk, second, third)
    filed(desk, an_incoming(subject="Re: Fire", text="It still burns.", in_reply_to=("f@x.example",)))
    assert "2 messages" in unmerge(desk, first).text
    assert texts(desk, first) == ["It burns.", "It still burns."]
    assert "It burns." not in texts(desk, third)
    undo(desk)
    assert "It still burns." in texts(desk, third)
    assert row(desk, first).merged_into == second
