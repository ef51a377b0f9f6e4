"""What somebody sees of a store: the one place where every question is limited to the asker's queues.

A transaction belongs to an actor. Whatever it selects, in joins, subqueries and counts as well, is limited here to what
lies in the queues the actor belongs to; the program itself sees everything. A question cannot forget it, and what is
hidden answers exactly as what does not exist.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    and_,
    cast,
    event,
    exists,
    false,
    func,
    not_,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.orm import ORMExecuteState, Session, with_loader_criteria
from sqlmodel import SQLModel, col

from helpdesk_tui.store import tables as t
from helpdesk_tui.store.statements import is_among, is_postgres
from helpdesk_tui.terms import Actor, Verb

#: Where a session keeps whose it is, what that one sees, and that it only reads.
ACTOR, READS = "actor", "reads"
_SEES = "sees"
#: Given to a statement on events: also those that say that a ticket has left the asker's queues.
WITH_LEFT = {"sees_what_left": True}
#: Verbs by which a ticket changes its queue.
_MOVES = (Verb.QUEUE, Verb.UNDO, Verb.REDO)
_QUEUES_OF = text("SELECT queue_id FROM queue_member WHERE agent_id = :agent")
_HIDDEN_FROM = text(
    "SELECT count(*) FROM queue q WHERE NOT EXISTS"
    " (SELECT 1 FROM queue_member m WHERE m.queue_id = q.id AND m.agent_id = :agent)"
)


@dataclass(frozen=True, slots=True)
class Sight:
    """Whose sight it is, and the ids of the queues they belong to."""

    actor: Actor
    queues: tuple[int, ...]
    is_postgres: bool


Rule = Callable[[Any, Sight], ColumnElement[bool]]


def _in_queue(row: Any, sight: Sight) -> ColumnElement[bool]:
    found: ColumnElement[bool] = row.queue_id.in_(sight.queues)
    return found


def _own_or_in_queue(row: Any, sight: Sight) -> ColumnElement[bool]:
    """What somebody does now: one's own wherever it lies; a text for a new request is its writer's alone."""
    return or_(row.queue_id.in_(sight.queues), row.agent_id == sight.actor.agent_id)


def _own_in_queue(row: Any, sight: Sight) -> ColumnElement[bool]:
    """What somebody is to look at is their own business, and only as long as they see the ticket."""
    return and_(row.queue_id.in_(sight.queues), row.agent_id == sight.actor.agent_id)


def _own_or_shared(row: Any, sight: Sight) -> ColumnElement[bool]:
    """A prepared text of one's own or of all, that is not for a hidden queue."""
    mine = or_(row.agent_id.is_(None), row.agent_id == sight.actor.agent_id)
    return and_(mine, or_(row.queue_id.is_(None), row.queue_id.in_(sight.queues)))


def _with_both(row: Any, sight: Sight) -> ColumnElement[bool]:
    """Of two tickets that have to do with each other one sees neither, where one is hidden."""
    other = exists().where(_ticket.c.id == row.other_id, _ticket.c.queue_id.in_(sight.queues))
    return and_(row.queue_id.in_(sight.queues), other)


def _of_ticket(row: Any, sight: Sight) -> ColumnElement[bool]:
    return exists().where(_ticket.c.id == row.ticket_id, _ticket.c.queue_id.in_(sight.queues))


def _of_raw_mail(row: Any, sight: Sight) -> ColumnElement[bool]:
    return exists().where(_raw.c.id == row.raw_id, _raw.c.queue_id.in_(sight.queues))


def _old_number(row: Any, sight: Sight) -> ColumnElement[bool]:
    """What another system called a ticket one sees; else for those alone who see everything."""
    seen = exists().where(_ticket.c.id == row.own_id, _ticket.c.queue_id.in_(sight.queues))
    return and_(row.type == t.NUMBER_THERE, seen)


def _across_queues(_row: Any, _sight: Sight) -> ColumnElement[bool]:
    """For those alone who see everything."""
    return false()


def _met(row: Any, sight: Sight) -> ColumnElement[bool]:
    """A customer who wrote to hidden queues only is not known here."""
    return _is_met(row.id, sight)


def _of_customer(row: Any, sight: Sight) -> ColumnElement[bool]:
    return _is_met(row.customer_id, sight)


def _of_joined(row: Any, sight: Sight) -> ColumnElement[bool]:
    return _is_met(row.kept_id, sight)


