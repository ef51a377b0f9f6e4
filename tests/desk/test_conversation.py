"""What is said on a ticket: replies leave by mail, notes stay in the house, drafts wait."""

from __future__ import annotations

from email import message_from_bytes
from email.policy import default

import pytest

from helpdesk_tui.desk.conversation import note, reply
from helpdesk_tui.desk.delivery import claim, conclude
from helpdesk_tui.desk.door import Desk
from helpdesk_tui.desk.drafts import save_draft
from helpdesk_tui.desk.history import undo
from helpdesk_tui.desk.letters import cannot_reply
from helpdesk_tui.desk.tickets import move, set_status
from helpdesk_tui.errors import Refused, Usage
from helpdesk_tui.mail.compose import compose
from helpdesk_tui.rules.threading import own_token
from helpdesk_tui.store.queries.mail import outbox
from helpdesk_tui.store.queries.thread import drafts
from helpdesk_tui.terms import SYSTEM, OutboxState, Person, Status
from tests.build import FrozenClock, a_mail, a_ticket, everything, last_changes, received, row, sql, thread


@pytest.fixture
def number(desk: Desk) -> int:
    """A ticket that came by mail."""
    raw = a_mail(subject="AW: Printer", message_id="first@customer.example", References="<older@customer.example>")
    return received(desk, raw).ticket or 0


def test_a_reply_carries_the_thread_and_no_number(desk: Desk, system: Desk, number: int) -> None:
    outcome = reply(desk, number, "Is it on?\n\nAnna")
    assert outcome.text == f"Reply to #{number} is on its way to Mira Kern"
    sent = claim(system, compose)
    assert sent
    mail = message_from_bytes(sent.content, policy=default)
    assert mail["Subject"] == "Re: Printer"
    assert str(number) not in str(mail["Subject"]) + mail.get_body().get_content()
    assert mail["From"].addresses[0].display_name == "Anna · Example Support"
    assert mail["From"].addresses[0].addr_spec == "support@desk.example"
    assert mail["To"] == "Mira Kern <mira@customer.example>"
    assert mail["In-Reply-To"] == "<first@customer.example>"
    assert mail["References"].split() == ["<first@customer.example>"]
    assert mail["Message-ID"] == f"<{thread(desk, number)[-1].message_id}>"
    assert own_token(thread(desk, number)[-1].message_id)
    assert mail.get_body().get_content().splitlines() == ["Is it on?", "", "Anna"]
    assert (sent.envelope_from, sent.recipients) == ("support@desk.example", ("mira@customer.example",))


def test_a_second_reply_names_the_whole_thread(desk: Desk, number: int) -> None:
    for text in ("one", "two"):
        reply(desk, number, text)
    first, second = [message.message_id for message in thread(desk, number)[-2:]]
    ((references,),) = sql(desk.store, 'SELECT "references" FROM message WHERE message_id = :id', id=second)
    assert str(references).replace('"', "'") == f"['first@customer.example', '{first}']"
    assert first != second


def test_a_reply_waits_for_the_customer(desk: Desk, number: int) -> None:
    reply(desk, number, "Hello")
    assert (row(desk, number).status, row(desk, number).waiting_for) == ("waiting_customer", "them")
    assert last_changes(desk, number)["status"] == ["new", "waiting_customer"]


@pytest.mark.parametrize(("then", "status"), [(Status.SOLVED, "solved"), (None, "new"), (Status.OPEN, "open")])
def test_the_status_after_a_reply_may_be_chosen(desk: Desk, number: int, then: Status | None, status: str) -> None:
    reply(desk, number, "Hello", then=then)
    assert row(desk, number).status == status


def test_an_answer_goes_to_the_address_that_was_used_last(desk: Desk, admin: Desk, number: int) -> None:
    sql(admin.store, "INSERT INTO customer_address VALUES ('mira@home.example', 1, 1)")
    received(desk, a_mail(sender="Mira <Mira@Home.example>", In_Reply_To="<first@customer.example>"))
    reply(desk, number, "Hello")
    assert thread(desk, number)[-1].to == (Person("Mira Kern", "Mira@home.example"),)


