"""A ticket's life as stretches of time: with whom it lay, why, and how much of that was working time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from helpdesk_tui.rules.calendar import BusinessCalendar, working_between
from helpdesk_tui.terms import ENDED, Party, Status


class Where(StrEnum):
    """With whom a ticket lies."""

    ARRIVING = "arriving"
    QUARANTINE = "in quarantine"
    UNASSIGNED = "unassigned"
    US = "with us"
    CUSTOMER = "with the customer"
    OTHERS = "with others"
    PUT_AWAY = "put away"
    DONE = "done"


#: Where somebody of ours could have gone on, so that what lies outside office hours is told apart.
OURS = (Where.UNASSIGNED, Where.US)
#: Where it still is somebody's.
_SOMEBODYS = (Where.US, Where.OTHERS, Where.CUSTOMER, Where.PUT_AWAY)


@dataclass(frozen=True, slots=True)
class Turn:
    """A moment from which on a ticket stood like this; `cause` says what happened then."""

    at: datetime
    status: Status
    waiting_for: Party | None
    assignee: str | None
    cause: str


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch of time in one place; `working` is how much of it lay in office hours, `who` has it ("" nobody)."""

    start: datetime
    end: datetime
    where: Where
    who: str
    cause: str
    working: timedelta

    @property
    def length(self) -> timedelta:
        """All of it."""
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class Sums:
    """How long a ticket lay where, which adds up to its whole age; of what lay with us, only office hours count there."""

    by_place: dict[Where, timedelta]
    outside_hours: timedelta
    whole: timedelta


def stretches(
    arrived: Sequence[tuple[datetime, Where]], turns: Iterable[Turn], now: datetime, office: BusinessCalendar
) -> list[Stretch]:
    """The life of a ticket until now, without gaps; neighbours in the same place with the same person are one.

    Args:
        arrived: since when its first mail lay where, before there was a ticket.
        turns: in their order, the first is when the ticket was made.
    """
    points = [(at, where, "", "") for at, where in arrived]
    points += [(turn.at, place_of(turn), turn.assignee or "", turn.cause) for turn in turns]
    found: list[Stretch] = []
    for number, (at, where, who, cause) in enumerate(points):
        start = max(at, found[-1].end) if found else at
        end = max(points[number + 1][0] if number + 1 < len(points) else now, start)
        if start == end and (found or number + 1 < len(points)):
            continue  # it lay there for no time at all
        who = who if where in _SOMEBODYS else ""
        if found and (found[-1].where, found[-1].who) == (where, who):
            last = found.pop()
            start, cause = last.start, last.cause
        found.append(Stretch(start, end, where, who, cause, working_between(start, end, office)))
    return found


def place_of(turn: Turn) -> Where:
    """With whom a ticket lies that stands like this."""
    if turn.status in (Status.SOLVED, *ENDED):
        return Where.DONE
    if turn.status is Status.SNOOZED:
        return Where.PUT_AWAY
    if turn.status is Status.WAITING_OTHER:
        return Where.OTHERS
    if turn.waiting_for is Party.THEM:
        return Where.CUSTOMER
    return Where.US if turn.assignee else Where.UNASSIGNED


def sums(found: Sequence[Stretch]) -> Sums:
    """How long it lay where; the parts add up to the whole."""
    by_place: dict[Where, timedelta] = {}
    outside = timedelta()
    for one in found:
        counted = one.working if one.where in OURS else one.length
        by_place[one.where] = by_place.get(one.where, timedelta()) + counted
        outside += one.length - counted
    whole = found[-1].end - found[0].start if found else timedelta()
    return Sums(by_place, outside, whole)