def _is_met(customer_id: Any, sight: Sight) -> ColumnElement[bool]:
    if sight.is_postgres:  # which shows nobody the hidden tickets, not even that there are some
        met: ColumnElement[bool] = func.helpdesk_met(customer_id)
        return met
    theirs = _ticket.c.requester_id == customer_id
    return or_(exists().where(theirs, _ticket.c.queue_id.in_(sight.queues)), not_(exists().where(theirs)))


def _in_use(row: Any, sight: Sight) -> ColumnElement[bool]:
    """A tag that stands on hidden tickets only is not known here."""
    if sight.is_postgres:
        used: ColumnElement[bool] = func.helpdesk_uses(row.id)
        return used
    on = select(_tagged.c.tag_id).where(_tagged.c.tag_id == row.id)
    seen = on.join(_ticket, _ticket.c.id == _tagged.c.ticket_id).where(_ticket.c.queue_id.in_(sight.queues))
    return or_(seen.exists(), not_(on.exists()))


def _not_left(row: Any, sight: Sight) -> ColumnElement[bool]:
    if sight.is_postgres:
        came_from: Any = cast(func.json_extract_path_text(row.changes, "queue_id", "0"), BigInteger)
    else:
        came_from = func.json_extract(row.changes, "$.queue_id[0]")
    return or_(row.queue_id.in_(sight.queues), and_(row.verb.in_(_MOVES), came_from.in_(sight.queues)))


_table: Callable[[type[SQLModel]], Any] = lambda model: model.__table__  # type: ignore[attr-defined]  # noqa: E731
# The bare tables, which are not limited themselves, under names of their own: a question may be about them, too.
_ticket, _raw = _table(t.Ticket).alias("seen_ticket"), _table(t.RawMessage).alias("seen_raw")
_tagged = _table(t.TicketTag).alias("seen_tag")
_customer = _table(t.Customer).alias("seen_customer")

#: What is limited, and how.
LIMITED: Mapping[type[SQLModel], Rule] = {
    t.Ticket: _in_queue,
    t.Message: _in_queue,
    t.Attachment: _in_queue,
    t.RawMessage: _in_queue,
    t.MailQuarantine: _in_queue,
    t.MailGroup: _in_queue,
    t.Participant: _in_queue,
    t.Acknowledgement: _in_queue,
    t.OwnToken: _in_queue,
    t.Outbox: _in_queue,
    t.OutboxRecipient: _in_queue,
    t.TicketLink: _with_both,
    t.Watcher: _in_queue,
    t.Notice: _own_in_queue,
    t.CannedReply: _own_or_shared,
    t.Macro: _own_or_shared,
    t.Event: _in_queue,
    t.Timer: _in_queue,
    t.TicketWords: _in_queue,
    t.CallbackRequest: _in_queue,
    t.CallbackBooking: _in_queue,
    t.Draft: _own_or_in_queue,
    t.Presence: _own_or_in_queue,
    t.TicketTag: _of_ticket,
    t.TicketField: _of_ticket,
    t.MailSeen: _of_raw_mail,
    t.ImportRun: _across_queues,
    t.ImportReject: _across_queues,
    t.ExternalRef: _old_number,
}
#: What is limited for questions alone: a writer has to find whom and what there is, or would make them twice.
LIMITED_TO_READERS: Mapping[type[SQLModel], Rule] = {
    t.Customer: _met,
    t.CustomerAddress: _of_customer,
    t.CustomerPhone: _of_customer,
    t.CustomerField: _of_customer,
    t.CustomerJoin: _of_joined,
    t.Tag: _in_use,
}
_READERS = {**LIMITED, **LIMITED_TO_READERS}
#: What everybody sees, and why.
OPEN: Mapping[type[SQLModel], str] = {
    t.Queue: "one has to be able to hand a ticket over",
    t.QueueAddress: "stands in every mail",
    t.QueueMember: "who answers what is no secret among colleagues",
    t.Agent: "colleagues",
    t.Team: "colleagues",
    t.TeamMember: "colleagues",
    t.Setting: "holds for all",
    t.Category: "a list of words that an admin wrote",
    t.FieldDefinition: "names of fields, no values",
    t.Organization: "found only by a customer one sees",
    t.TicketNumber: "random numbers, which say nothing",
    t.Content: "found only by the digest in a row one sees",
    t.ContentChunk: "found only by the digest in a row one sees",
    t.Batch: "found only by its own actor, or by an event one sees",
    t.View: "queries, each answered for who asks",
    t.Lease: "jobs of the program",
    t.CallbackPlan: "when a team calls",
    t.CallbackException: "when a team calls",
    t.CallbackSlot: "how much of a team's time is taken",
}


