"""Two pollers side by side on PostgreSQL: every mail once, every number once, and nobody waits for the other for good."""

from __future__ import annotations

import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from helpdesk_tui.desk.door import utc_now
from helpdesk_tui.desk.mailroom import ArrivedMail, keep
from tests.build import a_mail
from tests.mail.installation import Installation
from tests.services.dovecot import DovecotServer, Mailbox

MAILS = 200

pytestmark = pytest.mark.parametrize("place", ["postgres"], indirect=True)


def poll_side_by_side(installation: Installation, mailboxes: list[Mailbox]) -> list[tuple[str, str]]:
    """Poll each mailbox in a process of its own; gives what each said."""
    processes: list[subprocess.Popen[str]] = []
    for number, mailbox in enumerate(mailboxes):
        installation.mailboxes = ()
        installation.fetch_from(mailbox, f"box{number}", batch_count=50)
        processes.append(installation.start("poll", "--once", name=f"config{number}"))
    return [process.communicate(timeout=60) for process in processes]


def test_two_pollers_on_two_mailboxes(
    installation: Installation, mailbox: Mailbox, dovecot_server: DovecotServer
) -> None:
    boxes = [mailbox, dovecot_server.new_mailbox()]
    for number, box in enumerate(boxes):
        for mail in range(MAILS):
            customer = f"Customer <c{mail % 20}@customer.example>"
            box.put(a_mail(f"Mail {mail} of box {number}.", sender=customer))
    said = poll_side_by_side(installation, boxes)
    assert [out for out, _progress in said] == [f"{MAILS} received, 0 sent\n"] * 2
    assert all(" of " in line for _out, progress in said for line in progress.splitlines())
    (row,) = installation.sql("SELECT count(*) AS tickets, count(DISTINCT number) AS numbers FROM ticket")
    assert tuple(row) == (2 * MAILS, 2 * MAILS)
    kept = installation.sql("SELECT mailbox, count(*), count(DISTINCT sha256) FROM raw_message GROUP BY 1 ORDER BY 1")
    assert [tuple(row) for row in kept] == [("box0", MAILS, MAILS), ("box1", MAILS, MAILS)]
    assert installation.sql("SELECT count(*) FROM customer")[0][0] == 20
    assert installation.sql("SELECT count(*) FROM mail_seen WHERE fate = 'new' AND is_done")[0][0] == 2 * MAILS


def test_who_keeps_the_same_mails_in_opposite_order_locks_nobody_out(installation: Installation) -> None:
    desks = [installation.system(), installation.system()]
    together = threading.Barrier(2)

    def take_turns(number: int) -> int:
        kept = 0
        for turn in range(5):
            mails = [ArrivedMail(b"mail %d of turn %d" % (mail, turn), utc_now()) for mail in range(100)]
            together.wait(10)
            kept += len(keep(desks[number], f"box{number}", mails[:: 1 - 2 * number]))
        return kept

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(take_turns, range(2))) == [500, 500]
    assert installation.sql("SELECT count(*) FROM content")[0][0] == 500
    assert installation.sql("SELECT count(*) FROM raw_message")[0][0] == 1000
