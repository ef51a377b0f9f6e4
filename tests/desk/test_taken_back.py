"""What is taken back is a draft again as it was written: to the same people, with its files, of the same kind."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from helpdesk_tui.desk import resending
from helpdesk_tui.desk.answering import previews, reply_each
from helpdesk_tui.desk.conversation import NewRequest, note, reply
from helpdesk_tui.desk.delivery import claim, conclude
from helpdesk_tui.desk.door import Desk
from helpdesk_tui.desk.drafts import save_draft
from helpdesk_tui.desk.followups import remind
from helpdesk_tui.desk.free_slots import Writer
from helpdesk_tui.desk.history import redo, undo
from helpdesk_tui.desk.macro import run_macro
from helpdesk_tui.desk.merging import merge
from helpdesk_tui.desk.outreach import LoggedCall, forward, log_call, write_first
from helpdesk_tui.desk.participants import accept
from helpdesk_tui.desk.sending import Sending
from helpdesk_tui.desk.texts import MacroText, keep_macro
from helpdesk_tui.errors import Overtaken, Refused
from helpdesk_tui.store.queries.notices import my_notices
from helpdesk_tui.store.queries.texts import macros
from helpdesk_tui.store.queries.thread import DraftRow, drafts
from helpdesk_tui.terms import CallDirection, NoticeKind, OutboxState, Person, Refusal
from tests.build import FrozenClock, Place, a_ticket, an_incoming, filed, letter_bytes, row, sql, texts_on, thread
from tests.store.secrets import set_up_hr

SUPPLIER = Person("Toner AG", "help@toner.example")
BO = Person("Bo Chef", "bo@customer.example")


@pytest.fixture
def number(desk: Desk) -> int:
    return filed(desk, an_incoming()).ticket or 0


@pytest.fixture
def later(clock: FrozenClock) -> Sending:
    """In a moment."""
    return Sending(leaves_at=clock.now + timedelta(seconds=10))


def written(desk: Desk, number: int | None) -> list[DraftRow]:
    return desk.ask(drafts, row(desk, number).id if number else None)


def fields(**more: Any) -> dict[str, Any]:
    return {"to": [["Toner AG", SUPPLIER.address]], "cc": [], "answers": 1, "then": None, "remind_in": 3, **more}


def test_what_was_passed_on_is_not_an_answer_to_the_customer(desk: Desk, number: int, later: Sending) -> None:
    ticket, message = row(desk, number).id, thread(desk, number)[0].id
    save_draft(desk, ticket, "forward", "What does it need?", fields())
    forward(desk, number, message, "What does it need?", [SUPPLIER], sending=later)
    assert written(desk, number) == []
    undo(desk)
    (draft,) = written(desk, number)
    assert (draft.kind, draft.text, draft.fields["to"]) == (
        "forward",
        "What does it need?",
        [["Toner AG", SUPPLIER.address]],
    )
    assert draft.fields["remind_in"] == 3
    redo(desk)
    assert written(desk, number) == []


def test_what_is_sent_again_can_be_taken_back_as_long(
    desk: Desk, system: Desk, number: int, later: Sending, clock: FrozenClock
) -> None:
    reply(desk, number, "Is it on?", sending=later)
    undo(desk)
    clock.advance(minutes=5)
    redo(desk, clock.now + timedelta(seconds=10))
    assert claim(system, letter_bytes) is None
    undo(desk)
    redo(desk)
    clock.advance(seconds=10)
    assert claim(system, letter_bytes)


def test_without_a_draft_it_is_known_at_least_to_whom_it_went(desk: Desk, number: int, later: Sending) -> None:
    reply(desk, number, "Can you help us?", to=[SUPPLIER], cc=[BO], sending=later)
    undo(desk)
    (draft,) = written(desk, number)
    assert (draft.fields["to"], draft.fields["cc"]) == ([["Toner AG", SUPPLIER.address]], [["Bo Chef", BO.address]])


def test_a_mail_that_failed_is_edited_as_what_it_was(desk: Desk, system: Desk, number: int) -> None:
    forward(desk, number, thread(desk, number)[0].id, "What does it need?", [SUPPLIER])
    mail = claim(system, letter_bytes)
    assert mail
    conclude(system, mail.outbox_id, OutboxState.FAILED, "no such user")
    resending.edit_instead(desk, thread(desk, number)[-1].id)
    (draft,) = written(desk, number)
    assert (draft.kind, draft.fields["to"]) == ("forward", [["Toner AG", SUPPLIER.address]])


def test_a_call_that_was_written_down_is_a_draft_again(desk: Desk, number: int, clock: FrozenClock) -> None:
    call = LoggedCall(CallDirection.OUT, "069 1", clock.now, clock.now + timedelta(minutes=4))
    save_draft(desk, row(desk, number).id, "call", "She waits.", {"to": [], "number": "069 1"})
    log_call(desk, number, "She waits.", call)
    undo(desk)
    (draft,) = written(desk, number)
    assert (draft.kind, draft.text, draft.fields["number"]) == ("call", "She waits.", "069 1")


def test_a_first_mail_is_a_draft_again(desk: Desk, later: Sending) -> None:
    save_draft(desk, None, "new", "Wir haben eine Frage.", {"subject": "Toner", "who": SUPPLIER.whole})
    request = NewRequest(SUPPLIER, "Toner", is_from_draft=True)
    write_first(desk, request, "Wir haben eine Frage.", later)
    assert written(desk, None) == []
    undo(desk)
    (draft,) = written(desk, None)
    assert (draft.kind, draft.text, draft.fields["subject"]) == ("new", "Wir haben eine Frage.", "Toner")
    redo(desk)
    assert written(desk, None) == [], "it is on its way again, and must not be sent twice"
    undo(desk)
    assert [one.text for one in written(desk, None)] == ["Wir haben eine Frage."]


def test_many_are_answered_as_they_were_shown(desk: Desk, number: int) -> None:
    filed(desk, an_incoming(sender=BO, text="Me too.", in_reply_to=(thread(desk, number)[0].message_id,)))
    accept(desk, number, BO.address)
    writer = Writer(desk.actor, desk.settings, desk.clock())
    (shown,) = desk.ask(previews, [number], "Hello", writer)
    assert [one.address for one in shown.cc] == [BO.address]
    note(desk, number, "My own note stops nobody.")
    reply_each(desk, [number], "Hello", shown=[shown])
    sent = thread(desk, number)[-1]
    assert (sent.to, sent.cc) == ((shown.to,), shown.cc)


def test_many_are_not_answered_where_somebody_wrote_since(desk: Desk, bob: Desk, number: int) -> None:
    writer = Writer(desk.actor, desk.settings, desk.clock())
    shown = desk.ask(previews, [number], "Hello", writer)
    note(bob, number, "STOP, she called.")
    with pytest.raises(Overtaken):
        reply_each(desk, [number], "Hello", shown=shown)
    assert len(thread(desk, number)) == 2


def test_a_macro_does_not_answer_what_its_reader_has_not_seen(desk: Desk, bob: Desk, number: int) -> None:
    keep_macro(desk, MacroText("Done", ("reply Thank you.", "status solved")))
    (macro,) = desk.ask(macros, desk.actor)
    seen = frozenset(one.id for one in thread(desk, number))
    note(bob, number, "STOP, she called.")
    with pytest.raises(Overtaken):
        run_macro(desk, [number], macro.id, Sending(seen=seen))
    said = run_macro(desk, [number], macro.id, Sending(seen=frozenset(one.id for one in thread(desk, number))))
    assert "an answer to Mira" in said.text


def a_failed_mail(desk: Desk, system: Desk, number: int) -> int:
    """The id of an answer that nobody took."""
    reply(desk, number, "Is it on?")
    mail = claim(system, letter_bytes)
    assert mail
    conclude(system, mail.outbox_id, OutboxState.FAILED, "", [Refusal(mail.recipients[0], "550 no", is_final=True)])
    return thread(desk, number)[-1].id


@pytest.mark.parametrize("how", ["undone", "edited"])
def test_what_was_taken_back_is_sent_by_nobody(desk: Desk, bob: Desk, system: Desk, number: int, how: str) -> None:
    message = a_failed_mail(desk, system, number)
    if how == "undone":
        undo(desk)
    else:
        resending.edit_instead(desk, message)
    with pytest.raises(Refused, match="was taken back"):
        resending.send_again(bob, message)
    with pytest.raises(Refused, match="was taken back"):
        resending.send_now(bob, message)
    sql(desk.store, "UPDATE outbox SET state = 'queued'")  # whatever put it there
    assert claim(system, letter_bytes) is None
    assert sql(desk.store, "SELECT state FROM outbox") == [("withdrawn",)]


def test_who_took_it_back_first_has_it(desk: Desk, bob: Desk, system: Desk, number: int, clock: FrozenClock) -> None:
    tomorrow = Sending(leaves_at=clock.now + timedelta(days=1), is_timed=True)
    reply(desk, number, "Is it on?", sending=tomorrow)
    resending.edit_instead(bob, thread(desk, number)[-1].id)
    assert "it was taken back since" in undo(desk).text
    assert texts_on(desk, row(desk, number).id) == {"bob": "Is it on?"}
    redo(desk)
    clock.advance(days=2)
    assert claim(system, letter_bytes) is None


def test_nothing_is_sent_again_past_what_others_wrote_meanwhile(
    desk: Desk, system: Desk, number: int, later: Sending
) -> None:
    reply(desk, number, "Is it on?", sending=later)
    undo(desk)
    first = thread(desk, number)[0].message_id
    filed(desk, an_incoming(text="Forget it, I fixed it.", subject="Re: Printer", in_reply_to=(first,)))
    with pytest.raises(Overtaken, match="Mira Kern wrote on it meanwhile"):
        redo(desk)
    assert [one.text for one in written(desk, number)] == ["Is it on?"]


def test_a_mail_that_lies_out_of_sight_is_not_said_to_be_taken_back(place: Place) -> None:
    set_up_hr(place)
    anna, bob = place.desk("anna"), place.desk("bob")
    number = filed(anna, an_incoming()).ticket or 0
    reply(bob, number, "Oops", sending=Sending(leaves_at=place.clock.now + timedelta(seconds=10)))
    merge(anna, number, a_ticket(anna, "Pay", person=SUPPLIER, queue="hr"))
    with pytest.raises(Refused, match="lies in a queue you do not belong to"):
        undo(bob)


def test_what_is_written_since_keeps_the_files_of_what_comes_back(desk: Desk, number: int, later: Sending) -> None:
    ticket, plan, photo = row(desk, number).id, ["plan.pdf", "a/b", 4, "abc"], ["photo.jpg", "a/b", 4, "def"]
    to_bo = {"to": [["Bo Chef", BO.address]], "cc": []}
    save_draft(desk, ticket, "reply", "See the plan.", {**to_bo, "files": [plan]})
    reply(desk, number, "See the plan.", to=[BO], sending=later)
    save_draft(desk, ticket, "reply", "One more thing", {**to_bo, "files": [photo]})
    undo(desk)
    (draft,) = written(desk, number)
    assert (draft.text, draft.fields["files"]) == ("See the plan.\n\nOne more thing", [plan, photo])
    redo(desk)
    (draft,) = written(desk, number)
    assert (draft.text, draft.fields["files"]) == ("One more thing", [photo]), "what is sent again is no draft"


def test_a_forward_is_one_again_wherever_it_lies_by_now(desk: Desk, bob: Desk, number: int, clock: FrozenClock) -> None:
    message, other = thread(desk, number)[0].id, a_ticket(desk, "Other", person=BO)
    save_draft(desk, row(desk, number).id, "forward", "Please see.", fields())
    tomorrow = Sending(leaves_at=clock.now + timedelta(days=1), is_timed=True)
    forward(desk, number, message, "Please see.", [SUPPLIER], sending=tomorrow)
    merge(bob, number, other)
    resending.edit_instead(desk, thread(desk, other)[-1].id)
    (draft,) = written(desk, other)
    assert (draft.kind, draft.fields["remind_in"]) == ("forward", 3)


def test_nobody_is_called_by_a_note_that_was_taken_back(desk: Desk, bob: Desk, number: int) -> None:
    note(desk, number, "@bob wrong ticket")
    undo(desk)
    assert bob.ask(my_notices, bob.actor) == []
    redo(desk)
    assert [one.kind for one in bob.ask(my_notices, bob.actor)] == [NoticeKind.MENTION]


def test_a_macro_is_taken_back_whole(desk: Desk, bob: Desk, number: int) -> None:
    keep_macro(desk, MacroText("m", ("note one @bob", "note two", "tag +a", "tag +b", "remind 2", "remind 4")))
    (macro,) = desk.ask(macros, desk.actor, "support")
    run_macro(desk, [number], macro.id)
    assert thread(desk, number)[-1].text == "one @bob\n\ntwo"
    assert [one.kind for one in bob.ask(my_notices, bob.actor)] == [NoticeKind.MENTION]
    undo(desk)
    assert (len(thread(desk, number)), list(row(desk, number).tags)) == (1, [])
    assert sql(desk.store, "SELECT * FROM timer WHERE done_at IS NULL") == []


def test_what_is_sent_again_is_no_draft_wherever_it_lies(desk: Desk, bob: Desk, number: int, later: Sending) -> None:
    other = a_ticket(desk, "Other", person=BO)
    reply(desk, number, "Is it on?", sending=later)
    merge(bob, number, other)
    undo(desk)
    assert [one.text for one in written(desk, other)] == ["Is it on?"]
    redo(desk)
    assert written(desk, other) == []


def test_a_reminder_that_their_answer_ended_is_not_said_to_be_another(desk: Desk, number: int) -> None:
    remind(desk, number, 2)
    filed(desk, an_incoming(text="More.", in_reply_to=(thread(desk, number)[0].message_id,)))
    assert "it is over since" in undo(desk).text


def test_a_colleagues_merge_keeps_no_mention_that_was_taken_back(desk: Desk, bob: Desk, number: int) -> None:
    note(desk, number, "@bob wrong ticket")
    merge(bob, number, a_ticket(bob, "Other", person=BO))
    undo(desk)
    assert bob.ask(my_notices, bob.actor) == []
