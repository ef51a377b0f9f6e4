"""What holds the reading of a mail in bounds: depth, parts, texts, addresses and tags, each cut where it is said."""

from __future__ import annotations

import time

from helpdesk_tui.mail.html import MOST_TOKENS
from helpdesk_tui.mail.parse import parse
from tests.mail.bad_mail import MILLION, listed, nested, parts, plain
from tests.mail.raw_mail import a_mail, a_multipart, a_part, mail_of, read


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
    fields = ("To", "Cc", "Reply-To", "Delivered-To", "X-Original-To")
    assert read(listed(b";")).notes == tuple(f"{name} is very long; its end was not read." for name in fields)
    assert sum("lists about 3250050 addresses" in note for note in read(listed(b",")).notes) == 5


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
