"""Two tickets that are one matter: all that was said on the one goes to the other, and can be brought back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from helpdesk_tui.desk.door import Change, Changes, Desk
from helpdesk_tui.desk.luggage import MERGE, MERGED, Luggage, find_both, luggage_of, move, unmerged, where_it_lies
from helpdesk_tui.desk.standing import apply_status, wait_for
from helpdesk_tui.errors import Refused, Usage
from helpdesk_tui.language import _, ngettext
from helpdesk_tui.store.statements import is_among
from helpdesk_tui.store.tables import CallbackRequest, Message, Ticket
from helpdesk_tui.terms import ENDED, CallState, MessageKind, Outcome, Party, Status, Verb


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
        luggage = luggage_of(changes.session, source.ticket, target.ticket)
        move(changes, luggage, source.ticket, target.ticket)
        if source.ticket.waiting_for == Party.US:
            if target.ticket.status not in (Status.NEW, Status.OPEN):
                apply_status(target.ticket, Status.OPEN, changes.now)
            wait_for(target.ticket, Party.US, changes.now)
        source.ticket.merged_into = target.ticket.id
        apply_status(source.ticket, Status.CLOSED, changes.now)
        source.record(MERGE, None, luggage)
        target.record(MERGED, None, ticket)
        find_both(changes.session, source.ticket, target.ticket)
        count = len(luggage["messages"])
        changes.say(
            _("#{number} is part of #{into} now: {messages}").format(
                number=ticket, into=into, messages=ngettext("{n} message", "{n} messages", count)
            )
        )
    return changes.outcome


def restore(changes: Changes, change: Change, was: Mapping[str, list[Any]], later: list[dict[str, Any]]) -> list[str]:
    """Bring back what went to another ticket and is there still, or let it go there again.

    Raises:
        Refused: the other ticket lies out of sight, or nothing can go to it any more.
    """
    before, after = was[MERGE]
    if any("merged_into" in changed for changed in later):
        return [
            _("what went along with #{number} (it was merged or taken apart since)").format(number=change.ticket.number)
        ]
    other = _other(changes, change, (after or before)["into"])
    if after:
        _come_back(changes, change, other.ticket, after)
    else:
        _refuse_target(other.ticket)
        _refuse_booked(changes.session, change.ticket)
        luggage = luggage_of(changes.session, change.ticket, other.ticket)
        move(changes, luggage, change.ticket, other.ticket)
        change.record(MERGE, None, luggage)
    find_both(changes.session, change.ticket, other.ticket)
    return []


def _other(changes: Changes, change: Change, ticket_id: int) -> Change:
    """Where what was merged lies by now, locked.

    Raises:
        Refused: it is out of sight.
    """
    lies_on = where_it_lies(changes.session, ticket_id)
    if changes.session.get(Ticket, lies_on) is None:
        raise Refused(
            _("What was said on #{number} lies in a queue you do not belong to.").format(number=change.ticket.number),
            _("Nothing was undone. Somebody who belongs there can take it apart."),
        )
    return changes.taken(lies_on)


def _come_back(changes: Changes, change: Change, target: Ticket, went: Luggage) -> None:
    """Bring it all back; what the customer wrote meanwhile is for us to answer."""
    session = changes.session
    luggage = unmerged(session, went, change.ticket, target)
    move(changes, luggage, target, change.ticket)
    change.record(MERGE, luggage, None)
    since = select(col(Message.received_at)).where(
        is_among(session, col(Message.id), set(luggage["messages"]) - set(went["messages"])),
        col(Message.kind) == MessageKind.INBOUND,
        col(Message.is_automatic).is_(False),
    )
    if (first := min(session.execute(since).scalars(), default=None)) is not None:
        if change.ticket.status not in (Status.NEW, Status.OPEN):
            apply_status(change.ticket, Status.OPEN, first)
        wait_for(change.ticket, Party.US, first)


def restore_mark(
    changes: Changes, change: Change, was: Mapping[str, list[Any]], _later: list[dict[str, Any]]
) -> list[str]:
    """Say on the ticket that others went into that they are gone, or there again; not where that was left alone."""
    before, after = was[MERGED]
    pointer = select(col(Ticket.merged_into)).where(col(Ticket.number) == (after or before))
    is_part = changes.session.execute(pointer).scalar() is not None
    if is_part == (after is None):
        change.record(MERGED, after, before)
    return []


def _refuse(session: Session, source: Ticket, target: Ticket) -> None:
    for one in (source, target):
        if one.merged_into is not None:
            raise Refused(
                _("#{number} was merged into another ticket before.").format(number=one.number),
                _("Name the other one."),
            )
    _refuse_target(target)
    _refuse_booked(session, source)


def _refuse_target(target: Ticket) -> None:
    if target.status in ENDED:
        raise Refused(
            _("#{number} has ended.").format(number=target.number), _("Open it again first, then merge into it.")
        )


def _refuse_booked(session: Session, source: Ticket) -> None:
    pending = select(col(CallbackRequest.id)).where(
        col(CallbackRequest.ticket_id) == source.id, col(CallbackRequest.state) == CallState.OPEN
    )
    if session.execute(pending).first():
        raise Refused(
            _("The customer of #{number} waits for a call.").format(number=source.number),
            _("Make it or give it up first; b shows it."),
        )
