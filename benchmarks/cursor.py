"""How long after a key the line under the cursor is painted, and how many bytes that takes."""

from __future__ import annotations

import itertools
import random
import re
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from sqlalchemy import delete
from sqlmodel import col

from benchmarks.figures import Figure, Sample, against
from benchmarks.options import Options
from benchmarks.terminals import TICKET_ROW, NotPainted, Painted, press, program, seconds_until
from helpdesk_tui.store.engine import open_store
from helpdesk_tui.store.statements import add_row
from helpdesk_tui.store.tables import View
from helpdesk_tui.store.transaction import writing
from helpdesk_tui.terms import SYSTEM
from tests.services.terminal import PtyProgram

TITLE = "Moving in the list"
NOTE = (
    "From the key until the whole frame with the cursor's line and its ticket has arrived, in a list of all "
    "100,000 tickets. The floor is a bare Textual list of 50 fixed lines in a second terminal, which gets its key "
    "right after ours: one that moves its cursor, or, for pages and ends, one that draws all lines anew. On a busy "
    "machine the limit is twice the floor's p99 where that is more than 16 ms."
)
SIZES = ((80, 24), (200, 50))
_KEYS = 300
_MOST_MS, _MOST_BYTES = 16.0, 1_000
_UP_AND_DOWN, _REDRAW = [b"j"] * 5 + [b"k"] * 5, [b"o"]
_PAGE_DOWN = b"\x1b[6~"
_MS, _BYTES = "ms", "B"


@dataclass(frozen=True, slots=True)
class _Way:
    """A way through the list: our keys, the floor's, and how long to wait between them, in seconds."""

    what: str
    ours: Sequence[bytes]
    floor: Sequence[bytes]
    pause: tuple[float, float] = (0.012, 0.028)
    is_bound: bool = False


_WAYS = (
    _Way("a line, within view", _UP_AND_DOWN, _UP_AND_DOWN, is_bound=True),
    _Way("a line, within view, with rests (the preview follows)", _UP_AND_DOWN, _UP_AND_DOWN, (0.07, 0.13)),
    _Way("a line, on through the list (scrolls at the edge)", [b"j"], _UP_AND_DOWN),
    _Way("a page down", [_PAGE_DOWN], _REDRAW),
    _Way("to the end and back", [b"G", b"g"], _REDRAW),
)


def main(options: Options) -> list[Figure]:
    """Latencies and bytes of each way through the list, on a small and a large screen."""
    url = options.filled(options.many).url
    with _view_of_everything(url):
        return [
            figure for size in SIZES[: 1 if options.is_quick else None] for figure in _on_screen(options, url, size)
        ]


def _on_screen(options: Options, url: str, size: tuple[int, int]) -> Iterator[Figure]:
    env = options.environment(url)
    with ExitStack() as programs:
        ours, started_at = programs.enter_context(program([sys.executable, "-m", "helpdesk_tui"], env, *size))
        bare, _at = programs.enter_context(program([sys.executable, "-m", "benchmarks.bare_list"], env, *size))
        for terminal in (ours, bare):
            seconds_until(terminal, TICKET_ROW, started_at)
        _show_everything(ours, options.many)
        bare.settled(0.5)
        for way in _WAYS:
            what = f"{size[0]}×{size[1]}: {way.what}"
            try:
                yield from _figures(way, what, *_along(way, ours, bare, options.times(_KEYS)))
            except NotPainted as error:
                print(error)
                yield Figure(what, Sample([], _MS), bound="the cursor's line is painted", is_kept=False)


def _show_everything(terminal: PtyProgram, tickets: int) -> None:
    """Go to the view of all tickets, and wait until they are all there."""
    terminal.settled(1.0)
    since = time.perf_counter()
    terminal.send(b"1")
    seconds_until(terminal, re.compile(rf"\b{tickets} tickets".encode()), since)
    terminal.settled(0.5)


def _along(way: _Way, ours: PtyProgram, bare: PtyProgram, count: int) -> tuple[list[Painted], list[Painted]]:
    """Press the keys of a way in turns, ours first, after a return to the top."""
    ours.send(b"g")
    ours.settled(0.4)
    chance = random.Random(1)
    keys = zip(itertools.cycle(way.ours), itertools.cycle(way.floor), strict=False)
    painted: list[tuple[Painted, Painted]] = []
    for our_key, bare_key in itertools.islice(keys, count):
        one = press(ours, our_key)
        time.sleep(chance.uniform(*way.pause))
        painted.append((one, press(bare, bare_key)))
        time.sleep(chance.uniform(*way.pause))
    return [one for one, _floor in painted], [floor for _one, floor in painted]


def _figures(way: _Way, what: str, ours: list[Painted], bare: list[Painted]) -> Iterator[Figure]:
    times, floor = Sample([one.ms for one in ours], _MS), Sample([one.ms for one in bare], _MS)
    ratio = against(what, times, floor).ratio
    most = max(_MOST_MS, 2 * floor.p99)
    if way.is_bound:
        yield Figure(what, times, floor, ratio, f"p99 ≤ {most:.0f} ms", times.p99 <= most)
    else:
        yield Figure(what, times, floor, ratio)
    sizes, bare_sizes = Sample([one.size for one in ours], _BYTES), Sample([one.size for one in bare], _BYTES)
    bound = f"p99 ≤ {_MOST_BYTES:,} B" if way.is_bound else ""
    yield Figure(
        f"{what}, bytes",
        sizes,
        bare_sizes,
        against(what, sizes, bare_sizes).ratio,
        bound,
        not way.is_bound or sizes.p99 <= _MOST_BYTES,
    )


@contextmanager
def _view_of_everything(url: str) -> Iterator[None]:
    """A saved view of all tickets under the key 1, as long as it is needed."""
    store = open_store(url)
    try:
        with writing(store, SYSTEM) as session:
            view = add_row(session, View, {"agent_id": None, "name": "All", "query": "is:any", "position": 0})
        yield
        with writing(store, SYSTEM) as session:
            session.execute(delete(View).where(col(View.id) == view))
    finally:
        store.close()
