"""Which ticket does a mail belong to: the decision table, first match wins.

A token is the 128 random bits in a Message-ID of ours; it proves that somebody has seen the thread, never that they
are the customer. A weak link is a reference to a Message-ID of the customer's own earlier mail or of a mail that was
imported from an older system, or that system's number in the subject: it counts for participants alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from helpdesk_tui.language import _
from helpdesk_tui.terms import Authenticity, Disposition

#: The part of our Message-IDs behind the token, by which they are recognised before they are looked up.
OWN_ID_MARK = ".hd@"
_TOKEN_LENGTH = 26
#: Where the number stands in the mark of another system.
TAG_NUMBER = "{number}"
_LONGEST_NUMBER = 40


@dataclass(frozen=True, slots=True)
class Signals:
    """What is known about a mail before it is placed.

    Args:
        is_own_copy: an outgoing Message-ID of ours, and our own content.
        is_bounce: a delivery report; is_lasting: it says that trying again is no use.
        token_ticket: ticket of the token that counts (In-Reply-To before References, newest ancestor first).
        other_token_ticket: another ticket whose token the mail carries as well.
        weak_ticket: ticket of an inbound or imported message that the mail refers to, or whose number in the old system
            its subject carries (then is_by_tag).
        is_participant: the sender is the requester or an accepted participant of that ticket.
        is_confidential: that ticket's queue is confidential.
        is_closed: that ticket was closed so long ago that it is not opened again.
    """

    is_own_copy: bool = False
    is_bounce: bool = False
    is_lasting: bool = False
    is_robot: bool = False
    token_ticket: int | None = None
    other_token_ticket: int | None = None
    weak_ticket: int | None = None
    is_participant: bool = False
    authenticity: Authenticity = Authenticity.NONE
    is_confidential: bool = False
    is_closed: bool = False
    is_by_tag: bool = False


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


def own_token(message_id: str) -> str | None:
    """The token of a Message-ID of ours (any case: some gateways fold it), None where it is not of ours."""
    token, mark, _domain = message_id.lower().partition(OWN_ID_MARK)
    return token if mark and len(token) == _TOKEN_LENGTH and token.isalnum() else None


def tokens_in_order(in_reply_to: Iterable[str], references: Iterable[str]) -> list[str]:
    """Our tokens a mail refers to: In-Reply-To first, then its ancestors from the newest."""
    ids = [*in_reply_to, *reversed(list(references))]
    return list(dict.fromkeys(token for one in ids if (token := own_token(one))))


def tagged_number(subject: str, tag: str) -> str:
    """The number behind another system's mark in a subject, "" where it has none.

    Args:
        tag: the mark as that system writes it, with {number} where the number stands: `[Ticket#{number}]`.
    """
    before, _mark, after = tag.partition(TAG_NUMBER)
    found = re.search(f"{re.escape(before)}[ ]?([0-9A-Za-z-]{{1,{_LONGEST_NUMBER}}}){re.escape(after)}", subject, re.I)
    return found[1] if found else ""


def numbered(number: str, address: str) -> str:
    """How somebody who belongs to a conversation finds it by its number there, which anybody else could guess."""
    return f"number {number} {address}"


def place(signals: Signals) -> Placement:
    """Decide where a mail goes."""
    for decide in (_no_mail_of_a_person, _by_token, _by_weak_link):
        if placement := decide(signals):
            return placement
    return Placement(Disposition.NEW, 17, _("It refers to nothing we know."), reopens=True)


def _no_mail_of_a_person(signals: Signals) -> Placement | None:
    ticket = signals.token_ticket
    if signals.is_own_copy:
        return Placement(Disposition.OWN_COPY, 1, _("It is a mail of our own that came back."))
    if signals.is_bounce:
        if ticket:
            reason = _("It reports that a mail of ours was not delivered.")
            return Placement(Disposition.BOUNCE, 2, reason, ticket, reopens=signals.is_lasting)
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
        return _linked(15, _("The ticket it answers was closed long ago."), ticket)
    if signals.is_participant:
        return _from_participant(signals, ticket)
    if signals.authenticity is Authenticity.PASS and not signals.is_confidential:
        remark = _("! Written by a person new to this ticket; gets no answer until an agent accepts them.")
        return Placement(
            Disposition.APPENDED, 8, _("It answers a mail of ours, from a new address."), ticket, remark=remark
        )
    return _linked(9, _("It answers a mail of ours, but nothing shows that the sender belongs there."), ticket)


def _from_participant(signals: Signals, ticket: int) -> Placement:
    row = 14 if signals.other_token_ticket not in (None, ticket) else 6
    reason = _("It answers a mail of ours.")
    if signals.authenticity is Authenticity.FAIL:
        remark = _("! The sender's address is probably forged.")
        return Placement(Disposition.APPENDED, 7, reason, ticket, remark=remark)
    remark = "" if signals.authenticity is Authenticity.PASS else _("The sender's address is not verified.")
    linked_to = signals.other_token_ticket if row == 14 else None
    return Placement(Disposition.APPENDED, row, reason, ticket, linked_to, reopens=True, remark=remark)


def _by_weak_link(signals: Signals) -> Placement | None:
    ticket = signals.weak_ticket
    if ticket is None:
        return None
    if signals.is_closed:
        return _linked(15, _("The ticket it refers to was closed long ago."), ticket)
    if not signals.is_participant or signals.authenticity is Authenticity.FAIL:
        return _linked(13, _("It refers to a mail of a ticket, but the sender does not belong there."), ticket)
    reason = _("It refers to an earlier mail of the same person.")
    if signals.is_by_tag:
        reason = _("Its subject carries the old system's number of a ticket of the same person.")
    if signals.authenticity is Authenticity.PASS:
        return Placement(Disposition.APPENDED, 10, reason, ticket, reopens=True)
    if signals.is_confidential:  # in words that do not tell so: the new ticket lies elsewhere
        return _linked(13, _("It refers to a mail of a ticket, but the sender is not verified."), ticket)
    remark = _("The sender's address is not verified.")
    return Placement(Disposition.APPENDED, 11, reason, ticket, reopens=True, remark=remark)


def _linked(row: int, reason: str, ticket: int) -> Placement:
    return Placement(Disposition.LINKED, row, reason, linked_to=ticket, reopens=True)
