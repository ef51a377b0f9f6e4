"""Mail is read in children of our own: whatever a mail does to its reader, it costs that mail and no other."""

from __future__ import annotations

import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest

from helpdesk_tui.desk import mailroom
from helpdesk_tui.desk.door import Desk
from helpdesk_tui.desk.mailroom import ArrivedMail
from helpdesk_tui.errors import Temporary
from helpdesk_tui.mail import child, frames, protocol, reader, readers
from helpdesk_tui.mail.ingest import file_left_over, retry_quarantined, take_in
from helpdesk_tui.mail.parse import parse
from helpdesk_tui.mail.protocol import Limits
from helpdesk_tui.mail.reader import Unread
from helpdesk_tui.mail.readers import Readers
from helpdesk_tui.terms import IncomingMail
from tests.build import MAILBOX, MORNING, received
from tests.mail.bad_inputs import BAD_INPUTS
from tests.mail.odd_child import DEEDS
from tests.mail.raw_mail import a_mail, a_multipart, a_part, mail_of

ODD = "tests.mail.odd_child"
QUICK = Limits(seconds=0.3)


@pytest.fixture
def odd(monkeypatch: pytest.MonkeyPatch) -> Iterator[Readers]:
    """A reader that obeys the mails."""
    monkeypatch.setattr(reader, "CHILD", ODD)
    with Readers(1, QUICK) as odd:
        yield odd


def told(mails: list[bytes], pool: Readers) -> list[str]:
    """The text of each mail, or why it was not read."""
    return [one.reason if isinstance(one, Unread) else one.text for one in pool.read(mails)]


def process_of(pool: Readers, number: int = 0) -> int:
    return pool._children[number]._process.pid


@dataclass(frozen=True)
class _OtherMail:
    at: datetime


