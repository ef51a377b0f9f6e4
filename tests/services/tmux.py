"""A program in tmux: a terminal that other people wrote, seen as its user sees it."""

from __future__ import annotations

import contextlib
import itertools
import os
import re
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.services.available import TMUX, tmux_program
from tests.services.terminal import missing, shows, terminal_environment

POLL_SECONDS = 0.02
SETTINGS = (
    ("set-option", "-g", "status", "off"),  # the line would take one of the program's
    ("set-option", "-g", "remain-on-exit", "on"),  # otherwise the last screen and the exit status are lost
    ("set-option", "-g", "default-terminal", "screen-256color"),
    ("set-option", "-s", "escape-time", "0"),
)

_numbers = itertools.count()


class Tmux:
    """A tmux of its own, which reads no configuration and ends with the test."""

    def __init__(self) -> None:
        program = tmux_program()
        if program is None:
            raise RuntimeError(f"not installed: {TMUX}")
        self.name = f"helpdesk-{os.getpid()}-{next(_numbers)}"
        self._program = program
        self._env = terminal_environment(None)
        self._is_started = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.kill()

    def start(
        self,
        argv: Sequence[str | os.PathLike[str]],
        width: int = 80,
        height: int = 24,
        env: Mapping[str, str] | None = None,
    ) -> None:
        """Run a program in a window of this size, with these variables on top of our own."""
        self._env = terminal_environment(env)
        settings = [word for setting in SETTINGS for word in (*setting, ";")]
        session = ["new-session", "-d", "-s", "main", "-x", str(width), "-y", str(height), "--"]
        program = [os.fspath(word) for word in argv]
        self._is_started = True
        self._run("start-server", ";", *settings, *session, *program)

    def keys(self, *names: str) -> None:
        """Press keys by their names: `Enter`, `Escape`, `C-a`, `F5`, `Down`, `x`."""
        self._run("send-keys", "-t", "main", *(_argument(name) for name in names))

    def type(self, text: str) -> None:
        """Type a text letter by letter."""
        self._run("send-keys", "-t", "main", "-l", "--", _argument(text))

    def screen(self) -> list[str]:
        """The lines on the screen now."""
        return self._run("capture-pane", "-p", "-t", "main").splitlines()

    def screen_ansi(self) -> list[str]:
        """The lines on the screen now, with escape sequences for their styles."""
        return self._run("capture-pane", "-p", "-e", "-t", "main").splitlines()

    def wait_for(self, wanted: str | re.Pattern[str], timeout: float = 10) -> list[str]:
        """Return the screen as soon as it shows a text or a pattern."""
        return self._poll(lambda screen: shows(screen, wanted), wanted, timeout)

    def wait_until(self, is_so: Callable[[list[str]], bool], timeout: float = 10) -> list[str]:
        """Return the screen as soon as something is true of it."""
        return self._poll(is_so, is_so, timeout)

    def resize(self, width: int, height: int) -> None:
        """Change the size of the window; the program is told."""
        self._run("resize-window", "-t", "main", "-x", str(width), "-y", str(height))

    @property
    def alive(self) -> bool:
        """Whether the program still runs."""
        return self._is_started and self._ask("#{pane_dead}") == "0"

    def exit_status(self, timeout: float = 10) -> int:
        """Return the program's exit status as soon as it ended; -15 means SIGTERM ended it."""
        deadline = time.monotonic() + timeout
        while (end := self._ask("#{pane_dead_status},#{pane_dead_signal}")) == ",":
            if time.monotonic() > deadline:
                raise AssertionError(missing("the program's end", self.screen(), timeout))
            self._remind_of_the_dead()
            time.sleep(POLL_SECONDS)
        status, _, by_signal = end.partition(",")
        return -int(by_signal) if by_signal else int(status)

    def kill(self) -> None:
        """End tmux and the program in it."""
        if not self._is_started:
            return
        self._is_started = False
        with contextlib.suppress(subprocess.CalledProcessError):
            socket = self._ask("#{socket_path}")
            self._run("kill-server")
            Path(socket).unlink(missing_ok=True)

    def _poll(self, is_so: Callable[[list[str]], bool], wanted: object, timeout: float) -> list[str]:
        deadline = time.monotonic() + timeout
        while not is_so(screen := self.screen()):
            if time.monotonic() > deadline:
                raise AssertionError(missing(wanted, screen, timeout))
            time.sleep(POLL_SECONDS)
        return screen

    def _remind_of_the_dead(self) -> None:
        """Signal a dead child again: tmux 3.3 now and then misses the signal of a program that just ended."""
        if not self.alive:
            os.kill(int(self._ask("#{pid}")), signal.SIGCHLD)

    def _ask(self, what: str) -> str:
        return self._run("display-message", "-p", "-t", "main", what).strip()

    def _run(self, *words: str) -> str:
        argv = [str(self._program), "-L", self.name, "-f", "/dev/null", *words]
        done = subprocess.run(argv, env=self._env, capture_output=True, check=True, encoding="utf-8")
        return done.stdout


def _argument(text: str) -> str:
    """Keep tmux from taking a semicolon at the end of a word for the end of its command."""
    return f"{text[:-1]}\\;" if text.endswith(";") else text
