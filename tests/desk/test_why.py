"""Why a mail lies where it lies: what was seen of it in words, and nothing of what is hidden from who asks."""

from __future__ import annotations

from typing import Any

import pytest

from helpdesk_tui.desk.conversation import note, reply
from helpdesk_tui.desk.door import Desk
from helpdesk_tui.desk.queue_mail import QueueMail, set_queue_mail
from helpdesk_tui.desk.tickets import move
from helpdesk_tui.desk.why import Deed, case_of, deeds, explained
from helpdesk_tui.errors import NotFound
from helpdesk_tui.rules.threading import Link
from helpdesk_tui.store.queries.why import Why, why
from helpdesk_tui.terms import Authenticity, FiledMail
from tests.build import STRANGER, Place, a_mail, an_incoming, filed, received, row, thread
from tests.desk.test_aside import NOTHING, a_bounce, a_newsletter
from tests.store.secrets import HR, set_up_hr


def asked(desk: Desk, one: FiledMail) -> Why:
    return desk.ask(why, one.message or one.raw_id or 0)


def words(desk: Desk, one: FiledMail) -> str:
    return "\n".join(f"{line.label}: {line.words}" for line in explained(asked(desk, one), str))


@pytest.fixture
def number(desk: Desk) -> int:
    """A ticket of Mira's that was answered once."""
    number = filed(desk, an_incoming()).ticket or 0
    reply(desk, number, "Is it on?")
    return number


def ours(desk: Desk, number: int) -> str:
    return thread(desk, number)[-1].message_id


class TestWords:
    """Every signal is said in plain words, with numbers of tickets instead of ids."""

    @pytest.mark.parametrize(
        ("fields", "row_number", "said"),
        [
            ({"authenticity": Authenticity.PASS}, 6, ["carries the secret id", "belongs to #{n}", "says pass"]),
            ({"authenticity": Authenticity.FAIL}, 7, ["probably forged address", "says fail"]),
            ({"sender": STRANGER, "authenticity": Authenticity.PASS}, 8, ["does not belong to #{n}", "new to the"]),
            ({"sender": STRANGER}, 9, ["says nothing", "linked to #{n}", "names the other one for agents only"]),
            ({"auto_submitted": "auto-replied"}, 4, ["A machine wrote it", "a machine's answer"]),
        ],
    )
    def test_an_answer_to_a_mail_of_ours(
        self, desk: Desk, number: int, fields: dict[str, Any], row_number: int, said: list[str]
    ) -> None:
        one = filed(desk, an_incoming(in_reply_to=(ours(desk, number),), **fields))
        text = words(desk, one)
        assert f"row: {row_number} · {case_of(row_number)}" in text
        for part in said:
            assert part.format(n=number) in text, text

    def test_a_weak_link(self, desk: Desk, number: int) -> None:
        one = filed(desk, an_incoming(subject=f"Ticket {number}: any news?"))
        text = words(desk, one)
        assert f"names the number of #{number}, which anybody can guess" in text
        assert asked(desk, one).signals["weak_link"] == Link.NUMBER

    def test_why_nobody_was_answered(self, desk: Desk, admin: Desk) -> None:
        set_queue_mail(admin, "support", QueueMail(confirms=True))
        one = filed(desk, an_incoming(authenticity=Authenticity.FAIL))
        assert "No confirmation went out: " in words(desk, one)

    @pytest.mark.parametrize(
        ("raw", "became", "can"),
        [
            (a_newsletter(), "an entry of the robots, in support", (Deed.TICKET, Deed.DISMISS, Deed.RAW)),
            (a_bounce(), "an entry of the backscatter", (Deed.TICKET, Deed.DISMISS, Deed.RAW)),
            (NOTHING, "an entry of the quarantine, in support", (Deed.TICKET, Deed.DISMISS, Deed.RAW)),
            (a_mail(), "a new ticket, #", (Deed.OPEN, Deed.RAW)),
        ],
        ids=["robot", "bounce", "unread", "new"],
    )
    def test_what_became_of_it_and_what_can_be_done(
        self, desk: Desk, raw: bytes, became: str, can: tuple[Deed, ...]
    ) -> None:
        one = received(desk, raw)
        assert f"became: {became}" in words(desk, one)
        assert deeds(asked(desk, one)) == can

    def test_where_it_came_from_and_what_it_was_counted_with(self, desk: Desk) -> None:
        received(desk, a_newsletter(1))
        text = words(desk, received(desk, a_newsletter(2)))
        assert "2 like it since 2026-11-23" in text
        assert "mailbox: inbox" in text

    def test_every_row_of_the_table_has_its_sentence(self) -> None:
        assert all(case_of(row_number) for row_number in range(1, 18))

    def test_what_is_no_mail_is_said_to_be_none(self, desk: Desk, number: int) -> None:
        note(desk, number, "Sand.")
        for wanted in (thread(desk, number)[-1].id, 987_003, 1_000_987_004, 0, -1):
            with pytest.raises(NotFound, match=f"There is no mail {wanted}"):
                desk.ask(why, wanted)


class TestSight:
    """Of a ticket that is hidden nobody learns more than that there is another one."""

    def test_a_mail_that_names_a_hidden_ticket_says_another_ticket(self, place: Place) -> None:
        set_up_hr(place)
        anna, bob = place.desk("anna"), place.desk("bob")
        first = received(anna, a_mail(to=HR, subject="Pay"))
        hidden = first.ticket or 0
        reply(anna, hidden, "We look into it.")
        token = thread(anna, hidden)[-1].message_id
        one = received(anna, a_mail(sender="Otto <otto@elsewhere.example>", In_Reply_To=f"<{token}>"))
        assert (one.disposition, one.linked_to) == ("linked", hidden)
        assert f"linked to #{hidden}" in words(anna, one)
        found, text = asked(bob, one), words(bob, one)
        assert (found.linked_to, found.is_linked, found.signals.get("token_ticket")) == (None, True, None)
        assert "linked to another ticket" in text
        assert str(hidden) not in text
        assert "The sender" not in text
        assert not found.signals.keys() & {"is_participant", "is_confidential", "is_closed"}
        assert Deed.LINKED not in deeds(found)

    def test_a_mail_that_left_ones_queues_is_not_there(self, place: Place) -> None:
        set_up_hr(place)
        anna, bob = place.desk("anna"), place.desk("bob")
        one = received(anna, a_mail())
        assert asked(bob, one).ticket == one.ticket
        move(anna, [one.ticket or 0], "hr")
        assert row(anna, one.ticket or 0).queue == "hr"
        with pytest.raises(NotFound):
            asked(bob, one)
