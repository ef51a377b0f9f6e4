"""The mail that tries whether our border server strips what strangers write in its name."""

from __future__ import annotations

import re
import smtplib
from collections.abc import Callable

import pytest

from helpdesk_tui.errors import Usage
from helpdesk_tui.mail.authenticity import Trust
from helpdesk_tui.mail.parse import parse
from helpdesk_tui.mail.probe import forged_probe, judge_probe, token_of
from helpdesk_tui.rules.robots import is_robot
from helpdesk_tui.terms import Authenticity
from tests.services.dovecot import Mailbox
from tests.services.smtp import Received, running_smtp

OURS = "mx.desk.example"
TRUST = Trust(OURS)
HOP = b"Received: from probe by mx.desk.example; Tue, 2 Jan 2024 10:00:00 +0000\r\n"
GENUINE = b"Authentication-Results: mx.desk.example; dmarc=none header.from=probe.invalid\r\n"


def probe() -> bytes:
    return forged_probe("support@desk.example", OURS)


def stripped(raw: bytes) -> bytes:
    """As a server does it by the book."""
    return re.sub(rb"(?im)^authentication-results:.*\r\n(?:[ \t].*\r\n)*", b"", raw)


def partly_stripped(raw: bytes) -> bytes:
    """As one does it that compares letter by letter."""
    return re.sub(rb"(?m)^Authentication-Results: mx.*\r\n", b"", raw)


ARRIVED: dict[str, tuple[Callable[[bytes], bytes], bool | None]] = {
    "as it was sent": (lambda raw: raw, False),
    "behind our own hop": (lambda raw: HOP + raw, False),
    "behind our own results": (lambda raw: GENUINE + HOP + raw, False),
    "with line feeds alone": (lambda raw: (HOP + raw).replace(b"\r\n", b"\n"), False),
    "stripped of one form": (lambda raw: HOP + partly_stripped(raw), False),
    "stripped": (lambda raw: HOP + stripped(raw), True),
    "stripped, with our own results": (lambda raw: GENUINE + HOP + stripped(raw), True),
    "behind somebody else's hop": (lambda raw: HOP + HOP + raw, None),
    "another mail": (lambda raw: raw.replace(b"Subject: helpdesk", b"Subject: Re: helpdesk"), None),
    "no mail": (lambda raw: b"", None),
}


@pytest.mark.parametrize("case", ARRIVED)
def test_what_arrives_shows_whether_the_server_strips(case: str) -> None:
    change, is_safe = ARRIVED[case]
    assert judge_probe(change(probe()), TRUST).is_safe is is_safe


def test_a_verdict_names_the_server_and_nothing_is_shown_without_one() -> None:
    assert judge_probe(probe(), TRUST).words.startswith("mx.desk.example does not strip")
    assert judge_probe(stripped(probe()), TRUST).words.startswith("mx.desk.example strips")
    assert judge_probe(probe(), Trust()).is_safe is None


def test_every_form_that_is_believed_is_tried() -> None:
    raw = probe()
    fields = re.findall(rb"(?im)^authentication-results:.*\r\n(?:[ \t].*\r\n)*", raw)
    assert len(fields) == 3
    for kept in fields:
        alone = stripped(raw).replace(b"From:", kept + b"From:", 1)
        assert judge_probe(alone, TRUST).is_safe is False
        assert parse(alone, TRUST).authenticity is Authenticity.PASS


def test_each_probe_has_a_word_of_its_own_and_is_answered_by_nobody() -> None:
    tokens = {token_of(probe()) for _ in range(20)}
    assert len(tokens) == 20
    assert all(len(one) == 32 for one in tokens)
    assert is_robot(parse(probe()), answers_us=False)
    assert token_of(b"Subject: helpdesk probe xyz\n\n") == ""


@pytest.mark.parametrize(
    ("address", "authserv_id"),
    [
        ("support@desk.example", ""),
        ("support@desk.example", "mx a"),
        ("support@desk.example", "mx\r\nBcc: x@y.example"),
        ("support@desk.example\r\nBcc: x@y.example", OURS),
        ("support", OURS),
        ("", OURS),
    ],
)
def test_a_probe_that_cannot_be_written_is_refused(address: str, authserv_id: str) -> None:
    with pytest.raises(Usage, match="A probe needs"):
        forged_probe(address, authserv_id)


def test_a_server_that_strips_nothing_is_found_out(mailbox: Mailbox) -> None:
    def deliver(received: Received) -> None:
        mailbox.deliver(HOP + received.raw)

    raw = forged_probe(mailbox.address, OURS)
    with (
        running_smtp(tls="none", auth_required=False, on_message=deliver) as border,
        smtplib.SMTP(border.host, border.port, timeout=10) as smtp,
    ):
        smtp.sendmail("probe@probe.invalid", [mailbox.address], raw)
        border.wait_for(1)
    (arrived,) = [content for _uid, _flags, content in mailbox.messages() if token_of(content) == token_of(raw)]
    verdict = judge_probe(arrived, Trust(OURS, own_hops=2))  # Dovecot's LMTP adds a line of its own
    assert verdict.is_safe is False
    assert "does not strip" in verdict.words
