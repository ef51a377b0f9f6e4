"""Opening the tickets of mails, several at once: asking and writing for each alone takes three times as long."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from sqlalchemy.orm import Session

from helpdesk_tui.desk.acknowledging import acknowledge
from helpdesk_tui.desk.door import Changes
from helpdesk_tui.desk.inbound import Filing, Inbound, add_messages, found_by_words
from helpdesk_tui.desk.people import Found, agent_at, customer_at, customers_for
from helpdesk_tui.language import _
from helpdesk_tui.rules import words
from helpdesk_tui.rules.forwards import forwarded_sender
from helpdesk_tui.rules.routing import plain_address, without_detail
from helpdesk_tui.rules.threading import Placement
from helpdesk_tui.store import numbers, search
from helpdesk_tui.store.statements import add_rows_for_ids, change_rows
from helpdesk_tui.store.tables import RawMessage, Ticket
from helpdesk_tui.terms import Authenticity, Channel, IncomingMail, Party, Person, Status

#: What is written onto a kept mail as it is filed.
_FILED = (
    "queue_id", "ticket_id", "message_id", "disposition", "linked_ticket_id", "why_row", "why_reason",
    "from_name", "from_address", "subject", "group_id", "signals",
)  # fmt: skip


class Openings:
    """Tickets that are to be opened, as long as nothing that is asked depends on them."""

    def __init__(self, session: Session, conclude: Callable[[Changes], None]) -> None:
        """`conclude` is called with the changes of each, in their order, when its ticket is open."""
        self._session = session
        self._conclude = conclude
        self._waiting: list[tuple[Filing, Placement]] = []
        self._people: set[str | int] = set()
        self._ids: set[str] = set()

    def customer_of(self, mail: IncomingMail) -> int | None:
        """Who is known by the address of a mail's sender; what the mail may belong to is open when this returns.

        That is what comes from the same person or names the same Message-ID; numbers of tickets that wait are known to
        nobody.
        """
        customer = customer_at(self._session, mail.sender.address)
        if self._people.isdisjoint(_people(mail, customer)) and self._ids.isdisjoint(_ids(mail)):
            return customer
        self.open()
        return customer or customer_at(self._session, mail.sender.address)

    def add(self, filing: Filing, placement: Placement) -> None:
        """Let one more wait."""
        self._waiting.append((filing, placement))
        self._people |= _people(filing.mail, filing.customer)
        if passed_on := _passed_on(filing):
            self._people.add(without_detail(passed_on.address))
        self._ids |= _ids(filing.mail)

    def open(self) -> None:
        """Open all that wait."""
        waiting, self._waiting = self._waiting, []
        self._people, self._ids = set(), set()
        if not waiting:
            return
        open_tickets(self._session, waiting)
        filings = [filing for filing, _placement in waiting]
        for one in filings:
            acknowledge(one.changes, one.raw, one.mail, one.queues, one.office)
        write_raws(self._session, [one.raw for one in filings])
        for one in filings:
            self._conclude(one.changes)


class _New(NamedTuple):
    """A ticket on its way: its mail, whose it is, and what was given to it."""

    filing: Filing
    placement: Placement
    requester: Person
    remark: str
    customer: Found
    number: int


def open_tickets(session: Session, mails: Sequence[tuple[Filing, Placement]]) -> list[int]:
    """Make a ticket of each of these mails; returns their ids. None may name the Message-ID of another one."""
    asked = [_requester(filing) for filing, _placement in mails]
    moments = [filing.changes.now for filing, _placement in mails]
    customers = customers_for(session, [(who, now) for (who, _remark), now in zip(asked, moments, strict=True)])
    drawn = numbers.draw_some(session, len(mails))
    new = [
        _New(*mail, *who, customer, number)
        for mail, who, customer, number in zip(mails, asked, customers, drawn, strict=True)
    ]
    ids = add_rows_for_ids(session, Ticket, [_row(one) for one in new])
    places = [(id, one.filing.raw.queue_id) for id, one in zip(ids, new, strict=True)]
    messages = [Inbound(one.filing, one.placement, *at, one.remark) for one, at in zip(new, places, strict=True)]
    message_ids = add_messages(session, messages)
    search.index_new_words(session, [(*at, _words(one)) for one, at in zip(new, places, strict=True)])
    for one, at, message_id in zip(new, places, message_ids, strict=True):
        one.filing.numbers[at[0]] = one.number
        one.filing.changes.event(*at, {"number": [None, one.number], "message": [None, message_id]})
    return ids


def write_raws(session: Session, raws: Sequence[RawMessage]) -> None:
    """Write onto the rows of kept mails what they became."""
    session.flush()
    change_rows(session, RawMessage, [(raw.id, {name: getattr(raw, name) for name in _FILED}) for raw in raws])


def _row(one: _New) -> dict[str, Any]:
    raw, now = one.filing.raw, one.filing.changes.now
    return {
        "number": one.number,
        "queue_id": raw.queue_id,
        "requester_id": one.customer.id,
        "subject": one.filing.mail.subject,
        "status": Status.NEW,
        "channel": Channel.EMAIL,
        "linked_to": one.placement.linked_to,
        "waiting_for": Party.US,
        "waiting_since": raw.received_at,
        "created_at": now,
        "updated_at": now,
    }


def _passed_on(filing: Filing) -> Person | None:
    """Whose mail an agent passes on; None for what is no agent's."""
    mail = filing.mail
    passed_on = forwarded_sender(mail.subject, mail.text)
    return passed_on if passed_on and agent_at(filing.session, mail.sender.address) is not None else None


def _requester(filing: Filing) -> tuple[Person, str]:
    """Whose ticket a mail opens, and what to remark: an agent who passes a customer's mail on speaks for them."""
    mail, passed_on = filing.mail, _passed_on(filing)
    if passed_on is None:
        return mail.sender, ""
    if mail.authenticity is Authenticity.PASS and mail.has_strict_sender:
        return passed_on, _("{agent} passed this mail of {customer} on.").format(
            agent=mail.sender.called, customer=passed_on.whole
        )
    return mail.sender, _("It passes on a mail of {customer}, who may be the requester.").format(
        customer=passed_on.whole
    )


def _words(one: _New) -> list[str]:
    """What a ticket is about, whose it is, and the mail that opens it."""
    subject, of_sender, whole = found_by_words(one.filing)
    own = [one.requester.name, plain_address(one.requester.address)]
    texts = own if one.customer.is_new else search.customer_texts(one.filing.session, one.customer.id)
    is_sender = one.requester == one.filing.mail.sender and texts == own
    whose = of_sender.split() if is_sender else words.of_message(texts)
    return [*subject.split(), *whose, *whole.split()]


def _people(mail: IncomingMail, customer: int | None) -> set[str | int]:
    """The address, also none at all, and whose it is: two who name no address may be one."""
    return {without_detail(mail.sender.address), *([customer] if customer else [])}


def _ids(mail: IncomingMail) -> set[str]:
    return {*mail.in_reply_to, *mail.references, *([mail.message_id] if mail.message_id else [])}
