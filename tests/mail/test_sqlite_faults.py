"""F34, F36, F37: a store on SQLite that is locked, may not be written, or is not there any more, while mail comes in."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from helpdesk_tui.store import engine
from tests.build import Proves
from tests.mail.installation import SECONDS, Installation
from tests.mail.places import COMMIT, IMAP, MAILROOM, Step, more_cases
from tests.mail.store_files import copied, moved_away
from tests.mail.twenty_mails import (
    assert_complete,
    assert_confirmed_once,
    assert_told_nothing_too_early,
    deliver_the_day,
    end_state,
    expect_the_day,
    flagged,
    the_day,
)
from tests.services.dovecot import Mailbox
from tests.services.fixtures import NOT_TESTED
from tests.services.hosting import wait_until
from tests.services.smtp import SmtpSink

OUTSIDE = (
    Step("having looked", "after", f"{IMAP}.uids", (1,)),
    Step("fetched", "after", f"{IMAP}._fetch_batch", (1,)),  # the later ones are fetched while others are filed
    Step("kept", "after", f"{MAILROOM}:keep", (1, 4)),
    Step("filed", "after", f"{MAILROOM}:file_each", (1, 4)),
    Step("told", "after", f"{IMAP}.done", (1, 4)),
)
INSIDE = (
    Step("keeping", "after", f"{MAILROOM}:_mark", (2,)),
    Step("filing", "after", f"{MAILROOM}:_file_in_turn", (2, 20)),
    Step("before a commit", "before", COMMIT, (1, 2, 3)),
    Step("after a commit", "after", COMMIT, (1, 2, 3)),
)


@contextmanager
def locked(file: Path) -> Iterator[None]:
    """For the length of the block another program writes and does not come to an end."""
    with closing(sqlite3.connect(file, isolation_level=None, check_same_thread=False)) as other:
        other.execute("BEGIN IMMEDIATE")
        other.execute("UPDATE queue SET name = name")
        yield
        other.rollback()


def locked_for(file: Path, seconds: float) -> threading.Timer:
    """Let another program write from now on, for so long."""
    lock = ExitStack()
    lock.enter_context(locked(file))
    end = threading.Timer(seconds, lock.close)
    end.start()
    return end


class TestLocked:
    """F34."""

    @pytest.mark.parametrize(
        ("place", "step", "turn"), more_cases(OUTSIDE, ("sqlite", "kept", 1), ["sqlite"]), indirect=["place"]
    )
    def test_what_takes_a_moment_is_waited_for(
        self, installation: Installation, mailbox: Mailbox, undisturbed: dict[str, Any], step: Step, turn: int
    ) -> None:
        expect_the_day(installation, mailbox)
        deliver_the_day(mailbox)
        with installation.halted(step.when, step.target, turn) as poller:
            lock = locked_for(installation.store_file, 3)
        lock.join()
        assert (poller.returncode, poller.said) == (0, "20 received, 0 sent\n")
        assert end_state(installation) == undisturbed

    @pytest.mark.long
    def test_for_longer_than_one_waits(
        self, small_installation: Installation, mailbox: Mailbox, undisturbed: dict[str, Any], smtp_sink: SmtpSink
    ) -> None:
        """For 35 s, of which a writer waits 30."""
        expect_the_day(small_installation, mailbox)
        deliver_the_day(mailbox)
        with small_installation.halted("after", f"{MAILROOM}:file_each", 2) as poller:
            lock = locked_for(small_installation.store_file, engine.BUSY_SECONDS + 5)
        lock.join()
        assert poller.returncode == 75
        assert "The store cannot be used now: database is locked" in poller.said
        assert_told_nothing_too_early(small_installation, flagged(mailbox))
        small_installation.poll_well()
        assert end_state(small_installation) == undisturbed
        assert_confirmed_once(small_installation, smtp_sink)

    def test_for_as_long_as_a_round(
        self,
        small_installation: Installation,
        mailbox: Mailbox,
        undisturbed: dict[str, Any],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        expect_the_day(small_installation, mailbox)
        deliver_the_day(mailbox)
        with locked(small_installation.store_file), monkeypatch.context() as impatient:
            impatient.setattr(engine, "BUSY_SECONDS", 0.2)
            done = small_installation.poll()
        assert {error.message for error in done.failures} == {"The store cannot be used now: database is locked"}
        assert flagged(mailbox) == []
        small_installation.poll_well()
        assert end_state(small_installation) == undisturbed


#: What may not be written: the modes of the file and of its folder.
CLOSED = {"the file": (0o400, 0o700), "the folder": (0o600, 0o500), "both": (0o400, 0o500)}


class TestReadOnly:
    """F36."""

    @pytest.mark.sample(3)
    @pytest.mark.parametrize("is_new", [True, False])
    @pytest.mark.parametrize("what", CLOSED)
    def test_it_is_said_and_the_mail_stays_on_the_server(
        self,
        small_installation: Installation,
        mailbox: Mailbox,
        undisturbed: dict[str, Any],
        what: str,
        is_new: bool,
        proves: Proves,
    ) -> None:
        mails = the_day()
        begin_the_day(small_installation, mailbox, mails[: 0 if is_new else 7])
        told = flagged(mailbox)
        deliver(mailbox, mails[0 if is_new else 7 :])
        with closed(small_installation.store_file, *CLOSED[what]):
            ended = polled_with_fewer_rights(small_installation)
        assert ended.returncode == 75, ended
        assert "attempt to write a readonly database" in ended.stderr
        assert "Let your account write the store's file and its folder" in ended.stderr
        assert flagged(mailbox) == told
        small_installation.poll_well()
        assert_complete(small_installation, mails)
        assert end_state(small_installation) == undisturbed
        proves("stores that may not be written", 1)

    def test_a_lock_that_is_another_accounts_is_named(
        self, small_installation: Installation, mailbox: Mailbox, undisturbed: dict[str, Any]
    ) -> None:
        """As root leaves one behind who polled by hand."""
        mails = the_day()
        begin_the_day(small_installation, mailbox, mails[:7])
        deliver(mailbox, mails[7:])
        (lock,) = small_installation.store_file.parent.glob("*.mailbox-inbox.*.lock")
        lock.chmod(0)
        ended = polled_with_fewer_rights(small_installation)
        assert ended.returncode == 75, ended
        assert f"The lock {lock} cannot be used: Permission denied." in ended.stderr
        assert "Let your account write it" in ended.stderr
        lock.chmod(0o600)
        small_installation.poll_well()
        assert end_state(small_installation) == undisturbed


def begin_the_day(installation: Installation, mailbox: Mailbox, mails: list[bytes]) -> None:
    """Take in the first mails of the day."""
    ca_file = Path(shutil.copy(mailbox.ca_file, installation.folder))  # the server's own is closed to others
    expect_the_day(installation, mailbox, ca_file=str(ca_file))
    deliver(mailbox, mails)
    installation.poll_well()
    installation.look_anew()


def deliver(mailbox: Mailbox, mails: list[bytes]) -> None:
    """Put these into the mailbox."""
    for mail in mails:
        mailbox.put(mail)


@contextmanager
def closed(file: Path, file_mode: int, folder_mode: int) -> Iterator[None]:
    """For the length of the block, the file and its folder have these modes."""
    file.chmod(file_mode)
    file.parent.chmod(folder_mode)
    try:
        yield
    finally:
        file.parent.chmod(0o700)
        file.chmod(0o600)


def polled_with_fewer_rights(installation: Installation) -> subprocess.CompletedProcess[str]:
    """Poll once as somebody whom the modes of files bind, also where the tests run as root."""
    bound: list[str] = []
    if os.geteuid() == 0:
        if not (setpriv := shutil.which("setpriv")):
            pytest.skip(f"{NOT_TESTED}a store that may not be written (as root: apt-get install util-linux)")
        bound = [setpriv, "--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-all"]
    return subprocess.run(
        [*bound, sys.executable, "-m", "helpdesk_tui", *installation.argv("poll", "--once")],
        cwd=installation.folder,
        env=installation.environment_of_a_process(),
        text=True,
        capture_output=True,
        timeout=SECONDS,
        check=False,
    )


class TestAnotherFile:
    """F37."""

    @pytest.mark.parametrize("fate", ["moved away", "removed", "replaced"])
    @pytest.mark.parametrize(
        ("place", "step", "turn"),
        more_cases((*OUTSIDE, *INSIDE), ("sqlite", "before a commit", 2), ["sqlite"]),
        indirect=["place"],
    )
    def test_it_is_said_and_the_server_is_told_nothing_more(
        self,
        installation: Installation,
        mailbox: Mailbox,
        undisturbed: dict[str, Any],
        smtp_sink: SmtpSink,
        tmp_path: Path,
        step: Step,
        turn: int,
        fate: str,
        proves: Proves,
    ) -> None:
        expect_the_day(installation, mailbox)
        installation.look_anew()
        file = installation.store_file
        backup = copied(file, tmp_path / "backup")
        deliver_the_day(mailbox)
        with installation.halted(step.when, step.target, turn) as poller:
            told = flagged(mailbox)
            moved = moved_away(file, tmp_path / "elsewhere")
            if fate == "replaced":
                copied(backup, file.parent)
        assert poller.returncode == 75, poller
        assert "was removed or replaced while it was" in poller.said
        assert flagged(mailbox) == told
        assert file.exists() == (fate == "replaced")
        if fate == "moved away":
            moved_away(moved, file.parent)
        elif fate == "removed":
            copied(backup, file.parent)
        installation.poll_well()
        assert_complete(installation, the_day())
        assert end_state(installation) == undisturbed
        assert_confirmed_once(installation, smtp_sink)
        proves("stores taken away", 1)

    def test_a_poller_that_runs_goes_on_when_it_is_back(
        self, small_installation: Installation, mailbox: Mailbox, tmp_path: Path
    ) -> None:
        expect_the_day(small_installation, mailbox)
        mails = the_day()
        with small_installation.polling() as poller:
            for mail in mails[:10]:
                mailbox.deliver(mail)
            wait_until(lambda: len(flagged(mailbox)) == 10, "half of the day is told", 60)
            small_installation.look_anew()
            file = small_installation.store_file
            moved = moved_away(file, tmp_path / "elsewhere")
            for mail in mails[10:]:
                mailbox.deliver(mail)
            assert poller.stderr is not None
            while "was removed or replaced while it was open" not in poller.stderr.readline():
                assert poller.poll() is None
            assert len(flagged(mailbox)) == 10
            assert not file.exists()
            moved_away(moved, file.parent)
            wait_until(lambda: len(flagged(mailbox)) == 20, "the whole day is told", 60)
