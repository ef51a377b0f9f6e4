"""Questions about tickets: which ones a query means, and what a list shows of them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Select,
    and_,
    column,
    exists,
    false,
    func,
    literal,
    not_,
    or_,
    select,
    table,
    text,
    true,
    union_all,
)
from sqlalchemy.orm import Session
from sqlmodel import col

from helpdesk_tui.rules import words
from helpdesk_tui.rules.query import Query, Term, not_for_you, unknown_value
from helpdesk_tui.rules.subjects import without_noise
from helpdesk_tui.rules.tags import tag_name
from helpdesk_tui.store.queries.callbacks import CallMark, call_at, call_marks, has_call
from helpdesk_tui.store.queries.staff import refusal_by_person
from helpdesk_tui.store.statements import is_among, is_postgres
from helpdesk_tui.store.tables import (
    Agent,
    Category,
    Customer,
    CustomerAddress,
    Draft,
    Notice,
    Outbox,
    Queue,
    Tag,
    Ticket,
    TicketTag,
    Watcher,
)
from helpdesk_tui.terms import ACTIVE, ENDED, Actor, OutboxState, Party, Person, Priority, Status

#: A plain word that may be the number of a ticket.
_NUMBER = re.compile(r"#?(\d{1,15})")
#: Orders of a list.
BY_WORK = "work"
BY_UPDATE = "update"
BY_CALL = "call"
#: What is not open. "Not in these" lets SQLite walk the index of the order instead of sorting (50 ms → 0.03 ms).
_DONE = (Status.SOLVED, *ENDED)
#: The full-text index of SQLite, which SQLAlchemy cannot declare.
_FTS = table("ticket_search", column("rowid"), column("ticket_search"))


@dataclass(frozen=True, slots=True)
class Writer:
    """Somebody with an unfinished text: the login, and when they last touched it."""

    login: str
    at: datetime


@dataclass(frozen=True, slots=True)
class TicketRow:
    """One ticket as lists show it; every text is clean. `subject` is the summary, or the subject without Re/AW."""

    id: int
    number: int
    subject: str
    requester: Person
    queue: str
    status: Status
    priority: Priority
    category: str | None
    assignee: str | None
    tags: tuple[str, ...]
    due_at: datetime | None
    due_kind: str | None
    waiting_for: Party | None
    waiting_since: datetime
    created_at: datetime
    updated_at: datetime
    channel: str
    raw_subject: str
    summary: str | None
    merged_into: int | None
    linked_to: int | None
    is_spam: bool
    version: int
    #: Who has begun a text on it, the latest first.
    writers: tuple[Writer, ...]
    #: The call its customer waits for.
    call: CallMark | None = None
    resolution: str | None = None
    snoozed_until: datetime | None = None
    is_incident: bool = False


@dataclass(frozen=True, slots=True)
class Asker:
    """For whom a question is answered, and when: `me` and `is:overdue` depend on it."""

    actor: Actor
    now: datetime


def ticket_ids(
    session: Session, query: Query, asker: Asker, *, order: str = BY_UPDATE, limit: int | None = None
) -> list[int]:
    """The ids of the tickets a query means, in order; ended ones only where the query names them."""
    statement = select(col(Ticket.id)).where(_meant(session, query, asker)).order_by(*_order(order))
    return list(session.execute(statement.limit(limit) if limit else statement).scalars())


def count_tickets(session: Session, query: Query, asker: Asker, limit: int | None = None) -> int:
    """How many tickets a query means; counting stops at `limit`."""
    meant = select(col(Ticket.id)).where(_meant(session, query, asker)).limit(limit).subquery()
    return session.execute(select(func.count()).select_from(meant)).scalar_one()


def among(session: Session, query: Query, asker: Asker, ids: Sequence[int]) -> list[int]:
    """Which of these tickets a query means."""
    meant = select(col(Ticket.id)).where(is_among(session, col(Ticket.id), ids), _meant(session, query, asker))
    return list(session.execute(meant).scalars())


def first_page(
    session: Session, query: Query, asker: Asker, size: int, order: str = BY_WORK
) -> tuple[list[int], list[TicketRow]]:
    """The first tickets of a list, with their rows."""
    ids = ticket_ids(session, query, asker, order=order, limit=size)
    return ids, ticket_rows(session, ids)


def ticket_rows(session: Session, ids: Sequence[int]) -> list[TicketRow]:
    """These tickets, in this order; ids that do not exist are left out."""
    if not ids:
        return []
    rows = {row.Ticket.id: row for row in session.execute(_rows().where(col(Ticket.id).in_(ids)))}
    tags, writers, calls = _tags(session, ids), _writers(session, ids), call_marks(session, ids)
    merged = _numbers(
        session, [r.Ticket.merged_into for r in rows.values()] + [r.Ticket.linked_to for r in rows.values()]
    )
    return [_row(rows[i], tags.get(i, ()), writers.get(i, ()), merged, calls.get(i)) for i in ids if i in rows]


def ticket_by_number(session: Session, number: int) -> TicketRow | None:
    """The ticket people call #number."""
    found = session.execute(select(col(Ticket.id)).where(col(Ticket.number) == number)).scalar_one_or_none()
    return ticket_rows(session, [found])[0] if found is not None else None


