"""What belongs to a ticket by its messages, and goes along when they move to another one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import ARRAY, BigInteger, cast, delete, func, select, update
from sqlalchemy.orm import Session
from sqlmodel import col

from helpdesk_tui.desk.door import Changes, as_stored
from helpdesk_tui.store import search
from helpdesk_tui.store.statements import add_rows_unless_there, is_among, is_postgres
from helpdesk_tui.store.tables import (
    Attachment,
    Draft,
    MailQuarantine,
    Message,
    Outbox,
    OutboxRecipient,
    OwnToken,
    Participant,
    RawMessage,
    Ticket,
)
from helpdesk_tui.terms import MessageKind

#: The names, in events, of what was merged: on the ticket that ended, and on the one it went to.
MERGE, MERGED = "merge", "merged"
#: What goes along by the message it hangs on, in this order: each names its message's ticket.
_OF_MESSAGES: tuple[Any, ...] = (Attachment, Outbox, OutboxRecipient, OwnToken)
#: What goes along by its own id.
_BY_ID: dict[str, Any] = {
    "messages": Message,
    "mails": RawMessage,
    "quarantined": MailQuarantine,
}
Luggage = Mapping[str, Any]


def luggage_of(session: Session, source: Ticket, target: Ticket) -> dict[str, Any]:
    """What goes along: the ids of each kind, who was let in, and drafts with the moment they were last touched."""
    ids = {
        name: list(session.execute(select(table.id).where(table.ticket_id == source.id)).scalars())
        for name, table in _BY_ID.items()
    }
    there = select(col(Participant.address)).where(col(Participant.ticket_id) == target.id)
    new = select(col(Participant.address)).where(
        col(Participant.ticket_id) == source.id, col(Participant.address).not_in(there)
    )
    return {
        **ids,
        "into": target.id,
        "participants": sorted(session.execute(new).scalars()),
        "drafts": _drafts(session, source.id, target.id),
    }


def _drafts(session: Session, source_id: int, target_id: int) -> dict[str, str]:
    """The texts that go along; where somebody writes on both tickets, theirs stays where it is."""
    found = select(Draft).where(col(Draft.ticket_id).in_((source_id, target_id)))
    drafts = list(session.execute(found).scalars())
    taken = {(one.agent_id, one.kind) for one in drafts if one.ticket_id == target_id and one.text}
    here = [one for one in drafts if one.ticket_id == source_id and one.text]
    moving = [one for one in here if (one.agent_id, one.kind) not in taken]
    return {str(one.id): as_stored(one.updated_at) for one in moving}


def still_there(session: Session, luggage: Luggage, ticket_id: int) -> dict[str, Any]:
    """What of it lies on this ticket now; a draft counts only as long as nobody has written on."""
    there: dict[str, Any] = dict(luggage)
    for name, table in _BY_ID.items():
        named = select(table.id).where(table.ticket_id == ticket_id, is_among(session, table.id, luggage[name]))
        there[name] = list(session.execute(named).scalars())
    drafts = select(Draft).where(
        col(Draft.ticket_id) == ticket_id, is_among(session, col(Draft.id), map(int, luggage["drafts"]))
    )
    rows = session.execute(drafts).scalars()
    touched = {str(one.id): as_stored(one.updated_at) for one in rows}
    there["drafts"] = {id: at for id, at in touched.items() if luggage["drafts"][id] == at}
    return there


def move(changes: Changes, luggage: Luggage, source: Ticket, target: Ticket) -> None:
    """Let it all lie on `target` from now on."""
    session, place = changes.session, {"ticket_id": target.id, "queue_id": target.queue_id}
    session.flush()
    for name, table in _BY_ID.items():
        _write(session, update(table).where(is_among(session, table.id, luggage[name])).values(place))
    for of_message in _OF_MESSAGES:
        theirs = is_among(session, of_message.message_id, luggage["messages"])
        _write(session, update(of_message).where(of_message.ticket_id == source.id, theirs).values(place))
    _move_participants(session, luggage["participants"], source, target)
    _move_drafts(session, luggage["drafts"], source, target)
    session.expire_all()


def _move_participants(session: Session, addresses: Sequence[str], source: Ticket, target: Ticket) -> None:
    here = col(Participant.ticket_id) == source.id, col(Participant.address).in_(addresses)
    rows = session.execute(select(Participant).where(*here)).scalars()
    place = {"ticket_id": target.id, "queue_id": target.queue_id}
    moved = [
        {**place, "address": one.address, "name": one.name, "agent_id": one.agent_id, "at": one.at} for one in rows
    ]
    add_rows_unless_there(session, Participant, moved)
    _write(session, delete(Participant).where(*here))


def _move_drafts(session: Session, named: Iterable[str], source: Ticket, target: Ticket) -> None:
    """Move texts of others, too, which an agent's login may not write; not where somebody has begun another one."""
    ids = sorted(map(int, _drafts(session, source.id, target.id).keys() & set(named)))
    if is_postgres(session):
        session.execute(select(func.helpdesk_move_drafts(source.id, target.id, cast(ids, ARRAY(BigInteger)))))
        return
    moving = select(col(Draft.agent_id), col(Draft.kind)).where(col(Draft.id).in_(ids))
    for agent_id, kind in session.execute(moving).all():
        empty = delete(Draft).where(col(Draft.ticket_id) == target.id, col(Draft.text) == "")
        _write(session, empty.where(col(Draft.agent_id) == agent_id, col(Draft.kind) == kind))
    place = {"ticket_id": target.id, "queue_id": target.queue_id}
    _write(session, update(Draft).where(col(Draft.ticket_id) == source.id, col(Draft.id).in_(ids)).values(place))


