"""A day of twenty mails, five customers with one matter each, and what a help desk has to know in the evening."""

from __future__ import annotations

import hashlib
from collections import Counter
from datetime import date
from typing import Any

from helpdesk_tui.desk.queue_mail import QueueMail, set_queue_mail
from tests.build import a_mail
from tests.mail.installation import Installation
from tests.services.dovecot import Mailbox
from tests.services.smtp import SmtpSink

THREADS = 5
MAILS = 20
#: The day's mails come later than that, so that new requests are confirmed.
SINCE = date(2020, 1, 1)


_QUESTIONS = {
    "customers": "SELECT address, position FROM customer_address",
    "seen": "SELECT sha256, fate, is_done FROM mail_seen",
    "kept": (
        "SELECT r.mailbox, r.sha256, r.disposition, r.why_row, r.from_name, r.from_address, r.subject,"
        " coalesce(g.key, '') FROM raw_message r LEFT JOIN mail_group g ON g.id = r.group_id"
    ),
    "groups": "SELECT kind, key, subject, from_address, count, is_open FROM mail_group",
    "participants": ("SELECT t.subject, p.address, p.name FROM participant p JOIN ticket t ON t.id = p.ticket_id"),
    "confirmed": (
        "SELECT t.subject, a.address, a.about, m.text FROM acknowledgement a"
        " JOIN ticket t ON t.id = a.ticket_id JOIN message m ON m.id = a.message_id"
    ),
    "outgoing": (
        "SELECT t.subject, o.state, m.subject FROM outbox o"
        " JOIN ticket t ON t.id = o.ticket_id JOIN message m ON m.id = o.message_id"
    ),
}


def expect_the_day(installation: Installation, mailbox: Mailbox, **more: Any) -> None:
    """Set the help desk up for the day: it fetches from this mailbox, and confirms new requests."""
    set_queue_mail(installation.desk("root"), "support", QueueMail(confirms=True))
    installation.fetch_from(mailbox, since=SINCE, **more)


def the_day() -> list[bytes]:
    """The mails in the order of their arrival: each customer in turn, everything after the first an answer."""
    return [_mail(number) for number in range(MAILS)]


def deliver_the_day(mailbox: Mailbox) -> None:
    """Put the mails into a mailbox."""
    for mail in the_day():
        mailbox.put(mail)


def end_state(installation: Installation) -> dict[str, Any]:
    """All that is known of tickets and mail, without ids, numbers and times; the order within a thread stays."""
    ask = installation.sql
    tickets = ask(
        "SELECT t.id, t.subject, t.status, t.priority, t.waiting_for, t.version, q.name, c.name"
        " FROM ticket t JOIN queue q ON q.id = t.queue_id JOIN customer c ON c.id = t.requester_id"
    )
    return {
        "tickets": sorted(
            (tuple(row[1:]), _messages(installation, row.id), _events(installation, row.id)) for row in tickets
        ),
        **{name: sorted(map(tuple, ask(question))) for name, question in _QUESTIONS.items()},
        "quarantine": ask("SELECT count(*) FROM mail_quarantine")[0][0],
        "numbers given": ask("SELECT count(*) FROM ticket_number")[0][0] - len(tickets),
    }


def assert_complete(installation: Installation, on_server: list[bytes]) -> None:
    """Each mail is kept once, byte for byte, seen once, and in the one ticket of its thread."""
    digests = sorted(hashlib.sha256(mail).hexdigest() for mail in on_server)
    kept = [row.sha256 for row in installation.sql("SELECT sha256 FROM raw_message ORDER BY sha256")]
    assert kept == digests
    contents = {bytes(row.body) for row in installation.sql("SELECT body FROM content")}
    assert contents == set(on_server)
    fates = Counter(row.fate for row in installation.sql("SELECT fate FROM mail_seen"))
    assert fates == {"new": THREADS, "appended": MAILS - THREADS}
    threads = installation.sql("SELECT count(*) AS mails FROM message WHERE kind = 'inbound' GROUP BY ticket_id")
    assert [row.mails for row in threads] == [MAILS // THREADS] * THREADS


def assert_confirmed_once(installation: Installation, sink: SmtpSink) -> None:
    """Whatever happened before, each request that is to be confirmed is confirmed by one mail."""
    installation.send_through(sink)
    installation.poll_well()
    installation.poll_well()
    wanted = [row.address for row in installation.sql("SELECT address FROM acknowledgement")]
    assert sorted(address for mail in sink.messages for address in mail.rcpt_tos) == sorted(wanted)
    assert len(wanted) == THREADS


def assert_told_nothing_too_early(installation: Installation, flagged: list[bytes]) -> None:
    """What the server was told of is in a ticket."""
    filed = {row.sha256 for row in installation.sql("SELECT sha256 FROM raw_message WHERE disposition IS NOT NULL")}
    assert {hashlib.sha256(mail).hexdigest() for mail in flagged} <= filed


def flagged(mailbox: Mailbox) -> list[bytes]:
    """The mails that the server holds as read."""
    return [raw for _uid, flags, raw in mailbox.messages() if rb"\Seen" in flags]


def _mail(number: int) -> bytes:
    customer, turn = number % THREADS, number // THREADS
    more = {"In_Reply_To": f"<{_id(customer, turn - 1)}>"} if turn else {}
    return a_mail(
        f"This is what I say in turn {turn}.\n\nGrüße" + " und mehr" * 40 * number,
        sender=f"Customer {customer} <c{customer}@customer.example>",
        subject=f"{'Re: ' if turn else ''}Matter {customer}",
        message_id=_id(customer, turn),
        **more,
    )


def _id(customer: int, turn: int) -> str:
    return f"turn.{turn}@c{customer}.example"


def _messages(installation: Installation, ticket: int) -> list[tuple[Any, ...]]:
    rows = installation.sql(
        "SELECT m.from_address, m.kind, m.is_automatic, m.subject, m.text, m.quoted, m.message_id, r.sha256"
        " FROM message m JOIN raw_message r ON r.id = m.raw_id WHERE m.ticket_id = :id ORDER BY m.id",
        id=ticket,
    )
    return [(*row[:2], bool(row[2]), *row[3:]) for row in rows]


def _events(installation: Installation, ticket: int) -> list[str]:
    rows = installation.sql("SELECT verb FROM event WHERE ticket_id = :id ORDER BY id", id=ticket)
    return [row.verb for row in rows]
