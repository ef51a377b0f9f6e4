"""F26: a clock that is a day behind or ahead, and one that is set right in between, changes nothing that is stored."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from helpdesk_tui.mail import intake
from tests.mail.installation import Installation
from tests.mail.twenty_mails import assert_complete, end_state, expect_the_day, the_day
from tests.services.dovecot import Mailbox

pytestmark = pytest.mark.one_store

DAYS = {"behind": (-1, -1), "ahead": (1, 1), "set back": (1, -1), "set forward": (-1, 1)}


@pytest.mark.parametrize("days", DAYS)
def test_every_mail_comes_in_once(
    installation: Installation, mailbox: Mailbox, undisturbed: dict[str, Any], days: str
) -> None:
    expect_the_day(installation, mailbox)
    mails = the_day()
    for half, shift in zip((mails[:10], mails[10:]), DAYS[days], strict=True):
        for mail in half:
            mailbox.put(mail)
        installation.clock = lambda shift=shift: datetime.now(UTC) + timedelta(days=shift)  # type: ignore[misc]
        assert sum(installation.poll_well().values()) == 10
    assert installation.poll_well() == {}
    assert_complete(installation, [raw for *_rest, raw in mailbox.messages()])
    assert end_state(installation) == undisturbed


def test_the_time_of_receipt_is_the_servers(installation: Installation, mailbox: Mailbox) -> None:
    installation.fetch_from(mailbox)
    installation.clock = lambda: datetime.now(UTC) + timedelta(days=1)
    mailbox.put(the_day()[0])
    installation.poll_well()
    ((received_at,),) = installation.sql("SELECT received_at FROM raw_message")
    now = datetime.now(UTC)
    said = received_at if isinstance(received_at, datetime) else datetime.fromisoformat(str(received_at))
    assert abs((said if said.tzinfo else said.replace(tzinfo=UTC)) - now) < timedelta(minutes=1)


def test_a_clock_ahead_at_the_first_round_makes_mail_old_rather_than_answered(
    small_installation: Installation, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    olds: list[bool] = []
    arrive = intake.Intake._arrived

    def note(*args: Any) -> Any:
        mail = arrive(*args)
        olds.append(mail.is_backlog)
        return mail

    monkeypatch.setattr(intake.Intake, "_arrived", note)
    small_installation.fetch_from(mailbox)
    small_installation.clock = lambda: datetime.now(UTC) + timedelta(days=1)
    mailbox.put(the_day()[0])
    small_installation.poll_well()
    assert olds == [True]
