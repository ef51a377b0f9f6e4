"""winmail.dat unpacked: names, bytes, messages in it, its words where the mail has no others; and nothing hostile stops it."""

from __future__ import annotations

import base64
import random
import struct
import time

import pytest

from helpdesk_tui.mail import rtf, tnef
from helpdesk_tui.terms import IncomingMail
from tests.mail.packed import (
    BINARY,
    BODY,
    FILE,
    FILE_PROPERTIES,
    MESSAGE,
    PROPERTIES,
    STRING,
    SUBJECT,
    WIDE_STRING,
    a_file,
    an_embedded,
    attribute,
    prop,
    props,
    stream,
)
from tests.mail.raw_mail import a_multipart, a_part, mail_of, read

RICH = rb"{\rtf1\ansi\ansicpg1252{\fonttbl{\f0 Arial;}}\f0 Gr\'fc\'dfe,\par see \u8364?5 {\*\generator x}now.}"


def in_a_mail(content: bytes, words: str = "", kind: str = "application/ms-tnef") -> IncomingMail:
    coded = "Content-Transfer-Encoding: base64\nContent-Disposition: attachment; filename=winmail.dat\n"
    part = a_part(f"{kind}; name=winmail.dat", base64.encodebytes(content), coded)
    return read(mail_of(a_multipart("mixed", a_part("text/plain", words), part)))


def uncompressed(text: bytes) -> bytes:
    return struct.pack("<II4sI", len(text) + 12, len(text), b"MELA", 0) + text


@pytest.mark.parametrize("kind", ["application/ms-tnef", "application/vnd.ms-tnef", "application/octet-stream"])
def test_files_have_their_names_and_bytes(kind: str) -> None:
    long_name = prop(0x3707, WIDE_STRING, "Größe der Räume, Übersicht.pdf\0".encode("utf-16-le"))
    packed = stream(a_file(b"AUTHORS", b"abc"), a_file(b"GRSSE~1.PDF", bytes(300), long_name))
    mail = in_a_mail(packed, "Hello", kind)
    assert [(file.name, len(file.content)) for file in mail.files] == [
        ("AUTHORS", 3),
        ("Größe der Räume, Übersicht.pdf", 300),
    ]
    assert (mail.text, mail.notes) == ("Hello", ())


def test_a_name_in_it_is_as_harmless_as_any_other() -> None:
    mail = in_a_mail(stream(a_file(b"..\\..\\CON", b"x"), a_file(b"", b"x")))
    assert [file.name for file in mail.files] == ["_CON", "attachment-2.bin"]


WORDS = {
    "plain": (attribute(MESSAGE, BODY, "Grüße\r\nAnna\0".encode("cp1252")), "Grüße\nAnna"),
    "property": (attribute(MESSAGE, PROPERTIES, props(prop(0x1000, STRING, b"Words\0"))), "Words"),
    "html": (attribute(MESSAGE, PROPERTIES, props(prop(0x1013, BINARY, b"<p>One<p>Two"))), "One\n\nTwo"),
    "rich text": (
        attribute(MESSAGE, PROPERTIES, props(prop(0x1009, BINARY, uncompressed(RICH)))),
        "Grüße,\nsee €5 now.",
    ),
}


@pytest.mark.parametrize("case", WORDS)
def test_its_words_are_read_where_the_mail_has_no_others(case: str) -> None:
    packed, words = WORDS[case]
    assert in_a_mail(stream(packed)).text == words
    assert in_a_mail(stream(packed), "Other words").text == "Other words"


def test_a_message_in_it_is_read_below_and_its_files_are_files() -> None:
    sender = attribute(MESSAGE, PROPERTIES, props(prop(0x0C1A, STRING, b"Bert\0")))
    inner = stream(
        attribute(MESSAGE, SUBJECT, b"Old\0"), attribute(MESSAGE, BODY, b"Words\0"), sender, a_file(b"a", b"1")
    )
    mail = in_a_mail(stream(an_embedded(inner), a_file(b"b", b"22")), "Hello")
    assert mail.text == "Hello\n\n[Attached mail]\nFrom: Bert\nSubject: Old\n\nWords"
    assert [(file.name, file.content) for file in mail.files] == [("Old.txt", b"Words"), ("a", b"1"), ("b", b"22")]


BROKEN = {
    "no stream": b"x" * 100,
    "empty": b"",
    "signature alone": stream()[:6],
    "cut in a file": stream(a_file(b"a", bytes(1_000)))[:200],
    "garbage behind": stream(a_file(b"a", b"1")) + b"\x07" * 50,
    "claims four gigabytes": stream() + struct.pack("<BHHI", 2, 0x800F, 6, 0xFFFFFFFF) + b"x",
    "very many attributes": stream() + attribute(MESSAGE, 1, b"") * 200_000,
    "very many files": stream(a_file(b"a", b"1") * 5_000),
}


