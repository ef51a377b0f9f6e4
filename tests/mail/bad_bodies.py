"""Bad inputs B85–B99: texts, character sets and transfer encodings that end nowhere or are something else."""

from __future__ import annotations

import base64
import gzip
import zlib

from helpdesk_tui.store.content import digest
from helpdesk_tui.terms import Disposition
from tests.mail import packed
from tests.mail.bad_mail import CODED, MILLION, TICKETS, BadInput, a_file, coded, html, mixed, plain, report, subject
from tests.mail.raw_mail import a_multipart, a_part, mail_of

_UNKNOWN_CHARSET = ("character set",)
_TOO_LONG = ("very long",)
_OF_A_SERVER = (*TICKETS, Disposition.BOUNCE, Disposition.ROBOT)
_OUTSIDE = "http://127.0.0.1:9/"
_ACTIVE = f"""<html><head><meta http-equiv="refresh" content="0;url={_OUTSIDE}m"><base href="{_OUTSIDE}">
<link rel="stylesheet" href="{_OUTSIDE}a.css"><style>@import "{_OUTSIDE}b.css"; p {{ background: url({_OUTSIDE}c) }}</style>
<script src="{_OUTSIDE}d.js">evil()</script></head><body background="{_OUTSIDE}e" onload="evil()"><p>Words</p>
<img src="{_OUTSIDE}pixel.gif" width="1" height="1"><img src="cid:x@y"><iframe src="{_OUTSIDE}f"></iframe>
<object data="{_OUTSIDE}g"></object><form action="{_OUTSIDE}h"><input name="password"></form></body></html>"""
#: The usual sample of a virus that is none, in two halves so that nothing takes this file for one.
_NO_VIRUS = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-STAND" + b"ARD-ANTIVIRUS-TEST-FILE!$H+H*"
#: Gigabytes of zeros, packed and packed again.
_ZIP_BOMB = zlib.compress(zlib.compress(bytes(40 * MILLION), 9), 9)
_GZIP_BOMB = gzip.compress(bytes(50 * MILLION), 9, mtime=0)
_INVITATION = (
    "BEGIN:VCALENDAR\nMETHOD:REQUEST\nBEGIN:VEVENT\nSUMMARY:Printer\nDTSTART:20240102T100000Z\n"
    "ORGANIZER:mailto:boss@a.example\nATTENDEE;RSVP=TRUE;PARTSTAT=NEEDS-ACTION:mailto:support@desk.example\n"
    "END:VEVENT\nEND:VCALENDAR\n"
)


def _kept(content: bytes, **expectation: tuple[str, ...]) -> BadInput:
    """A file that comes back as it was."""
    return BadInput(
        lambda: mixed(a_file("a.zip", content, "application/zip")),
        expectation.get("says", ()),
        lambda seen: (
            seen.text == "Words" and seen.files == (("a.zip", "application/zip", len(content), digest(content)),)
        ),
    )


