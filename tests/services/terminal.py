"""A program on a terminal of our own: every byte it writes, and the screen they make."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import threading
import time
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Self

import pyte
from wcwidth import wcwidth

from tests.services import starter
from tests.services.escapes import tokens
from tests.services.starter import Started

READ_BYTES = 65_536
NOT_FOR_A_TERMINAL = ("COLUMNS", "LINES", "NO_COLOR", "TERM_PROGRAM", "TMUX", "TMUX_PANE")
QUERY = re.compile(rb"\x1b\[(?:(?P<attributes>0?c)|(?P<cursor>6n)|\?(?P<mode>[0-9]+)\$p)")
LONGEST_QUERY = 12
WIDE = 2
_LONGEST_END = 30.0
UNFINISHED = re.compile(rb"\x1b(?:\[[0-?]*[ -/]*|\][^\x07\x1b]*\x1b?|[PX^_][^\x1b]*\x1b?)?\Z")
UNKNOWN_TO_PYTE = re.compile(rb"\x1b\[(?:[<=>]|[0-?]*[ -/])")
SYNCHRONIZED_OUTPUT = b"2026"
FRAME_BEGINS, FRAME_ENDS = (b"\x1b[?" + SYNCHRONIZED_OUTPUT + letter for letter in (b"h", b"l"))

# A session's leader gets the first terminal it opens as its own, and with it Ctrl+C and SIGWINCH.
TAKE_TERMINAL = ': <>"$0"; exec "$@"'


class PtyProgram:
    """A program that believes it runs in a terminal that knows true colour and synchronized output.

    Attributes:
        chunks: All it wrote, as it came: (time by `time.perf_counter`, bytes).
    """

    def __init__(
        self,
        argv: Sequence[str | os.PathLike[str]],
        width: int = 80,
        height: int = 24,
        env: Mapping[str, str] | None = None,
        *,
        answers: bool = True,
        is_read_anew: bool = False,
    ) -> None:
        """Start it.

        Args:
            env: Variables on top of our own.
            is_read_anew: Whether our own program reads its modules anew (see `starter`).
            answers: Whether the terminal answers what it is asked; poor ones stay mute.
        """
        self.chunks: list[tuple[float, bytes]] = []
        self._changed = threading.Condition()
        self._is_closed = False
        self._answers = answers
        self._question = b""
        self._fed = 0
        self._unfed = b""
        self._screen = pyte.Screen(width, height)
        self._stream = pyte.ByteStream(self._screen)
        self._lines = [""] * height
        self._terminal, self._process = _start(argv, width, height, env, is_read_anew=is_read_anew)
        self._reader = threading.Thread(target=self._read, name="terminal", daemon=True)
        self._reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    @property
    def pid(self) -> int:
        """The program's process id."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether it still runs."""
        return self._process.poll() is None

    def send(self, keys: bytes) -> None:
        """Type these bytes."""
        while keys:
            keys = keys[os.write(self._terminal, keys) :]

    def bytes_seen(self) -> bytes:
        """All bytes it wrote so far."""
        with self._changed:
            return b"".join(written for _, written in self.chunks)

    def screen(self) -> list[str]:
        """The lines on the screen now, without blanks at their ends; an application leaves its last ones."""
        with self._changed:
            self._feed()
            return list(self._lines)

    def wait_for(self, wanted: str | re.Pattern[str], timeout: float = 20) -> list[str]:
        """Return the screen as soon as it shows a text or a pattern."""
        deadline = time.monotonic() + timeout
        with self._changed:
            while not shows(self.screen(), wanted):
                left = deadline - time.monotonic()
                if left <= 0 or (not self._reader.is_alive() and not self._unread()):
                    raise AssertionError(missing(wanted, self.screen(), timeout))
                self._changed.wait(min(left, 0.1))
            return self.screen()

    def settled(self, quiet: float = 0.1, timeout: float = 10) -> None:
        """Return when it has ever written something, and from now on nothing for that many seconds."""
        called_at = time.perf_counter()
        deadline = time.monotonic() + timeout
        with self._changed:
            while (left := self._unrest(quiet, called_at)) > 0 and self._reader.is_alive():
                if time.monotonic() > deadline:
                    raise AssertionError(f"never quiet for {quiet} s during {timeout} s")
                self._changed.wait(left)

    def resize(self, width: int, height: int) -> None:
        """Change the size of the window; the program is told."""
        with self._changed:
            self._feed()
            self._screen.resize(height, width)
            self._lines = [""] * height
            self._screen.dirty.update(range(height))
            _set_size(self._terminal, width, height)

    def kill(self, how: int = signal.SIGKILL) -> None:
        """Send it a signal."""
        self._process.send_signal(how)

    def wait(self, timeout: float = 30) -> int:
        """Return its exit status when it ended and all it wrote was read; -15 means SIGTERM ended it."""
        status = self._process.wait(timeout)
        self._reader.join(timeout)
        return status

    def close(self) -> None:
        """Take the terminal away, and end whatever still runs in it."""
        if self._is_closed:
            return
        self._is_closed = True
        if self.alive:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait(_LONGEST_END)
        self._reader.join()
        os.close(self._terminal)

    def _read(self) -> None:
        """Collect what the program writes until its terminal has no user any more."""
        with contextlib.suppress(OSError):
            while not self._is_closed:
                if not select.select([self._terminal], [], [], 0.1)[0]:
                    continue
                written = os.read(self._terminal, READ_BYTES)
                self._take(time.perf_counter(), written)

    def _take(self, at: float, written: bytes) -> None:
        with self._changed:
            self.chunks.append((at, written))
            if self._answers:
                self._answer(written)
            self._changed.notify_all()

    def _answer(self, written: bytes) -> None:
        """Answer the questions in what was written; a question may come in two parts."""
        self._question += written
        end = 0
        for query in QUERY.finditer(self._question):
            end = query.end()
            self.send(self._reply(query))
        self._question = self._question[end:][-LONGEST_QUERY:]

    def _reply(self, query: re.Match[bytes]) -> bytes:
        if query["attributes"]:
            return b"\x1b[?62;22c"
        if query["mode"]:
            state = b"2" if query["mode"] == SYNCHRONIZED_OUTPUT else b"0"
            return b"\x1b[?" + query["mode"] + b";" + state + b"$y"
        self._feed()
        return f"\x1b[{self._screen.cursor.y + 1};{self._screen.cursor.x + 1}R".encode()

    def _feed(self) -> None:
        """Bring the screen up to date; only on demand, so that it does not slow down the reading."""
        new = self._unfed + b"".join(written for _, written in self.chunks[self._fed :])
        self._fed = len(self.chunks)
        cut = self._end_of_what_is_whole(new)
        self._unfed = new[cut:]
        known = (token.raw for token in tokens(new[:cut]) if not UNKNOWN_TO_PYTE.match(token.raw))
        self._stream.feed(b"".join(known))
        for number in self._screen.dirty:
            if number < len(self._lines):
                self._lines[number] = self._line(number)
        self._screen.dirty.clear()

    def _line(self, number: int) -> str:
        """What stands on a line; behind a wide letter there is a cell of nobody."""
        row, line, is_covered = self._screen.buffer[number], [], False
        for column in range(self._screen.columns):
            letter = "" if is_covered else row[column].data
            line.append(letter)
            is_covered = not letter.isascii() and wcwidth(letter[0]) == WIDE
        return "".join(line).rstrip()

    def _end_of_what_is_whole(self, new: bytes) -> int:
        """Where an escape sequence or a frame begins that has not ended yet; who has gone ends none."""
        begun = new.rfind(FRAME_BEGINS)
        if self._answers and self._reader.is_alive() and begun > new.rfind(FRAME_ENDS):
            return begun
        unfinished = UNFINISHED.search(new)
        return unfinished.start() if unfinished else len(new)

    def _unread(self) -> bool:
        return self._fed < len(self.chunks) or bool(self._unfed)

    def _unrest(self, quiet: float, called_at: float) -> float:
        """How many seconds of silence are still missing."""
        if not self.chunks:
            return quiet
        return max(called_at, self.chunks[-1][0]) + quiet - time.perf_counter()


