"""Answers of real customers find their ticket without any number, among many tickets that look like it."""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import Sequence

import pytest

from helpdesk_tui.desk.conversation import reply
from helpdesk_tui.desk.door import Desk
from helpdesk_tui.terms import Disposition, FiledMail, Person
from tests.build import FrozenClock, Proves, sql, thread
from tests.mail.customers import CHECKED, SUBJECTS, UNCHECKED, WAYS, Conversation, Reply, answer, kinds, people
from tests.mail.letterbox import new_id, sent_mails, taken_in, written

IS_LONG = bool(os.environ.get("HELPDESK_LONG"))
#: Answers, conversations they belong to, and other open tickets.
ANSWERS, TALKS, OTHERS = (400, 80, 200) if IS_LONG else (100, 20, 50)
WANTED = 0.98
SECOND = (
    "INSERT INTO customer_address (address, customer_id, position) "
    "SELECT :second, customer_id, 1 FROM customer_address WHERE address = :first"
)
#: Why an answer may be kept apart from its ticket: no rule could know better.
UNKNOWABLE = {
    "without any id": "nothing but its subject leads there, and nobody vouches for the sender, or two tickets have it",
    "from an unknown address": "nobody vouches for the sender, who is not known to belong there",
}
Found = tuple[Conversation, Reply, FiledMail]


@pytest.fixture
def chance() -> random.Random:
    """The same dice in every run."""
    return random.Random("genuine replies")


@pytest.fixture
def talks(desk: Desk, clock: FrozenClock, chance: random.Random) -> list[Conversation]:
    """Conversations in which we answered last, between tickets of other people about the like."""
    found: list[Conversation] = []
    for n, (customer, second, colleague) in enumerate(people(TALKS + OTHERS)):
        subject, own = chance.choice(SUBJECTS), new_id()
        clock.advance(minutes=1)
        number = taken_in(desk, written([customer.whole], subject, "Es geht nicht.", message_id=own)).ticket or 0
        if n % (1 + OTHERS // TALKS) == 0 and len(found) < TALKS:
            sql(desk.store, SECOND, second=second, first=customer.address)
            found.append(Conversation(customer, second, colleague, subject, number, [own]))
    for talk in found[::9]:  # who has the same trouble twice
        taken_in(desk, written([talk.customer.whole], talk.subject, "Schon wieder!"))
    answer_all(desk, found, with_colleague=True)
    return found


def answer_all(desk: Desk, talks: list[Conversation], *, with_colleague: bool = False) -> None:
    """Answer each customer, and their colleague as well."""
    for talk in talks:
        to: list[Person] = [talk.customer, talk.colleague] if with_colleague else []
        reply(desk, talk.number, "Ist er an?", to=to)
        talk.ours += sent_mails(desk)


def answered(desk: Desk, clock: FrozenClock, talks: list[Conversation], chance: random.Random) -> list[Found]:
    """All answers, and where each went; half of them come to a mailbox whose border server says nothing."""
    found = []
    for n, kind in enumerate(kinds(ANSWERS, chance)):
        talk = talks[n % len(talks)]
        if n and n % (2 * len(talks)) == 0:
            answer_all(desk, talks)
        clock.advance(minutes=1)
        one = answer(talk, kind, chance.choice(CHECKED if n % 2 else UNCHECKED), chance)
        found.append((talk, one, taken_in(desk, one.raw)))
        talk.theirs.append(one.message_id)
    return found


@pytest.mark.parametrize("place", ["sqlite"], indirect=True)
def test_answers_find_their_ticket(
    desk: Desk, clock: FrozenClock, talks: list[Conversation], chance: random.Random, proves: Proves
) -> None:
    found = answered(desk, clock, talks, chance)
    apart = [(one, filed) for talk, one, filed in found if filed.ticket != talk.number]
    assert {one.kind for _talk, one, _filed in found} == set(WAYS)
    assert {one.kind for one, _filed in apart} <= set(UNKNOWABLE)
    assert 1 - len(apart) / len(found) >= WANTED
    proves("answers of customers", len(found))
    proves("answers in their ticket", len(found) - len(apart))
    assert_none_is_in_a_wrong_one(desk, found)


def assert_none_is_in_a_wrong_one(desk: Desk, found: Sequence[Found]) -> None:
    for talk, one, filed in found:
        if filed.ticket != talk.number:
            assert filed.disposition in (Disposition.NEW, Disposition.LINKED), one.kind
            assert filed.linked_to in (None, talk.number), one.kind
    written = Counter(talk.number for talk, _one, filed in found if filed.ticket == talk.number)
    for talk in {talk.number: talk for talk, _one, _filed in found}.values():
        inbound = [message for message in thread(desk, talk.number) if message.kind == "inbound"]
        assert len(inbound) == 1 + written[talk.number]
