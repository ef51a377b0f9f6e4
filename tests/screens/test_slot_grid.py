"""The week of slots, letter by letter and without colour; the cursor stands on what is free alone."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from textual.app import App, ComposeResult

from helpdesk_tui.rules.slots import DayException, Plan, SlotState, Taken, Timetable
from helpdesk_tui.screens.widgets.slot_grid import SlotGrid
from helpdesk_tui.store.queries.callbacks import Week

FOLDER = Path(__file__).parent / "snapshots"
UPDATE = "HELPDESK_UPDATE_SNAPSHOTS"
MONDAY = date(2026, 11, 23)
#: Wednesday, 9:10 in Berlin.
NOW = datetime(2026, 11, 25, 8, 10, tzinfo=UTC)


def at(day: int, clock: str) -> datetime:
    hour, minute = map(int, clock.split(":"))
    return datetime(2026, 11, day, hour - 1, minute, tzinfo=UTC)


def a_week(plan: Plan, taken: Sequence[Taken] = (), first: date = MONDAY, now: datetime = NOW) -> Week:
    closed = {date(2026, 11, 26): DayException(hours="")}
    offers = Timetable(plan, closed).offers(taken, now, first, 7)
    return Week("billing", plan.zone, plan.slot_minutes, MONDAY, first, 7, tuple(offers))


BUSY = a_week(
    Plan("mon-fri 09:00-12:00", "Europe/Berlin", slot_minutes=30, capacity=2),
    [
        Taken(at(25, "10:00"), at(25, "10:30"), 2),
        Taken(at(25, "10:30"), at(25, "11:00"), 1),
        Taken(at(27, "09:30"), at(27, "10:30"), 2),
    ],
)
TWICE = a_week(
    Plan("sun 01:00-04:00", "Europe/Berlin", slot_minutes=30, notice_minutes=0),
    first=date(2026, 10, 19),
    now=datetime(2026, 10, 19, tzinfo=UTC),
)


class Shown(App[None]):
    """Nothing but the week."""

    def __init__(self, week: Week, own: datetime | None = None, wanted: datetime | None = None) -> None:
        super().__init__()
        self.week, self.own, self.wanted = week, own, wanted

    def compose(self) -> ComposeResult:
        yield SlotGrid(id="week")

    @property
    def grid(self) -> SlotGrid:
        return self.query_one(SlotGrid)

    def on_mount(self) -> None:
        self.grid.show(self.week, self.own, self.wanted)

    def lines(self) -> list[str]:
        return [self.grid.render_line(y).text.rstrip() for y in range(self.size.height)]


def ran(app: Shown, size: tuple[int, int], *steps: Callable[[SlotGrid], object]) -> list[str]:
    """What stands there after these steps."""

    async def run() -> list[str]:
        async with app.run_test(size=size) as pilot:
            await pilot.pause()
            for step in steps:
                step(app.grid)
                await pilot.pause()
            return app.lines()

    return asyncio.run(run())


@pytest.mark.parametrize("size", [(80, 18), (200, 44), (80, 5)], ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("name", ["busy", "twice"])
def test_every_slot_is_told_in_words(name: str, size: tuple[int, int]) -> None:
    """Free with how many, full, past, too soon, closed: a line of text says it all."""
    app = Shown(BUSY, own=at(25, "10:30")) if name == "busy" else Shown(TWICE)
    lines = ran(app, size)
    file = FOLDER / f"slot-grid-{name}-{size[0]}x{size[1]}.txt"
    if os.environ.get(UPDATE):
        file.write_text("\n".join(lines) + "\n")
    assert lines == file.read_text().splitlines(), f"{file.name} is different; {UPDATE}=1 writes it anew"


def test_the_cursor_passes_over_what_is_not_free() -> None:
    """Down over what is full, right over a closed day, and nowhere where nothing is left."""
    app = Shown(BUSY)
    stood: list[datetime | None] = []

    def look(grid: SlotGrid) -> None:
        stood.append(grid.current.start if grid.current else None)

    down, up = (lambda grid: grid.go(1, 0)), (lambda grid: grid.go(-1, 0))
    right, left = (lambda grid: grid.go(0, 1)), (lambda grid: grid.go(0, -1))
    steps = [look, down, look, up, look, up, look, right, look, down, look, right, look, left, look]
    ran(app, (80, 18), *steps)
    assert stood == [
        at(25, "10:30"), at(25, "11:00"), at(25, "10:30"), at(25, "10:30"),
        at(27, "10:30"), at(27, "11:00"), at(27, "11:00"), at(25, "11:00"),
    ]  # fmt: skip


def test_wherever_one_goes_the_cursor_is_on_a_free_slot() -> None:
    """All places reached by any way from anywhere are free ones, and all free ones are reached."""
    app, seen = Shown(BUSY), set()

    def walk(grid: SlotGrid) -> None:
        waiting = [grid.current]
        while waiting:
            here = waiting.pop()
            if here is None or here.start in seen:
                continue
            assert here.state is SlotState.FREE
            seen.add(here.start)
            for lines, columns in ((1, 0), (-1, 0), (0, 1), (0, -1)):
                grid.go_to(here.start)
                grid.go(lines, columns)
                waiting.append(grid.current)

    ran(app, (80, 18), walk)
    assert seen == {one.start for one in BUSY.offers if one.state is SlotState.FREE}


def test_a_slot_that_is_not_free_is_not_gone_to() -> None:
    app = Shown(BUSY)

    def go(grid: SlotGrid) -> None:
        before = grid.current
        for one in BUSY.offers:
            if one.state is not SlotState.FREE:
                assert not grid.go_to(one.start)
        assert grid.current == before

    ran(app, (80, 18), go)


def test_a_week_without_a_free_slot_has_no_cursor() -> None:
    app = Shown(replace(BUSY, offers=tuple(one for one in BUSY.offers if one.state is not SlotState.FREE)))
    assert not any("▌" in line for line in ran(app, (80, 18), lambda grid: grid.go(1, 0)))
