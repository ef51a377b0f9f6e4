"""A help desk as one agent has it: a store in a folder of its own, the program on it, commands beside it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from helpdesk_tui.config import Settings
from helpdesk_tui.desk.door import Desk
from helpdesk_tui.desk.identity import identify
from helpdesk_tui.store.engine import Store, open_store
from tests.services import starter
from tests.services.terminal import PtyProgram

REPOSITORY = Path(__file__).parents[2]
SMALL, LARGE = (80, 24), (200, 50)
SIZES = (SMALL, LARGE)
_KEYS = {
    "enter": b"\r", "escape": b"\x1b", "tab": b"\t", "space": b" ", "up": b"\x1b[A", "down": b"\x1b[B",
    "right": b"\x1b[C", "left": b"\x1b[D", "home": b"\x1b[H", "end": b"\x1b[F", "pageup": b"\x1b[5~",
    "pagedown": b"\x1b[6~", "backspace": b"\x7f", "shift+tab": b"\x1b[Z",
}  # fmt: skip
#: For so long a test waits for something to show; a machine may be busy.
PATIENCE = 15.0
_LOOK_EVERY = 0.02


class OpenApp(PtyProgram):
    """The app in a terminal, with keys that have names."""

    def press(self, *keys: str) -> OpenApp:
        """Press keys by their names: `j`, `enter`, `ctrl+s`; several letters are typed one after the other."""
        self.send(b"".join(key_bytes(key) for key in keys))
        return self

    def write(self, text: str) -> OpenApp:
        """Type a text."""
        self.send(text.encode())
        return self

    def paste(self, text: str) -> OpenApp:
        """Paste a text, as a terminal hands it over."""
        self.send(b"\x1b[200~" + text.encode("utf-8", "surrogatepass") + b"\x1b[201~")
        return self

    def shows(self, *wanted: str | re.Pattern[str], timeout: float = PATIENCE) -> list[str]:
        """The screen, as soon as it shows all of these."""
        for one in wanted[:-1]:
            self.wait_for(one, timeout)
        return self.wait_for(wanted[-1], timeout)

    def until(self, is_so: Callable[[list[str]], object], what: str, timeout: float = PATIENCE) -> list[str]:
        """The screen, as soon as something is true of it."""
        deadline = time.monotonic() + timeout
        while not is_so(screen := self.screen()):
            if time.monotonic() > deadline:
                raise AssertionError(f"not within {timeout} s: {what}\n" + "\n".join(f"  |{line}" for line in screen))
            time.sleep(_LOOK_EVERY)
        return screen

    def gone(self, text: str) -> OpenApp:
        """Wait until the screen does not show this any more."""
        self.until(lambda screen: text not in "\n".join(screen), f"gone: {text!r}")
        return self

    def leave_composer(self) -> OpenApp:
        """Esc out of what is being written, once its keys count."""
        self.shows("Esc leave")
        return self.press("escape").gone("Esc leave")

    def up(self) -> OpenApp:
        """Wait until the first list is there, or the ticket that was open."""
        self.shows(re.compile(r"^ ?\d+ tickets?|Nothing here|all done|\? keys$|draft saved", re.MULTILINE))
        self.shows(re.compile(r"● *$|^ #\d+", re.MULTILINE))
        return self

    def quit(self) -> int:
        """Leave; gives the exit status, and the last words where it is none of the good ones."""
        self.press("ctrl+q")
        asks = "ctrl+q once more leaves"
        wait_until(lambda: not self.alive or asks in "\n".join(self.screen()), "it leaves, or asks")
        if self.alive:
            self.press("ctrl+q")
        status = self.wait()
        assert status == 0, self.bytes_seen()[-600:].decode(errors="replace")
        return status


@dataclass
class Stage:
    """A store on SQLite whose admin is `root`, and whose agents are `anna` and `bob`."""

    folder: Path
    store: Path
    zone: str = field(default_factory=lambda: noon_now())
    more: dict[str, str] = field(default_factory=dict)
    _open: list[Store] = field(default_factory=list)

    @property
    def home(self) -> Path:
        """The home folder of whoever runs the program."""
        return self.folder / "home"

    @property
    def state(self) -> Path:
        """Where the program keeps what it remembers."""
        return self.home / "state" / "helpdesk-tui"

    @property
    def environment(self) -> dict[str, str]:
        """The variables the program runs with."""
        cleared = {name: "" for name in os.environ if name.startswith("HELPDESK_") and "TEST" not in name}
        return {
            **cleared,
            "HOME": str(self.home),
            "XDG_STATE_HOME": str(self.home / "state"),
            "XDG_CONFIG_HOME": str(self.home / "config"),
            "HELPDESK_STORE": str(self.store),
            "PYTHONPATH": str(REPOSITORY),
            "TMPDIR": str(self.folder),
            "TZ": self.zone,
            "HELPDESK_REPLIES_UNDO_SECONDS": "0",
            **self.more,
        }

    def desk(self, login: str = "anna", *, ago: timedelta = timedelta(0)) -> Desk:
        """The desk of an agent in this process, now or some time ago."""
        if not self._open:
            self._open.append(open_store(f"sqlite:///{self.store}"))
        store, at = self._open[0], datetime.now(UTC) - ago
        clock = (lambda: at) if ago else (lambda: datetime.now(UTC))
        return Desk(store, identify(store, login), Settings(store=store.url), clock)

    def close(self) -> None:
        """Let go of the store."""
        while self._open:
            self._open.pop().close()

    def app(
        self,
        size: tuple[int, int] = SMALL,
        login: str = "anna",
        *,
        env: Mapping[str, str] | None = None,
        words: Sequence[str] | None = None,
    ) -> OpenApp:
        """Open the app; `words` are other words of the command line than `--as LOGIN`."""
        argv = [sys.executable, "-m", "helpdesk_tui", *(words if words is not None else ["--as", login])]
        return OpenApp(argv, *size, {**self.environment, **(env or {})})

    def run(self, *words: str, login: str = "anna", said: str = "") -> subprocess.CompletedProcess[str]:
        """Run a command to its end in a process of its own."""
        done = starter.run(["--as", login, *words], {**os.environ, **self.environment}, Path.cwd(), said.encode())
        return subprocess.CompletedProcess(words, done.code, done.out.decode(), done.err.decode())

    def answer(self, *words: str, login: str = "anna", said: str = "") -> Any:
        """Run a command that has to succeed; gives its JSON."""
        done = self.run(*words, "--json", login=login, said=said)
        assert done.returncode == 0, done
        return json.loads(done.stdout)

    def place(self, login: str = "anna") -> dict[str, Any]:
        """How the list stood, as the program remembers it on this machine."""
        found = list(self.state.glob(f"*/{login}.json"))
        kept: dict[str, Any] = json.loads(found[0].read_text()) if found else {}
        return kept


def noon_now() -> str:
    """A time zone where it is half a minute past noon now, so that every time of day on a screen is known."""
    noon = timedelta(hours=12, seconds=30)
    now = datetime.now(UTC).time()
    ahead = noon - timedelta(hours=now.hour, minutes=now.minute, seconds=now.second)
    sign, seconds = "-" if ahead >= timedelta(0) else "+", abs(int(ahead.total_seconds()))
    return f"NOON{sign}{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def key_bytes(key: str) -> bytes:
    """The bytes a terminal sends for a key."""
    if key.startswith("ctrl+") and len(key) == len("ctrl+x"):
        return bytes([ord(key[-1]) & 0x1F])
    return _KEYS.get(key) or key.encode()


def wait_until(is_so: Callable[[], Any], what: str, seconds: float = PATIENCE) -> Any:
    """Whatever is true in the end; fails where nothing is within that time."""
    deadline = time.monotonic() + seconds
    while not (found := is_so()):
        if time.monotonic() > deadline:
            raise AssertionError(f"after {seconds} s still not so: {what}")
        time.sleep(_LOOK_EVERY)
    return found
