"""Hundreds of answers through a mail server that fails in every way, sent by processes that die: none lost, none doubled."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import pytest

from helpdesk_tui.desk.conversation import reply
from helpdesk_tui.desk.door import Desk
from helpdesk_tui.desk.resending import send_again, send_though_unsure, take_as_sent
from helpdesk_tui.mail.parse import parse
from helpdesk_tui.terms import Person
from tests.build import Proves, a_ticket, sql
from tests.mail.installation import Installation
from tests.sampling import IS_LONG
from tests.services.smtp import SmtpSink

pytestmark = [pytest.mark.one_store, pytest.mark.timeout(600)]

MAILS, ROUNDS = (300, 60) if IS_LONG else (60, 15)
SENDER, SMTP, DELIVERY = "helpdesk_tui.mail.outbox", "helpdesk_tui.mail.smtp", "helpdesk_tui.desk.delivery"
#: Where a process may die: when, and in which function.
DEATHS = (
    ("before", f"{SENDER}:claim"),
    ("after", f"{DELIVERY}:_keep_copy"),
    ("after", f"{SENDER}:claim"),
    ("after", f"{SMTP}:_begin_mail"),
    ("after", f"{SMTP}:_send_content"),
    ("after", f"{DELIVERY}:conclude_each"),
    ("after", f"{SENDER}:conclude"),
)


@dataclass
class Storm:
    """What goes wrong, drawn by a seed."""

    installation: Installation
    sink: SmtpSink
    random: random.Random
    met: Counter[str] = field(default_factory=Counter)

    def one_round(self) -> None:
        """Let some things go wrong, send once, then let time pass."""
        faults: dict[str, Callable[[], None]] = {
            "450 for one of two": lambda: self.sink.fail("RCPT", 450, times=2, for_address=second(self.random)),
            "550 for one of two": lambda: self.sink.fail("RCPT", 550, times=1, for_address=second(self.random)),
            "451 to the sender": lambda: self.sink.fail("MAIL", 451, times=3),
            "550 to all": lambda: self.sink.fail("RCPT", 550, times=2),
            "451 to the content": lambda: self.sink.fail("DATA", 451, times=2),
            "421 to the content": lambda: self.sink.fail("DATA", 421),
            "554 to the content": lambda: self.sink.fail("DATA", 554),
            "reset before the content": self.sink.drop_before_data,
            "reset after the content, kept": lambda: self.sink.drop_after_data(stores=True),
            "reset after the content, lost": lambda: self.sink.drop_after_data(stores=False),
            "login refused": lambda: self.sink.fail("AUTH", 535),
            "certificate refused": self._untrusted,
            "slow": lambda: self.sink.slow(0.05),
            "down": self.sink.stop,
        }
        wrong = self.random.sample(sorted(faults), k=self.random.randint(1, 3))
        for name in wrong:
            faults[name]()
        self.met.update(wrong)
        trusted = self.installation.smtp
        if self.random.random() < 0.5:
            self.met["killed"] += self.installation.disturbed(*self.random.choice(DEATHS), self.random.randint(1, 4))
        else:
            self.installation.poll()
            self.installation.look_anew()
        self.installation.smtp = replace(trusted, ca_file=str(self.sink.ca_file))
        self.sink.start()
        self.sink.recover()
        self.let_time_pass()

    def let_time_pass(self) -> None:
        """An hour or more later: what waits is due."""
        sql(self.installation.place.store(), "UPDATE outbox SET due_at = updated_at WHERE state = 'queued'")

    def _untrusted(self) -> None:
        self.installation.smtp = replace(self.installation.smtp, ca_file="")


def answer(desk: Desk, number: int) -> None:
    """A ticket with an answer to one person, or to two."""
    people = [Person("", f"first{number}@customer.example"), Person("", f"second{number}@customer.example")]
    ticket = a_ticket(desk, f"Matter {number}", person=people[0])
    reply(desk, ticket, f"Answer {number}", to=people[: 1 + number % 2])


def second(drawn: random.Random) -> str:
    """One of those who stand second on a mail."""
    return f"second{drawn.randrange(MAILS)}@customer.example"


def test_none_is_lost_and_none_is_doubled_unseen(
    installation: Installation, smtp_sink: SmtpSink, proves: Proves
) -> None:
    installation.send_through(smtp_sink)
    anna = installation.desk()
    storm = Storm(installation, smtp_sink, random.Random(20_261_127))
    for first in range(0, MAILS, MAILS // ROUNDS):
        for number in range(first, first + MAILS // ROUNDS):
            answer(anna, number)
        storm.one_round()
        assert_true_to_what_arrived(installation, smtp_sink)
    for _quiet in range(3):
        installation.poll()
        storm.let_time_pass()
    states = assert_true_to_what_arrived(installation, smtp_sink)
    assert {"sent", "failed", "unsure"} == set(states.values()), "each of them was met"
    a_person_settles(anna, installation, smtp_sink)
    installation.poll()
    storm.let_time_pass()
    installation.poll()
    counted = arrived(smtp_sink)
    assert len(recipients(installation)) == sum(1 + number % 2 for number in range(MAILS))
    assert counted == Counter(dict.fromkeys(recipients(installation), 1)), "each of them got each mail, once"
    assert set(recipients(installation).values()) == {"sent"}
    assert len(storm.met) >= 10, storm.met
    assert storm.met["killed"] >= ROUNDS // 5, storm.met
    proves("mails through a failing server", MAILS)
    proves("senders killed among them", storm.met["killed"])


def assert_true_to_what_arrived(installation: Installation, sink: SmtpSink) -> dict[tuple[str, str], str]:
    """What the store says of each recipient is what the server has; nobody has it twice."""
    found, counted = recipients(installation), arrived(sink)
    assert max(counted.values(), default=0) <= 1, "nobody sent it twice"
    for one, state in found.items():
        if state == "sent":
            assert counted[one] == 1, one
        elif state == "failed" or (state == "queued" and not is_on_its_way(installation, one[0])):
            assert counted[one] == 0, one
    return found


def recipients(installation: Installation) -> dict[tuple[str, str], str]:
    """How far each mail has come with each recipient, by Message-ID and address."""
    rows = installation.sql(
        "SELECT o.header_message_id, r.address, r.state FROM outbox o JOIN outbox_recipient r ON r.outbox_id = o.id"
    )
    return {(message_id, address): state for message_id, address, state in rows}


def is_on_its_way(installation: Installation, message_id: str) -> bool:
    """True where a sender died with it in hand: the next one finds that out."""
    statement = "SELECT state FROM outbox WHERE header_message_id = :id"
    return [row.state for row in installation.sql(statement, id=message_id)] == ["sending"]


def arrived(sink: SmtpSink) -> Counter[tuple[str, str]]:
    """What the server has, by Message-ID and address."""
    return Counter((parse(mail.raw).message_id, address) for mail in sink.messages for address in mail.rcpt_tos)


def a_person_settles(desk: Desk, installation: Installation, sink: SmtpSink) -> None:
    """Somebody asks each customer in doubt, and sends again what failed."""
    counted, known = arrived(sink), recipients(installation)
    ids = dict(installation.sql("SELECT header_message_id, message_id FROM outbox"))
    of_mail: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for one in known:
        of_mail[one[0]].append(one)
    for message_id, ones in of_mail.items():
        in_doubt = [one for one in ones if known[one] == "unsure"]
        if in_doubt:
            has_arrived = any(counted[one] for one in in_doubt)
            (take_as_sent if has_arrived else send_though_unsure)(desk, ids[message_id])
        if any(known[one] == "failed" for one in ones):
            send_again(desk, ids[message_id])
