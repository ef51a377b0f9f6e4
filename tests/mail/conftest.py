"""A help desk to try mail with: once on each kind of store, or on a file where the store does not matter."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.build import FrozenClock, Place
from tests.mail.installation import Installation


@pytest.fixture
def installation(place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Installation:
    """A help desk without mailboxes as yet; the test runs once on each kind of store."""
    return _installed(place, tmp_path, monkeypatch)


@pytest.fixture
def small_installation(
    sqlite_place: Callable[[FrozenClock], Place], tmp_path: Path, clock: FrozenClock, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Installation]:
    """The same on SQLite alone."""
    with sqlite_place(clock) as place:
        yield _installed(place, tmp_path, monkeypatch)


def _installed(place: Place, tmp_path: Path, environment: pytest.MonkeyPatch) -> Installation:
    folder = tmp_path / "anna"
    folder.mkdir(mode=0o700)
    return Installation(place, folder, environment)
