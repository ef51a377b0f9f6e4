"""A help desk to try mail with: once on each kind of store, or on a file where the store does not matter."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.build import FrozenClock, Place
from tests.mail.installation import Installation
from tests.mail.twenty_mails import assert_complete, deliver_the_day, end_state, expect_the_day, the_day
from tests.services.dovecot import DovecotServer


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


@pytest.fixture(scope="session")
def undisturbed(
    dovecot_server: DovecotServer, sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Any]:
    """The evening of a day on which nothing was killed."""
    dovecot_server.start()
    mailbox = dovecot_server.new_mailbox()
    folder = tmp_path_factory.mktemp("undisturbed")
    folder.chmod(0o700)
    file = folder / "helpdesk.db"
    file.write_bytes(sqlite_template.read_bytes())
    file.chmod(0o600)
    with Place(lambda _login: f"sqlite:///{file}", False) as place, pytest.MonkeyPatch.context() as environment:
        installation = Installation(place, folder, environment)
        expect_the_day(installation, mailbox)
        deliver_the_day(mailbox)
        assert installation.poll_well() == {"new": 5, "appended": 15}
        assert_complete(installation, the_day())
        return end_state(installation)


def _installed(place: Place, tmp_path: Path, environment: pytest.MonkeyPatch) -> Installation:
    folder = tmp_path / "anna"
    folder.mkdir(mode=0o700)
    return Installation(place, folder, environment)
