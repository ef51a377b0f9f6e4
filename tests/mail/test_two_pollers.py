"""F25: two pollers on one mailbox take in each mail once, whether the lock keeps them apart, one dies, or nothing does."""

from __future__ import annotations

import os
import signal
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from helpdesk_tui.errors import HelpdeskError
from helpdesk_tui.mail.intake import Intake, Polled
from helpdesk_tui.mail.mailbox import open_mailbox
from helpdesk_tui.mail.readers import Readers
from tests.build import Proves, a_mail
from tests.mail.installation import Installation
from tests.services.dovecot import Mailbox
from tests.services.hosting import wait_until

pytestmark = pytest.mark.one_store

#: On every day a tenth.
MAILS = 2_000 if os.environ.get("HELPDESK_LONG") else 200


def put(mailbox: Mailbox) -> list[bytes]:
    mails = [a_mail(f"This is mail {n}.", sender=f"Customer <c{n % 20}@customer.example>") for n in range(MAILS)]
    for mail in mails:
        mailbox.put(mail)
    return mails


def assert_each_once(installation: Installation, mailbox: Mailbox) -> None:
    """Each mail is a ticket of its own and is told to the server."""
    (row,) = installation.sql("SELECT count(*) AS tickets, count(DISTINCT number) AS numbers FROM ticket")
    assert tuple(row) == (MAILS, MAILS)
    (row,) = installation.sql("SELECT count(*) AS kept, count(DISTINCT sha256) AS digests FROM raw_message")
    assert tuple(row) == (MAILS, MAILS)
    fates = installation.sql("SELECT fate, count(*) AS mails FROM mail_seen GROUP BY fate")
    assert {row.fate: row.mails for row in fates} == {"new": MAILS}
    assert all(rb"\Seen" in flags for _uid, flags, _raw in mailbox.messages())


def test_the_second_takes_over_where_the_first_is_killed(
    installation: Installation, mailbox: Mailbox, proves: Proves
) -> None:
    installation.fetch_from(mailbox, batch_count=20)
    put(mailbox)
    with installation.polling() as first, installation.polling() as second:
        kept = "SELECT count(*) FROM raw_message"
        wait_until(lambda: installation.sql(kept)[0][0] > MAILS // 10, "one of them has begun", 60)
        (holder,) = installation.sql("SELECT holder FROM lease WHERE name = 'mailbox inbox'") or [None]
        owner = first if holder is None or holder.holder.endswith(f":{first.pid}") else second
        owner.send_signal(signal.SIGKILL)
        seen = "SELECT count(*) FROM mail_seen WHERE is_done"
        wait_until(lambda: installation.sql(seen)[0][0] == MAILS, "all mails are in", 60 + MAILS / 4)
    assert_each_once(installation, mailbox)
    proves("mails, each kept once", MAILS)


def test_without_the_lock_the_store_keeps_them_apart(
    installation: Installation, mailbox: Mailbox, proves: Proves
) -> None:
    """Two connections, two desks, the same mails at the same time: what a lost lock comes to."""
    settings = installation.fetch_from(mailbox, batch_count=20)
    put(mailbox)
    together = Barrier(2)

    def take_in(_number: int) -> Polled:
        done, desk = Polled(), installation.system()
        with open_mailbox(settings) as box, Readers() as readers:
            together.wait(20)
            Intake(desk, settings).round(box, readers, done)
        return done

    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(take_in, range(2))
    assert first.received["new"] + second.received["new"] >= MAILS
    assert_each_once(installation, mailbox)
    proves("mails, each kept once", MAILS)


def test_of_two_at_once_one_is_told_that_the_other_has_it(installation: Installation, mailbox: Mailbox) -> None:
    settings = installation.fetch_from(mailbox)
    put(mailbox)
    with ThreadPoolExecutor(2) as pool:
        rounds = list(pool.map(lambda _number: installation.poll(), range(2)))
    failures = [error for done in rounds for error in done.failures]
    assert all("doing this already" in error.message for error in failures)
    assert all(isinstance(error, HelpdeskError) for error in failures)
    installation.poll_well()
    assert_each_once(installation, mailbox)
    assert settings.name == "inbox"
