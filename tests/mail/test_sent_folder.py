"""What we send lies in the Sent folder of its mailbox, once; what is in doubt and lies there has been sent."""

from __future__ import annotations

from typing import NamedTuple

import pytest

from helpdesk_tui.desk.conversation import reply
from helpdesk_tui.mail.copies import fill_sent_folders
from tests.build import a_ticket, thread
from tests.mail.installation import Installation
from tests.services.dovecot import Mailbox
from tests.services.smtp import SmtpSink

pytestmark = pytest.mark.one_store
SENT = "Sent"


class Desk(NamedTuple):
    """A help desk with a mailbox, whose time stands still."""

    installation: Installation
    mailbox: Mailbox
    smtp: SmtpSink

    def answered(self) -> int:
        """A ticket with a reply, handed over if the server takes it."""
        number = a_ticket(self.installation.desk())
        reply(self.installation.desk(), number, "Grüße\n.\nfrom here")
        self.installation.poll()
        return number

    def looked(self, seconds: int = 21) -> int:
        """Let time pass, then see to the Sent folder."""
        self.installation.place.clock.advance(seconds=seconds)
        return fill_sent_folders(self.installation.system(), self.installation.settings)

    def delivery(self, number: int) -> str | None:
        """How far the reply has come."""
        return thread(self.installation.desk(), number)[-1].delivery


@pytest.fixture
def desk(installation: Installation, mailbox: Mailbox, smtp_sink: SmtpSink) -> Desk:
    installation.clock = installation.place.clock
    installation.send_through(smtp_sink)
    installation.fetch_from(mailbox, sent_folder=SENT)
    return Desk(installation, mailbox, smtp_sink)


def test_a_copy_lies_there_once_and_as_read(desk: Desk) -> None:
    desk.answered()
    assert desk.looked() == 1
    assert desk.looked() == 0
    ((_uid, flags, content),) = desk.mailbox.messages(SENT)
    assert content == desk.smtp.messages[0].raw
    assert b"\\Seen" in flags


def test_a_server_that_puts_it_there_itself_gets_no_second_one(desk: Desk) -> None:
    desk.answered()
    desk.mailbox.put(desk.smtp.messages[0].raw, SENT)
    assert desk.looked() == 1
    assert len(desk.mailbox.messages(SENT)) == 1


def test_a_folder_that_is_not_there_costs_no_mail_and_is_tried_again(desk: Desk) -> None:
    desk.installation.set_mailbox(sent_folder="Post out")
    number = desk.answered()
    assert desk.looked() == 0
    assert desk.delivery(number) == "sent"
    with desk.mailbox.session() as imap:
        imap.create('"Post out"')
    assert desk.looked(seconds=10) == 0, "not at once"
    assert desk.looked(seconds=60) == 1


def test_the_folder_can_be_the_one_the_server_calls_so(desk: Desk) -> None:
    desk.installation.set_mailbox(sent_folder="auto")
    desk.answered()
    assert desk.looked() == 1
    assert len(desk.mailbox.messages(SENT)) == 1


def test_a_mail_in_doubt_that_lies_there_has_been_sent(desk: Desk) -> None:
    desk.smtp.drop_after_data(stores=True)
    number = desk.answered()
    assert desk.delivery(number) == "unsure"
    desk.mailbox.put(desk.smtp.messages[0].raw, SENT)
    assert desk.looked() == 1
    assert desk.delivery(number) == "sent"
    assert len(desk.mailbox.messages(SENT)) == 1


def test_one_that_does_not_stays_in_doubt_and_is_never_sent_again(desk: Desk) -> None:
    desk.smtp.drop_after_data(stores=False)
    number = desk.answered()
    for _look in range(8):
        assert desk.looked(seconds=4000) == 0
        desk.installation.poll()
    assert desk.delivery(number) == "unsure"
    assert desk.smtp.messages == []
    assert desk.mailbox.messages(SENT) == []
    (entry,) = desk.installation.sql("SELECT copy_due_at, copy_tries FROM outbox")
    assert (entry.copy_due_at, entry.copy_tries) == (None, 5)


def test_without_a_folder_nobody_looks(desk: Desk) -> None:
    desk.installation.set_mailbox(sent_folder="")
    desk.answered()
    assert desk.installation.sql("SELECT copy_due_at FROM outbox") == [(None,)]
    assert desk.looked() == 0
