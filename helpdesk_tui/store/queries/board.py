"""Questions of the board: the colleagues and queues work lies with, what lies there, and what moving it would mean."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import Session
from sqlmodel import col

from helpdesk_tui.errors import Refused
from helpdesk_tui.language import _
from helpdesk_tui.rules import permissions
from helpdesk_tui.rules.sharing import Room, Work, propose
from helpdesk_tui.store.queries.staff import ColleagueRow, colleagues, rooms
from helpdesk_tui.store.sight import everything
from helpdesk_tui.store.statements import is_among
from helpdesk_tui.store.tables import Agent, CallbackBooking, CallbackRequest, CallbackSlot, Draft, Queue, Ticket
from helpdesk_tui.terms import ACTIVE, Actor, CallState, LoadState, Party, Status, Verb


@dataclass(frozen=True, slots=True)
class Side:
    """Where work lies: with a colleague, or, where `login` is "", unassigned in a queue."""

    login: str
    queue: str = ""
    colleague: ColleagueRow | None = None
    unassigned: int = 0

    @property
    def key(self) -> tuple[str, str]:
        """Which side it is, however much lies there."""
        return self.login, self.queue


@dataclass(frozen=True, slots=True)
class Standing:
    """A ticket as the board saw it: who changes it meanwhile is not overwritten."""

    id: int
    number: int
    assignee: str
    queue: str
    status: Status


@dataclass(frozen=True, slots=True)
class Extra:
    """What somebody has beside tickets: a call they are to make (`at` its time), or an unsent text (`at` its last word).

    Args:
        kind: `call`, `text`, or `new`: the text of a new request, which lies on no ticket.
    """

    kind: str
    ticket: int | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Share:
    """How many tickets somebody would get (the giver: minus as many), and how much room they have before and after."""

    login: str
    count: int
    before: LoadState
    after: LoadState


@dataclass(frozen=True, slots=True)
class Effect:
    """What giving tickets away would do.

    Args:
        to_queues: how many would be with nobody. strangers: how many stay, since this login does not belong there.
    """

    shares: tuple[Share, ...]
    giver: Share | None
    to_queues: int
    strangers: tuple[tuple[str, int], ...]


def sides(session: Session, asker: Actor, now: datetime) -> list[Side]:
    """The colleagues by login, then the queues by name."""
    waiting = select(col(Ticket.queue_id), func.count(col(Ticket.id))).where(
        col(Ticket.assignee_id).is_(None), col(Ticket.status).in_(ACTIVE)
    )
    unassigned = dict(session.execute(waiting.group_by(col(Ticket.queue_id))).all())
    mine = next((one.queues for one in colleagues(session, asker, now) if one.login == asker.login), ())
    named = session.execute(select(col(Queue.id), col(Queue.name)).order_by(col(Queue.name)))
    people = [Side(one.login, colleague=one) for one in colleagues(session, asker, now)]
    return people + [Side("", name, None, unassigned.get(row_id, 0)) for row_id, name in named if name in mine]


def side_tickets(session: Session, asker: Actor, side: Side) -> list[Standing]:
    """What is not done on a side, in the order of work.

    Raises:
        Refused: the asker shares no work out, and it is with somebody else.
    """
    _refuse_watching(asker, side.login)
    found = (
        select(col(Ticket.id), col(Ticket.number), col(Queue.name), col(Ticket.status))
        .join(Queue, col(Queue.id) == col(Ticket.queue_id))
        .where(_on(side, session), col(Ticket.status).in_(ACTIVE))
        .order_by(col(Ticket.priority).desc(), col(Ticket.waiting_for).desc().nulls_last())
        .order_by(col(Ticket.waiting_since), col(Ticket.id))
    )
    return [
        Standing(ticket_id, number, side.login, queue, Status(status))
        for ticket_id, number, queue, status in session.execute(found)
    ]


def side_extras(session: Session, asker: Actor, side: Side) -> list[Extra]:
    """The calls somebody is to make, and that there are unsent texts of theirs, by time.

    Raises:
        Refused: the asker shares no work out, and it is somebody else's.
    """
    _refuse_watching(asker, side.login)
    agent_id = _agent_id(session, side.login)
    calls = (
        select(col(Ticket.number), col(CallbackSlot.start_at))
        .join(CallbackRequest, col(CallbackRequest.ticket_id) == col(Ticket.id))
        .join(CallbackBooking, col(CallbackBooking.request_id) == col(CallbackRequest.id))
        .join(CallbackSlot, col(CallbackSlot.id) == col(CallbackBooking.slot_id))
        .where(col(CallbackRequest.agent_id) == agent_id, col(CallbackRequest.state) == CallState.OPEN)
        .where(col(CallbackBooking.holds), col(CallbackBooking.outcome).is_(None))
    )
    texts = select(col(Ticket.number), col(Draft.updated_at)).join(Draft, col(Draft.ticket_id) == col(Ticket.id))
    texts = texts.where(col(Draft.agent_id) == agent_id, col(Draft.text) != "")
    found = [Extra("call", number, at) for number, at in session.execute(calls)]
    found += [Extra("text", number, at) for number, at in session.execute(texts)]
    with everything(session):  # what a new request is about is its writer's to see; that there is one is told
        new = select(col(Draft.kind), col(Draft.updated_at)).where(col(Draft.agent_id) == agent_id)
        rows = session.execute(new.where(col(Draft.ticket_id).is_(None), col(Draft.text) != "")).all()
    found += [Extra(kind, None, at) for kind, at in rows]
    return sorted(found, key=lambda one: one.at)


def effect(session: Session, giver: str, shares: Mapping[str, Sequence[int]], now: datetime) -> Effect:
    """What it would do to give tickets (by number) to these colleagues; "" is their queues."""
    people = {one.login: one for one in rooms(session, now)}
    work = {one.number: one for one in _work(session, [number for share in shares.values() for number in share])}
    there = {login: [work[n] for n in numbers if n in work] for login, numbers in shares.items()}
    gets = {login: [one for one in share if _fits(one, people.get(login))] for login, share in there.items()}
    gone = [one for login, share in gets.items() if login != giver for one in share]
    return Effect(
        shares=tuple(_share(people[login], share) for login, share in gets.items() if login in people),
        giver=_share(people[giver], gone, -1) if giver in people else None,
        to_queues=len(gets.get("", [])),
        strangers=tuple((login, n) for login, share in there.items() if (n := len(share) - len(gets[login]))),
    )


def proposal(
    session: Session, giver: str, numbers: Sequence[int], now: datetime, among: Collection[str] = ()
) -> dict[str, list[int]]:
    """How these tickets could be shared out (`rules.sharing`), among all or these logins alone."""
    work = {one.number: one for one in _work(session, numbers)}
    taking = [one for one in rooms(session, now) if not among or one.login in among]
    return propose([work[number] for number in numbers if number in work], taking, giver)


def _share(room: Room, work: Sequence[Work], sign: int = 1) -> Share:
    more = sign * sum(one.is_waiting for one in work)
    return Share(room.login, sign * len(work), room.state(), room.state(more))


def _refuse_watching(asker: Actor, login: str) -> None:
    reason = permissions.refusal(asker, Verb.HAND_OVER)
    if reason and login not in ("", asker.login):
        raise Refused(reason, _("Your own work and that of nobody is open to you."))


def _on(side: Side, session: Session) -> ColumnElement[bool]:
    if side.login:
        return col(Ticket.assignee_id) == _agent_id(session, side.login)
    return and_(col(Ticket.assignee_id).is_(None), col(Queue.name) == side.queue)


def _agent_id(session: Session, login: str) -> int | None:
    return session.execute(select(col(Agent.id)).where(col(Agent.login) == login)).scalar_one_or_none()


def _work(session: Session, numbers: Sequence[int]) -> list[Work]:
    found = select(col(Ticket.number), col(Queue.name), col(Ticket.waiting_for)).join(
        Queue, col(Queue.id) == col(Ticket.queue_id)
    )
    rows = session.execute(found.where(is_among(session, col(Ticket.number), numbers)))
    return [Work(number, queue, waiting_for == Party.US) for number, queue, waiting_for in rows]


def _fits(work: Work, room: Room | None) -> bool:
    return room is None or work.queue in room.queues
