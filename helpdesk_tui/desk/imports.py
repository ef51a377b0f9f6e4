"""What an import does to the store: it begins, takes in one chunk after the other, and is done.

A chunk is one transaction: tickets and messages, what the other system called them, what was left out, and how far
the source has been read. So a kill at any instant leaves a state from which the same call goes on.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session
from sqlmodel import col

from helpdesk_tui.desk.door import Desk
from helpdesk_tui.errors import Refused
from helpdesk_tui.language import _
from helpdesk_tui.rules import permissions
from helpdesk_tui.rules.routing import plain_address
from helpdesk_tui.rules.tags import tag_name
from helpdesk_tui.store.bulk import append_messages, append_tickets, named_in_history
from helpdesk_tui.store.finished import Appended, FinishedTicket, MoreMessages, Signed
from helpdesk_tui.store.locks import Hold, alone
from helpdesk_tui.store.queries.transfer import (
    CUSTOMER,
    FIELD,
    NUMBER,
    ORGANIZATION,
    SUBJECT_TAG,
    TAG,
    TICKET,
    ImportRow,
    import_named,
    import_of,
    known,
    may_write_imports,
)
from helpdesk_tui.store.statements import add_rows, is_postgres
from helpdesk_tui.store.tables import (
    Batch,
    ExternalRef,
    FieldDefinition,
    ImportReject,
    ImportRun,
    Organization,
    Tag,
    Ticket,
)
from helpdesk_tui.store.transaction import tried_again, writing
from helpdesk_tui.terms import SYSTEM, ImportState, Verb

#: A name of another system: its kind (as `store.queries.transfer` lists them) and the name.
Name = tuple[str, str]
#: Where an import's position keeps the links to tickets that are still to come.
OPEN_LINKS = "links"


@dataclass(frozen=True, slots=True)
class Source:
    """What an import reads: which file or folder, of which system, and how it was told to."""

    format: str
    path: str
    system: str
    options: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class NewTicket:
    """A ticket to be made, with all names of it, and of each of its messages."""

    ticket: FinishedTicket
    names: tuple[Name, ...]
    message_names: tuple[tuple[Name, ...], ...]


@dataclass(frozen=True, slots=True)
class MoreOfTicket:
    """Messages for a ticket of this or an earlier import, with all new names of it, and of each of them."""

    more: MoreMessages
    names: tuple[Name, ...]
    message_names: tuple[tuple[Name, ...], ...]


@dataclass(frozen=True, slots=True)
class Reject:
    """Something that cannot be taken in: where it stands, and why; both are clean."""

    place: str
    reason: str


@dataclass(frozen=True, slots=True)
class Link:
    """A ticket of a chunk (by its place there, from 0) names another by its number there: merged, split or linked."""

    ticket: int
    field: str
    number: int


@dataclass(frozen=True, slots=True)
class Chunk:
    """What is written at once; `position` says where the source goes on behind it."""

    position: Mapping[str, Any]
    tickets: Sequence[NewTicket] = ()
    more: Sequence[MoreOfTicket] = ()
    rejects: Sequence[Reject] = ()
    links: Sequence[Link] = ()


def refuse_others(desk: Desk, verb: Verb = Verb.IMPORT) -> None:
    """Stop whoever may not import or export.

    Raises:
        Refused: this actor may not.
    """
    if reason := permissions.refusal(desk.actor, verb):
        raise Refused(reason, _("Ask somebody who may."))


@contextmanager
def importing(desk: Desk, system: str) -> Iterator[Hold]:
    """Be the only one who imports from this system, or takes such an import back.

    Raises:
        Busy: another process does. Refused: this actor may not import, or the store lets only its owner.
    """
    refuse_others(desk)
    if not desk.acting_as(SYSTEM).ask(may_write_imports):
        raise Refused(
            _("Only the owner of this database imports, and takes imports back."),
            _("Give the command with the owner's login: --store postgresql://OWNER@HOST/DATABASE"),
        )
    with alone(desk.store, f"import {system}") as hold:
        yield hold


def begin(desk: Desk, source: Source) -> tuple[ImportRow, bool]:
    """The import of this source: the one that was begun, or a new one; True where it goes on after a break.

    Raises:
        Refused: it is being taken back, or this actor may not.
    """
    refuse_others(desk)
    with writing(desk.store, SYSTEM) as session:
        found = import_of(session, source.format, source.system, source.path)
        if found:
            _refuse_half_undone(session, found)
            session.get_one(ImportRun, found.batch).options = {**_lasting(found.options), **source.options}
            return found, found.state is ImportState.RUNNING
        batch_id, now = desk.batch_id or uuid.uuid4().hex, desk.clock()
        batch = {"id": batch_id, "actor_id": desk.actor.agent_id, "verb": Verb.IMPORT, "at": now, "outcome": _outcome()}
        add_rows(session, Batch, [batch])
        run = {
            "id": batch_id,
            "agent_id": desk.actor.agent_id,
            "format": source.format,
            "source": source.path,
            "system": source.system,
            "options": dict(source.options),
            "state": ImportState.RUNNING,
            "position": {},
            "tickets": 0,
            "messages": 0,
            "rejected": 0,
            "started_at": now,
            "updated_at": now,
        }
        add_rows(session, ImportRun, [run])
        return _row(session, batch_id), False


def take_in(desk: Desk, run: ImportRow, chunk: Chunk) -> ImportRow:
    """Write one chunk; of a source that was read before, what is new to it."""
    refuse_others(desk)
    return tried_again(lambda: _take_in(desk, run, chunk))


def finish(desk: Desk, run: ImportRow) -> ImportRow:
    """Say that the source has been read to its end."""
    if run.state is ImportState.DONE:
        return run
    with writing(desk.store, SYSTEM) as session:
        row = session.get_one(ImportRun, run.batch)
        row.state, row.updated_at = ImportState.DONE, desk.clock()
        session.flush()
        return _row(session, run.batch)


def _refuse_half_undone(session: Session, run: ImportRow) -> None:
    if session.get_one(Batch, run.batch).undone_by:
        raise Refused(
            _("This source was imported, and taking it back was broken off."),
            _("Give `helpdesk import undo {id}` again; then import it.").format(id=run.batch),
        )


def _lasting(options: Mapping[str, Any]) -> dict[str, Any]:
    """The mark in subjects, by which answers find their tickets: it stays where the source is read again without it."""
    return {name: value for name, value in options.items() if name == SUBJECT_TAG}


def _take_in(desk: Desk, run: ImportRow, chunk: Chunk) -> ImportRow:
    with writing(desk.store, SYSTEM) as session:
        row = session.execute(select(ImportRun).where(col(ImportRun.id) == run.batch).with_for_update()).scalar_one()
        new = _new_rejects(session, run, chunk.rejects)
        if not (chunk.tickets or chunk.more or new) and run.state is ImportState.DONE:
            return run
        signed = Signed(run.batch, row.agent_id, Verb.IMPORT, desk.clock())
        makes = _Makes(session, chunk.tickets)
        tickets = [_found_by_number(one) for one in chunk.tickets]
        named = known(session, run.system, NUMBER, [str(one) for one in named_in_history(tickets)])
        made = append_tickets(session, signed, tickets, {int(number): id for number, id in named.items()})
        more = append_messages(session, signed, [one.more for one in chunk.more])
        names = [
            *_names(chunk.tickets, made),
            *_names(chunk.more, more),
            *_made(chunk.tickets, made),
            *makes.made(),
        ]
        _remember(session, run, names)
        add_rows(session, ImportReject, [{"import_id": run.batch, "place": r.place, "reason": r.reason} for r in new])
        row.tickets += len(made)
        row.messages += sum(len(one.message_ids) for one in (*made, *more))
        row.rejected += len(new)
        open_links = _link(session, run, row.position.get(OPEN_LINKS, []), chunk.links, made)
        row.position, row.updated_at = {**chunk.position, **open_links}, desk.clock()
        session.flush()
        return _row(session, run.batch)


def _found_by_number(one: NewTicket) -> FinishedTicket:
    """The ticket, which people look for by what the other system called it."""
    return replace(one.ticket, number_there=next((name for kind, name in one.names if kind == NUMBER), ""))


def _link(
    session: Session, run: ImportRow, waiting: Sequence[Any], links: Sequence[Link], made: Sequence[Appended]
) -> dict[str, Any]:
    """Link tickets to those they name; what names one that is still to come waits for it in the import's position."""
    wanted = [*waiting, *([made[link.ticket].ticket_id, link.field, link.number] for link in links)]
    found = known(session, run.system, NUMBER, {str(number) for _id, _field, number in wanted})
    for ticket_id, field, number in wanted:
        if other := found.get(str(number)):
            here = update(Ticket).where(col(Ticket.id) == ticket_id)
            session.execute(here.values({field: other}).execution_options(synchronize_session=False))
    left = [list(one) for one in wanted if str(one[2]) not in found]
    return {OPEN_LINKS: left} if left else {}


