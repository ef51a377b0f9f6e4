"""Putting a mail where the decision table says: into a ticket, a new one, or aside."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session
from sqlmodel import col

from helpdesk_tui.config import CalendarSettings
from helpdesk_tui.desk import gathering
from helpdesk_tui.desk.acknowledging import acknowledge
from helpdesk_tui.desk.door import Change, Changes
from helpdesk_tui.desk.links import final
from helpdesk_tui.desk.people import Found, agent_at, customer_for, ourselves
from helpdesk_tui.desk.tickets import apply_status, wait_for
from helpdesk_tui.language import _
from helpdesk_tui.rules import words
from helpdesk_tui.rules.alerts import AlertState
from helpdesk_tui.rules.domains import domain_of
from helpdesk_tui.rules.findable import found_by
from helpdesk_tui.rules.forwards import forwarded_sender
from helpdesk_tui.rules.impostors import marks_of
from helpdesk_tui.rules.routing import is_address, plain_address, queue_of
from helpdesk_tui.rules.threading import Placement
from helpdesk_tui.store import content, numbers, search
from helpdesk_tui.store.asking import answer, once
from helpdesk_tui.store.statements import add_row, add_rows, change_row
from helpdesk_tui.store.tables import Attachment, Message, Outbox, OwnToken, QueueAddress, RawMessage, Ticket
from helpdesk_tui.terms import (
    Authenticity,
    Channel,
    DeliveryAction,
    Disposition,
    IncomingMail,
    MessageKind,
    OutboxState,
    Party,
    Person,
    RecipientReport,
    Status,
)

#: A longer Message-ID, in bytes, fits into no index; mail servers pass on no line that long either.
_LONGEST_ID = 1000
#: So many recipients of one report are named.
_MOST_TOLD = 20
#: What is written onto a kept mail as it is filed.
_FILED = (
    "queue_id", "ticket_id", "message_id", "disposition", "linked_ticket_id", "why_row", "why_reason",
    "from_name", "from_address", "subject", "group_id", "signals",
)  # fmt: skip
_OF_ANOTHER = (
    select(col(Message.id))
    .where(
        col(Message.message_id) == bindparam("id"),
        col(Message.kind) == MessageKind.INBOUND,
        col(Message.from_address) != bindparam("sender"),
    )
    .limit(1)
)


@dataclass(frozen=True, slots=True)
class Filing:
    """One kept mail on its way to its place; `raw` is written when it is there.

    Args:
        queues: id of a queue by each of its addresses; office: by which an acknowledgement counts working time.
        numbers: of the tickets it came into, by their ids.
    """

    changes: Changes
    raw: RawMessage
    mail: IncomingMail
    queues: Mapping[str, int]
    office: CalendarSettings
    numbers: dict[int, int] = field(default_factory=dict)

    @property
    def session(self) -> Session:
        """The transaction it is filed in."""
        return self.changes.session


def queues_by_address(session: Session) -> dict[str, int]:
    """The id of a queue by each of its addresses."""
    return dict(session.execute(select(col(QueueAddress.address), col(QueueAddress.queue_id))).all())


def put(filing: Filing, placement: Placement) -> None:
    """File a mail by its placement, and write both onto its row."""
    raw, mail = filing.raw, filing.mail
    raw.from_name, raw.from_address = mail.sender.name, plain_address(mail.sender.address)
    raw.subject = mail.subject
    raw.disposition, raw.why_row, raw.why_reason = placement.disposition, placement.row, placement.reason
    raw.linked_ticket_id = placement.linked_to
    if placement.ticket is None:
        raw.queue_id = _queue_for(filing, placement)
    if _is_flood(filing, placement):
        _fold_flood(filing, placement)
    elif placement.ticket is not None:
        append(filing, placement)
    elif placement.disposition in (Disposition.NEW, Disposition.LINKED):
        ticket_id = open_ticket(filing, placement)
        acknowledge(filing.changes, ticket_id, raw, mail, filing.queues, filing.office)
    elif placement.row == 3:
        _count_backscatter(filing)
    elif placement.row == 5:
        _put_aside(filing, placement)
    filing.session.flush()
    change_row(filing.session, RawMessage, raw.id, {name: getattr(raw, name) for name in _FILED})


def append(filing: Filing, placement: Placement) -> None:
    """Add a mail to the ticket it belongs to."""
    filing.changes.load_ids([placement.ticket or 0])
    change = filing.changes.only
    ticket = change.ticket
    filing.numbers[ticket.id] = ticket.number
    message_id = _add_message(filing, placement, ticket.id, ticket.queue_id)
    change.record("message", None, message_id)
    *_parts, whole = _found_by(filing)
    search.index_more_words(filing.session, ticket.id, whole.split())
    if placement.row == 2:
        _mark_undelivered(filing, change)
    if placement.linked_to and not ticket.linked_to:
        ticket.linked_to = placement.linked_to
    if placement.reopens:
        if ticket.status not in (Status.NEW, Status.OPEN):
            apply_status(ticket, Status.OPEN, filing.raw.received_at)
        wait_for(ticket, Party.US, filing.raw.received_at)


def open_ticket(filing: Filing, placement: Placement) -> int:
    """Make a ticket of a mail; returns its id."""
    changes, raw, mail = filing.changes, filing.raw, filing.mail
    session, queue_id = filing.session, raw.queue_id
    requester, remark = _requester(filing)
    number, customer = numbers.draw(session), customer_for(session, requester, changes.now)
    row = {
        "number": number,
        "queue_id": queue_id,
        "requester_id": customer.id,
        "subject": mail.subject,
        "status": Status.NEW,
        "channel": Channel.EMAIL,
        "linked_to": placement.linked_to,
        "waiting_for": Party.US,
        "waiting_since": raw.received_at,
        "created_at": changes.now,
        "updated_at": changes.now,
    }
    ticket_id = add_row(session, Ticket, row)
    filing.numbers[ticket_id] = number
    message_id = _add_message(filing, placement, ticket_id, queue_id, remark)
    search.index_new_words(session, ticket_id, queue_id, _words_of_new(filing, requester, customer))
    changes.event(ticket_id, queue_id, {"number": [None, number], "message": [None, message_id]})
    return ticket_id


def _queue_for(filing: Filing, placement: Placement) -> int:
    """The queue of a mail that goes to no ticket that is there."""
    if placement.disposition is Disposition.DUPLICATE:
        return filing.session.get_one(Ticket, placement.linked_to).queue_id
    named = None if filing.raw.is_queue_chosen else queue_of(_addressed_to(filing.mail), filing.queues)
    return named or filing.raw.queue_id


def _is_flood(filing: Filing, placement: Placement) -> bool:
    """What had come before its mailbox was first polled did not come within an hour, whatever its times say."""
    is_shown = placement.ticket is not None or placement.disposition in (Disposition.NEW, Disposition.LINKED)
    is_live = is_shown and not filing.raw.is_backlog
    return is_live and gathering.is_flood(filing.session, filing.raw, placement.ticket)


def _fold_flood(filing: Filing, placement: Placement) -> None:
    """Keep one mail more of a sender who sends too many, in the first ticket of the flood, which says so once."""
    session, raw = filing.session, filing.raw
    group = gathering.count(session, raw, gathering.flood_of(raw, placement.ticket))
    if group.ticket_id is not None:
        reason = _("The same sender has sent very many mails within the hour; it is kept with them.")
        _fold(filing, final(session, group.ticket_id), reason)
        return
    if placement.ticket is not None:
        append(filing, placement)
    else:
        open_ticket(filing, placement)
    group.ticket_id, group.queue_id = raw.ticket_id, raw.queue_id
    message = session.get_one(Message, raw.message_id)
    message.remarks = [
        *message.remarks,
        _(
            "! The same sender has sent very many mails within the hour. More of them are kept here, not shown one by one."
        ),
    ]


def _count_backscatter(filing: Filing) -> None:
    """Count a report on a mail that is not ours; where somebody made a ticket of such reports, it is kept there."""
    group = gathering.count(filing.session, filing.raw, gathering.BACKSCATTER)
    if group.ticket_id is not None:
        _fold(filing, final(filing.session, group.ticket_id), _("It is one more report on mail that is not ours."))


def _fold(filing: Filing, ticket: Ticket, reason: str) -> None:
    """Keep a mail with a ticket that says what it says already."""
    raw = filing.raw
    raw.ticket_id, raw.queue_id, raw.disposition, raw.why_reason = (
        ticket.id,
        ticket.queue_id,
        Disposition.FOLDED,
        reason,
    )


def _put_aside(filing: Filing, placement: Placement) -> None:
    """Count what a machine wrote among its like; where the queue wants it so, or an alert has a ticket, in a ticket."""
    session, raw = filing.session, filing.raw
    like, state = gathering.machine(filing.mail)
    group = gathering.count(session, raw, like)
    if group.ticket_id is None and not gathering.makes_tickets(session, raw.queue_id):
        group.is_open = state is not AlertState.RECOVERY
        return
    if group.ticket_id is None:
        if state is AlertState.RECOVERY:
            group.is_open = False
            return
        open_ticket(filing, placement)
        group.ticket_id, group.queue_id = raw.ticket_id, raw.queue_id
        return
    _update(filing, placement, final(session, group.ticket_id), state)


def _update(filing: Filing, placement: Placement, ticket: Ticket, state: AlertState | None) -> None:
    """Let a ticket of an alert follow it: what says the same again is only counted."""
    is_over = ticket.status in (Status.SOLVED, Status.CLOSED, Status.CANCELLED)
    if (state is AlertState.RECOVERY) == is_over:
        _fold(filing, ticket, _("It says what an earlier mail of the same machine said."))
        return
    reason = _("It goes on with what the same machine reported.")
    again = Placement(Disposition.APPENDED, placement.row, reason, ticket.id, reopens=state is not AlertState.RECOVERY)
    filing.raw.disposition, filing.raw.why_reason = again.disposition, again.reason
    append(filing, again)
    if state is AlertState.RECOVERY:
        apply_status(filing.changes.only.ticket, Status.SOLVED, filing.raw.received_at)


def _mark_undelivered(filing: Filing, change: Change) -> None:
    """Let the mail that did not arrive say so itself."""
    report = filing.mail.report
    if report is None or not report.is_permanent:
        return
    tokens = gathering.tokens(filing.mail)
    sent = select(Outbox).join(OwnToken, col(OwnToken.message_id) == col(Outbox.message_id))
    sent = sent.where(col(OwnToken.token).in_(tokens), col(Outbox.ticket_id) == change.ticket.id)
    for entry in filing.session.execute(sent.with_for_update(of=Outbox)).scalars():
        if entry.state in (OutboxState.SENT, OutboxState.UNSURE):
            change.record("delivery", entry.state, OutboxState.FAILED)
            change.record("delivery_of", None, entry.message_id)
            entry.state, entry.updated_at = OutboxState.FAILED, filing.changes.now
            entry.words = " ".join(filter(None, (report.recipient, report.status, report.diagnostic)))


def _requester(filing: Filing) -> tuple[Person, str]:
    """Whose ticket a mail opens, and what to remark: an agent who passes a customer's mail on speaks for them."""
    mail = filing.mail
    passed_on = forwarded_sender(mail.subject, mail.text)
    if passed_on is None or agent_at(filing.session, mail.sender.address) is None:
        return mail.sender, ""
    if mail.authenticity is Authenticity.PASS and mail.has_strict_sender:
        return passed_on, _("{agent} passed this mail of {customer} on.").format(
            agent=mail.sender.called, customer=passed_on.whole
        )
    return mail.sender, _("It passes on a mail of {customer}, who may be the requester.").format(
        customer=passed_on.whole
    )


