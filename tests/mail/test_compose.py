"""Outgoing mail is valid whatever stands in names, subjects and texts, and nobody outside can write its head."""

from __future__ import annotations

import email
import email.policy
import re
from datetime import UTC, datetime
from email.message import EmailMessage
from typing import Any, cast

import pytest

from helpdesk_tui.desk.delivery import Letter
from helpdesk_tui.errors import Refused
from helpdesk_tui.mail.compose import compose
from helpdesk_tui.mail.parse import parse
from helpdesk_tui.rules.untrusted import clean_line, clean_text
from helpdesk_tui.terms import Person

TOKEN = "a" * 26
FROM_EXCHANGE = "AM9PR08MB6628A4D5C3F2F3B4E3D2A1B0C9D8E@AM9PR08MB6628.eurprd08.prod.outlook.com"
HIDDEN_FIELD = "=?utf-8?q?soon=0D=0ABcc:_victim=40elsewhere.example?="
PEOPLE = (("support", "desk"), ("mira", "customer"), ("otto", "customer"), ("ida", "customer"))
NAMES = (
    "",
    "Mira Kern",
    "Grüße Ärger",
    "李 小龍",
    "Kern, Mira (Support)",
    'Mira "the boss" Kern\\',
    "mira@elsewhere.example",
    HIDDEN_FIELD,
    "Mira =?utf-8?q?_?= Kern",
    "Mira\r\nBcc: victim@elsewhere.example",
    "Öl" * 100,
    "long " * 40,
    "x" * 200,
    "👩‍🚀 Ada",
    "<>",
    ":;",
)
SUBJECTS = (
    "Re: Printer",
    "Re:",
    "",
    "Re: Über größere Drucker",
    f"Re: {HIDDEN_FIELD}",
    f"Re: x{HIDDEN_FIELD}y",
    "Re: one\r\nBcc: victim@elsewhere.example",
    "Re: one\n\nThe text",
    "Re: " + "ü" * 900,
    "Re: " + "y" * 990,
    "Re: " + "many words " * 80,
    "Re: 50 % =? ?= =?",
)
IDS = ("first@customer.example", FROM_EXCHANGE, "x" * 800 + "@customer.example", f"{TOKEN}.hd@desk.example")
USELESS_IDS = ("x" * 990, "ü@x", "a b@x", "", "a>b@x", "=?utf-8?q?=0D=0ABcc:_x=40y?=\r\n@x")
TEXTS = (
    "Hello",
    "Grüße aus Köln",
    "x" * 3000,
    "ü" * 3000,
    ".\n..\n.hidden dot\nFrom me\n",
    "-- \nsignature",
    "tabs\tand \u00a0 blanks   \nat the end ",
    "a\x00b\ud800c",
    "one\r\ntwo\rthree",
    "--=_aaaaaaaaaaaaaaaaaaaaaaaaaa--\nafter it",
)


def a_letter(**more: Any) -> Letter:
    usual: dict[str, Any] = {
        "outbox_id": 1,
        "sender": Person("Anna · Example Support", "support@desk.example"),
        "to": (Person("Mira Kern", "mira@customer.example"),),
        "cc": (),
        "subject": "Re: Printer",
        "text": "Hello",
        "message_id": f"{TOKEN}.hd@desk.example",
        "references": ("first@customer.example",),
        "written_at": datetime(2026, 11, 23, 10, 0, tzinfo=UTC),
        "files": (),
    }
    return Letter(**{**usual, **more})


def read(content: bytes) -> EmailMessage:
    return cast(EmailMessage, email.message_from_bytes(content, policy=email.policy.default))


def fields_of(content: bytes) -> list[str]:
    head = content.partition(b"\r\n\r\n")[0].decode("ascii")
    return [line.partition(":")[0] for line in head.split("\r\n") if not line.startswith(" ")]


