"""What all questions share: how much to measure, and a folder with filled stores that goes away at the end."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from helpdesk_tui.config import Settings
from helpdesk_tui.desk.door import Desk
from helpdesk_tui.desk.identity import identify
from helpdesk_tui.store.engine import open_store


@dataclass(frozen=True, slots=True)
class Filled:
    """A store of invented tickets: its address, and how long the whole command took that filled it."""

    url: str
    tickets: int
    messages: int
    seconds: float


@dataclass
class Options:
    """How much to measure. `is_quick` only shows that everything runs; its figures mean nothing."""

    folder: Path
    is_quick: bool = False
    _filled: dict[int, Filled] = field(default_factory=dict)

    @property
    def few(self) -> int:
        """How many tickets a small desk has."""
        return 100 if self.is_quick else 1_000

    @property
    def many(self) -> int:
        """How many tickets a full desk has."""
        return 400 if self.is_quick else 100_000

    def times(self, count: int) -> int:
        """How often to measure what is measured `count` times in earnest."""
        return max(count // 100, 3) if self.is_quick else count

    def filled(self, tickets: int) -> Filled:
        """A store with so many tickets of three messages each; it is filled once a run."""
        if tickets not in self._filled:
            self._filled[tickets] = self._fill(tickets)
        return self._filled[tickets]

    def desk(self, tickets: int) -> Desk:
        """The desk of whoever runs this, on such a store."""
        url = self.filled(tickets).url
        store = open_store(url)
        return Desk(store, identify(store), Settings(url))

    def environment(self, url: str) -> dict[str, str]:
        """Variables by which a program finds this store, and nothing of ours."""
        own = {f"XDG_{kind}_HOME": str(self.folder / kind.lower()) for kind in ("CONFIG", "DATA", "STATE")}
        return {**own, "HELPDESK_STORE": url}

    def _fill(self, tickets: int) -> Filled:
        url = f"sqlite:///{self.folder / f'{tickets}.db'}"
        argv = [sys.executable, "-m", "helpdesk_tui", "--store", url, "demo", "--headless", "--json"]
        started = time.perf_counter()
        done = subprocess.run(
            [*argv, "--tickets", str(tickets), "--seed", "1"], capture_output=True, text=True, check=True
        )
        return Filled(url, tickets, json.loads(done.stdout)["messages"], time.perf_counter() - started)
