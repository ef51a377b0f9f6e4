"""Work is shared out to whoever belongs there and has the most room."""

from __future__ import annotations

import random

import pytest

from helpdesk_tui.rules.sharing import Room, Work, propose, rest_goes_to


def a_room(
    login: str, load: int = 0, capacity: int = 10, queues: tuple[str, ...] = ("support",), *, away: bool = False
) -> Room:
    return Room(login, queues, load, capacity, away)


def work(count: int, queue: str = "support", *, waits: bool = True) -> list[Work]:
    return [Work(number, queue, waits) for number in range(1, count + 1)]


@pytest.mark.parametrize(
    ("what", "tickets", "rooms", "shares"),
    [
        ("equals get the same", work(4), [a_room("ben"), a_room("cara")], {"ben": [1, 3], "cara": [2, 4]}),
        ("who has more room comes first", work(2), [a_room("ben", 5), a_room("cara")], {"cara": [1, 2]}),
        ("nobody away", work(1), [a_room("ben", away=True), a_room("cara", 9)], {"cara": [1]}),
        ("nobody full", work(1), [a_room("ben", 10), a_room("cara", 9)], {"cara": [1]}),
        ("the last place, then the queue", work(2), [a_room("cara", 9)], {"cara": [1], "": [2]}),
        ("nobody who does not belong", work(1, "hr"), [a_room("cara")], {"": [1]}),
        ("what waits for the customer is no load", work(3, waits=False), [a_room("cara", 9)], {"cara": [1, 2, 3]}),
        ("what waits for the customer is spread", work(4, waits=False), [a_room("ben", 8), a_room("cara")],
         {"cara": [1, 3], "ben": [2, 4]}),
        ("not back to the giver", work(1), [a_room("dev"), a_room("cara", 5)], {"cara": [1]}),
        ("nothing to share", [], [a_room("cara")], {}),
    ],
)  # fmt: skip
def test_who_gets_what(what: str, tickets: list[Work], rooms: list[Room], shares: dict[str, list[int]]) -> None:
    assert propose(tickets, rooms, "dev") == shares, what


@pytest.mark.parametrize("seed", range(20))
def test_nobody_is_over_capacity_and_equals_differ_by_one_at_most(seed: int) -> None:
    chance = random.Random(seed)
    queues = ("support", "billing", "hr")
    tickets = [Work(n, chance.choice(queues), True) for n in range(100)]
    rooms = [a_room(f"a{n}", chance.randrange(20), 20, tuple(chance.sample(queues, 2)), away=n == 3) for n in range(5)]
    shares = propose(tickets, rooms, "dev")
    by_login = {one.login: one for one in rooms}
    queue_of = {one.number: one.queue for one in tickets}
    assert sorted(n for share in shares.values() for n in share) == list(range(100))
    for login, numbers in shares.items():
        if login:
            assert by_login[login].load + len(numbers) <= 20
            assert not by_login[login].is_away
            assert {queue_of[n] for n in numbers} <= set(by_login[login].queues)
    equal = propose(work(50), [a_room("x", 0, 40), a_room("y", 0, 40), a_room("z", 0, 40)], "dev")
    assert max(map(len, equal.values())) - min(map(len, equal.values())) <= 1


@pytest.mark.parametrize(("logins", "gets"), [(["ben", "cara"], "ben"), (["", "cara"], "cara"), ([""], ""), ([], "")])
def test_the_rest_goes_to_a_person_where_there_is_one(logins: list[str], gets: str) -> None:
    assert rest_goes_to(logins) == gets