def test_a_stranger_in_the_thread_does_not_get_the_answer(desk: Desk, number: int) -> None:
    reply(desk, number, "one")
    token = thread(desk, number)[-1].message_id
    received(desk, a_mail(sender="Otto <otto@elsewhere.example>", In_Reply_To=f"<{token}>", Reply_To="x@evil.example"))
    received(desk, a_mail(Reply_To="x@evil.example", In_Reply_To=f"<{token}>"))
    reply(desk, number, "two")
    assert [person.address for person in thread(desk, number)[-1].to] == ["mira@customer.example"]
    assert thread(desk, number)[-1].cc == ()


def test_an_answer_may_go_to_somebody_else(desk: Desk, number: int) -> None:
    lawyer = Person("Eva", "eva@law.example")
    reply(desk, number, "Hello", to=[lawyer])
    assert thread(desk, number)[-1].to == (lawyer,)


def test_what_programs_wrote_neither_names_the_answer_nor_stands_in_its_thread(
    desk: Desk, system: Desk, number: int
) -> None:
    reply(desk, number, "Is it on?")
    token = thread(desk, number)[-1].message_id
    away = a_mail("I am away.", subject="Automatic reply: Printer", message_id="away@customer.example",
                  In_Reply_To=f"<{token}>", Auto_Submitted="auto-replied")  # fmt: skip
    assert received(desk, away).ticket == number
    reply(desk, number, "Still on?")
    assert claim(system, compose)
    second = claim(system, compose)
    assert second
    mail = message_from_bytes(second.content, policy=default)
    assert mail["Subject"] == "Re: Printer"
    assert mail["In-Reply-To"] == f"<{token}>"
    assert "away@customer.example" not in mail["References"]


def test_a_reply_taken_back_while_it_was_on_its_way_stays_taken_back(desk: Desk, system: Desk, number: int) -> None:
    reply(desk, number, "Hello")
    (entry,) = desk.ask(outbox)
    undo(desk)
    conclude(system, entry.id, OutboxState.FAILED, "too late")
    assert sql(desk.store, "SELECT state, words FROM outbox") == [("withdrawn", "")]


class TestWhatCannotBeAnswered:
    """The reason is the same before and after one tries."""

    def test_a_queue_without_an_address(self, desk: Desk, number: int) -> None:
        move(desk, [number], "silent")
        self.refused(desk, number, "queue silent has no address", "queue set")

    def test_a_customer_without_an_address(self, desk: Desk) -> None:
        number = a_ticket(desk, person=Person("Ida", ""), phone="089 123")
        self.refused(desk, number, "No address of the customer", "note")

    @staticmethod
    def refused(desk: Desk, number: int, words: str, hint: str) -> None:
        before = everything(desk.store)
        with pytest.raises(Refused, match=words) as refused:
            reply(desk, number, "Hello")
        assert desk.ask(cannot_reply, row(desk, number).id) == refused.value.message
        assert hint in refused.value.hint
        assert everything(desk.store) == before

    @pytest.mark.parametrize("verb", [reply, note])
    @pytest.mark.parametrize("text", ["", " \n\t", "\x1b[31m\u200b"])
    def test_an_empty_text(self, desk: Desk, number: int, verb: object, text: str) -> None:
        before = everything(desk.store)
        with pytest.raises(Usage, match="empty"):
            verb(desk, number, text)  # type: ignore[operator]
        assert everything(desk.store) == before


def test_a_note_stays_in_the_house(desk: Desk, number: int) -> None:
    status = row(desk, number).status
    note(desk, number, "He is\x1b]52;c;x\x07 angry\r\n")
    (written,) = thread(desk, number)[1:]
    assert (written.kind, written.text, written.agent, written.message_id) == ("note", "He is angry", "anna", "")
    assert row(desk, number).status == status
    assert sql(desk.store, "SELECT count(*) FROM outbox") == [(0,)]


def test_a_message_stands_where_it_came_in_not_where_it_claims_to_be(
    desk: Desk, number: int, clock: FrozenClock
) -> None:
    clock.advance(hours=1)
    note(desk, number, "in between")
    clock.advance(hours=1)
    late = a_mail("late", In_Reply_To="<first@customer.example>").replace(b"23 Nov 2026", b"23 Nov 1999")
    received(desk, late)
    said = thread(desk, number)
    assert [message.text for message in said][1:] == ["in between", "late"]
    assert said[-1].received_at == clock()
    assert said[-1].sent_at
    assert said[-1].sent_at.year == 1999