def assert_valid(content: bytes, *, longest: int = 78) -> None:
    """7 bit, CRLF only, no long lines, each field once, and only those we write (RFC 5322 §2.1.1 and §3.6)."""
    assert content.isascii()
    assert content.endswith(b"\r\n")
    assert not re.search(rb"(?<!\r)\n|\r(?!\n)|\0", content)
    assert max(map(len, content.split(b"\r\n"))) <= longest
    names = fields_of(content)
    assert len(names) == len(set(names))
    ours = {"From", "To", "Cc", "Subject", "Date", "Message-ID", "In-Reply-To", "References"}
    assert set(names) <= ours | {"Content-Type", "Content-Transfer-Encoding", "MIME-Version"}
    assert {"From", "To", "Subject", "Date", "Message-ID", "MIME-Version"} <= set(names)


def test_a_plain_letter_is_a_plain_mail() -> None:
    assert compose(a_letter(text="Hello\n\nAnna")) == (
        b"From: =?utf-8?q?Anna_=C2=B7_Example_Support?= <support@desk.example>\r\n"
        b"To: Mira Kern <mira@customer.example>\r\n"
        b"Subject: Re: Printer\r\n"
        b"Date: Mon, 23 Nov 2026 10:00:00 +0000\r\n"
        b"Message-ID: <aaaaaaaaaaaaaaaaaaaaaaaaaa.hd@desk.example>\r\n"
        b"In-Reply-To: <first@customer.example>\r\n"
        b"References: <first@customer.example>\r\n"
        b'Content-Type: text/plain; charset="utf-8"\r\n'
        b"Content-Transfer-Encoding: 7bit\r\n"
        b"MIME-Version: 1.0\r\n"
        b"\r\n"
        b"Hello\r\n\r\nAnna\r\n"
    )


@pytest.mark.parametrize("name", NAMES)
def test_any_name_arrives_as_it_is_but_for_what_might_be_decoded_again(name: str) -> None:
    content = compose(
        a_letter(
            sender=Person(name, "support@desk.example"),
            to=(Person(name, "mira@customer.example"), Person(name, "otto@customer.example")),
            cc=(Person(name, "ida@customer.example"),),
        )
    )
    assert_valid(content)
    shown = clean_line(name, 200).replace("=?", "=_")
    incoming = parse(content)
    assert incoming.sender == Person(shown, "support@desk.example")
    assert incoming.to == (Person(shown, "mira@customer.example"), Person(shown, "otto@customer.example"))
    assert incoming.cc == (Person(shown, "ida@customer.example"),)
    others_see = [box.addr_spec for field in ("From", "To", "Cc") for box in read(content)[field].addresses]
    assert others_see == [f"{who}@{where}.example" for who, where in PEOPLE]


@pytest.mark.parametrize("subject", SUBJECTS)
def test_any_subject_arrives_as_it_is_and_as_nothing_else(subject: str) -> None:
    content = compose(a_letter(subject=subject))
    assert_valid(content)
    assert parse(content).subject == clean_line(subject)


@pytest.mark.parametrize("text", TEXTS)
def test_any_text_arrives_line_by_line(text: str) -> None:
    content = compose(a_letter(text=text))
    assert_valid(content)
    wanted = clean_text(text)
    assert read(content).get_content().replace("\r\n", "\n").removesuffix("\n") == wanted


def test_ancestors_are_named_whole_however_long_their_ids_are() -> None:
    content = compose(a_letter(references=IDS))
    assert_valid(content, longest=998)
    incoming = parse(content)
    assert incoming.in_reply_to == (IDS[-1],)
    assert incoming.references == IDS
    assert f"<{FROM_EXCHANGE}>".encode() in content


def test_ids_that_cannot_stand_in_a_mail_are_left_out() -> None:
    content = compose(a_letter(references=(*USELESS_IDS, FROM_EXCHANGE, *USELESS_IDS)))
    assert_valid(content, longest=998)
    assert parse(content).references == (FROM_EXCHANGE,)
    assert "References" not in fields_of(compose(a_letter(references=USELESS_IDS)))


def test_the_same_letter_gives_the_same_bytes() -> None:
    letter = a_letter(text="Grüße", files=(("note.txt", "text/plain", b"hi"), ("b.png", "image/png", b"\x89PNG")))
    assert compose(letter) == compose(letter)


