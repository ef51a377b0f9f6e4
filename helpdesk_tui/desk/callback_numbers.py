"""Which number of a customer is called: one they wrote or said on the ticket, else one they are known by."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from helpdesk_tui.language import _
from helpdesk_tui.rules.callers import digits_of
from helpdesk_tui.rules.phones import find_numbers, national_digits
from helpdesk_tui.rules.routing import plain_address
from helpdesk_tui.store.tables import CustomerAddress, CustomerPhone, Message, Ticket
from helpdesk_tui.terms import MessageKind

#: So many of the newest messages of a ticket tell whose a number is; so many of the customer's are searched for one.
_LOOKED_AT, _SEARCHED = 50, 3


@dataclass(frozen=True, slots=True)
class _Said:
    """A message of a ticket; `is_own`: the customer's, or what was written down of their call."""

    text: str
    quoted: str
    digits: str
    is_ours: bool
    is_own: bool


def likely_numbers(session: Session, ticket: Ticket, region: str) -> tuple[str, ...]:
    """The number to call (E.164): none where none is known, several where somebody has to say which.

    What the customer wrote or said on this ticket goes before what they are known by: other tickets may be others'
    matters. Where their last messages name different ones, the newest comes first. Last come quotes and what third
    people wrote. A number that we wrote first is ours, and is not called.
    """
    said = _said(session, ticket)
    known = _known(session, ticket, region)
    own = [one for one in said if one.is_own][:_SEARCHED]
    by_message = (_theirs(said, [one.text], region) for one in own)
    named = [next((one for one in numbers if one in known), numbers[0]) for numbers in by_message if numbers]
    if named:
        return tuple(dict.fromkeys(named))
    if known:
        return tuple(known)
    received = [one for one in said if not one.is_ours][:_SEARCHED]
    return tuple(_theirs(said, (f"{one.text}\n{one.quoted}" for one in received), region)[:1])


def extension_of(session: Session, ticket: Ticket, number: str, typed: str, region: str) -> str:
    """What is to be dialled behind a number (E.164), from what was typed or the customer wrote; "" for nothing."""
    texts = [typed] if typed else [one.text for one in _said(session, ticket) if one.is_own][:_SEARCHED]
    found = (one.extension for text in texts for one in find_numbers(text, region) if one.number == number)
    extension = next(filter(None, found), "")
    return _("ext. {digits}").format(digits=extension) if extension else ""


def _said(session: Session, ticket: Ticket) -> list[_Said]:
    """What stands on a ticket, the newest first; notes and what was taken back are left out."""
    addresses = select(col(CustomerAddress.address)).where(col(CustomerAddress.customer_id) == ticket.requester_id)
    theirs = {plain_address(one) for one in session.execute(addresses).scalars()}
    written = select(col(Message.kind), col(Message.from_address), col(Message.text), col(Message.quoted)).where(
        col(Message.ticket_id) == ticket.id,
        col(Message.kind) != MessageKind.NOTE,
        col(Message.is_withdrawn).is_(False),
    )
    rows = session.execute(written.order_by(col(Message.id).desc()).limit(_LOOKED_AT))
    return [
        _Said(
            text=text,
            quoted=quoted,
            digits=digits_of(text),
            is_ours=kind == MessageKind.OUTBOUND,
            is_own=kind == MessageKind.CALL or (kind == MessageKind.INBOUND and plain_address(address) in theirs),
        )
        for kind, address, text, quoted in rows
    ]


def _known(session: Session, ticket: Ticket, region: str) -> list[str]:
    """The numbers the customer is known by, the newest first."""
    phones = select(col(CustomerPhone.number)).where(col(CustomerPhone.customer_id) == ticket.requester_id)
    written = session.execute(phones.order_by(col(CustomerPhone.id).desc())).scalars()
    return list(dict.fromkeys(one.number for text in written for one in find_numbers(text, region)))


def _theirs(said: list[_Said], texts: Iterable[str], region: str) -> list[str]:
    """The numbers in these texts that we have not written first."""
    found = dict.fromkeys(one.number for text in texts for one in find_numbers(text, region))
    return [one for one in found if not _is_ours(said, one)]


def _is_ours(said: list[_Said], number: str) -> bool:
    digits = national_digits(number)
    return next((one.is_ours for one in reversed(said) if digits in one.digits), False)
