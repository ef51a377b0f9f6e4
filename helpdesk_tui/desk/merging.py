"""Two tickets that are one matter: all that was said on the one goes to the other, and can be brought back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from helpdesk_tui.desk.door import Change, Changes, Desk
from helpdesk_tui.desk.luggage import MERGE, MERGED, Luggage, find_both, luggage_of, move, unmerged
from helpdesk_tui.desk.standing import apply_status, wait_for
from helpdesk_tui.errors import Refused, Usage
from helpdesk_tui.language import _, ngettext
from helpdesk_tui.store.tables import CallbackRequest, Ticket
from helpdesk_tui.terms import ENDED, CallState, Outcome, Party, Status, Verb


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


def restore(changes: Changes, change: Change, was: Mapping[str, list[Any]], _later: list[dict[str, Any]]) -> list[str]:
    """Bring back what went to another ticket and is there still, or let it go there again."""
    before, after = was[MERGE]
    went: Luggage = after or before
    session = changes.session
    other = session.get(Ticket, went["into"])
    if other is None:
        return [_("what went along with #{number} (it lies out of your sight)").format(number=change.ticket.number)]
    if after:
        luggage = unmerged(session, went, change.ticket, other)
        move(changes, luggage, other, change.ticket)
        change.record(MERGE, luggage, None)
    else:
        luggage = luggage_of(session, change.ticket, other)
        move(changes, luggage, change.ticket, other)
        change.record(MERGE, None, luggage)
    find_both(session, change.ticket, other)
    return []


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
