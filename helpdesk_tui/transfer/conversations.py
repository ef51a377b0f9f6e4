"""From mails to tickets: which belong together, who asked, and where the conversation stands.

Mails belong together that name each other (Message-ID, In-Reply-To, References), whichever comes first; also by the
old system's mark in the subject and, where asked for, by subject and participants. Anybody can name any mail and guess
any number: who has nobody in common with a conversation gets one of their own. What is decided here is written by
`desk.imports`; no rule is run and no mail is sent.
"""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from helpdesk_tui.desk.imports import MoreOfTicket, Name, NewTicket
from helpdesk_tui.mail.dates import sent_at
from helpdesk_tui.rules import robots
from helpdesk_tui.rules.routing import is_own, plain_address, queue_of, without_detail
from helpdesk_tui.rules.sameness import digest_of
from helpdesk_tui.rules.subjects import without_noise
from helpdesk_tui.rules.threading import numbered, tagged_number
from helpdesk_tui.store.finished import FinishedMail, FinishedMessage, FinishedTicket, MoreMessages, Standing
from helpdesk_tui.store.queries.transfer import MAIL, MESSAGE, NUMBER, THREAD
from helpdesk_tui.terms import ENDED, IncomingMail, MessageKind, Party, Person, Priority, Status
from helpdesk_tui.transfer.source import RawMail

#: The disposition of a mail that an import kept; it is in no mailbox's account.
IMPORTED = "imported"
#: A conversation whose last mail is older than this is over, unless the import says otherwise.
OVER_AFTER = timedelta(days=30)
#: A longer id fits into no index; mail servers pass on no line that long either.
_LONGEST_ID = 998
_LARGEST_NUMBER = 10**18
_LONGEST_HEADER = 64 * 1024
_RECEIVED = re.compile(rb"^received[ \t]*:(.*(?:\n[ \t].*)*)", re.I | re.M)


