"""Bad inputs B21–B57: header fields without end, senders that pretend, dates that cannot be."""

from __future__ import annotations

from collections.abc import Callable

from helpdesk_tui.terms import Disposition
from tests.mail.bad_mail import MILLION, BadInput, header, listed, plain, sender, subject
from tests.mail.raw_mail import a_mail
from tests.mail.seen import Seen

_LONG_SUBJECT = ("subject is very long",)
_LONG_HEADER = ("header of the mail is very long",)
_LONG_NAME = ("sender's name is very long",)


def _is_doubtful(address: str, name: str = "") -> Callable[[Seen], bool]:
    """The sender is shown under this address, and counts as forged."""
    return lambda seen: seen.address == address and name in seen.name and seen.signals["authenticity"] == "fail"


def _dated(claim: str) -> bytes:
    return header(f"Date: {claim}")


HEADERS = {
    "B21 subject of one word": BadInput(lambda: subject(b"x" * MILLION), _LONG_SUBJECT),
    "subject of many words": BadInput(lambda: subject(b"word " * 200_000), _LONG_SUBJECT),
    "subject of folds": BadInput(lambda: subject(b"x\n" + b" y\n" * MILLION), _LONG_SUBJECT),
    "50,000 encoded words": BadInput(lambda: subject(b"=?utf-8?q?ab?= " * 50_000), _LONG_SUBJECT),
    "starts of encoded words": BadInput(lambda: subject(b"=?a?q?" * 200_000), _LONG_SUBJECT),
    "encoded words in two character sets": BadInput(
        lambda: subject(b"=?utf-8?b?QUJD?= =?latin1?q?=E4?= " * 50_000), _LONG_SUBJECT
    ),
    "B23 header of 10 MB": BadInput(lambda: header(b"X-A: " + b"y" * (10 * MILLION))),
    "B24 50,000 header lines": BadInput(lambda: header(b"".join(b"X-%d: y\n" % n for n in range(50_000))), _LONG_HEADER),
    "B24 50,000 header lines before the sender": BadInput(
        lambda: b"".join(b"X-%d: y\n" % n for n in range(50_000)) + a_mail(), _LONG_HEADER
    ),
    "a million header lines": BadInput(lambda: b"From: a@b.example\n" + b"a:\n" * MILLION + b"\nWords", _LONG_HEADER),
    "a million lines without colon": BadInput(lambda: b"From: a@b.example\n" + b"abc\n" * MILLION + b"\nWords"),
    "B25 100,000 references": BadInput(
        lambda: header(b"References: " + b"".join(b"<id%d@x.example>\n " % n for n in range(100_000))),
        ("References lists very many mails", "last 50"),
        lambda seen: seen.references == tuple(f"id{n}@x.example" for n in range(99_950, 100_000)),
    ),
    "B26 a million in Cc": BadInput(
        lambda: header(b"Cc: " + b", ".join(b"u%d@a.test" % n for n in range(MILLION))),
        ("Cc lists about 1000000 addresses", "200"),
        lambda seen: len(seen.cc) == 200,
    ),
    "B27 no header": BadInput(lambda: b"Words alone,\nin two lines.\n", holds=lambda seen: "Words alone" in seen.text),
    "B27 an empty header": BadInput(lambda: b"\n\nWords", holds=lambda seen: "Words" in seen.text),
    "B28 empty": BadInput(lambda: b"", becomes=(Disposition.QUARANTINED,), holds=lambda seen: "neither a sender" in seen.reason),
    "B28 blank": BadInput(lambda: b" \r\n\r\n\t", becomes=(Disposition.QUARANTINED,)),
    "B29 bare CR": BadInput(
        lambda: b"From: a@b.example\rSubject: Old\r\rWords\rmore", holds=lambda seen: seen.text == "Words\nmore"
    ),
    "B29 very many bare CR": BadInput(lambda: b"From: a@b.example\r\r" + b"a\r" * MILLION),
    "B29 bare LF": BadInput(
        lambda: b"From: a@b.example\nSubject: New\n\nWords\nmore", holds=lambda seen: seen.text == "Words\nmore"
    ),
    "B29 mixed": BadInput(
        lambda: b"From: a@b.example\r\nSubject: Both\n\r\nWords\rmore\nlast\r\n",
        holds=lambda seen: seen.text == "Words\nmore\nlast",
    ),
    "B30 NUL everywhere": BadInput(
        lambda: a_mail(b"a\0b", header=b"Subject: c\0d\nMessage-ID: <e\0f@x.example>", sender=b"g\0h <i@x.example>"),
        holds=lambda seen: (seen.text, seen.subject, seen.name) == ("ab", "cd", "gh"),
    ),
    "B30 NUL in a field's name": BadInput(lambda: header(b"Sub\0ject: x\n\0: y\nX-\0: z")),
    "B30 NUL alone": BadInput(lambda: plain(b"\0" * (5 * MILLION) + b"x"), ("very long",)),
    "B31 eight bits in a value": BadInput(
        lambda: header(b"Subject: Gr\xfc\xdfe"), holds=lambda seen: seen.subject == "Grüße"
    ),
    "B31 UTF-8 in a value": BadInput(lambda: header("Subject: Grüße"), holds=lambda seen: seen.subject == "Grüße"),
    "B31 eight bits in a name": BadInput(lambda: header(b"S\xfcbject: x\nSubject: y"), holds=lambda seen: seen.subject == "y"),
    "B31 a line without colon": BadInput(
        lambda: header(b"no colon here\nSubject: y"), holds=lambda seen: seen.subject == "y"
    ),
    "B32 no From": BadInput(lambda: b"Subject: x\n\nWords", holds=lambda seen: (seen.address, seen.text) == ("", "Words")),
    "B34 two From lines": BadInput(
        lambda: header("From: boss@good.example"),
        ("more than one From line",),
        _is_doubtful("anna@customer.example"),
    ),
    "B35 From of two": BadInput(lambda: sender("a@good.example, b@evil.example"), holds=_is_doubtful("a@good.example")),
    "B36 From of a group": BadInput(lambda: sender("team: a@good.example;"), holds=_is_doubtful("a@good.example", "")),
    "B36 To and Cc of groups": BadInput(
        lambda: header("To: undisclosed-recipients:;\nCc: team: a@b.example, c@d.example;, e@f.example"),
        holds=lambda seen: [address for _name, address in (*seen.to, *seen.cc)]
        == ["a@b.example", "c@d.example", "e@f.example"],
    ),
    "B37 an address before the address": BadInput(
        lambda: sender("a@good.example <b@evil.example>"),
        ("! The name says a@good.example, but the mail is from b@evil.example",),
        _is_doubtful("b@evil.example"),
    ),
    "B37 two addresses in brackets": BadInput(
        lambda: sender("<a@good.example> <b@evil.example>"), holds=lambda seen: seen.signals["authenticity"] == "fail"
    ),
    "B38 a name with an address in it": BadInput(
        lambda: sender('"Bank (service@bank.example)" <x@evil.example>'),
        ("! The name says service@bank.example, but the mail is from x@evil.example",),
        lambda seen: seen.address == "x@evil.example",
    ),
    "B38 an encoded name with an address in it": BadInput(
        lambda: sender("=?utf-8?q?service=40bank=2Eexample?= <x@evil.example>"),
        ("! The name says service@bank.example, but the mail is from x@evil.example",),
    ),
    "B40 group marks": BadInput(lambda: sender(b"g:;" * 7_000)),
    "colons": BadInput(lambda: sender(b"a@b" + b":" * 60_000)),
    "brackets": BadInput(lambda: sender(b"<" * 60_000)),
    "parentheses": BadInput(lambda: sender(b"(" * 60_000)),
    "quotes": BadInput(lambda: sender(b'"' * 60_001)),
    "escaped quotes": BadInput(lambda: sender(b'\\"' * 30_001)),
    "at signs": BadInput(lambda: sender(b"a@" * 30_000)),
    "dots": BadInput(lambda: sender(b"a." * 30_000 + b"@x")),
    "commas": BadInput(lambda: sender(b"," * 60_000)),
    "semicolons in all address fields": BadInput(lambda: listed(b";"), ("Cc is very long",)),
    "parentheses in all address fields": BadInput(lambda: listed(b"("), ("Cc is very long",)),
    "small fields": BadInput(
        lambda: header(
            b"Auto-Submitted: " + b"(" * 60_000 + b"\nDate: " + b"1 " * 30_000 + b"\nMessage-ID: " + b"<" * 60_000
        ),
        ("date makes no sense",),
    ),
    "B41 an encoded word that hides a field": BadInput(
        lambda: header("Subject: =?utf-8?q?x=0D=0ABcc:_victim@b.example?=\nTo: =?utf-8?q?a=0ABcc:_v@b.example,?= <t@b.example>"),
        holds=lambda seen: (seen.subject, [address for _name, address in seen.to])
        == ("x Bcc: victim@b.example", ["t@b.example"]),
    ),
    "B43 an encoded word in another": BadInput(
        lambda: subject("=?utf-8?q?=3D=3Futf-8=3Fq=3Fx=3F=3D?="), holds=lambda seen: seen.subject == "=?utf-8?q?x?="
    ),
    "B43 broken encoded words": BadInput(
        lambda: subject("=?utf-8?q?a=?= =?utf-8?x?b?= =?utf-8?b?!!?= =??q?c?= =?utf-8?q?d =?utf-8")
    ),
    "B43 an unknown character set with a language": BadInput(
        lambda: subject("=?no-such-set*en?q?Gr=FC=DFe?="), holds=lambda seen: seen.subject == "Grüße"
    ),
    "B44 an encoded word that steers a terminal": BadInput(
        lambda: subject("=?utf-8?q?a=1B]52;c;aGk=3D=07=1B[31mb=C2=9B6n?="), holds=lambda seen: seen.subject == "ab"
    ),
    "B45 an address in UTF-8": BadInput(
        lambda: sender("Jörg <jörg@müller.example>"), holds=lambda seen: seen.address == "jörg@müller.example"
    ),
    "B46 a domain that looks like another": BadInput(
        lambda: sender("x@b\u0430nk.example"), ("is written in letters that look like others", "xn--bnk-6cd.example")
    ),
    "B46 the same as the DNS has it": BadInput(
        lambda: sender("x@xn--bnk-6cd.example"), ("! b\u0430nk.example is written in letters",)
    ),
    "B47 answers asked for elsewhere": BadInput(
        lambda: header("Reply-To: anna@evil.example"),
        ("! Answers are asked for at anna@evil.example; yours goes to anna@customer.example",),
    ),
    "B48 another wrote it": BadInput(
        lambda: header("Sender: office@other.example\nReturn-Path: <bounce@third.example>"),
        ("Sent by office@other.example in the name of anna@customer.example",),
        lambda seen: seen.address == "anna@customer.example",
    ),
    "B48 another passed it on": BadInput(
        lambda: header("Resent-From: b@other.example\nResent-To: support@desk.example\nResent-Date: x"),
        ("Passed on unchanged by b@other.example",),
        lambda seen: seen.address == "anna@customer.example",
    ),
}  # fmt: skip

