"""Undo and redo: they read the log, not memory, restore what nobody changed since, and are events themselves."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select
from sqlmodel import col

from helpdesk_tui.desk import (
    aside,
    callback_log,
    customers,
    followups,
    handover,
    joining,
    luggage,
    merging,
    participants,
    parting,
    relations,
    watching,
)
from helpdesk_tui.desk.door import TRACKED, Change, Changes, Desk, as_stored, from_stored
from helpdesk_tui.desk.drafts import WRITTEN, restore_first
from helpdesk_tui.desk.letters import NOTE_LEFT
from helpdesk_tui.desk.membership import CALLERS, belongs
from helpdesk_tui.desk.standing import apply_status
from helpdesk_tui.desk.tickets import name_tickets, tags_of, write_tags
from helpdesk_tui.desk.timers import arm_anew, remind_anew
from helpdesk_tui.desk.withdrawing import refuse_sent, restore_message
from helpdesk_tui.errors import CannotUndo, NotFound, Refused
from helpdesk_tui.language import _
from helpdesk_tui.rules.permissions import UNDOABLE
from helpdesk_tui.store import search
from helpdesk_tui.store.queries.thread import in_words
from helpdesk_tui.store.statements import is_among
from helpdesk_tui.store.tables import Agent, Batch, Event, Queue, Ticket
from helpdesk_tui.store.transaction import lock_name
from helpdesk_tui.terms import Outcome, Status, Verb

#: Fields that follow from another; they go back where that one does, and are not worth a sentence of their own.
_FOLLOWS = {
    "waiting_for": "status",
    "waiting_since": "status",
    "closed_at": "status",
    "snoozed_until": "status",
    "due_kind": "due_at",
}

#: What a ticket is found by.
_FOUND_BY = {"message", NOTE_LEFT, "summary", "requester_id", "resolution"}

#: Who puts back what is no field of a ticket, by its name in the event.
_RESTORED_BY = {
    callback_log.CALLBACK: callback_log.restore,
    callback_log.LETTER: callback_log.restore_letter,
    CALLERS: handover.restore,
    handover.TEXTS: handover.restore,
    customers.CUSTOMER: customers.restore,
    joining.JOIN: joining.restore,
    luggage.MERGE: merging.restore,
    luggage.MERGED: merging.restore_mark,
    parting.SPLIT: parting.restore_split,
    relations.LINK: relations.restore,
    relations.LINKED: relations.restore_mark,
    watching.WATCHER: watching.restore,
    participants.PARTICIPANT: participants.restore,
    aside.ASIDE: aside.restore,
    followups.REMINDER: followups.restore_reminder,
    WRITTEN: restore_first,
}


def undo(desk: Desk, batch: str | None = None, but: Collection[str] = ()) -> Outcome:
    """Take back this actor's newest batch that can be taken back, or the one named.

    Fields that somebody changed since stay as they are and are named with both values.

    Args:
        but: the ids of batches that are stepped over.
    Raises:
        NotFound: there is nothing to undo. CannotUndo: the batch cannot be undone, such as one whose mail has left.
    """
    with desk.change(Verb.UNDO) as changes:
        lock_name(changes.session, f"history {desk.actor.agent_id}")
        target = _batch_to_undo(changes, batch, but)
        try:
            kept = _revert(changes, target)
        except (NotFound, Refused) as error:
            raise CannotUndo(error.message, error.hint, target.id) from error
        target.undone_by = changes.batch_id
        changes.say(kept + _("Undone: {what}").format(what=_what_was_done(target)))
    return changes.outcome


def redo(desk: Desk, leaves_at: datetime | None = None) -> Outcome:
    """Do again what this actor undid last, as long as they did nothing else since.

    Args:
        leaves_at: an answer that is sent again leaves no sooner, and can be taken back until then; None is as before.
    Raises:
        NotFound: there is nothing to redo.
    """
    with desk.change(Verb.REDO) as changes:
        changes.mail_leaves_at = leaves_at
        lock_name(changes.session, f"history {desk.actor.agent_id}")
        target = _batch_to_redo(changes)
        kept = _revert(changes, target)
        original = changes.session.get_one(Batch, target.undoes)
        original.undone_by = None
        target.undone_by = changes.batch_id
        changes.say(kept + _("Done again: {what}").format(what=original.outcome["text"]))
    return changes.outcome


def _what_was_done(target: Batch) -> str:
    """The words of a batch once it is taken back: what was said is no longer on its way."""
    said = {
        Verb.REPLY: _("reply on {ticket}; its text is a draft again"),
        Verb.NOTE: _("note on {ticket}; its text is a draft again"),
    }.get(Verb(target.verb))
    text: str = target.outcome["text"]
    if target.verb in (Verb.CALLBACK, Verb.CALL):
        return text.partition(" · ")[0]  # what follows was told to the customer, or set going
    return said.format(ticket=name_tickets(target.outcome["tickets"])) if said else text


def _batch_to_undo(changes: Changes, named: str | None, but: Collection[str]) -> Batch:
    undoable = _done_by(changes).where(col(Batch.verb).in_(UNDOABLE), col(Batch.undone_by).is_(None))
    undoable = undoable.where(col(Batch.id).not_in(but))
    if named:
        undoable = undoable.where(col(Batch.id) == named)
    found: Batch | None = changes.session.execute(undoable).scalars().first()
    found = _later(found, aside.newest_of(changes, is_undone=False, named=named, but=but))
    if named is None:
        _refuse_handed_over(changes, found, but)
    if found is None:
        alone = _("Only your own changes can be undone, each once.")
        raise NotFound(_("There is nothing to undo."), alone if named else _("Nothing of yours is left to take back."))
    return found


def _refuse_handed_over(changes: Changes, found: Batch | None, but: Collection[str]) -> None:
    """Who has handed a ticket over and pressed undo means that, not what they did before."""
    seen = select(col(Event.id)).where(col(Event.batch_id) == col(Batch.id)).exists()
    hidden = select(Batch).where(
        col(Batch.actor_id) == changes.actor.agent_id,
        col(Batch.verb).in_(UNDOABLE),
        col(Batch.undone_by).is_(None),
        col(Batch.id).not_in(but),
        ~seen,
    )
    later = hidden.where(col(Batch.at) > found.at) if found else hidden
    for one in changes.session.execute(later.order_by(col(Batch.at).desc())).scalars():
        if one.outcome["tickets"]:
            raise CannotUndo(
                _("{what} lies in a queue you do not belong to.").format(what=name_tickets(one.outcome["tickets"])),
                _("Somebody who belongs there can move it back. Older changes are undone by their id."),
                one.id,
            )


def _batch_to_redo(changes: Changes) -> Batch:
    standing = _done_by(changes).where(col(Batch.verb) != Verb.REDO, col(Batch.undone_by).is_(None))
    found: Batch | None = changes.session.execute(standing).scalars().first()
    found = _later(found, aside.newest_of(changes, is_undone=True))
    if found is None or found.undoes is None or _has_configured_since(changes, found):
        raise NotFound(_("There is nothing to redo."), _("Redo works right after undo."))
    return found


def _done_by(changes: Changes) -> Select[Any]:
    """What this actor has done to tickets, the newest by the log first: clocks of several machines differ."""
    done = select(Batch).join(Event, col(Event.batch_id) == col(Batch.id))
    mine = done.where(col(Batch.actor_id) == changes.actor.agent_id)
    return mine.order_by(col(Event.id).desc()).limit(1)


def _later(found: Batch | None, other: Batch | None) -> Batch | None:
    """The later of two batches: one about tickets, and one about what is kept aside."""
    if found is None or other is None:
        return found or other
    return other if other.at > found.at else found


def _has_configured_since(changes: Changes, undone: Batch) -> bool:
    """True where this actor has changed settings since; those leave no event on a ticket."""
    later = select(col(Batch.id)).where(
        col(Batch.actor_id) == changes.actor.agent_id,
        col(Batch.verb).in_((Verb.CONFIGURE, Verb.PLAN)),
        col(Batch.at) > undone.at,
    )
    return changes.session.execute(later.limit(1)).first() is not None


def _revert(changes: Changes, target: Batch) -> str:
    """Put back what the batch changed; returns words on what was left alone, to stand in front: a line may be short."""
    changes.undoes = target.id
    aside.take_back(changes, target)
    found = select(Event).where(col(Event.batch_id) == target.id).order_by(col(Event.id))
    events = list(changes.session.execute(found).scalars())
    changes.load_ids([event.ticket_id for event in events])
    tickets = {change.ticket.id: change for change in changes}
    for event in events:
        refuse_sent(changes, tickets[event.ticket_id].ticket, event)
    later = _changed_since(changes, events)
    # Where a ticket lies comes first: who may have it, and make the calls on it, follows.
    left = [
        words
        for event in sorted(events, key=lambda event: "queue_id" not in event.changes)
        for words in _revert_event(changes, tickets[event.ticket_id], event, later.get(event.ticket_id, []))
    ]
    left += [words for change in changes for words in _leave_with_who_sees(changes, change)]
    _find_by_other_words(changes, events)
    return _("left alone: {what}").format(what="; ".join(left)) + " · " if left else ""


def _changed_since(changes: Changes, events: Sequence[Event]) -> dict[int, list[dict[str, Any]]]:
    """What other verbs changed on these tickets after these events, by ticket; not what has been taken back again."""
    later: dict[int, list[dict[str, Any]]] = {}
    if not events:
        return later
    # A batch that one does not see, since it was about hidden tickets, too, is not taken for one that was undone.
    since = select(col(Event.ticket_id), col(Event.changes)).outerjoin(Batch, col(Batch.id) == col(Event.batch_id))
    since = since.where(
        is_among(changes.session, col(Event.ticket_id), {event.ticket_id for event in events}),
        col(Event.id) > events[0].id,
        col(Event.batch_id) != events[0].batch_id,
        col(Event.verb).not_in((Verb.UNDO, Verb.REDO)),
        col(Batch.undone_by).is_(None),
    )
    for ticket_id, changed in changes.session.execute(since):
        later.setdefault(ticket_id, []).append(changed)
    return later


def _find_by_other_words(changes: Changes, events: Sequence[Event]) -> None:
    """Let search find these tickets by what stands on them now."""
    spoken = {event.ticket_id for event in events if event.changes.keys() & _FOUND_BY}
    changes.session.flush()
    for ticket_id in sorted(spoken):
        search.rebuild(changes.session, ticket_id)


def _revert_event(changes: Changes, change: Change, event: Event, later: list[dict[str, Any]]) -> list[str]:
    """Put back one event's fields; returns words for each that somebody changed since."""
    if "number" in event.changes:
        return _cancel(changes, change, event, later)  # its first message stays: nobody's request is taken back
    kept = {name for name in event.changes if name in TRACKED and _is_touched(change.ticket, event, name, later)}
    left = [_conflict(changes, change.ticket, name, event.changes[name][1]) for name in kept if name not in _FOLLOWS]
    for name, (before, after) in event.changes.items():
        if name in TRACKED and not {name, _FOLLOWS.get(name)} & kept:
            _restore_field(changes, change.ticket, name, before)
        elif name == "tags":
            left += _restore_tags(changes, change, before, after, later)
        elif name in ("message", NOTE_LEFT):
            left += restore_message(changes, change, name, event.changes)
    if "status" in event.changes:
        arm_anew(changes.session, change.ticket)
    for restore in dict.fromkeys(_RESTORED_BY[name] for name in event.changes if name in _RESTORED_BY):
        left += restore(changes, change, event.changes, later)
    return left


