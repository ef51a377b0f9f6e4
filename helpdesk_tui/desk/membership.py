"""Who belongs to which queue and team: what lies in a queue is seen by its members and by nobody else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, or_, select
from sqlalchemy.orm import Session
from sqlmodel import SQLModel, col

from helpdesk_tui.errors import NotFound, Refused, Usage
from helpdesk_tui.language import _, ngettext
from helpdesk_tui.rules.untrusted import clean_line
from helpdesk_tui.store.sight import everything, sees
from helpdesk_tui.store.statements import add_unless_there, is_among
from helpdesk_tui.store.tables import Agent, CallbackRequest, Queue, QueueMember, Team, TeamMember, Ticket
from helpdesk_tui.terms import ENDED, CallState

if TYPE_CHECKING:
    from helpdesk_tui.desk.door import Change, Changes

#: What an event calls who makes the calls on a ticket, before and after: {id of the call: agent}.
CALLERS = "callers"


def change_queues(changes: Changes, agent: Agent, words: Sequence[str]) -> str:
    """Let an agent into queues (`+hr`) and out of others (`-hr`).

    What they have in a queue they leave goes back to it, with the calls they were to make there: no work is with
    somebody who cannot see it.

    Returns:
        A sentence about what went back; "" where nothing did.
    """
    joins, leaves = _signed(words)
    session = changes.session
    for queue_id in _ids(session, Queue, joins):
        add_unless_there(session, QueueMember, {"queue_id": queue_id, "agent_id": agent.id})
    left = _ids(session, Queue, leaves)
    for queue_id in left:
        gone = delete(QueueMember).where(col(QueueMember.queue_id) == queue_id, col(QueueMember.agent_id) == agent.id)
        session.execute(gone)
    return _give_back(changes, agent, left)


def change_teams(session: Session, agent: Agent, words: Sequence[str]) -> None:
    """Put an agent into teams (`+night`) and take them out of others (`-night`)."""
    joins, leaves = _signed(words)
    for team_id in _ids(session, Team, joins):
        add_unless_there(session, TeamMember, {"team_id": team_id, "agent_id": agent.id})
    for team_id in _ids(session, Team, leaves):
        gone = delete(TeamMember).where(col(TeamMember.team_id) == team_id, col(TeamMember.agent_id) == agent.id)
        session.execute(gone)


def open_to_all(session: Session, queue_id: int) -> None:
    """Let all agents into a queue."""
    for agent_id in session.execute(select(col(Agent.id))).scalars():
        add_unless_there(session, QueueMember, {"queue_id": queue_id, "agent_id": agent_id})


def open_to(session: Session, queue_id: int, agent_id: int) -> None:
    """Let one agent into a queue."""
    add_unless_there(session, QueueMember, {"queue_id": queue_id, "agent_id": agent_id})


def belongs(session: Session, queue_id: int, agent_id: int) -> bool:
    """True where an agent belongs to a queue."""
    return session.get(QueueMember, (queue_id, agent_id)) is not None


def refuse_strangers(session: Session, tickets: Iterable[Ticket], agent: Agent) -> None:
    """A ticket goes to nobody who cannot see it.

    Raises:
        Refused: the agent does not belong to the queue of one of these tickets.
    """
    for queue_id in {ticket.queue_id for ticket in tickets}:
        if not belongs(session, queue_id, agent.id):
            queue = session.get_one(Queue, queue_id).name
            raise Refused(
                _("{login} does not belong to {queue}.").format(login=agent.login, queue=queue),
                _("Give it to somebody who does, or an admin runs: helpdesk agent set {login} --queue +{queue}").format(
                    login=agent.login, queue=queue
                ),
            )


def release(session: Session, changes: Sequence[Change]) -> list[str]:
    """Let nobody keep a ticket, or a call on it, who cannot see it where it lies now.

    Returns:
        Words for each call that nobody is left to make, of those on tickets that whoever does this has seen.
    """
    by_id = {change.ticket.id: change for change in changes}
    calling = select(CallbackRequest).where(
        is_among(session, col(CallbackRequest.ticket_id), by_id),
        col(CallbackRequest.state) == CallState.OPEN,
    )
    with session.no_autoflush:  # a ticket may be on its way to where whoever moves it cannot write
        calls = list(session.execute(calling).scalars())
        queues, teams = {change.ticket.queue_id for change in changes}, {request.team_id for request in calls}
        there = _members(session, col(QueueMember.queue_id), col(QueueMember.agent_id), queues)
        callers = _members(session, col(TeamMember.team_id), col(TeamMember.agent_id), teams)
    for change in changes:
        if change.ticket.assignee_id not in (None, *there[change.ticket.queue_id]):
            change.ticket.assignee_id = None
    lost = []
    for request in calls:
        change = by_id[request.ticket_id]
        here = there[change.ticket.queue_id]
        if request.agent_id not in (None, *here):
            record_caller(change, request, None)
        is_lost = request.agent_id is None and here.isdisjoint(callers[request.team_id])
        if is_lost and sees(session, change.before["queue_id"]):
            said = _("nobody of its team can see #{number} there to call: b chooses another team")
            lost.append(said.format(number=change.ticket.number))
    return lost


def _members(session: Session, group: Any, member: Any, groups: Iterable[int]) -> dict[int, set[int]]:
    """The ids of the agents in each of these groups; `group` and `member` are columns of the table that says who is."""
    found: dict[int, set[int]] = {group_id: set() for group_id in groups}
    for group_id, agent_id in session.execute(select(group, member).where(group.in_(found))):
        found[group_id].add(agent_id)
    return found


def record_caller(change: Change, request: CallbackRequest, agent_id: int | None) -> None:
    """Let another one make a call (None: whoever of the team is free), and write it down."""
    none: tuple[Mapping[str, Any], Mapping[str, Any]] = ({}, {})
    before, after = change.more.get(CALLERS, none)
    key = str(request.id)
    change.record(CALLERS, {key: request.agent_id, **before}, {**after, key: agent_id})
    request.agent_id = agent_id


def _give_back(changes: Changes, agent: Agent, queues: Sequence[int]) -> str:
    """Take out of an agent's hands what lies in queues; what is solved as well, since it may come back."""
    calls = select(col(CallbackRequest.ticket_id)).where(
        col(CallbackRequest.agent_id) == agent.id, col(CallbackRequest.state) == CallState.OPEN
    )
    theirs = select(col(Ticket.id)).where(
        col(Ticket.queue_id).in_(queues),
        or_(
            (col(Ticket.assignee_id) == agent.id) & col(Ticket.status).not_in(ENDED),
            col(Ticket.id).in_(calls),
        ),
    )
    with everything(changes.session):  # also what the admin who does this does not see
        changes.load_ids(list(changes.session.execute(theirs).scalars()) if queues else [])
        ids = [change.ticket.id for change in changes if change.ticket.assignee_id == agent.id]
        release(changes.session, list(changes))
    said = ngettext(
        "{n} ticket of theirs is back in its queue.", "{n} tickets of theirs are back in their queues.", len(ids)
    )
    return said.format(n=len(ids)) if ids else ""


def _signed(words: Sequence[str]) -> tuple[list[str], list[str]]:
    wrong = next((word for word in words if word[:1] not in ("+", "-") or not word[1:]), None)
    if wrong is not None:
        raise Usage(
            _("{word} says neither into nor out of.").format(word=clean_line(wrong, 60) or '""'),
            _("Write +NAME to let them in, -NAME to take them out."),
        )
    return [word[1:] for word in words if word[0] == "+"], [word[1:] for word in words if word[0] == "-"]


def _ids(session: Session, table: type[SQLModel], names: Sequence[str]) -> list[int]:
    columns = table.__table__.c  # type: ignore[attr-defined]
    known: dict[str, int] = {name: row_id for row_id, name in session.execute(select(columns.id, columns.name))}
    for name in names:
        if name not in known:
            raise NotFound(
                _("There is no {what} {name}.").format(what=table.__name__.lower(), name=clean_line(name, 80)),
                _("Known: {names}").format(names=", ".join(sorted(known))),
            )
    return [known[name] for name in names]
