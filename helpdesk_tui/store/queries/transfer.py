"""Questions about imports: which there were, what they left out, and what another system's names stand for here."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session
from sqlmodel import col

from helpdesk_tui.store.asking import once
from helpdesk_tui.store.statements import is_among, is_postgres
from helpdesk_tui.store.tables import (
    NUMBER_THERE,
    Agent,
    CustomerAddress,
    ExternalRef,
    ImportReject,
    ImportRun,
    Message,
    Ticket,
)
from helpdesk_tui.terms import ImportState, MessageKind

#: The kinds of `external_ref`. By digest: a mail that was read (its message), a row that was read (its ticket). By
#: name: a ticket's number there (the ticket), a Message-ID (the message), any id by which mails of one conversation
#: know each other (the ticket). What was made, for undo: a ticket, a requester, a tag, a company, a field.
MAIL, ROW, NUMBER, MESSAGE, THREAD = "mail", "row", NUMBER_THERE, "message", "thread"
TICKET, CUSTOMER, TAG, ORGANIZATION, FIELD = "ticket", "customer", "tag", "organization", "field"
#: The option of an import that names the old system's mark in subjects, such as `[Ticket#{number}]`.
SUBJECT_TAG = "subject_tag"


@dataclass(frozen=True, slots=True)
class ImportRow:
    """An import as it stands; `batch` names it."""

    batch: str
    format: str
    source: str
    system: str
    state: ImportState
    tickets: int
    messages: int
    rejected: int
    started_at: datetime
    updated_at: datetime
    position: Mapping[str, Any]
    options: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class RejectRow:
    """Something an import could not take in: where it stands in the source, and why."""

    place: str
    reason: str


@dataclass(frozen=True, slots=True)
class StaffRow:
    """An agent, also one who has left, by all names others may call them."""

    login: str
    name: str
    email: str


@dataclass(frozen=True, slots=True)
class TicketPeople:
    """The addresses of a ticket, ours among them: who wrote and whom we wrote to, and all that its mails name."""

    speakers: set[str]
    named: set[str]


def people_here(session: Session) -> list[StaffRow]:
    """All agents there ever were, by login."""
    found = select(col(Agent.login), col(Agent.name), col(Agent.email)).order_by(col(Agent.login))
    return [StaffRow(login, name, email) for login, name, email in session.execute(found)]


def imports(session: Session) -> list[ImportRow]:
    """All imports, oldest first."""
    runs = session.execute(select(ImportRun).order_by(col(ImportRun.started_at), col(ImportRun.id))).scalars()
    return [_row(run) for run in runs]


def import_named(session: Session, batch: str) -> ImportRow | None:
    """The import with this batch id."""
    run = session.get(ImportRun, batch)
    return _row(run) if run else None


def import_of(session: Session, format: str, system: str, source: str) -> ImportRow | None:
    """The newest import of this source that was not taken back."""
    found = select(ImportRun).where(
        col(ImportRun.format) == format,
        col(ImportRun.system) == system,
        col(ImportRun.source) == source,
        col(ImportRun.state) != ImportState.UNDONE,
    )
    run = session.execute(found.order_by(col(ImportRun.started_at).desc()).limit(1)).scalars().first()
    return _row(run) if run else None


def rejects(session: Session, batch: str) -> list[RejectRow]:
    """What an import could not take in, in the order of the source."""
    found = select(col(ImportReject.place), col(ImportReject.reason)).where(col(ImportReject.import_id) == batch)
    return [RejectRow(place, reason) for place, reason in session.execute(found.order_by(col(ImportReject.id)))]


def may_write_imports(session: Session) -> bool:
    """True for whoever may use the SQLite file; on PostgreSQL for the owner of the tables."""
    if not is_postgres(session):
        return True
    return bool(session.execute(text("SELECT has_table_privilege('import_run', 'INSERT')")).scalar())


def known(session: Session, system: str, type: str, external_ids: Collection[str]) -> dict[str, int]:
    """What these names of another system stand for; unknown ones are left out."""
    if not external_ids:
        return {}
    found = select(col(ExternalRef.external_id), col(ExternalRef.own_id)).where(
        col(ExternalRef.system) == system,
        col(ExternalRef.type) == type,
        col(ExternalRef.external_id).in_(list(external_ids)),
    )
    return dict(session.execute(found).all())


def tickets_named(session: Session, system: str, ids: Collection[str]) -> dict[str, list[int]]:
    """The tickets to which these ids of conversations lead: first those that have the mail, whoever brought it."""
    found: defaultdict[str, list[int]] = defaultdict(list)
    message_ids = [id[1:-1] for id in ids if id.startswith("<")]
    having = select(col(Message.message_id), col(Message.ticket_id)).where(col(Message.message_id).in_(message_ids))
    for message_id, ticket_id in session.execute(having.order_by(col(Message.id))) if message_ids else ():
        found[f"<{message_id}>"].append(ticket_id)
    for id, ticket_id in known(session, system, THREAD, ids).items():
        found[id].append(ticket_id)
    return {id: list(dict.fromkeys(tickets)) for id, tickets in found.items()}


def people_of(session: Session, ticket_ids: Collection[int]) -> dict[int, TicketPeople]:
    """Whose addresses these tickets have; one that has none is left out."""
    found: defaultdict[int, TicketPeople] = defaultdict(lambda: TicketPeople(set(), set()))
    asked = select(col(Ticket.id), col(CustomerAddress.address)).where(is_among(session, col(Ticket.id), ticket_ids))
    asked = asked.join(CustomerAddress, col(CustomerAddress.customer_id) == col(Ticket.requester_id))
    for ticket_id, address in session.execute(asked):
        found[ticket_id].speakers.add(address)
    said = select(
        col(Message.ticket_id), col(Message.kind), col(Message.from_address), col(Message.to), col(Message.cc)
    )
    said = said.where(is_among(session, col(Message.ticket_id), ticket_ids), col(Message.is_withdrawn).is_(False))
    for ticket_id, kind, sender, to, cc in session.execute(said):
        written = {address for _name, address in (*to, *cc)}
        people = found[ticket_id]
        people.speakers.update(written if kind == MessageKind.OUTBOUND else {sender})
        people.named.update(written, {sender})
    return dict(found)


@dataclass(frozen=True, slots=True)
class MailHere:
    """A mail that is here, by what tells whether another one is the same."""

    ticket_id: int
    message_id: str
    sender: str
    sent_at: datetime | None
    text: str
    quoted: str


def taken_in_live(session: Session, system: str, message_ids: Collection[str]) -> list[MailHere]:
    """The mails with these Message-IDs that were not imported from this system."""
    if not message_ids:
        return []
    imported = select(col(ExternalRef.own_id)).where(
        col(ExternalRef.own_id) == col(Message.id), col(ExternalRef.type) == MAIL, col(ExternalRef.system) == system
    )
    found = _mails_here().where(col(Message.message_id).in_(list(message_ids)), ~imported.exists())
    return [MailHere(*row) for row in session.execute(found)]


def imported_mails(session: Session, digest: str, message_id: str) -> list[MailHere]:
    """The mails that imports brought and that have this digest or this Message-ID, those with the digest first."""
    systems = once(session, _systems)
    if not systems:
        return []
    brought = _mails_here().join(ExternalRef, col(ExternalRef.own_id) == col(Message.id))
    brought = brought.where(col(ExternalRef.type).in_((MAIL, MESSAGE)), col(ExternalRef.system).in_(systems))
    ways = [col(ExternalRef.external_id) == digest]
    if message_id:
        ways.append(col(Message.message_id) == message_id)
    return [MailHere(*row) for way in ways for row in session.execute(brought.where(way))]


def _systems(session: Session) -> set[str]:
    return set(session.execute(select(col(ImportRun.system)).distinct()).scalars())


def _mails_here() -> Any:
    of = col(Message.ticket_id), col(Message.message_id), col(Message.from_address), col(Message.sent_at)
    return select(*of, col(Message.text), col(Message.quoted))


def newest_at(session: Session, ticket_ids: Collection[int]) -> dict[int, datetime]:
    """When these tickets last changed."""
    found = select(col(Ticket.id), col(Ticket.updated_at)).where(col(Ticket.id).in_(list(ticket_ids)))
    return dict(session.execute(found).all()) if ticket_ids else {}


def subject_tags(session: Session) -> dict[str, list[str]]:
    """The marks that the subjects of other systems carry, and the systems that use each."""
    runs = select(col(ImportRun.system), col(ImportRun.options)).where(col(ImportRun.state) != ImportState.UNDONE)
    found: dict[str, list[str]] = {}
    for system, options in session.execute(runs):
        if tag := options.get(SUBJECT_TAG):
            found.setdefault(tag, []).append(system)
    return found


def _row(run: ImportRun) -> ImportRow:
    return ImportRow(
        batch=run.id,
        format=run.format,
        source=run.source,
        system=run.system,
        state=ImportState(run.state),
        tickets=run.tickets,
        messages=run.messages,
        rejected=run.rejected,
        started_at=run.started_at,
        updated_at=run.updated_at,
        position=run.position,
        options=run.options,
    )
