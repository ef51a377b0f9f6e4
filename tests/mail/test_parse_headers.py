"""Subject, dates, ids, and the signs of robots and lists."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.mail.raw_mail import a_mail, read

SUBJECTS = {
    "plain": (b"Re: Printer", "Re: Printer"),
    "folded": (b"Re: Printer\n on floor 3", "Re: Printer on floor 3"),
    "german reply": (b"AW: =?iso-8859-1?Q?R=FCckfrage?=", "AW: Rückfrage"),
    "base64": (b"=?UTF-8?B?R3LDvMOfZQ==?=", "Grüße"),
    "two words without the blank between": (b"=?utf-8?q?Gr=C3=BC?= =?utf-8?q?=C3=9Fe?=", "Grüße"),
    "a letter cut between two words": (b"=?utf-8?q?Gr=C3?=\n =?utf-8?q?=BC=C3=9Fe?=", "Grüße"),
    "two character sets": (b"=?iso-8859-1?q?=E4?= =?utf-8?q?=C3=B6?=", "äö"),
    "blank kept before plain text": (b"=?utf-8?q?=C3=A4?= b", "ä b"),
    "language suffix": (b"=?utf-8*en?q?a=C3=A4?=", "aä"),
    "unknown character set": (b"=?x-nothing?q?caf=C3=A9?=", "café"),
    "codec that is none": (b"=?zlib?q?abc?= =?rot13?q?abc?=", "abcabc"),
    "broken base64": (b"=?utf-8?b?R3LDvMOfZQ?=", "Grüße"),
    "underscores": (b"=?utf-8?q?a_b?=", "a b"),
    "unclosed word": (b"=?utf-8?q?abc", "=?utf-8?q?abc"),
    "not decoded twice": (b"=?utf-8?q?=3D=3Futf-8=3Fq=3Fx=3F=3D?=", "=?utf-8?q?x?="),
    "raw utf-8": ("Störung".encode(), "Störung"),
    "raw latin-1": ("Störung".encode("latin-1"), "Störung"),
    "escape sequences": (b"a\x1b[31mb\x1b]0;t\x07c", "abc"),
    "bidi and zero width": ("a\u202eb\u200bc".encode(), "abc"),
    "nul": (b"a\0b", "ab"),
    "iso-2022-jp": (b"=?iso-2022-jp?b?GyRCJUYlOSVIGyhC?=", "テスト"),
    "empty": (b"", ""),
}


@pytest.mark.parametrize("case", SUBJECTS)
def test_a_subject_is_one_clean_line(case: str) -> None:
    raw, subject = SUBJECTS[case]
    assert read(a_mail(header=b"Subject: " + raw)).subject == subject


DATES = {
    "rfc": ("Tue, 02 Jan 2024 10:00:00 +0100", datetime(2024, 1, 2, 9, tzinfo=UTC)),
    "no weekday, no seconds": ("2 Jan 2024 10:00 +0000", datetime(2024, 1, 2, 10, tzinfo=UTC)),
    "zone by name": ("Tue, 02 Jan 2024 10:00:00 EST", datetime(2024, 1, 2, 15, tzinfo=UTC)),
    "zone and comment": ("Tue, 02 Jan 2024 10:00:00 -0800 (PST)", datetime(2024, 1, 2, 18, tzinfo=UTC)),
    "year of two digits": ("02 Jan 99 10:00:00 GMT", datetime(1999, 1, 2, 10, tzinfo=UTC)),
    "asctime": ("Tue Jan  2 10:00:00 2024", datetime(2024, 1, 2, 10, tzinfo=UTC)),
    "iso": ("2024-01-02T10:00:00+01:00", datetime(2024, 1, 2, 9, tzinfo=UTC)),
    "leap second": ("30 Jun 2015 23:59:60 +0000", datetime(2015, 6, 30, 23, 59, 59, tzinfo=UTC)),
    "year 9999": ("31 Dec 9999 23:00:00 -1200", None),
    "year 1": ("01 Jan 0001 00:00:00 +0100", None),
    "zone +9999": ("02 Jan 2024 10:00:00 +9999", None),
    "zone of 14 digits": ("02 Jan 2024 10:00:00 +01000000000000", None),
    "99 Feb": ("99 Feb 2024 25:61:00 +0000", None),
    "no date": ("yesterday", None),
    "empty": ("", None),
}


@pytest.mark.parametrize("case", DATES)
def test_a_date_is_aware_and_in_utc_or_missing(case: str) -> None:
    raw, moment = DATES[case]
    assert read(a_mail(header=f"Date: {raw}")).sent_at == moment


MESSAGE_IDS = {
    "usual": ("<a.B@c.example>", "a.B@c.example"),
    "empty": ("<>", ""),
    "missing": ("", ""),
    "blank inside": ("<a b@ c.example>", "ab@c.example"),
    "folded inside": ("<abc\n def@c.example>", "abcdef@c.example"),
    "no brackets": ("abc@c.example", "abc@c.example"),
    "text around": ("x <a@c.example> y", "a@c.example"),
    "escape sequence": ("<a\x1b[2Jb@c.example>", "ab@c.example"),
    "no at-sign": ("<abc>", "abc"),
}


@pytest.mark.parametrize("case", MESSAGE_IDS)
def test_a_message_id_is_read_without_brackets(case: str) -> None:
    raw, wanted = MESSAGE_IDS[case]
    assert read(a_mail(header=f"Message-ID: {raw}")).message_id == wanted


def test_references_keep_their_order_and_case() -> None:
    mail = read(a_mail(header="References: <A@x.example>\n <b@x.example>\t<A@x.example>\nIn-Reply-To: <b@x.example>"))
    assert mail.references == ("A@x.example", "b@x.example")
    assert mail.in_reply_to == ("b@x.example",)


def test_in_reply_to_may_be_prose() -> None:
    mail = read(a_mail(header='In-Reply-To: Message of "Mon, 1 Jan" from Anna <x1@b.example>'))
    assert mail.in_reply_to == ("x1@b.example",)


def test_of_many_references_the_last_fifty_are_read() -> None:
    mail = read(a_mail(header="References: " + " ".join(f"<{n}@x.example>" for n in range(1_000))))
    assert mail.references == tuple(f"{n}@x.example" for n in range(950, 1_000))
    assert any("References" in note for note in mail.notes)


CUT = {
    "a long subject": (f"Subject: {'x' * 2000}", "subject"),
    "an id too long to keep": (f"Message-ID: <{'i' * 2000}@b.example>", "id cannot be kept"),
    "a date without sense": (
        "Date: Tue, 99 Feb 2026 25:61:00 +0100",
        "makes no sense: Tue, 99 Feb 2026 25:61:00 +0100",
    ),
}


@pytest.mark.parametrize("case", CUT)
def test_what_was_cut_or_cannot_be_read_is_named(case: str) -> None:
    header, words = CUT[case]
    (note,) = read(a_mail(header=header)).notes
    assert words in note


def test_a_name_that_was_cut_is_named() -> None:
    (note,) = read(a_mail(sender=f"{'n' * 500} <a@b.example>")).notes
    assert "sender's name" in note


def test_a_usual_mail_has_no_notes() -> None:
    assert read(a_mail()).notes == ()


ROBOTS = {
    "person": ("", "", ()),
    "auto-replied": ("Auto-Submitted: Auto-Replied (vacation)", "auto-replied", ()),
    "auto-generated with parameter": ("Auto-Submitted: auto-generated; owner=x", "auto-generated", ()),
    "auto-submitted no": ("Auto-Submitted: no", "no", ()),
    "exchange": ("X-Auto-Response-Suppress: All", "", ("X-Auto-Response-Suppress",)),
    "exchange none": ("X-Auto-Response-Suppress: None", "", ()),
    "bulk": ("Precedence: bulk", "", ("Precedence",)),
    "junk": ("Precedence: Junk", "", ("Precedence",)),
    "auto_reply": ("Precedence: auto_reply", "", ("Precedence",)),
    "list": ("Precedence: list", "", ()),
    "x-autoreply": ("X-Autoreply: yes", "", ("X-Autoreply",)),
    "x-autoreply no": ("X-Autoreply: no", "", ()),
    "x-autorespond": ("X-Autorespond: away", "", ("X-Autorespond",)),
    "x-auto-reply-from": ("X-Auto-Reply-From: a@b.example", "", ("X-Auto-Reply-From",)),
    "null return path": ("Return-Path: <>", "", ("Return-Path",)),
    "absence note without a header": ("Subject: Abwesenheitsnotiz: Re: Printer", "", ("Subject",)),
    "english absence note": ("Subject: Out of Office: Printer", "", ("Subject",)),
    "automatic answer": ("Subject: Automatische Antwort: Printer", "", ("Subject",)),
    "office in a sentence": ("Subject: Printer out of order in the office", "", ()),
}


@pytest.mark.parametrize("case", ROBOTS)
def test_robots_are_known_by_their_header(case: str) -> None:
    header, auto_submitted, signs = ROBOTS[case]
    mail = read(a_mail(header=header))
    assert (mail.auto_submitted, mail.robot_signs) == (auto_submitted, signs)


@pytest.mark.parametrize(
    "field", ["List-Id: <x.y>", "List-Post: <mailto:x@y.example>", "Mailing-List: x", "Precedence: list"]
)
def test_list_mail_is_known(field: str) -> None:
    assert read(a_mail(header=field)).is_list
    assert not read(a_mail()).is_list


@pytest.mark.parametrize(
    ("field", "importance"),
    [
        ("Importance: High", "high"),
        ("Importance: low", "low"),
        ("Importance: normal", ""),
        ("X-Priority: 1 (Highest)", "high"),
        ("X-Priority: 3", ""),
        ("X-Priority: 5", "low"),
        ("Priority: urgent", "high"),
        ("X-Nothing: 1", ""),
    ],
)
def test_importance_is_what_the_sender_marked(field: str, importance: str) -> None:
    assert read(a_mail(header=field)).importance == importance


def test_the_first_lines_may_be_no_header() -> None:
    raw = b"\xef\xbb\xbf\n\nFrom anna@b.example Mon Jan  1 10:00:00 2024\nFrom: anna@b.example\nno colon\nSubject: x\n\nHello"
    mail = read(raw)
    assert (mail.sender.address, mail.subject, mail.text) == ("anna@b.example", "x", "Hello")


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends_do_not_matter(end: str) -> None:
    raw = a_mail("one\ntwo", header="Subject: x\n y").replace(b"\n", end.encode())
    mail = read(raw)
    assert (mail.subject, mail.text) == ("x y", "one\ntwo")
