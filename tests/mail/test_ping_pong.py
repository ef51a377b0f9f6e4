"""Two programs that answer each other's mail come to an end: our desk and another one, our desk and a robot."""

from __future__ import annotations

import email
import email.policy
import re
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.message import EmailMessage
from itertools import count, product
from pathlib import Path

import pytest

from helpdesk_tui.config import Settings
from helpdesk_tui.desk.conversation import NewRequest, create, reply
from helpdesk_tui.desk.delivery import claim, conclude
from helpdesk_tui.desk.door import Desk
from helpdesk_tui.desk.identity import identify, welcome_first
from helpdesk_tui.desk.queue_mail import QueueMail, set_queue_mail
from helpdesk_tui.desk.settings import set_queue
from helpdesk_tui.mail.compose import compose
from helpdesk_tui.store.schema import upgrade
from helpdesk_tui.terms import SYSTEM, OutboxState, Person
from tests.build import SUPPORT, FrozenClock, a_mail, listed, received

pytestmark = pytest.mark.one_store

THEIRS = "help@their.example"
MOST = 3
ENDLESS = 40
MARKS = rb"Auto-Submitted|X-Auto-Response-Suppress"
THREADS = rb"In-Reply-To|References"
FIELD = rb"(?im)^(?:%s):.*\r\n(?:[ \t].*\r\n)*"


@pytest.fixture
def ours(admin: Desk, desk: Desk) -> Desk:
    """Our desk, which confirms."""
    set_queue_mail(admin, "support", QueueMail(confirms=True, within="4h"))
    return desk


@pytest.fixture
def theirs(tmp_path: Path, clock: FrozenClock) -> Iterator[Desk]:
    """Another desk of this program, on a store of its own, which confirms too."""
    store = upgrade(f"sqlite:///{tmp_path / 'theirs.db'}")
    welcome_first(store, "ida")
    desk = Desk(store, identify(store, "ida"), Settings(store=store.url), clock)
    set_queue(desk, "support", [THEIRS], "Their Help")
    set_queue_mail(desk, "support", QueueMail(confirms=True, with_number=True))
    yield desk
    store.close()


def sent(desk: Desk) -> Iterator[bytes]:
    """What leaves a desk."""
    system = desk.acting_as(SYSTEM)
    while mail := claim(system, compose):
        conclude(system, mail.outbox_id, OutboxState.SENT, "")
        yield mail.content


def without(fields: bytes, raw: bytes) -> bytes:
    """A mail without these fields, as some gateways hand it on."""
    return re.sub(FIELD % fields, b"", raw) if fields else raw


@pytest.mark.parametrize("lost", [b"", MARKS, THREADS, MARKS + b"|" + THREADS])
def test_two_desks_that_confirm_each_other_come_to_an_end(ours: Desk, theirs: Desk, lost: bytes) -> None:
    (number,) = create(theirs, NewRequest(Person("Example", SUPPORT), "Your invoice 12")).tickets
    reply(theirs, number, "Please send the invoice again.")
    ways = Counter[str]()
    under_way = deque((ours, raw) for raw in sent(theirs))
    while under_way and ways.total() < ENDLESS:
        to, raw = under_way.popleft()
        ways["to us" if to is ours else "to them"] += 1
        received(to, without(lost, raw))
        under_way += [(theirs if to is ours else ours, mail) for mail in sent(to)]
    assert max(ways.values()) <= MOST, ways
    assert ways["to them"] >= 1, "the desk that was asked confirms"
    assert len(listed(ours, "is:any")) <= 2


@dataclass
class Robot:
    """Answers everything and says nowhere that it is a program.

    Args:
        has_new_address, has_new_subject: it writes under another one each time; keeps_thread: it names what it answers.
    """

    has_new_address: bool
    has_new_subject: bool
    keeps_thread: bool
    _numbers: count[int] = field(default_factory=count)

    def begin(self) -> bytes:
        """Its first mail."""
        return a_mail("We are closed until Monday.", sender="robot@robots.example", subject="Closed")

    def answer(self, raw: bytes) -> bytes:
        """What it makes of a mail."""
        mail = email.message_from_bytes(raw, policy=email.policy.default)
        assert isinstance(mail, EmailMessage)
        number = next(self._numbers)
        sender = f"robot{number if self.has_new_address else ''}@robots.example"
        subject = f"Closed, take {number}" if self.has_new_subject else f"Re: {mail['Subject']}"
        thread = {"In_Reply_To": str(mail["Message-ID"])} if self.keeps_thread else {}
        return a_mail(f"We are closed until Monday. ({number})", sender=sender, subject=subject, **thread)


@pytest.mark.parametrize(
    ("has_new_address", "has_new_subject", "keeps_thread"),
    [one for one in product((False, True), repeat=3) if one != (True, True, False)],  # that is as many new customers
)
def test_a_robot_without_any_mark_comes_to_an_end(
    ours: Desk, has_new_address: bool, has_new_subject: bool, keeps_thread: bool
) -> None:
    robot = Robot(has_new_address, has_new_subject, keeps_thread)
    under_way, ways = deque([robot.begin()]), Counter[str]()
    while under_way and ways.total() < ENDLESS:
        ways["to us"] += 1
        received(ours, under_way.popleft())
        for mail in sent(ours):
            ways["to it"] += 1
            under_way.append(robot.answer(mail))
    assert max(ways.values()) <= MOST, ways
    assert ways["to it"] >= 1, "its first mail looks like a customer's"


def test_a_robot_that_copies_our_mail_comes_to_an_end(ours: Desk) -> None:
    under_way, ways = deque([a_mail("Closed.", sender="robot@robots.example", subject="Closed")]), Counter[str]()
    while under_way and ways.total() < ENDLESS:
        ways["to us"] += 1
        received(ours, under_way.popleft())
        for raw in sent(ours):
            ways["to it"] += 1
            copied = without(MARKS + b"|" + THREADS, raw)
            turned = copied.replace(
                f"To: robot{ways['to it'] - 1 or ''}@robots.example".encode(), b"To: " + SUPPORT.encode()
            )
            sender = f"From: robot{ways['to it']}@robots.example".encode()
            under_way.append(re.sub(rb"(?m)^From: .*(?=\r\n)", sender, turned))
    assert max(ways.values()) <= MOST, ways
