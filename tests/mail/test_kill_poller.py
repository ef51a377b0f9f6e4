"""A poller that is killed at any step of its way loses no mail, doubles none, and tells the server nothing too early."""

from __future__ import annotations

import random
from typing import Any

import pytest

from tests.build import Proves
from tests.mail.installation import Installation
from tests.mail.places import AFTER, ASKED, COMMIT, IMAP, MAILROOM, READERS, Step, is_there, more_cases
from tests.mail.servers import changed_on_the_way
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
from tests.services.smtp import SmtpSink

BATCHES = (1, 2, 4)
MAILS = (1, 2, 20)
#: A batch is kept by one commit, its five mails are filed by one, and another one notes that the server knows.
COMMITS = (1, 2, 3, 11, 12)
SAMPLE = 6

WAY = (
    Step("connecting", "before", f"{IMAP}.__enter__", (1,)),
    Step("looking", "before", "imapclient:IMAPClient.search", (1,)),
    Step("having looked", "after", f"{IMAP}.uids", (1,)),
    Step("within a literal", "before", "helpdesk_tui.mail.imap_wire:Wire.read", MAILS),
    Step("fetched", "after", f"{IMAP}._fetch_batch", BATCHES),
    Step("before keeping", "before", f"{MAILROOM}:keep", BATCHES),
    Step("keeping", "after", f"{MAILROOM}:_mark", MAILS),
    Step("kept", "after", f"{MAILROOM}:keep", BATCHES),
    Step("reading", "after", ASKED, MAILS),
    Step("read", "after", f"{READERS}:_Work.take", MAILS),
    Step("filing", "after", f"{MAILROOM}:_file_in_turn", (1, 2, 5, 20)),
    Step("filed", "after", f"{MAILROOM}:file_each", BATCHES),
    Step("before telling", "before", f"{IMAP}.done", BATCHES),
    Step("told", "after", f"{IMAP}.done", BATCHES),
    Step("noted", "after", f"{MAILROOM}:mark_done", BATCHES),
    Step("before a commit", "before", COMMIT, COMMITS),
    Step("after a commit", "after", COMMIT, COMMITS),
    Step("signing", "before", "helpdesk_tui.mail.intake:sign_round", (1,)),
)
MATRIX = [(store, step, turn) for store in ("sqlite", "postgres") for step in WAY for turn in step.turns]
#: What `make test` runs: drawn once and for all.
DRAWN = random.Random(20).sample(MATRIX, SAMPLE)


def cases() -> list[Any]:
    """Every store, step and turn; those that were not drawn take long in all."""
    assert all(map(is_there, WAY)), [step.target for step in WAY if not is_there(step)]
    return [
        pytest.param(*case, marks=() if case in DRAWN else pytest.mark.long, id=f"{case[0]}-{case[1].name}-{case[2]}")
        for case in MATRIX
    ]


@pytest.mark.parametrize(("place", "step", "turn"), cases(), indirect=["place"])
def test_a_poller_killed_on_the_way_leaves_nothing_undone(
    installation: Installation,
    mailbox: Mailbox,
    undisturbed: dict[str, Any],
    smtp_sink: SmtpSink,
    step: Step,
    turn: int,
    proves: Proves,
) -> None:
    expect_the_day(installation, mailbox)
    deliver_the_day(mailbox)
    installation.killed(step.when, step.target, turn)
    assert_told_nothing_too_early(installation, flagged(mailbox))
    installation.poll_well()
    assert_complete(installation, [raw for _uid, _flags, raw in mailbox.messages()])
    assert end_state(installation) == undisturbed
    assert len(flagged(mailbox)) == len(the_day())
    assert_confirmed_once(installation, smtp_sink)
    proves("kills", 1)
    proves("mails, each kept once", len(the_day()))


@pytest.mark.parametrize("turn", [6, pytest.param(7, marks=pytest.mark.long), pytest.param(20, marks=pytest.mark.long)])
@pytest.mark.parametrize("place", ["sqlite", pytest.param("postgres", marks=pytest.mark.long)], indirect=True)
def test_a_child_killed_while_it_reads_costs_nothing(
    installation: Installation, mailbox: Mailbox, undisturbed: dict[str, Any], turn: int, proves: Proves
) -> None:
    expect_the_day(installation, mailbox)
    deliver_the_day(mailbox)
    ended = installation.orphaned("after", ASKED, turn)
    assert (ended.returncode, ended.stdout) == (0, "20 received, 0 sent\n"), ended
    assert_complete(installation, the_day())
    assert end_state(installation) == undisturbed
    proves("killed children", 1)


def test_a_child_killed_as_it_starts_leaves_the_mail_kept(
    small_installation: Installation, mailbox: Mailbox, undisturbed: dict[str, Any]
) -> None:
    expect_the_day(small_installation, mailbox)
    deliver_the_day(mailbox)
    ended = small_installation.orphaned("after", ASKED, 1)
    assert ended.returncode == 75, ended
    assert "It is kept, and filed as soon as it can be read" in ended.stderr
    assert flagged(mailbox) == []
    small_installation.poll_well()
    assert end_state(small_installation) == undisturbed