def shows(screen: Sequence[str], wanted: str | re.Pattern[str]) -> bool:
    """Say whether a screen shows a text or a pattern."""
    text = "\n".join(screen)
    return wanted in text if isinstance(wanted, str) else wanted.search(text) is not None


def missing(wanted: object, screen: Sequence[str], timeout: float) -> str:
    """Say what was waited for in vain, and what the screen showed instead."""
    shown = "\n".join(f"  |{line}" for line in screen)
    return f"not shown within {timeout} s: {wanted!r}\n{shown}"


def terminal_environment(env: Mapping[str, str] | None) -> dict[str, str]:
    """Our own variables without those that tell of our own terminal, and with others on top."""
    ours = {name: value for name, value in os.environ.items() if name not in NOT_FOR_A_TERMINAL}
    return {**ours, "COLORTERM": "truecolor", "LC_ALL": "C.UTF-8", **(env or {})}


def _start(
    argv: Sequence[str | os.PathLike[str]],
    width: int,
    height: int,
    env: Mapping[str, str] | None,
    *,
    is_read_anew: bool,
) -> tuple[int, subprocess.Popen[bytes] | Started]:
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # a shell's background hands that on, a terminal does not
        signal.signal(signal.SIGINT, signal.default_int_handler)
    ours, its = pty.openpty()
    _set_size(ours, width, height)
    variables = terminal_environment({"TERM": "xterm-256color", **(env or {})})
    try:
        if not is_read_anew and starter.can_start(argv, variables):
            return ours, starter.start(argv, its, variables)
        process = subprocess.Popen(
            ["/bin/sh", "-c", TAKE_TERMINAL, os.ttyname(its), *argv],
            stdin=its,
            stdout=its,
            stderr=its,
            env=variables,
            start_new_session=True,
        )
    finally:
        os.close(its)
    return ours, process


def _set_size(terminal: int, width: int, height: int) -> None:
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))
