"""The messages of mails that come in: their rows, their files, and what is to be remarked about them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session
from sqlmodel import col

from helpdesk_tui.config import CalendarSettings
from helpdesk_tui.desk.door import Changes
from helpdesk_tui.desk.people import agent_at, ourselves
from helpdesk_tui.language import _
from helpdesk_tui.rules.domains import domain_of
from helpdesk_tui.rules.findable import found_by
from helpdesk_tui.rules.impostors import marks_of
from helpdesk_tui.rules.routing import is_address
from helpdesk_tui.rules.threading import Placement
from helpdesk_tui.store import content
from helpdesk_tui.store.asking import answer, once
from helpdesk_tui.store.statements import add_rows, add_rows_for_ids
from helpdesk_tui.store.tables import Attachment, Message, QueueAddress, RawMessage
from helpdesk_tui.terms import Authenticity, DeliveryAction, IncomingMail, MessageKind, RecipientReport

#: A longer Message-ID, in bytes, fits into no index; mail servers pass on no line that long either.
_LONGEST_ID = 1000
#: So many recipients of one report are named.
_MOST_TOLD = 20
_SENDERS_OF = (
    select(col(Message.message_id), func.min(Message.from_address), func.max(Message.from_address))
    .where(col(Message.message_id).in_(bindparam("ids", expanding=True)), col(Message.kind) == MessageKind.INBOUND)
    .group_by(col(Message.message_id))
)


@dataclass(frozen=True, slots=True)
class Filing:
    """One kept mail on its way to its place; `raw` is written when it is there.

    Args:
        queues: id of a queue by each of its addresses; office: by which an acknowledgement counts working time.
        numbers: of the tickets it came into, by their ids.
        customer: who is known by the address of its sender.
    """

    changes: Changes
    raw: RawMessage
    mail: IncomingMail
    queues: Mapping[str, int]
    office: CalendarSettings
    numbers: dict[int, int] = field(default_factory=dict)
    customer: int | None = None

    @property
    def session(self) -> Session:
        """The transaction it is filed in."""
        return self.changes.session


class Inbound(NamedTuple):
    """A mail that becomes a message of a ticket."""

    filing: Filing
    placement: Placement
    ticket_id: int
    queue_id: int
    remark: str = ""


def queues_by_address(session: Session) -> dict[str, int]:
    """The id of a queue by each of its addresses."""
    return dict(session.execute(select(col(QueueAddress.address), col(QueueAddress.queue_id))).all())


def add_messages(session: Session, mails: Sequence[Inbound]) -> list[int]:
    """Write the messages of these mails, and onto their raw rows where they are; returns their ids.

    None of them may bear the Message-ID of another one among them.
    """
    alike = _bearing_ids_of_others(session, [one.filing.mail for one in mails])
    rows = [_row(one, bears_id_of_another=is_so) for one, is_so in zip(mails, alike, strict=True)]
    ids = add_rows_for_ids(session, Message, rows)
    for one, message_id in zip(mails, ids, strict=True):
        raw = one.filing.raw
        raw.ticket_id, raw.queue_id, raw.message_id = one.ticket_id, one.queue_id, message_id
    _add_files(session, zip(mails, ids, strict=True))
    return ids


def found_by_words(filing: Filing) -> tuple[str, str, str]:
    """The words by which a mail is found: of its subject, of its sender, of all of it; blanks between them."""
    return filing.mail.found_by or found_by(filing.mail, filing.queues)


def _row(one: Inbound, *, bears_id_of_another: bool) -> dict[str, Any]:
    raw, mail = one.filing.raw, one.filing.mail
    agent_id = agent_at(one.filing.session, mail.sender.address) if one.placement.is_note else None
    return {
        "ticket_id": one.ticket_id,
        "queue_id": one.queue_id,
        "kind": MessageKind.NOTE if one.placement.is_note else MessageKind.INBOUND,
        "agent_id": agent_id,
        "is_automatic": one.placement.is_by_machine,
        "from_name": mail.sender.name,
        "from_address": mail.sender.address,
        "to": [[person.name, person.address] for person in mail.to],
        "cc": [[person.name, person.address] for person in mail.cc],
        "reply_to": _reply_to(mail),
        "subject": mail.subject,
        "text": mail.text,
        "quoted": mail.quoted,
        "remarks": _remarks(one, bears_id_of_another=bears_id_of_another),
        "message_id": mail.message_id if len(mail.message_id.encode()) <= _LONGEST_ID else "",
        "references": list(mail.ancestors),
        "sent_at": mail.sent_at,
        "received_at": raw.received_at,
        "raw_id": raw.id,
    }


def _reply_to(mail: IncomingMail) -> list[list[str]]:
    """Where answers are asked for: of a sender who may be forged that says nothing."""
    if mail.authenticity is Authenticity.FAIL or not mail.has_strict_sender:
        return []
    return [[one.name, one.address] for one in mail.reply_to if is_address(one.address)][:1]


def _add_files(session: Session, mails: Iterator[tuple[Inbound, int]]) -> None:
    kept, rows = {}, []
    for one, message_id in mails:
        place = {"message_id": message_id, "ticket_id": one.ticket_id, "queue_id": one.queue_id}
        for file in one.filing.mail.files:
            sha256 = content.digest(file.content)
            kept[sha256] = file.content
            about = {"name": file.name, "content_type": file.content_type, "size": len(file.content)}
            rows.append({**place, **about, "sha256": sha256})
    content.keep_all(session, kept)
    add_rows(session, Attachment, rows)


def _remarks(one: Inbound, *, bears_id_of_another: bool) -> list[str]:
    mail, filing = one.filing.mail, one.filing
    said = [remark for remark in (one.placement.remark, one.remark) if remark]
    if bears_id_of_another:
        said.append(_("! Its Message-ID is that of a mail of another sender."))
    said += marks_of(mail, {domain_of(address) for address in filing.queues}, once(filing.session, ourselves))
    for told in _undelivered(mail):
        what = _("! Not delivered to {address}.") if told.is_permanent else _("Not yet delivered to {address}.")
        said.append(" ".join(filter(None, (what.format(address=told.address), told.diagnostic))))
    return [*said, *mail.notes]


def _bearing_ids_of_others(session: Session, mails: Sequence[IncomingMail]) -> list[bool]:
    """Of each mail, whether one of another sender came in under its Message-ID, which no two mails share."""
    ids = [mail.message_id for mail in mails if mail.message_id]
    rows = answer(session, _SENDERS_OF, {"ids": ids}).all() if ids else ()
    senders: dict[str, set[str]] = {row[0]: set(row[1:]) for row in rows}
    return [bool(senders.get(mail.message_id, set()) - {mail.sender.address}) for mail in mails]


def _undelivered(mail: IncomingMail) -> list[RecipientReport]:
    report = mail.report
    if report is None or report.is_delivered:
        return []
    action = DeliveryAction.FAILED if report.is_permanent else DeliveryAction.DELAYED
    told = report.recipients or (RecipientReport(report.recipient, action, report.status, report.diagnostic),)
    return [one for one in told if one.action is not DeliveryAction.DELIVERED][:_MOST_TOLD]