def one_message(session: Session, message_id: int, into: int) -> dict[str, Any]:
    """What goes along with one message: its mail."""
    mails = select(col(RawMessage.id)).where(col(RawMessage.message_id) == message_id)
    own = list(session.execute(mails).scalars())
    return {"messages": [message_id], "mails": own, "quarantined": [], "participants": [], "drafts": {}, "into": into}


def where_it_lies(session: Session, ticket_id: int) -> int:
    """The id of the ticket at the end of a chain of merged ones: what went into one went along when that was merged."""
    seen = {ticket_id}
    while (
        further := session.execute(select(col(Ticket.merged_into)).where(col(Ticket.id) == ticket_id)).scalar()
    ) and (further not in seen):
        ticket_id = further
        seen.add(further)
    return ticket_id


def may_have_lain_on(session: Session, ticket_id: int) -> set[int]:
    """The tickets on which a message of this one may have lain: those that went into it, and the one it came out of."""
    found, new = {ticket_id}, {ticket_id}
    while new:
        from_here = select(col(Ticket.split_from)).where(col(Ticket.id).in_(new), col(Ticket.split_from).is_not(None))
        into_here = select(col(Ticket.id)).where(col(Ticket.merged_into).in_(new))
        new = {*session.execute(from_here).scalars(), *session.execute(into_here).scalars()} - found
        found |= new
    return found


def unmerged(session: Session, went: Luggage, source: Ticket, target: Ticket) -> dict[str, Any]:
    """What goes back to a ticket that was merged: what is still there, and what was written in answer to it since.

    Args:
        went: what went along then. source: the ticket it goes back to; target: where it lies.
    """
    there = still_there(session, went, target.id)
    since = _written_since(session, set(there["messages"]), source, target)
    mails = select(col(RawMessage.id)).where(is_among(session, col(RawMessage.message_id), since))
    there["messages"] = sorted({*there["messages"], *since})
    there["mails"] = sorted({*there["mails"], *session.execute(mails).scalars()})
    return there


def _written_since(session: Session, theirs: set[int], source: Ticket, target: Ticket) -> list[int]:
    """The messages on `target` that go on from these: by what they answer, whoever wrote them."""
    rows = session.execute(select(Message).where(col(Message.ticket_id) == target.id).order_by(col(Message.id)))
    messages = list(rows.scalars())
    whose = {one.message_id: one.id in theirs for one in messages if one.message_id}
    last, since = max(theirs, default=0), []
    for one in messages:
        if one.id > last and one.id not in theirs and _goes_on(one, whose):
            since.append(one.id)
            whose[one.message_id] = True
    return since


def _goes_on(message: Message, whose: Mapping[str, bool]) -> bool:
    """True where the newest message it names that we know is one of theirs."""
    if message.kind not in (MessageKind.INBOUND, MessageKind.OUTBOUND):
        return False
    known = (whose[one] for one in reversed(message.references) if one in whose)
    return next(known, False)


def find_both(session: Session, source: Ticket, target: Ticket) -> None:
    """Let search find both by what stands on them now."""
    session.flush()
    for one in (source, target):
        search.rebuild(session, one.id)


def _write(session: Session, statement: Any) -> None:
    session.execute(statement.execution_options(synchronize_session=False))
