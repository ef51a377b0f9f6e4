"""A day of twenty mails, five customers with one matter each, and what a help desk has to know in the evening."""

from __future__ import annotations

import hashlib
from collections import Counter
from typing import Any

from tests.build import a_mail
from tests.mail.installation import Installation
from tests.services.dovecot import Mailbox

THREADS = 5
MAILS = 20


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
        "customers": sorted(map(tuple, ask("SELECT address, position FROM customer_address"))),
        "seen": sorted(map(tuple, ask("SELECT sha256, fate, is_done FROM mail_seen"))),
        "kept": sorted(map(tuple, ask("SELECT mailbox, sha256, disposition FROM raw_message"))),
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
    threads = installation.sql("SELECT ticket_id, count(*) AS mails FROM message GROUP BY ticket_id")
    assert [row.mails for row in threads] == [MAILS // THREADS] * THREADS


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
