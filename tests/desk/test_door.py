"""The one door: permission, lock, event, version, and nothing left behind by what is refused."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from helpdesk_tui import terms
from helpdesk_tui.desk import assignment, conversation, history, settings, tickets
from helpdesk_tui.desk.conversation import NewRequest
from helpdesk_tui.desk.door import Desk
from helpdesk_tui.desk.standing import apply_status
from helpdesk_tui.desk.tickets import Fields
from helpdesk_tui.errors import HelpdeskError, NotFound, Refused, Usage
from helpdesk_tui.store.tables import Ticket
from helpdesk_tui.terms import SYSTEM, Channel, Person, Priority, Status
from tests.build import (
    MIRA,
    FrozenClock,
    Place,
    a_ticket,
    an_incoming,
    everything,
    filed,
    listed,
    row,
    sql,
    thread,
)
from tests.build import history as events_of

Verb = Callable[[Desk, int], Any]

VERBS: list[tuple[str, Verb, dict[str, Any]]] = [
    ("assign", lambda d, n: assignment.take(d, [n]), {"assignee": [None, "anna"]}),
    ("status", lambda d, n: tickets.set_status(d, [n], Status.OPEN), {"status": ["new", "open"]}),
    ("priority", lambda d, n: tickets.set_priority(d, [n], Priority.URGENT), {"priority": ["normal", "urgent"]}),
    ("category", lambda d, n: tickets.set_category(d, [n], "billing"), {"category": [None, "billing"]}),
    ("queue", lambda d, n: tickets.move(d, [n], "billing"), {"queue": ["support", "billing"]}),
    ("tag", lambda d, n: tickets.tag(d, [n], ["VPN", "new one"]), {"tags": [[], ["new-one", "vpn"]]}),
    ("summary", lambda d, n: tickets.set_fields(d, [n], Fields(summary=" paper\njam ")),
     {"summary": [None, "paper jam"]}),
]  # fmt: skip
EVERY_VERB: list[Verb] = [
    *(verb for _name, verb, _changes in VERBS),
    lambda d, n: tickets.set_fields(d, [n], Fields(due=d.clock())),
    lambda d, n: conversation.reply(d, n, "Hello"),
    lambda d, n: conversation.note(d, n, "Hello"),
    lambda d, _n: conversation.create(d, NewRequest(MIRA, "Fax")),
    lambda d, _n: history.undo(d),
    lambda d, _n: history.redo(d),
    lambda d, _n: settings.add_queue(d, "hr"),
]


@pytest.mark.parametrize(("name", "verb", "changes"), VERBS, ids=[one[0] for one in VERBS])
def test_a_verb_changes_the_ticket_and_writes_one_event(
    desk: Desk, clock: FrozenClock, name: str, verb: Verb, changes: dict[str, Any]
) -> None:
    number = a_ticket(desk)
    before, events = row(desk, number), events_of(desk, number)
    clock.advance(minutes=3)
    outcome = verb(desk, number)
    after = row(desk, number)
    (event,) = events_of(desk, number)[len(events) :]
    assert (event.verb, event.actor, event.at, event.batch) == (name, "anna", clock(), outcome.batch)
    assert event.changes == changes
    assert after.version == before.version + 1
    assert after.updated_at == clock()
    assert outcome.tickets == (number,)
    assert f"#{number}" in outcome.text


@pytest.mark.parametrize("verb", [verb for _name, verb, _changes in VERBS])
def test_doing_it_twice_is_one_change(desk: Desk, verb: Verb) -> None:
    number = a_ticket(desk)
    verb(desk, number)
    before = everything(desk.store)
    assert verb(desk, number).tickets == ()
    assert everything(desk.store) == before


@pytest.mark.parametrize("verb", EVERY_VERB)
def test_the_program_itself_does_nothing_that_agents_do(desk: Desk, verb: Verb) -> None:
    number = a_ticket(desk)
    before = everything(desk.store)
    with pytest.raises(Refused):
        verb(desk.acting_as(SYSTEM), number)
    assert everything(desk.store) == before


@pytest.mark.parametrize("verb", [verb for _name, verb, _changes in VERBS])
def test_a_ticket_that_is_not_there_refuses_the_verb(desk: Desk, verb: Verb) -> None:
    a_ticket(desk)
    before = everything(desk.store)
    with pytest.raises(NotFound, match="no ticket #1"):
        verb(desk, 1)
    assert everything(desk.store) == before


def test_one_missing_ticket_among_many_changes_none(desk: Desk) -> None:
    number = a_ticket(desk)
    with pytest.raises(NotFound):
        assignment.take(desk, [number, 1])
    assert row(desk, number).assignee is None


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        (Fields(queue="nowhere"), "no queue nowhere"),
        (Fields(category="nothing"), "no category nothing"),
        (Fields(status=Status.OPEN, category="\x1b[31mred"), "no category red"),
    ],
)
def test_what_is_unknown_is_named_and_changes_nothing(desk: Desk, fields: Fields, words: str) -> None:
    number = a_ticket(desk)
    before = everything(desk.store)
    with pytest.raises(NotFound, match=words) as refused:
        tickets.set_fields(desk, [number], fields)
    assert refused.value.hint.startswith("Known: ")
    assert everything(desk.store) == before


def test_changing_nothing_is_a_wrong_use(desk: Desk) -> None:
    with pytest.raises(Usage):
        tickets.set_fields(desk, [a_ticket(desk)], Fields())


def test_several_fields_are_one_batch(desk: Desk) -> None:
    number = a_ticket(desk)
    fields = Fields(status=Status.OPEN, priority=Priority.HIGH, category="technical", queue="billing")
    text = tickets.set_fields(desk, [number], fields).text
    assert text == f"#{number}: status open, priority high, category technical, queue billing"
    rest, way = (event.changes.keys() for event in events_of(desk, number)[-2:])
    assert (way, rest - {"waiting_for", "waiting_since"}) == ({"queue"}, {"status", "priority", "category"})
    history.undo(desk)
    assert (row(desk, number).queue, row(desk, number).status) == ("support", Status.NEW)


def test_a_category_is_taken_away(desk: Desk) -> None:
    number = a_ticket(desk)
    tickets.set_category(desk, [number], "billing")
    tickets.set_category(desk, [number], "")
    assert row(desk, number).category is None


def test_tags_are_put_on_and_taken_off(desk: Desk) -> None:
    number, other = a_ticket(desk), a_ticket(desk)
    tickets.tag(desk, [number, other], ["vpn", "old"])
    outcome = tickets.tag(desk, [number], ["new"], ["old", "never"])
    assert row(desk, number).tags == ("new", "vpn")
    assert row(desk, other).tags == ("old", "vpn")
    assert outcome.text == f"#{number}: tags +new -never -old"
    assert listed(desk, "tag:VPN -tag:old") == [number]


@pytest.mark.parametrize(
    ("status", "waiting_for", "is_closed"),
    [
        (Status.OPEN, "us", False),
        (Status.WAITING_CUSTOMER, "them", False),
        (Status.WAITING_OTHER, "us", False),
        (Status.SOLVED, None, False),
        (Status.CLOSED, None, True),
        (Status.CANCELLED, None, True),
    ],
)
def test_a_status_says_whom_the_ticket_waits_for(
    desk: Desk, clock: FrozenClock, status: Status, waiting_for: str | None, is_closed: bool
) -> None:
    number, begun = a_ticket(desk), clock()
    clock.advance(hours=1)
    tickets.set_status(desk, [number], status)
    found = row(desk, number)
    assert found.waiting_for == waiting_for
    assert found.waiting_since == (begun if waiting_for == "us" else clock())
    ((closed_at,),) = sql(desk.store, "SELECT closed_at FROM ticket")
    assert (closed_at is not None) is is_closed
    assert (number in listed(desk)) is not is_closed


class TestARepeatedCall:
    """A verb under a batch id that was used before gives the first outcome and does nothing."""

    @pytest.mark.parametrize("verb", [verb for _name, verb, _changes in VERBS])
    def test_the_first_outcome_comes_again(self, desk: Desk, verb: Verb) -> None:
        number = a_ticket(desk)
        named = desk.in_batch("my-batch")
        first = named.do(verb, number)
        before = everything(desk.store)
        assert named.do(verb, number) == first
        assert first.batch == "my-batch"
        assert everything(desk.store) == before

    def test_a_ticket_is_made_once(self, desk: Desk) -> None:
        named = desk.in_batch("call-4711")
        outcomes = [named.do(conversation.create, NewRequest(MIRA, "Fax")) for _ in range(3)]
        assert len(set(outcomes)) == 1
        assert listed(desk) == list(outcomes[0].tickets)

    def test_two_calls_at_the_same_time_make_one_ticket(self, place: Place) -> None:
        desks = [place.desk("anna").in_batch("call-4711") for _ in range(4)]
        with ThreadPoolExecutor(len(desks)) as pool:
            outcomes = list(pool.map(lambda one: one.do(conversation.create, NewRequest(MIRA, "Fax")), desks))
        assert len(set(outcomes)) == 1
        assert len(listed(desks[0])) == 1

    def test_a_reply_is_written_once(self, desk: Desk) -> None:
        number = filed(desk, an_incoming()).ticket or 0
        named = desk.in_batch("reply-1")
        assert named.do(conversation.reply, number, "Hello") == named.do(conversation.reply, number, "Hello")
        assert [message.kind for message in thread(desk, number)] == ["inbound", "outbound"]

    def test_an_outcome_that_changed_nothing_comes_again_too(self, desk: Desk, bob: Desk) -> None:
        number = a_ticket(desk)
        assignment.assign(bob, [number], "bob")
        first = desk.in_batch("mine").do(assignment.assign, [number], "bob")
        assignment.unassign(bob, [number])
        assert desk.in_batch("mine").do(assignment.assign, [number], "bob") == first
        assert row(desk, number).assignee is None
        assert "Printer" in history.undo(desk).text

    def test_an_id_that_was_used_for_something_else_is_refused(self, desk: Desk, bob: Desk) -> None:
        number = filed(desk, an_incoming()).ticket or 0
        desk.in_batch("same").do(conversation.note, number, "Hello")
        for who, verb in ((desk, conversation.reply), (bob, conversation.note)):
            with pytest.raises(Refused, match="batch id same was used for something else"):
                who.in_batch("same").do(verb, number, "Hello")
        assert [message.kind for message in thread(desk, number)] == ["inbound", "note"]


@pytest.mark.parametrize("place", ["postgres"], indirect=True)
def test_what_was_read_before_the_lock_is_read_again(desk: Desk, bob: Desk) -> None:
    number = a_ticket(desk)
    ticket_id = row(desk, number).id
    with desk.change(terms.Verb.STATUS) as changes:
        changes.session.get_one(Ticket, ticket_id)
        tickets.set_status(bob, [number], Status.WAITING_CUSTOMER)
        changes.load_ids([ticket_id])
        assert changes.only.before["status"] == Status.WAITING_CUSTOMER
        apply_status(changes.only.ticket, Status.OPEN, changes.now)
    assert (row(desk, number).status, row(desk, number).version) == ("open", 3)


def test_colleagues_at_the_same_time_lose_nothing(place: Place) -> None:
    anna, bob = place.desk("anna"), place.desk("bob")
    number = a_ticket(anna)

    def tag_some(desk: Desk) -> None:
        for step in range(15):
            tickets.tag(desk, [number], [f"{desk.actor.login}{step}"])

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(tag_some, [anna, bob]))
    assert len(row(anna, number).tags) == 30
    assert row(anna, number).version == 31


def test_two_batches_over_the_same_tickets_do_not_lock_each_other_out(place: Place) -> None:
    anna, bob = place.desk("anna"), place.desk("bob")
    numbers = [a_ticket(anna) for _ in range(6)]

    def change_all(desk: Desk, order: list[int], priorities: list[Priority]) -> None:
        for priority in priorities * 8:
            tickets.set_priority(desk, order, priority)

    with ThreadPoolExecutor(2) as pool:
        one = pool.submit(change_all, anna, numbers, [Priority.LOW, Priority.HIGH])
        other = pool.submit(change_all, bob, numbers[::-1], [Priority.URGENT, Priority.NORMAL])
        one.result()
        other.result()
    assert all(event.actor in ("anna", "bob") for event in events_of(anna, numbers[0]))


class TestAMoveToAnotherQueue:
    """What belongs to a ticket goes with it."""

    def test_everything_of_the_ticket_follows(self, desk: Desk, clock: FrozenClock) -> None:
        number = filed(desk, an_incoming()).ticket or 0
        conversation.reply(desk, number, "Hello")
        tickets.set_fields(desk, [number], Fields(due=clock.advance(hours=1)))
        tickets.move(desk, [number], "billing")
        for table in ("ticket", "message", "event", "outbox", "own_token", "timer", "raw_message", "ticket_words"):
            queues = sql(desk.store, f"SELECT DISTINCT q.name FROM {table} x JOIN queue q ON q.id = x.queue_id")
            assert queues == [("billing",)], table
        assert listed(desk, "queue:billing") == [number]
        assert listed(desk, "queue:support") == []

    def test_the_next_answer_comes_from_the_new_queue(self, desk: Desk) -> None:
        number = filed(desk, an_incoming()).ticket or 0
        tickets.move(desk, [number], "billing")
        conversation.reply(desk, number, "Hello")
        assert thread(desk, number)[-1].sender == Person("Anna", "billing@desk.example")


class TestNewRequests:
    """What comes in by phone, at the counter or by hand."""

    def test_a_call_becomes_a_ticket(self, desk: Desk) -> None:
        request = NewRequest(MIRA, "Printer\r\non fire", "It\x1b[31m burns", queue="billing", priority=Priority.HIGH)
        (number,) = conversation.create(desk, request).tickets
        found = row(desk, number)
        assert (found.subject, found.queue, found.priority) == ("Printer on fire", "billing", "high")
        assert (found.status, found.channel, found.requester) == ("new", "phone", MIRA)
        (call,) = thread(desk, number)
        assert (call.kind, call.text, call.agent, call.sender) == ("call", "It burns", "anna", MIRA)

    def test_a_visit_becomes_a_note(self, desk: Desk) -> None:
        number = a_ticket(desk, channel=Channel.WALK_IN)
        assert [message.kind for message in thread(desk, number)] == ["note"]

    @pytest.mark.parametrize(
        ("one", "other"),
        [
            (NewRequest(MIRA, "a"), NewRequest(Person("", "MIRA@Customer.Example"), "b")),
            (
                NewRequest(Person("Ida", ""), "a", phone="+49 89 123"),
                NewRequest(Person("", ""), "b", phone="004989123"),
            ),
        ],
    )
    def test_the_same_person_is_known_again(self, desk: Desk, one: NewRequest, other: NewRequest) -> None:
        numbers = [conversation.create(desk, request).tickets[0] for request in (one, other)]
        assert row(desk, numbers[0]).requester == row(desk, numbers[1]).requester
        assert sql(desk.store, "SELECT count(*) FROM customer") == [(1,)]

    @pytest.mark.parametrize(
        ("request_", "kind"),
        [
            (NewRequest(MIRA, " \n"), Usage),
            (NewRequest(Person("", ""), "Printer"), Usage),
            (NewRequest(MIRA, "Printer", queue="nowhere"), NotFound),
        ],
    )
    def test_what_is_missing_is_said(self, desk: Desk, request_: NewRequest, kind: type[HelpdeskError]) -> None:
        before = everything(desk.store)
        with pytest.raises(kind):
            conversation.create(desk, request_)
        assert everything(desk.store) == before
        assert sql(desk.store, "SELECT count(*) FROM customer") == [(0,)]