BODIES = {
    "B84 an invitation": BadInput(
        lambda: mail_of(a_part("text/calendar; method=REQUEST", _INVITATION)),
        holds=lambda seen: "Invitation: Printer" in seen.text and "boss@a.example" in seen.text,
    ),
    "B85 no such character set": BadInput(
        lambda: plain("Grüße", charset="no-such"), _UNKNOWN_CHARSET, lambda seen: seen.text == "Grüße"
    ),
    "B85 rot13": BadInput(lambda: plain("Uryyb", charset="rot13"), _UNKNOWN_CHARSET, lambda seen: seen.text == "Uryyb"),
    "B85 zlib": BadInput(lambda: plain(zlib.compress(bytes(MILLION)), charset="zlib"), _UNKNOWN_CHARSET),
    "B85 base64 as a character set": BadInput(
        lambda: plain("V29yZHM=", charset="base64"), _UNKNOWN_CHARSET, lambda seen: seen.text == "V29yZHM="
    ),
    "B85 undefined": BadInput(lambda: plain("Words", charset="undefined"), holds=lambda seen: seen.text == "Words"),
    "B85 idna": BadInput(lambda: plain("Words", charset="idna"), holds=lambda seen: seen.text == "Words"),
    "B85 punycode": BadInput(lambda: plain("Words", charset="punycode"), holds=lambda seen: seen.text == "Words"),
    "B85 unicode-escape": BadInput(
        lambda: plain(r"\x1b]0;x\x07", charset="unicode-escape"), holds=lambda seen: seen.text == r"\x1b]0;x\x07"
    ),
    "B85 NUL in its name": BadInput(lambda: plain("Grüße", charset='"utf\0-8"'), holds=lambda seen: seen.text == "Grüße"),
    "B85 utf-7": BadInput(
        lambda: mail_of(a_part("text/plain; charset=utf-7", b"+ABs-]0;x+AAc- +AGE-b" * 1_000))
    ),
    "utf-7 without end": BadInput(lambda: mail_of(a_part("text/plain; charset=utf-7", b"+AGE-" * MILLION))),
    "iso-2022-jp": BadInput(lambda: mail_of(a_part("text/plain; charset=iso-2022-jp", b"\x1b$B" * MILLION))),
    "B87 lone surrogates": BadInput(lambda: plain(b"a\xed\xa0\x80b\xed\xbf\xbfc")),
    "B87 CESU": BadInput(lambda: plain(b"a\xed\xa0\xbd\xed\xb8\x80b")),
    "B87 beyond Unicode": BadInput(lambda: plain(b"a\xf4\x90\x80\x80b\xf8\x88\x80\x80\x80c\xff\xfe")),
    "B87 surrogates in UTF-16": BadInput(lambda: plain(b"\x3d\xd8a\x00\x00\xdcb\x00", charset="utf-16-le")),
    "B87 beyond Unicode in UTF-32": BadInput(lambda: plain(b"\xff\xff\xff\xff\x00\xd8\x00\x00a\x00\x00\x00", charset="utf-32")),
    "B87 surrogates by reference": BadInput(lambda: html("a&#xD83D;&#xDE00;b&#xD800;c&#x110000;d&#0;e&#27;f")),
    "B87 surrogates in the subject": BadInput(lambda: subject("=?utf-8?q?a=ED=A0=80b=F4=90=80=80c?= \ud800")),
    "B87 what is no character": BadInput(lambda: plain("a\ufffe\uffff\U0001ffffb")),
    "B88 base64 without end": BadInput(lambda: coded("base64", b"V29yZHM"), holds=lambda seen: seen.text == "Words"),
    "B88 garbage base64": BadInput(lambda: coded("base64", b"!@#$QUJD=" * MILLION)),
    "B88 base64 of other signs": BadInput(lambda: coded("base64", b"!@\n" * (8 * MILLION) + b"A")),
    "B88 an unknown encoding": BadInput(lambda: coded("x-unknown", b"Words"), holds=lambda seen: seen.text == "Words"),
    "B88 yenc": BadInput(lambda: coded("yenc", b"=ybegin line=128 size=3 name=a.bin\n\x8b\x8c\x8d\n=yend size=3\n")),
    "B88 broken uuencode": BadInput(lambda: coded("x-uuencode", b"begin 644 x\n#86)\nM\n")),
    "B88 uuencode": BadInput(lambda: coded("x-uuencode", b"begin 644 x\n" + b"M12345\n" * 300_000)),
    "uuencode of empty lines": BadInput(lambda: coded("x-uuencode", b"\n" * (12 * MILLION))),
    "uuencode of rows that claim much": BadInput(lambda: coded("x-uuencode", b"~\n" * (5 * MILLION))),
    "uuencode of broken rows": BadInput(lambda: coded("x-uuencode", b"~\x7f\n" * (4 * MILLION))),
    "quoted-printable": BadInput(lambda: coded("quoted-printable", b"=\n" * MILLION)),
    "B89 line of 10 MB": BadInput(lambda: plain(b"x" * (10 * MILLION)), _TOO_LONG),
    "B89 a million empty lines": BadInput(lambda: plain(b"x" + b"\n" * MILLION + b"x")),
    "B90 a gigabyte that is 25 MB": BadInput(
        lambda: b"Content-Length: 1073741824\n" + mixed(
            a_part("application/x-y; name=a.bin", base64.encodebytes(bytes(18 * MILLION)),
                   f"{CODED}Content-Disposition: attachment; filename=a.bin; size=1073741824\n")
        ),
        holds=lambda seen: seen.files[0][2] == 18 * MILLION,
    ),
    "base64 of 20 MB": BadInput(
        lambda: mail_of(a_part("application/zip; name=a.zip", b"QUJDREVGR0hJSktMTU5PUFFSU1RVVldY\n" * 600_000, CODED))
    ),
    "text of 20 MB": BadInput(lambda: plain("hällo wörld\n".encode() * 1_500_000), _TOO_LONG),
    "broken text of 20 MB": BadInput(lambda: plain(b"h\xe4llo w\xf6rld\n" * 1_600_000), _TOO_LONG),
    "quotes and answers": BadInput(lambda: plain(b"> a\nb\n" * 300_000)),
    "wrapped quotes": BadInput(lambda: plain((b"> " + b"a" * 70 + b"\nb\n") * 30_000)),
    "almost leads": BadInput(lambda: plain(b"am 1.1.2020 10:00 x:\n" * 300_000)),
    "almost headers": BadInput(lambda: plain(b"From: x\n" * 300_000)),
    "signatures": BadInput(lambda: plain(b"-- \n" * 300_000)),
    "dashes": BadInput(lambda: plain(b"-" * MILLION)),
    "lines of dashes": BadInput(lambda: plain((b"-" * 199 + b"\n") * 5_000)),
    "stars and words": BadInput(lambda: plain((b"*" * 40 + b" " + b"on " * 50 + b":\n") * 5_000)),
    "dashes around almost leads": BadInput(
        lambda: plain((b"-" * 40 + b"wrote" * 80 + b"-" * 41 + b"\n") * 2_000)
    ),
    "blanks": BadInput(lambda: plain(b" " * (10 * MILLION) + b"x")),
    "report: words": BadInput(lambda: report(b"delivery to " * 6_000), becomes=_OF_A_SERVER),
    "report: dashes": BadInput(lambda: report(b"---" * 22_000), becomes=_OF_A_SERVER),
    "report: letters": BadInput(lambda: report(b"a" * 65_000), becomes=_OF_A_SERVER),
    "report: recipients": BadInput(
        lambda: mail_of(a_multipart("report", a_part("message/delivery-status", b"Final-Recipient: a\n\n" * 50_000))),
        becomes=_OF_A_SERVER,
    ),
    "B91 HTML tables of 10 MB": BadInput(lambda: html(b"<table><tr><td>x" * 625_000), ("HTML",)),
    "HTML blocks": BadInput(lambda: html(b"<div>" * MILLION), ("HTML",)),
    "HTML brackets": BadInput(lambda: html(b"<" * (3 * MILLION))),
    "HTML tags without end": BadInput(lambda: html(b"<a " * MILLION)),
    "HTML quotes": BadInput(lambda: html(b"<a \"'" * MILLION)),
    "HTML comments": BadInput(lambda: html(b"<!--" * MILLION)),
    "HTML marked sections": BadInput(lambda: html(b"<![CDATA[" * 300_000)),
    "HTML scripts": BadInput(lambda: html(b"<script>" * 300_000)),
    "HTML objects": BadInput(lambda: html(b"<object>" * 300_000)),
    "HTML ampersands": BadInput(lambda: html(b"&" * (3 * MILLION))),
    "HTML endless reference": BadInput(lambda: html(b"&#" + b"9" * (3 * MILLION))),
    "HTML attributes": BadInput(lambda: html(b"<a " + b"x=y " * 500_000 + b">hi</a>")),
    "HTML names without values": BadInput(lambda: html((b"<b " + b"a" * 19_990 + b">") * 150)),
    "HTML blanks behind names": BadInput(lambda: html((b"<b a" + b" " * 19_990 + b">") * 150)),
    "HTML in ten parts": BadInput(
        lambda: mail_of(a_multipart("mixed", *[a_part("text/html", b"<p>a</p>" * 300_000)] * 10)), ("HTML",)
    ),
    "HTML references in eight parts": BadInput(
        lambda: mail_of(a_multipart("mixed", *[a_part("text/html", b"&#7;" * 750_000)] * 8))
    ),
    "HTML empty lines as written": BadInput(lambda: html(b"<pre>" + b"\n" * (3 * MILLION))),
    "HTML lines in quotes": BadInput(lambda: html(b"<blockquote>" * 20 + b"<pre>" + b"x\n" * MILLION)),
    "HTML quotes in quotes": BadInput(lambda: html(b"<blockquote>" * 100_000 + b"x<br>" * 100_000)),
    "HTML lists": BadInput(lambda: html(b"<ul><li>" * 100_000)),
    "HTML links": BadInput(lambda: html(b"<a href='http://x'>" * 150_000)),
    "HTML cells": BadInput(lambda: html(b"<table><tr>" + b"<td>x" * 300_000)),
    "HTML hidden": BadInput(lambda: html(b"<div style='display:none'>" * 100_000 + b"x")),
    "B93 HTML that fetches, runs and sends": BadInput(
        lambda: html(_ACTIVE), holds=lambda seen: "Words" in seen.text and "evil" not in seen.text
    ),
    "B94 a link that leads elsewhere": BadInput(
        lambda: html('<a href="http://evil.example/login">https://bank.example</a>'),
        holds=lambda seen: "evil.example" in seen.text and "bank.example" in seen.text,
    ),
    "B96 winmail.dat": BadInput(
        lambda: mixed(
            a_part("application/ms-tnef; name=winmail.dat",
                   base64.encodebytes(packed.stream(packed.a_file(b"a.txt", b"abc"))), CODED)
        ),
        holds=lambda seen: seen.text == "Words" and seen.file_names == ["a.txt"],
    ),
    "B96 broken winmail.dat": BadInput(
        lambda: mixed(a_file("winmail.dat", b"\x78\x9f\x3e\x22" + b"\xff" * 500, "application/ms-tnef")),
        holds=lambda seen: seen.file_names == ["winmail.dat"],
    ),
    "B96 encrypted with S/MIME": BadInput(
        lambda: mail_of(a_part("application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m", b"MIIB", CODED)),
        ("encrypted",),
        lambda seen: seen.file_names == ["smime.p7m"],
    ),
    "B96 signed": BadInput(
        lambda: mail_of(a_multipart("signed", a_part("text/plain", "Words"), a_part("application/pgp-signature", "x"))),
        ("signature",),
        lambda seen: seen.text == "Words" and len(seen.files) == 1,
    ),
    "B96 PGP in the text": BadInput(
        lambda: plain("-----BEGIN PGP MESSAGE-----\n\nhQEMA\n-----END PGP MESSAGE-----\n"),
        ("encrypted",),
        lambda seen: len(seen.files) == 1,
    ),
    "B96 PGP beside the text": BadInput(
        lambda: mail_of(
            a_multipart("encrypted", a_part("application/pgp-encrypted", "Version: 1"), a_part("application/x", "hQ"))
        ),
        ("encrypted",),
    ),
    "B96 Autocrypt": BadInput(
        lambda: b"Autocrypt: addr=anna@customer.example; keydata=" + b"QUJD" * 10_000 + b"\n" + plain("Words"),
        holds=lambda seen: seen.text == "Words",
    ),
    "B97 a zip bomb": _kept(_ZIP_BOMB),
    "B97 a gzip bomb": _kept(_GZIP_BOMB),
    "B97 a text coded as a gzip bomb": BadInput(
        lambda: mail_of(a_part("text/plain", _GZIP_BOMB, "Content-Encoding: gzip\nContent-Transfer-Encoding: gzip\n"))
    ),
    "B98 what a scanner takes for a virus": _kept(_NO_VIRUS),
    "B99 a word of a million letters": BadInput(lambda: plain(b"w" * MILLION + b" end"), _TOO_LONG),
}  # fmt: skip