@dataclass(frozen=True, slots=True)
class Customs:
    """How mails become tickets.

    Args:
        system: what the old system is called.
        queue: where all tickets go; "" lets the folder or the addresses decide, then `fallback`.
        queues: the ids of queues by their addresses, and the names by id; folders: queues by folder.
        agents: logins by address, case-folded; names: logins by the agent's name.
        status: what all conversations get; None decides by age and by who spoke last.
    """

    system: str
    fallback: str
    queues: Mapping[str, int]
    queue_names: Mapping[int, str]
    folders: Mapping[str, str]
    agents: Mapping[str, str]
    names: Mapping[str, str]
    queue: str = ""
    status: Status | None = None
    groups_by_subject: bool = False
    subject_tag: str = ""


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail that was read: its digest, which knows it again, and the ids by which its conversation is found.

    Args:
        people: the addresses outside that it names; speakers: of these, who wrote it, or whom we wrote it to.
    """

    raw: RawMail
    mail: IncomingMail
    digest: str
    is_ours: bool
    at: datetime
    threads: tuple[str, ...]
    number: str
    people: frozenset[str]
    speakers: frozenset[str]
    place: str = ""


@dataclass(eq=False)
class Conversation:
    """Mails that belong together; `ticket_id` is that of the ticket which has the earlier ones.

    Args:
        people: the addresses outside that it names; speakers: of these, who wrote, and whom we wrote to.
        letters: in the order of their times.
    """

    ticket_id: int | None
    people: set[str] = field(default_factory=set)
    speakers: set[str] = field(default_factory=set)
    letters: list[Letter] = field(default_factory=list)

    def knows(self, one: Letter) -> bool:
        """True where who speaks in the one is named in the other."""
        return not (self.people.isdisjoint(one.speakers) and self.speakers.isdisjoint(one.people))

    def add(self, one: Letter) -> None:
        """Append a letter, with the people in it."""
        self.letters.append(one)
        self.people |= one.people
        self.speakers |= one.speakers


def letter(raw: RawMail, mail: IncomingMail, customs: Customs, now: datetime) -> Letter:
    """A mail with all that placing it needs; its time is when it was received, never in the future."""
    number = tagged_number(mail.subject, customs.subject_tag) if customs.subject_tag else ""
    is_ours = raw.is_sent or is_own(mail.sender.address, customs.queues)
    at = min(_received_at(raw.content) or mail.sent_at or raw.envelope_at or now, now)
    written = outside((one.address for one in (*mail.to, *mail.cc)), customs)
    wrote = outside([mail.sender.address], customs)
    speakers = written if is_ours else wrote
    threads = _threads(mail, (numbered(number, one) for one in sorted(speakers) if number), customs)
    return Letter(raw, mail, digest_of(mail, raw.content), is_ours, at, threads, number, written | wrote, speakers)


def outside(addresses: Iterable[str], customs: Customs) -> frozenset[str]:
    """Those of these addresses that are not ours, without what stands behind a plus."""
    return frozenset(without_detail(one) for one in addresses if one and not is_own(one, customs.queues))


def without_own_id(one: Letter) -> Letter:
    """The letter as one of no id: another mail has its Message-ID, and what refers to it means that one."""
    return replace(one, threads=tuple(id for id in one.threads if id != _bracketed(one.mail.message_id)))


def gather(letters: Sequence[Letter], known: Mapping[str, Sequence[Conversation]]) -> list[Conversation]:
    """Put letters into conversations, the oldest letter first.

    Args:
        known: the conversations of earlier letters, by the ids that lead to them, the surest first.
    """
    by_id = defaultdict(list, {id: list(conversations) for id, conversations in known.items()})
    found: list[Conversation] = []
    for one in sorted(letters, key=lambda one: one.at):
        named = [conversation for id in one.threads for conversation in by_id[id]]
        here = next((conversation for conversation in named if conversation.knows(one)), None)
        if here is None:
            here = named[0] if one.is_ours and named else Conversation(None)
        if not here.letters:
            found.append(here)
        here.add(one)
        for id in one.threads:
            if here not in by_id[id]:
                by_id[id].append(here)
    return found


def requester(conversation: Conversation, customs: Customs) -> Person:
    """Who asked: the first sender outside, else the first outside whom we wrote to."""
    wrote = [one.mail.sender for one in conversation.letters if not one.is_ours]
    written = [to for one in conversation.letters for to in (*one.mail.to, *one.mail.cc) if to.address]
    return next(one for one in (*wrote, *written) if not is_own(one.address, customs.queues))


def new_ticket(conversation: Conversation, customs: Customs, now: datetime) -> NewTicket:
    """The ticket of a new conversation."""
    letters = conversation.letters
    first, last = letters[0], letters[-1]
    standing = _standing(last, customs, now)
    number = next((int(one.number) for one in letters if one.number.isdecimal()), 0)
    ticket = FinishedTicket(
        subject=without_noise(first.mail.subject) if first.is_ours else first.mail.subject,
        requester=requester(conversation, customs),
        queue=_queue(first, customs),
        created_at=first.at,
        updated_at=last.at,
        messages=tuple(_message(one, customs) for one in letters),
        number=number if 0 < number < _LARGEST_NUMBER else None,
        is_number_wished=True,
        status=standing.status,
        priority=Priority.HIGH if any(one.raw.is_flagged for one in letters) else Priority.NORMAL,
        waiting_for=standing.waiting_for,
        waiting_since=standing.waiting_since,
        closed_at=standing.closed_at,
    )
    return NewTicket(ticket, tuple(_ticket_names(letters)), tuple(map(_message_names, letters)))


def more_messages(conversation: Conversation, newest_at: datetime, customs: Customs, now: datetime) -> MoreOfTicket:
    """Messages for the ticket of a conversation that goes on; an older one changes nothing about where it stands."""
    letters = conversation.letters
    last = letters[-1]
    standing = _standing(last, customs, now) if last.at >= newest_at else None
    messages = tuple(_message(one, customs) for one in letters)
    more = MoreMessages(conversation.ticket_id or 0, messages, standing)
    return MoreOfTicket(more, tuple(_ticket_names(letters)), tuple(map(_message_names, letters)))


def _standing(last: Letter, customs: Customs, now: datetime) -> Standing:
    """Closed where the last mail is old; else it waits for whoever did not write it."""
    spoke_last = last.is_ours or last.raw.is_answered
    status = customs.status
    if status is None:
        is_over = last.at < now - OVER_AFTER
        status = Status.CLOSED if is_over else Status.WAITING_CUSTOMER if spoke_last else Status.OPEN
    waits = None if status in (*ENDED, Status.SOLVED) else Party.US
    waits = Party.THEM if status is Status.WAITING_CUSTOMER else waits
    return Standing(status, waits, last.at, last.at if status in ENDED else None, last.at)


def _queue(first: Letter, customs: Customs) -> str:
    mail = first.mail
    named = [*mail.delivered_to, *(person.address for person in (*mail.to, *mail.cc))]
    queue_id = queue_of([mail.sender.address, *named] if first.is_ours else named, customs.queues)
    by_address = customs.queue_names[queue_id] if queue_id is not None else ""
    return customs.queue or customs.folders.get(first.raw.folder, "") or by_address or customs.fallback


def _message(one: Letter, customs: Customs) -> FinishedMessage:
    mail = one.mail
    raw = FinishedMail(one.raw.content, f"import {customs.system}", IMPORTED, one.at)
    return FinishedMessage(
        kind=MessageKind.OUTBOUND if one.is_ours else MessageKind.INBOUND,
        sender=mail.sender,
        text=mail.text,
        at=one.at,
        agent=_agent(mail.sender, customs) if one.is_ours else "",
        subject=mail.subject,
        quoted=mail.quoted,
        to=mail.to,
        cc=mail.cc,
        message_id=_kept_id(mail),
        references=mail.ancestors,
        files=mail.files,
        remarks=mail.notes,
        is_automatic=not one.is_ours and robots.is_robot(mail, answers_us=bool(mail.in_reply_to)),
        sent_at=mail.sent_at,
        raw=raw,
    )


def _agent(sender: Person, customs: Customs) -> str:
    name = sender.name.partition(" · ")[0].casefold()
    return customs.agents.get(plain_address(sender.address), "") or customs.names.get(name, "")


def _kept_id(mail: IncomingMail) -> str:
    return mail.message_id if len(mail.message_id.encode()) <= _LONGEST_ID else ""


def _threads(mail: IncomingMail, numbers: Iterable[str], customs: Customs) -> tuple[str, ...]:
    """The ids by which a mail's conversation is found, the surest first."""
    ids = [mail.message_id, *mail.in_reply_to, *reversed(mail.references)]
    ids = [_bracketed(id) for id in ids if id and len(id.encode()) <= _LONGEST_ID]
    ids += numbers
    if customs.groups_by_subject and (subject := without_noise(mail.subject).casefold()):
        people = (mail.sender, *mail.to, *mail.cc)
        named = sorted({plain_address(one.address) for one in people if not is_own(one.address, customs.queues)})
        ids.append(f"subject {hashlib.sha256(repr((subject, named)).encode()).hexdigest()}")
    return tuple(dict.fromkeys(ids))


def _bracketed(message_id: str) -> str:
    return f"<{message_id}>"


def _ticket_names(letters: Sequence[Letter]) -> Iterator[Name]:
    for one in letters:
        yield from ((THREAD, id) for id in one.threads)
        if one.number:
            yield NUMBER, one.number


def _message_names(one: Letter) -> tuple[Name, ...]:
    message_id = _kept_id(one.mail)
    return ((MAIL, one.digest), (MESSAGE, message_id)) if message_id else ((MAIL, one.digest),)


def _received_at(content: bytes) -> datetime | None:
    """When our own server took a mail: what stands last in its topmost Received line (RFC 5321 §4.4)."""
    header = content[:_LONGEST_HEADER].replace(b"\r\n", b"\n").partition(b"\n\n")[0]
    found = _RECEIVED.search(header)
    return sent_at(found[1].decode("latin-1").replace("\n", " ").rpartition(";")[2]) if found else None
