"""Bad inputs B01–B20: parts, boundaries and content types that do not hold what they promise."""

from __future__ import annotations

from tests.mail.bad_mail import MILLION, BadInput, embedded, mixed, nested, parts, plain
from tests.mail.raw_mail import a_mail, a_multipart, a_part, mail_of

_TOO_DEEP, _MAILS_TOO_DEEP = ("structure of the mail is too deep",), ("Attached mails lie too deep",)
_EXTERNAL = 'message/external-body; access-type=URL; URL="http://127.0.0.1:9/a.txt"'
_PARTIAL = 'message/partial; id="a@b.example"; number=2; total=3'

STRUCTURE = {
    "B01 nesting of 50": BadInput(lambda: nested(50), holds=lambda seen: (seen.text, seen.remarks) == ("Words", ())),
    "B02 nesting of 500": BadInput(lambda: nested(500), _TOO_DEEP),
    "B03 nesting of 5,000": BadInput(lambda: nested(5_000), _TOO_DEEP),
    "B04 mails in mails, 300": BadInput(lambda: embedded(300), _MAILS_TOO_DEEP),
    "B05 mails in mails, 3,000": BadInput(lambda: embedded(3_000), _MAILS_TOO_DEEP),
    "B06 10,000 parts": BadInput(lambda: parts(10_000), ("10000", "500"), lambda seen: seen.text.count("Words") > 1),
    "B07 100,000 parts": BadInput(lambda: parts(100_000), ("100000", "500")),
    "B08 no boundary": BadInput(
        lambda: mail_of(b"Content-Type: multipart/mixed\n\nWords"), holds=lambda seen: seen.text == "Words"
    ),
    "B09 empty boundary": BadInput(
        lambda: mail_of(b'Content-Type: multipart/mixed; boundary=""\n\n--\n\nWords\n----\n'),
        holds=lambda seen: "Words" in seen.text + seen.quoted,
    ),
    "B11 boundary of 100 KB": BadInput(
        lambda: mail_of(
            b"Content-Type: multipart/mixed; boundary=" + b"x" * 100_000 + b"\n\n--" + b"x" * 100_000 + b"\n\nWords"
        ),
        holds=lambda seen: "Words" in seen.text,
    ),
    "B13 no end boundary": BadInput(
        lambda: mail_of(b"Content-Type: multipart/mixed; boundary=b\n\n--b\n\nWords"),
        holds=lambda seen: seen.text == "Words",
    ),
    "B14 text before the first and after the last boundary": BadInput(
        lambda: mail_of(b"Content-Type: multipart/mixed; boundary=b\n\nBefore\n--b\n\nWords\n--b--\nBehind\n"),
        holds=lambda seen: seen.text == "Words",
    ),
    "B15 two content types": BadInput(
        lambda: mail_of(b"Content-Type: text/plain\nContent-Type: text/html\n\n<b>Words</b>"),
        holds=lambda seen: seen.text == "<b>Words</b>",
    ),
    "B18 a report without parts": BadInput(
        lambda: mail_of(b"Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\nWords"),
        holds=lambda seen: seen.text == "Words",
    ),
    "B18 a report whose parts are empty": BadInput(
        lambda: mail_of(a_multipart("report", a_part("message/delivery-status", ""), a_part("message/rfc822", "")))
    ),
    "B19 a mail in pieces": BadInput(lambda: mixed(a_part(_PARTIAL, "x")), ("fetched",), lambda seen: bool(seen.files)),
    "B19 a body that lies elsewhere": BadInput(
        lambda: mixed(a_part(_EXTERNAL, "Content-Type: text/plain\n\n")), ("fetched",), lambda seen: bool(seen.files)
    ),
    "B20 flowed quotes that are none": BadInput(
        lambda: plain(">quoted \n> more\n >not quoted \nstuffed\n-- \nno signature \n> \n", "; format=flowed")
    ),
    "B20 flowed": BadInput(lambda: plain(b"a \n" * MILLION, "; format=flowed"), ("very long",)),
    "B20 flowed quotes": BadInput(lambda: plain(b">a \n> \n" * 300_000, "; format=flowed")),
    "a boundary that nests in itself": BadInput(
        lambda: mail_of(
            b"Content-Type: multipart/mixed; boundary=b\n\n"
            + b"--b\nContent-Type: multipart/mixed; boundary=b\n\n" * 20_000
        )
    ),
    "boundaries without parts": BadInput(
        lambda: mail_of(b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\n" * MILLION)
    ),
    "almost boundaries": BadInput(
        lambda: mail_of(b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--bx\n" * MILLION)
    ),
    "many fields in every part": BadInput(
        lambda: mail_of(a_multipart("mixed", *[b"".join(b"a%d:x\n" % n for n in range(46_000)) + b"\nWords"] * 85)),
        ("header",),
    ),
    "parameters": BadInput(lambda: mail_of(a_part("text/plain" + "; a=b" * 100_000, "Words"))),
    "quoted parameter": BadInput(lambda: mail_of(a_part('text/plain; a="' + '\\"' * 100_000, "Words"))),
    "parameter in pieces": BadInput(
        lambda: mail_of(a_part("text/x-y" + "".join(f"; name*{n}*=%41" for n in range(3_000)), "Words"))
    ),
    "blank lines first": BadInput(lambda: b"\n" * MILLION + a_mail(), holds=lambda seen: seen.text == "Hello"),
}
