"""Questions about colleagues: what they belong to, and how much room they have."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session
from sqlmodel import col

from helpdesk_tui.rules.privacy import load_state, refusal_of_figures, shows_load
from helpdesk_tui.rules.sharing import Room
from helpdesk_tui.store.sight import everything
from helpdesk_tui.store.tables import Agent, Queue, QueueMember, Setting, Team, TeamMember, Ticket
from helpdesk_tui.terms import ACTIVE, Actor, IndividualStats, LoadState, Party

#: The setting that says whose figures may be seen.
INDIVIDUAL_STATS = "individual_stats"


@dataclass(frozen=True, slots=True)
class ColleagueRow:
    """An agent as colleagues see them.

    Args:
        state: by all they have, whoever asks. load: the tickets with them that wait for us and that the asker sees,
            None where that is not for the asker to know. capacity: how many are a full load.
    """

    id: int
    login: str
    name: str
    email: str
    role: str
    state: LoadState
    away_until: datetime | None
    queues: tuple[str, ...]
    teams: tuple[str, ...]
    load: int | None
    capacity: int


def individual_stats(session: Session) -> IndividualStats:
    """Whose figures may be seen in this store; each person's own where nothing is set."""
    value = session.execute(
        select(col(Setting.value)).where(col(Setting.name) == INDIVIDUAL_STATS)
    ).scalar_one_or_none()
    return IndividualStats(value or IndividualStats.OWN)


def refusal_by_person(session: Session, asker: Actor, login: str) -> str | None:
    """Why this asker may not list by this person (`rules.privacy`); None where they may."""
    return refusal_of_figures(asker, login, individual_stats(session))


def colleagues(session: Session, asker: Actor, now: datetime) -> list[ColleagueRow]:
    """All agents who answer, by login, each with how much room they have."""
    allowed, loads, figures = individual_stats(session), _all_loads(session), _loads(session)
    queues = _names(session.execute(_memberships(QueueMember, Queue, col(QueueMember.queue_id))))
    teams = _names(session.execute(_memberships(TeamMember, Team, col(TeamMember.team_id))))
    found = session.execute(select(Agent).where(col(Agent.is_active)).order_by(col(Agent.login))).scalars()
    rows = []
    for one in found:
        is_away = _is_away(one, now)
        rows.append(
            ColleagueRow(
                id=one.id,
                login=one.login,
                name=one.name,
                email=one.email,
                role=one.role,
                state=load_state(loads.get(one.id, 0), one.capacity, is_away=is_away),
                away_until=one.away_until if is_away else None,
                queues=queues.get(one.id, ()),
                teams=teams.get(one.id, ()),
                load=figures.get(one.id, 0) if shows_load(asker, one.login, allowed) else None,
                capacity=one.capacity,
            )
        )
    return rows


def rooms(session: Session, now: datetime) -> list[Room]:
    """How much room each colleague has, in figures: for sharing work out, never for showing them."""
    loads = _all_loads(session)
    queues = _names(session.execute(_memberships(QueueMember, Queue, col(QueueMember.queue_id))))
    found = session.execute(select(Agent).where(col(Agent.is_active)).order_by(col(Agent.login))).scalars()
    return [
        Room(one.login, queues.get(one.id, ()), loads.get(one.id, 0), one.capacity, _is_away(one, now)) for one in found
    ]


def _is_away(agent: Agent, now: datetime) -> bool:
    return agent.away_until is not None and agent.away_until > now


def _all_loads(session: Session) -> dict[int, int]:
    """Counted also in queues the asker does not belong to: who is full is full for everybody."""
    with everything(session):
        return _loads(session)


def _loads(session: Session) -> dict[int, int]:
    with_us = select(col(Ticket.assignee_id), func.count(col(Ticket.id))).where(
        col(Ticket.assignee_id).is_not(None), col(Ticket.status).in_(ACTIVE), col(Ticket.waiting_for) == Party.US
    )
    return {agent_id or 0: count for agent_id, count in session.execute(with_us.group_by(col(Ticket.assignee_id)))}


def _memberships(members: Any, things: Any, key: Any) -> Any:
    return select(members.agent_id, things.name).join(things, things.id == key).order_by(things.name)


def _names(rows: Iterable[Any]) -> dict[int, tuple[str, ...]]:
    by_agent: dict[int, tuple[str, ...]] = {}
    for agent_id, name in rows:
        by_agent[agent_id] = (*by_agent.get(agent_id, ()), name)
    return by_agent