def _addressed_to(mail: IncomingMail) -> list[str]:
    return [*mail.delivered_to, *(person.address for person in (*mail.to, *mail.cc))]


def _add_message(filing: Filing, placement: Placement, ticket_id: int, queue_id: int, remark: str = "") -> int:
    raw, mail = filing.raw, filing.mail
    agent_id = agent_at(filing.session, mail.sender.address) if placement.is_note else None
    row = {
        "ticket_id": ticket_id,
        "queue_id": queue_id,
        "kind": MessageKind.NOTE if placement.is_note else MessageKind.INBOUND,
        "agent_id": agent_id,
        "is_automatic": placement.is_by_machine,
        "from_name": mail.sender.name,
        "from_address": mail.sender.address,
        "to": [[person.name, person.address] for person in mail.to],
        "cc": [[person.name, person.address] for person in mail.cc],
        "reply_to": _reply_to(mail),
        "subject": mail.subject,
        "text": mail.text,
        "quoted": mail.quoted,
        "remarks": _remarks(filing, placement, remark),
        "message_id": mail.message_id if len(mail.message_id.encode()) <= _LONGEST_ID else "",
        "references": list(mail.references),
        "sent_at": mail.sent_at,
        "received_at": raw.received_at,
        "raw_id": raw.id,
    }
    message_id = add_row(filing.session, Message, row)
    raw.ticket_id, raw.queue_id, raw.message_id = ticket_id, queue_id, message_id
    _add_files(filing.session, mail, message_id, ticket_id, queue_id)
    return message_id


