"""Who is believed about a sender: our border server alone, in the place where nobody else can write."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpdesk_tui.mail.authenticity import Trust
from helpdesk_tui.mail.parse import parse
from helpdesk_tui.terms import Authenticity

PASS, NONE, FAIL = Authenticity
OURS = "mx.desk.example"
TRUST = Trust(OURS)
HOP = f"Received: from out.bank.example by {OURS} with ESMTPS id 1; Tue, 2 Jan 2024 10:00:00 +0000"
FOREIGN_HOP = "Received: from pc by out.bank.example with ESMTPSA id 2; Tue, 2 Jan 2024 09:59:59 +0000"
DMARC = "dmarc=pass header.from=bank.example"


def a_mail(*fields: str, sender: str = "Anna <anna@bank.example>") -> bytes:
    """A mail with these fields at the top of its header."""
    return "\n".join((*fields, f"From: {sender}", "Subject: x", "", "Hello")).encode()


def said(words: str, by: str = OURS) -> str:
    """A field that says this."""
    return f"Authentication-Results: {by}; {words}"


def verdict(raw: bytes, trust: Trust = TRUST) -> Authenticity:
    return parse(raw, trust).authenticity


#: What our own field says in the trusted zone, about a mail of anna@bank.example.
WORDS = {
    "DMARC": ("dmarc=pass header.from=bank.example", PASS),
    "DMARC in capitals": ("DMARC=PASS Header.From=BANK.Example", PASS),
    "DMARC with comments": ("dmarc=pass (p=reject dis=none) header.from=bank.example (ok)", PASS),
    "DMARC with a method version": ("dmarc/1=pass header.from=bank.example", PASS),
    "DMARC with a reason": ('dmarc=pass reason="all (well); done" header.from=bank.example', PASS),
    "blanks wherever they may stand": ("dmarc = pass  header . from = bank.example ;", PASS),
    "comments wherever they may stand": ("dmarc(a)=(b)pass(c)header(d).(e)from(f)=(g)bank.example", PASS),
    "nested comments": ("dmarc=pass (a (b (c) \\) d) e) header.from=bank.example", PASS),
    "a semicolon in a comment": ("dkim=pass (2048-bit key; unprotected) header.d=bank.example", PASS),
    "a quoted domain": ('dmarc=pass header.from="bank.example"', PASS),
    "DMARC failed": ("dmarc=fail header.from=bank.example", FAIL),
    "DMARC failed, and DKIM passed": ("dkim=pass header.d=bank.example; dmarc=fail header.from=bank.example", FAIL),
    "DMARC failed for another domain": ("dmarc=fail header.from=other.example", FAIL),
    "DMARC failed and passed": (f"{DMARC}; dmarc=fail header.from=bank.example", FAIL),
    "DMARC passed for another domain": ("dmarc=pass header.from=evil.example", NONE),
    "DMARC passed for a subdomain": ("dmarc=pass header.from=mail.bank.example", NONE),
    "DMARC passed for the domain above": ("dmarc=pass header.from=example", NONE),
    "DMARC passed for another, and DKIM": (
        "dmarc=pass header.from=evil.example; dkim=pass header.d=bank.example",
        NONE,
    ),
    "DMARC passed for two domains": ("dmarc=pass header.from=bank.example header.from=evil.example", NONE),
    "DMARC passed for both, one after the other": (f"{DMARC}; dmarc=pass header.from=evil.example", NONE),
    "DMARC passed for nobody": ("dmarc=pass", NONE),
    "DMARC passed for nobody, and DKIM": ("dmarc=pass; dkim=pass header.d=bank.example", PASS),
    "DMARC passed for an empty domain": ("dmarc=pass header.from=", NONE),
    "DMARC passed for a domain with a dot behind": ("dmarc=pass header.from=bank.example.", NONE),
    "DMARC passed for an address": ("dmarc=pass header.from=anna@bank.example", NONE),
    "DMARC without a policy": ("dmarc=none header.from=bank.example", NONE),
    "DMARC without a policy, and DKIM": ("dmarc=none header.from=bank.example; dkim=pass header.d=bank.example", PASS),
    "DMARC could not be asked for": ("dmarc=temperror header.from=bank.example", NONE),
    "DMARC is broken": ("dmarc=permerror header.from=bank.example", NONE),
    "DMARC guessed": ("dmarc=bestguesspass header.from=bank.example", NONE),
    "nothing was checked": ("none", NONE),
    "nothing is said": ("", NONE),
    "a method nobody knows": ("x-look=pass header.from=bank.example", NONE),
    "a longer method": ("dmarc-new=pass header.from=bank.example", NONE),
    "DKIM": ("dkim=pass header.d=bank.example", PASS),
    "DKIM of a subdomain": ("dkim=pass header.d=mail.bank.example", PASS),
    "DKIM by identity": ("dkim=pass header.i=@bank.example", PASS),
    "DKIM by a person": ("dkim=pass header.i=anna@bank.example", PASS),
    "DKIM with a signature's begin": ("dkim=pass header.d=bank.example header.s=k1 header.b=ab/c+d=", PASS),
    "DKIM of another": ("dkim=pass header.d=evil.example", NONE),
    "DKIM of another with our identity": ("dkim=pass header.d=evil.example header.i=@bank.example", NONE),
    "DKIM of a longer name": ("dkim=pass header.d=evilbank.example", NONE),
    "DKIM of a name that begins alike": ("dkim=pass header.d=bank.example.evil.test", NONE),
    "DKIM of the public suffix": ("dkim=pass header.d=example", NONE),
    "DKIM of nobody": ("dkim=pass", NONE),
    "DKIM of an identity without an at-sign": ("dkim=pass header.i=bank.example", NONE),
    "DKIM failed": ("dkim=fail header.d=bank.example", NONE),
    "one of two signatures": ("dkim=fail header.d=bank.example; dkim=pass header.d=bank.example header.s=2", PASS),
    "a stranger's of two signatures": ("dkim=fail header.d=bank.example; dkim=pass header.d=evil.example", NONE),
    "SPF": ("spf=pass smtp.mailfrom=anna@bank.example", PASS),
    "SPF of a domain": ("spf=pass smtp.mailfrom=bounce.bank.example", PASS),
    "SPF of a tagged sender": ("spf=pass smtp.mailfrom=b+anna=desk.example@bank.example", PASS),
    "SPF of another": ("spf=pass smtp.mailfrom=anna@evil.example", NONE),
    "SPF of a quoted address": ('spf=pass smtp.mailfrom="anna@bank.example"@evil.example', NONE),
    "SPF of a greeting": ("spf=pass smtp.helo=bank.example", NONE),
    "SPF of nobody": ("spf=pass smtp.mailfrom=<>", NONE),
    "SPF softly failed": ("spf=softfail smtp.mailfrom=bank.example", NONE),
    "SPF with blanks in the local part": ('spf=pass smtp.mailfrom="a b"@bank.example', PASS),
    "SPF of another, and DKIM": ("spf=pass smtp.mailfrom=lists.test; dkim=pass header.d=bank.example", PASS),
    "ARC without a listed forwarder": ("arc=pass", NONE),
    "a result in a comment": ("spf=fail (dmarc=pass header.from=bank.example)", NONE),
    "a result in a quoted reason": ('spf=fail reason="; dmarc=pass header.from=bank.example"', NONE),
    "a result in a quoted local part": ('spf=fail smtp.mailfrom="x; dmarc=pass header.from=bank.example"@e.test', NONE),
    "an escaped quote in a reason": ('spf=fail reason="a\\"; dmarc=pass header.from=bank.example"', NONE),
    "a quote in a comment": (f'spf=fail ("); {DMARC}; x=y (")', PASS),
    "an unclosed quote": (f'{DMARC}; spf=fail reason="', NONE),
    "an unclosed comment": (f"{DMARC} (", NONE),
    "a comment closed twice": (f"{DMARC} (a)); spf=pass", NONE),
    "half of the grammar": (f"{DMARC}; spf", NONE),
    "a failure in half of the grammar": ("dmarc=fail header.from=bank.example; spf", NONE),
    "words without a sign": ("dmarc=pass really true header.from=bank.example", NONE),
    "no method": ("=pass header.from=bank.example", NONE),
    "a result of two words": ("dmarc=pass=pass header.from=bank.example", NONE),
    "a NUL": ("dmarc=pass header.from=bank.example\0", NONE),
    "an escape sequence": ("dmarc=pass header.from=bank.example \x1b[31m", NONE),
    "a domain behind a comma": ("dmarc=pass header.from=bank.example,evil.example", NONE),
    "folded over lines": ("\n dkim=none;\n\tdmarc=pass\n header.from=bank.example", PASS),
    "a megabyte of words": (f"{DMARC}; x=y " + "z" * 1_000_000, NONE),
    "a megabyte of comments": (f"{DMARC} " + "(" * 1_000_000, NONE),
    "10,000 methods": (f"{DMARC}; " + "a=b;" * 10_000, NONE),
    "a hundred properties": (f"{DMARC} " + "a.b=c " * 100, NONE),
}


@pytest.mark.parametrize("words", WORDS)
def test_what_our_server_says_is_read_by_the_rules_of_the_field(words: str) -> None:
    value, expected = WORDS[words]
    assert verdict(a_mail(said(value), HOP)) is expected
    assert verdict(a_mail(HOP, said(value), FOREIGN_HOP)) is expected


#: How the field begins, and whether it is one of ours.
BEGINNINGS = {
    "ours": (OURS, PASS),
    "another case": ("MX.Desk.EXAMPLE", PASS),
    "a version": (f"{OURS} 1", PASS),
    "a comment behind": (f"{OURS} (Postfix; Debian)", PASS),
    "a version behind a comment": (f"{OURS} (Postfix) 1", PASS),
    "blanks around": (f"  {OURS}  ", PASS),
    "a longer name": (f"{OURS}.evil.test", NONE),
    "a longer beginning": (f"a{OURS}", NONE),
    "a subdomain": (f"a.{OURS}", NONE),
    "only its begin": ("mx.desk", NONE),
    "only its end": ("desk.example", NONE),
    "a dot behind": (f"{OURS}.", NONE),
    "a comment inside": ("mx.(x)desk.example", NONE),
    "a comment inside, with a dot": ("mx(x).desk.example", NONE),
    "a comment in front": (f"(x) {OURS}", NONE),
    "inside a comment": (f"({OURS})", NONE),
    "a comment that goes on": (f"{OURS}(x).evil.test", NONE),
    "quoted": (f'"{OURS}"', NONE),
    "half quoted": ('mx."desk".example', NONE),
    "two ids": (f"{OURS} evil.test", NONE),
    "two ids, ours second": (f"evil.test {OURS}", NONE),
    "two ids with a comma": (f"{OURS},evil.test", NONE),
    "two ids with a semicolon": (f"evil.test; {OURS}", NONE),
    "no id": ("", NONE),
    "a letter that looks alike": ("mx.d\u0435sk.example", NONE),
    "a NUL inside": ("mx.desk\0.example", NONE),
    "a version that is none": (f"{OURS} one", NONE),
    "a blank inside": ("mx. desk.example", NONE),
}


@pytest.mark.parametrize("beginning", BEGINNINGS)
def test_only_the_whole_bare_id_makes_a_field_ours(beginning: str) -> None:
    by, expected = BEGINNINGS[beginning]
    assert verdict(a_mail(said(DMARC, by), HOP)) is expected


GOOD, BAD, FORGED = said(DMARC), said("dmarc=fail header.from=bank.example"), said(DMARC)
NOTHING = said("dkim=none; spf=none; dmarc=none")
#: The top of a header, with so many hops of our own.
ZONES = {
    "above our hop": ([GOOD, HOP, FOREIGN_HOP], 1, PASS),
    "below our hop": ([HOP, GOOD, FOREIGN_HOP], 1, PASS),
    "nobody else's hop": ([HOP, GOOD], 1, PASS),
    "no hop at all": ([GOOD], 1, PASS),
    "below a foreign hop": ([HOP, FOREIGN_HOP, FORGED], 1, NONE),
    "between foreign hops": ([HOP, FOREIGN_HOP, FORGED, FOREIGN_HOP], 1, NONE),
    "below a forged hop of ours": ([HOP, HOP, FORGED, FOREIGN_HOP], 1, NONE),
    "below two of our own two": ([HOP, HOP, GOOD, FOREIGN_HOP], 2, PASS),
    "below a foreign hop of three": ([HOP, HOP, FOREIGN_HOP, FORGED], 2, NONE),
    "at the very end": ([HOP, FOREIGN_HOP, "X-A: y", FORGED], 1, NONE),
    "a folded hop": ([HOP.replace(" by", "\n\tby"), FOREIGN_HOP.replace(" by", "\n by"), FORGED], 1, NONE),
    "an empty hop": ([HOP, "Received:", FORGED], 1, NONE),
    "a hop in capitals": ([HOP, "RECEIVED: x", FORGED], 1, NONE),
    "a hop with a blank before its colon": ([HOP, "Received : x", FORGED], 1, NONE),
    "a hop that looks like one": ([HOP, "X-Received: x", GOOD], 1, PASS),
    "inside a hop": ([HOP, f"{FOREIGN_HOP}\n {FORGED}"], 1, NONE),
    "inside another field": ([f"X-A: y\n {FORGED}", HOP], 1, NONE),
    "another field's name": ([f"X-{FORGED}", HOP], 1, NONE),
    "its name for a chain": ([f"ARC-{FORGED}", HOP], 1, NONE),
    "ours fails, a forged one passes": ([BAD, HOP, FOREIGN_HOP, FORGED], 1, FAIL),
    "ours passes, an old one failed": ([GOOD, HOP, FOREIGN_HOP, BAD], 1, PASS),
    "two of ours pass": ([GOOD, said("dkim=pass header.d=bank.example"), HOP], 1, PASS),
    "two of ours, one fails": ([GOOD, BAD, HOP], 1, FAIL),
    "two of ours, the lower one passes": ([BAD, HOP, FORGED], 1, FAIL),
    "a forged one that was not stripped": ([NOTHING, HOP, FORGED], 1, NONE),
    "a forged signature that was not stripped": ([NOTHING, HOP, said("dkim=pass header.d=bank.example")], 1, NONE),
    "a field for each method": ([said("spf=none"), said("dkim=pass header.d=bank.example"), GOOD, HOP], 1, PASS),
    "one of ours cannot be read": ([GOOD, said("spf"), HOP], 1, NONE),
    "one of ours cannot be read, one fails": ([BAD, said("spf"), HOP], 1, FAIL),
    "others' beside ours": ([said("dmarc=fail", by="out.bank.example"), GOOD, HOP], 1, PASS),
    "others' alone": ([said(DMARC, by="out.bank.example"), HOP], 1, NONE),
    "10,000 of ours": ([*[GOOD] * 10_000, HOP], 1, NONE),
    "10,000 of others": ([*[said(DMARC, by="a.test")] * 10_000, HOP], 1, NONE),
    "10,000 forged below": ([GOOD, HOP, FOREIGN_HOP, *[FORGED] * 10_000], 1, PASS),
    "a failure behind 60 that pass": ([*[GOOD] * 60, BAD, HOP], 1, NONE),
    "none": ([HOP, FOREIGN_HOP], 1, NONE),
}


@pytest.mark.parametrize("zone", ZONES)
def test_only_what_stands_above_others_hops_counts(zone: str) -> None:
    fields, own_hops, expected = ZONES[zone]
    assert verdict(a_mail(*fields), replace(TRUST, own_hops=own_hops)) is expected
    assert verdict(a_mail(*fields), Trust()) is NONE


#: The From line, the domain in header.from, and the verdict.
SENDERS = {
    "an upper-case domain": ("anna@BANK.example", "bank.example", PASS),
    "an umlaut, written so": ("anna@bücher.example", "bücher.example", PASS),
    "an umlaut, as the DNS has it": ("anna@bücher.example", "xn--bcher-kva.example", PASS),
    "as the DNS has it, with an umlaut": ("anna@xn--bcher-kva.example", "bücher.example", PASS),
    "as the DNS has it": ("anna@xn--bcher-kva.example", "XN--BCHER-KVA.example", PASS),
    "an umlaut's domain without it": ("anna@bücher.example", "bucher.example", NONE),
    "a Cyrillic letter": ("anna@b\u0430nk.example", "bank.example", NONE),
    "a broken xn-- label": ("anna@xn--a-\u00e4.example", "bank.example", NONE),
    "two mailboxes": ("anna@bank.example, bob@evil.example", "bank.example", FAIL),
    "an address before the real one": ("anna@bank.example <bob@evil.example>", "bank.example", FAIL),
    "a group": ("team: anna@bank.example;", "bank.example", FAIL),
    "two From lines": ("anna@bank.example\nFrom: bob@evil.example", "bank.example", FAIL),
    "no address": ("Anna", "bank.example", FAIL),
    "one label": ("root@localhost", "localhost", FAIL),
    "a dot behind the domain": ("anna@bank.example.", "bank.example", FAIL),
    "a name that is another's address": ('"boss@good.example" <anna@bank.example>', "bank.example", PASS),
}


@pytest.mark.parametrize("form", SENDERS)
def test_a_verdict_is_about_the_one_address_that_every_reader_sees(form: str) -> None:
    sender, domain, expected = SENDERS[form]
    raw = a_mail(said(f"dmarc=pass header.from={domain}"), HOP, sender=sender)
    assert verdict(raw) is expected
    assert verdict(raw, Trust()) is (FAIL if expected is FAIL else NONE)


def test_without_a_from_line_nobody_is_believed() -> None:
    assert verdict(f"{GOOD}\n{HOP}\nSender: anna@bank.example\n\nHello".encode()) is FAIL


def test_a_signature_of_a_neighbour_under_a_public_suffix_is_none_of_the_senders() -> None:
    for domain, neighbour in (("bank.co.uk", "evil.co.uk"), ("bank.github.io", "evil.github.io"), ("a.co.uk", "co.uk")):
        raw = a_mail(said(f"dkim=pass header.d={neighbour}"), HOP, sender=f"anna@{domain}")
        assert verdict(raw) is NONE
    sibling = a_mail(said("dkim=pass header.d=news.bank.co.uk"), HOP, sender="anna@mail.bank.co.uk")
    assert verdict(sibling) is PASS


def seal(domain: str = "lists.example", instance: int = 1) -> str:
    return f"ARC-Seal: i={instance}; a=rsa-sha256; cv=none; d={domain}; s=k; b=abc=="


def seen(words: str = DMARC, instance: int = 1) -> str:
    return f"ARC-Authentication-Results: i={instance}; mx.lists.example; {words}"


BROKEN = said("arc=pass (i=1); dmarc=fail header.from=bank.example")
CHAINS = {
    "a listed forwarder": ([BROKEN, HOP, seal(), seen()], PASS),
    "in capitals": ([BROKEN, HOP, seal("LISTS.example"), seen()], PASS),
    "an aligned signature": ([BROKEN, HOP, seal(), seen("dkim=pass header.d=bank.example")], PASS),
    "without a word about DMARC here": ([said("arc=pass"), HOP, seal(), seen()], PASS),
    "two forwarders, the last is listed": (
        [BROKEN, HOP, seal(instance=2), seen(instance=2), seal("a.test"), seen("dmarc=fail")],
        PASS,
    ),
    "two forwarders, the first is listed": (
        [BROKEN, HOP, seal("a.test", 2), seen(instance=2), seal(), seen()],
        FAIL,
    ),
    "nobody listed": ([BROKEN, HOP, seal("evil.test"), seen()], FAIL),
    "a subdomain of a listed one": ([BROKEN, HOP, seal("a.lists.example"), seen()], FAIL),
    "our server says nothing of the chain": ([BAD, HOP, seal(), seen()], FAIL),
    "the chain is broken": ([said("arc=fail; dmarc=fail header.from=bank.example"), HOP, seal(), seen()], FAIL),
    "the chain is both": ([BROKEN, said("arc=fail"), HOP, seal(), seen()], FAIL),
    "the forwarder saw it fail": ([BROKEN, HOP, seal(), seen("dmarc=fail header.from=bank.example")], FAIL),
    "the forwarder saw another pass": ([BROKEN, HOP, seal(), seen("dmarc=pass header.from=evil.example")], FAIL),
    "the forwarder saw its envelope alone": ([BROKEN, HOP, seal(), seen("spf=pass smtp.mailfrom=bank.example")], FAIL),
    "two seals of one instance": ([BROKEN, HOP, seal(), seal("evil.test"), seen()], FAIL),
    "two results of one instance": ([BROKEN, HOP, seal(), seen(), seen("dmarc=fail")], FAIL),
    "results of a higher instance": ([BROKEN, HOP, seal(), seen(), seen(instance=2)], FAIL),
    "results without an instance": ([BROKEN, HOP, seal(), seen().replace("i=1; ", "")], FAIL),
    "a seal with two domains": ([BROKEN, HOP, seal() + "; d=evil.test", seen()], FAIL),
    "a seal without a domain": ([BROKEN, HOP, "ARC-Seal: i=1; cv=none", seen()], FAIL),
    "no seal": ([BROKEN, HOP, seen()], FAIL),
    "no results": ([BROKEN, HOP, seal()], FAIL),
    "1,000 seals": ([BROKEN, HOP, *[seal()] * 1_000, seen()], FAIL),
    "a seal of a megabyte": ([BROKEN, HOP, seal() + ";x" * 500_000, seen()], FAIL),
    "results that break the grammar": ([BROKEN, HOP, seal(), seen(DMARC + "; spf")], FAIL),
    "our server's word stands too low": ([HOP, FOREIGN_HOP, BROKEN, seal(), seen()], NONE),
}


@pytest.mark.parametrize("chain", CHAINS)
def test_a_chain_counts_where_its_last_link_is_a_listed_forwarder(chain: str) -> None:
    fields, expected = CHAINS[chain]
    assert verdict(a_mail(*fields), replace(TRUST, arc_forwarders=("lists.example", "other.test"))) is expected
    assert verdict(a_mail(*fields)) is not PASS


def test_a_chain_makes_no_strict_sender_of_two() -> None:
    raw = a_mail(BROKEN, HOP, seal(), seen(), sender="anna@bank.example, bob@evil.example")
    assert verdict(raw, replace(TRUST, arc_forwarders=("lists.example",))) is FAIL


PIECES = st.sampled_from(
    [OURS, OURS.upper(), "evil.test", "; ", "dmarc=pass ", "dkim=pass ", "spf=pass ", "arc=pass ", "header.from=bank.example ",
     "header.d=bank.example ", "smtp.mailfrom=bank.example ", "(", ")", '"', "\\", " ", "\n ", "=", "dmarc=fail ", "none"]
)  # fmt: skip
VALUES = st.lists(PIECES, max_size=12).map("".join)
NAMES = st.sampled_from(
    ["Authentication-Results", "AUTHENTICATION-RESULTS", "ARC-Authentication-Results", "ARC-Seal", "Received", "X-A", "From"]
)  # fmt: skip
FORGERIES = st.lists(st.builds("{}: {}".format, NAMES, VALUES) | st.just(FORGED) | st.just(seal()), max_size=8)
TRUSTS = st.builds(Trust, st.just(OURS), st.integers(1, 3), st.sampled_from([(), ("lists.example",)]))


@settings(max_examples=500, deadline=None)
@given(FORGERIES, TRUSTS)
def test_no_mail_passes_that_has_our_id_only_below_the_trusted_zone(forged: list[str], trust: Trust) -> None:
    ours = ["X-Spam: no", *[HOP] * trust.own_hops, said(DMARC, by="other.example")]
    assert verdict(a_mail(*ours, FOREIGN_HOP, *forged, FORGED), trust) is not PASS


@settings(max_examples=500, deadline=None)
@given(FORGERIES, TRUSTS)
def test_no_forgery_outdoes_a_failure_that_our_server_saw(forged: list[str], trust: Trust) -> None:
    top = [BAD, *[HOP] * trust.own_hops]
    unsealed = replace(trust, arc_forwarders=())
    assert verdict(a_mail(*top, *forged, FORGED), unsealed) is FAIL
    assert verdict(a_mail(*top, FOREIGN_HOP, *forged), trust) is FAIL


@settings(max_examples=500, deadline=None)
@given(VALUES, VALUES)
def test_where_nobody_is_configured_nobody_passes(value: str, other: str) -> None:
    assert verdict(a_mail(said(value), f"Authentication-Results:{other}", GOOD), Trust()) is NONE


@pytest.mark.parametrize(
    "mark", ["a", " ", "<", ">", "\n ", "=", "-", "(", ")", '"', "\\", ";", "a=b ", "a=b;", '"\\', "( ("]
)
def test_a_field_without_an_end_is_read_in_linear_time(mark: str) -> None:
    for start in ("", f"{OURS};", f"{OURS}; a=", f'{OURS}; a="', f"{OURS} ("):
        fields = [f"{name}: {start}{mark * 60_000}" for name in ("Authentication-Results", "ARC-Seal")]
        begun = time.process_time()
        verdict(a_mail(*fields, HOP), replace(TRUST, arc_forwarders=("a.test",)))
        assert time.process_time() - begun < 1
