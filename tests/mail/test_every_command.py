"""F13: whichever IMAP command fails, and however, the next round finds everything as if nothing had been."""

from __future__ import annotations

import random
from typing import Any

import pytest

from tests.build import Proves
from tests.mail.failing_line import ANSWERS, failing_line
from tests.mail.installation import Installation
from tests.mail.twenty_mails import (
    assert_complete,
    assert_told_nothing_too_early,
    deliver_the_day,
    end_state,
    expect_the_day,
    flagged,
    the_day,
)
from tests.services.dovecot import Mailbox

pytestmark = pytest.mark.one_store

#: What a round of twenty mails in four batches asks for.
ROUND = (
    "CAPABILITY", "AUTHENTICATE PLAIN", "SELECT", "SELECT", "NOOP", "UID SEARCH", "UID FETCH",
    "UID FETCH", *("UID FETCH", "UID STORE") * 3, "UID STORE", "LOGOUT",
)  # fmt: skip
MATRIX = [
    (store, how, after, number)
    for store in ("sqlite", "postgres")
    for how in ANSWERS
    for after in ("seen", "move:Archive")
    for number in range(1, len(ROUND) + 1)
]
DRAWN = random.Random(13).sample(MATRIX, 8)


def cases() -> list[Any]:
    """Every command, every way to fail, both things to do afterwards, both stores."""
    return [
        pytest.param(*case, marks=() if case in DRAWN else pytest.mark.long, id="-".join(map(str, case)))
        for case in MATRIX
    ]


def test_a_round_is_made_of_these_commands(small_installation: Installation, mailbox: Mailbox) -> None:
    deliver_the_day(mailbox)
    with failing_line(mailbox) as (port, line):
        small_installation.fetch_from(mailbox, port=port, security="none")
        small_installation.poll_well()
    assert tuple(line.commands) == ROUND


@pytest.mark.parametrize(("place", "how", "after", "number"), cases(), indirect=["place"])
def test_it_fails_and_nothing_is_lost_or_twice_there(
    installation: Installation,
    mailbox: Mailbox,
    undisturbed: dict[str, Any],
    how: str,
    after: str,
    number: int,
    proves: Proves,
) -> None:
    deliver_the_day(mailbox)
    with failing_line(mailbox, number, how) as (port, line):
        expect_the_day(installation, mailbox, port=port, security="none", after=after)
        installation.poll()
    assert len(line.commands) >= number
    told = flagged(mailbox) + [raw for *_rest, raw in mailbox.messages("Archive")]
    assert_told_nothing_too_early(installation, told)
    installation.set_mailbox(port=mailbox.port, security="tls")
    installation.poll_well()
    there = [raw for folder in ("INBOX", "Archive") for *_rest, raw in mailbox.messages(folder)]
    assert_complete(installation, there)
    assert end_state(installation) == undisturbed
    assert len(flagged(mailbox) if after == "seen" else mailbox.messages("Archive")) == len(the_day())
    proves("failed commands", 1)
