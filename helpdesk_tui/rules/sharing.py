"""Who gets what when work is shared out: whoever belongs there and has the most room, one ticket after the other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from helpdesk_tui.rules.privacy import load_state
from helpdesk_tui.terms import LoadState


@dataclass(frozen=True, slots=True)
class Work:
    """A ticket to be given away. `is_waiting`: it waits for us, and so is a load."""

    number: int
    queue: str
    is_waiting: bool


@dataclass(frozen=True, slots=True)
class Room:
    """A colleague, the queues they belong to, and how much of their capacity is taken (in tickets that wait for us)."""

    login: str
    queues: tuple[str, ...]
    load: int
    capacity: int
    is_away: bool

    def state(self, more: int = 0) -> LoadState:
        """How much room they have, with so many tickets more."""
        return load_state(self.load + more, self.capacity, is_away=self.is_away)


def propose(work: Sequence[Work], rooms: Iterable[Room], giver: str) -> dict[str, list[int]]:
    """Share tickets out: each to whoever of its queue has the most room left, the one first by login among equals.

    What waits for others takes no room, and goes to whoever has got the fewest of these so far.

    Returns:
        Numbers by login, in the order of the work; under "" those for whom nobody has room: they go to their queues.
    """
    taking = [one for one in rooms if not one.is_away and one.login != giver]
    left = {one.login: one.capacity - one.load for one in taking}
    resting = dict.fromkeys(left, 0)
    shares: dict[str, list[int]] = {}
    for ticket in work:
        able = [one.login for one in taking if ticket.queue in one.queues and left[one.login] > 0]
        to = _most_room(able, left) if ticket.is_waiting else _fewest(able, resting, left)
        if to:
            left[to] -= ticket.is_waiting
            resting[to] += not ticket.is_waiting
        shares.setdefault(to, []).append(ticket.number)
    return shares


def rest_goes_to(shares: Iterable[str]) -> str:
    """Who of these logins gets what hangs on no ticket that is shared out: the first person; "" where there is none."""
    return next((login for login in shares if login), "")


def _most_room(logins: Iterable[str], left: Mapping[str, int]) -> str:
    return min(logins, key=lambda login: (-left[login], login), default="")


def _fewest(logins: Iterable[str], got: Mapping[str, int], left: Mapping[str, int]) -> str:
    return min(logins, key=lambda login: (got[login], -left[login], login), default="")
