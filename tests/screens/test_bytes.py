"""What a key costs on a slow line: few bytes, and nothing is drawn that nobody asked for."""

from __future__ import annotations

import time

import pytest

from tests.screens.conftest import create_many
from tests.screens.stage import SIZES, OpenApp, Stage, wait_until

MOST_BYTES = 1000
#: Of a page: less than a screen drawn three times; a page that glides costs half a megabyte.
MOST_BYTES_OF_A_PAGE = 64_000


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


def _cost_until_painted(app: OpenApp, key: str, row: str) -> int:
    """The bytes from a key until the row is painted to its end; the preview follows when the cursor rests."""
    app.settled(0.3)
    before = len(app.bytes_seen())
    app.press(key).shows(row)
    written = app.bytes_seen()[before:]
    begins = written.index(row.encode())
    return written.index(b"\x1b[", begins)
