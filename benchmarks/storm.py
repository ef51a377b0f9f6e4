"""How long keys take in the app while bounces of somebody else's mail pour in."""

from __future__ import annotations

import itertools
import random
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

from sqlalchemy import text

from benchmarks.figures import Figure, Sample, against
from benchmarks.options import Options
from benchmarks.terminals import TICKET_ROW, NotPainted, press, program, seconds_until
from helpdesk_tui.config import Settings
from helpdesk_tui.desk.door import Desk
from helpdesk_tui.desk.mailroom import ArrivedMail
from helpdesk_tui.mail.ingest import take_in
from helpdesk_tui.mail.readers import Readers
from helpdesk_tui.store.engine import open_store
from helpdesk_tui.store.transaction import reading
from helpdesk_tui.terms import SYSTEM
from tests.services.terminal import PtyProgram

TITLE = "Keys in a storm"
NOTE = (
    "A second process takes in 10,000 bounces of mail that is not ours, spread over a minute, as a poller does, while keys "
    "are pressed in the app on the same store of 100,000 tickets. The floor is the same keys before the storm. From the "
    "key until the whole frame has arrived: the cursor's line, or for a verb the words that it is done. On a busy "
    "machine the limit is twice the floor's p99 where that is more than 100 ms."
)
_BOUNCES, _SECONDS, _BATCH = 10_000, 60.0, 50
#: A round is so many moves and so many verbs; of verbs there are so many in all, for each takes a ticket off the list.
_ROUNDS, _MOVES, _VERBS, _MOST_VERBS = 20, 20, 2, 100
_MOST_MS = 100.0
_MS = "ms"
_DONE = re.compile(rb"#[0-9]+: yours now")
_PAUSE = (0.012, 0.06)


@dataclass
class _Pressed:
    """Milliseconds that keys took, by what they do."""

    moves: list[float] = field(default_factory=list)
    verbs: list[float] = field(default_factory=list)


def main(options: Options) -> list[Figure]:
    """Keys without a storm and in one, and what became of the storm."""
    url = options.filled(options.many).url
    with program([sys.executable, "-m", "helpdesk_tui"], options.environment(url)) as (terminal, started_at):
        seconds_until(terminal, TICKET_ROW, started_at)
        terminal.settled(1.0)
        calm, stormy = _Pressed(), _Pressed()
        for _round in range(options.times(_ROUNDS)):
            _play(terminal, calm, options)
        before = _kept(url)
        with _storm(url, options.times(_BOUNCES)) as storm:
            while storm.poll() is None:
                _play(terminal, stormy, options)
            rate = float(storm.stdout.read()) if storm.stdout else 0.0
        return [
            _bound("moving the cursor", stormy.moves, calm.moves),
            _bound("taking a ticket", stormy.verbs, calm.verbs),
            Figure("taking the bounces in", Sample([rate], "mails/s")),
            _counted(url, before, options.times(_BOUNCES)),
        ]


def pour(url: str, count: int, seconds: float) -> float:
    """Take in so many bounces, spread over so many seconds; gives the mails a second while it worked."""
    store = open_store(url)
    desk = Desk(store, SYSTEM, Settings(store=url))
    began, worked = time.monotonic(), 0.0
    with Readers() as readers:
        for at in range(0, count, _BATCH):
            time.sleep(max(began + seconds * at / count - time.monotonic(), 0.0))
            mails = [ArrivedMail(_bounce(at + one), datetime.now(UTC)) for one in range(min(_BATCH, count - at))]
            started = time.perf_counter()
            take_in(desk, "inbox", mails, readers=readers)
            worked += time.perf_counter() - started
    store.close()
    return count / worked


def _bounce(at: int) -> bytes:
    """A report on a mail that somebody sent in our name."""
    return (
        f"Return-Path: <>\r\nFrom: Mail Delivery System <MAILER-DAEMON@mx{at % 900}.example>\r\n"
        f"To: support@beispiel.example\r\nSubject: Undelivered Mail Returned to Sender\r\n"
        f"Message-ID: <{at}.{random.Random(at).getrandbits(64):x}@mx.example>\r\nAuto-Submitted: auto-replied\r\n"
        'MIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: text/plain\r\n\r\nI could not deliver your message.\r\n\r\n"
        "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n\r\n"
        f"Final-Recipient: rfc822; person{at}@elsewhere.example\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n--b--\r\n"
    ).encode()


@contextmanager
def _storm(url: str, count: int) -> Iterator[subprocess.Popen[str]]:
    """The bounces, in a process of their own."""
    argv = [sys.executable, "-m", "benchmarks.storm", url, str(count), str(_SECONDS * count / _BOUNCES)]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as storm:
        yield storm


def _play(terminal: PtyProgram, pressed: _Pressed, options: Options) -> None:
    """One round; the list is loaded anew behind a verb, and what is pressed next would wait for that."""
    pressed.moves += _moves(terminal, _MOVES)
    if len(pressed.verbs) < options.times(_MOST_VERBS):
        pressed.verbs += _verbs(terminal, _VERBS)
        terminal.settled(0.4)


def _moves(terminal: PtyProgram, count: int) -> list[float]:
    """Milliseconds of so many moves, up and down within view."""
    keys = itertools.cycle([b"j"] * 5 + [b"k"] * 5)
    return [_pressed(terminal, key, TICKET_ROW) for key in itertools.islice(keys, count)]


def _verbs(terminal: PtyProgram, count: int) -> list[float]:
    """Milliseconds until a ticket is taken and that is said, each time of another one."""
    taken = []
    for _time in range(count):
        _pressed(terminal, b"j", TICKET_ROW)
        terminal.settled(0.4)
        taken.append(_pressed(terminal, b"A", _DONE))
    return taken


def _pressed(terminal: PtyProgram, key: bytes, mark: re.Pattern[bytes]) -> float:
    try:
        return press(terminal, key, mark).ms
    except NotPainted as error:
        print(error)
        return float("inf")
    finally:
        time.sleep(random.uniform(*_PAUSE))


def _bound(what: str, stormy: Sequence[float], calm: Sequence[float]) -> Figure:
    times, floor = Sample(stormy, _MS), Sample(calm, _MS)
    ratio, most = against(what, times, floor).ratio, max(_MOST_MS, 2 * floor.p99)
    return Figure(what, times, floor, ratio, f"p99 ≤ {most:.0f} ms", times.p99 <= most)


def _kept(url: str) -> tuple[int, int, int]:
    """How many tickets, entries and outgoing mails there are."""
    store = open_store(url)
    with reading(store, SYSTEM) as session:
        asked = "SELECT (SELECT count(*) FROM ticket), (SELECT count(*) FROM mail_group), (SELECT count(*) FROM outbox)"
        tickets, entries, letters = session.execute(text(asked)).one()
    store.close()
    return tickets, entries, letters


def _counted(url: str, before: tuple[int, int, int], count: int) -> Figure:
    tickets, entries, letters = (after - was for after, was in zip(_kept(url), before, strict=True))
    is_kept = (tickets, entries, letters) == (0, 1, 0)
    return Figure("bounces", Sample([count], "mails"), bound="1 entry, 0 tickets, 0 answers", is_kept=is_kept)


if __name__ == "__main__":
    print(pour(sys.argv[1], int(sys.argv[2]), float(sys.argv[3])))
