"""Senders that pretend: what an agent is told of them, and that ordinary ones are left in peace."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpdesk_tui.rules.impostors import marks_of
from helpdesk_tui.rules.untrusted import is_clean
from helpdesk_tui.terms import Authenticity, IncomingMail, Person
from tests.build import an_incoming

OWN = ("deskfirm.example", "bücherei.example", "deskfirm.co.uk", "abc.example")
KNOWN = (
    Person("Anna Schmidt", "anna@deskfirm.example"),
    Person("Deskfirm Support", "support@deskfirm.example"),
    Person("Ben Ölander", "ben@home.example"),
)


def marks(name: str, address: str, **fields: Any) -> tuple[str, ...]:
    return marks_of(an_incoming(sender=Person(name, address), **fields), OWN, KNOWN)


#: Name and address of a sender, and what the one mark about them says; "" for none.
SENDERS = {
    "an ordinary customer": ("Erika Beispiel", "erika@customer.example", ""),
    "no name": ("", "erika@customer.example", ""),
    "nothing at all": ("", "", ""),
    "only a name": ("Erika", "", ""),
    "its own address as a name": ("Erika@Customer.example", "erika@customer.example", ""),
    "another's address as a name": ("boss@bank.example", "e@evil.example", "! The name says boss@bank.example, but"),
    "another's address in a name": ("Boss (boss@bank.example)", "e@evil.example", "! The name says boss@bank.example"),
    "another's address in quotes": ("'boss@bank.example' via X", "e@evil.example", "! The name says boss@bank"),
    "another's address with a wide at-sign": ("boss＠bank.example", "e@evil.example", "! The name says boss@bank"),
    "another's address with a full stop": ("Mail me: boss@bank.example.", "e@evil.example", "! The name says boss@b"),
    "a colleague's address": ("erika@customer.example", "e.beispiel@customer.example", "The name says erika@"),
    "a name at a firm": ("Erika@Customer", "erika@customer.example", ""),
    "a nickname": ("@erika", "erika@customer.example", ""),
    "at-signs": ("@@@@ @ a@@b.example", "erika@customer.example", ""),
    "a Cyrillic a in the domain": ("", "e@b\u0430nk.example", "xn--bnk-6cd.example"),
    "the same as the DNS has it": ("", "e@xn--bnk-6cd.example", "! b\u0430nk.example is written in letters"),
    "a domain all in Cyrillic that imitates": ("", "e@аррӏе.example", "true spelling is xn--80ak6aa92e.example"),
    "a domain all in Cyrillic": ("", "e@почта.рф", ""),
    "a Cyrillic word under a Latin ending": ("", "e@магазин.example", ""),
    "an imitation under its own ending": ("", "e@рора.рф", ""),
    "a Greek letter in a subdomain": ("", "e@g\u03bfod.customer.example", "is written in letters"),
    "a German domain": ("", "e@müller-straße24.example", ""),
    "a Japanese domain": ("", "e@東京タワーstore.example", ""),
    "an Arabic domain": ("", "e@متجر.example", ""),
    "a broken xn-- label": ("", "e@xn--99999999999.example", ""),
    "a Cyrillic letter in the local part": ("", "b\u043ess@bank.example", "! b\u043ess before the at-sign"),
    "a local part that imitates": ("", "роса@customer.example", "! роса before the at-sign"),
    "a local part in Russian": ("", "иванов@почта.рф", ""),
    "a local part in two alphabets, word by word": ("", "иванов.office@почта.рф", ""),
    "an umlaut in the local part": ("", "jörg@customer.example", ""),
    "one of us": ("Anna Schmidt", "anna@deskfirm.example", ""),
    "one of us, from elsewhere": ("Ben Ölander", "ben@home.example", ""),
    "one of us, from a subdomain": ("Anna Schmidt", "anna@mail.deskfirm.example", ""),
    "called like one of us": ("Anna Schmidt", "anna@evil.example", "! Anna Schmidt is called like one of us, but"),
    "called like one of us, in other letters": (
        "\u0410nn\u0430  SCHMIDT",
        "a@evil.example",
        "is called like one of us",
    ),
    "called like one of us, with dots": ("anna.schmidt", "a@evil.example", "is called like one of us"),
    "called like one of us, without the dots": ("Ben Olander", "ben@evil.example", "is called like one of us"),
    "called like a queue": ("deskfirm support", "x@evil.example", "! deskfirm support is called like one of us"),
    "called like one of us and more": ("Anna Schmidt-Meier", "anna@customer.example", ""),
    "only a first name": ("Anna", "anna@customer.example", ""),
    "another ending": ("", "e@deskfirm.test", "! deskfirm.test looks like deskfirm.co.uk, which is ours"),
    "another country's ending": ("", "e@mail.bücherei.co.uk", "looks like bücherei.example"),
    "a digit for a letter": ("", "e@deskf1rm.example", "looks like deskfirm.example"),
    "two letters for one": ("", "e@deskfirrn.example", "looks like deskfirm.example"),
    "one letter more": ("", "e@deskfirms.example", "looks like deskfirm.example"),
    "one letter less": ("", "e@deskfrm.example", "looks like deskfirm.example"),
    "one other letter": ("", "e@deskfism.example", "looks like deskfirm.example"),
    "two letters swapped": ("", "e@deksfirm.example", "looks like deskfirm.example"),
    "a hyphen": ("", "e@desk-firm.example", "looks like deskfirm.example"),
    "without the umlaut": ("", "e@bucherei.example", "looks like bücherei.example"),
    "ours as a subdomain": ("", "e@deskfirm.example.evil.test", "looks like deskfirm.example"),
    "two other letters": ("", "e@deskfase.example", ""),
    "a short name with another letter": ("", "e@abd.example", ""),
    "a short name with another ending": ("", "e@abc.test", ""),
    "ours at the end of a longer name": ("", "e@mydeskfirm.example", ""),
    "a public suffix": ("", "e@co.uk", ""),
    "one label": ("", "root@localhost", ""),
    "an address literal": ("", "e@[192.0.2.1]", ""),
}


@pytest.mark.parametrize("case", SENDERS)
def test_a_sender_that_pretends_is_marked_and_no_other(case: str) -> None:
    name, address, expected = SENDERS[case]
    found = marks(name, address)
    assert len(found) == bool(expected), found
    assert all(expected in one for one in found)
    assert all(one.startswith("! ") for one in found if not expected.startswith("The name"))


ERIKA = "erika@customer.example"
DANGER, USUAL, SILENCE = "! Answers are asked for at", "Answers are asked for at", ""
ANSWERS: dict[str, tuple[str, dict[str, Any], str]] = {
    "elsewhere": ("erika@evil.example", {}, DANGER),
    "here": ("office@customer.example", {}, SILENCE),
    "in a subdomain": ("erika@mail.customer.example", {}, SILENCE),
    "over a list": ("list@lists.example", {"is_list": True}, USUAL),
    "elsewhere, and proven": ("erika@private.example", {"authenticity": Authenticity.PASS}, USUAL),
    "elsewhere, and forged": ("erika@private.example", {"authenticity": Authenticity.FAIL}, DANGER),
    "elsewhere, from a form of ours": ("e@c.example", {"sender": Person("Form", "web@deskfirm.example")}, USUAL),
    "a neighbour below a public suffix": ("e@evil.co.uk", {"sender": Person("", "e@customer.co.uk")}, DANGER),
    "no address": ("", {}, SILENCE),
}


@pytest.mark.parametrize("case", ANSWERS)
def test_an_answer_goes_to_the_sender_and_where_else_it_is_asked_for_is_said(case: str) -> None:
    address, fields, expected = ANSWERS[case]
    found = marks_of(_mail(reply_to=(Person("Erika", address),), **fields), OWN, KNOWN)
    assert bool(found) is bool(expected)
    assert all(one.startswith(expected) and f"{address}; yours goes to" in one for one in found)


def test_of_very_many_addresses_for_answers_the_first_are_named() -> None:
    asked = tuple(Person("", f"u{n}@evil.example") for n in range(200))
    (mark,) = marks_of(_mail(reply_to=asked), OWN, KNOWN)
    assert "u2@evil.example and 197 more; yours goes to erika@customer.example" in mark


HANDS: dict[str, tuple[dict[str, Any], str]] = {
    "somebody else wrote it": ({"written_by": Person("", "x@other.example")}, "Sent by x@other.example in the name of"),
    "a colleague wrote it": ({"written_by": Person("", "x@customer.example")}, ""),
    "a list sent it": ({"written_by": Person("", "l-bounces@lists.example"), "is_list": True}, ""),
    "somebody passed it on": ({"resent_by": Person("", "x@other.example")}, "Passed on unchanged by x@other.example."),
    "nobody else": ({}, ""),
}


@pytest.mark.parametrize("case", HANDS)
def test_who_else_had_a_hand_in_a_mail_is_said_without_alarm(case: str) -> None:
    fields, expected = HANDS[case]
    found = marks_of(_mail(**fields), OWN, KNOWN)
    assert [one[: len(expected)] for one in found] == ([expected] if expected else [])


def test_without_domains_and_people_of_our_own_nothing_looks_like_ours() -> None:
    assert marks_of(_mail(sender=Person("Anna Schmidt", "a@deskfirm.test")), (), ()) == ()
    assert marks_of(_mail(sender=Person("", "a@deskfirm.test")), ("",), (Person("", ""),)) == ()


NAMES = st.text(st.sampled_from("aа@＠. <\u202e\x1b[mᎠ日.xn--"), max_size=40)


@settings(max_examples=500)
@given(NAMES, NAMES, NAMES)
def test_whatever_a_mail_says_the_marks_are_clean(name: str, local: str, domain: str) -> None:
    other = Person(name, f"{domain}@{local}.example")
    mail = _mail(sender=Person(name, f"{local}@{domain}"), reply_to=(other,), written_by=other, resent_by=other)
    assert all(is_clean(one) and "\n" not in one for one in marks_of(mail, OWN, KNOWN))


@pytest.mark.parametrize("mark", ["a", " ", "<", ">", "@", ".", "-", "(", "a@", "a@b.", "а", "xn--"])
def test_a_sender_without_an_end_is_looked_at_in_bounded_time(mark: str) -> None:
    long = mark * 60_000
    begun = time.process_time()
    marks_of(_mail(sender=Person(long, f"{long}@{long}"), written_by=Person("", f"a@{long}")), OWN, KNOWN)
    assert time.process_time() - begun < 1


def _mail(**fields: Any) -> IncomingMail:
    return an_incoming(**{"sender": Person("Erika", ERIKA), **fields})
