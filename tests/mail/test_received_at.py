"""When a mail was received: a source is believed only as far as that can be."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from helpdesk_tui.config import MailboxSettings
from helpdesk_tui.desk.door import as_stored, from_stored
from helpdesk_tui.desk.history import redo, undo
from helpdesk_tui.desk.mailroom import ArrivedMail
from helpdesk_tui.desk.tickets import set_status
from helpdesk_tui.mail.imap import ImapMailbox
from helpdesk_tui.mail.ingest import take_in
from helpdesk_tui.mail.mailbox import FetchedMail, Mailbox, open_mailbox
from helpdesk_tui.terms import Status
from tests.build import a_mail, row
from tests.mail.installation import Installation
from tests.mail.servers import PASSWORD, ImapScript, serving, settings_at


def the_mail(box: Mailbox) -> FetchedMail:
    ((mail,),) = box.fetch(box.uids())
    return mail


@pytest.mark.parametrize("year", [b"0100", b"0999", b"1969", b"9001", b"9999"])
def test_a_server_that_names_no_possible_year_means_now(monkeypatch: pytest.MonkeyPatch, year: bytes) -> None:
    monkeypatch.setenv(PASSWORD, "secret")
    date = b'INTERNALDATE "01-Jun-' + year + b' 10:00:00 +0000"'
    script = ImapScript({"BODY.PEEK": b"* 1 FETCH (UID 1 " + date + b" BODY[] {2}\r\nok)\r\n"})
    begun = datetime.now(UTC)
    with serving(script) as port, ImapMailbox(settings_at(port)) as box:
        assert begun <= the_mail(box).received_at <= datetime.now(UTC)


@pytest.mark.parametrize("seconds", [-86_400, -1])
def test_a_file_of_no_possible_year_is_of_now(tmp_path: Path, seconds: int) -> None:
    for name in ("cur", "new"):
        (tmp_path / name).mkdir()
    (tmp_path / "new" / "1.A.host").write_bytes(b"Hi\r\n")
    os.utime(tmp_path / "new" / "1.A.host", (seconds, seconds))
    begun = datetime.now(UTC)
    with open_mailbox(MailboxSettings("support", path=str(tmp_path))) as box:
        assert begun <= the_mail(box).received_at <= datetime.now(UTC)


def test_what_came_in_before_the_year_1000_can_be_undone(installation: Installation) -> None:
    arrived = ArrivedMail(a_mail(), datetime(50, 1, 2, tzinfo=UTC))
    number = take_in(installation.system(), "inbox", [arrived])[0].ticket or 0
    before = row(installation.desk(), number)
    set_status(installation.desk(), [number], Status.SOLVED)
    undo(installation.desk())
    assert row(installation.desk(), number).status == before.status
    redo(installation.desk())
    assert row(installation.desk(), number).status is Status.SOLVED


@pytest.mark.parametrize("kept", ["50-01-02T00:00:00.000000Z", "0050-01-02T00:00:00.000000Z"])
def test_an_instant_comes_back_as_it_was_kept(kept: str) -> None:
    instant = datetime(50, 1, 2, tzinfo=UTC)
    assert from_stored("waiting_since", kept) == instant
    assert as_stored(instant) == "0050-01-02T00:00:00.000000Z"