def begin(session: Session, actor: Actor, *, reads: bool) -> None:
    """Say whose session it is; from now on it shows only what they may see."""
    session.info[ACTOR], session.info[READS] = actor, reads
    if not actor.is_system:
        event.listen(session, "do_orm_execute", _limit)


def sees(session: Session, queue_id: int) -> bool:
    """True where whoever asks belongs to this queue."""
    sight = _sight(session)
    return sight is None or queue_id in sight.queues


def is_limited(session: Session) -> bool:
    """True where something is hidden from whoever asks."""
    return ACTOR in session.info and _sight(session) is not None


def meets(session: Session, customer_id: int) -> bool:
    """True where whoever asks knows this customer: one of their tickets, or none is anywhere."""
    sight = _sight(session)
    if sight is None:
        return True
    met = select(_customer.c.id).where(_customer.c.id == customer_id, _is_met(_customer.c.id, sight))
    return session.execute(met).first() is not None


def hand_over(session: Session, ticket_ids: Sequence[int], queue_id: int) -> None:
    """Move tickets into a queue that whoever does it does not see: nobody could write them there row by row."""
    if is_postgres(session):
        session.execute(select(func.helpdesk_hand_over(cast(list(ticket_ids), ARRAY(BigInteger)), queue_id)))
    else:
        moved = update(t.Ticket).where(is_among(session, col(t.Ticket.id), ticket_ids)).values(queue_id=queue_id)
        session.execute(moved.execution_options(synchronize_session=False))


def hidden_queues(session: Session, actor: Actor) -> list[str]:
    """The names of the queues this actor does not belong to."""
    theirs = select(col(t.QueueMember.queue_id)).where(col(t.QueueMember.agent_id) == actor.agent_id)
    hidden = select(col(t.Queue.name)).where(col(t.Queue.id).not_in(theirs))
    return list(session.execute(hidden.order_by(col(t.Queue.name))).scalars())


@contextmanager
def everything(session: Session) -> Iterator[None]:
    """See all for the length of the block: for keeping the books in order, never for what somebody is shown."""
    before = _sight(session)
    session.info[_SEES] = None
    try:
        yield
    finally:
        session.info[_SEES] = before


def _limit(state: ORMExecuteState) -> None:
    if not state.is_select or (sight := _sight(state.session)) is None:
        return
    rules = _READERS if state.session.info[READS] else LIMITED
    named = _tables_in(state.statement) | {one.class_.__tablename__ for one in state.all_mappers}
    options = [
        _option(table, rule, sight) for table, rule in rules.items() if not named or table.__tablename__ in named
    ]
    if state.execution_options.get("sees_what_left"):
        options = [_option(t.Event, _not_left, sight)]
    state.statement = state.statement.options(*options)


def _option(table: type[SQLModel], rule: Rule, sight: Sight) -> Any:
    return with_loader_criteria(table, rule(table, sight), include_aliases=True, propagate_to_loaders=True)


def _tables_in(statement: Any) -> set[str]:
    """The names of all tables a statement speaks of, at whatever depth; a rule costs time wherever it is given along."""
    found: set[str] = set()
    seen: dict[int, Any] = {}  # kept, so that no other element gets the id of one that was let go
    waiting = [statement]
    while waiting:
        element = waiting.pop()
        if element is None or id(element) in seen:
            continue
        seen[id(element)] = element
        if element.__visit_name__ == "table":
            found.add(element.name)
        waiting += element.get_children()
        waiting.append(getattr(element, "table", None))
    return found


def _sight(session: Session) -> Sight | None:
    """What this session's actor sees, asked once in each; None is everything."""
    if _SEES not in session.info:
        session.info[_SEES] = _ask(session, session.info[ACTOR])
    sight: Sight | None = session.info[_SEES]
    return sight


def _ask(session: Session, actor: Actor) -> Sight | None:
    if actor.is_system:
        return None
    connection, whose = session.connection(), {"agent": actor.agent_id}
    if connection.execute(_HIDDEN_FROM, whose).scalar_one() == 0:
        return None  # nothing is limited, and every statement stays as it is
    return Sight(actor, tuple(connection.execute(_QUEUES_OF, whose).scalars()), is_postgres(session))
