"""Ticket numbers: short, never given twice, and silent about how many tickets a queue has.

They are drawn at random from a range that grows by a digit when it is half full: a sequence would show, by its gaps,
how much goes on in a queue one may not see.
"""

from __future__ import annotations

import secrets

from sqlalchemy import func, select
from sqlalchemy.orm import Session
from sqlmodel import col

from helpdesk_tui.store.statements import add_rows, add_unless_there
from helpdesk_tui.store.tables import TicketNumber

#: The smallest number given out.
FIRST_NUMBER = 1000
_DRAWS_PER_RANGE = 3


def draw(session: Session) -> int:
    """Take a new number; it stays taken only if the transaction commits."""
    smallest = FIRST_NUMBER
    while True:
        for _attempt in range(_DRAWS_PER_RANGE):
            number = smallest + secrets.randbelow(9 * smallest)
            if take(session, number):
                return number
        smallest *= 10


def draw_many(session: Session, count: int) -> list[int]:
    """Take many new numbers at once, from a range of which they and all others fill at most half."""
    taken: list[int] = []
    smallest = FIRST_NUMBER
    while 2 * (count + _given_below(session, smallest * 10)) > 9 * smallest:
        smallest *= 10
    while len(taken) < count:
        drawn = {smallest + secrets.randbelow(9 * smallest) for _one in range(count - len(taken))} - set(taken)
        known = select(col(TicketNumber.number)).where(col(TicketNumber.number).in_(drawn))
        fresh = drawn - set(session.execute(known).scalars())
        add_rows(session, TicketNumber, [{"number": number} for number in fresh])
        taken += fresh
    return taken


def _given_below(session: Session, limit: int) -> int:
    given = select(func.count()).select_from(TicketNumber).where(col(TicketNumber.number) < limit)
    return session.execute(given).scalar_one()


def take(session: Session, number: int) -> bool:
    """Take this very number; False where it is taken already."""
    return add_unless_there(session, TicketNumber, {"number": number})
