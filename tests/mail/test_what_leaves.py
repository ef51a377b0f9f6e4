"""Random conversations: what leaves goes to those whom the agent saw and to nobody else, as mail that others understand."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import getaddresses
from types import TracebackType
from typing import Self

import pytest

from helpdesk_tui.config import SmtpSettings
from helpdesk_tui.desk.conversation import NewRequest, note, reply
from helpdesk_tui.desk.door import Desk
from helpdesk_tui.desk.outreach import LoggedCall, forward, log_call, write_first
from helpdesk_tui.desk.pages import TicketPage, ticket_page
from helpdesk_tui.desk.participants import accept
from helpdesk_tui.desk.sending import Sending, keep_file
from helpdesk_tui.desk.wording import passed_on, quotation
from helpdesk_tui.errors import Refused
from helpdesk_tui.mail.outbox import send_all
from helpdesk_tui.mail.smtp import SendResult, SmtpTransport
from helpdesk_tui.rules.routing import plain_address
from helpdesk_tui.store.tables import Message
from helpdesk_tui.terms import SYSTEM, CallDirection, MessageKind, OutgoingMail, Person
from tests.build import SUPPORT, Place, Proves, an_id, received, row, session_of
from tests.sampling import IS_LONG
from tests.services.dovecot import Mailbox
from tests.services.exim import EximServer

pytestmark = pytest.mark.timeout(600)

SEEDS = range(200 if IS_LONG else 16)
CANARY = "stays-in-the-house"
#: Each stands once in the head of a mail, and no other does.
FIELDS = {
    "from", "to", "cc", "subject", "date", "message-id", "in-reply-to", "references", "reply-to", "mime-version",
    "content-type", "content-transfer-encoding",
}  # fmt: skip
REQUESTER = Person("Erika Beispiel", "erika@customer.example")
OTHERS = (
    Person("Otto Fremd", "otto@elsewhere.example"),
    Person('"Eve\r\nBcc: all@evil.example', "eve@evil.example"),
    Person("=?utf-8?q?Mallory=0d=0aBcc:_all@evil.example?=", "mallory@evil.example"),
    Person("Jürgen, <j@evil.example>", "juergen@buecher.example"),
)
WORDS = (
    "Guten Tag,", "the printer **burns**", "\r\nBcc: all@evil.example\r\n", "=?utf-8?b?DQpCY2M6?=", "x" * 1200,
    "- one\n- two", "\x1b]52;c;eA==\x07", ".\n..\n.", "From here", "Grüße 😀", "| a | b |\n|---|---|\n| 1 | 2 |",
    "<script>alert(1)</script>", "[click](javascript:alert(1))", "\u202egpj.exe", "-- \nErika",
)  # fmt: skip


@dataclass
class Tee:
    """Hands mail over to a real server, and remembers what the server was told."""

    transport: SmtpTransport
    sent: list[OutgoingMail] = field(default_factory=list)

    def __enter__(self) -> Self:
        self.transport.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.transport.__exit__(kind, error, trace)

    def send(self, mail: OutgoingMail) -> SendResult:
        self.sent.append(mail)
        return self.transport.send(mail)


@dataclass
class Talk:
    """A ticket on which random things happen; whom each mail was meant for stands in `meant`."""

    desk: Desk
    random: random.Random
    number: int = 0
    meant: list[set[str]] = field(default_factory=list)
    last_id: str = ""

    def words(self) -> str:
        return " ".join(self.random.choices(WORDS, k=self.random.randint(1, 4)))

    @property
    def page(self) -> TicketPage:
        found = self.desk.ask(ticket_page, row(self.desk, self.number).id)
        assert found
        return found

    def begin(self) -> None:
        self.number = received(self.desk, self._mail(REQUESTER)).ticket or 0

    def customer_writes(self) -> None:
        ours = [one for one in self.page.messages if one.kind is MessageKind.OUTBOUND]
        if theirs := [one.message_id for one in ours if REQUESTER.address in {person.address for person in one.to}]:
            self.last_id = theirs[-1]
        received(self.desk, self._mail(REQUESTER, In_Reply_To=f"<{self.last_id}>", References=f"<{self.last_id}>"))

    def somebody_else_writes(self) -> None:
        who = self.random.choice(OTHERS)
        more = {"Reply_To": "grab@evil.example", "Cc": "watch@evil.example, watch2@evil.example"}
        received(self.desk, self._mail(who, In_Reply_To=f"<{self.last_id}>", **more))

    def agent_lets_in(self) -> None:
        if self.page.newcomer is not None:
            accept(self.desk, self.number)

    def agent_answers(self) -> None:
        page = self.page
        assert page.answers_to is not None
        cc = page.answers_also if self.random.random() < 0.5 else ()
        mails = [one for one in page.messages if one.kind is MessageKind.INBOUND]
        quoted = self.desk.ask(quotation, self.random.choice(mails).id, "de", "Europe/Berlin")
        file = keep_file(self.desk, self.words(), "text/x-evil; name=\r\nBcc: a@b.example", self.words().encode())
        sending = Sending(quoted=quoted, files=(file,) if self.random.random() < 0.3 else ())
        self._expect(page.answers_to, *cc)
        reply(self.desk, self.number, f"ok {self.words()}", to=[page.answers_to], cc=cc, sending=sending)

    def agent_asks_others(self) -> None:
        message = self.random.choice(self.page.messages)
        to = Person("Lieferant\nBcc: x@evil.example", "help@supplier.example")
        try:
            told = Sending(quoted=self.desk.ask(passed_on, message.id, "en", "UTC"))
            forward(self.desk, self.number, message.id, f"see {self.words()}", [to], sending=told)
        except Refused:
            assert message.kind in (MessageKind.NOTE, MessageKind.CALL)
        else:
            self._expect(to)

    def agent_writes_first(self) -> None:
        """To people who have not asked; a ticket of its own."""
        to, also, cc = self.random.sample(OTHERS, 3)
        file = keep_file(self.desk, self.words(), "text/x-evil", self.words().encode())
        request = NewRequest(to, f"first {self.words()}", queue="support")
        sending = Sending(files=(file,) if self.random.random() < 0.3 else ())
        write_first(self.desk, request, f"dear all {self.words()}", sending, also=[also], cc=[cc])
        self._expect(to, also, cc)

    def agent_notes(self) -> None:
        note(self.desk, self.number, f"{CANARY} @bob {self.words()}")

    def agent_calls(self) -> None:
        now = self.desk.clock()
        log_call(
            self.desk, self.number, f"{CANARY} {self.words()}", LoggedCall(CallDirection.OUT, "+49 69 1", now, now)
        )

    def _expect(self, *people: Person) -> None:
        self.meant.append({plain_address(one.address) for one in people})

    def _mail(self, who: Person, **more: str) -> bytes:
        """A mail as a hostile program writes it."""
        name, subject = (re.sub(r'[\x00-\x1f"\u202e]', " ", one)[:400] for one in (who.name, self.words()))
        own_id = an_id()
        if who is REQUESTER and not self.last_id:
            self.last_id = own_id
        head = [
            f'From: "{name}" <{who.address}>',
            f"To: {SUPPORT}",
            f"Subject: {subject}",
            f"Message-ID: <{own_id}>",
            *(f"{field.replace('_', '-')}: {value}" for field, value in more.items()),
        ]
        return "\r\n".join([*head, "", self.words(), ""]).encode()


STEPS: tuple[Callable[[Talk], None], ...] = (
    Talk.customer_writes, Talk.somebody_else_writes, Talk.agent_lets_in, Talk.agent_answers, Talk.agent_answers,
    Talk.agent_asks_others, Talk.agent_writes_first, Talk.agent_notes, Talk.agent_calls,
)  # fmt: skip


@pytest.mark.parametrize("place", ["sqlite"], indirect=True)
def test_random_conversations(place: Place, exim: EximServer, mailbox: Mailbox, proves: Proves) -> None:
    desk = place.desk("anna")
    settings = SmtpSettings(exim.host, exim.port, "none", timeout_seconds=20)
    total = 0
    for seed in SEEDS:
        talk = Talk(desk, random.Random(seed))
        talk.begin()
        for step in talk.random.choices(STEPS, k=12):
            step(talk)
        with Tee(SmtpTransport(settings)) as tee:
            send_all(system_of(desk), tee)
        states = [one.delivery for one in talk.page.messages if one.kind is MessageKind.OUTBOUND]
        assert set(states) <= {"sent"}, (seed, exim.refusals[-1:])
        assert [set(map(plain_address, mail.recipients)) for mail in tee.sent] == talk.meant, seed
        for mail, meant in zip(tee.sent, talk.meant, strict=True):
            look_at(mail, meant)
        assert_one_thread(talk, tee.sent, mailbox)
        total += len(tee.sent)
    assert total > 2 * len(SEEDS)
    proves("mails to a real MTA", total)
    proves("random conversations", len(SEEDS))


def system_of(desk: Desk) -> Desk:
    """The program, with no limit on how much it sends in a minute."""
    no_limit = replace(desk.settings, smtp=replace(desk.settings.smtp, per_minute=1_000_000))
    return replace(desk.acting_as(SYSTEM), settings=no_limit)


def look_at(mail: OutgoingMail, meant: set[str]) -> None:
    """The mail is what RFC 5322 allows, names whom it goes to, and says nothing that stays in the house."""
    assert mail.content.isascii()
    lines = mail.content.split(b"\r\n")
    assert all(b"\n" not in line and b"\r" not in line and len(line) <= 998 for line in lines)
    read = message_from_bytes(mail.content, policy=policy.default)
    assert isinstance(read, EmailMessage)
    names = [name.lower() for name in read]
    assert set(names) <= FIELDS
    assert len(names) == len(set(names))
    assert not read.defects
    raw = message_from_bytes(mail.content)
    named = getaddresses([value for one in ("To", "Cc") for value in raw.get_all(one, [])])
    assert {plain_address(address) for _name, address in named} == meant
    for part in read.walk():
        if part.get_content_maintype() == "text" and part.get_content_type() != "text/x-evil":
            assert CANARY not in part.get_content()
        if part.get_content_type() == "text/html":
            assert "<script" not in part.get_content()
            assert 'href="javascript' not in part.get_content()


def assert_one_thread(talk: Talk, sent: list[OutgoingMail], mailbox: Mailbox) -> None:
    """To another program what we wrote to the customer is one conversation with what they wrote (RFC 5256)."""
    theirs = [
        one for one in talk.page.messages if one.kind is MessageKind.INBOUND and one.sender.address == REQUESTER.address
    ]
    if not any(REQUESTER.address in mail.recipients for mail in sent):
        return
    folder = f"T{talk.number}"
    with mailbox.session() as imap:
        imap.create(folder)
        for one in theirs:
            head = "".join(
                f"{name}: {' '.join(f'<{id}>' for id in ids)}\r\n" for name, ids in (("Message-ID", [one.message_id]),)
            )
            imap.append(folder, "", "", f"{head}{_references(talk, one.id)}Subject: x\r\n\r\nx\r\n".encode())
        for mail in sent:
            if REQUESTER.address in mail.recipients:
                imap.append(folder, "", "", mail.content)
        imap.select(folder)
        _ok, (answer,) = imap.uid("THREAD", "REFS", "UTF-8", "ALL")
    assert _top_level(answer.decode()) == 1, (talk.number, answer)


def _references(talk: Talk, message_id: int) -> str:
    with session_of(talk.desk.store) as session:
        ids = session.get_one(Message, message_id).references
    return f"References: {' '.join(f'<{one}>' for one in ids)}\r\n" if ids else ""


def _top_level(answer: str) -> int:
    """How many conversations a THREAD answer has."""
    depth = found = 0
    for sign in answer:
        depth += {"(": 1, ")": -1}.get(sign, 0)
        found += sign == "(" and depth == 1
    return found
