"""Which ticket does a mail belong to: the decision table, first match wins.

A token is the 128 random bits in a Message-ID of ours, or behind the plus sign of an address of ours; it proves that
somebody has seen the thread, never that they are the customer. A weak link is a reference to a Message-ID of the
customer's own earlier mail or of a mail that was imported from an older system, a ticket's number in the subject, or
an open ticket of the same person with the same subject: it counts for participants alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from typing import Any

from helpdesk_tui.language import _
from helpdesk_tui.terms import Authenticity, Disposition

#: The part of our Message-IDs behind the token, by which they are recognised before they are looked up.
OWN_ID_MARK = ".hd@"
#: The row of a mail from a participant whose check has failed.
FORGED_ROW = 7
#: The rows of what a machine wrote.
_MACHINE_ROWS = (4, 5)
#: The rows of a mail that somebody who forges a sender cannot write without one of our mails.
SURE_ROWS = (6, 8, 10, 14, 16)
_TOKEN_LENGTH = 26
#: Where the number stands in the mark of another system.
TAG_NUMBER = "{number}"
_LONGEST_NUMBER = 40
#: A number as people quote one: `[#1042]`, `Ticket 1042`, `Anfrage Nr. 1042`.
_QUOTED_NUMBER = re.compile(
    r"\[#?(\d{1,12})\]|\b(?:ticket|request|case|anfrage|vorgang)[ ]?(?:nr\.?|no\.?|nummer|number)?[ ]?[#:]?[ ]?(\d{1,12})\b",
    re.IGNORECASE,
)


class Link(StrEnum):
    """How a mail that carries no token of ours refers to a ticket."""

    MESSAGE_ID = "message_id"
    OLD_NUMBER = "old_number"
    NUMBER = "number"
    SUBJECT = "subject"


@dataclass(frozen=True, slots=True)
class Signals:
    """What is known about a mail before it is placed.

    Args:
        is_own_copy: an outgoing Message-ID of ours, and our own content.
        is_bounce: a delivery report; is_lasting: it says that trying again is no use.
        is_told: what it reports is on record already.
        token_ticket: ticket of the token that counts (In-Reply-To before References, newest ancestor first).
        other_token_ticket: another ticket whose token the mail carries as well.
        weak_ticket: ticket that the mail refers to without a token, by `weak_link`.
        is_answer: its subject says that it answers something.
        is_participant: the sender is the requester or an accepted participant of that ticket.
        is_agents_token: the sender is an agent to whom the token was sent, and who still belongs to that queue.
        is_confidential: that ticket's queue is confidential.
        is_closed: that ticket was closed, or left alone, so long ago that it is not opened again, or was erased.
    """

    is_own_copy: bool = False
    is_bounce: bool = False
    is_lasting: bool = False
    is_told: bool = False
    is_robot: bool = False
    token_ticket: int | None = None
    other_token_ticket: int | None = None
    weak_ticket: int | None = None
    weak_link: Link | None = None
    is_answer: bool = False
    is_participant: bool = False
    is_agents_token: bool = False
    authenticity: Authenticity = Authenticity.NONE
    is_confidential: bool = False
    is_closed: bool = False

    def as_stored(self) -> dict[str, Any]:
        """The signals that were there, as they are kept beside the mail."""
        return {one.name: value for one in fields(self) if (value := getattr(self, one.name))}


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a mail goes.

    Args:
        ticket: the ticket it is appended to; linked_to: the one a new ticket names for agents only.
        reopens: somebody of ours has to do something now (status, clocks); remark: what agents should know about it.
        row, reason: the row of the table, and why in words.
    """

    disposition: Disposition
    row: int
    reason: str
    ticket: int | None = None
    linked_to: int | None = None
    reopens: bool = False
    remark: str = ""

    @property
    def is_by_machine(self) -> bool:
        """True where no person wrote it."""
        return self.row in (2, 3, 4, 5)

    @property
    def is_note(self) -> bool:
        """True where an agent wrote it to colleagues."""
        return self.row == 16


def own_token(message_id: str) -> str | None:
    """The token of a Message-ID of ours (any case: some gateways fold it), None where it is not of ours."""
    token, mark, _domain = message_id.lower().partition(OWN_ID_MARK)
    return token if mark and _is_token(token) else None


def token_in_address(address: str) -> str | None:
    """The token behind the plus sign of an address (RFC 5233), None where none can be."""
    token = address.partition("@")[0].rpartition("+")[2].lower()
    return token if "+" in address and _is_token(token) else None


def tokens_in_order(in_reply_to: Iterable[str], references: Iterable[str], addresses: Iterable[str] = ()) -> list[str]:
    """Our tokens a mail refers to: In-Reply-To first, then its ancestors from the newest, then where it was sent to."""
    ids = [*in_reply_to, *reversed(list(references))]
    found = [*map(own_token, ids), *map(token_in_address, addresses)]
    return list(dict.fromkeys(token for token in found if token))


def tagged_number(subject: str, tag: str) -> str:
    """The number behind another system's mark in a subject, "" where it has none.

    Args:
        tag: the mark as that system writes it, with {number} where the number stands: `[Ticket#{number}]`.
    """
    before, _mark, after = tag.partition(TAG_NUMBER)
    found = re.search(f"{re.escape(before)}[ ]?([0-9A-Za-z-]{{1,{_LONGEST_NUMBER}}}){re.escape(after)}", subject, re.I)
    return found[1] if found else ""


