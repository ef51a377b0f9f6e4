"""What is being written besides its text: to whom, with what, what happens then; kept with the draft."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from helpdesk_tui.desk.conversation import note, reply
from helpdesk_tui.desk.door import Desk
from helpdesk_tui.desk.outreach import LoggedCall, forward, log_call
from helpdesk_tui.desk.pages import TicketPage
from helpdesk_tui.desk.sending import KeptFile, Sending
from helpdesk_tui.desk.writing_page import WritingPage
from helpdesk_tui.rules.routing import plain_address
from helpdesk_tui.screens import attaching
from helpdesk_tui.store.queries.thread import MessageRow
from helpdesk_tui.terms import CallDirection, MessageKind, Outcome, Person, Status

#: What can be written on a ticket.
REPLY, FORWARD, NOTE, CALL = "reply", "forward", "note", "call"
MAILS = (REPLY, FORWARD)
#: So many of those whom a mail names are offered.
_MOST_NAMED = 20


@dataclass(frozen=True, slots=True)
class Composition:
    """What is being written, and how it is to be sent.

    Args:
        answers: the id of the message it answers or passes on. remind_in: working days, 0 is never.
        leaves_at: when it is to leave, where that is not at once. is_quoting: it brings along what it answers.
        direction, number, started_at, ended_at: of a call; one that has not ended ends when it is written down. canned: the ids of the prepared texts in it.
    """

    kind: str
    to: tuple[Person, ...] = ()
    cc: tuple[Person, ...] = ()
    answers: int | None = None
    then: Status | None = None
    remind_in: int = 0
    leaves_at: datetime | None = None
    files: tuple[KeptFile, ...] = ()
    is_quoting: bool = False
    resolution: str = ""
    direction: CallDirection = CallDirection.IN
    number: str = ""
    started_at: datetime | None = None
    ended_at: datetime | None = None
    canned: tuple[int, ...] = ()

    @property
    def people(self) -> tuple[Person, ...]:
        """Everybody who gets it."""
        return (*self.to, *self.cc)

    @property
    def is_mail(self) -> bool:
        """True where it leaves the house."""
        return self.kind in MAILS

    def as_fields(self) -> dict[str, Any]:
        """As a draft keeps it."""
        return {
            "to": [[one.name, one.address] for one in self.to],
            "cc": [[one.name, one.address] for one in self.cc],
            "answers": self.answers,
            "then": self.then,
            "remind_in": self.remind_in,
            "leaves_at": self.leaves_at.isoformat() if self.leaves_at else None,
            "files": attaching.as_fields(self.files),
            "is_quoting": self.is_quoting,
            "resolution": self.resolution,
            "direction": self.direction,
            "number": self.number,
            "started_at": self.started_at.isoformat() if self.started_at else None,
            "ended_at": self.ended_at.isoformat() if self.ended_at else None,
            "canned": list(self.canned),
        }


def from_fields(usual: Composition, fields: Mapping[str, Any]) -> Composition:
    """A draft's own, as far as it says something; what an older program kept says less."""
    if "to" not in fields:
        return usual
    to, cc = (tuple(Person(*one) for one in fields[name]) for name in ("to", "cc"))
    usual = replace(usual, to=to, cc=cc)
    if "answers" not in fields:  # it was not written in a composer: all that is known is whom it went to
        return usual
    return replace(
        usual,
        answers=fields["answers"],
        then=Status(fields["then"]) if fields["then"] else None,
        remind_in=fields["remind_in"],
        leaves_at=datetime.fromisoformat(fields["leaves_at"]) if fields["leaves_at"] else None,
        files=attaching.from_fields(fields["files"]),
        is_quoting=fields["is_quoting"],
        resolution=fields["resolution"],
        direction=CallDirection(fields["direction"]),
        number=fields["number"],
        started_at=datetime.fromisoformat(fields["started_at"]) if fields["started_at"] else None,
        ended_at=datetime.fromisoformat(fields["ended_at"]) if fields.get("ended_at") else None,
        canned=tuple(fields.get("canned", ())),
    )


