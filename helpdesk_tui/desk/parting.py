"""Taking apart: a message becomes a ticket of its own; what was merged is two tickets again, with the mail that came since."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlmodel import col

from helpdesk_tui.desk.door import Change, Changes, Desk
from helpdesk_tui.desk.luggage import MERGE, MERGED, find_both, move, one_message, still_there, unmerged, where_it_lies
from helpdesk_tui.desk.people import customer_for
from helpdesk_tui.desk.standing import apply_status
from helpdesk_tui.errors import NotFound, Refused
from helpdesk_tui.language import _, ngettext
from helpdesk_tui.rules.subjects import without_noise
from helpdesk_tui.store import numbers, search
from helpdesk_tui.store.tables import Batch, Event, Message, Ticket
from helpdesk_tui.terms import MessageKind, Outcome, Party, Person, Status, Verb

#: The name, in an event, of a message that became a ticket of its own.
SPLIT = "split_off"


def split(desk: Desk, message: int) -> Outcome:
    """Make a ticket of one message, with its files and its mail; answers to it go there from now on.

    Raises:
        NotFound: there is no such message. Refused: it is all there is on its ticket.
    """
    with desk.change(Verb.PART) as changes:
        said = changes.session.get(Message, message)
        if said is None or said.is_withdrawn:
            raise NotFound(_("There is no message {id}.").format(id=message), _("See `ticket show`."))
        changes.load_ids([said.ticket_id])
        source = changes.only
        _refuse_only_one(changes, source.ticket)
        new = changes.add(_ticket_of(changes, source.ticket, said))
        search.index_new(changes.session, new.ticket.id, new.ticket.queue_id, [new.ticket.subject])
        luggage = one_message(changes.session, message, new.ticket.id)
        move(changes, luggage, source.ticket, new.ticket)
        source.record(SPLIT, None, {**luggage, "number": new.ticket.number})
        find_both(changes.session, source.ticket, new.ticket)
        changes.say(
            _("#{new} is a ticket of its own now, out of #{number}").format(
                new=new.ticket.number, number=source.ticket.number
            )
        )
    return changes.outcome


def unmerge(desk: Desk, ticket: int) -> Outcome:
    """Let a merged ticket be one of its own again: what was its, and what came in answer to that since, goes back.

    Raises:
        Refused: it is not merged.
    """
    with desk.change(Verb.UNMERGE, [ticket]) as changes:
        source = changes.only
        into = source.ticket.merged_into
        if into is None:
            raise Refused(_("#{number} is not part of another one.").format(number=ticket), _("Nothing was changed."))
        lies_on = where_it_lies(changes.session, into)
        if changes.session.get(Ticket, lies_on) is None:
            raise Refused(
                _("#{number} is part of a ticket in a queue you do not belong to.").format(number=ticket),
                _("Somebody who belongs there can take it apart."),
            )
        changes.load_ids([lies_on])
        target = list(changes)[-1]
        went = {**_what_went(changes, source.ticket), "into": target.ticket.id}
        luggage = unmerged(changes.session, went, source.ticket, target.ticket)
        move(changes, luggage, target.ticket, source.ticket)
        source.ticket.merged_into = None
        apply_status(source.ticket, Status.OPEN, changes.now)
        source.record(MERGE, luggage, None)
        target.record(MERGED, ticket, None)
        find_both(changes.session, source.ticket, target.ticket)
        count = len(luggage["messages"])
        changes.say(
            _("#{number} is a ticket of its own again: {messages} came back").format(
                number=ticket, messages=ngettext("{n} message", "{n} messages", count)
            )
        )
    return changes.outcome


def restore_split(
    changes: Changes, change: Change, was: Mapping[str, list[Any]], _later: list[dict[str, Any]]
) -> list[str]:
    """Bring a message back that became a ticket of its own, or let it go there again.

    Raises:
        Refused: one of the two has gone on by itself since.
    """
    before, after = was[SPLIT]
    luggage = after or before
    other = changes.session.get(Ticket, luggage["into"])
    if other is None:
        raise Refused(
            _("What was split off #{number} lies in a queue you do not belong to.").format(number=change.ticket.number),
            _("Nothing was undone."),
        )
    source, target = (other, change.ticket) if after else (change.ticket, other)
    if still_there(changes.session, luggage, source.id)["messages"] != luggage["messages"] or target.merged_into:
        raise Refused(
            _("The message that was split off #{number} lies elsewhere by now.").format(number=change.ticket.number),
            _("Nothing was undone. Merge the two tickets instead."),
        )
    if _has_gone_on(changes, other.id):
        raise Refused(
            _("Work on #{number} has begun.").format(number=other.number),
            _("Nothing was undone. Merge it into #{number} instead.").format(number=change.ticket.number),
        )
    move(changes, luggage, source, target)
    change.record(SPLIT, after, before)
    find_both(changes.session, source, target)
    return []


def _has_gone_on(changes: Changes, ticket_id: int) -> bool:
    """True where anything was done on a ticket beside what is being taken back, and stands."""
    done = select(col(Event.id)).outerjoin(Batch, col(Batch.id) == col(Event.batch_id))
    other = done.where(
        col(Event.ticket_id) == ticket_id,
        col(Event.batch_id) != changes.undoes,
        col(Event.verb).not_in((Verb.UNDO, Verb.REDO, Verb.PART, Verb.DELIVERY, Verb.TIMER)),
        col(Batch.undone_by).is_(None),
    )
    return changes.session.execute(other.limit(1)).first() is not None


def _refuse_only_one(changes: Changes, ticket: Ticket) -> None:
    others = select(col(Message.id)).where(col(Message.ticket_id) == ticket.id, col(Message.is_withdrawn).is_(False))
    if len(changes.session.execute(others.limit(2)).all()) < 2:
        raise Refused(
            _("#{number} has no other message.").format(number=ticket.number), _("It is a ticket of its own already.")
        )


def _ticket_of(changes: Changes, source: Ticket, said: Message) -> Ticket:
    """A ticket whose requester is whoever wrote the message, or that of the old one where we did."""
    is_theirs = said.kind == MessageKind.INBOUND and said.from_address
    person = Person(said.from_name, said.from_address)
    return Ticket(
        number=numbers.draw(changes.session),
        queue_id=source.queue_id,
        requester_id=customer_for(changes.session, person, changes.now) if is_theirs else source.requester_id,
        subject=without_noise(said.subject) or source.subject,
        channel=source.channel,
        priority=source.priority,
        category_id=source.category_id,
        split_from=source.id,
        waiting_for=Party.US,
        waiting_since=said.received_at,
        created_at=changes.now,
        updated_at=changes.now,
    )


def _what_went(changes: Changes, ticket: Ticket) -> Mapping[str, Any]:
    """What went along when a ticket was merged last."""
    told = select(col(Event.changes)).where(col(Event.ticket_id) == ticket.id).order_by(col(Event.id).desc())
    for changed in changes.session.execute(told).scalars():
        if MERGE in changed and changed[MERGE][1] is not None:
            went: Mapping[str, Any] = changed[MERGE][1]
            return went
    raise Refused(
        _("Nothing tells what went along with #{number}.").format(number=ticket.number),
        _("It was merged elsewhere; split its messages off instead."),
    )
