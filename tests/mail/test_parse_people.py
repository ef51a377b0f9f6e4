"""Who a mail is from and to, and when the From line may be trusted to mean what mail servers checked."""

from __future__ import annotations

import contextlib
import re
from email import message_from_string
from email.policy import default
from email.utils import getaddresses, parseaddr

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpdesk_tui.mail import addresses
from helpdesk_tui.rules.routing import plain_address
from helpdesk_tui.terms import Person
from tests.mail.raw_mail import a_mail, read

FROM_FORMS = {
    "bare address": ("anna@b.example", "", "anna@b.example", True),
    "angle brackets only": ("<anna@b.example>", "", "anna@b.example", True),
    "plain name": ("Anna Schmidt <anna@b.example>", "Anna Schmidt", "anna@b.example", True),
    "quoted name with a comma": ('"Schmidt, Anna" <anna@b.example>', "Schmidt, Anna", "anna@b.example", True),
    "raw umlaut": ("Jörg Müller <j@b.example>", "Jörg Müller", "j@b.example", True),
    "encoded word": ("=?utf-8?q?J=C3=B6rg?= <j@b.example>", "Jörg", "j@b.example", True),
    "encoded word in quotes": ('"=?utf-8?b?SsO2cmc=?=" <j@b.example>', "Jörg", "j@b.example", True),
    "name as a comment": ("anna@b.example (Anna Schmidt)", "Anna Schmidt", "anna@b.example", True),
    "dots in the name": ("Dr. A. Schmidt <anna@b.example>", "Dr. A. Schmidt", "anna@b.example", True),
    "plus and dots in the address": ("a.b+c@x.b.example", "", "a.b+c@x.b.example", True),
    "address as quoted name": ('"anna@b.example" <anna@b.example>', "", "anna@b.example", True),
    "other address as quoted name": ('"a@good.example" <b@evil.example>', "a@good.example", "b@evil.example", True),
    "upper case domain": ("Anna <Anna@B.Example>", "Anna", "Anna@b.example", True),
    "domain with umlaut": ("Anna <anna@bücher.example>", "Anna", "anna@bücher.example", True),
    "comment behind": ("Anna <anna@b.example> (home)", "Anna", "anna@b.example", True),
    "address before the real one": ("a@good.example <b@evil.example>", "a@good.example", "b@evil.example", False),
    "address in the name": ("Anna a@good.example <b@evil.example>", "Anna a@good.example", "b@evil.example", False),
    "two angle brackets": ("<a@good.example> <b@evil.example>", "", "b@evil.example", False),
    "two addresses": ("a@good.example, b@evil.example", "", "a@good.example", False),
    "group": ("team: anna@b.example;", "", "anna@b.example", False),
    "empty group": ("undisclosed-recipients:;", "", "", False),
    "route": ("<@relay.example,@x.example:anna@b.example>", "", "anna@b.example", False),
    "unquoted comma": ("Schmidt, Anna <anna@b.example>", "Schmidt, Anna", "anna@b.example", True),
    "trailing comma": ("anna@b.example,", "", "anna@b.example", True),
    "unclosed bracket": ("Anna <anna@b.example", "Anna", "anna@b.example", False),
    "unclosed quote": ('"Anna <anna@b.example>', "Anna <anna@b.example>", "anna@b.example", False),
    "unclosed comment": ("anna@b.example (x", "x", "anna@b.example", False),
    "text behind the bracket": ("<a@b.example>@evil.example", "@evil.example", "a@b.example", False),
    "no domain": ("Anna <anna>", "Anna", "", False),
    "one-word domain": ("root <root@localhost>", "root", "root@localhost", False),
    "address literal": ("Anna <anna@[192.0.2.1]>", "Anna", "anna@[192.0.2.1]", False),
    "quoted local part": ('"a b"@b.example', "", '"a b"@b.example', False),
    "two at signs": ("a@b@c.example", "a@b@c.example", "", False),
    "two dots": ("a..b@c.example", "", "a..b@c.example", True),
    "escape sequence in the name": ("\x1b]52;c;aGk=\x07Anna <anna@b.example>", "Anna", "anna@b.example", False),
    "escape sequence in an encoded word": ("=?utf-8?q?=1B[31mAnna?= <a@b.example>", "Anna", "a@b.example", True),
    "address in an encoded word": ("=?utf-8?q?a=40good.example?=", "", "a@good.example", False),
    "local part of 70": (f"{'a' * 70}@b.example", "", "", False),
    "address as plain name": ("anna@B.example <anna@b.example>", "", "anna@b.example", True),
    "address as encoded name": ("=?utf-8?q?anna@b.example?= <anna@b.example>", "", "anna@b.example", True),
    "comma in an encoded word": ("=?utf-8?q?B,_Anna?= <anna@b.example>", "B, Anna", "anna@b.example", True),
    "two commas in the name": ("B, A., Dr. <anna@b.example>", "B, A., Dr.", "anna@b.example", True),
    "sign and emoji": ("O’Neil ® 👩‍🚀 <anna@b.example>", "O’Neil ® 👩‍🚀", "anna@b.example", True),
    "square brackets": ("[Firm] Anna <anna@b.example>", "[Firm] Anna", "anna@b.example", True),
    "dot before the at sign": ("anna.@c.example", "", "anna.@c.example", True),
    "comma without brackets": ("boss, anna@b.example", "boss", "anna@b.example", False),
    "address behind a comma": ("A <a@b.example>, c@evil.example", "A", "a@b.example", False),
    "name behind a comma": ("A <a@b.example>, Firm", "A", "a@b.example", False),
    "wide at sign in the name": ("a＠good.example <b@evil.example>", "a＠good.example", "b@evil.example", False),
    "escaped at sign in the name": ("a\\@good.example <b@evil.example>", "a\\@good.example", "b@evil.example", False),
    "at sign in an encoded word": ("=?utf-8?q?a@g.example?= <b@e.example>", "a@g.example", "b@e.example", False),
    "address and comma in base64": ("=?utf-8?b?a@g.example,?= <b@e.example>", None, "b@e.example", False),
    "address in a character set": ("=?a@g.example,?q?b=40e.example?= <b@e.example>", None, "b@e.example", False),
    "address before an encoded word": (
        "a@g.example =?utf-8?q?x?= <b@e.example>",
        "a@g.example x",
        "b@e.example",
        False,
    ),
    "comment behind a comma": ("(a@g.example), A <b@e.example>", None, "b@e.example", False),
    "brackets before a comma": ("<>, A <b@e.example>", None, "b@e.example", False),
    "only a name": ("Anna Schmidt", "Anna Schmidt", "", False),
    "letters beyond ASCII in the local part": ("Jörg <jörg@b.example>", "Jörg", "jörg@b.example", True),
    "letters beyond ASCII in both": ("jörg@bücher.example", "", "jörg@bücher.example", True),
    "Japanese in both": ("田中 <田中@例え.example>", "田中", "田中@例え.example", True),
    "domain as the DNS has it": ("Anna <a@xn--bcher-kva.example>", "Anna", "a@xn--bcher-kva.example", True),
    "domain in two alphabets": ("Anna <anna@b\u0430nk.example>", "Anna", "anna@b\u0430nk.example", True),
    "dot behind the domain": ("anna@b.example.", "", "anna@b.example.", False),
    "two dots in the domain": ("anna@b..example", "", "anna@b..example", False),
    "hyphen before a label": ("anna@-b.example", "", "anna@-b.example", False),
    "NUL in the address": ("an\0na@b.example", "", "anna@b.example", False),
    "zero-width space in the domain": ("anna@b\u200b.example", "", "anna@b.example", False),
    "bidirectional control in the name": ("Anna\u202e <anna@b.example>", "Anna", "anna@b.example", False),
    "IPv6 literal": ("anna@[IPv6:2001:db8::1]", "", "anna@[IPv6:2001:db8::1]", False),
    "percent sign": ("a%good.example@evil.example", "", "a%good.example@evil.example", True),
    "exclamation mark": ("good.example!a@evil.example", "", "good.example!a@evil.example", True),
    "comment before the domain": ("anna@(x)b.example", "x", "anna@b.example", False),
    "comment in the domain": ("anna@good.example(x).evil.example", "x", "anna@good.example.evil.example", False),
    "comment in the local part": ("anna(x)@b.example", "x", "anna@b.example", False),
    "empty comment in the local part": ("anna()@b.example", "", "anna@b.example", False),
    "comment in the brackets": ("Anna <anna@(x)b.example>", "Anna", "anna@b.example", False),
    "comment between name and brackets": ("Anna (home) <anna@b.example>", "Anna", "anna@b.example", True),
    "address in a comment": ("Anna (a@good.example) <b@evil.example>", "Anna", "b@evil.example", False),
    "its own address in a comment": ("anna@b.example (anna@B.example)", "", "anna@b.example", True),
    "brackets in a comment": ("Anna (<a@good.example>) <b@evil.example>", "Anna", "b@evil.example", False),
    "comment with an address in front": ("(a@good.example) b@evil.example", "a@good.example", "b@evil.example", False),
    "nested comments": ("anna@b.example (a (b) c)", "a b c", "anna@b.example", True),
    "blank in the domain": ("anna@b .example", "", "anna@b", False),
    "quotes that are not needed": ('"anna"@b.example', "", '"anna"@b.example', False),
    "words behind the address": ("anna@b.example Anna", "", "anna@b.example", False),
    "link": ("mailto:anna@b.example", "", "anna@b.example", False),
    "comma in an encoded word before brackets": (
        "=?utf-8?q?a@g.example=2C?= <b@e.example>",
        None,
        "b@e.example",
        False,
    ),
    "brackets in an encoded word": (
        "=?utf-8?q?=3Ca=40g.example=3E?= <b@e.example>",
        "<a@g.example>",
        "b@e.example",
        True,
    ),
    "brackets in quotes": ('"<a@g.example>" <b@e.example>', "<a@g.example>", "b@e.example", True),
    "escaped quotes in the name": (r'"Anna \"A\" B" <anna@b.example>', 'Anna "A" B', "anna@b.example", True),
    "quote that ends late": ('"Anna" a@g.example" <b@e.example>', None, "b@e.example", False),
    "two quoted names": ('"Anna" "B" <anna@b.example>', "Anna B", "anna@b.example", True),
    "empty name": ('"" <anna@b.example>', "", "anna@b.example", True),
    "empty brackets": ("Anna <>", "Anna", "", False),
    "blanks in the brackets": ("Anna < anna@b.example >", "Anna", "anna@b.example", True),
    "brackets in brackets": ("<<anna@b.example>>", "", "anna@b.example", False),
    "semicolon between": ("a@good.example; b@evil.example", "", "a@good.example", False),
    "only an at-sign": ("@", "@", "", False),
    "no local part": ("@b.example", "@b.example", "", False),
    "group of two": ("Team: A <a@b.example>, B <b@b.example>;", "A", "a@b.example", False),
}


