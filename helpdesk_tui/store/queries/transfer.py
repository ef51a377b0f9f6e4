"""Questions about imports: which there were, what they left out, and what another system's names stand for here."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from helpdesk_tui.store.tables import NUMBER_THERE, Agent, ExternalRef, ImportReject, ImportRun, Message, Ticket
from helpdesk_tui.terms import ImportState

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


def taken_in_live(session: Session, system: str, message_ids: Collection[str]) -> set[tuple[str, str]]:
    """Of these Message-IDs the ones of mails that were not imported from this system, each with its sender."""
    if not message_ids:
        return set()
    imported = select(col(ExternalRef.own_id)).where(
        col(ExternalRef.own_id) == col(Message.id), col(ExternalRef.type) == MAIL, col(ExternalRef.system) == system
    )
    found = select(col(Message.message_id), col(Message.from_address)).where(
        col(Message.message_id).in_(list(message_ids)), ~imported.exists()
    )
    return {(message_id, address) for message_id, address in session.execute(found)}


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
