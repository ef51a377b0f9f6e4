"""An mbox file that is polled: it grows, is locked, cut, replaced, and never written to."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

import pytest

from helpdesk_tui.config import MailboxSettings
from helpdesk_tui.errors import HelpdeskError, Temporary, Usage
from helpdesk_tui.mail import mbox
from helpdesk_tui.mail.mailbox import Mailbox, open_mailbox
from helpdesk_tui.mail.mbox import MboxMailbox
from helpdesk_tui.mail.mbox_file import MboxMail, mails_in
from tests.build import a_mail as a_whole_mail
from tests.mail.installation import Installation
from tests.mail.servers import contents, waiting
from tests.mail.test_poller_troubles import running, tickets
from tests.services.hosting import wait_until

HOLDER = """
import fcntl, sys, time
file = open(sys.argv[1], "r+b")
fcntl.lockf(file, fcntl.LOCK_EX)
print("locked", flush=True)
time.sleep(60)
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "spool"


@pytest.fixture
def box(file: Path) -> Iterator[Mailbox]:
    write(file, a_mail(1))
    with open_mailbox(settings(file)) as opened:
        yield opened


def settings(file: Path, after: str = "seen") -> MailboxSettings:
    return MailboxSettings("support", path=str(file), after=after)


def a_mail(number: int, body: str = "Hello.\n") -> bytes:
    return b"Subject: mail %d\nMessage-ID: <%d@example.org>\n\n" % (number, number) + body.encode()


def write(file: Path, *mails: bytes, mode: str = "ab") -> None:
    """Append mails as a mail server does (mboxrd), some time ago."""
    with open(file, mode) as opened:
        for mail in mails:
            quoted = mail.replace(b"\nFrom ", b"\n>From ").replace(b"\n>>From ", b"\n>>>From ")
            opened.write(b"From mira@customer.example Mon Nov 23 10:00:00 2026\n" + quoted + b"\n")
    os.utime(file, (1_700_000_000, 1_700_000_000 + file.stat().st_size))


class TestReading:
    def test_mails_come_as_they_were_put_in_and_the_file_stays_as_it_is(self, file: Path) -> None:
        mails = [a_mail(1), a_mail(2, "From here on.\nFrom there.\n"), a_mail(3, "\n\nempty lines\n")]
        write(file, *mails)
        before = file.read_bytes()
        with open_mailbox(settings(file)) as box:
            assert contents(box) == mails
            box.done(box.uids())
            ((first, *_others),) = box.fetch(box.uids())
        assert first.received_at == datetime(2026, 11, 23, 10, tzinfo=UTC)
        assert file.read_bytes() == before

    def test_it_is_read_on_where_it_grows(self, file: Path, box: Mailbox, monkeypatch: pytest.MonkeyPatch) -> None:
        (first,) = box.uids()
        starts: list[int] = []

        def read_from(opened: BinaryIO, at: int = 0) -> Iterator[MboxMail]:
            starts.append(at)
            return mails_in(opened, at)

        monkeypatch.setattr(mbox, "mails_in", read_from)
        size = file.stat().st_size
        write(file, a_mail(2), a_mail(3))
        uids = box.uids()
        assert (len(uids), uids[0], starts) == (3, first, [size])
        assert contents(box, uids[1:]) == [a_mail(2), a_mail(3)]
        assert box.remarks == []

    def test_uids_are_the_same_in_another_run_and_at_another_place(self, file: Path, box: Mailbox) -> None:
        (uid,) = box.uids()
        write(file, a_mail(2), a_mail(1), mode="wb")
        with open_mailbox(settings(file)) as again:
            assert again.uids()[1] == uid

    @pytest.mark.parametrize("how", ["truncated", "replaced", "rewritten"])
    def test_another_file_is_noticed_and_read_from_its_beginning(self, file: Path, box: Mailbox, how: str) -> None:
        write(file, a_mail(2))
        before = box.uids()
        if how == "truncated":
            write(file, a_mail(3), mode="wb")
        elif how == "replaced":
            file.rename(file.with_name("old"))
            write(file, a_mail(3), a_mail(4), a_mail(5))
        else:
            write(file, a_mail(2), a_mail(3), a_mail(1), mode="wb")
        uids = box.uids()
        assert set(uids) - set(before)
        assert a_mail(3) in contents(box, uids)
        assert "is another file than before" in box.remarks[0]
        assert box.uids() == uids
        assert box.remarks == []

    def test_a_file_that_is_emptied_and_filled_again(self, file: Path, box: Mailbox) -> None:
        box.uids()
        file.write_bytes(b"")
        assert box.uids() == []
        write(file, a_mail(2))
        assert contents(box) == [a_mail(2)]

    def test_a_mail_that_is_changed_between_looking_and_fetching_is_left_out(self, file: Path, box: Mailbox) -> None:
        uids = box.uids()
        write(file, a_mail(7), mode="wb")
        assert list(box.fetch(uids)) == []

    def test_the_last_mail_waits_until_it_is_whole(self, file: Path, box: Mailbox) -> None:
        box.uids()
        with open(file, "ab") as opened:
            opened.write(b"From a@b.example Mon Nov 23 10:00:00 2026\nSubject: half\n\nHalf")
        assert len(box.uids()) == 1
        with open(file, "ab") as opened:
            opened.write(b" and half.\n\n")
        os.utime(file, (1_700_000_000, 1_700_000_000))
        assert contents(box)[1] == b"Subject: half\n\nHalf and half.\n"

    def test_a_mail_that_goes_on_behind_where_it_was_read_to_comes_in_whole(self, file: Path, box: Mailbox) -> None:
        box.uids()
        with open(file, "ab") as opened:
            opened.write(b"and more.\n\n")
        os.utime(file, (1_700_000_000, 1_700_000_000))
        (mail,) = contents(box)
        assert mail.endswith(b"and more.\n")


