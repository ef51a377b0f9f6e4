"""Two tickets that are one matter: all that was said on the one goes to the other, and can be brought back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ARRAY, BigInteger, cast, delete, func, select, update
from sqlalchemy.orm import Session
from sqlmodel import col

from helpdesk_tui.desk.door import Change, Changes, Desk, as_stored
from helpdesk_tui.desk.standing import apply_status, wait_for
from helpdesk_tui.errors import Refused, Usage
from helpdesk_tui.language import _, ngettext
from helpdesk_tui.store import search
from helpdesk_tui.store.statements import add_rows_unless_there, is_among, is_postgres
from helpdesk_tui.store.tables import (
    Attachment,
    CallbackRequest,
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
from helpdesk_tui.terms import ENDED, CallState, Outcome, Party, Status, Verb

#: The names, in events, of what was merged: on the ticket that ended, and on the one it went to.
MERGE, MERGED = "merge", "merged"
#: What goes along by the message it hangs on, in this order: each names its message's ticket.
_OF_MESSAGES = (Attachment, Outbox, OutboxRecipient, OwnToken)
#: What goes along by its own id.
_BY_ID: dict[str, Any] = {
    "messages": Message,
    "mails": RawMessage,
    "quarantined": MailQuarantine,
}
Luggage = Mapping[str, Any]


def merge(desk: Desk, ticket: int, into: int) -> Outcome:
    """Let a ticket go into another: what was said on it stands there, its mail lands there, and it is closed.

    Raises:
        NotFound: one of them lies in no queue one belongs to. Refused: one was merged before, or a call is booked.
    """
    if ticket == into:
        raise Usage(_("A ticket cannot be merged into itself."), _("Name two different ones."))
    with desk.change(Verb.MERGE, [ticket, into]) as changes:
        source, target = changes
        _refuse(changes.session, source.ticket, target.ticket)
        luggage = _luggage(changes.session, source.ticket, target.ticket)
        _move(changes, luggage, source.ticket, target.ticket)
        if source.ticket.waiting_for == Party.US:
            if target.ticket.status not in (Status.NEW, Status.OPEN):
                apply_status(target.ticket, Status.OPEN, changes.now)
            wait_for(target.ticket, Party.US, changes.now)
        source.ticket.merged_into = target.ticket.id
        apply_status(source.ticket, Status.CLOSED, changes.now)
        source.record(MERGE, None, luggage)
        target.record(MERGED, None, ticket)
        _find_both(changes.session, source.ticket, target.ticket)
        count = len(luggage["messages"])
        changes.say(
            _("#{number} is part of #{into} now: {messages}").format(
                number=ticket, into=into, messages=ngettext("{n} message", "{n} messages", count)
            )
        )
    return changes.outcome


def restore(changes: Changes, change: Change, was: Mapping[str, list[Any]], _later: list[dict[str, Any]]) -> list[str]:
    """Bring back what went to another ticket and is there still, or let it go there again."""
    before, after = was[MERGE]
    luggage: Luggage = after or before
    session = changes.session
    other = session.get(Ticket, luggage["into"])
    if other is None:
        return [_("what went along with #{number} (it lies out of your sight)").format(number=change.ticket.number)]
    source, target = (other, change.ticket) if after else (change.ticket, other)
    there = _still_there(session, luggage, source.id)
    _move(changes, there, source, target)
    change.record(MERGE, after, before)
    _find_both(session, source, target)
    stays = len(luggage["messages"]) - len(there["messages"])
    return [ngettext("{n} message", "{n} messages", stays)] if stays else []


def restore_mark(
    _changes: Changes, change: Change, was: Mapping[str, list[Any]], _later: list[dict[str, Any]]
) -> list[str]:
    """Say on the ticket that others went into that they are gone, or there again."""
    before, after = was[MERGED]
    change.record(MERGED, after, before)
    return []


def _refuse(session: Session, source: Ticket, target: Ticket) -> None:
    for one in (source, target):
        if one.merged_into is not None:
            raise Refused(
                _("#{number} was merged into another ticket before.").format(number=one.number),
                _("Name the other one."),
            )
    if target.status in ENDED:
        raise Refused(
            _("#{number} has ended.").format(number=target.number), _("Open it again first, then merge into it.")
        )
    pending = select(col(CallbackRequest.id)).where(
        col(CallbackRequest.ticket_id) == source.id, col(CallbackRequest.state) == CallState.OPEN
    )
    if session.execute(pending).first():
        raise Refused(
            _("The customer of #{number} waits for a call.").format(number=source.number),
            _("Make it or give it up first; b shows it."),
        )


def _luggage(session: Session, source: Ticket, target: Ticket) -> dict[str, Any]:
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
    taken = {(one.agent_id, one.kind) for one in drafts if one.ticket_id == target_id}
    moving = [one for one in drafts if one.ticket_id == source_id and (one.agent_id, one.kind) not in taken]
    return {str(one.id): as_stored(one.updated_at) for one in moving}


def _still_there(session: Session, luggage: Luggage, ticket_id: int) -> dict[str, Any]:
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


def _move(changes: Changes, luggage: Luggage, source: Ticket, target: Ticket) -> None:
    session, place = changes.session, {"ticket_id": target.id, "queue_id": target.queue_id}
    session.flush()
    for name, table in _BY_ID.items():
        _write(session, update(table).where(is_among(session, table.id, luggage[name])).values(place))
    for of_message in _OF_MESSAGES:
        theirs = is_among(session, of_message.message_id, luggage["messages"])
        _write(session, update(of_message).where(theirs).values(place))
    _move_participants(session, luggage["participants"], source, target)
    _move_drafts(session, [int(one) for one in luggage["drafts"]], source, target)
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


def _move_drafts(session: Session, ids: Sequence[int], source: Ticket, target: Ticket) -> None:
    """Move texts of others, too, which an agent's login may not write."""
    if is_postgres(session):
        session.execute(select(func.helpdesk_move_drafts(source.id, target.id, cast(list(ids), ARRAY(BigInteger)))))
        return
    place = {"ticket_id": target.id, "queue_id": target.queue_id}
    _write(session, update(Draft).where(col(Draft.ticket_id) == source.id, col(Draft.id).in_(ids)).values(place))


def _find_both(session: Session, source: Ticket, target: Ticket) -> None:
    session.flush()
    for one in (source, target):
        search.rebuild(session, one.id)


def _write(session: Session, statement: Any) -> None:
    session.execute(statement.execution_options(synchronize_session=False))