def _row(session: Session, batch_id: str) -> ImportRow:
    row = import_named(session, batch_id)
    if row is None:
        raise KeyError(batch_id)
    return row


def _outcome() -> dict[str, Any]:
    return {"text": _("imported"), "tickets": []}


def _new_rejects(session: Session, run: ImportRow, rejects: Sequence[Reject]) -> list[Reject]:
    """Those that are not written down yet: a source that is read again has the same ones."""
    if not rejects:
        return []
    known = select(col(ImportReject.place)).where(
        col(ImportReject.import_id) == run.batch, col(ImportReject.place).in_([reject.place for reject in rejects])
    )
    places = set(session.execute(known).scalars())
    return [reject for reject in rejects if reject.place not in places]


def _names(items: Sequence[NewTicket | MoreOfTicket], appended: Sequence[Appended]) -> Iterator[tuple[Name, int]]:
    for item, here in zip(items, appended, strict=True):
        yield from ((name, here.ticket_id) for name in item.names)
        for names, message_id in zip(item.message_names, here.message_ids, strict=True):
            yield from ((name, message_id) for name in names)


def _made(items: Sequence[NewTicket], appended: Sequence[Appended]) -> Iterator[tuple[Name, int]]:
    """What was made, for undo: each ticket, and each requester who was new."""
    for item, here in zip(items, appended, strict=True):
        yield (TICKET, str(here.ticket_id)), here.ticket_id
        if here.customer:
            address = plain_address(item.ticket.requester.address)
            yield (CUSTOMER, address or f"#{here.customer}"), here.customer