class TestLocks:
    def test_who_writes_is_waited_for(self, file: Path, box: MboxMailbox, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(mbox, "_LOCK_SECONDS", 0.5)
        with subprocess.Popen([sys.executable, "-c", HOLDER, str(file)], stdout=subprocess.PIPE) as holder:
            assert holder.stdout
            assert holder.stdout.readline() == b"locked\n"
            try:
                with pytest.raises(Temporary, match="is locked by another program"):
                    box.uids()
            finally:
                holder.kill()
        assert len(box.uids()) == 1

    def test_a_lock_file_counts_until_it_is_forgotten(
        self, file: Path, box: Mailbox, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(mbox, "_LOCK_SECONDS", 0.5)
        lock = file.with_name("spool.lock")
        lock.touch()
        with pytest.raises(Temporary, match="locked"):
            box.uids()
        os.utime(lock, (1, 1))
        assert len(box.uids()) == 1

    def test_it_is_locked_while_it_is_read_and_free_again_afterwards(self, file: Path, box: Mailbox) -> None:
        uids = box.uids()
        try_it = "import fcntl,sys; fcntl.lockf(open(sys.argv[1],'r+b'), fcntl.LOCK_EX | fcntl.LOCK_NB)"
        with box._opened():  # type: ignore[attr-defined]
            assert subprocess.run([sys.executable, "-c", try_it, file], stderr=subprocess.DEVNULL).returncode
        list(box.fetch(uids))
        assert not subprocess.run([sys.executable, "-c", try_it, file]).returncode


class TestWhatIsWrong:
    def test_a_file_that_is_none(self, file: Path) -> None:
        file.write_bytes(b"Hello, this is a letter.\n")
        with open_mailbox(settings(file)) as box, pytest.raises(HelpdeskError, match="does not begin as an mbox"):
            box.uids()

    def test_a_file_that_goes_away_and_comes_back(self, file: Path, box: Mailbox) -> None:
        box.uids()
        file.rename(file.with_name("gone"))
        with pytest.raises(HelpdeskError, match=r"Mailbox support: .*No such file"):
            box.uids()
        with pytest.raises(HelpdeskError):
            box.wait(30)
        write(file, a_mail(2))
        assert contents(box) == [a_mail(2)]

    def test_a_pipe_in_its_place_holds_nobody_up(self, file: Path, box: Mailbox) -> None:
        file.unlink()
        os.mkfifo(file)
        with pytest.raises(HelpdeskError, match="not a plain file"):
            box.uids()

    def test_move_is_not_for_mbox_files(self, file: Path) -> None:
        write(file, a_mail(1))
        with pytest.raises(Usage, match="not moved"):
            open_mailbox(settings(file, after="move:Done"))

    @pytest.mark.parametrize("piece", [b"a", b" ", b"<", b">", b"\n", b"=", b"-", b"(", b"From ", b">From \n"])
    def test_a_file_of_one_sign_again_and_again_is_read_in_time(self, file: Path, piece: bytes) -> None:
        file.write_bytes(b"From a Mon Nov 23 10:00:00 2026\nSubject: x\n\n" + piece * 60_000)
        os.utime(file, (1_700_000_000, 1_700_000_000))
        begun = time.monotonic()
        with open_mailbox(settings(file)) as box:
            assert contents(box)
        assert time.monotonic() - begun < 2


class TestWaiting:
    def test_mail_that_arrives_meanwhile_ends_it(self, file: Path, box: MboxMailbox) -> None:
        box.uids()
        with waiting(box, 30) as outcome:
            write(file, a_mail(2))
        assert outcome == [True]

    def test_a_mail_that_was_not_whole_ends_it(self, file: Path, box: Mailbox, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(mbox, "_FRESH_SECONDS", 0.5)
        write(file, a_mail(2))
        file.touch()
        assert len(box.uids()) == 1
        assert box.wait(30)
        assert len(box.uids()) == 2

    def test_it_ends_by_itself_or_by_another_thread(self, box: Mailbox) -> None:
        box.uids()
        assert not box.wait(0.3)
        box.stop_waiting()
        assert not box.wait(30)


def test_a_spool_is_polled_for_good_and_each_mail_is_one_ticket(
    small_installation: Installation, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mbox, "_FRESH_SECONDS", 0.3)
    mails = [a_whole_mail(f"This is mail {number}.") for number in range(4)]
    write(file, mails[0])
    small_installation.mailboxes = (MailboxSettings("spool", path=str(file)),)
    with running(small_installation):
        wait_until(lambda: tickets(small_installation) == 1, "the first is in")
        write(file, mails[1])
        wait_until(lambda: tickets(small_installation) == 2, "the second is in")
        write(file, mails[1], mails[2], mode="wb")
        wait_until(lambda: tickets(small_installation) == 3, "the third is in, of another file")
    write(file, mails[3])
    assert small_installation.poll_well() == {"new": 1}
    assert small_installation.poll_well() == {}
    kept = {bytes(row.body) for row in small_installation.sql("SELECT body FROM content")}
    assert kept == set(mails)