@pytest.mark.parametrize("form", FROM_FORMS)
def test_every_form_of_from_gives_the_address_that_counts(form: str) -> None:
    value, name, address, is_strict = FROM_FORMS[form]
    mail = read(a_mail(sender=value))
    if form == "local part of 70":
        assert not mail.has_strict_sender
        return
    if name is None or form in ("unclosed quote", "two angle brackets", "text behind the bracket"):
        assert (mail.sender.address, mail.has_strict_sender) == (address, is_strict)
        return
    assert (mail.sender, mail.has_strict_sender) == (Person(name, address), is_strict)


#: Between an address and the next one, as readers took one for the other (CVE-2023-27043).
SEPARATORS = (
    "(",
    ")",
    "<",
    ">",
    "@",
    ",",
    ";",
    ":",
    ".",
    '"',
    "[",
    "]",
    "\\",
    " ",
    "\t",
    "()",
    "(,)",
    '""',
    "=?",
    "＠",
    "@ ",
)
JOINED = [
    form.format(mark)
    for mark in SEPARATORS
    for form in (
        "a@good.example{}b@evil.example",
        "a@good.example{}<b@evil.example>",
        "Anna{}a@good.example <b@evil.example>",
        "Anna <a@good.example{}b@evil.example>",
        "<a@good.example>{}<b@evil.example>",
    )
]


