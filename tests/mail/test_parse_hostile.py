"""Mails made to stall, to exhaust memory or to move a terminal: each is read, clean, in bounded time and memory."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest

from helpdesk_tui.mail.html import MOST_TOKENS
from helpdesk_tui.mail.parse import parse
from helpdesk_tui.mail.reader import Reading, Unread
from helpdesk_tui.mail.readers import Readers
from helpdesk_tui.rules.untrusted import is_clean
from helpdesk_tui.terms import IncomingMail
from tests.build import Proves
from tests.mail.raw_mail import a_mail, a_multipart, a_part, mail_of, read, texts

MILLION = 1_000_000


def nested(depth: int) -> bytes:
    down = b"".join(b'Content-Type: multipart/mixed; boundary="b%d"\n\n--b%d\n' % (n, n) for n in range(depth))
    up = b"".join(b"--b%d--\n" % n for n in reversed(range(depth)))
    return b"From: a@b.example\n" + down + b"Content-Type: text/plain\n\nWords\n" + up


def embedded(depth: int) -> bytes:
    return b"From: a@b.example\n" + b"Content-Type: message/rfc822\n\n" * depth + b"Words"


def parts(count: int) -> bytes:
    return mail_of(b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\n\nWords\n" * count + b"--b--")


def subject(text: bytes) -> bytes:
    return a_mail(header=b"Subject: " + text)


def sender(text: bytes) -> bytes:
    return a_mail(sender=text)


def plain(text: bytes, settings: str = "") -> bytes:
    return mail_of(a_part("text/plain; charset=utf-8" + settings, text))


def html(text: bytes) -> bytes:
    return mail_of(a_part("text/html", text))


def coded(encoding: str, text: bytes) -> bytes:
    return mail_of(a_part("text/plain", text, f"Content-Transfer-Encoding: {encoding}\n"))


def report(text: bytes) -> bytes:
    return a_mail(text, header="Subject: failure notice", sender="MAILER-DAEMON@b.example")


def listed(mark: bytes) -> bytes:
    """Every address field fifty times, each full of one mark."""
    names = (b"To", b"Cc", b"Reply-To", b"Delivered-To", b"X-Original-To")
    return a_mail(header=b"".join(name + b": " + mark * 65_000 + b"\n" for name in names for _ in range(50)))


HOSTILE: dict[str, Callable[[], bytes]] = {
    "nesting 50": lambda: nested(50),
    "nesting 500": lambda: nested(500),
    "nesting 5,000": lambda: nested(5_000),
    "mails in mails 300": lambda: embedded(300),
    "mails in mails 3,000": lambda: embedded(3_000),
    "10,000 parts": lambda: parts(10_000),
    "100,000 parts": lambda: parts(100_000),
    "a boundary that nests in itself": lambda: mail_of(
        b"Content-Type: multipart/mixed; boundary=b\n\n"
        + b"--b\nContent-Type: multipart/mixed; boundary=b\n\n" * 20_000
    ),
    "boundaries without parts": lambda: mail_of(
        b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\n" * MILLION
    ),
    "almost boundaries": lambda: mail_of(b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--bx\n" * MILLION),
    "boundary of 100 KB": lambda: mail_of(
        b"Content-Type: multipart/mixed; boundary=" + b"x" * 100_000 + b"\n\n--" + b"x" * 100_000 + b"\n\nWords"
    ),
    "subject of one word": lambda: subject(b"x" * MILLION),
    "subject of many words": lambda: subject(b"word " * 200_000),
    "50,000 encoded words": lambda: subject(b"=?utf-8?q?ab?= " * 50_000),
    "starts of encoded words": lambda: subject(b"=?a?q?" * 200_000),
    "encoded words in two character sets": lambda: subject(b"=?utf-8?b?QUJD?= =?latin1?q?=E4?= " * 50_000),
    "subject of folds": lambda: subject(b"x\n" + b" y\n" * MILLION),
    "header of 10 MB": lambda: a_mail(header=b"X-A: " + b"y" * (10 * MILLION)),
    "50,000 header lines": lambda: b"".join(b"X-%d: y\n" % n for n in range(50_000)) + a_mail(),
    "a million header lines": lambda: b"From: a@b.example\n" + b"a:\n" * MILLION + b"\nWords",
    "many fields in every part": lambda: mail_of(
        a_multipart("mixed", *[b"".join(b"a%d:x\n" % n for n in range(46_000)) + b"\nWords"] * 85)
    ),
    "a million lines without colon": lambda: b"From: a@b.example\n" + b"abc\n" * MILLION + b"\nWords",
    "100,000 references": lambda: a_mail(
        header=b"References: " + b"".join(b"<id%d@x.example>\n " % n for n in range(100_000))
    ),
    "a million in Cc": lambda: a_mail(header=b"Cc: " + b", ".join(b"u%d@b.example" % n for n in range(MILLION))),
    "group marks": lambda: sender(b"g:;" * 7_000),
    "colons": lambda: sender(b"a@b" + b":" * 60_000),
    "brackets": lambda: sender(b"<" * 60_000),
    "parentheses": lambda: sender(b"(" * 60_000),
    "quotes": lambda: sender(b'"' * 60_001),
    "escaped quotes": lambda: sender(b'\\"' * 30_001),
    "at signs": lambda: sender(b"a@" * 30_000),
    "dots": lambda: sender(b"a." * 30_000 + b"@x"),
    "semicolons in all address fields": lambda: listed(b";"),
    "parentheses in all address fields": lambda: listed(b"("),
    "commas": lambda: sender(b"," * 60_000),
    "parameters": lambda: mail_of(a_part("text/plain" + "; a=b" * 100_000, "Words")),
    "quoted parameter": lambda: mail_of(a_part('text/plain; a="' + '\\"' * 100_000, "Words")),
    "parameter in pieces": lambda: mail_of(
        a_part("text/x-y" + "".join(f"; name*{n}*=%41" for n in range(3_000)), "Words")
    ),
    "line of 10 MB": lambda: plain(b"x" * (10 * MILLION)),
    "a million empty lines": lambda: plain(b"x" + b"\n" * MILLION + b"x"),
    "quotes and answers": lambda: plain(b"> a\nb\n" * 300_000),
    "wrapped quotes": lambda: plain((b"> " + b"a" * 70 + b"\nb\n") * 30_000),
    "almost leads": lambda: plain(b"am 1.1.2020 10:00 x:\n" * 300_000),
    "almost headers": lambda: plain(b"From: x\n" * 300_000),
    "signatures": lambda: plain(b"-- \n" * 300_000),
    "dashes": lambda: plain(b"-" * MILLION),
    "lines of dashes": lambda: plain((b"-" * 199 + b"\n") * 5_000),
    "stars and words": lambda: plain((b"*" * 40 + b" " + b"on " * 50 + b":\n") * 5_000),
    "dashes around almost leads": lambda: plain((b"-" * 40 + b"wrote" * 80 + b"-" * 41 + b"\n") * 2_000),
    "blanks": lambda: plain(b" " * (10 * MILLION) + b"x"),
    "escape characters": lambda: plain(b"\x1b]" * MILLION),
    "C1 controls": lambda: plain("\x9d".encode() * MILLION),
    "C1 controls in the subject": lambda: subject("\x9d".encode() * 30_000),
    "nul": lambda: plain(b"\0" * (5 * MILLION) + b"x"),
    "flowed": lambda: plain(b"a \n" * MILLION, "; format=flowed"),
    "flowed quotes": lambda: plain(b">a \n> \n" * 300_000, "; format=flowed"),
    "HTML tables of 10 MB": lambda: html(b"<table><tr><td>x" * 625_000),
    "HTML blocks": lambda: html(b"<div>" * MILLION),
    "HTML brackets": lambda: html(b"<" * (3 * MILLION)),
    "HTML tags without end": lambda: html(b"<a " * MILLION),
    "HTML quotes": lambda: html(b"<a \"'" * MILLION),
    "HTML comments": lambda: html(b"<!--" * MILLION),
    "HTML marked sections": lambda: html(b"<![CDATA[" * 300_000),
    "HTML scripts": lambda: html(b"<script>" * 300_000),
    "HTML objects": lambda: html(b"<object>" * 300_000),
    "HTML ampersands": lambda: html(b"&" * (3 * MILLION)),
    "HTML endless reference": lambda: html(b"&#" + b"9" * (3 * MILLION)),
    "HTML attributes": lambda: html(b"<a " + b"x=y " * 500_000 + b">hi</a>"),
    "HTML names without values": lambda: html((b"<b " + b"a" * 19_990 + b">") * 150),
    "HTML blanks behind names": lambda: html((b"<b a" + b" " * 19_990 + b">") * 150),
    "HTML in ten parts": lambda: mail_of(a_multipart("mixed", *[a_part("text/html", b"<p>a</p>" * 300_000)] * 10)),
    "HTML references in eight parts": lambda: mail_of(
        a_multipart("mixed", *[a_part("text/html", b"&#7;" * 750_000)] * 8)
    ),
    "HTML empty lines as written": lambda: html(b"<pre>" + b"\n" * (3 * MILLION)),
    "HTML lines in quotes": lambda: html(b"<blockquote>" * 20 + b"<pre>" + b"x\n" * MILLION),
    "HTML quotes in quotes": lambda: html(b"<blockquote>" * 100_000 + b"x<br>" * 100_000),
    "HTML lists": lambda: html(b"<ul><li>" * 100_000),
    "HTML links": lambda: html(b"<a href='http://x'>" * 150_000),
    "HTML cells": lambda: html(b"<table><tr>" + b"<td>x" * 300_000),
    "HTML hidden": lambda: html(b"<div style='display:none'>" * 100_000 + b"x"),
    "garbage base64": lambda: coded("base64", b"!@#$QUJD=" * MILLION),
    "base64 of other signs": lambda: coded("base64", b"!@\n" * (8 * MILLION) + b"A"),
    "quoted-printable": lambda: coded("quoted-printable", b"=\n" * MILLION),
    "uuencode": lambda: coded("x-uuencode", b"begin 644 x\n" + b"M12345\n" * 300_000),
    "uuencode of empty lines": lambda: coded("x-uuencode", b"\n" * (12 * MILLION)),
    "uuencode of rows that claim much": lambda: coded("x-uuencode", b"~\n" * (5 * MILLION)),
    "uuencode of broken rows": lambda: coded("x-uuencode", b"~\x7f\n" * (4 * MILLION)),
    "base64 of 20 MB": lambda: mail_of(
        a_part("application/zip; name=a.zip", b"QUJDREVGR0hJSktMTU5PUFFSU1RVVldY\n" * 600_000,
               "Content-Transfer-Encoding: base64\n")
    ),
    "text of 20 MB": lambda: plain("hällo wörld\n".encode() * 1_500_000),
    "broken text of 20 MB": lambda: plain(b"h\xe4llo w\xf6rld\n" * 1_600_000),
    "utf-7": lambda: mail_of(a_part("text/plain; charset=utf-7", b"+AGE-" * MILLION)),
    "iso-2022-jp": lambda: mail_of(a_part("text/plain; charset=iso-2022-jp", b"\x1b$B" * MILLION)),
    "report: words": lambda: report(b"delivery to " * 6_000),
    "report: dashes": lambda: report(b"---" * 22_000),
    "report: letters": lambda: report(b"a" * 65_000),
    "report: recipients": lambda: mail_of(
        a_multipart("report", a_part("message/delivery-status", b"Final-Recipient: a\n\n" * 50_000))
    ),
    "small fields": lambda: a_mail(
        header=b"Auto-Submitted: " + b"(" * 60_000 + b"\nDate: " + b"1 " * 30_000 + b"\nMessage-ID: " + b"<" * 60_000
    ),
    "bare CR": lambda: b"From: a@b.example\r\r" + b"a\r" * MILLION,
    "blank lines first": lambda: b"\n" * MILLION + a_mail(),
}  # fmt: skip


@pytest.fixture(scope="module")
def guarded() -> Iterator[Readers]:
    """A guarded reader as the program has them: 2 s and 256 MB for a mail."""
    with Readers(1) as guarded:
        yield guarded


@pytest.mark.parametrize("case", HOSTILE)
def test_a_hostile_mail_is_read_within_bounds_and_the_next_as_well(case: str, guarded: Readers) -> None:
    hostile, next_one = guarded.read([HOSTILE[case](), a_mail("The next one")])
    assert not isinstance(hostile, Unread), hostile.reason
    assert all(map(is_clean, texts(hostile)))
    assert isinstance(next_one, IncomingMail)
    assert next_one.text == "The next one"


@pytest.mark.long
def test_all_of_them_at_once_lose_none(proves: Proves) -> None:
    mails = (made() for make in HOSTILE.values() for made in (make, a_mail))
    with Readers(2) as guarded:
        hostile, good = _alternating(list(guarded.read(mails)))
    assert [one for one in hostile if isinstance(one, Unread)] == []
    assert [one.text for one in good if isinstance(one, IncomingMail)] == ["Hello"] * len(HOSTILE)
    proves("hostile mails", len(hostile))


def _alternating(readings: list[Reading]) -> tuple[list[Reading], list[Reading]]:
    return readings[::2], readings[1::2]


SEQUENCES = {
    "clipboard": "\x1b]52;c;aGk=\x07",
    "link": "\x1b]8;;http://x\x1b\\",
    "title": "\x1b]0;t\x07",
    "colour": "\x1b[31m",
    "where is the cursor": "\x1b[6n",
    "other screen": "\x1b[?1049h",
    "sixel": "\x1bPq#0\x1b\\",
    "application command": "\x1b_x\x1b\\",
    "reset": "\x1bc",
    "C1 CSI": "\x9b31m",
    "C1 OSC": "\x9d0;t\x9c",
    "bell": "\x07",
    "backspace": "\x08",
    "nul": "\0",
    "delete": "\x7f",
    "shift out": "\x0e",
    "line separator": "\u2028",
    "form feed": "\x0c",
    "right to left": "\u202e",
    "isolate": "\u2066",
    "zero width": "\u200b",
    "tag": "\U000e0041",
}


@pytest.mark.parametrize("case", SEQUENCES)
def test_no_field_carries_a_sequence_to_the_terminal(case: str) -> None:
    bad = SEQUENCES[case]
    word = "=?utf-8?q?a" + "".join(f"={byte:02X}" for byte in bad.encode()) + "b?="
    header = "\n".join(
        f"{name}: {text}"
        for text in (f"a{bad}b <x{bad}@y.example>", word)
        for name in ("Subject", "To", "Cc", "Reply-To", "Delivered-To", "Message-ID", "In-Reply-To", "References",
                     "Date", "Auto-Submitted", "Importance", "X-Autoreply", "Sender")
    )  # fmt: skip
    file = a_part(f'application/x-{bad}; name="a{bad}b.txt"', "x", f'Content-Disposition: x; filename="{word}"\n')
    body = a_multipart(
        "mixed", a_part(f"text/plain; charset=x{bad}", f"a{bad}b"), a_part("text/html", f"a{bad}b"), file
    )
    read(f"From: a{bad}b <x@y.example>\n{header}\n".encode() + body)
    read(f"From: {word} <x@y.example>\n{header}\n".encode("utf-8", "surrogatepass") + body)


def guessing(blanks: int) -> float:
    """The CPU seconds it takes to look for the first boundary among that many blanks."""
    part = b"--b\nContent-Type: multipart/mixed\n\n--" + b" " * blanks + b"y\n"
    raw = mail_of(b"Content-Type: multipart/mixed; boundary=b\n\n" + part * 40 + b"--b--")
    begun = time.process_time()
    parse(raw)
    return time.process_time() - begun


def test_a_boundary_is_guessed_in_linear_time() -> None:
    assert guessing(60_000) < 2


def test_a_guessed_boundary_may_have_blanks_behind_it() -> None:
    inner = b"--one two--three  \t\r\nContent-Type: text/plain\r\n\r\nWords\r\n--one two--three--\r\n"
    mail = read(mail_of(b"Content-Type: multipart/mixed\r\n\r\n" + inner))
    assert mail.text.strip() == "Words"


def test_too_deep_a_structure_is_said() -> None:
    assert any("too deep" in note for note in read(nested(500)).notes)
    assert read(nested(50)).text == "Words"
    assert read(nested(50)).notes == ()


def test_of_too_many_parts_the_first_are_read_and_the_rest_counted() -> None:
    mail = read(parts(10_000))
    assert any("10000" in note and "500" in note for note in mail.notes)


def test_a_text_that_is_too_long_is_cut_and_said() -> None:
    mail = read(plain(b"word " * 400_000))
    assert len(mail.text) <= MILLION
    assert any("very long" in note for note in mail.notes)


def test_addresses_that_are_not_read_are_said() -> None:
    assert sum("lists about" in note for note in read(listed(b";")).notes) == 5


def test_an_address_is_read_whole_or_not_at_all() -> None:
    mail = read(a_mail(header=b"To: " + b"," * 65_520 + b"anna@customer.example.com, b@c.example"))
    assert mail.to == ()
    assert any("To lists about" in note for note in mail.notes)


def test_the_fields_of_a_part_that_are_not_read_are_said() -> None:
    part = b"".join(b"a%d:x\n" % n for n in range(300)) + b"\nWords"
    mail = read(mail_of(a_multipart("mixed", part)))
    assert mail.text == "Words"
    assert any("header" in note for note in mail.notes)


def test_what_follows_a_text_that_is_too_long_is_not_read_and_said() -> None:
    mail = read(mail_of(a_multipart("mixed", a_part("text/plain", b"word " * 200_000), a_part("text/html", "<p>Last"))))
    assert not mail.text.endswith("Last")
    assert any("very long" in note for note in mail.notes)


def test_the_tags_of_all_parts_share_one_limit() -> None:
    part = a_part("text/html", b"<b>" * (MOST_TOKENS - 1) + b"x")
    assert read(mail_of(a_multipart("mixed", part))).notes == ()
    assert any("HTML" in note for note in read(mail_of(a_multipart("mixed", part, part))).notes)
