"""Maildirs: one that is polled, and one that takes outgoing mail."""

from __future__ import annotations

import os
import socket
import tempfile
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from helpdesk_tui.config import MailboxSettings
from helpdesk_tui.errors import HelpdeskError, Usage
from helpdesk_tui.mail.mailbox import MAX_MAIL_BYTES, Mailbox, open_mailbox
from helpdesk_tui.mail.maildir import MaildirMailbox, MaildirTransport
from helpdesk_tui.mail.smtp import SendResult
from helpdesk_tui.terms import OutboxState
from tests.mail.servers import an_outgoing_mail, contents, waiting

NOBODY = 65534


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("cur", "new", "tmp"):
        (tmp_path / "Maildir" / name).mkdir(parents=True)
    return tmp_path / "Maildir"


@pytest.fixture
def box(folder: Path) -> Iterator[Mailbox]:
    with open_mailbox(settings(folder)) as opened:
        yield opened


def settings(folder: Path, after: str = "seen", batch_bytes: int = 8_000_000) -> MailboxSettings:
    return MailboxSettings("support", path=str(folder), after=after, batch_bytes=batch_bytes)


def put(folder: Path, name: str, content: bytes = b"Hi\r\n", age: int = 0) -> Path:
    file = folder / name
    file.write_bytes(content)
    os.utime(file, (1_700_000_000 - age, 1_700_000_000 - age))
    return file


def names(folder: Path) -> list[str]:
    return sorted(f"{file.parent.name}/{file.name}" for file in folder.glob("*/*"))


class TestReading:
    def test_mails_come_oldest_first_and_byte_for_byte(self, folder: Path, box: Mailbox) -> None:
        odd = bytes(range(256)) + b"\n.\r\n"
        put(folder, "new/2.B.host", odd, age=10)
        put(folder, "cur/1.A.host:2,S", b"older\n", age=20)
        put(folder, "new/9.C.host", b"", age=0)
        (mails,) = box.fetch(box.uids())
        assert [mail.content for mail in mails] == [b"older\n", odd, b""]
        assert mails[1].received_at == datetime.fromtimestamp(1_700_000_000 - 10, UTC)
        assert {mail.uidvalidity for mail in mails} == {box.uidvalidity} == {1}

    def test_a_uid_stays_when_flags_change_and_in_another_run(self, folder: Path, box: Mailbox) -> None:
        file = put(folder, "new/1.A.host")
        before = box.uids()
        file.rename(folder / "cur/1.A.host:2,FRS")
        assert contents(box, before) == [b"Hi\r\n"]
        assert before == box.uids() == [529622569817621562]
        assert all(0 < uid < 2**63 for uid in before)

    def test_a_mail_that_vanished_is_left_out(self, folder: Path, box: Mailbox) -> None:
        gone = put(folder, "new/1.A.host", b"gone", age=1)
        put(folder, "new/2.B.host", b"there")
        uids = box.uids()
        gone.unlink()
        assert contents(box, [*uids, 4711]) == [b"there"]
        box.done([*uids, 4711])
        assert names(folder) == ["cur/2.B.host:2,S"]

    def test_a_batch_holds_no_more_than_allowed(self, folder: Path) -> None:
        for number in range(60):
            put(folder, f"new/{number}.A.host", b"x" * (1000 if number == 5 else 10), age=100 - number)
        with open_mailbox(settings(folder, batch_bytes=300)) as box:
            assert [len(batch) for batch in box.fetch(box.uids())] == [5, 1, 30, 24]
        with open_mailbox(settings(folder)) as box:
            assert [len(batch) for batch in box.fetch(box.uids())] == [50, 10]

    def test_half_written_mail_and_hidden_files_are_not_there(self, folder: Path, box: Mailbox) -> None:
        put(folder, "tmp/1.A.host")
        put(folder, "new/.nfs0001")
        assert box.uids() == []
        assert box.problems == []

    def test_what_is_no_plain_file_is_left_alone_and_named(self, folder: Path, box: Mailbox) -> None:
        put(folder, "new/1.A.host")
        (folder / "new/2.link").symlink_to("/etc/passwd")
        os.mkfifo(folder / "new/3.fifo")
        (folder / "cur/4.folder").mkdir()
        with socket.socket(socket.AF_UNIX) as plug:
            plug.bind(str(folder / "new/5.\x1b[31msocket"))
        assert contents(box) == [b"Hi\r\n"]
        assert sorted(box.problems) == [
            f"Mailbox support: {name} was left alone: not a plain file."
            for name in ("2.link", "3.fifo", "4.folder", "5.socket")
        ]
        box.uids()
        assert len(box.problems) == 4

    @pytest.mark.parametrize("trap", ["link", "fifo"])
    def test_a_trap_put_in_the_place_of_a_mail_is_not_followed(self, folder: Path, box: Mailbox, trap: str) -> None:
        file = put(folder, "new/1.A.host")
        uids = box.uids()
        file.unlink()
        file.symlink_to("/etc/passwd") if trap == "link" else os.mkfifo(file)
        assert contents(box, uids) == []
        assert len(box.problems) == 1

    def test_a_mail_that_may_not_be_read_is_named_and_the_others_come(self) -> None:
        with tempfile.TemporaryDirectory(dir="/tmp") as place:
            folder = Path(place)
            for part in ("cur", "new"):
                (folder / part).mkdir()
            put(folder, "new/1.A.host", b"mine").chmod(0)
            put(folder, "new/2.B.host", b"yours").chmod(0o644)
            folder.chmod(0o755)
            if os.geteuid() == 0:
                os.seteuid(NOBODY)
            try:
                with open_mailbox(settings(folder)) as box:
                    assert contents(box) == [b"yours"]
                    assert box.problems == ["Mailbox support: 1.A.host was left alone: Permission denied."]
            finally:
                os.seteuid(os.getuid())

    def test_a_mail_that_is_too_large_is_left_with_a_note(self, folder: Path, box: Mailbox) -> None:
        with open(folder / "new/1.A.host", "wb") as file:
            file.truncate(MAX_MAIL_BYTES + 1)
        assert contents(box) == []
        assert "1.A.host is too large to take in (157286401 bytes)" in box.problems[0]

    def test_names_and_times_beyond_all_bounds(self, folder: Path, box: Mailbox) -> None:
        with open(os.fsencode(folder) + b"/new/\xff\xfe.host", "wb") as file:
            file.write(b"odd name")
        os.utime(put(folder, "new/1.A.host", b"odd time"), (2**40, 2**40))
        assert sorted(contents(box)) == [b"odd name", b"odd time"]
        box.done(box.uids())
        assert len(list((folder / "cur").iterdir())) == 2

    def test_a_mail_that_vanishes_while_others_are_fetched_is_left_out(self, folder: Path, box: Mailbox) -> None:
        for number in range(60):
            put(folder, f"new/{number}.A.host", age=100 - number)
        uids = box.uids()
        batches = box.fetch(uids)
        next(batches)
        (folder / "new/59.A.host").unlink()
        box.done(uids)
        assert [len(batch) for batch in batches] == [9]


