"""Attachments: which parts are files, and under which harmless names."""

from __future__ import annotations

import base64

import pytest

from tests.mail.raw_mail import a_multipart, a_part, mail_of, read

NAMES = {
    "plain": ('filename="report.pdf"', "report.pdf"),
    "no quotes": ("filename=report.pdf", "report.pdf"),
    "path upwards": ('filename="../../etc/passwd"', "passwd"),
    "windows path": (r'filename="..\\..\\x.exe"', "x.exe"),
    "absolute": ('filename="/etc/shadow"', "shadow"),
    "home": ('filename="~/x.txt"', "x.txt"),
    "tilde": ('filename="~x"', "x"),
    "dot": ('filename="."', "attachment-1.bin"),
    "two dots": ('filename=".."', "attachment-1.bin"),
    "hidden": ('filename=".bashrc"', "bashrc"),
    "empty": ('filename=""', "attachment-1.bin"),
    "device": ('filename="CON"', "_CON"),
    "device with extension": ('filename="nul.txt"', "_nul.txt"),
    "device with number": ('filename="COM1.pdf"', "_COM1.pdf"),
    "option": ('filename="-rf"', "_rf"),
    "shell": ('filename="$(x).txt"', "$(x).txt"),
    "pipe": ('filename="|id"', "_id"),
    "escape sequence": ('filename="a\x1b[31mb.txt"', "ab.txt"),
    "bidi": ('filename="x\u202egpj.exe"', "xgpj.exe"),
    "stream": ('filename="a.txt:x"', "a.txt_x"),
    "trailing dots": ('filename="a.txt. ."', "a.txt"),
    "rfc 2231": ("filename*=utf-8''Gr%C3%BC%C3%9Fe.txt", "Grüße.txt"),
    "rfc 2231 in pieces": ("filename*0*=utf-8''Gr%C3%BC; filename*1=ss; filename*2=.txt", "Grüss.txt"),
    "rfc 2231 out of order": ("filename*1=b.txt; filename*0=a", "ab.txt"),
    "rfc 2047": ('filename="=?utf-8?q?Gr=C3=BC=C3=9Fe=2Etxt?="', "Grüße.txt"),
    "decomposed": ('filename="U\u0308.txt"', "Ü.txt"),
    "very long": (f'filename="{"a" * 400}.pdf"', "a" * 196 + ".pdf"),
}


@pytest.mark.parametrize("case", NAMES)
def test_a_file_name_is_harmless(case: str) -> None:
    claimed, name = NAMES[case]
    part = a_part("application/octet-stream", "x", f"Content-Disposition: attachment; {claimed}\n")
    mail = read(mail_of(a_multipart("mixed", a_part("text/plain", "Hello"), part)))
    assert [file.name for file in mail.files] == [name]


def test_equal_names_are_told_apart() -> None:
    parts = [a_part(f'text/csv; name="{name}"', "x") for name in ("a.csv", "A.CSV", "a.csv")]
    mail = read(mail_of(a_multipart("mixed", *parts)))
    assert [file.name for file in mail.files] == ["a.csv", "A (2).CSV", "a (3).csv"]


def test_bytes_of_a_file_are_exact() -> None:
    content = bytes(range(256)) * 50
    coded = base64.encodebytes(content).decode()
    part = a_part('image/png; name="a.png"', coded, "Content-Transfer-Encoding: BASE64\nContent-Disposition: inline\n")
    (file,) = read(mail_of(a_multipart("related", a_part("text/html", "<p>Hi</p>"), part))).files
    assert (file.content, file.content_type, file.name) == (content, "image/png", "a.png")


def test_a_text_with_a_name_is_a_file() -> None:
    part = a_part("text/plain; name=log.txt", "line", "Content-Disposition: attachment; filename=log.txt\n")
    mail = read(mail_of(a_multipart("mixed", a_part("text/plain", "See the log"), part)))
    assert (mail.text, [file.name for file in mail.files]) == ("See the log", ["log.txt"])


def test_an_unnamed_image_gets_a_name() -> None:
    mail = read(mail_of(a_multipart("mixed", a_part("text/plain", "Hi"), a_part("image/jpeg", "x"))))
    assert [file.name for file in mail.files] == ["image-1.jpg"]


def test_a_mail_that_is_one_file() -> None:
    mail = read(mail_of(a_part('application/pdf; name="scan.pdf"', "%PDF")))
    assert (mail.text, mail.files[0].name, mail.files[0].content) == ("", "scan.pdf", b"%PDF")


def test_signature_and_key_are_files_beside_the_text() -> None:
    signed = a_multipart("signed", a_part("text/plain", "Signed words"), a_part("application/pgp-signature", "x"))
    mail = read(mail_of(signed))
    assert (mail.text, [file.content_type for file in mail.files]) == ("Signed words", ["application/pgp-signature"])


@pytest.mark.parametrize(
    ("kind", "word"),
    [("application/ms-tnef", "Outlook"), ("application/pkcs7-mime", "encrypted"), ("message/partial", "fetched")],
)
def test_what_cannot_be_opened_is_kept_and_said(kind: str, word: str) -> None:
    mail = read(mail_of(a_multipart("mixed", a_part("text/plain", "Hi"), a_part(kind, "x"))))
    assert mail.files[0].content_type == kind
    assert any(word in note for note in mail.notes)


def test_a_broken_content_type_is_text() -> None:
    assert read(mail_of(a_part("no type at all", "words"))).text == "words"


def test_uuencode_is_decoded() -> None:
    part = a_part(
        'application/x; name="a.txt"', "begin 644 a.txt\n#86)C\n`\nend\n", "Content-Transfer-Encoding: x-uuencode\n"
    )
    assert read(mail_of(a_multipart("mixed", a_part("text/plain", "Hi"), part))).files[0].content == b"abc"


def unuu(rows: bytes) -> bytes:
    (file,) = read(mail_of(a_part("application/x", rows, "Content-Transfer-Encoding: x-uuencode\n"))).files
    return file.content


def test_an_empty_line_of_uuencode_is_nothing() -> None:
    assert unuu(b"begin 644 a.txt\n\n#86)C\r\n\n`\nend\n") == b"abc"


def test_blanks_may_be_missing_at_the_ends_of_uuencode() -> None:
    assert unuu(b"begin 644 a.bin\nM\n`\nend\n") == bytes(45)


def test_uuencode_that_claims_far_more_than_it_holds_is_kept_as_it_came() -> None:
    rows = b"begin 644 a.bin\n" + b"M\n" * 50_000
    assert unuu(rows) == rows