def numbers_of(session: Session, ids: Sequence[int]) -> dict[int, int]:
    """The numbers of these tickets, by id."""
    return _numbers(session, list(ids))


def _rows() -> Select[Any]:
    address = (
        select(col(CustomerAddress.address))
        .where(col(CustomerAddress.customer_id) == col(Customer.id))
        .order_by(col(CustomerAddress.position))
        .limit(1)
        .scalar_subquery()
    )
    return (
        select(
            Ticket,
            col(Customer.name).label("customer"),
            address.label("address"),
            col(Queue.name).label("queue"),
            col(Category.name).label("category"),
            col(Agent.login).label("assignee"),
        )
        .join(Customer, col(Customer.id) == col(Ticket.requester_id))
        .join(Queue, col(Queue.id) == col(Ticket.queue_id))
        .outerjoin(Category, col(Category.id) == col(Ticket.category_id))
        .outerjoin(Agent, col(Agent.id) == col(Ticket.assignee_id))
    )


def _row(
    row: Any, tags: tuple[str, ...], writers: tuple[Writer, ...], numbers: dict[int, int], call: CallMark | None
) -> TicketRow:
    ticket: Ticket = row.Ticket
    return TicketRow(
        id=ticket.id,
        number=ticket.number,
        subject=ticket.summary or without_noise(ticket.subject),
        requester=Person(row.customer, row.address or ""),
        queue=row.queue,
        status=Status(ticket.status),
        priority=Priority.of_rank(ticket.priority),
        category=row.category,
        assignee=row.assignee,
        tags=tags,
        due_at=ticket.due_at,
        due_kind=ticket.due_kind,
        waiting_for=Party(ticket.waiting_for) if ticket.waiting_for else None,
        waiting_since=ticket.waiting_since,
        created_at=ticket.created_at,
        updated_at=ticket.updated_at,
        channel=ticket.channel,
        raw_subject=ticket.subject,
        summary=ticket.summary,
        merged_into=numbers.get(ticket.merged_into or 0),
        linked_to=numbers.get(ticket.linked_to or 0),
        is_spam=ticket.is_spam,
        version=ticket.version,
        writers=writers,
        call=call,
        resolution=ticket.resolution,
        snoozed_until=ticket.snoozed_until,
        is_incident=ticket.is_incident,
    )


def _tags(session: Session, ids: Sequence[int]) -> dict[int, tuple[str, ...]]:
    named = select(col(TicketTag.ticket_id), col(Tag.name)).join(Tag, col(Tag.id) == col(TicketTag.tag_id))
    by_ticket: dict[int, tuple[str, ...]] = {}
    for ticket_id, name in session.execute(named.where(col(TicketTag.ticket_id).in_(ids)).order_by(col(Tag.name))):
        by_ticket[ticket_id] = (*by_ticket.get(ticket_id, ()), name)
    return by_ticket


def _writers(session: Session, ids: Sequence[int]) -> dict[int, tuple[Writer, ...]]:
    written = select(col(Draft.ticket_id), col(Agent.login), col(Draft.updated_at)).join(
        Agent, col(Agent.id) == col(Draft.agent_id)
    )
    by_ticket: dict[int, tuple[Writer, ...]] = {}
    wanted = written.where(col(Draft.ticket_id).in_(ids), col(Draft.text) != "").order_by(col(Draft.updated_at).desc())
    for ticket_id, login, at in session.execute(wanted):
        by_ticket[ticket_id or 0] = (*by_ticket.get(ticket_id or 0, ()), Writer(login, at))
    return by_ticket


def _numbers(session: Session, ids: Sequence[int | None]) -> dict[int, int]:
    wanted = [i for i in ids if i is not None]
    if not wanted:
        return {}
    numbered = select(col(Ticket.id), col(Ticket.number)).where(is_among(session, col(Ticket.id), wanted))
    return dict(session.execute(numbered).all())


def _order(order: str) -> tuple[Any, ...]:
    if order == BY_WORK:
        first = (col(Ticket.priority).desc(), col(Ticket.waiting_for).desc().nulls_last())
        return (*first, col(Ticket.waiting_since), col(Ticket.id))
    if order == BY_CALL:
        return call_at().asc().nulls_first(), col(Ticket.id)
    return col(Ticket.updated_at).desc(), col(Ticket.id).desc()


def _meant(session: Session, query: Query, asker: Asker) -> ColumnElement[bool]:
    conditions = [_condition(session, term, asker) for term in query.terms]
    if not query.names_ended:
        conditions.append(col(Ticket.status).not_in(ENDED))
    return and_(true(), *conditions)


def _condition(session: Session, term: Term, asker: Asker) -> ColumnElement[bool]:
    if term.field == "":
        found = _has_words(session, term.value)
        return not_(found) if term.is_negated else found
    condition = _is(term.value, asker) if term.field == "is" else _has_value(session, term, asker)
    # A field that is empty is not the one named: SQL would not say so.
    return not_(func.coalesce(condition, false())) if term.is_negated else condition