class TestReading:
    def test_a_mail_is_read_as_it_is_in_one_process(self) -> None:
        file = a_part("application/pdf; name=a.pdf", "QUJD", "Content-Transfer-Encoding: base64\n")
        mails = [
            a_mail("Hällo"),
            mail_of(a_multipart("mixed", a_part("text/html", "<p>Grüße"), file, file)),
            a_mail(header="Date: Tue, 02 Jan 2024 10:00:00 +0100\nSubject: =?utf-8?b?8J+YgA==?="),
        ]
        with Readers() as pool:
            assert list(pool.read(mails)) == [parse(one) for one in mails]

    def test_a_mail_that_says_nothing_is_refused_in_words(self) -> None:
        with Readers(1) as pool:
            assert told([b"", a_mail()], pool) == [
                "This mail has neither a sender nor any text that can be read.",
                "Hello",
            ]

    def test_readings_come_in_the_order_of_the_mails(self) -> None:
        mails = [a_mail(f"Mail {n} " + "word " * (5_000 if n % 7 == 0 else 1)) for n in range(400)]
        with Readers(2) as pool:
            assert [text.split()[1] for text in told(mails, pool)] == [str(n) for n in range(400)]
            assert len(pool._children) == 2

    def test_no_child_is_started_before_there_is_a_mail_and_one_is_enough_for_one(self) -> None:
        with Readers(4) as pool:
            assert list(pool.read([])) == []
            assert pool._children == []
            assert told([a_mail()], pool) == ["Hello"]
            assert len(pool._children) == 1

    def test_a_slow_mail_holds_up_no_other_child(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(reader, "CHILD", ODD)
        monkeypatch.setattr(readers, "MOST_SILENT", 2.0)
        mails = [a_mail("DO: sleep" if n == 0 else f"Mail {n}") for n in range(200)]
        seen: list[int] = []

        def left() -> Iterator[bytes]:
            for number, mail in enumerate(mails):
                seen.append(number)
                yield mail

        with Readers(2) as pool:
            readings = pool.read(left())
            assert isinstance(next(readings), Unread)
            assert len(seen) == 200
            assert sum(1 for one in readings if isinstance(one, IncomingMail)) == 199

    def test_no_more_than_so_many_bytes_are_on_the_way(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(readers, "MOST_IN_FLIGHT", 1_000_000)
        handed_out = 0

        def mails() -> Iterator[bytes]:
            nonlocal handed_out
            for _n in range(50):
                handed_out += 1
                yield a_mail("x" * 200_000)

        with Readers(2) as pool:
            for count, _reading in enumerate(pool.read(mails()), 1):
                assert handed_out - count <= 6
        assert handed_out == 50

    def test_of_a_huge_mail_the_first_megabytes_are_read_and_that_is_said(self) -> None:
        raw = a_mail(b"word " * 6_000_000, header="Subject: huge")
        with Readers(1, Limits(seconds=10)) as pool:
            (mail,) = pool.read([raw])
        assert isinstance(mail, IncomingMail)
        assert mail.subject == "huge"
        assert "The mail has 28 MB; its first 25 were read." in mail.notes

    def test_whoever_stops_listening_leaves_nothing_behind(self) -> None:
        with Readers(2) as pool:
            for _reading in pool.read(a_mail(f"Mail {n}") for n in range(300)):
                break
            assert told([a_mail("Another")], pool) == ["Another"]

    def test_a_rest_leaves_one_child(self) -> None:
        with Readers(2) as pool:
            told([a_mail("word " * 2_000)] * 200, pool)
            pool.rest()
            assert len(pool._children) == 1
            assert told([a_mail()], pool) == ["Hello"]

    def test_the_settings_of_a_mailbox_reach_the_reader(self) -> None:
        def reads(raw: bytes, trust: _Trust | None = None) -> IncomingMail:
            raise NotImplementedError

        trust = _Trust("mx.desk.example", 2, ("list.example",))
        written = readers._written({"trust": trust})
        assert json.loads(written) == {"trust": ["mx.desk.example", 2, ["list.example"]]}
        assert child.settings_of(reads, written) == {"trust": trust}
        assert child.settings_of(reads, b"") == {}


@dataclass(frozen=True, slots=True)
class _Trust:
    """Settings as a mailbox may have them."""

    authserv_id: str
    own_hops: int
    arc_forwarders: tuple[str, ...] = ()


ENDS = {
    b"DO: work": "Reading it took more than 0.3 s.",
    b"DO: take memory": "Reading it needed more than 256 MB.",
    b"DO: crash": "The reader ended over it (signal 11).",
    b"DO: leave": "The reader ended over it (code 3).",
    b"DO: be killed": "The reader was ended over it, twice.",
    b"DO: talk nonsense": "The reader's answer to it makes no sense.",
    b"DO: answer something else": "The reader's answer to it makes no sense.",
    b"DO: answer deeply": "The reader's answer to it makes no sense.",
    b"DO: announce too much": "The reader's answer to it makes no sense.",
    b"DO: break": "It cannot be read (ZeroDivisionError).",
    b"DO: lack memory": "Reading it needed more than 256 MB.",
    b"DO: connect": "It cannot be read (PermissionError).",
    b"DO: start a program": "It cannot be read (PermissionError).",
}


class TestWhatAMailDoesToItsReader:
    @pytest.mark.parametrize("deed", ENDS)
    def test_it_costs_that_mail_and_no_other(self, deed: bytes, odd: Readers) -> None:
        mails = [a_mail("One"), a_mail(deed), a_mail("Two"), a_mail(deed), a_mail("Three")]
        assert told(mails, odd) == ["One", ENDS[deed], "Two", ENDS[deed], "Three"]

    def test_every_deed_has_its_words(self) -> None:
        assert DEEDS.keys() - ENDS.keys() == {b"DO: sleep"}

    def test_a_reader_that_stands_still_is_ended(self, odd: Readers, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(readers, "MOST_SILENT", 1.0)
        assert told([a_mail("DO: sleep"), a_mail("Two")], odd) == ["Its reader stood still for 1 s.", "Two"]

    def test_one_that_works_is_ended_by_its_own_limit_however_slowly(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(reader, "CHILD", ODD)
        monkeypatch.setattr(readers, "MOST_SILENT", 0.1)
        with Readers(1, Limits(seconds=1.5)) as odd:
            assert told([a_mail("DO: work")], odd) == ["Reading it took more than 1.5 s."]

    def test_time_in_which_the_machine_does_other_things_does_not_count(self, odd: Readers) -> None:
        assert told([a_mail()], odd) == ["Hello"]
        os.kill(process_of(odd), signal.SIGSTOP)
        threading.Timer(1, os.kill, (process_of(odd), signal.SIGCONT)).start()
        assert told([a_mail("Later")], odd) == ["Later"]

    def test_a_reader_that_is_ended_from_outside_costs_nothing(self, odd: Readers) -> None:
        assert told([a_mail()], odd) == ["Hello"]
        os.kill(process_of(odd), signal.SIGKILL)
        assert told([a_mail("Two"), a_mail("Three")], odd) == ["Two", "Three"]

    def test_one_that_leaves_while_its_parent_is_busy_costs_no_mail(self) -> None:
        """Its last answer and the end of its pipe are met at once then."""
        with Readers(1) as pool:
            readings = []
            for place, reading in enumerate(pool.read([a_mail("x")] * (child.MOST_MAILS + 60))):
                readings.append(reading)
                if place % 40 == 0 and place > child.MOST_MAILS - 200:
                    time.sleep(0.25)
            assert {one for one in readings if isinstance(one, Unread)} == set()
            assert len(readings) == child.MOST_MAILS + 60

    def test_a_child_makes_room_for_a_new_one_after_so_many_mails(self) -> None:
        with Readers(1) as pool:
            told([a_mail()], pool)
            first = process_of(pool)
            assert len(told([a_mail("x")] * (child.MOST_MAILS + 10), pool)) == child.MOST_MAILS + 10
            assert process_of(pool) != first


class TestTakingIn:
    """What reading comes to in the store: the same on both kinds."""

    def test_a_mail_that_kills_its_reader_goes_to_quarantine_and_the_next_are_filed(
        self, system: Desk, odd: Readers
    ) -> None:
        mails = [ArrivedMail(a_mail(words), MORNING) for words in ("One", "DO: work", "Two", "DO: crash", "Three")]
        filed = take_in(system, MAILBOX, mails, readers=odd)
        assert [one.disposition for one in filed] == ["new", "quarantined", "new", "quarantined", "new"]
        assert [one.reason for one in filed if one.ticket is None] == [ENDS[b"DO: work"], ENDS[b"DO: crash"]]
        assert system.ask(mailroom.raw_content, filed[1].raw_id or 0) == mails[1].content

    def test_the_same_mail_twice_in_a_batch_is_read_once(self, system: Desk, odd: Readers) -> None:
        mails = [ArrivedMail(a_mail(words), MORNING) for words in ("One", "One", "Two")]
        filed = take_in(system, MAILBOX, mails, readers=odd)
        assert [one.disposition for one in filed] == ["new", "duplicate", "new"]

    def test_where_no_child_starts_mail_stays_kept_and_is_filed_later(
        self, system: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with monkeypatch.context() as broken:
            broken.setattr(reader, "CHILD", "helpdesk_tui.nothing")
            with pytest.raises(Temporary, match="cannot be read now"):
                take_in(system, MAILBOX, [ArrivedMail(a_mail(), MORNING)])
            with pytest.raises(Temporary, match="cannot be read now"):
                file_left_over(system)
        assert [one.disposition for one in file_left_over(system)] == ["new"]

    def test_what_was_put_aside_is_read_again(
        self, system: Desk, odd: Readers, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        mails = [ArrivedMail(a_mail(words), MORNING, 1, uid) for uid, words in enumerate(("DO: work", "DO: crash"), 1)]
        first, second = (one.raw_id or 0 for one in take_in(system, MAILBOX, mails, readers=odd))
        assert system.ask(mailroom.quarantined) == [first, second]
        (again,) = retry_quarantined(system, [second], odd)
        assert (again.disposition, again.reason) == ("quarantined", ENDS[b"DO: crash"])
        monkeypatch.undo()  # from here on the reader is mended
        (filed,) = retry_quarantined(system, [first])
        assert filed.disposition == "new"
        assert system.ask(mailroom.quarantined) == [second]
        assert [one.disposition for one in retry_quarantined(system)] == ["new"]
        assert retry_quarantined(system) == []
        fates = system.ask(mailroom.fates, MAILBOX, 1, [1, 2])
        assert all(fate.is_filed for fate in fates.values())

    def test_who_is_not_in_quarantine_stays_where_it_is(self, system: Desk) -> None:
        filed = received(system, a_mail())
        assert retry_quarantined(system, [filed.raw_id or 0]) == []
        mailroom.release(system, filed.raw_id or 0)
        assert system.ask(mailroom.filed, filed.raw_id or 0).ticket == filed.ticket


class TestWhereNoChildCanBeStarted:
    """What is kept stays kept."""

    def test_there_is_no_such_program(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(reader, "CHILD", "helpdesk_tui.nothing")
        with Readers(1) as pool, pytest.raises(Temporary, match="ended as it started"):
            told([a_mail()], pool)

    def test_there_is_no_process_left(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sys, "executable", "/nowhere/python")
        with Readers(1) as pool, pytest.raises(Temporary, match="cannot be read now: No such file"):
            told([a_mail()], pool)

    @pytest.mark.parametrize("kind", ["IncomingMail", "Trust", "Ours", "Greeting", "Refusal"])
    def test_it_is_of_another_version(self, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
        """As after an upgrade under a poller that runs: the child is the new one."""
        monkeypatch.setattr(protocol, kind, _OtherMail)
        with Readers(1) as pool, pytest.raises(Temporary, match="another version"):
            told([a_mail()], pool)

    def test_there_is_less_memory_than_a_mail_may_take(self) -> None:
        program = (
            "import resource; resource.setrlimit(resource.RLIMIT_AS, (200 << 20, 200 << 20))\n"
            "from tests.mail.test_guarded_reading import *\nreader.CHILD = ODD\n"
            "with Readers(1, QUICK) as pool: told([a_mail('DO: take memory')], pool)"
        )
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
        assert "NoRoom: There is not enough memory to read a mail." in done.stderr

    def test_the_others_go_on_where_only_a_further_one_fails(self, monkeypatch: pytest.MonkeyPatch) -> None:
        with Readers(4) as pool:
            told([a_mail()], pool)
            monkeypatch.setattr(sys, "executable", "/nowhere/python")
            assert len(told([a_mail("word " * 2_000)] * 200, pool)) == 200
            assert len(pool._children) == 1
            monkeypatch.undo()
            pool.rest()
            told([a_mail("word " * 2_000)] * 200, pool)
            assert len(pool._children) > 1, "once it is quiet, more are tried again"


@pytest.fixture(scope="module")
def pool() -> Iterator[Readers]:
    """Readers with a child that has read something, started where there are secrets."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("HELPDESK_SECRET", "canary")
        environment.setenv("HOME", "/home/canary")
        with Readers(1) as pool:
            told([a_mail()], pool)
            yield pool


class TestWhatAChildHas:
    def test_nothing_of_our_environment(self, pool: Readers) -> None:
        content = Path(f"/proc/{process_of(pool)}/environ").read_bytes()
        names = {pair.partition(b"=")[0] for pair in content.split(b"\0") if pair}
        assert names <= {b"PYTHONPATH", b"LD_LIBRARY_PATH", b"PYTHONHOME", b"LC_CTYPE", b"HOME"}
        assert b"canary" not in content

    def test_no_file_but_its_pipes(self, pool: Readers) -> None:
        opened = {link.name: os.readlink(link) for link in Path(f"/proc/{process_of(pool)}/fd").iterdir()}
        assert opened.keys() == {"0", "1", "2", "3"}
        assert opened["2"] == "/dev/null"
        assert opened["3"].endswith("/statm")

    def test_the_limits_of_the_system(self, pool: Readers) -> None:
        process = process_of(pool)
        for limit in (resource.RLIMIT_CORE, resource.RLIMIT_FSIZE, resource.RLIMIT_NPROC):
            assert resource.prlimit(process, limit) == (0, 0)
        assert resource.prlimit(process, resource.RLIMIT_CPU)[1] <= child.MOST_SECONDS + 4
        used = int(Path(f"/proc/{process}/statm").read_text().split()[0]) * resource.getpagesize()
        room = resource.prlimit(process, resource.RLIMIT_AS)[1] - used
        assert (240 << 20) < room <= (256 << 20)

    def test_none_of_the_large_libraries(self) -> None:
        program = "import sys, helpdesk_tui.mail.child; print(*{name.partition('.')[0] for name in sys.modules})"
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
        assert not {
            "textual",
            "rich",
            "typer",
            "sqlmodel",
            "sqlalchemy",
            "imapclient",
            "pydantic",
            "socket",
            "ssl",
        } & set(done.stdout.split())

    def test_it_ends_with_its_parent(self) -> None:
        program = (
            "import os, signal; from tests.mail.test_guarded_reading import *\n"
            "pool = Readers(1); told([a_mail()], pool); print(process_of(pool), flush=True)\n"
            "os.kill(os.getpid(), signal.SIGKILL)"
        )
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
        assert done.returncode == -signal.SIGKILL
        wait_until(lambda: not Path(f"/proc/{done.stdout.strip()}/status").exists())

    def test_an_interrupt_from_the_keyboard_is_not_for_it(self, pool: Readers) -> None:
        os.kill(process_of(pool), signal.SIGINT)
        assert told([a_mail("Still here")], pool) == ["Still here"]

    @pytest.mark.skipif(shutil.which("strace") is None, reason="NOT TESTED: what it asks of the system (no strace)")
    def test_it_opens_no_connection_and_starts_no_program(self, tmp_path: Path) -> None:
        mails = [raw for bad in BAD_INPUTS.values() if len(raw := bad.make()) <= 64 * 1024]
        requests = b"".join(frames.HEAD.pack(0, 0, len(raw)) + raw for raw in mails)
        log = tmp_path / "calls"
        words = ["strace", "-f", "-o", str(log), "-e", "trace=network,process,openat", sys.executable, "-s", "-P", "-m"]
        done = subprocess.run(
            [*words, "helpdesk_tui.mail.child", "2", str(256 << 20), ""],
            input=requests,
            capture_output=True,
            check=True,
            env=reader._OWN,
        )
        received = bytearray(done.stdout)
        assert sum(1 for _frame in iter(lambda: frames.take(received), None)) == 1 + len(mails)
        calls = log.read_text().splitlines()
        assert not [one for one in calls if any(f" {name}(" in one for name in ("socket", "connect", "clone", "fork"))]
        assert len([one for one in calls if "execve(" in one]) == 1
        assert not [one for one in calls if "openat(" in one and ("O_WRONLY" in one or "O_RDWR" in one)]


def wait_until(is_so: Callable[[], bool], seconds: float = 20) -> None:
    """Wait for something that another process does."""
    ends_at = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < ends_at
        time.sleep(0.01)