@pytest.mark.parametrize("value", JOINED)
def test_of_two_addresses_none_counts(value: str) -> None:
    assert not read(a_mail(sender=value)).has_strict_sender


@pytest.mark.parametrize(
    "value",
    [
        "v@good.example," + "\n " * 33_000 + "e@evil.example",
        "v@good.example" + "\n " * 33_000 + "<e@evil.example>",
        "a," * 199 + "<v@good.example>, <e@evil.example>",
    ],
    ids=["behind blanks", "in brackets behind blanks", "behind many names"],
)
def test_who_stands_behind_what_is_read_counts(value: str) -> None:
    assert not read(a_mail(sender=value)).has_strict_sender


@pytest.mark.parametrize("value", [*(form[0] for form in FROM_FORMS.values()), *JOINED])
def test_where_another_reader_sees_another_address_the_sender_is_not_strict(value: str) -> None:
    _agree(value)


PIECES = st.sampled_from(
    ["a@good.example", "b@evil.example", "anna", "@", ".example", "<", ">", "(", ")", '"', ",", ";", ":", " ", "\\", "[", "]", "."]
)  # fmt: skip


@settings(max_examples=1_000, deadline=None)
@given(st.lists(PIECES, max_size=8).map("".join))
def test_whatever_the_field_holds_a_strict_sender_is_one_that_all_readers_see(value: str) -> None:
    _agree(value)