def begun(kind: str, page: TicketPage, focus: MessageRow | None, *, is_quoting: bool, now: datetime) -> Composition:
    """What one begins with: a reply to whoever wrote the message in focus and belongs here, else to the customer."""
    mail = _mail_of(page, focus)
    answers = mail.id if mail else None
    if kind == FORWARD:
        return Composition(kind, answers=answers)
    if kind == CALL:
        return Composition(kind, number=page.customer.phone, started_at=now)
    if kind == NOTE:
        return Composition(kind)
    to, cc = _answered(page, mail)
    return Composition(kind, to, cc, answers, Status.WAITING_CUSTOMER, is_quoting=is_quoting and mail is not None)


def to_all(one: Composition, page: TicketPage, focus: MessageRow | None, about: WritingPage) -> Composition:
    """The same to all whom the message in focus names, but not to ourselves; who is new among them is asked about."""
    if focus is None:
        return one
    there = {plain_address(person.address) for person in one.people} | about.ours
    cc = list(one.cc)
    for person in (focus.sender, *focus.to, *focus.cc)[: _MOST_NAMED + 1]:
        if person.address and plain_address(person.address) not in there:
            there.add(plain_address(person.address))
            cc.append(person)
    return replace(one, cc=tuple(cc))


def offered(page: TicketPage, about: WritingPage, focus: MessageRow | None) -> list[tuple[Person, str]]:
    """Who may be meant, beside those who get it: with a word on where they come from."""
    found = [(page.answers_to, "customer")] if page.answers_to else []
    found += [(one, "participant") for one in page.answers_also]
    found += [(page.newcomer, "newcomer")] if page.newcomer else []
    found += [(page.asks_elsewhere, "elsewhere")] if page.asks_elsewhere else []
    if focus is not None:
        found += [(one, "named") for one in (focus.sender, *focus.to, *focus.cc)[:_MOST_NAMED] if one.address]
    seen: set[str] = set()
    distinct = []
    for person, word in found:
        key = plain_address(person.address)
        if key not in seen and key not in about.ours:
            seen.add(key)
            distinct.append((person, word))
    return distinct


def verb(
    one: Composition, page: TicketPage, text: str, seen: Sequence[int], quoted: str, leaves_at: datetime | None
) -> Callable[[Desk], Outcome]:
    """What sending it does."""
    number = page.ticket.number
    if one.kind == NOTE:
        return lambda desk: note(desk, number, text)
    if one.kind == CALL:
        return lambda desk: log_call(
            desk, number, text, _call(one, desk.clock()), then=one.then, resolution=one.resolution
        )
    sending = Sending(
        leaves_at=leaves_at,
        is_timed=one.leaves_at is not None,
        seen=frozenset(seen),
        files=one.files,
        answers=one.answers,
        quoted=quoted,
        remind_in=one.remind_in,
        resolution=one.resolution,
        canned=one.canned,
    )
    if one.kind == FORWARD:
        told = replace(sending, seen=None)
        return lambda desk: forward(
            desk, number, one.answers or 0, text, one.to, cc=one.cc, then=one.then, sending=told
        )
    return lambda desk: reply(desk, number, text, then=one.then, to=one.to, cc=one.cc, sending=sending)


def leaves(one: Composition, at_earliest: datetime | None) -> datetime | None:
    """When it leaves: as it was chosen, and never before it could be taken back; None is at once."""
    return max(filter(None, (one.leaves_at, at_earliest)), default=None)


def _call(one: Composition, now: datetime) -> LoggedCall:
    began = one.started_at or now
    return LoggedCall(one.direction, one.number, began, one.ended_at or max(now, began))


def _mail_of(page: TicketPage, focus: MessageRow | None) -> MessageRow | None:
    """The mail that is meant: the one in focus, else the customer's last, else the last."""
    mails = [one for one in page.messages if one.kind in (MessageKind.INBOUND, MessageKind.OUTBOUND)]
    if focus in mails:
        return focus
    theirs = [one for one in mails if one.kind is MessageKind.INBOUND and not one.is_automatic]
    return next(iter([*reversed(theirs), *reversed(mails)]), None)


def _answered(page: TicketPage, focus: MessageRow | None) -> tuple[tuple[Person, ...], tuple[Person, ...]]:
    """Whom an answer to this message goes to, and who gets it as well."""
    if page.answers_to is None:
        return (), ()
    everybody = (page.answers_to, *page.answers_also)
    wrote = plain_address(focus.sender.address) if focus and focus.kind is MessageKind.INBOUND else ""
    first = next((one for one in everybody if plain_address(one.address) == wrote), page.answers_to)
    return (first,), tuple(one for one in everybody if one != first)
