"""Undo and redo: they read the log, not memory, restore what nobody changed since, and are events themselves."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, exists, func, or_, select
from sqlmodel import col

from helpdesk_tui.desk.door import TRACKED, Change, Changes, Desk, as_stored, from_stored
from helpdesk_tui.desk.drafts import bring_back, clear_draft
from helpdesk_tui.desk.tickets import apply_status, name_tickets, tags_of, write_tags
from helpdesk_tui.desk.timers import remind_anew
from helpdesk_tui.errors import NotFound, Refused
from helpdesk_tui.language import _
from helpdesk_tui.rules.permissions import UNDOABLE
from helpdesk_tui.store.queries.thread import in_words
from helpdesk_tui.store.tables import Batch, Event, Message, Outbox, Ticket
from helpdesk_tui.terms import MessageKind, OutboxState, Outcome, Status, Verb

#: Fields that follow from others; they are restored, but not worth a sentence when they cannot be.
_FOLLOWING = frozenset({"waiting_for", "waiting_since", "closed_at", "due_kind"})


def undo(desk: Desk, batch: str | None = None) -> Outcome:
    """Take back this actor's newest batch that can be taken back, or the one named.

    Fields that somebody changed since stay as they are and are named with both values.

    Raises:
        NotFound: there is nothing to undo. Refused: the batch cannot be undone, or its mail has left.
    """
    with desk.change(Verb.UNDO) as changes:
        target = _batch_to_undo(changes, batch)
        kept = _revert(changes, target)
        target.undone_by = changes.batch_id
        changes.say(_("Undone: {what}").format(what=target.outcome["text"]) + kept)
    return changes.outcome


def redo(desk: Desk) -> Outcome:
    """Do again what this actor undid last, as long as they did nothing else since.

    Raises:
        NotFound: there is nothing to redo.
    """
    with desk.change(Verb.REDO) as changes:
        target = _batch_to_redo(changes)
        kept = _revert(changes, target)
        original = changes.session.get_one(Batch, target.undoes)
        original.undone_by = None
        target.undone_by = changes.batch_id
        changes.say(_("Done again: {what}").format(what=original.outcome["text"]) + kept)
    return changes.outcome


def _batch_to_undo(changes: Changes, named: str | None) -> Batch:
    mine = col(Batch.actor_id) == changes.actor.agent_id
    undoable = select(Batch).where(mine, _has_done(), col(Batch.verb).in_(UNDOABLE), col(Batch.undone_by).is_(None))
    if named:
        undoable = undoable.where(col(Batch.id) == named)
    found = changes.session.execute(undoable.order_by(*_newest_first()).limit(1)).scalar_one_or_none()
    if found is None:
        raise NotFound(
            _("There is nothing to undo."),
            _("Only your own changes can be undone, each once.") if named else _("You have changed nothing yet."),
        )
    return found


def _batch_to_redo(changes: Changes) -> Batch:
    mine = col(Batch.actor_id) == changes.actor.agent_id
    newest = select(Batch).where(mine, _has_done(), col(Batch.verb) != Verb.REDO, col(Batch.undone_by).is_(None))
    found = changes.session.execute(newest.order_by(*_newest_first()).limit(1)).scalar_one_or_none()
    last_verb = select(col(Batch.verb)).where(mine, _has_done())
    last = changes.session.execute(last_verb.order_by(*_newest_first()).limit(1)).scalar_one_or_none()
    if found is None or found.undoes is None or last not in (Verb.UNDO, Verb.REDO):
        raise NotFound(_("There is nothing to redo."), _("Redo works right after undo."))
    return found


def _has_done() -> ColumnElement[bool]:
    """It did something: a batch whose id the caller made is remembered even where it did not."""
    events = exists(select(col(Event.id)).where(col(Event.batch_id) == col(Batch.id)))
    return or_(events, col(Batch.undoes).is_not(None), col(Batch.verb) == Verb.CONFIGURE)


def _newest_first() -> tuple[ColumnElement[Any], ...]:
    events = select(func.max(col(Event.id))).where(col(Event.batch_id) == col(Batch.id)).scalar_subquery()
    return col(Batch.at).desc(), events.desc()


def _revert(changes: Changes, target: Batch) -> str:
    """Put back what the batch changed; returns a sentence on what was left alone."""
    changes.undoes = target.id
    found = select(Event).where(col(Event.batch_id) == target.id).order_by(col(Event.id))
    events = list(changes.session.execute(found).scalars())
    changes.load_ids([event.ticket_id for event in events])
    tickets = {change.ticket.id: change for change in changes}
    for event in events:
        _refuse_sent(changes, tickets[event.ticket_id].ticket, event)
    left = [words for event in events for words in _revert_event(changes, tickets[event.ticket_id], event)]
    return " · " + _("left alone: {what}").format(what="; ".join(left)) if left else ""


def _revert_event(changes: Changes, change: Change, event: Event) -> list[str]:
    """Put back one event's fields; returns words for each that somebody changed since."""
    if "number" in event.changes:
        return _cancel(changes, change.ticket)  # its first message stays: nobody's request is taken back
    left: list[str] = []
    for name, (before, after) in event.changes.items():
        if name in TRACKED:
            left += _restore_field(changes, change.ticket, name, before, after)
        elif name == "tags":
            _restore_tags(changes, change, before, after)
        elif name == "message":
            _restore_message(changes, change, before, after)
    return left


