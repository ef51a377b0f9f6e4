"""Puts copies of what was sent into the Sent folders, and looks there for what is in doubt; sending never waits for it."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from itertools import groupby
from threading import Event as Ended

from helpdesk_tui.config import MailboxSettings, Settings
from helpdesk_tui.desk.copies import SentMail, content_of, due, lies_there, look_later, queues_with_sent_folder
from helpdesk_tui.desk.door import Desk
from helpdesk_tui.errors import HelpdeskError
from helpdesk_tui.mail.imap_sent import SentFolder
from helpdesk_tui.store.locks import Busy, alone

log = logging.getLogger(__name__)

#: The job of filling Sent folders.
COPIES = "copies"
_AT_ONCE = 50
#: How often one looks whether there is something to do, in seconds.
_PAUSE = 5.0


def keep_copies(desk: Desk, settings: Settings, ended: Ended) -> None:
    """Fill the Sent folders until `ended`; nothing where no mailbox has one. Another process may have the job."""
    if not queues_with_sent_folder(settings):
        return
    while not ended.wait(_PAUSE):
        try:
            fill_sent_folders(desk, settings)
        except HelpdeskError as error:
            log.warning("%s %s", error.message, error.hint)
        except Exception as error:  # noqa: BLE001  the edge: whatever broke, it is tried again
            log.error("copies broke off: %s", type(error).__name__)


def fill_sent_folders(desk: Desk, settings: Settings) -> int:
    """Do what is due; returns how many mails lie in a Sent folder now that were not known to."""
    mailbox_of = queues_with_sent_folder(settings)
    mails = desk.ask(due, mailbox_of, desk.clock(), _AT_ONCE)
    if not mails:
        return 0
    by_name = {one.name: one for one in settings.mailboxes}
    done = 0
    try:
        with alone(desk.store, COPIES):
            for queue, some in groupby(sorted(mails, key=lambda one: one.queue), key=lambda one: one.queue):
                done += _fill(desk, by_name[mailbox_of[queue]], list(some))
    except Busy:
        return 0
    return done


def _fill(desk: Desk, mailbox: MailboxSettings, mails: Sequence[SentMail]) -> int:
    """The mails of one folder; where it cannot be used all of them wait, and one hears why."""
    done = 0
    waiting = list(mails)
    try:
        with SentFolder(mailbox) as folder:
            while waiting:
                done += _see_to(desk, folder, waiting[0])
                waiting.pop(0)
    except HelpdeskError as error:
        log.warning("%s %s", error.message, error.hint)
        for mail in waiting:
            look_later(desk, mail)
    return done


def _see_to(desk: Desk, folder: SentFolder, mail: SentMail) -> bool:
    if not folder.holds(mail.message_id):
        if mail.is_in_doubt:
            look_later(desk, mail)
            return False
        folder.add(desk.ask(content_of, mail.outbox_id), mail.sent_at)
    lies_there(desk, mail.outbox_id)
    return True
