"""What a mail encloses is read below its words: attached mails and calendars; what is sealed is read where it lies open."""

from __future__ import annotations

import base64
import time

import pytest

from tests.mail.raw_mail import a_multipart, a_part, mail_of, read

INNER = """From: Bert <bert@customer.example>
Date: Tue, 02 Jan 2024 10:00:00 +0100
Subject: =?utf-8?q?Alte_Gr=C3=BC=C3=9Fe?=

Old words
"""
BLOCK = """[Attached mail]
From: Bert <bert@customer.example>
Date: 2024-01-02 09:00 UTC
Subject: Alte Grüße

Old words"""


def with_words(*parts: bytes) -> bytes:
    return mail_of(a_multipart("mixed", a_part("text/plain", "See below"), *parts))


def test_an_attached_mail_is_read_below_the_words_and_kept_as_a_file() -> None:
    mail = read(with_words(a_part("message/rfc822", INNER)))
    assert mail.text == f"See below\n\n{BLOCK}"
    assert [(file.name, file.content.decode()) for file in mail.files] == [("Alte Grüße.eml", INNER)]


def test_an_attached_mail_in_base64_is_read_too() -> None:
    coded = a_part("message/rfc822", base64.encodebytes(INNER.encode()), "Content-Transfer-Encoding: base64\n")
    mail = read(with_words(coded))
    assert mail.text.endswith(BLOCK)
    assert mail.files[0].content == INNER.encode()


def test_of_an_attached_mail_the_best_alternative_is_read_and_its_files_stay_in_it() -> None:
    both = a_multipart("alternative", a_part("text/plain", " "), a_part("text/html", "<p>Rich"))
    inner = b"From: b@c.example\n" + a_multipart("related", both, a_part("image/png; name=a.png", "x"))
    mail = read(with_words(a_part("message/rfc822", inner)))
    assert mail.text.endswith("From: b@c.example\n\nRich")
    assert len(mail.files) == 1


def test_mails_in_attached_mails_are_read_to_a_depth() -> None:
    raw = b"Subject: 9\n\nDeepest"
    for number in range(8, 0, -1):
        raw = b"Subject: %d\n" % number + a_part("message/rfc822", raw)
    mail = read(with_words(raw))
    assert [row for row in mail.text.splitlines() if row.startswith("Subject")] == [f"Subject: {n}" for n in (2, 3, 4)]
    assert "Deepest" not in mail.text
    assert mail.notes == ("Attached mails lie too deep or are too many; some are only kept as files.",)


def test_what_was_cut_in_an_attached_mail_is_said() -> None:
    many = b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\n\nWords\n" * 600 + b"--b--"
    mail = read(with_words(a_part("message/rfc822", many)))
    assert mail.notes == ("In an attached mail: The mail has 600 parts; only the first 500 were read.",)


def test_of_very_many_attached_mails_some_are_only_files() -> None:
    mail = read(with_words(*[a_part("message/rfc822", f"Subject: {n}\n\nWords") for n in range(30)]))
    assert (mail.text.count("Words"), len(mail.files)) == (10, 30)
    assert any("only kept as files" in note for note in mail.notes)


def test_a_very_long_attached_mail_is_cut() -> None:
    mail = read(with_words(a_part("message/rfc822", "Subject: x\n\n" + "word " * 50_000)))
    assert len(mail.text) < 21_000
    assert mail.text.endswith("[The rest is in the attached file.]")


def test_a_report_does_not_show_the_mail_it_is_about() -> None:
    status = "Reporting-MTA: dns; x\n\nFinal-Recipient: rfc822; a@b.example\nAction: failed\nStatus: 5.1.1\n"
    parts = (a_part("text/plain", "Failed"), a_part("message/delivery-status", status), a_part("message/rfc822", INNER))
    assert read(mail_of(a_multipart("report", *parts))).text == "Failed"


def calendar(*rows: str, method: str = "REQUEST") -> bytes:
    fields = ("BEGIN:VCALENDAR", f"METHOD:{method}", "BEGIN:VEVENT", "SUMMARY:Printer", *rows, "END:VEVENT")
    return a_part(f"text/calendar; method={method}", "\r\n".join((*fields, "END:VCALENDAR", "")))


WHO = 'ORGANIZER;CN="Adams, Anna":mailto:anna@a.example'
WHEN = "DTSTART;TZID=Europe/Berlin:20240102T100000"
BERT = "ATTENDEE;ROLE=REQ-PARTICIPANT;PARTSTAT={answer};CN=Bert:mailto:bert@b.example"

