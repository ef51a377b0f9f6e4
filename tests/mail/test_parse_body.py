"""What is read of a mail: the best alternative, HTML as text, character sets, transfer encodings."""

from __future__ import annotations

import pytest

from helpdesk_tui.errors import MailUnreadable
from helpdesk_tui.mail.parse import parse
from tests.mail.raw_mail import a_mail, a_multipart, a_part, mail_of, read

HTML = {
    "paragraphs": ("<p>One</p><p>Two</p>", "One\n\nTwo"),
    "divs": ("<div>One</div><div>Two</div><div><br></div><div>Three</div>", "One\nTwo\n\nThree"),
    "break": ("One<br>Two<br/>Three", "One\nTwo\nThree"),
    "blanks": ("<p>One\n   two&nbsp;three</p>", "One two three"),
    "entities": ("Gr&uuml;&szlig;e &amp; &#8364; &lt;b&gt;", "Grüße & € <b>"),
    "list": ("<ul><li>One</li><li>Two</li></ul>", "- One\n- Two"),
    "numbered list": ("<ol><li>One<li>Two</ol>", "1. One\n2. Two"),
    "table": ("<table><tr><td>A</td><td>1</td></tr><tr><td>B</td><td>2</td></tr></table>", "A  1\nB  2"),
    "pre": ("<pre>a\n  b</pre>", "a\n  b"),
    "link to elsewhere": ('<a href="https://evil.example/x">your bank</a>', "your bank <https://evil.example/x>"),
    "link that claims another": (
        '<a href="https://evil.example">https://good.example</a>',
        "https://good.example <https://evil.example>",
    ),
    "link that says its target": ('<a href="https://good.example/">good.example</a>', "good.example"),
    "mail link": ('<a href="mailto:a@b.example?subject=x">a@b.example</a>', "a@b.example"),
    "link of a program": ('<a href="javascript:alert(1)">click</a>', "click [a script, left out]"),
    "redirect in a target": (
        '<a href="https://good.example/?u=@evil.example">good.example</a>',
        "good.example <https://good.example/?u=@evil.example>",
    ),
    "linked image": ('<a href="https://x.example"><img src="https://x.example/p.gif"></a>', "<https://x.example>"),
    "image": ('<img src="cid:1" alt="Our logo">Hi', "[Our logo]Hi"),
    "pixel": ('Hi<img src="https://track.example/1.gif" width=1>', "Hi"),
    "script and style": ("<style>p{color:red}</style><script>if (a<b) alert('</p>')</script>Hi", "Hi"),
    "head": ("<html><head><title>T</title><meta http-equiv=refresh content=0></head><body>Hi</body></html>", "Hi"),
    "comment": ("a<!-- b --><!--[if mso]>c<![endif]-->d", "ad"),
    "form": ("<form action=x><input value=a>Name</form>", "Name"),
    "quotes in attributes": ("<p title=\"a > b\">Hi</p><p title='<i>'>Ho</p>", "Hi\n\nHo"),
    "unclosed tag": ("Hi <b>you <i", "Hi you"),
    "lone bracket": ("1 < 2 and 3 > 2", "1 < 2 and 3 > 2"),
    "escape by entity": ("a&#27;[31mb&#x9b;2Jc", "a[31mb›2Jc"),
    "absurd entity": ("a&#99999999999999999999;b", "a\ufffdb"),
    "rule": ("a<hr>b", "a\n---\nb"),
}


@pytest.mark.parametrize("case", HTML)
def test_html_is_read_as_text(case: str) -> None:
    source, text = HTML[case]
    mail = read(mail_of(a_part("text/html; charset=utf-8", source)))
    assert (mail.text, mail.quoted) == (text, "")


def test_a_quote_in_html_is_folded() -> None:
    mail = read(mail_of(a_part("text/html", "<p>New</p><blockquote>Old<br>words</blockquote>")))
    assert (mail.text, mail.quoted) == ("New", "> Old\n> words")


@pytest.mark.parametrize(
    "mark",
    ['style="display:none"', "style='DISPLAY : none'", 'style="font-size:0px"', "hidden", 'style="mso-hide:all"'],
)
def test_hidden_text_is_left_out_and_said(mark: str) -> None:
    mail = read(mail_of(a_part("text/html", f"<p>Seen</p><div {mark}><div>x</div>Unseen</div><p>Too</p>")))
    assert mail.text == "Seen\n\nToo"
    assert any("invisible" in note for note in mail.notes)