def _has_value(session: Session, term: Term, asker: Asker) -> ColumnElement[bool]:
    value = term.value
    if term.field == "me":
        return col(Ticket.assignee_id) == literal(asker.actor.agent_id)
    if term.field == "status":
        return col(Ticket.status) == value
    if term.field == "priority":
        return col(Ticket.priority) == Priority(value).rank
    if term.field == "tag":
        tagged = select(col(TicketTag.ticket_id)).join(Tag, col(Tag.id) == col(TicketTag.tag_id))
        # Written as it is stored: `tag:"third floor"` means third-floor.
        name = tag_name(value)
        return col(Ticket.id).in_(tagged.where(col(Tag.name) == name))
    if term.field == "assignee" and value == "none":
        return col(Ticket.assignee_id).is_(None)
    return _by_name(session, term, asker)


def _by_name(session: Session, term: Term, asker: Asker) -> ColumnElement[bool]:
    """A condition on a row that is called by its name, in any case.

    Raises:
        QueryError: there is none of this name.
    """
    own, key, name = {
        "queue": (col(Ticket.queue_id), col(Queue.id), col(Queue.name)),
        "category": (col(Ticket.category_id), col(Category.id), col(Category.name)),
        "assignee": (col(Ticket.assignee_id), col(Agent.id), col(Agent.login)),
    }[term.field]
    wanted = asker.actor.login if (term.field, term.value) == ("assignee", "me") else term.value
    known = {called: row_id for row_id, called in session.execute(select(key, name))}
    found = [row_id for called, row_id in known.items() if called.casefold() == wanted.casefold()]
    if not found:
        raise unknown_value(term, [*known, *(("me", "none") if term.field == "assignee" else ())])
    named = [called for called, row_id in known.items() if row_id in found] if term.field == "assignee" else []
    if reason := next((said for one in named if (said := refusal_by_person(session, asker.actor, one))), None):
        raise not_for_you(term, reason)
    return own.in_(found)


def _is(value: str, asker: Asker) -> ColumnElement[bool]:
    if value in ("callback", "calling"):
        return has_call(asker.now, asker.actor if value == "calling" else None)
    status = col(Ticket.status)
    conditions: dict[str, Any] = {
        "any": true(),
        "open": status.not_in(_DONE),
        "waiting": status.in_((Status.WAITING_CUSTOMER, Status.WAITING_OTHER)),
        "unassigned": and_(status.not_in(_DONE), or_(col(Ticket.assignee_id).is_(None), _assignee_away(asker))),
        "overdue": and_(status.in_(ACTIVE), func.coalesce(col(Ticket.due_at) < asker.now, false())),
        "due": and_(status.in_(ACTIVE), col(Ticket.due_at).is_not(None)),
        "spam": col(Ticket.is_spam),
        "incident": col(Ticket.is_incident),
        "watched": _mine(Watcher, asker),
        "noticed": _mine(Notice, asker),
        "failed": col(Ticket.id).in_(
            select(col(Outbox.ticket_id)).where(col(Outbox.state).in_((OutboxState.FAILED, OutboxState.UNSURE)))
        ),
    }
    known: ColumnElement[bool] = conditions.get(value, status == value)
    return known


def _mine(table: type[Watcher] | type[Notice], asker: Asker) -> ColumnElement[bool]:
    """There is a row of the asker's on it."""
    return col(Ticket.id).in_(select(col(table.ticket_id)).where(col(table.agent_id) == asker.actor.agent_id))


def _assignee_away(asker: Asker) -> ColumnElement[bool]:
    """Its assignee is away and the customer has answered: somebody else should look."""
    away = select(col(Agent.id)).where(col(Agent.away_until) > asker.now)
    return and_(col(Ticket.waiting_for) == Party.US, col(Ticket.assignee_id).in_(away))


def _has_words(session: Session, value: str) -> ColumnElement[bool]:
    """All words of the value, in any order, or the number it is; without any (only signs) it means every ticket."""
    cut = words.words(value)
    if not cut:
        return true()
    found: Select[Any] | CompoundSelect[Any] = _in_document(session, cut)
    if number := _NUMBER.fullmatch(value):
        found = union_all(found, select(col(Ticket.id)).where(col(Ticket.number) == int(number[1])))
    if not is_postgres(session):
        return col(Ticket.id).in_(found)
    # Asked by itself: joined into the list, or read one by one, documents would be cut anew, a millisecond each.
    hits = found.cte().prefix_with("MATERIALIZED")
    return exists().where(hits.c[0] == col(Ticket.id))


def _in_document(session: Session, cut: Sequence[str]) -> Select[Any]:
    """The ids of the tickets whose document has all these words."""
    if is_postgres(session):
        return select(func.helpdesk_search(func.plainto_tsquery(text("'simple'"), " ".join(cut))))
    quoted = " ".join(f'"{word}"' for word in cut)
    return select(_FTS.c.rowid).where(_FTS.c.ticket_search.op("MATCH")(quoted))
