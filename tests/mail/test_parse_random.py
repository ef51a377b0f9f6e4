"""Any bytes at all: the reader answers with a clean mail or refuses, and does nothing else."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpdesk_tui.errors import MailUnreadable
from helpdesk_tui.mail.quotes import split_quote
from helpdesk_tui.mail.reader import Unread
from helpdesk_tui.mail.readers import Readers
from helpdesk_tui.rules.untrusted import is_clean
from tests.build import Proves
from tests.mail import test_parse_corpus as corpus
from tests.mail.mutations import mutated
from tests.mail.raw_mail import a_multipart, a_part, read, texts

SEEDS = (
    b"From: =?utf-8?q?J=C3=B6rg?= <j@b.example>\nTo: a@b.example, \"B, C\" <c@d.example>\nSubject: Re: =?latin1?b?5A==?=\n"
    b"Date: Tue, 02 Jan 2024 10:00:00 +0100\nMessage-ID: <a@b.example>\nReferences: <x@y> <z@y>\n"
    + a_multipart(
        "mixed",
        a_multipart("alternative", a_part("text/plain; charset=utf-8; format=flowed", "Hi \nthere\n\n> old\n"),
                    a_part("text/html", '<p style="x">Hi <a href="http://x.example">you</a><br>&uuml;</p><!-- c -->')),
        a_part('image/png; name*=utf-8\'\'%C3%A4.png', "QUJD", "Content-Transfer-Encoding: base64\n"),
        a_part("message/rfc822", "From: x@y.example\n\nHi"),
    ),
    b"From: MAILER-DAEMON@x.example\nReturn-Path: <>\nSubject: Undelivered Mail Returned to Sender\n"
    + a_multipart(
        "report",
        a_part("text/plain", "550 5.1.1 <a@b.example> user unknown"),
        a_part("message/delivery-status", "Reporting-MTA: x\n\nFinal-Recipient: rfc822;a@b.example\nAction: failed\nStatus: 5.1.1\n"),
        a_part("text/rfc822-headers", "Message-ID: <t@d.example>\n"),
        settings="; report-type=delivery-status",
    ),
    b"From: a@b.example\nContent-Type: text/calendar\n\nBEGIN:VEVENT\nSUMMARY:x\nDTSTART:20240102T100000Z\nEND:VEVENT\n",
    b"From: a@b.example\n\nNew words\n\n-- \nAnna\n\nAm 01.01.24 um 09:00 schrieb Desk:\n> Old words\n",
)  # fmt: skip
PIECES = st.sampled_from(
    [b"\n", b"\r", b"\n\n", b"\0", b"--", b"<", b">", b'"', b"=?", b"?=", b"=", b":", b";", b"(", b"\\", b"\x1b[", b"\xff",
     b"Content-Type: ", b"multipart/mixed", b"boundary=", b"base64", b"> ", b"@", b"&#", "ü\u202e".encode(), b"*0*=''%"]
)  # fmt: skip


def answer(raw: bytes) -> None:
    with contextlib.suppress(MailUnreadable):
        read(raw)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=2_000))
def test_random_bytes(raw: bytes) -> None:
    answer(raw)


@settings(max_examples=300, deadline=None)
@given(st.lists(PIECES | st.binary(max_size=20), max_size=80))
def test_random_pieces_of_mail(pieces: list[bytes]) -> None:
    answer(b"From: a@b.example\n" + b"".join(pieces))


@settings(max_examples=600, deadline=None)
@given(
    st.sampled_from(SEEDS),
    st.lists(
        st.tuples(st.integers(0, 2_000), st.integers(0, 30), PIECES | st.binary(max_size=8)), min_size=1, max_size=8
    ),
)
def test_mutated_mails(seed: bytes, changes: list[tuple[int, int, bytes]]) -> None:
    raw = seed
    for at, removed, inserted in changes:
        place = at % (len(raw) + 1)
        raw = raw[:place] + inserted + raw[place + removed :]
    answer(raw)


@corpus.pytestmark
@pytest.mark.timeout(1_800)
@pytest.mark.parametrize("count", [1_000, pytest.param(100_000, marks=pytest.mark.long)])
def test_real_mails_made_worse_are_read_by_guarded_readers_and_end_none(count: int, proves: Proves) -> None:
    mails = [(corpus.FOLDER / name).read_bytes() for name in corpus.messages()]
    refused, read_well = 0, 0
    with Readers(2) as readers:
        for number, reading in enumerate(readers.read(mutated(mails, count, seed=4))):
            if isinstance(reading, Unread):
                assert "neither a sender nor any text" in reading.reason, (number, reading.reason)
                refused += 1
            else:
                assert all(map(is_clean, texts(reading))), number
                read_well += 1
    assert refused + read_well == count
    proves("mutated mails read", read_well)
    proves("mutated mails put aside", refused)


LINES = st.sampled_from(
    ["", "Words", "> old", ">> older", "Am 01.01.24 um 09:00 schrieb A:", "On 1/1/24 9:00 AM, A <a@b.example> wrote:", "-- ",
     "-----Original Message-----", "From: A <a@b.example>", "Sent: today", "Subject: x", "Von meinem iPhone gesendet", "____"]
)  # fmt: skip


@settings(max_examples=500, deadline=None)
@given(st.lists(LINES, max_size=14))
def test_splitting_loses_no_line(rows: list[str]) -> None:
    new, old = split_quote("\n".join(rows))
    assert sorted(row for row in f"{new}\n{old}".split("\n") if row.strip()) == sorted(
        row for row in rows if row.strip()
    )