class TestDrafts:
    """Texts being written: each agent's own, seen by colleagues, cleared by sending."""

    def texts(self, desk: Desk, number: int) -> list[tuple[str, str, str]]:
        found = "SELECT a.login, d.kind, d.text FROM draft d JOIN agent a ON a.id = d.agent_id"
        return sorted(
            map(tuple, sql(desk.store, f"{found} WHERE d.ticket_id = {row(desk, number).id} AND d.text != ''"))
        )

    def test_colleagues_see_who_writes_and_not_what(self, desk: Desk, bob: Desk, number: int) -> None:
        ticket = row(desk, number).id
        save_draft(desk, ticket, "reply", "Hello", {"to": [["Mira", "mira@x.example"]]})
        (theirs,), (own,) = bob.ask(drafts, ticket), desk.ask(drafts, ticket)
        assert (theirs.agent, theirs.kind, theirs.text, theirs.fields) == ("anna", "reply", "", {})
        assert (own.text, own.fields) == ("Hello", {"to": [["Mira", "mira@x.example"]]})

    def test_a_draft_is_kept_without_touching_the_ticket(self, desk: Desk, bob: Desk, number: int) -> None:
        ticket, version = row(desk, number).id, row(desk, number).version
        for text in ("H", "He", "Hello"):
            save_draft(desk, ticket, "reply", text, {"then": "solved"})
        save_draft(bob, ticket, "reply", "Hi")
        save_draft(desk, ticket, "note", "angry")
        assert self.texts(bob, number) == [
            ("anna", "note", "angry"),
            ("anna", "reply", "Hello"),
            ("bob", "reply", "Hi"),
        ]
        assert row(desk, number).version == version
        assert desk.ask(drafts, ticket)[0].fields in ({}, {"then": "solved"})

    def test_sending_empties_ones_own_draft_of_that_kind(self, desk: Desk, bob: Desk, number: int) -> None:
        ticket = row(desk, number).id
        for agent, kind in ((desk, "reply"), (desk, "note"), (bob, "reply")):
            save_draft(agent, ticket, kind, "text")
        reply(desk, number, "text")
        assert self.texts(desk, number) == [("anna", "note", "text"), ("bob", "reply", "text")]
        note(desk, number, "text")
        assert self.texts(desk, number) == [("bob", "reply", "text")]

    def test_what_somebody_else_sends_in_my_name_leaves_what_i_am_writing(self, desk: Desk, number: int) -> None:
        save_draft(desk, row(desk, number).id, "reply", "half a sentence")
        reply(desk, number, "Done.")
        assert self.texts(desk, number) == [("anna", "reply", "half a sentence")]

    def test_a_refused_reply_leaves_the_draft(self, desk: Desk, number: int) -> None:
        move(desk, [number], "silent")
        save_draft(desk, row(desk, number).id, "reply", "text")
        with pytest.raises(Refused):
            reply(desk, number, "text")
        assert self.texts(desk, number) == [("anna", "reply", "text")]

    def test_a_draft_of_a_new_request_belongs_to_no_ticket(self, desk: Desk) -> None:
        for text in ("a", "ab"):
            save_draft(desk, None, "new", text, {"subject": "Printer"})
        assert [(d.text, d.fields) for d in desk.ask(drafts, None)] == [("ab", {"subject": "Printer"})]

    def test_the_program_itself_writes_no_drafts(self, desk: Desk, number: int) -> None:
        with pytest.raises(Refused):
            save_draft(desk.acting_as(SYSTEM), row(desk, number).id, "reply", "text")

    def test_a_draft_moves_with_its_ticket(self, desk: Desk, number: int) -> None:
        save_draft(desk, row(desk, number).id, "reply", "text")
        move(desk, [number], "billing")
        set_status(desk, [number], Status.OPEN)
        assert self.texts(desk, number) == [("anna", "reply", "text")]
