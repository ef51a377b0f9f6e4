"""Ticket numbers: short, never given twice, and silent about how many tickets a queue has.

They are drawn at random from a range that grows by a digit when it is half full: a sequence would show, by its gaps,
how much goes on in a queue one may not see.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence

from sqlalchemy import func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session
from sqlmodel import col

from helpdesk_tui.store.sight import is_limited
from helpdesk_tui.store.statements import add_rows, add_unless_there, is_postgres
from helpdesk_tui.store.tables import TicketNumber
from helpdesk_tui.store.transaction import lock_name

#: The smallest number given out.
FIRST_NUMBER = 1000
_DRAWS_PER_RANGE = 3
#: Held by who takes many numbers: two who each want what the other has taken would wait for each other.
_MANY = "ticket numbers"


def draw(session: Session) -> int:
    """Take a new number; it stays taken only if the transaction commits.

    Nothing is asked back of the insert: an agent may not see a number that no ticket of theirs has yet.
    """
    smallest = FIRST_NUMBER
    while True:
        for _attempt in range(_DRAWS_PER_RANGE):
            number = smallest + secrets.randbelow(9 * smallest)
            if take(session, number):
                return number
        smallest *= 10


def draw_some(session: Session, count: int) -> list[int]:
    """Take a few new numbers, as `draw` takes each; at once for who sees all tickets, as the one that reads mail does."""
    if count == 1 or is_limited(session):
        return [draw(session) for _one in range(count)]
    taken: list[int] = []
    attempts, smallest = _DRAWS_PER_RANGE, FIRST_NUMBER
    while len(taken) < count:
        drawn = {smallest + secrets.randbelow(9 * smallest) for _one in range(count - len(taken))}
        taken += _take_free(session, sorted(drawn))
        attempts -= 1
        if not attempts:
            attempts, smallest = _DRAWS_PER_RANGE, smallest * 10
    return taken


def draw_many(session: Session, count: int) -> list[int]:
    """Take many new numbers at once, from a range of which they and all others fill at most half."""
    lock_name(session, _MANY)
    taken: list[int] = []
    smallest = FIRST_NUMBER
    while 2 * (count + _given_below(session, smallest * 10)) > 9 * smallest:
        smallest *= 10
    while len(taken) < count:
        taken += _take_free(session, {smallest + secrets.randbelow(9 * smallest) for _one in range(count - len(taken))})
    return taken


def take_many(session: Session, numbers: Sequence[int]) -> None:
    """Take these very numbers; it fails where one is taken already."""
    lock_name(session, _MANY)
    add_rows(session, TicketNumber, [{"number": number} for number in numbers])


def take(session: Session, number: int) -> bool:
    """Take this very number; False where it is taken already."""
    return add_unless_there(session, TicketNumber, {"number": number})


def _given_below(session: Session, limit: int) -> int:
    given = select(func.count()).select_from(TicketNumber).where(col(TicketNumber.number) < limit)
    return session.execute(given).scalar_one()


def _take_free(session: Session, drawn: Iterable[int]) -> Sequence[int]:
    """Take those of these numbers that are free; a writer who is about to take one is waited for."""
    dialect = postgresql if is_postgres(session) else sqlite
    free = dialect.insert(TicketNumber).on_conflict_do_nothing().returning(col(TicketNumber.number))
    return session.execute(free, [{"number": number} for number in drawn]).scalars().all()