def test_where_all_is_hidden_it_is_shown() -> None:
    assert read(mail_of(a_part("text/html", '<div style="display:none">Words</div>'))).text == "Words"


def test_small_print_is_not_hidden() -> None:
    assert read(mail_of(a_part("text/html", '<p style="font-size:0.8em">Words</p>'))).text == "Words"


def test_plain_text_wins_where_it_says_something() -> None:
    both = a_multipart("alternative", a_part("text/plain", "Plain"), a_part("text/html", "<p>Rich</p>"))
    assert read(mail_of(both)).text == "Plain"
    assert read(mail_of(both)).files == ()


@pytest.mark.parametrize("plain", ["", " \n\n", "This is an HTML message. Please use a mail client that can show it."])
def test_html_wins_where_the_plain_text_says_nothing(plain: str) -> None:
    both = a_multipart("alternative", a_part("text/plain", plain), a_part("text/html", "<p>Rich</p>"))
    assert read(mail_of(both)).text == "Rich"


def test_a_text_around_a_picture_is_read_whole() -> None:
    mixed = a_multipart(
        "mixed", a_part("text/plain", "Above"), a_part("image/png; name=a.png", "x"), a_part("text/plain", "Below")
    )
    assert (read(mail_of(mixed)).text, len(read(mail_of(mixed)).files)) == ("Above\n\nBelow", 1)


def test_a_file_beside_the_richer_alternative_is_not_lost() -> None:
    rich = a_multipart("mixed", a_part("text/html", "<p>Rich</p>"), a_part("application/pdf; name=a.pdf", "x"))
    mail = read(mail_of(a_multipart("alternative", a_part("text/plain", "Plain"), rich)))
    assert (mail.text, [file.name for file in mail.files]) == ("Plain", ["a.pdf"])


def test_related_html_is_the_body_and_its_picture_a_file() -> None:
    related = a_multipart("related", a_part("text/html", "<p>Rich</p>"), a_part("image/png; name=l.png", "x"))
    mail = read(mail_of(a_multipart("alternative", a_part("text/plain", " "), related)))
    assert (mail.text, [file.name for file in mail.files]) == ("Rich", ["l.png"])