#: Claims that cannot be: when the mail came in counts, and the claim is shown.
_NEVER = {
    "B49 the year 9999, far west": "Fri, 31 Dec 9999 23:59:59 -1200",
    "B51 the year 1": "Mon, 01 Jan 0001 00:00:00 +0000",
    "B52 a zone of four nines": "Tue, 02 Jan 2024 10:00:00 +9999",
    "B53 a zone of 14 digits": "Tue, 02 Jan 2024 10:00:00 +12345678901234",
    "B54 no day and no hour": "Sat, 99 Feb 2024 25:61:00 +0000",
    "B54 no month": "Sat, 10 Foo 2024 10:00:00 +0000",
    "B56 a word": "yesterday",
}


def _never(claim: str) -> BadInput:
    return BadInput(lambda: _dated(claim), (f"date makes no sense: {claim}"[:80],), lambda seen: seen.sent_at is None)


DATES = {
    **{name: _never(claim) for name, claim in _NEVER.items()},
    "B56 empty": BadInput(lambda: _dated(""), holds=lambda seen: seen.sent_at is None),
    "B56 missing": BadInput(a_mail, holds=lambda seen: seen.sent_at is None),
    "B57 three years ahead": BadInput(
        lambda: _dated("Thu, 22 Nov 2029 10:00:00 +0000"),
        holds=lambda seen: seen.sent_at is not None and seen.sent_at.year == 2029,
    ),
}
