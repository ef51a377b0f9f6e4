"""A ticket's life on one page: as it was, and with names only where they may be read."""

from __future__ import annotations

from datetime import timedelta

import pytest

from helpdesk_tui.desk import assignment, settings
from helpdesk_tui.desk.conversation import reply
from helpdesk_tui.desk.door import Desk
from helpdesk_tui.desk.life import Life, life, span_words, told
from helpdesk_tui.desk.tickets import solve
from helpdesk_tui.errors import NotFound
from helpdesk_tui.rules.lifeline import Where
from tests.build import FrozenClock, an_incoming, filed, thread


@pytest.fixture
def number(desk: Desk, clock: FrozenClock) -> int:
    """A ticket that was assigned, answered, answered back, and solved, an hour each."""
    number = filed(desk, an_incoming()).ticket or 0
    clock.advance(hours=1)
    assignment.assign(desk, [number], "bob")
    clock.advance(hours=1)
    reply(desk, number, "Which one?")
    clock.advance(hours=1)
    filed(desk, an_incoming(text="The blue one.", in_reply_to=(thread(desk, number)[-1].message_id,)))
    clock.advance(hours=1)
    solve(desk, [number])
    clock.advance(hours=1)
    return number


def lived(desk: Desk, number: int) -> Life:
    return desk.ask(life, number, desk.actor, desk.settings.calendar, desk.clock())


def test_each_stretch_with_its_cause_and_the_sum(desk: Desk, number: int) -> None:
    found = lived(desk, number)
    assert [(one.where, one.length) for one in found.stretches] == [
        (where, timedelta(hours=1)) for where in (Where.UNASSIGNED, Where.US, Where.CUSTOMER, Where.US, Where.DONE)
    ]
    assert [one.cause.partition(" · ")[0] for one in found.stretches] == [
        "it came in", "it was assigned", "an answer was sent", "a mail came", "its status was set",
    ]  # fmt: skip
    assert found.sums.whole == timedelta(hours=5)
    page = told(found, str)
    assert all(len(line) <= 80 for line in told(found, lambda at: f"{at:%Y-%m-%d %H:%M}"))
    assert any("05:00:00  all its life" in line for line in page)


def test_it_names_oneself_and_nobody_else_where_figures_are_ones_own(desk: Desk, bob: Desk, number: int) -> None:
    assert {one.who for one in lived(bob, number).stretches if one.where is Where.US} == {"bob"}
    seen = lived(desk, number)
    assert "bob" not in "\n".join(told(seen, str))
    assert {one.who for one in seen.stretches if one.where is Where.US} == {"a colleague"}


def test_where_it_was_agreed_a_lead_reads_names(desk: Desk, admin: Desk, number: int) -> None:
    settings.set_setting(admin, "individual_stats", "agreement")
    assert "with us (bob)" in "\n".join(told(lived(admin, number), str))
    assert "with us (bob)" not in "\n".join(told(lived(desk, number), str))


def test_a_number_that_is_none(desk: Desk) -> None:
    with pytest.raises(NotFound):
        lived(desk, 987_654)


def test_lengths_are_exact() -> None:
    assert span_words(timedelta(days=2, hours=3, seconds=5)) == "2 d 03:00:05"
    assert span_words(timedelta(minutes=61)) == "01:01:00"