CHARSETS = {
    "utf-8": ("utf-8", "Grüße".encode(), "Grüße"),
    "latin-1": ("iso-8859-1", "Grüße".encode("latin-1"), "Grüße"),
    "latin-1 is windows": ("iso-8859-1", b"\x80 5 \x84x\x93", "€ 5 „x“"),
    "latin-9": ("ISO-8859-15", b"\xa4", "€"),
    "windows": ('"windows-1252"', b"\x80", "€"),
    "koi8": ("koi8-r", "Привет".encode("koi8-r"), "Привет"),
    "big5": ("big5", "你好".encode("big5"), "你好"),
    "shift-jis": ("Shift_JIS", "テスト".encode("cp932"), "テスト"),
    "iso-2022-jp": ("iso-2022-jp", "テスト".encode("iso2022_jp"), "テスト"),
    "utf-16": ("utf-16", "Hallo".encode("utf-16"), "Hallo"),
    "utf-7 is refused": ("utf-7", b"Gr+APwA3w-e", "Gr+APwA3w-e"),
    "latin-1 that is utf-8": ("iso-8859-1", "Grüße".encode(), "Grüße"),
    "latin-1 that speaks of broken utf-8": ("iso-8859-1", "ü wird Ã¼".encode("latin-1"), "ü wird Ã¼"),
    "cyrillic windows that is utf-8": ("windows-1251", "Привет".encode(), "Привет"),
    "cyrillic windows": ("windows-1251", "Привет".encode("cp1251"), "Привет"),
    "utf-16 without mark, big end first": ("utf-16", "Grüße".encode("utf-16-be"), "Grüße"),
    "utf-16 without mark, little end first": ("utf-16", "Grüße".encode("utf-16-le"), "Grüße"),
    "utf-16 without mark in japanese": ("utf-16", "日本語".encode("utf-16-be"), "日本語"),
    "utf-16 that says utf-8": ("utf-8", "Grüße".encode("utf-16"), "Grüße"),
    "missing, utf-16": ("", "Grüße".encode("utf-16-le"), "Grüße"),
    "utf-8 with a mark": ("utf-8", "\ufeffGrüße".encode(), "Grüße"),
    "gb2312 that is gbk": ("gb2312", "朱镕基".encode("gbk"), "朱镕基"),
    "korean by another name": ("ks_c_5601-1987", "안녕".encode("cp949"), "안녕"),
    "korean without a year": ("ks_c_5601", "안녕".encode("cp949"), "안녕"),
    "chinese in seven bits": ("hz-gb-2312", b"~{VPND~}", "中文"),
    "latin-1 by its registry name": ("iso_8859-1:1987", b"\xe4", "ä"),
    "latin-1 by its number": ("cp819", b"\xe4", "ä"),
    "latin-1 by its code": ("iso-ir-100", b"\xe4", "ä"),
    "unknown to its sender": ("unknown-8bit", "Grüße".encode("cp1252"), "Grüße"),
    "missing, utf-8": ("", "Grüße".encode(), "Grüße"),
    "missing, windows": ("", "Grüße".encode("cp1252"), "Grüße"),
    "wrong, says ascii": ("us-ascii", "Grüße".encode(), "Grüße"),
    "wrong, says utf-8": ("utf-8", "Grüße".encode("cp1252"), "Grüße"),
    "one broken letter": ("utf-8", "Grüße aus Köln und Übersee, schöne Tage\xff".encode()[:-1], None),
    "unknown": ("x-unknown", "Grüße".encode(), "Grüße"),
    "codec of bytes": ("zlib", b"Hi", "Hi"),
    "rot13": ("rot13", b"Hi", "Hi"),
    "undefined": ("undefined", b"Hi", "Hi"),
    "idna": ("idna", b"Hi", "Hi"),
    "punycode": ("punycode", b"Hi-", "Hi-"),
    "unicode escape": ("unicode_escape", rb"\x41", r"\x41"),
    "nul in the name": ("utf\0-8", "ü".encode(), "ü"),
    "surrogate": ("utf-8", b"a\xed\xa0\x80b", None),
}


@pytest.mark.parametrize("case", CHARSETS)
def test_a_character_set_may_be_wrong_or_missing(case: str) -> None:
    label, content, text = CHARSETS[case]
    mail = read(mail_of(a_part(f"text/plain; charset={label}" if label else "text/plain", content)))
    assert mail.text == text if text is not None else mail.text


def test_an_unknown_character_set_is_said() -> None:
    assert any("x-unknown" in note for note in read(mail_of(a_part("text/plain; charset=x-unknown", "ü"))).notes)


def test_html_may_name_its_character_set_itself() -> None:
    source = '<meta charset="koi8-r"><p>Привет'.encode("koi8-r")
    assert read(mail_of(a_part("text/html", source))).text == "Привет"


ENCODINGS = {
    "quoted-printable": ("quoted-printable", b"Gr=C3=BC=\n=C3=9Fe", "Grüße"),
    "base64": ("Base64", b"R3LDvMOf\nZQ==", "Grüße"),
    "unterminated base64": ("base64", b"R3LDvMOfZ", "Grüß"),
    "garbage in base64": ("base64", b"!R3*LDvMOfZQ==!", "Grüße"),
    "words in the place of base64": ("base64", b"?garbage", "?garbage"),
    "unknown encoding": ("yenc", b"words", "words"),
    "8bit": ("8bit", "Grüße".encode(), "Grüße"),
    "broken quoted-printable": ("quoted-printable", b"a=ZZb=", "a=ZZb"),
}


@pytest.mark.parametrize("case", ENCODINGS)
def test_transfer_encodings_are_undone_as_far_as_they_can(case: str) -> None:
    encoding, content, text = ENCODINGS[case]
    header = f"Content-Transfer-Encoding: {encoding}\n"
    assert read(mail_of(a_part("text/plain; charset=utf-8", content, header))).text == text


def test_flowed_text_is_joined_to_paragraphs() -> None:
    flowed = "This is one \nparagraph.\n\n  indented\n-- \nAnna"
    mail = read(mail_of(a_part("text/plain; format=flowed", flowed)))
    assert mail.text == "This is one paragraph.\n\n indented"
    assert mail.quoted == "-- \nAnna"


