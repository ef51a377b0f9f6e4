"""F35: the disk is full at any write of the day; what did not fit comes in as soon as there is room again."""

from __future__ import annotations

import os
import random
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.build import Proves
from tests.mail.installation import Installation
from tests.mail.narrow import poll_with_room
from tests.mail.store_files import FRAME, LOG_HEAD, at, copied, frames, log_of
from tests.mail.twenty_mails import (
    assert_complete,
    assert_told_nothing_too_early,
    deliver_the_day,
    end_state,
    expect_the_day,
    flagged,
    the_day,
)
from tests.services.dovecot import DovecotServer, Mailbox
from tests.services.fixtures import NOT_TESTED

#: The long proof is cut in so many, each of every so manyth write.
SHARES = 8
FEW = 3
SHARE = [pytest.param(None, id="a few"), *(pytest.param(one, marks=pytest.mark.long) for one in range(SHARES))]
PAGE = 4096
#: Beside the log, the index of the log takes so many pages.
INDEX = 8


@pytest.fixture
def morning(small_installation: Installation, mailbox: Mailbox) -> Path:
    """The store before the day."""
    expect_the_day(small_installation, mailbox)
    small_installation.look_anew()
    return small_installation.store_file


@pytest.mark.parametrize("share", SHARE)
def test_no_file_may_grow(
    small_installation: Installation,
    dovecot_server: DovecotServer,
    morning: Path,
    undisturbed: dict[str, Any],
    tmp_path: Path,
    share: int | None,
    proves: Proves,
) -> None:
    for write in writes(small_installation, dovecot_server, copied(morning, tmp_path / "all"), share):
        file = copied(morning, tmp_path / f"write {write}")
        with small_installation.on(at(file)) as disturbed:
            mailbox = expecting(disturbed, dovecot_server)
            is_well = poll_with_room(disturbed, LOG_HEAD + write * FRAME + 1)
            assert not is_well, f"write {write} did not fail"
            assert_comes_in(disturbed, mailbox, undisturbed)
        proves("failed writes", 1)


@pytest.mark.parametrize("share", SHARE)
def test_the_disk_has_no_room(
    small_installation: Installation,
    dovecot_server: DovecotServer,
    morning: Path,
    undisturbed: dict[str, Any],
    tmp_path: Path,
    share: int | None,
    proves: Proves,
) -> None:
    own = -(-morning.stat().st_size // PAGE)
    for write in writes(small_installation, dovecot_server, copied(morning, tmp_path / "all"), share):
        with disk(tmp_path / "disk", (own + INDEX + write) * PAGE) as folder:
            file = copied(morning, folder)
            with small_installation.on(at(file)) as disturbed:
                mailbox = expecting(disturbed, dovecot_server)
                is_well = poll_with_room(disturbed)
                assert not is_well, f"there was room for write {write}"
                resize(folder, 64 << 20)
                assert_comes_in(disturbed, mailbox, undisturbed)
        proves("full disks", 1)


def writes(installation: Installation, server: DovecotServer, file: Path, share: int | None) -> list[int]:
    """The numbers of the writes of the day that are to fail."""
    with installation.on(at(file)) as free:
        expecting(free, server)
        with free.halted("before", "helpdesk_tui.mail.intake:sign_round", 1):
            every = range(frames(log_of(file).read_bytes()))
    return random.Random(35).sample(every, FEW) if share is None else list(every[share::SHARES])


def expecting(installation: Installation, server: DovecotServer) -> Mailbox:
    """A mailbox of its own with the whole day in it, from which the help desk fetches."""
    mailbox = server.new_mailbox()
    (settings,) = installation.mailboxes
    installation.mailboxes = ()
    installation.fetch_from(mailbox, since=settings.since)
    deliver_the_day(mailbox)
    return mailbox


def assert_comes_in(installation: Installation, mailbox: Mailbox, undisturbed: dict[str, Any]) -> None:
    """With room again all is as if there had been room all along."""
    assert_told_nothing_too_early(installation, flagged(mailbox))
    installation.poll_well()
    assert_complete(installation, the_day())
    assert end_state(installation) == undisturbed
    assert len(flagged(mailbox)) == len(the_day())


@contextmanager
def disk(folder: Path, size: int) -> Iterator[Path]:
    """A disk of so many bytes, for the length of the block."""
    folder.mkdir(exist_ok=True)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size},mode=0700", "helpdesk", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip(f"{NOT_TESTED}a small disk (only root may mount one, and not in every container)")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def resize(folder: Path, size: int) -> None:
    """Make room on such a disk."""
    subprocess.run(["mount", "-o", f"remount,size={size}", str(folder)], check=True)
