"""How fast mail comes over a long line: our mailbox, and the whole intake, against bare IMAPClient in turns."""

from __future__ import annotations

import contextlib
import os
import ssl
import time
from collections.abc import Iterator
from typing import Any

import imapclient

from benchmarks.figures import Figure, Sample, against
from benchmarks.ingest import _sqlite_desk
from benchmarks.mails import invented_mails
from benchmarks.options import Options
from helpdesk_tui.config import MailboxSettings
from helpdesk_tui.mail.imap import ImapMailbox
from helpdesk_tui.mail.intake import Intake, Polled
from helpdesk_tui.mail.readers import Readers
from tests.services.available import DOVECOT, is_available
from tests.services.dovecot import Mailbox, running_dovecot
from tests.services.line import laid_line

TITLE = "Fetching over a long line"
NOTE = (
    "A real Dovecot behind a line on which each way takes 20 ms, over TLS. Each turn looks into a folder of invented "
    "mails, fetches all and marks them as read, batch by batch; logging in is not measured. The floor is `IMAPClient` "
    "with SELECT, SEARCH, and FETCH and STORE for each batch of the same size. The whole intake keeps and files each mail "
    "on SQLite as well, beside the same floor."
)
_ONE_WAY = 0.020
_MAILS, _TURNS = 400, 9
_BATCHES = (10, 25, 50, 100, 200)
_PASSWORD = "HELPDESK_BENCH_IMAP"


def main(options: Options) -> list[Figure]:
    """Mails a second for several sizes of a batch, and for the whole intake with ours."""
    if not is_available(DOVECOT):
        return []
    mails = invented_mails(options.times(_MAILS))
    usual = MailboxSettings("bench").batch_count
    with running_dovecot() as server, contextlib.ExitStack() as stack:
        mailbox = server.new_mailbox()
        for mail in mails:
            mailbox.put(mail)
        line = stack.enter_context(laid_line(mailbox.host, mailbox.port, _ONE_WAY))
        os.environ[_PASSWORD] = mailbox.password
        figures = []
        for batch in _BATCHES:
            bound = 0.8 if batch == usual else None
            ours, bare = _in_turns(_settings(mailbox, line.port, batch), mailbox, options.times(_TURNS))
            figures.append(against(f"fetching, {batch} mails a batch", ours, bare, least=bound))
        figures.append(_whole(options, mailbox, _settings(mailbox, line.port, usual)))
    return figures


def _settings(mailbox: Mailbox, port: int, batch: int) -> MailboxSettings:
    return MailboxSettings(
        "bench",
        host=mailbox.host,
        port=port,
        user=mailbox.user,
        password_env=_PASSWORD,
        ca_file=str(mailbox.ca_file),
        batch_count=batch,
    )


def _in_turns(settings: MailboxSettings, mailbox: Mailbox, turns: int) -> tuple[Sample, Sample]:
    """Mails a second of ours and of the floor, without the first turn, which warms up."""
    ours, bare = [], []
    with ImapMailbox(settings) as box, _bare_client(settings, mailbox) as client:
        for _turn in range(turns + 1):
            started = time.perf_counter()
            count = _fetch_ours(box)
            between = time.perf_counter()
            if _fetch_bare(client, settings.batch_count) != count:
                raise RuntimeError("both do not find the same mails")
            ours.append(count / (between - started))
            bare.append(count / (time.perf_counter() - between))
    return Sample(ours[1:], "mails/s"), Sample(bare[1:], "mails/s")


def _fetch_ours(box: ImapMailbox) -> int:
    count = 0
    for batch in box.fetch(box.uids()):
        box.done([one.uid for one in batch])
        count += len(batch)
    return count


@contextlib.contextmanager
def _bare_client(settings: MailboxSettings, mailbox: Mailbox) -> Iterator[imapclient.IMAPClient]:
    trust = ssl.create_default_context(cafile=mailbox.ca_file)
    with imapclient.IMAPClient(settings.host, settings.port, ssl_context=trust) as client:
        client.login(settings.user, mailbox.password)
        yield client


def _fetch_bare(client: Any, batch: int) -> int:
    client.select_folder("INBOX")
    uids = client.search(["ALL"])
    for at in range(0, len(uids), batch):
        some = uids[at : at + batch]
        client.fetch(some, ["INTERNALDATE", "BODY.PEEK[]"])
        client.add_flags(some, [imapclient.SEEN], silent=True)
    return len(uids)


def _whole(options: Options, mailbox: Mailbox, settings: MailboxSettings) -> Figure:
    """The whole intake into a new store each time, beside the same floor."""
    ours, bare = [], []
    for turn in range(max(options.times(_TURNS) // 3, 1)):
        with (
            _sqlite_desk(options.folder / f"imap{turn}.db") as desk,
            ImapMailbox(settings) as box,
            _bare_client(settings, mailbox) as client,
            Readers() as readers,
        ):
            done, started = Polled(), time.perf_counter()
            Intake(desk, settings).round(box, readers, done)
            between = time.perf_counter()
            count = _fetch_bare(client, settings.batch_count)
            ours.append(sum(done.received.values()) / (between - started))
            bare.append(count / (time.perf_counter() - between))
    return against("the whole intake, on SQLite", Sample(ours, "mails/s"), Sample(bare, "mails/s"))
