"""How states and times are said."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from helpdesk_tui.screens.phrases import due, mail_words
from helpdesk_tui.store.queries.mail import MailboxHealth, MailHealth

NOW = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
JUST, LONG_AGO = NOW - timedelta(minutes=1), NOW - timedelta(minutes=19)
REFUSED = MailboxHealth("INBOX", JUST, "Mailbox INBOX: password refused", failing_since=LONG_AGO)


@pytest.mark.parametrize(
    ("health", "words"),
    [
        (MailHealth(0, 0), []),
        (MailHealth(2, 0), ["! nobody sends", "outbox 2"]),
        (MailHealth(2, 0, JUST, "ok", JUST, "ok"), ["mail ", "outbox 2"]),
        (MailHealth(0, 0, LONG_AGO, "ok"), ["! no mail fetched for 19 min"]),
        (MailHealth(1, 0, JUST, "ok", LONG_AGO, "ok"), ["! nobody sends", "outbox 1"]),
        (MailHealth(0, 0, JUST, "no such host"), ["! mail: no such host"]),
        (
            MailHealth(0, 0, JUST, REFUSED.words, mailboxes=(REFUSED,)),
            [f"! mail: INBOX failing since {LONG_AGO.astimezone():%H:%M}, password refused"],
        ),
        (MailHealth(0, 0, JUST, "ok", waiting_since=LONG_AGO), ["! mail: oldest waiting 19 min"]),
        (MailHealth(0, 0, JUST, "ok", waiting_since=JUST), ["mail "]),
        (MailHealth(3, 1, JUST, "ok", JUST, "refused"), ["! not sent: refused", "! 1 not delivered", "outbox 3"]),
    ],
)
def test_what_is_wrong_with_mail_comes_first(health: MailHealth, words: list[str]) -> None:
    said = mail_words(health, NOW)
    assert len(said) == len(words)
    assert all(one.startswith(start) for one, start in zip(said, words, strict=True))


@pytest.mark.parametrize(
    ("after", "words"),
    [
        (timedelta(hours=3), "in 3 h"),
        (timedelta(minutes=-12), "overdue 12m"),
        (timedelta(hours=-3), "overdue 3 h"),
        (timedelta(days=-3), "overdue 3 d"),
    ],
)
def test_a_due_date_fits_its_column(after: timedelta, words: str) -> None:
    assert due(NOW + after, NOW) == words
    assert len(words) <= 12