def test_files_arrive_as_they_are() -> None:
    files = (
        ("Übersicht.txt", "text/plain", b"8 bit \xff\r\nand a bare\nline end"),
        ("mail.eml", "message/rfc822", b"Subject: inner\r\n\r\n\xe4"),
        ("odd", "nonsense", b""),
        ("two\r\nlines", "multipart/mixed", b"x"),
        ("=?utf-8?q?a=0D=0ABcc:_x?=.txt", "text/plain", b"z"),
        ("x.y", "text/plain; charset=x\r\nX: y", b"y"),
    )
    content = compose(a_letter(text="ä\n--=_" + TOKEN, files=files))
    assert_valid(content, longest=120)
    parts = list(read(content).iter_attachments())
    assert [part.get_payload(decode=True) for part in parts] == [body for _name, _type, body in files]
    names = [part.get_filename() for part in parts]
    assert names == ["Übersicht.txt", "mail.eml", "odd", "two lines", "=_utf-8?q?a=0D=0ABcc:_x?=.txt", "x.y"]
    types = [part.get_content_type() for part in parts]
    assert types == ["text/plain", *["application/octet-stream"] * 3, "text/plain", "application/octet-stream"]


@pytest.mark.parametrize(
    "address",
    [
        "",
        "mira",
        "mira@",
        "@customer.example",
        "a@b.example, c@d.example",
        "a@b.example\r\nBcc: victim@elsewhere.example",
        "<a@b.example>",
        "jörg@customer.example",
        "joerg@müller.example",
        "=?utf-8?q?x?=@customer.example>",
        "a b@customer.example",
        "a@[.\\]",
        "a@[",
        '"@customer.example',
        "a@(b",
        "@[]",
    ],
)
def test_an_address_that_cannot_stand_in_a_mail_is_refused(address: str) -> None:
    for letter in (
        a_letter(to=(Person("Mira", address),)),
        a_letter(cc=(Person("", address),)),
        a_letter(sender=Person("", address)),
    ):
        with pytest.raises(Refused, match="cannot be written to") as refused:
            compose(letter)
        assert refused.value.hint


def test_a_quoted_local_part_is_an_address() -> None:
    content = compose(a_letter(to=(Person("", '"odd one"@customer.example'),)))
    assert read(content)["To"].addresses[0].addr_spec == '"odd one"@customer.example'


class TestCalendarEntries:
    """A file may say its method and character set, and nothing else."""

    @pytest.mark.parametrize(
        ("content_type", "found"),
        [
            (
                "text/calendar; method=REQUEST; charset=utf-8",
                ("text/calendar", {"method": "REQUEST", "charset": "utf-8"}),
            ),
            ("text/calendar; method=CANCEL; method=REQUEST", ("text/calendar", {"method": "REQUEST"})),
            ("text/calendar; method=A\r\nBcc: x@y.example", ("application/octet-stream", {})),
            ("text/calendar; name=evil.exe", ("application/octet-stream", {})),
            ('text/calendar; method="A"; x', ("application/octet-stream", {})),
            ("multipart/mixed; charset=utf-8", ("application/octet-stream", {})),
        ],
    )
    def test_its_parameters_arrive(self, content_type: str, found: tuple[str, dict[str, str]]) -> None:
        content = compose(a_letter(files=(("callback.ics", content_type, b"BEGIN:VCALENDAR\r\n"),)))
        assert_valid(content)
        (part,) = read(content).iter_attachments()
        told = {name: part.get_param(name) for name in ("method", "charset", "name") if part.get_param(name)}
        assert (part.get_content_type(), told) == found
        assert part.get_payload(decode=True) == b"BEGIN:VCALENDAR\r\n"
        assert part.get_filename() == "callback.ics"

    def test_an_automatic_letter_says_so(self) -> None:
        assert read(compose(a_letter(is_automatic=True)))["Auto-Submitted"] == "auto-generated"
        assert "Auto-Submitted" not in read(compose(a_letter()))