def quoted_number(subject: str) -> int | None:
    """The number of a ticket that somebody wrote into a subject, None where there is none."""
    found = _QUOTED_NUMBER.search(subject)
    return int(found[1] or found[2]) if found else None


def numbered(number: str, address: str) -> str:
    """How somebody who belongs to a conversation finds it by its number there, which anybody else could guess."""
    return f"number {number} {address}"


def place(signals: Signals) -> Placement:
    """Decide where a mail goes."""
    for decide in (_no_mail_of_a_person, _by_token, _by_weak_link):
        if placement := decide(signals):
            return _marked(placement, signals)
    return _marked(Placement(Disposition.NEW, 17, _("It refers to nothing we know."), reopens=True), signals)


def _marked(placement: Placement, signals: Signals) -> Placement:
    """The same; a mail whose check has failed says so, wherever it is shown."""
    is_shown = placement.reopens or placement.row in _MACHINE_ROWS
    if not is_shown or signals.authenticity is not Authenticity.FAIL:
        return placement
    return replace(placement, remark=_("! The sender's address is probably forged."))


def _is_token(text: str) -> bool:
    return len(text) == _TOKEN_LENGTH and text.isascii() and text.isalnum()


def _no_mail_of_a_person(signals: Signals) -> Placement | None:
    ticket = signals.token_ticket
    if signals.is_own_copy:
        return Placement(Disposition.OWN_COPY, 1, _("It is a mail of our own that came back."))
    if signals.is_bounce:
        if ticket:
            reason = _("It reports that a mail of ours was not delivered.")
            reopens = signals.is_lasting and not signals.is_told
            return Placement(Disposition.BOUNCE, 2, reason, ticket, reopens=reopens)
        return Placement(Disposition.BOUNCE, 3, _("It reports on a mail that is not ours."))
    if signals.is_robot:
        if ticket:
            return Placement(Disposition.APPENDED, 4, _("A machine answered a mail of ours."), ticket)
        return Placement(Disposition.ROBOT, 5, _("A machine wrote it, and it refers to no mail of ours."))
    return None


def _by_token(signals: Signals) -> Placement | None:
    ticket = signals.token_ticket
    if ticket is None:
        return None
    if signals.is_closed:
        return _linked(15, _("The ticket it answers was closed, or left alone, long ago."), ticket)
    is_proven = signals.authenticity is Authenticity.PASS
    if signals.is_agents_token and is_proven:
        reason = _("An agent answered a mail that we had sent them.")
        return Placement(Disposition.APPENDED, 16, reason, ticket)
    if signals.is_participant:
        return _from_participant(signals, ticket)
    if is_proven and not signals.is_confidential:
        remark = _("! Written by a person new to this ticket; gets no answer until an agent accepts them.")
        reason = _("It answers a mail of ours, from a new address.")
        return Placement(Disposition.APPENDED, 8, reason, ticket, reopens=True, remark=remark)
    return _linked(9, _("It answers a mail of ours, but nothing shows that the sender belongs there."), ticket)


def _from_participant(signals: Signals, ticket: int) -> Placement:
    reason = _("It answers a mail of ours.")
    if signals.authenticity is Authenticity.FAIL:
        return Placement(Disposition.APPENDED, FORGED_ROW, reason, ticket, reopens=True)
    row = 14 if signals.other_token_ticket not in (None, ticket) else 6
    linked_to = signals.other_token_ticket if row == 14 else None
    return Placement(Disposition.APPENDED, row, reason, ticket, linked_to, reopens=True, remark=_doubt(signals))


def _by_weak_link(signals: Signals) -> Placement | None:
    ticket = signals.weak_ticket
    if ticket is None:
        return None
    if signals.is_closed:
        return _linked(15, _("The ticket it refers to was closed, or left alone, long ago."), ticket)
    if not signals.is_participant or signals.authenticity is Authenticity.FAIL:
        return _linked(13, _("It refers to a mail of a ticket, but the sender does not belong there."), ticket)
    if signals.authenticity is Authenticity.PASS and (signals.weak_link is not Link.SUBJECT or signals.is_answer):
        return Placement(Disposition.APPENDED, 10, _refers(signals), ticket, reopens=True)
    if signals.weak_link in (Link.NUMBER, Link.SUBJECT):
        remark = _("It may belong to another ticket of the same person.")
        return _linked(12, _("Only its subject refers to a ticket of the same person."), ticket, remark)
    if signals.is_confidential:  # in words that do not tell so: the new ticket lies elsewhere
        return _linked(13, _("It refers to a mail of a ticket, but the sender is not verified."), ticket)
    return Placement(Disposition.APPENDED, 11, _refers(signals), ticket, reopens=True, remark=_doubt(signals))


def _refers(signals: Signals) -> str:
    if signals.weak_link is Link.MESSAGE_ID:
        return _("It refers to an earlier mail of the same person.")
    if signals.weak_link is Link.OLD_NUMBER:
        return _("Its subject carries the old system's number of a ticket of the same person.")
    return _("Its subject is that of a ticket of the same person.")


def _doubt(signals: Signals) -> str:
    return "" if signals.authenticity is Authenticity.PASS else _("The sender's address is not verified.")


def _linked(row: int, reason: str, ticket: int, remark: str = "") -> Placement:
    return Placement(Disposition.LINKED, row, reason, linked_to=ticket, reopens=True, remark=remark)
