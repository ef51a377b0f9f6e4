"""Tickets that have to do with each other: related, parent and children, duplicates, an incident and its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session
from sqlmodel import col

from helpdesk_tui.desk.door import Change, Changes, Desk
from helpdesk_tui.errors import Refused, Usage
from helpdesk_tui.language import _
from helpdesk_tui.store.statements import add_unless_there
from helpdesk_tui.store.tables import Ticket, TicketLink
from helpdesk_tui.terms import ENDED, LinkKind, Outcome, Verb

#: The name, in an event, of a link: [None, [id of the other ticket, kind]].
LINK, LINKED = "link", "linked"


def link(desk: Desk, ticket: int, other: int, kind: LinkKind = LinkKind.RELATED) -> Outcome:
    """Say what another ticket is to this one: related, its parent, or what it is a duplicate of.

    Raises:
        Usage: it is the same ticket. Refused: it is linked already, or a parent would be its own child.
    """
    if ticket == other:
        raise Usage(_("A ticket cannot be linked to itself."), _("Name two different ones."))
    with desk.change(Verb.LINK, [ticket, other]) as changes:
        change, target = list(changes)
        _hang(changes, change, target, kind)
        words = {
            LinkKind.RELATED: _("#{number} has to do with #{other} now"),
            LinkKind.PARENT: _("#{number} is part of the matter of #{other} now"),
            LinkKind.DUPLICATE: _("#{number} is a duplicate of #{other} now"),
        }
        changes.say(words[kind].format(number=ticket, other=other))
    return changes.outcome


def unlink(desk: Desk, ticket: int, other: int) -> Outcome:
    """Take the link between two tickets away, whichever of them it stands on.

    Raises:
        Refused: there is none.
    """
    with desk.change(Verb.LINK, [ticket, other]) as changes:
        one, two = changes
        found = [change for change, to in ((one, two), (two, one)) if _drop(changes, change, to)]
        if not found:
            raise Refused(
                _("#{number} and #{other} are not linked.").format(number=ticket, other=other),
                _("Nothing was changed."),
            )
        changes.say(_("#{number} and #{other} are not linked any more").format(number=ticket, other=other))
    return changes.outcome


def make_incident(desk: Desk, ticket: int) -> Outcome:
    """Let a ticket be one that newcomers which look like it are offered to."""
    return _set_incident(
        desk, ticket, _("#{number} is an incident now: what looks like it is offered to it"), is_one=True
    )


def end_incident(desk: Desk, ticket: int) -> Outcome:
    """Let nothing more be offered to it; what hangs on it stays."""
    return _set_incident(desk, ticket, _("#{number} is no incident any more"), is_one=False)


def children(session: Session, ticket_id: int) -> list[int]:
    """The numbers of the tickets that are part of this one's matter and have not ended, nor gone into another."""
    found = select(col(Ticket.number)).join(TicketLink, col(TicketLink.ticket_id) == col(Ticket.id))
    theirs = found.where(col(TicketLink.other_id) == ticket_id, col(TicketLink.kind) == LinkKind.PARENT)
    open_ones = theirs.where(col(Ticket.status).not_in(ENDED), col(Ticket.merged_into).is_(None))
    return list(session.execute(open_ones.order_by(col(Ticket.number))).scalars())


def restore(changes: Changes, change: Change, was: Mapping[str, list[Any]], later: list[dict[str, Any]]) -> list[str]:
    """Put a link back, or take it away again; not where somebody has linked the two otherwise since."""
    before, after = was[LINK]
    ticket, other = change.ticket, changes.session.get(Ticket, (after or before)[0])
    if other is None:
        return [_("a link of #{number} (the other ticket lies out of your sight)").format(number=ticket.number)]
    anew = [pair for changed in later if LINK in changed for pair in changed[LINK] if pair and pair[0] == other.id]
    reason = "" if after else _cannot_hang(changes.session, ticket, other, LinkKind(before[1]))
    if anew or reason:
        words = _("the link of #{number} to #{other}").format(number=ticket.number, other=other.number)
        return [f"{words} ({reason or _('it was linked otherwise since')})"]
    if after is not None:
        _remove(changes.session, ticket.id, other.id)
    else:
        _add(changes.session, ticket, other.id, LinkKind(before[1]))
    change.record(LINK, after, before)
    return []


def restore_mark(
    _changes: Changes, change: Change, was: Mapping[str, list[Any]], _later: list[dict[str, Any]]
) -> list[str]:
    """Say on the ticket at the other end of a link that it is gone, or there again."""
    before, after = was[LINKED]
    change.record(LINKED, after, before)
    return []


def _hang(changes: Changes, change: Change, target: Change, kind: LinkKind) -> None:
    if reason := _cannot_hang(changes.session, change.ticket, other := target.ticket, kind):
        raise Refused(reason, _("Take that link away first."))
    _add(changes.session, change.ticket, other.id, kind)
    change.record(LINK, None, [other.id, kind])
    target.record(LINKED, None, [change.ticket.id, kind])


def _cannot_hang(session: Session, ticket: Ticket, other: Ticket, kind: LinkKind) -> str:
    """Why the one cannot be linked to the other so; "" where it can."""
    if kind is LinkKind.PARENT and ticket.id in _ancestors(session, other.id):
        return _("#{other} is part of #{number} already.").format(other=other.number, number=ticket.number)
    if session.get(TicketLink, (ticket.id, other.id)) is not None:
        return _("#{number} and #{other} are linked already.").format(number=ticket.number, other=other.number)
    if kind is LinkKind.PARENT and _parents(session, ticket.id):
        return _("#{number} is part of another ticket's matter already.").format(number=ticket.number)
    return ""


def _drop(changes: Changes, change: Change, target: Change) -> bool:
    found = changes.session.get(TicketLink, (change.ticket.id, target.ticket.id))
    if found is None:
        return False
    change.record(LINK, [target.ticket.id, found.kind], None)
    target.record(LINKED, [change.ticket.id, found.kind], None)
    _remove(changes.session, change.ticket.id, target.ticket.id)
    return True


def _ancestors(session: Session, ticket_id: int) -> set[int]:
    """A ticket, its parent, that one's parent, and so on."""
    found, waiting = {ticket_id}, [ticket_id]
    while waiting:
        waiting = [one for one in _parents(session, waiting.pop()) if one not in found]
        found.update(waiting)
    return found


def _parents(session: Session, ticket_id: int) -> list[int]:
    named = select(col(TicketLink.other_id)).where(
        col(TicketLink.ticket_id) == ticket_id, col(TicketLink.kind) == LinkKind.PARENT
    )
    return list(session.execute(named).scalars())


def _add(session: Session, ticket: Ticket, other_id: int, kind: LinkKind) -> bool:
    row = {"ticket_id": ticket.id, "queue_id": ticket.queue_id, "other_id": other_id, "kind": kind}
    return add_unless_there(session, TicketLink, row)


def _remove(session: Session, ticket_id: int, other_id: int) -> None:
    one = delete(TicketLink).where(col(TicketLink.ticket_id) == ticket_id, col(TicketLink.other_id) == other_id)
    session.execute(one.execution_options(synchronize_session=False))
    session.expire_all()


def _set_incident(desk: Desk, ticket: int, words: str, *, is_one: bool) -> Outcome:
    with desk.change(Verb.LINK, [ticket]) as changes:
        changes.only.ticket.is_incident = is_one
        changes.say(words.format(number=ticket))
    return changes.outcome