CALENDARS = {
    "invitation": (
        calendar(WHO, WHEN, "LOCATION:Room 5", BERT.format(answer="NEEDS-ACTION")),
        "Invitation: Printer\n2024-01-02 10:00 (Europe/Berlin), Room 5\nOrganizer: Adams, Anna <anna@a.example>\n"
        "Invited: Bert <bert@b.example>",
    ),
    "change": (calendar("SEQUENCE:2", WHEN), "Changed appointment: Printer\n2024-01-02 10:00 (Europe/Berlin)"),
    "cancellation": (calendar("SEQUENCE:2", method="CANCEL"), "Cancelled appointment: Printer"),
    "cancelled by status": (calendar("STATUS:CANCELLED"), "Cancelled appointment: Printer"),
    "accepted": (
        calendar(BERT.format(answer="ACCEPTED"), method="REPLY"),
        "Bert <bert@b.example> accepted: Printer",
    ),
    "declined": (calendar(BERT.format(answer="declined"), method="REPLY"), "Bert <bert@b.example> declined: Printer"),
    "tentative": (
        calendar(BERT.format(answer="TENTATIVE"), method="REPLY"),
        "Bert <bert@b.example> accepted tentatively: Printer",
    ),
    "another time": (
        calendar(BERT.format(answer="TENTATIVE"), WHEN, method="COUNTER"),
        "Bert <bert@b.example> proposes another time: Printer\n2024-01-02 10:00 (Europe/Berlin)\n"
        "Invited: Bert <bert@b.example>",
    ),
    "one whole day": (
        calendar("DTSTART;VALUE=DATE:20240102", "DTEND;VALUE=DATE:20240103"),
        "Invitation: Printer\n2024-01-02",
    ),
    "days": (
        calendar("DTSTART;VALUE=DATE:20240102", "DTEND;VALUE=DATE:20240105"),
        "Invitation: Printer\n2024-01-02 – 2024-01-04",
    ),
    "repeated": (
        calendar("DTSTART:20240102T100000Z", "RRULE:FREQ=WEEKLY"),
        "Invitation: Printer\n2024-01-02 10:00 UTC, repeated",
    ),
    "many people": (
        calendar(*[f"ATTENDEE:mailto:p{n}@b.example" for n in range(8)]),
        "Invitation: Printer\nInvited: p0@b.example, p1@b.example, p2@b.example, p3@b.example, p4@b.example and 3 more",
    ),
    "nonsense": (calendar("DTSTART:99999999", "DTEND;VALUE=DATE:00000000"), "Invitation: Printer\n9999-99-99 – 0000-00-00"),
}  # fmt: skip


@pytest.mark.parametrize("case", CALENDARS)
def test_a_calendar_is_told_in_words(case: str) -> None:
    part, words = CALENDARS[case]
    mail = read(mail_of(part))
    assert (mail.text, [file.content_type for file in mail.files]) == (words, ["text/calendar"])


def test_a_calendar_that_comes_twice_is_told_once() -> None:
    both = a_multipart("alternative", a_part("text/plain", "Come"), calendar(WHEN))
    twice = a_multipart("mixed", both, calendar(WHEN).replace(b"text/calendar", b"application/ics; name=invite.ics"))
    mail = read(mail_of(twice))
    assert mail.text == "Come\n\nInvitation: Printer\n2024-01-02 10:00 (Europe/Berlin)"
    assert [file.name for file in mail.files] == ["attachment-1.ics", "invite.ics"]


def tlv(tag: int, content: bytes) -> bytes:
    """One element of DER."""
    size = len(content)
    length = bytes((size,)) if size < 128 else b"\x84" + size.to_bytes(4, "big")
    return bytes((tag,)) + length + content


DATA = bytes.fromhex("06092a864886f70d010701")
SIGNED = bytes.fromhex("06092a864886f70d010702")
ENVELOPED = bytes.fromhex("06092a864886f70d010703")


def signed(content: bytes, kind: bytes = SIGNED) -> bytes:
    inner = tlv(0x30, DATA + tlv(0xA0, tlv(0x04, content)))
    return tlv(0x30, kind + tlv(0xA0, tlv(0x30, b"\x02\x01\x01" + tlv(0x31, b"") + inner)))


def streamed(content: bytes) -> bytes:
    """The same with indefinite lengths and in pieces, as it is written by who does not know the length before."""
    pieces = b"".join(tlv(0x04, content[at : at + 50]) for at in range(0, len(content), 50))
    head = b"\x30\x80" + SIGNED + b"\xa0\x80\x30\x80\x02\x01\x01" + tlv(0x31, b"") + b"\x30\x80" + DATA
    return head + b"\xa0\x80\x24\x80" + pieces + b"\0\0" * 8


def smime(der: bytes) -> bytes:
    return mail_of(
        a_part(
            "application/pkcs7-mime; name=smime.p7m",
            base64.encodebytes(der),
            "Content-Transfer-Encoding: base64\nContent-Disposition: attachment; filename=smime.p7m\n",
        )
    )


INSIDE = a_multipart("mixed", a_part("text/plain; charset=utf-8", "Grüße"), a_part("image/png; name=a.png", "xyz"))


@pytest.mark.parametrize("der", [signed(INSIDE), streamed(INSIDE)], ids=["whole", "streamed"])
def test_a_mail_in_signed_data_is_read_and_said_to_be_unverified(der: bytes) -> None:
    mail = read(smime(der))
    assert (mail.text, [(file.name, file.content) for file in mail.files]) == ("Grüße", [("a.png", b"xyz")])
    assert mail.notes == ("The mail is signed; the signature was not verified.",)