def _is_touched(ticket: Ticket, event: Event, name: str, later: list[dict[str, Any]]) -> bool:
    """True where somebody changed a field since, be it to the same value."""
    return as_stored(getattr(ticket, name)) != event.changes[name][1] or any(name in changed for changed in later)


def _cancel(changes: Changes, change: Change, event: Event, later: list[dict[str, Any]]) -> list[str]:
    """A ticket that was made is cancelled, unless somebody has begun with it; what was to confirm it is not sent."""
    ticket = change.ticket
    opened_as = event.changes.get("opened", [None, Status.NEW])[1]
    if ticket.status != opened_as:
        return [_conflict(changes, ticket, "status", opened_as)]
    if later:
        return [_("#{number} (work on it has begun)").format(number=ticket.number)]
    apply_status(ticket, Status.CANCELLED, changes.now)
    restore_first(changes, change, event.changes, later)
    return callback_log.restore_letter(changes, change, event.changes, later)


def _leave_with_who_sees(changes: Changes, change: Change) -> list[str]:
    """Give a ticket back to nobody who could not see it: then it stays with whoever has it."""
    ticket, session = change.ticket, changes.session
    has_it, given_to = change.before["assignee_id"], ticket.assignee_id
    with session.no_autoflush:  # the ticket may be on its way to where whoever moves it cannot write
        if given_to in (None, has_it) or belongs(session, ticket.queue_id, given_to):
            return []
        login = session.get_one(Agent, given_to).login
        queue = session.get_one(Queue, ticket.queue_id).name
    ticket.assignee_id = has_it
    said = _("assignee of #{number} ({login} does not belong to {queue})")
    return [said.format(number=ticket.number, login=login, queue=queue)]


