"""Files between the lines of a text: blocks of uuencode become files, the words around them stay, the rest is text."""

from __future__ import annotations

import binascii
import time

import pytest

from helpdesk_tui.mail.uuencode import MOST_BLOCKS, split_blocks
from tests.mail.raw_mail import a_part, mail_of, read


def block(name: str, content: bytes) -> bytes:
    rows = [binascii.b2a_uu(content[at : at + 45]) for at in range(0, len(content), 45)]
    return b"begin 644 " + name.encode() + b"\n" + b"".join(rows) + b"`\nend\n"


def test_blocks_become_files_and_the_words_around_them_stay() -> None:
    text = b"Hello,\n" + block("a b.bin", bytes(range(256))) + b"and\n" + block("../Gr\u00fc\u00dfe.txt", b"") + b"bye"
    mail = read(mail_of(a_part("text/plain; charset=utf-8", text)))
    assert mail.text == "Hello,\nand\nbye"
    assert [(file.name, file.content) for file in mail.files] == [("a b.bin", bytes(range(256))), ("Grüße.txt", b"")]


def test_blocks_may_have_other_line_ends_and_miss_blanks() -> None:
    text = b"Hello\r\nbegin 644 a.bin\r\nM0\r\n`\r\nend\r\nBye"
    (file,) = read(mail_of(a_part("text/plain", text))).files
    assert file.content == b"\x40" + bytes(44)


def test_a_text_that_is_one_block_is_one_file() -> None:
    mail = read(mail_of(a_part("text/plain", block("a.bin", b"abc"))))
    assert (mail.text, [file.name for file in mail.files]) == ("", ["a.bin"])


BROKEN = {
    "no end": block("a.bin", b"abc" * 40).removesuffix(b"end\n"),
    "a broken row": block("a.bin", b"abc" * 40).replace(b"\n`", b"\nwords that are no row\n`"),
    "an empty row": b"begin 644 a.bin\n\nend\n",
    "no name": b"begin 644 \n`\nend\n",
    "no mode": b"begin again a.bin\n`\nend\n",
    "a sentence": b"begin 644 times\nover and over\nend",
    "begin alone": b"begin 644 a.bin",
    "quoted": b"> begin 644 a.bin\n> `\n> end\n",
    "yenc": b"=ybegin line=128 size=3 name=a.bin\n\x8b\x8c\x8d\n=yend size=3\n",
}


@pytest.mark.parametrize("case", BROKEN)
def test_what_is_no_whole_block_stays_text(case: str) -> None:
    assert split_blocks(BROKEN[case]) == (BROKEN[case], [])
    assert read(mail_of(a_part("text/plain", b"Hello\n" + BROKEN[case]))).files == ()


def test_a_whole_block_behind_a_broken_one_is_found() -> None:
    mail = read(mail_of(a_part("text/plain", BROKEN["no end"] + block("b.bin", b"b"))))
    assert [file.name for file in mail.files] == ["b.bin"]


def test_of_very_many_blocks_the_rest_stays_text() -> None:
    words, files = split_blocks(block("a", b"x") * (MOST_BLOCKS + 1))
    assert (words, len(files)) == (block("a", b"x"), MOST_BLOCKS)


@pytest.mark.parametrize(
    "piece",
    [b"begin 644 a\n", b"begin ", b"\n", b"M\n", b"begin 644 a\nM\n", b"begin 644 a\nM\nend", b" ", b"begin 644 "],
)
def test_blocks_are_looked_for_in_linear_time(piece: bytes) -> None:
    begun = time.process_time()
    split_blocks(b"begin 644 a\n" + piece * 60_000)
    assert time.process_time() - begun < 1
