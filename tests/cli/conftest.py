"""The program as a person starts it: in a process of its own, with a home of its own."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.build import Place
from tests.services import starter
from tests.services.starter import Ended


@dataclass
class Helpdesk:
    """Calls `helpdesk` on one store as one person."""

    home: Path
    words: tuple[str, ...] = ()
    variables: dict[str, str] = field(default_factory=dict)

    def __call__(self, *words: str | bytes, stdin: bytes = b"", code: int = 0) -> Ended:
        """Run a command; `code` is how it should end."""
        known = ("PATH", "LANG", "LC_ALL", "TMPDIR")
        variables = {name: os.environ[name] for name in known if name in os.environ}
        variables |= {"HOME": str(self.home), "TZ": "UTC", **self.variables}
        done = starter.run([*self.words, *words], variables, self.home, stdin)
        assert b"Traceback" not in done.err, (words, done.err.decode())
        assert b"has a fault" not in done.out + done.err, (words, done)
        assert done.code == code, (words, done)
        return done

    def json(self, *words: str, **more: Any) -> Any:
        """The document a command prints with --json; nothing stands beside it."""
        return json.loads(self(*words, "--json", **more).out)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """An empty home folder."""
    folder = tmp_path / "home"
    folder.mkdir()
    return folder


@pytest.fixture
def bare(home: Path) -> Helpdesk:
    """A person who has set up nothing yet."""
    return Helpdesk(home)


@pytest.fixture
def helpdesk(place: Place, home: Path) -> Helpdesk:
    """Anna at her desk; on PostgreSQL she logs in as herself."""
    who = () if place.is_postgres else ("--as", "anna")
    return Helpdesk(home, ("--store", place.url_of("anna"), *who))


@pytest.fixture
def as_root(place: Place, home: Path) -> Helpdesk:
    """The admin."""
    who = () if place.is_postgres else ("--as", "root")
    return Helpdesk(home, ("--store", place.url_of("root"), *who))


@pytest.fixture
def a_file(tmp_path: Path) -> Callable[[str | bytes], str]:
    """Writes a file; gives its path."""

    def write(content: str | bytes) -> str:
        path = tmp_path / f"file-{len(list(tmp_path.iterdir()))}"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return str(path)

    return write