class _Makes:
    """The tags, companies and fields that a chunk names, and which of them were there before it."""

    def __init__(self, session: Session, tickets: Sequence[NewTicket]) -> None:
        named = [one.ticket for one in tickets]
        self._session = session
        self._wanted: tuple[tuple[str, Any, set[str]], ...] = (
            (TAG, Tag, {tag_name(tag) for ticket in named for tag in ticket.tags}),
            (ORGANIZATION, Organization, {ticket.customer.organization for ticket in named}),
            (FIELD, FieldDefinition, {name for t in named for name, _v in (*t.fields, *t.customer.fields)}),
        )
        self._before = set(self._there())

    def made(self) -> Iterator[tuple[Name, int]]:
        """Those that are there now and were not before."""
        for kind, own_id, name in self._there():
            if (kind, own_id, name) not in self._before:
                yield (kind, name if kind == TAG else f"{name} {own_id}"), own_id

    def _there(self) -> Iterator[tuple[str, int, str]]:
        for kind, table, names in self._wanted:
            if wanted := names - {""}:
                found = select(table.id, table.name).where(table.name.in_(wanted))
                yield from ((kind, own_id, name) for own_id, name in self._session.execute(found))


def _remember(session: Session, run: ImportRow, names: Sequence[tuple[Name, int]]) -> None:
    """Write down what the other system's names stand for; the first thing of a name keeps it."""
    rows = [
        {"system": run.system, "type": type, "external_id": external_id, "own_id": own_id, "import_id": run.batch}
        for (type, external_id), own_id in names
    ]
    if rows:
        dialect = postgresql if is_postgres(session) else sqlite
        session.execute(dialect.insert(ExternalRef).on_conflict_do_nothing(), rows)