def _restore_field(changes: Changes, ticket: Ticket, name: str, before: Any) -> None:
    setattr(ticket, name, from_stored(name, before))
    if name == "due_at":
        remind_anew(changes.session, ticket, changes.now)


def _restore_tags(
    changes: Changes, change: Change, before: list[str], after: list[str], later: list[dict[str, Any]]
) -> list[str]:
    """Put each tag back where it was, unless somebody has put it on or taken it off since; then say so."""
    now = set(tags_of(changes.session, change.ticket.id))
    mine = set(before) ^ set(after)
    anew = {tag for changed in later if "tags" in changed for tag in set(changed["tags"][0]) ^ set(changed["tags"][1])}
    kept = {tag for tag in mine if tag in anew or (tag in now) != (tag in after)}
    wanted = sorted(now ^ (mine - kept))
    if wanted != sorted(now):
        write_tags(changes.session, change.ticket.id, now, wanted)
        change.record("tags", sorted(now), wanted)
    return [_tag_conflict(change.ticket, tag, yours=tag in after, now=tag in now) for tag in sorted(kept)]


def _conflict(changes: Changes, ticket: Ticket, name: str, yours: Any) -> str:
    both = {name: [yours, as_stored(getattr(ticket, name))]}
    ((field, (mine, now)),) = in_words(changes.session, both).items()
    return _left_alone(field, ticket, _or_none(mine), _or_none(now))


def _tag_conflict(ticket: Ticket, tag: str, *, yours: bool, now: bool) -> str:
    words = {True: _("on"), False: _("off")}
    return _left_alone(_("tag {name}").format(name=tag), ticket, words[yours], words[now])


def _left_alone(what: str, ticket: Ticket, yours: str, now: str) -> str:
    if yours == now:
        return _("{field} of #{number} (set to {now} anew since)").format(field=what, number=ticket.number, now=now)
    return _("{field} of #{number} (yours: {yours}, now: {now})").format(
        field=what, number=ticket.number, yours=yours, now=now
    )


def _or_none(value: Any) -> str:
    return _("none") if value is None else str(value)
