"""Read receipts, complaints and the reports of programs to programs."""

from __future__ import annotations

import pytest

from tests.mail.raw_mail import a_mail, a_multipart, a_part, mail_of, read

ORIGINAL = "From: desk@d.example\nMessage-ID: <T1.a@d.example>\nSubject: Answer\n\nWords\n"
DISPOSITION = """Reporting-UA: phone.example; Mail
Final-Recipient: rfc822;bob@customer.example
Original-Message-ID: <T1.a@d.example>
Disposition: manual-action/MDN-sent-manually; {what}
"""
COMPLAINT = """Feedback-Type: {kind}
User-Agent: Loop/1
Version: 1
Original-Rcpt-To: <bob@customer.example>
Source-IP: 192.0.2.1
"""


def a_report(kind: str, *parts: bytes) -> bytes:
    return mail_of(a_multipart("report", a_part("text/plain", "Hello"), *parts, settings=f"; report-type={kind}"))


@pytest.mark.parametrize("what", ["displayed", "deleted", "denied", "processed"])
def test_a_read_receipt_names_the_mail_that_was_read(what: str) -> None:
    fields = a_part("message/disposition-notification", DISPOSITION.format(what=what))
    mail = read(a_report("disposition-notification", fields))
    assert (mail.notice, mail.report, mail.report_ids) == ("receipt", None, ("T1.a@d.example",))
    assert mail.robot_signs == ("Content-Type",)
    assert mail.text == "Hello"


def test_a_receipt_in_a_mixed_mail_is_one() -> None:
    parts = (a_part("text/plain", "Read"), a_part("message/disposition-notification", DISPOSITION))
    assert read(mail_of(a_multipart("mixed", *parts))).notice == "receipt"


@pytest.mark.parametrize("kind", ["abuse", "fraud", "opt-out", "not-spam"])
def test_a_complaint_says_its_kind_whose_it_is_and_which_mail_it_means(kind: str) -> None:
    fields = a_part("message/feedback-report", COMPLAINT.format(kind=kind))
    mail = read(a_report("feedback-report", fields, a_part("message/rfc822", ORIGINAL)))
    assert (mail.notice, mail.report, mail.report_ids) == ("complaint", None, ("T1.a@d.example",))
    assert mail.text == f"Complaint about a mail to bob@customer.example, kind: {kind}\n\nHello"
    assert mail.robot_signs == ("Content-Type",)


def test_a_complaint_that_says_nothing_is_readable() -> None:
    mail = read(a_report("feedback-report", a_part("message/feedback-report", "\x1b]52;c;aGk=\x07\nFeedback-Type:\n")))
    assert mail.text.startswith("Complaint about a mail, kind: not said")


def test_outlook_complains_with_the_mail_alone() -> None:
    raw = b"From: staff@hotmail.example\nSubject: complaint about message from 192.0.2.1\n" + a_multipart(
        "mixed", a_part("message/rfc822", ORIGINAL)
    )
    assert (read(raw).notice, read(raw).report_ids) == ("complaint", ("T1.a@d.example",))


def test_a_person_who_complains_is_a_person() -> None:
    mail = read(a_mail("It is broken.", header="Subject: Complaint about message from your driver"))
    assert (mail.notice, mail.robot_signs) == ("", ())


def test_amazon_complains_in_json() -> None:
    body = '{"notificationType":"Complaint","complaint":{"complaintFeedbackType":"abuse"}}'
    mail = read(a_mail(body, sender="no-reply@sns.amazonaws.com", header="Subject: AWS Notification Message"))
    assert mail.notice == "complaint"
    assert "kind: abuse" in mail.text


def test_a_delivery_report_is_no_notice() -> None:
    mail = read(a_report("delivery-status", a_part("message/rfc822", ORIGINAL)))
    assert (mail.notice, mail.report is None) == ("", False)


PROGRAMS = {
    "TLS report": (
        a_report("tlsrpt", a_part("application/tlsrpt+gzip", "x")),
        "Content-Type",
    ),
    "authentication failure (RFC 6591)": (
        a_report("feedback-report", a_part("message/feedback-report", COMPLAINT.format(kind="auth-failure"))),
        "Content-Type",
    ),
    "TLS report by its field": (a_mail(header="TLS-Report-Domain: d.example"), "TLS-Report-Domain"),
    "DMARC aggregate report": (
        a_mail(header="Subject: Report Domain: d.example Submitter: mx.example Report-ID: <2026.1>"),
        "Report Domain",
    ),
    "DMARC aggregate report with a mark": (
        a_mail(header="Subject: [Preview] Report domain: d.example Submitter: mx.example Report-ID: 1"),
        "Report Domain",
    ),
}


@pytest.mark.parametrize("case", PROGRAMS)
def test_a_report_for_programs_is_a_robots(case: str) -> None:
    raw, sign = PROGRAMS[case]
    mail = read(raw)
    assert sign in mail.robot_signs
    assert (mail.report, mail.notice) == (None, "")


def test_who_asks_about_a_report_is_a_person() -> None:
    assert read(a_mail(header="Subject: Report domain: what does it mean?")).robot_signs == ()