def _reply_to(mail: IncomingMail) -> list[list[str]]:
    """Where answers are asked for: of a sender who may be forged that says nothing."""
    if mail.authenticity is Authenticity.FAIL or not mail.has_strict_sender:
        return []
    return [[one.name, one.address] for one in mail.reply_to if is_address(one.address)][:1]


def _add_files(session: Session, mail: IncomingMail, message_id: int, ticket_id: int, queue_id: int) -> None:
    place = {"message_id": message_id, "ticket_id": ticket_id, "queue_id": queue_id}
    for one in sorted(mail.files, key=lambda file: content.digest(file.content)):
        content.keep(session, one.content)  # in one order: two mails with the same files must not wait for each other
    rows: list[dict[str, Any]] = [
        {
            **place,
            "name": one.name,
            "content_type": one.content_type,
            "size": len(one.content),
            "sha256": content.digest(one.content),
        }
        for one in mail.files
    ]
    add_rows(session, Attachment, rows)


def _remarks(filing: Filing, placement: Placement, remark: str) -> list[str]:
    mail = filing.mail
    said = [one for one in (placement.remark, remark) if one]
    if _bears_the_id_of_another(filing.session, mail):
        said.append(_("! Its Message-ID is that of a mail of another sender."))
    said += marks_of(mail, {domain_of(address) for address in filing.queues}, once(filing.session, ourselves))
    for one in _undelivered(mail):
        what = _("! Not delivered to {address}.") if one.is_permanent else _("Not yet delivered to {address}.")
        said.append(" ".join(filter(None, (what.format(address=one.address), one.diagnostic))))
    return [*said, *mail.notes]


