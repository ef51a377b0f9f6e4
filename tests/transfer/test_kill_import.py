"""An import that is killed again and again comes to what an undisturbed one comes to, and answers find its tickets."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import pytest

from helpdesk_tui.desk.takeback import take_back
from helpdesk_tui.store.engine import open_store
from tests.build import FrozenClock, Place, Proves, a_mail, received, sql
from tests.transfer.samples import counts, invented, mbox, state

pytestmark = pytest.mark.one_store

ANSWERS = 50
MOST_MEGABYTES = 300
SECONDS = 600


class Size(NamedTuple):
    """How many mails, how often the import of them is killed, and the seed of the moments."""

    mails: int
    kills: int
    seed: int


@pytest.fixture
def undisturbed(request: pytest.FixtureRequest, clock: FrozenClock, tmp_path: Path) -> Iterator[Place]:
    """An SQLite store of one's own beside the one under test."""
    folder = tmp_path / "undisturbed"
    folder.mkdir()
    template = request.getfixturevalue("sqlite_template")
    (folder / "helpdesk.db").write_bytes(template.read_bytes())
    (folder / "helpdesk.db").chmod(0o600)
    with Place(lambda _login: f"sqlite:///{folder / 'helpdesk.db'}", False, clock) as found:
        yield found


class Import:
    """The command as a process of its own; remembers how much memory it has needed at most."""

    def __init__(self, place: Place, file: Path, home: Path) -> None:
        who = [] if place.is_postgres else ["--as", "root"]
        words = ["--store", place.url_of("root"), *who, "import", "mbox", str(file), "--json"]
        self._argv = [sys.executable, "-m", "helpdesk_tui", *words]
        self._environment = {**os.environ, "HOME": str(home)}
        self._store = open_store(place.url_of("root"))
        self.megabytes = 0.0

    def close(self) -> None:
        """Give the connection back."""
        self._store.close()

    def run(self) -> dict[str, object]:
        """To its end."""
        with self._started() as process:
            while process.poll() is None:
                self._look_at(process)
            assert process.stdout
            assert process.returncode == 0
            return dict(json.loads(process.stdout.read()))

    def killed(self, messages: int, then_for: float) -> int:
        """Kill it a moment after it has taken in so many messages; how many there are then."""
        with self._started() as process:
            ends_at = time.monotonic() + SECONDS
            while self._taken() < messages and time.monotonic() < ends_at:
                self._look_at(process)
                assert process.poll() is None, "it ended before it could be killed"
            try:
                process.wait(timeout=then_for)
            except subprocess.TimeoutExpired:
                process.kill()
        return self._taken()

    def _started(self) -> subprocess.Popen[str]:
        return subprocess.Popen(self._argv, stdout=subprocess.PIPE, text=True, env=self._environment)

    def _taken(self) -> int:
        (found,) = sql(self._store, "SELECT coalesce(sum(messages), 0) FROM import_run")
        return int(found[0])

    def _look_at(self, process: subprocess.Popen[str]) -> None:
        try:
            process.wait(timeout=0.02)
        except subprocess.TimeoutExpired:
            about = Path(f"/proc/{process.pid}/status").read_text(encoding="utf-8")
            most = next((line.split()[1] for line in about.splitlines() if line.startswith("VmHWM")), "0")
            self.megabytes = max(self.megabytes, int(most) / 1024)


SIZES = [
    pytest.param(Size(900, 3, 7), id="a sample"),
    pytest.param(Size(20_000, 10, 8), id="in full", marks=[pytest.mark.long, pytest.mark.timeout(900)]),
]


@pytest.mark.parametrize("size", SIZES)
def test_killed_again_and_again_it_comes_to_the_same(
    place: Place, undisturbed: Place, tmp_path: Path, size: Size, proves: Proves
) -> None:
    chance, mails = random.Random(size.seed), invented(size.mails, size.seed)
    file = mbox(tmp_path / "old.mbox", [*mails[: size.mails // 2], b"\n", *mails[size.mails // 2 :]])
    with closing(Import(undisturbed, file, tmp_path)) as alone:
        whole = alone.run()
    before = counts(place)
    with closing(Import(place, file, tmp_path)) as disturbed:
        taken = [
            disturbed.killed(size.mails * kill // (size.kills + 1), chance.uniform(0, 0.2))
            for kill in range(size.kills)
        ]
        assert taken[-1] < size.mails, "the last kill came too late"
        outcome = disturbed.run()
        assert {**outcome, "batch": None, "resumed": None} == {**whole, "batch": None, "resumed": None}
        assert (outcome["messages"], outcome["rejected"], outcome["resumed"]) == (size.mails, 1, True)
        assert state(place) == state(undisturbed)
        again = disturbed.run()
        assert {**again, "batch": None} == dict.fromkeys(("tickets", "messages", "rejected"), 0) | {
            "batch": None, "resumed": False,
        }  # fmt: skip
        assert state(place) == state(undisturbed)
        assert disturbed.megabytes <= MOST_MEGABYTES
        proves("megabytes at most", round(disturbed.megabytes))
    _answers_find_their_tickets(place, chance)
    if size.mails < 10_000 or not place.is_postgres:
        taken_back = take_back(undisturbed.desk("root"), str(whole["batch"]))
        assert taken_back.tickets == whole["tickets"]
        assert counts(undisturbed) == before
    proves("kills", size.kills)
    proves("messages, each there once", size.mails)


def _answers_find_their_tickets(place: Place, chance: random.Random) -> None:
    """On Monday customers answer what the old system has sent, and what they wrote themselves."""
    rows = sql(
        place.store(),
        "SELECT m.message_id, m.kind, t.number, t.id, a.address FROM message m JOIN ticket t ON t.id = m.ticket_id"
        " JOIN customer_address a ON a.customer_id = t.requester_id WHERE t.closed_at IS NULL OR t.closed_at > :since"
        " ORDER BY m.message_id",
        since="1990-01-01",
    )
    sql(place.store(), "UPDATE ticket SET status = 'open', closed_at = NULL")
    sent = [one for one in rows if one.kind == "outbound"]
    asked = chance.sample(sent, min(40, len(sent)))
    asked += chance.sample([one for one in rows if one.kind == "inbound"], ANSWERS - len(asked))
    for one in asked:
        filed = received(place.desk("root"), a_mail("Danke.", sender=one.address, In_Reply_To=f"<{one.message_id}>"))
        assert (filed.ticket, filed.row) == (one.number, 11)
    assert len(asked) == ANSWERS