class TestDone:
    @pytest.mark.parametrize(
        ("before", "after"),
        [
            ("new/1.A.host", "cur/1.A.host:2,S"),
            ("new/1.A.host:2,", "cur/1.A.host:2,S"),
            ("cur/1.A.host:2,FR", "cur/1.A.host:2,FRS"),
            ("cur/1.A.host:2,S", "cur/1.A.host:2,S"),
            ("cur/1.A.host:1,x", "cur/1.A.host:1,x"),
        ],
    )
    def test_a_mail_gets_the_flag_seen(self, folder: Path, box: Mailbox, before: str, after: str) -> None:
        put(folder, before)
        put(folder, "new/2.B.host", age=-1)
        box.done(box.uids()[:1])
        assert names(folder) == [after, "new/2.B.host"]
        box.done(box.uids()[:1])
        assert names(folder) == [after, "new/2.B.host"]

    def test_it_never_writes_over_another_mail(self, folder: Path, box: Mailbox) -> None:
        put(folder, "new/1.A.host", b"one")
        uids = box.uids()
        put(folder, "cur/1.A.host:2,S", b"other")
        box.done(uids)
        assert names(folder) == ["cur/1.A.host:2,S", "new/1.A.host"]

    def test_leave_changes_nothing(self, folder: Path) -> None:
        put(folder, "new/1.A.host")
        with open_mailbox(settings(folder, after="leave")) as box:
            box.done(box.uids())
        assert names(folder) == ["new/1.A.host"]


class TestWaiting:
    def test_mail_that_arrives_meanwhile_ends_it(self, folder: Path, box: MaildirMailbox) -> None:
        box.uids()
        with waiting(box, 30) as outcome:
            put(folder, "new/1.A.host")
        assert outcome == [True]
        assert contents(box) == [b"Hi\r\n"]

    def test_mail_that_came_since_the_last_look_ends_it(self, folder: Path, box: Mailbox) -> None:
        for number in range(20):
            uids = box.uids()
            put(folder, f"new/{number}.A.host")
            box.done([*uids, 4711])
            assert box.wait(30)
        box.uids()
        assert not box.wait(0)
        assert not box.wait(0.1)

    def test_another_thread_can_end_it(self, box: Mailbox) -> None:
        box.uids()
        begun = time.monotonic()
        threading.Thread(target=box.stop_waiting).start()
        assert not box.wait(30)
        assert time.monotonic() - begun < 5


class TestWhatIsWrong:
    def test_a_folder_that_is_no_maildir(self, tmp_path: Path) -> None:
        with (
            pytest.raises(HelpdeskError, match=r"Mailbox support: .* is not a Maildir"),
            open_mailbox(settings(tmp_path)),
        ):
            pass

    def test_a_folder_that_goes_away(self, folder: Path, box: Mailbox) -> None:
        folder.rename(folder.with_name("gone"))
        with pytest.raises(HelpdeskError, match=r"Mailbox support: .*No such file"):
            box.uids()
        with pytest.raises(HelpdeskError):
            box.wait(30)

    def test_move_is_not_for_maildirs(self, folder: Path) -> None:
        with pytest.raises(Usage, match="not moved"):
            open_mailbox(settings(folder, after="move:Done"))

    def test_a_mailbox_is_somewhere(self) -> None:
        with pytest.raises(Usage, match="neither a host nor a path"):
            open_mailbox(MailboxSettings("support"))


class TestSending:
    def test_a_mail_is_put_where_a_mailbox_finds_it(self, tmp_path: Path) -> None:
        with MaildirTransport(str(tmp_path / "a" / "Sent")) as transport:
            assert [transport.send(an_outgoing_mail(number)) for number in (1, 2)] == [SendResult(OutboxState.SENT)] * 2
        with open_mailbox(settings(tmp_path / "a" / "Sent")) as box:
            assert sorted(contents(box)) == [an_outgoing_mail(1).content, an_outgoing_mail(2).content]
        assert not list((tmp_path / "a" / "Sent" / "tmp").iterdir())

    def test_what_cannot_be_written_is_tried_again(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("")
        with MaildirTransport(str(tmp_path / "file")) as transport:
            outcome = transport.send(an_outgoing_mail())
        assert outcome.state is OutboxState.QUEUED
        assert "Not a directory" in outcome.words