def _agree(value: str) -> None:
    sender, is_strict = addresses.sender([value])
    assert not is_strict or _seen_by_others(value) <= {plain_address(sender.address)}


def _seen_by_others(value: str) -> set[str]:
    """The addresses that the readers of the standard library find; where they find none they are no help."""
    found = {parseaddr(value)[1], *(address for _name, address in getaddresses([value]))}
    with contextlib.suppress(IndexError, ValueError):
        mail = message_from_string(f"From: {value}\n\n", policy=default)
        found |= {one.addr_spec for one in mail["From"].addresses}
    return {plain_address(one) for one in found if re.fullmatch(r".+@[\w.-]+", one)}


LOOKALIKES = {
    "Kelvin sign": "bla\u212ae@bank.example",
    "Kelvin sign in the domain": "blake@ban\u212a.example",
    "wide letter": "\uff42lake@bank.example",
    "mathematical letter": "blake@ban\U0001d424.example",
    "long s": "ro\u017fe@bank.example",
    "ligature": "\ufb01ona@bank.example",
    "sharp s": "gro\u00df@bank.example",
}


@pytest.mark.parametrize("form", LOOKALIKES)
def test_an_address_that_only_looks_like_ascii_is_another_one_and_never_strict(form: str) -> None:
    address = LOOKALIKES[form]
    mail = read(a_mail(sender=f"Blake <{address}>", header=f"To: blake@bank.example, {address}"))
    assert (mail.sender.address, mail.has_strict_sender) == (address, False)
    assert [person.address for person in mail.to] == ["blake@bank.example", address]
    assert plain_address(address) == address


def test_two_from_lines_are_never_strict() -> None:
    mail = read(a_mail(header="From: b@evil.example", sender="a@good.example"))
    assert mail.sender.address == "a@good.example"
    assert not mail.has_strict_sender
    assert any("more than one From" in note for note in mail.notes)


def test_without_from_the_sender_field_is_read_and_not_trusted() -> None:
    mail = read(b"Sender: Anna <anna@b.example>\nSubject: x\n\nHello")
    assert mail.sender == Person("Anna", "anna@b.example")
    assert not mail.has_strict_sender
    assert any("Sender" in note for note in mail.notes)


def test_an_encoded_word_cannot_add_a_header() -> None:
    mail = read(a_mail(sender="=?utf-8?q?Anna=0D=0ABcc:_x=40y.example?= <a@b.example>"))
    assert mail.sender.name == "Anna Bcc: x@y.example"
    assert mail.to == mail.cc == ()


def test_recipients_come_from_all_their_lines_each_once() -> None:
    header = "To: Desk <desk@d.example>, Bob <bob@b.example>\nTo: DESK@d.example\nCc: team: c@c.example, d@d.example;\n"
    mail = read(a_mail(header=header + "Reply-To: other@o.example"))
    assert [person.address for person in mail.to] == ["desk@d.example", "bob@b.example"]
    assert [person.address for person in mail.cc] == ["c@c.example", "d@d.example"]
    assert mail.reply_to == (Person("", "other@o.example"),)


def test_who_wrote_in_the_name_of_another_and_who_passed_it_on() -> None:
    mail = read(
        a_mail(header="Sender: Bob <bob@office.example>\nResent-From: Cara <c@c.example>\nResent-From: x@y.example")
    )
    assert mail.written_by == Person("Bob", "bob@office.example")
    assert mail.resent_by == Person("Cara", "c@c.example")
    plain = read(a_mail())
    assert plain.written_by == plain.resent_by == Person("", "")


def test_delivered_to_lists_both_fields() -> None:
    header = "Delivered-To: desk@d.example\nX-Original-To: alias@d.example\nDelivered-To: desk@d.example"
    assert read(a_mail(header=header)).delivered_to == ("desk@d.example", "alias@d.example")


def test_of_very_many_recipients_the_first_are_read() -> None:
    mail = read(a_mail(header="Cc: " + ", ".join(f"u{n}@b.example" for n in range(5_000))))
    assert len(mail.cc) == 200
    assert any("5000" in note for note in mail.notes)


def test_a_field_folded_over_lines_is_one() -> None:
    mail = read(a_mail(sender="Anna\n Schmidt\n\t<anna@b.example>"))
    assert mail.sender == Person("Anna Schmidt", "anna@b.example")
