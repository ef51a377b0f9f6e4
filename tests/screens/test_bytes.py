"""What a key costs on a slow line: few bytes, and nothing is drawn that nobody asked for."""

from __future__ import annotations

import time
from collections.abc import Sequence

import pytest

from tests.screens.conftest import create_many
from tests.screens.stage import SIZES, OpenApp, Stage, wait_until

MOST_BYTES = 1000
#: Of a page: less than a screen drawn three times; a page that glides costs half a megabyte.
MOST_BYTES_OF_A_PAGE = 64_000
#: Begins a frame (synchronized output, DEC private mode 2026).
FRAME = b"\x1b[?2026h"


@pytest.fixture
def crowded(stage: Stage) -> Stage:
    """Two hundred tickets."""
    create_many(stage, 200)
    return stage


@pytest.mark.sample(1)
@pytest.mark.parametrize("size", SIZES, ids=("80x24", "200x50"))
def test_a_cursor_move_in_view_costs_less_than_a_kilobyte(crowded: Stage, size: tuple[int, int]) -> None:
    with crowded.app(size) as app:
        app.up().shows("200 tickets", "#1001 Person 000")
        app.settled(0.8)
        costs = [_cost_until_painted(app, "j", f"▌●   {1002 + n}") for n in range(4)]
        costs += [_cost_until_painted(app, "k", f"▌●   {1004 - n}") for n in range(4)]
    assert max(costs) <= MOST_BYTES, costs


@pytest.mark.sample(1)
@pytest.mark.parametrize("size", SIZES, ids=("80x24", "200x50"))
def test_a_page_down_is_there_at_once_and_does_not_glide(crowded: Stage, size: tuple[int, int]) -> None:
    with crowded.app(size) as app:
        app.up().shows("200 tickets", "#1001 Person 000")
        app.press("P")
        app.settled(0.8)
        before, started = len(app.bytes_seen()), time.monotonic()
        app.press("pagedown").shows(f"▌●   {997 + size[1]}")
        assert time.monotonic() - started < 0.5
        app.settled(0.4)
        assert len(app.bytes_seen()) - before <= MOST_BYTES_OF_A_PAGE


def test_an_idle_screen_writes_nothing(crowded: Stage) -> None:
    with crowded.app() as app:
        app.up().shows("200 tickets", "5 New 200")
        app.settled(0.8)
        before = len(app.bytes_seen())
        end = time.monotonic() + 2
        wait_until(lambda: time.monotonic() > end, "two seconds of silence", 5)
        assert len(app.bytes_seen()) == before


@pytest.mark.parametrize("size", SIZES, ids=("80x24", "200x50"))
def test_a_ticket_that_is_opened_is_painted_once(crowded: Stage, size: tuple[int, int]) -> None:
    with crowded.app(size) as app:
        app.up().shows("200 tickets", "#1001 Person 000")
        for _time in range(3):  # the first time the screen is made
            app.settled(0.6)
            before = len(app.bytes_seen())
            app.press("enter").shows("Words of matter 000.", "r reply")
            app.settled(0.6)
            frames = [len(frame) for frame in app.bytes_seen()[before:].split(FRAME)]
            app.press("q").shows("200 tickets")
    assert sum(frames) <= 1.5 * max(frames), frames  # all of it, then what stands beside


def test_what_changes_in_the_list_beneath_a_ticket_paints_nothing_of_it(crowded: Stage) -> None:
    with crowded.app() as app:
        app.up().shows("200 tickets", "#1001 Person 000")
        app.press("enter").shows("Words of matter 000.", "r reply")
        app.settled(0.8)
        before = len(app.bytes_seen())
        create_many(crowded, 1)
        app.settled(2.5)
        assert len(app.bytes_seen()) - before <= MOST_BYTES
        app.press("q").shows("201 tickets")


@pytest.mark.parametrize("sizes", [SIZES, SIZES[::-1]], ids=["grown", "shrunk"])
def test_a_list_that_lay_beneath_fits_the_size_that_was_changed_meanwhile(
    crowded: Stage, sizes: Sequence[tuple[int, int]]
) -> None:
    begins, ends = sizes
    with crowded.app(begins) as app:
        app.up().shows("200 tickets", "#1001 Person 000")
        app.press("enter").shows("Words of matter 000.", "r reply")
        app.resize(*ends)
        app.settled(0.6)
        app.press("q").shows("200 tickets")
        app.settled(0.8)
        lay_beneath = app.screen()
        assert app.quit() == 0
    with crowded.app(ends) as app:
        app.up().shows("200 tickets", "#1001 Person 000")
        app.settled(0.8)
        fresh = app.screen()
    assert lay_beneath == fresh


def _cost_until_painted(app: OpenApp, key: str, row: str) -> int:
    """The bytes from a key until the row is painted to its end; the preview follows when the cursor rests."""
    app.settled(0.3)
    before = len(app.bytes_seen())
    app.press(key).shows(row)
    written = app.bytes_seen()[before:]
    begins = written.index(row.encode())
    return written.index(b"\x1b[", begins)
