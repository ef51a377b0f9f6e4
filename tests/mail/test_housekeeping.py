"""The app sends mail and runs timers by itself, whatever goes wrong on the way."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import datetime

import pytest

from helpdesk_tui.desk.conversation import reply
from helpdesk_tui.mail import housekeeping
from helpdesk_tui.mail.housekeeping import keep_house
from helpdesk_tui.terms import Person
from tests.build import a_ticket, thread
from tests.mail.installation import Installation
from tests.services.hosting import wait_until
from tests.services.smtp import SmtpSink

LATIN_1 = ("printf", r"gr\374n")


def test_a_password_that_cannot_be_read_leaves_the_mail_queued(
    small_installation: Installation, smtp_sink: SmtpSink
) -> None:
    clock = small_installation.clock = small_installation.place.clock
    small_installation.send_through(smtp_sink, password_env="", password_command=LATIN_1)
    number = a_ticket(small_installation.desk())
    reply(small_installation.desk(), number, "Try again.")
    for _round in range(2):
        (failure,) = small_installation.poll().failures
        assert "password command for Sending mail failed (UnicodeDecodeError)" in failure.message
        assert thread(small_installation.desk(), number)[-1].delivery == "queued"
        clock.advance(minutes=5)


def test_a_mail_to_an_odd_address_holds_up_nobody(small_installation: Installation, smtp_sink: SmtpSink) -> None:
    small_installation.send_through(smtp_sink)
    numbers = [a_ticket(small_installation.desk(), person=Person("", who)) for who in ("a@[.\\]", "mira@x.example")]
    for number in numbers:
        reply(small_installation.desk(), number, "Hello")
    assert small_installation.poll().sent == 1
    assert [thread(small_installation.desk(), number)[-1].delivery for number in numbers] == ["failed", "sent"]


def test_the_house_is_kept_again_after_whatever_broke(
    small_installation: Installation, smtp_sink: SmtpSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(housekeeping, "_PAUSE_AFTER_TROUBLE", 0.05)
    small_installation.send_through(smtp_sink)
    number = a_ticket(small_installation.desk())
    reply(small_installation.desk(), number, "Try again.")
    failures = iter([ZeroDivisionError(), RuntimeError()])
    desk = small_installation.desk()

    def clock() -> datetime:
        for failure in failures:
            raise failure
        return desk.clock()

    ended = threading.Event()
    job = threading.Thread(target=keep_house, args=(replace(desk, clock=clock), small_installation.settings, ended))
    job.start()
    try:
        wait_until(lambda: len(smtp_sink.messages) == 1, "the mail has left")
    finally:
        ended.set()
        job.join(10)
