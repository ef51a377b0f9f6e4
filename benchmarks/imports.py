"""How fast another system's mail comes in, goes out and is taken back, and how much memory that needs."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing, suppress
from functools import partial
from pathlib import Path

from benchmarks.figures import Figure, Sample, against
from benchmarks.ingest import _floor, _floor_store
from benchmarks.mails import DESK, invented_mails
from benchmarks.options import Options as Amounts
from helpdesk_tui.config import Settings
from helpdesk_tui.desk.door import Desk
from helpdesk_tui.desk.identity import identify, welcome_first
from helpdesk_tui.desk.settings import set_queue
from helpdesk_tui.desk.takeback import take_back
from helpdesk_tui.store.schema import FIRST_QUEUE, upgrade
from helpdesk_tui.transfer.export import export_lines
from helpdesk_tui.transfer.options import Options
from helpdesk_tui.transfer.run import run_import
from tests.services.available import POSTGRES, is_available

TITLE = "Imports and exports"
NOTE = (
    "The invented mails of the section on taking in mail, as mbox files of 400 that take turns with that section's floor "
    "(`policy.default`, raw bytes, then a durable commit a mail). The whole command imports 20,000 such mails; its memory "
    "is the most that the process had (`VmHWM`)."
)
_MAILS, _AT_ONCE, _IN_ALL = 4_000, 400, 20_000
_MOST_MEGABYTES = 300


def main(amounts: Amounts) -> list[Figure]:
    """Messages a second in and out, and megabytes."""
    mails = invented_mails(max(amounts.times(_MAILS), 2 * _AT_ONCE))
    batches = [mails[at : at + _AT_ONCE] for at in range(0, len(mails), _AT_ONCE)]
    with closing(_Place(amounts.folder, f"sqlite:///{amounts.folder / 'imports.db'}")) as place:
        figures = [_in_turns("SQLite, mbox", place, batches), *_out_and_back(place)]
    if is_available(POSTGRES) and not amounts.is_quick:
        figures.append(_postgres(amounts, batches))
    return [*figures, *_command(amounts)]


class _Place:
    """A store with one queue that has an address, and its admin."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder = folder
        self.store = upgrade(url)
        welcome_first(self.store)
        self.desk = Desk(self.store, identify(self.store), Settings(url))
        set_queue(self.desk, FIRST_QUEUE, [DESK], "Beispiel Support")
        self.batches: list[str] = []

    def close(self) -> None:
        """Close the store."""
        self.store.close()

    def import_mails(self, mails: list[bytes]) -> None:
        """Import them as a file."""
        file = _mbox(self.folder / f"imports-{len(self.batches)}-{self.store.is_postgres}.mbox", mails)
        done = run_import(self.desk, "mbox", file, Options("mail"))
        if done.messages != len(mails):
            raise RuntimeError(f"{done.messages} of {len(mails)} mails were imported")
        self.batches.append(done.batch or "")


def _in_turns(what: str, place: _Place, batches: list[list[bytes]]) -> Figure:
    ours, bare = [], []
    with _floor_store(place.folder / f"{what.split(',')[0]}-floor.db") as floor:
        for batch in batches:
            ours.append(len(batch) / _seconds(partial(place.import_mails, batch)))
            bare.append(len(batch) / _seconds(partial(_floor, floor, batch)))
    return against(what, Sample(ours[1:], "messages/s"), Sample(bare[1:], "messages/s"))


def _out_and_back(place: _Place) -> list[Figure]:
    """Out of a store with all of them; then the batches back, the newest first."""
    count = 0
    started = time.perf_counter()
    for _line in export_lines(place.desk):
        count += 1
    exported = Sample([count / (time.perf_counter() - started)], "tickets/s")
    rates = []
    for batch in reversed(place.batches):
        started = time.perf_counter()
        done = take_back(place.desk, batch)
        rates.append(done.messages / (time.perf_counter() - started))
        if done.kept:
            raise RuntimeError(f"{len(done.kept)} tickets were not taken back")
    return [Figure("SQLite, export", exported), Figure("SQLite, taking back", Sample(rates, "messages/s"))]


def _postgres(amounts: Amounts, batches: list[list[bytes]]) -> Figure:
    from tests.services.postgres import running_postgres

    with running_postgres() as server, closing(_Place(amounts.folder, server.create_database("imports"))) as place:
        return _in_turns("PostgreSQL, mbox (against the same floor on SQLite)", place, batches)


def _command(amounts: Amounts) -> list[Figure]:
    """The whole command, as a process of its own."""
    count = max(amounts.times(_IN_ALL), 400)
    url = f"sqlite:///{amounts.folder / 'command.db'}"
    with closing(_Place(amounts.folder, url)):
        file = _mbox(amounts.folder / "command.mbox", invented_mails(count))
    argv = [sys.executable, "-m", "helpdesk_tui", "--store", url, "import", "mbox", str(file), "--json"]
    started = time.perf_counter()
    with subprocess.Popen(argv, stdout=subprocess.DEVNULL) as process:
        megabytes = _most_megabytes(process)
    seconds = time.perf_counter() - started
    if process.returncode:
        raise RuntimeError(f"the import ended with {process.returncode}")
    memory = Sample([megabytes], "MB")
    bound, is_kept = f"≤ {_MOST_MEGABYTES} MB", memory.p50 <= _MOST_MEGABYTES
    return [
        Figure(f"the command, {count:,} mails", Sample([count / seconds], "messages/s")),
        Figure(f"the command, {count:,} mails, memory", memory, bound=bound, is_kept=is_kept),
    ]


def _most_megabytes(process: subprocess.Popen[bytes]) -> float:
    """The most memory a process has had, looked at while it runs: `ru_maxrss` would count ours before its exec."""
    most = 0
    while process.poll() is None:
        for line in Path(f"/proc/{process.pid}/status").read_text(encoding="ascii").splitlines():
            if line.startswith("VmHWM:"):
                most = int(line.split()[1])
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=0.05)
    return most / 1024


def _seconds(work: Callable[[], None]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _mbox(file: Path, mails: list[bytes]) -> Path:
    with open(file, "wb") as box:
        for mail in mails:
            body = mail.replace(b"\r\n", b"\n").replace(b"\nFrom ", b"\n>From ")
            box.write(b"From kunde@kunde.example Fri Nov 20 09:00:00 2026\n" + body + b"\n")
    return file
