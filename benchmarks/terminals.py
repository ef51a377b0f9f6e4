"""Programs on a terminal of our own, and when what they paint arrives there."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from tests.services.terminal import PtyProgram

#: The line under the cursor with its number; a line whose ticket is still on its way has none.
TICKET_ROW = re.compile("▌(?:●| )[^0-9]{1,8}[0-9]{4,} ".encode())
#: The end of a frame.
_FRAME_END = b"\x1b[?2026l"
_LOOK_EVERY = 0.001
_LONGEST = 20.0


class NotPainted(Exception):
    """What was waited for did not come; the text shows the screen."""


@dataclass(frozen=True, slots=True)
class Painted:
    """What a key brought: milliseconds and bytes until the frame with the cursor's line had arrived."""

    ms: float
    size: int


@contextmanager
def program(
    argv: Sequence[str], env: dict[str, str], width: int = 80, height: int = 24
) -> Iterator[tuple[PtyProgram, float]]:
    """Run a program; gives its terminal, and when it was started."""
    started_at = time.perf_counter()
    with PtyProgram(argv, width, height, env, is_read_anew=True) as terminal:
        yield terminal, started_at


def seconds_until(terminal: PtyProgram, mark: re.Pattern[bytes], since: float) -> float:
    """How long after `since` the last byte of a mark arrived."""
    deadline = time.monotonic() + _LONGEST
    while not (found := mark.search(terminal.bytes_seen())):
        _give_up_after(deadline, terminal)
        time.sleep(_LOOK_EVERY)
    end = 0
    for at, written in list(terminal.chunks):
        end += len(written)
        if end >= found.end():
            return at - since
    raise AssertionError("what was seen is in no chunk")


def press(terminal: PtyProgram, key: bytes, mark: re.Pattern[bytes] = TICKET_ROW) -> Painted:
    """Press a key, and wait for the frame that has the cursor's line in it, or another mark."""
    first = len(terminal.chunks)
    deadline = time.monotonic() + _LONGEST
    pressed_at = time.perf_counter()
    terminal.send(key)
    while not (painted := _painted(terminal.chunks[first:], pressed_at, mark)):
        _give_up_after(deadline, terminal)
        time.sleep(_LOOK_EVERY)
    return painted


def _painted(chunks: Sequence[tuple[float, bytes]], pressed_at: float, mark: re.Pattern[bytes]) -> Painted | None:
    written = b"".join(part for _at, part in chunks)
    row = mark.search(written)
    end = written.find(_FRAME_END, row.end()) if row else -1
    if end < 0:
        return None
    size = 0
    for at, part in chunks:
        size += len(part)
        if size >= end + len(_FRAME_END):
            return Painted((at - pressed_at) * 1000, end + len(_FRAME_END))
    return None


def _give_up_after(deadline: float, terminal: PtyProgram) -> None:
    if time.monotonic() > deadline or not terminal.alive:
        raise NotPainted("\n".join(["what was waited for did not come; the screen:", *terminal.screen()]))