@pytest.mark.parametrize("case", BROKEN)
def test_what_is_not_read_whole_is_kept_and_said(case: str) -> None:
    mail = in_a_mail(BROKEN[case], "Hello")
    kept = [file for file in mail.files if file.name == "winmail.dat"]
    assert [file.content for file in kept] == [BROKEN[case]] or case == "signature alone"
    assert any("winmail.dat" in note for note in mail.notes) or case == "signature alone"
    assert len(mail.files) <= tnef.MOST_FILES + 1


def nested(depth: int) -> bytes:
    packed = stream(attribute(MESSAGE, BODY, b"Deepest\0"))
    for _level in range(depth):
        packed = stream(an_embedded(packed))
    return packed


HOSTILE = {
    "streams in streams": nested(300),
    "a count of properties": stream(attribute(MESSAGE, PROPERTIES, b"\xff\xff\xff\x7f" + prop(0x37, STRING, b"x"))),
    "a count of values": stream(attribute(MESSAGE, PROPERTIES, struct.pack("<IHHI", 1, 0x1102, 0x37, 1 << 30))),
    "a count of numbers": stream(attribute(FILE, FILE_PROPERTIES, struct.pack("<IHHI", 1, 0x1003, 0x37, 1 << 30))),
    "an unknown kind": stream(attribute(MESSAGE, PROPERTIES, struct.pack("<IHH", 9, 0x77, 0x37) + bytes(400))),
    "a long name of a property": stream(attribute(MESSAGE, PROPERTIES, struct.pack("<IHH", 1, 3, 0x8000) + b"\xff" * 99)),
    "many empty values": stream(
        attribute(MESSAGE, PROPERTIES, struct.pack("<IHHI", 1, 0x1102, 0x37, 1 << 30) + bytes(4_000_000))
    ),
    "messages beside messages": stream(*[an_embedded(stream(attribute(MESSAGE, BODY, b"x" * 100)))] * 300),
    "rich text that grows": stream(
        attribute(
            MESSAGE, PROPERTIES,
            props(prop(0x1009, BINARY, struct.pack("<II4sI", 9, 0xFFFFFFFF, b"LZFu", 0) + b"\xff\0\x0f" * 900_000)),
        )
    ),
    "braces": stream(attribute(MESSAGE, PROPERTIES, props(prop(0x1009, BINARY, uncompressed(b"{\\rtf1" + b"{" * 900_000))))),
    "controls": stream(
        attribute(MESSAGE, PROPERTIES, props(prop(0x1009, BINARY, uncompressed(b"{\\rtf1" + b"\\u1\\par" * 150_000))))
    ),
    "targets": stream(
        attribute(
            MESSAGE, PROPERTIES,
            props(prop(0x1009, BINARY, uncompressed(b"{\\rtf1" + b"{\\fldinst HYPERLINK {\\fldrslt " * 30_000 + b"}" * 60_000))),
        )
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", HOSTILE)
def test_a_hostile_stream_is_read_within_bounds(case: str) -> None:
    begun = time.process_time()
    in_a_mail(HOSTILE[case])
    assert time.process_time() - begun < 2


def test_a_changed_stream_never_stops_the_reader() -> None:
    chance = random.Random(1)
    whole = stream(*[packed for packed, _words in WORDS.values()], a_file(b"a", bytes(50)), an_embedded(nested(2)))
    for _round in range(2_000):
        changed = bytearray(whole)
        for _change in range(4):
            changed[chance.randrange(6, len(changed))] = chance.randrange(256)
        tnef.words(tnef.unpack(bytes(changed)))


def test_compressed_rich_text_is_unpacked() -> None:
    # The example of MS-OXRTFCP §4.1.1.
    packed = bytes.fromhex(
        "2d0000002b0000004c5a4675f1c5c7a703000a007263706731323542320af32068656c090020627705b06c647d0a800fa0"
    )
    assert rtf.decompress(packed) == b"{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n"
    assert rtf.read_rtf(rtf.decompress(packed)) == "hello world"


def test_a_reference_into_what_is_being_written_repeats_it() -> None:
    # The example of MS-OXRTFCP §4.1.2.
    packed = bytes.fromhex("1a0000001c0000004c5a4675e2d44b51410004205758595a0d6e7d010eb0")
    assert rtf.decompress(packed) == b"{\\rtf1 WXYZWXYZWXYZWXYZWXYZ}"


def test_links_of_rich_text_show_their_target() -> None:
    link = rb'{\rtf1 See {\field{\*\fldinst{HYPERLINK "https://evil.example/x"}}{\fldrslt{your bank}}}, thanks.}'
    assert rtf.read_rtf(link) == "See your bank <https://evil.example/x>, thanks."


@pytest.mark.parametrize("text", [b"", b"words", b"{\\rt", b"}" * 100, b"{\\rtf1 \\'4", b"{\\rtf1 \\u99999999999 x"])
def test_broken_rich_text_is_read_as_far_as_it_goes(text: bytes) -> None:
    assert isinstance(rtf.read_rtf(text), str)
