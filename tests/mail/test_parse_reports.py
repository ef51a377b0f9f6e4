"""Delivery reports, standard and in prose, and what only looks like one."""

from __future__ import annotations

import pytest

from helpdesk_tui.terms import DeliveryAction, DeliveryReport, RecipientReport
from tests.mail.raw_mail import a_mail, a_multipart, a_part, mail_of, read

BOB = "bob@customer.example"
FAILED, DELAYED, DELIVERED = DeliveryAction

STATUS = """Reporting-MTA: dns; mx.example

Final-Recipient: rfc822; bob@customer.example
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 <bob@customer.example>:
 no such user
"""
ORIGINAL = "From: desk@d.example\nMessage-ID: <T1.a@d.example>\nSubject: Answer\n\nWords\n"


def a_report(status: str = STATUS, original: str = "message/rfc822", kind: str = "delivery-status") -> bytes:
    parts = (
        a_part("text/plain", "It failed."),
        a_part("message/delivery-status", status),
        a_part(original, ORIGINAL),
    )
    return mail_of(a_multipart("report", *parts, settings=f"; report-type={kind}"))


def test_a_failed_delivery_is_read() -> None:
    mail = read(a_report())
    words = "550 5.1.1 <bob@customer.example>: no such user"
    bob = RecipientReport("bob@customer.example", FAILED, "5.1.1", words)
    assert mail.report == DeliveryReport(True, "bob@customer.example", "5.1.1", words, (bob,))
    assert mail.report_ids == ("T1.a@d.example",)
    assert mail.text == "It failed."
    assert [file.name for file in mail.files] == ["delivery-status.txt", "Answer.eml"]


@pytest.mark.parametrize("kind", ["text/rfc822-headers", "message/rfc822", "message/global"])
def test_the_id_of_the_lost_mail_is_found(kind: str) -> None:
    assert read(a_report(original=kind)).report_ids == ("T1.a@d.example",)


@pytest.mark.parametrize(
    ("action", "status", "is_permanent"),
    [("failed", "5.0.0", True), ("delayed", "4.4.1", False), ("delivered", "2.0.0", False), ("relayed", "", False)],
)
def test_only_a_failure_is_permanent(action: str, status: str, is_permanent: bool) -> None:
    report = read(a_report(f"\nFinal-Recipient: rfc822;b@c.example\nAction: {action}\nStatus: {status}\n")).report
    assert report is not None
    assert (report.is_permanent, report.status, report.recipient) == (is_permanent, status, "b@c.example")


SEVERAL = """Reporting-MTA: dns; mx.example

Original-Recipient: rfc822;ann@c.example
Final-Recipient: rfc822;ann@forwarded.example
Action: relayed
Status: 2.0.0

Final-Recipient: rfc822;bea@c.example
Action: delayed
Status: 4.4.1
Diagnostic-Code: X-Postfix; connection timed out

Final-Recipient: rfc822;cem@c.example
Action: failed
Status: 5.2.2
Diagnostic-Code: smtp; 552 5.2.2 mailbox full
"""


def test_each_recipient_is_told_and_the_worst_off_stands_for_all() -> None:
    report = read(a_report(SEVERAL)).report
    assert report is not None
    assert report.recipients == (
        RecipientReport("ann@c.example", DELIVERED, "2.0.0"),
        RecipientReport("bea@c.example", DELAYED, "4.4.1", "connection timed out"),
        RecipientReport("cem@c.example", FAILED, "5.2.2", "552 5.2.2 mailbox full"),
    )
    assert (report.recipient, report.is_permanent, report.status) == ("cem@c.example", True, "5.2.2")
    assert not report.is_delivered


def test_a_report_of_success_calls_for_nothing() -> None:
    report = read(a_report("Final-Recipient: rfc822;b@c.example\nAction: delivered\nStatus: 2.1.5\n")).report
    assert report is not None
    assert report.is_delivered
    assert not report.is_permanent


def test_of_very_many_recipients_the_first_are_told() -> None:
    groups = "\n\n".join(f"Final-Recipient: rfc822;u{n}@c.example\nAction: failed" for n in range(1_000))
    report = read(a_report(groups)).report
    assert report is not None
    assert len(report.recipients) == 100


def test_a_report_that_names_nobody_is_about_the_recipient_of_the_lost_mail() -> None:
    lost = a_part("message/rfc822", "To: Bob <bob@customer.example>\nMessage-ID: <T1.a@d.example>\n\nWords")
    parts = (a_part("text/plain", "Refused."), a_part("message/delivery-status", "\n\n"), lost)
    report = read(mail_of(a_multipart("report", *parts, settings="; report-type=delivery-status"))).report
    assert report is not None
    assert (report.recipient, report.is_permanent) == (BOB, True)


QMAIL = """Hi. This is the qmail-send program at mx.example.
I'm afraid I wasn't able to deliver your message to the following addresses.

<bob@customer.example>:
Sorry, no mailbox here by that name. (#5.1.1)

--- Below this line is a copy of the message.

Return-Path: <desk@d.example>
Message-ID: <T1.a@d.example>
Subject: Answer
"""


def test_a_report_in_prose_is_read() -> None:
    header = "Subject: failure notice\nReturn-Path: <>"
    mail = read(a_mail(QMAIL, header=header, sender="MAILER-DAEMON@mx.example"))
    assert mail.report is not None
    assert (mail.report.is_permanent, mail.report.recipient, mail.report.status) == (
        True,
        "bob@customer.example",
        "5.1.1",
    )
    assert mail.report_ids == ("T1.a@d.example",)


def test_exim_names_the_recipient_in_its_header() -> None:
    header = "X-Failed-Recipients: bob@customer.example\nSubject: Mail delivery failed: returning message to sender"
    mail = read(a_mail("A message could not be delivered.", header=header, sender="Mailer-Daemon@mx.example"))
    words = "A message could not be delivered."
    assert mail.report == DeliveryReport(True, BOB, "", words, (RecipientReport(BOB, FAILED, "", words),))


def test_a_delay_is_not_permanent() -> None:
    header = "Subject: Warning: message 1abc delayed 24 hours"
    mail = read(a_mail("It will be retried.", header=header, sender="Mailer-Daemon@mx.example"))
    assert mail.report is not None
    assert not mail.report.is_permanent


NO_REPORTS = {
    "person about a delivery": (
        "Anna <anna@b.example>",
        "Subject: Delivery failed again",
        "My parcel could not be delivered.",
    ),
    "parcel service": ("no-reply@parcel.example", "Subject: Delivery failed", "Your parcel could not be delivered."),
    "postmaster as a person": ("postmaster@b.example", "Subject: Printer", "Our printer was delivered with a dent."),
    "forwarded report": ("Anna <anna@b.example>", "Subject: Fwd: Undelivered Mail Returned to Sender", QMAIL),
    "absence note": ("Anna <anna@b.example>", "Subject: Away\nReturn-Path: <>", "I am away until May 5."),
}


@pytest.mark.parametrize("case", NO_REPORTS)
def test_what_is_no_delivery_report(case: str) -> None:
    sender, header, body = NO_REPORTS[case]
    assert read(a_mail(body, header=header, sender=sender)).report is None
