"""What mail servers say of a failed delivery in their own words: whom they name, for good or not, and which mail."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from helpdesk_tui.terms import DeliveryAction, DeliveryReport
from tests.mail.raw_mail import a_mail, a_multipart, a_part, mail_of, read

BOB, CEM = "bob@customer.example", "cem@customer.example"
FAILED, DELAYED, DELIVERED = DeliveryAction
OURS = "<T1.a@d.example>"


@dataclass(frozen=True)
class Case:
    """A report as a server writes it, and what it says: address, action and status of each, and a piece of its words."""

    sender: str
    subject: str
    body: str
    recipients: tuple[tuple[str, DeliveryAction, str], ...]
    words: str = ""
    header: str = ""


CASES = {
    "qmail with two recipients": Case(
        "MAILER-DAEMON@mx.example",
        "failure notice",
        f"Hi. This is the qmail-send program at mx.example.\n\n<{BOB}>:\nSorry, no mailbox here by that name. (#5.1.1)\n\n"
        f"<{CEM}>:\n192.0.2.1 failed after I sent the message.\nRemote host said: 552 5.2.2 quota exceeded\n\n"
        "--- Below this line is a copy of the message.\n\nReturn-Path: <desk@d.example>\n",
        ((BOB, FAILED, "5.1.1"), (CEM, FAILED, "5.2.2")),
        "no mailbox here",
    ),
    "Exim": Case(
        "Mail Delivery System <Mailer-Daemon@mx.example>",
        "Mail delivery failed: returning message to sender",
        "A message that you sent could not be delivered to one or more of its\nrecipients. This is a permanent error.\n\n"
        f"  {BOB}\n    SMTP error from remote mail server after RCPT TO:<{BOB}>:\n    550 5.1.1 no such user\n\n"
        "------ This is a copy of the message, including all the headers. ------\n\nTo: other@c.example\n",
        ((BOB, FAILED, "5.1.1"),),
        "550 5.1.1 no such user",
        f"X-Failed-Recipients: {BOB}\n",
    ),
    "Exim, delayed": Case(
        "Mail Delivery System <Mailer-Daemon@mx.example>",
        "Warning: message 1abc-00 delayed 24 hours",
        f"This message was created automatically.\n\nThe address to which the message has not yet been delivered is:\n\n"
        f"  {BOB}\n    Delay reason: connection refused\n\nNo action is required on your part.\n",
        ((BOB, DELAYED, ""),),
        "connection refused",
    ),
    "Postfix without a report part": Case(
        "MAILER-DAEMON@mx.example (Mail Delivery System)",
        "Undelivered Mail Returned to Sender",
        f"This is the mail system at host mx.example.\n\n<{BOB}>: host mx.c.example[192.0.2.1] said: 550 5.7.1\n"
        "    blocked (in reply to RCPT TO command)\n",
        ((BOB, FAILED, "5.7.1"),),
        "host mx.c.example[192.0.2.1] said: 550 5.7.1 blocked",
    ),
    "Sendmail": Case(
        "Mail Delivery Subsystem <MAILER-DAEMON@mx.example>",
        "Returned mail: see transcript for details",
        f"   ----- The following addresses had permanent fatal errors -----\n<{BOB}>\n    (reason: 550 5.1.1 User unknown)\n",
        ((BOB, FAILED, "5.1.1"),),
        "User unknown",
    ),
    "Sendmail, still trying": Case(
        "Mail Delivery Subsystem <MAILER-DAEMON@mx.example>",
        "Warning: could not send message for past 4 hours",
        "    **      THIS IS A WARNING MESSAGE ONLY      **\n\n"
        f"   ----- The following addresses had transient non-fatal errors -----\n<{BOB}>\n",
        ((BOB, DELAYED, ""),),
    ),
    "Gmail in prose": Case(
        "Mail Delivery Subsystem <mailer-daemon@googlemail.com>",
        "Delivery Status Notification (Failure)",
        f"Delivery to the following recipient failed permanently:\n\n     {BOB}\n\nTechnical details of permanent failure:\n"
        "The error that the other server returned was: 550 5.1.1 no such user\n",
        ((BOB, FAILED, "5.1.1"),),
        "550 5.1.1 no such user",
    ),
    "Gmail, delayed": Case(
        "Mail Delivery Subsystem <mailer-daemon@googlemail.com>",
        "Delivery Status Notification (Delay)",
        f"Delivery to the following recipient has been delayed:\n\n     {BOB}\n\nMessage will be retried for 2 more day(s)\n",
        ((BOB, DELAYED, ""),),
    ),
    "GMX and web.de": Case(
        "GMX Mailer Daemon <mailer-daemon@gmx.de>",
        "Mail delivery failed: returning message to sender",
        f"The following address failed:\n\n{BOB}:\nSMTP error from remote server for RCPT TO command, host: mx.c.example\n"
        "reason: 550 5.1.1 unknown user\n",
        ((BOB, FAILED, "5.1.1"),),
        "reason: 550 5.1.1 unknown user",
    ),
    "T-Online": Case(
        "Mail Delivery System <MAILER-DAEMON@mailout.t-online.example>",
        "Mail delivery failed: returning message to sender",
        "|------------------------- Message log follows: -------------------------|\n no valid recipients were found\n"
        f"|------------------------- Failed addresses follow: ---------------------|\n <{BOB}> ... unknown host\n"
        "|------------------------- Message text follows: ------------------------|\nTo: other@c.example\n",
        ((BOB, FAILED, ""),),
        "unknown host",
    ),
    "Exchange 2003 in German": Case(
        "Systemadministrator <postmaster@c.example>",
        "Unzustellbar: Angebot",
        "Ihre Nachricht hat einige oder alle Empfänger nicht erreicht.\n\n      Betreff:\tAngebot\n\nFolgende Empfänger"
        f" können nicht erreicht werden:\n\n      '{BOB}' am 12.05.2026 10:00\n            Das Konto ist nicht vorhanden.\n"
        "            <mx.c.example #5.1.1>\n",
        ((BOB, FAILED, "5.1.1"),),
        "Das Konto ist nicht vorhanden.",
    ),
    "Domino": Case(
        "Postmaster <postmaster@c.example>",
        "DELIVERY FAILURE: User bob (bob@customer.example) not listed in Domino Directory",
        f"Your message\n\n  Subject: Offer\n\nwas not delivered to:\n\n  {BOB}\n\nbecause:\n\n  User bob not listed in Domino\n",
        ((BOB, FAILED, ""),),
        "not listed in Domino",
    ),
    "Amazon SES as JSON": Case(
        "SES <no-reply@sns.amazonaws.com>",
        "AWS Notification Message",
        '{"notificationType":"Bounce","bounce":{"bounceType":"Permanent","bouncedRecipients":[{"emailAddress":"'
        + BOB
        + '","action":"failed","status":"5.1.1","diagnosticCode":"smtp; 550 5.1.1 user unknown"},{"emailAddress":"'
        + CEM
        + '"}]},"mail":{"destination":["x@y.example"],"headers":[{"name":"Message-ID","value":"<T1.a@d.example>"}]}}',
        ((BOB, FAILED, "5.1.1"), (CEM, FAILED, "")),
        "550 5.1.1 user unknown",
    ),
    "Amazon SES has delivered": Case(
        "SES <no-reply@sns.amazonaws.com>",
        "AWS Notification Message",
        '{"notificationType":"Delivery","mail":{"destination":["bob@customer.example"]}, "delivery":{"recip',
        ((BOB, DELIVERED, ""),),
    ),
    "a temporary code in a final failure": Case(
        "MAILER-DAEMON@mx.example",
        "Delivery failed",
        f"<{BOB}>: 421 4.4.2 connection dropped; giving up",
        ((BOB, FAILED, "4.4.2"),),
    ),
}


def a_bounce(case: Case) -> DeliveryReport:
    header = f"Subject: {case.subject}\nReturn-Path: <>\nTo: desk@d.example\n{case.header}"
    found = read(a_mail(case.body, header=header, sender=case.sender)).report
    assert found is not None
    return found


@pytest.mark.parametrize("name", CASES)
def test_a_server_in_its_own_words_is_understood(name: str) -> None:
    case = CASES[name]
    report = a_bounce(case)
    assert tuple((one.address, one.action, one.status) for one in report.recipients) == case.recipients
    assert case.words in report.diagnostic
    assert report.recipient == case.recipients[0][0]


def test_the_address_the_report_went_to_is_not_the_lost_one() -> None:
    body = f"desk@d.example:\nYour mail is lost.\n\n{BOB}:\n550 no such user\n"
    report = a_bounce(Case("MAILER-DAEMON@mx.example", "failure notice", body, ()))
    assert [one.address for one in report.recipients] == [BOB]


LOST = f"From: desk@d.example\nMessage-ID: {OURS}\nSubject: Answer\n\nWords\n"
WAYS = {
    "a part without a type": LOST.encode(),
    "a text file": a_part('text/plain; name="headers.txt"', LOST, "Content-Disposition: attachment\n"),
    "a base64 part": a_part(
        "message/rfc822",
        "RnJvbTogZGVza0BkLmV4YW1wbGUKTWVzc2FnZS1JRDogPFQxLmFAZC5leGFtcGxlPgoKV29yZHMK",
        "Content-Transfer-Encoding: base64\n",
    ),
    "a relay's header for the sender's id": a_part(
        "text/rfc822-headers", f"Message-ID: <relay@r.example>\nX-Google-Original-Message-ID: {OURS}\n"
    ),
    "the thread of a mail that got another id": a_part(
        "message/rfc822", f"Message-ID: <relay@r.example>\nReferences: <x@c.example> {OURS}\n\nWords"
    ),
    "a field of the status": a_part("message/delivery-status", f"Original-Message-ID: {OURS}\n\nAction: failed\n"),
}


@pytest.mark.parametrize("way", WAYS)
def test_the_lost_mail_is_known_by(way: str) -> None:
    parts = (a_part("text/plain", f"<{BOB}>: 550 no such user"), WAYS[way])
    raw = mail_of(a_multipart("report", *parts, settings="; report-type=delivery-status"))
    assert OURS.strip("<>") in read(raw).report_ids


def test_the_lost_mail_is_known_by_what_the_report_answers() -> None:
    header = f"Subject: failure notice\nReferences: <x@c.example>\nIn-Reply-To: {OURS}"
    mail = read(a_mail(f"<{BOB}>: 550 no", header=header, sender="MAILER-DAEMON@mx.example"))
    assert mail.report_ids == ("x@c.example", "T1.a@d.example")


def test_the_surest_id_comes_last() -> None:
    lost = f"References: <old@d.example>\nMessage-ID: {OURS}\n\nWords"
    raw = mail_of(
        a_multipart(
            "report",
            a_part("text/plain", "x"),
            a_part("message/rfc822", lost),
            settings="; report-type=delivery-status",
        )
    )
    assert read(raw).report_ids == ("old@d.example", "T1.a@d.example")