def _cancel(changes: Changes, ticket: Ticket) -> list[str]:
    """A ticket that was made is cancelled, unless somebody has begun with it."""
    if ticket.status != Status.NEW:
        return [_conflict(changes, ticket, "status", Status.NEW)]
    apply_status(ticket, Status.CANCELLED, changes.now)
    return []


def _restore_field(changes: Changes, ticket: Ticket, name: str, before: Any, after: Any) -> list[str]:
    """Put back one field, unless somebody changed it since; then say so."""
    if as_stored(getattr(ticket, name)) != after:
        return [] if name in _FOLLOWING else [_conflict(changes, ticket, name, after)]
    setattr(ticket, name, from_stored(name, before))
    if name == "due_at":
        remind_anew(changes.session, ticket, changes.now)
    return []


def _restore_tags(changes: Changes, change: Change, before: list[str], after: list[str]) -> None:
    now = tags_of(changes.session, change.ticket.id)
    wanted = sorted((set(now) | (set(before) - set(after))) - (set(after) - set(before)))
    if wanted != now:
        write_tags(changes.session, change.ticket.id, now, wanted)
        change.record("tags", now, wanted)


def _restore_message(changes: Changes, change: Change, before: int | None, after: int | None) -> None:
    """Withdraw a message that was added (its text becomes a draft again), or bring a withdrawn one back."""
    message = changes.session.get_one(Message, after or before)
    message.is_withdrawn = after is not None
    change.record("message", after, before)
    kind = {MessageKind.OUTBOUND: "reply", MessageKind.NOTE: "note"}.get(MessageKind(message.kind))
    if kind is None:
        return
    if message.is_withdrawn:
        bring_back(changes.session, changes.actor, change.ticket.id, kind, message.text, at=changes.now)
    else:
        clear_draft(changes.session, changes.actor, change.ticket.id, kind, message.text)
    for entry in _outbox_of(changes, message.id):
        entry.state = OutboxState.WITHDRAWN if message.is_withdrawn else OutboxState.QUEUED
        entry.updated_at = changes.now


def _refuse_sent(changes: Changes, ticket: Ticket, event: Event) -> None:
    """A reply that has left, or may have, cannot be taken back; then nothing else is either."""
    before, after = event.changes.get("message", (None, None))
    for entry in _outbox_of(changes, after or before or 0):
        if entry.state not in (OutboxState.QUEUED, OutboxState.FAILED, OutboxState.WITHDRAWN):
            raise Refused(
                _("The reply on {ticket} has left already; it cannot be taken back.").format(
                    ticket=name_tickets([ticket.number])
                ),
                _("Nothing was undone. Write a second mail, or undo an older batch by its id."),
            )


def _outbox_of(changes: Changes, message_id: int) -> list[Outbox]:
    entries = select(Outbox).where(col(Outbox.message_id) == message_id).with_for_update()
    return list(changes.session.execute(entries).scalars())


def _conflict(changes: Changes, ticket: Ticket, name: str, yours: Any) -> str:
    both = {name: [yours, as_stored(getattr(ticket, name))]}
    ((field, (mine, now)),) = in_words(changes.session, both).items()
    return _("{field} of #{number} (yours: {yours}, now: {now})").format(
        field=field, number=ticket.number, yours=_or_none(mine), now=_or_none(now)
    )


def _or_none(value: Any) -> str:
    return _("none") if value is None else str(value)
