"""F38: the power fails at any moment: what the disk holds then is opened and polled again."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from tests.build import Proves
from tests.mail.installation import Installation
from tests.mail.store_files import FRAME, LOG_HEAD, at, copied, frames, log_of
from tests.mail.twenty_mails import assert_complete, deliver_the_day, end_state, expect_the_day, flagged, the_day
from tests.services.dovecot import Mailbox

#: The long proof is cut in so many, each of every so manyth moment.
SHARES = 8
FEW = 5
SHARE = [pytest.param(None, id="a few"), *(pytest.param(one, marks=pytest.mark.long) for one in range(SHARES))]


@pytest.mark.parametrize("share", SHARE)
def test_whatever_page_is_written_last(
    small_installation: Installation,
    mailbox: Mailbox,
    undisturbed: dict[str, Any],
    tmp_path: Path,
    share: int | None,
    proves: Proves,
) -> None:
    """Each page of the day is written in turn behind the last one; the one at which the power fails is torn.

    The server was told of all mails, which is more than it can have been told by then.
    """
    expect_the_day(small_installation, mailbox)
    small_installation.look_anew()
    file = small_installation.store_file
    morning = copied(file, tmp_path / "morning")
    deliver_the_day(mailbox)
    with small_installation.halted("before", "helpdesk_tui.mail.intake:sign_round", 1) as poller:
        log = log_of(file).read_bytes()
        assert file.read_bytes() == morning.read_bytes(), "all of the day is in the log"
    assert poller.returncode == 0
    assert len(flagged(mailbox)) == len(the_day())
    chance = random.Random(f"power {share}")
    moments = range(frames(log) + 1)
    for moment in chance.sample(moments, FEW) if share is None else moments[share::SHARES]:
        torn = copied(morning, tmp_path / f"moment {moment}")
        log_of(torn).write_bytes(log[: LOG_HEAD + moment * FRAME + chance.randrange(FRAME)])
        with small_installation.on(at(torn)) as found:
            found.poll_well()
            assert_complete(found, the_day())
            assert end_state(found) == undisturbed
        proves("power losses", 1)
