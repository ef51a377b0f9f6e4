"""Questions about what is set up: queues, agents, teams, categories, tags, views."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session
from sqlmodel import col

from helpdesk_tui.store.statements import is_among
from helpdesk_tui.store.tables import Agent, Category, Queue, QueueAddress, Tag, Team, TeamMember, Ticket, View
from helpdesk_tui.terms import ResolutionRule


@dataclass(frozen=True, slots=True)
class QueueRow:
    """A queue; it answers from the first of its addresses. `confirms` is None where nobody has decided."""

    id: int
    name: str
    display_name: str
    addresses: tuple[str, ...]
    is_confidential: bool
    confirms: bool | None = None


@dataclass(frozen=True, slots=True)
class AgentRow:
    """An agent."""

    id: int
    login: str
    name: str
    email: str
    role: str
    away_until: datetime | None


@dataclass(frozen=True, slots=True)
class TeamRow:
    """A team and the logins of its members."""

    name: str
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ViewRow:
    """A saved query and its name."""

    name: str
    query: str


def queues(session: Session) -> list[QueueRow]:
    """All queues, by name."""
    addresses: dict[int, tuple[str, ...]] = {}
    for row in session.execute(select(QueueAddress).order_by(col(QueueAddress.position))).scalars():
        addresses[row.queue_id] = (*addresses.get(row.queue_id, ()), row.address)
    found = session.execute(select(Queue).order_by(col(Queue.name))).scalars()
    return [
        QueueRow(
            id=queue.id,
            name=queue.name,
            display_name=queue.display_name,
            addresses=addresses.get(queue.id, ()),
            is_confidential=queue.is_confidential,
            confirms=queue.acknowledges == "yes" if queue.acknowledges else None,
        )
        for queue in found
    ]


def resolution_rules(session: Session, ticket_ids: Sequence[int]) -> set[ResolutionRule]:
    """What the queues of these tickets want to know when one of them is solved."""
    theirs = select(col(Queue.resolution_rule)).join(Ticket, col(Ticket.queue_id) == col(Queue.id)).distinct()
    found = session.execute(theirs.where(is_among(session, col(Ticket.id), ticket_ids))).scalars()
    return {ResolutionRule(one) for one in found}


def agents(session: Session) -> list[AgentRow]:
    """All agents who answer, by login."""
    found = session.execute(select(Agent).where(col(Agent.is_active)).order_by(col(Agent.login))).scalars()
    return [AgentRow(a.id, a.login, a.name, a.email, a.role, a.away_until) for a in found]


def teams(session: Session) -> list[TeamRow]:
    """All teams, by name."""
    members: dict[int, tuple[str, ...]] = {}
    joined = select(col(TeamMember.team_id), col(Agent.login)).join(Agent, col(Agent.id) == col(TeamMember.agent_id))
    for team_id, login in session.execute(joined.order_by(col(Agent.login))):
        members[team_id] = (*members.get(team_id, ()), login)
    found = session.execute(select(Team).order_by(col(Team.name))).scalars()
    return [TeamRow(team.name, members.get(team.id, ())) for team in found]


def categories(session: Session) -> list[str]:
    """All categories, by name."""
    return list(session.execute(select(col(Category.name)).order_by(col(Category.name))).scalars())


def tags(session: Session) -> list[str]:
    """All tags, by name."""
    return list(session.execute(select(col(Tag.name)).order_by(col(Tag.name))).scalars())


def views(session: Session, agent_id: int | None) -> list[ViewRow]:
    """The views this agent has saved, and everybody's, in order."""
    mine = or_(col(View.agent_id).is_(None), col(View.agent_id) == agent_id)
    found = session.execute(select(View).where(mine).order_by(col(View.position), col(View.id))).scalars()
    return [ViewRow(view.name, view.query) for view in found]
