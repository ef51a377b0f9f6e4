"""Domains in the one form in which they are compared, and which of them belong together."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk_tui.rules.domains import ascii_form, domain_of, is_aligned, organisation, readable_form, suffix

FORMS = [
    ("Bank.EXAMPLE", "bank.example", "bank.example"),
    ("bücher.example", "xn--bcher-kva.example", "bücher.example"),
    ("BÜCHER.example", "xn--bcher-kva.example", "bücher.example"),
    ("xn--bcher-kva.example", "xn--bcher-kva.example", "bücher.example"),
    ("пример.рф", "xn--e1afmkfd.xn--p1ai", "пример.рф"),
    ("xn--\u00e4.example", "xn--xn---ooa.example", "xn--ä.example"),
    ("xn--99999999999.example", "xn--99999999999.example", "xn--99999999999.example"),
    ("", "", ""),
]


@pytest.mark.parametrize(("domain", "in_dns", "to_people"), FORMS)
def test_a_domain_has_a_form_for_the_dns_and_one_for_people(domain: str, in_dns: str, to_people: str) -> None:
    assert (ascii_form(domain), readable_form(domain)) == (in_dns, to_people)


ORGANISATIONS = [
    ("mail.bank.example", "bank.example", "example"),
    ("bank.example", "bank.example", "example"),
    ("a.b.bank.co.uk", "bank.co.uk", "co.uk"),
    ("co.uk", "", "co.uk"),
    ("de", "", "de"),
    ("anna.github.io", "anna.github.io", "github.io"),
    ("www.bücher.de", "xn--bcher-kva.de", "de"),
    ("localhost", "", "localhost"),
    ("a..de", "", ""),
    ("", "", ""),
]


@pytest.mark.parametrize(("domain", "organisational", "public"), ORGANISATIONS)
def test_below_a_public_suffix_everybody_is_an_organisation(domain: str, organisational: str, public: str) -> None:
    assert (organisation(domain), suffix(domain)) == (organisational, public)


PAIRS = [
    ("bank.example", "BANK.example", True),
    ("bank.example", "mail.bank.example", True),
    ("a.bank.example", "b.bank.example", True),
    ("bücher.de", "news.xn--bcher-kva.de", True),
    ("bank.example", "evilbank.example", False),
    ("bank.co.uk", "evil.co.uk", False),
    ("bank.co.uk", "co.uk", False),
    ("co.uk", "co.uk", True),
    ("a.github.io", "b.github.io", False),
    ("localhost", "otherhost", False),
    ("bank.example", "", False),
    ("", "", False),
]


@pytest.mark.parametrize(("one", "other", "expected"), PAIRS)
def test_what_is_one_organisations_is_aligned_whichever_is_named_first(one: str, other: str, expected: bool) -> None:
    assert is_aligned(one, other) is is_aligned(other, one) is expected


def test_the_domain_of_an_address_stands_behind_its_last_at_sign() -> None:
    assert [domain_of(one) for one in ("a@B.example", '"x@y"@b.example', "a@", "none", "")] == [
        "b.example",
        "b.example",
        "",
        "",
        "",
    ]


@given(st.text(max_size=300), st.text(max_size=300))
def test_any_text_has_an_answer(one: str, other: str) -> None:
    assert ascii_form(ascii_form(one)) == ascii_form(one)
    readable_form(one)
    assert is_aligned(one, other) is is_aligned(other, one)


@pytest.mark.parametrize("mark", ["a", ".", "a.", "ü", "ü.", "xn--", "xn--a.", "-"])
def test_a_domain_without_an_end_is_read_in_linear_time(mark: str) -> None:
    begun = time.process_time()
    assert readable_form(mark * 60_000) is not None
    assert not is_aligned(mark * 60_000, "bank.example")
    assert time.process_time() - begun < 1