def test_flowed_text_may_drop_its_blanks() -> None:
    mail = read(mail_of(a_part("text/plain; format=Flowed; delsp=yes", "Zusammen \ngesetzt")))
    assert mail.text == "Zusammengesetzt"


def test_flowed_quotes_keep_their_depth() -> None:
    mail = read(mail_of(a_part("text/plain; format=flowed", "New\n\n> one \n> two\n>> three \n> four")))
    assert mail.quoted == "> one two\n>> three \n> four"


def test_preamble_and_epilogue_are_not_shown() -> None:
    raw = mail_of(a_multipart("mixed", a_part("text/plain", "Words"))).replace(b"\n\n--", b"\n\nPreamble\n--", 1)
    assert read(raw + b"Epilogue").text == "Words"


@pytest.mark.parametrize("boundary", ["", "; boundary=", '; boundary=""', "; boundary=other"])
def test_a_wrong_boundary_is_guessed(boundary: str) -> None:
    raw = b"From: a@b.example\nContent-Type: multipart/mixed%s\n\n--x\nContent-Type: text/plain\n\nWords\n--x--\n"
    assert read(raw % boundary.encode()).text == "Words"


def test_a_missing_end_boundary_ends_with_the_mail() -> None:
    raw = b"From: a@b.example\nContent-Type: multipart/mixed; boundary=x\n\n--x\n\nWords\n"
    assert read(raw).text == "Words"


def test_a_multipart_without_parts_is_shown_as_it_is() -> None:
    assert read(b"From: a@b.example\nContent-Type: multipart/report; boundary=x\n\nWords\n").text == "Words"


def test_of_two_content_types_the_first_counts() -> None:
    raw = b"From: a@b.example\nContent-Type: text/plain\nContent-Type: text/html\n\n<b>Words</b>"
    assert read(raw).text == "<b>Words</b>"


CALENDAR = """BEGIN:VCALENDAR
METHOD:REQUEST
BEGIN:VEVENT
SUMMARY:Printer\\, floor 3
DTSTART;TZID=Europe/Berlin:20240102T100000
DTEND;TZID=Europe/Berlin:20240102T110000
LOCATION:Room 5
END:VEVENT
END:VCALENDAR
"""


def test_an_invitation_without_words_is_summed_up() -> None:
    mail = read(mail_of(a_part("text/calendar; method=REQUEST", CALENDAR)))
    assert mail.text == (
        "Invitation: Printer, floor 3\n2024-01-02 10:00 (Europe/Berlin) – 2024-01-02 11:00 (Europe/Berlin), Room 5"
    )
    assert [file.name for file in mail.files] == ["attachment-1.ics"]


def test_an_invitation_beside_words_is_summed_up_below_them() -> None:
    both = a_multipart("alternative", a_part("text/plain", "Please come"), a_part("text/calendar", CALENDAR))
    mail = read(mail_of(both))
    assert mail.text.startswith("Please come\n\nInvitation: Printer, floor 3\n")
    assert len(mail.files) == 1


@pytest.mark.parametrize("ends", [b"\r\n", b"\n", b"\r"])
def test_line_ends_may_be_mixed(ends: bytes) -> None:
    assert read(mail_of(a_part("text/plain", b"one" + ends + b"two\r\nthree\nfour"))).text == "one\ntwo\nthree\nfour"


def test_a_content_type_without_semicolon_is_understood() -> None:
    raw = (
        b"From: a@b.example\nContent-Type: multipart/mixed\n\tboundary=b\n\n--b\nContent-Type: image/png\n\nx\n--b--\n"
    )
    assert [file.content_type for file in read(raw).files] == ["image/png"]


def test_a_mail_without_a_header_is_text() -> None:
    mail = read(b"Just some words,\nno header at all.")
    assert (mail.text, mail.sender.address) == ("Just some words,\nno header at all.", "")


def test_a_mail_without_words_has_its_sender() -> None:
    assert read(a_mail("")).text == ""


@pytest.mark.parametrize("raw", [b"", b"\n\n\n", b"\0\0", b"X-Spam: no\n\n", b"Content-Type: text/html\n\n<p></p>"])
def test_a_mail_without_sender_and_words_is_refused(raw: bytes) -> None:
    with pytest.raises(MailUnreadable):
        parse(raw)
