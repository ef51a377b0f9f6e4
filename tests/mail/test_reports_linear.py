"""Reports made to hold up their reader: each is read in time that grows with its length alone."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from tests.mail.raw_mail import a_mail, a_multipart, a_part, mail_of, read

LENGTH = 60_000
#: Far above what is needed: a pattern that looks at its text again and again needs minutes.
MOST_SECONDS = 1.0
FILLINGS = [
    *("a", " ", "<", ">", "\n", "=", "-", "(", ".", "@", "{", '"', ":", "|", "_", "5", "["),
    *("a@", "a@b ", "<a@", " \n", "-\n", "> \n", "a@b.c\n", "<a@b.c>:\n", "\n a", "5.1.", "550 ", "Message-ID: ", "Message-ID:\n"),
    *("message-id: <", "Action: failed\n\n", "Final-Recipient: ", '{"emailAddress":"', "{}", "delivery to ", "warning: "),
    *("Report Domain: ", "[", "[a] ", "deliver a ", "message a ", "returned ", "x-original-", "'a@b.c' "),
]  # fmt: skip


def in_prose(text: str) -> bytes:
    return a_mail(text, header="Subject: failure notice\nReturn-Path: <>", sender="MAILER-DAEMON@mx.example")


def standard(text: str) -> bytes:
    return reported("delivery-status", "message/delivery-status", text)


def complaint(text: str) -> bytes:
    return reported("feedback-report", "message/feedback-report", text)


def embedding(text: str) -> bytes:
    return reported("delivery-status", "message/rfc822", text)


def notified(text: str) -> bytes:
    body = '{"notificationType":"Bounce",' + text
    return a_mail(body, header="Subject: AWS", sender="no-reply@sns.amazonaws.com")


def named(text: str) -> bytes:
    header = "Subject: " + text.replace("\n", "\n ") + "\nX-Failed-Recipients: " + text.replace("\n", "\n ")
    return a_mail("550 no", header=header, sender="MAILER-DAEMON@mx.example")


def reported(kind: str, part: str, text: str) -> bytes:
    parts = (a_part("text/plain", text), a_part(part, text))
    return mail_of(a_multipart("report", *parts, settings=f"; report-type={kind}"))


@pytest.mark.parametrize("form", [in_prose, standard, complaint, embedding, notified, named])
def test_no_filling_holds_a_report_up(form: Callable[[str], bytes]) -> None:
    for filling in FILLINGS:
        raw = form((filling * LENGTH)[:LENGTH])
        begun = time.process_time()
        read(raw)
        assert time.process_time() - begun < MOST_SECONDS, filling


@pytest.mark.parametrize("words", ["user " * 12_000, "The quick brown fox jumps over the lazy dog.\n" * 1_300])
def test_many_recipients_share_the_words_below_them(words: str) -> None:
    told = "".join(f"nobody{number}@mx.example\n\n" for number in range(100)) + words
    begun = time.process_time()
    mail = read(in_prose(told))
    assert time.process_time() - begun < MOST_SECONDS
    assert mail.report is not None
    assert len(mail.report.recipients) == 100


def test_many_parts_are_not_all_looked_into() -> None:
    parts = [a_part("text/plain; name=x.txt", "Message-ID: <x@y>\n" * 3_000)] * 300
    begun = time.process_time()
    mail = read(mail_of(a_multipart("report", *parts, settings="; report-type=delivery-status")))
    assert time.process_time() - begun < 4 * MOST_SECONDS
    assert mail.report_ids == ("x@y",)