@pytest.mark.parametrize("place", ["sqlite", pytest.param("postgres", marks=pytest.mark.long)], indirect=True)
def test_a_poller_killed_again_and_again_gets_there_all_the_same(
    installation: Installation, mailbox: Mailbox, undisturbed: dict[str, Any]
) -> None:
    expect_the_day(installation, mailbox)
    deliver_the_day(mailbox)
    for step in (one for one in WAY if one.name in ("keeping", "read", "told")):
        installation.killed(step.when, step.target, 1)
        assert_told_nothing_too_early(installation, flagged(mailbox))
    installation.poll_well()
    assert end_state(installation) == undisturbed


MOVING = (
    Step("before moving", "before", f"{AFTER}:_put_into", (1, 2, 4)),
    Step("moved", "after", f"{AFTER}:_put_into", (1, 2, 4)),
    Step("noted", "after", f"{MAILROOM}:mark_done", (1, 2, 4)),
)
LOOKING_ANEW = (
    Step("looking", "after", f"{IMAP}.uids", (1,)),
    Step("fetched", "after", f"{IMAP}._fetch_batch", BATCHES),
    Step("keeping", "after", f"{MAILROOM}:_mark", MAILS),
    Step("kept", "after", f"{MAILROOM}:keep", BATCHES),
    Step("told", "after", f"{IMAP}.done", BATCHES),
)


@pytest.mark.parametrize(("place", "step", "turn"), more_cases(MOVING, ("postgres", "moved", 2)), indirect=["place"])
def test_a_poller_killed_while_it_moves_mail_away_has_every_mail_in_one_place(
    installation: Installation, mailbox: Mailbox, step: Step, turn: int, proves: Proves
) -> None:
    expect_the_day(installation, mailbox, after="move:Done")
    with mailbox.session() as owner:
        owner.create("Done")
    deliver_the_day(mailbox)
    installation.killed(step.when, step.target, turn)
    assert_told_nothing_too_early(installation, [raw for *_rest, raw in mailbox.messages("Done")])
    installation.poll_well()
    assert_complete(installation, [raw for *_rest, raw in mailbox.messages("Done")])
    assert mailbox.messages() == []
    proves("kills", 1)
    proves("mails, each kept once", len(the_day()))


@pytest.mark.parametrize(
    ("place", "step", "turn"), more_cases(LOOKING_ANEW, ("sqlite", "keeping", 2)), indirect=["place"]
)
def test_a_poller_killed_after_the_server_gave_new_numbers_makes_no_ticket_twice(
    installation: Installation, mailbox: Mailbox, step: Step, turn: int
) -> None:
    expect_the_day(installation, mailbox)
    deliver_the_day(mailbox)
    installation.poll_well()
    before = end_state(installation)
    mailbox.recreate_inbox()
    installation.killed(step.when, step.target, turn)
    installation.poll_well()
    after = end_state(installation)
    again = [row for row in after["seen"] if row[1] == "duplicate"]
    assert sorted(digest for digest, _fate, _is_done in again) == sorted(
        digest for _box, digest, *_how in before["kept"]
    )
    assert {**after, "seen": [row for row in after["seen"] if row not in again]} == before


COPYING = (
    Step("copied", "after", "imapclient:IMAPClient.copy", (1, 4)),
    Step("marked", "after", "imapclient:IMAPClient.add_flags", (1, 2)),
    Step("taken away", "after", "imapclient:IMAPClient.uid_expunge", (1, 4)),
)


@pytest.mark.parametrize(("place", "step", "turn"), more_cases(COPYING, ("sqlite", "copied", 1)), indirect=["place"])
def test_a_poller_killed_between_copying_and_taking_away_has_every_ticket_once(
    installation: Installation, mailbox: Mailbox, step: Step, turn: int, proves: Proves
) -> None:
    """On a server without MOVE a mail may then lie in the other folder twice; here it is one all the same."""
    deliver_the_day(mailbox)
    with mailbox.session() as owner:
        owner.create("Done")
    with changed_on_the_way(mailbox, {b" MOVE": b" XXXX"}) as port:
        expect_the_day(installation, mailbox, port=port, security="none", after="move:Done")
        installation.killed(step.when, step.target, turn)
        copies = [raw for *_rest, raw in mailbox.messages("Done")]
        assert_told_nothing_too_early(installation, copies)
        installation.poll_well()
    moved = [raw for *_rest, raw in mailbox.messages("Done")]
    assert_complete(installation, list(set(moved)))
    assert len(moved) <= len(the_day()) + 5
    assert mailbox.messages() == []
    proves("kills", 1)