def _bears_the_id_of_another(session: Session, mail: IncomingMail) -> bool:
    """True where a mail of another sender came in under the same Message-ID, which no two mails share."""
    named = {"id": mail.message_id, "sender": mail.sender.address}
    return bool(mail.message_id) and answer(session, _OF_ANOTHER, named).first() is not None


def _undelivered(mail: IncomingMail) -> list[RecipientReport]:
    report = mail.report
    if report is None or report.is_delivered:
        return []
    action = DeliveryAction.FAILED if report.is_permanent else DeliveryAction.DELAYED
    told = report.recipients or (RecipientReport(report.recipient, action, report.status, report.diagnostic),)
    return [one for one in told if one.action is not DeliveryAction.DELIVERED][:_MOST_TOLD]


def _found_by(filing: Filing) -> tuple[str, str, str]:
    return filing.mail.found_by or found_by(filing.mail, filing.queues)


def _words_of_new(filing: Filing, requester: Person, customer: Found) -> list[str]:
    """What a ticket is about, whose it is, and the mail that opens it."""
    subject, of_sender, whole = _found_by(filing)
    own = [requester.name, plain_address(requester.address)]
    texts = own if customer.is_new else search.customer_texts(filing.session, customer.id)
    is_sender = requester == filing.mail.sender and texts == own
    whose = of_sender.split() if is_sender else words.of_message(texts)
    return [*subject.split(), *whose, *whole.split()]