@pytest.mark.parametrize(
    "der",
    [
        signed(INSIDE, ENVELOPED), b"", b"\x30", b"\x30\x80", b"\x30\xff" + b"\xff" * 200, signed(INSIDE)[:60],
        b"\x30\x80" * 50_000, streamed(INSIDE)[:20],
    ],
)  # fmt: skip
def test_what_is_encrypted_or_broken_is_kept_as_a_file(der: bytes) -> None:
    mail = read(smime(der))
    assert (mail.text, [(file.name, file.content) for file in mail.files]) == ("", [("smime.p7m", der)])
    assert any("signed or encrypted as a whole" in note for note in mail.notes)


def test_attached_mails_in_many_signed_ones_share_one_limit() -> None:
    inner = a_multipart("mixed", *[a_part("message/rfc822", f"Subject: {n}\n\nWords") for n in range(9)])
    der = base64.encodebytes(signed(inner))
    seal = a_part("application/pkcs7-mime; name=x.p7m", der, "Content-Transfer-Encoding: base64\n")
    mail = read(mail_of(a_multipart("mixed", *[seal] * 20)))
    assert mail.text.count("Words") == 10
    assert any("only kept as files" in note for note in mail.notes)


def test_signed_data_in_signed_data_is_read_to_a_depth() -> None:
    inside = INSIDE
    for _layer in range(8):
        inside = a_part("application/pkcs7-mime", signed(inside))
    mail = read(mail_of(inside))
    assert (mail.text, len(mail.files)) == ("", 1)


CLEAR = """Before
-----BEGIN PGP SIGNED MESSAGE-----
Hash: SHA256

Dear desk,
- -----
it is broken.
-----BEGIN PGP SIGNATURE-----

iQEzBAEBCAAdFiEE
=abcd
-----END PGP SIGNATURE-----
After
"""


def test_a_text_signed_in_place_is_read_without_its_armour() -> None:
    mail = read(mail_of(a_part("text/plain", CLEAR)))
    text = mail.text + mail.quoted
    assert "Dear desk,\n-----\nit is broken.\n[Signed with PGP up to here; the signature was not verified.]" in text
    assert "iQEz" not in text
    assert "SHA256" not in text
    assert text.startswith("Before\n[Signed with PGP from here on")
    assert "After" in text
    assert any("not verified" in note for note in mail.notes)


def test_a_text_encrypted_in_place_becomes_a_file() -> None:
    block = "-----BEGIN PGP MESSAGE-----\n\nhQEMA\n=ab12\n-----END PGP MESSAGE-----"
    mail = read(mail_of(a_part("text/plain", f"Hello\n{block}\n")))
    assert (mail.text, [(file.name, file.content.decode()) for file in mail.files]) == (
        "Hello\n[encrypted.asc: kept as a file]",
        [("encrypted.asc", block)],
    )
    assert any("encrypted with PGP" in note for note in mail.notes)


@pytest.mark.parametrize("begin", ["SIGNED MESSAGE", "MESSAGE", "PRIVATE THING"])
def test_armour_without_an_end_is_left_as_it_is(begin: str) -> None:
    text = f"Hello\n-----BEGIN PGP {begin}-----\nwords"
    assert read(mail_of(a_part("text/plain", text))).text == text


def test_a_mail_encrypted_with_pgp_is_said_and_kept() -> None:
    parts = (a_part("application/pgp-encrypted", "Version: 1\n"), a_part("application/octet-stream; name=e.asc", "x"))
    mail = read(mail_of(a_multipart("encrypted", *parts)))
    assert [file.name for file in mail.files] == ["attachment-1.asc", "e.asc"]
    assert mail.notes == ("The mail is encrypted with PGP; its content is kept as a file.",)


def test_a_signature_beside_the_words_is_said() -> None:
    parts = (a_part("text/plain", "Words"), a_part("application/pgp-signature; name=s.asc", "x"))
    mail = read(mail_of(a_multipart("signed", *parts)))
    assert (mail.text, mail.notes) == ("Words", ("The mail is signed; the signature was not verified.",))


def test_a_key_in_the_header_is_passed_over() -> None:
    mail = read(mail_of(a_part("text/plain", "Words"), header="Autocrypt: addr=a@b.example; keydata=AAAA\n"))
    assert (mail.text, mail.files, mail.notes) == ("Words", (), ())


@pytest.mark.parametrize("kind", ["text/plain", "text/calendar"])
@pytest.mark.parametrize(
    "piece",
    [
        "-----BEGIN PGP SIGNED MESSAGE-----\n", "-----BEGIN PGP MESSAGE-----\n", "- \n", "ATTENDEE;CN=\"", ";CN=a",
        "A:", "\n ", "BEGIN:VEVENT\n", '"', ";", ":", " ",
    ],
)  # fmt: skip
def test_what_is_enclosed_is_read_in_linear_time(kind: str, piece: str) -> None:
    begun = time.process_time()
    read(mail_of(a_part(kind, "BEGIN:VEVENT\nATTENDEE" + piece * 60_000)))
    assert time.process_time() - begun < 2
