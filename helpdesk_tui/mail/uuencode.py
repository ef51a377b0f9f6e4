"""Files written as uuencode, as a transfer encoding or between the lines of a text; in linear time."""

from __future__ import annotations

import binascii
import re

#: Blocks in one text that become files; what follows stays text.
MOST_BLOCKS = 100

_BEGIN = re.compile(rb"(?:\A|(?<=\n))begin [0-7]{3,4} ([^\r\n]{1,300})\r?(?:\n|\Z)")
_ROW = re.compile(rb"[^\r\n]++")
_LINE = re.compile(rb"([^\r\n]*+)(?:\r?\n|\r|\Z)")
#: Rows are of 61 characters; where more than so many are far shorter on average, nobody meant them as a file.
_FEW_ROWS = 20_000
_SHORT_ROW = 40
_SURELY_SMALL = 64 * 1024
_LETTERS = bytes(range(32, 97))


def unuu(coded: bytes) -> bytes:
    """The bytes behind uuencode; where its rows are too many or claim more than they hold, the code itself."""
    begin = _BEGIN.search(coded)
    decoded = bytearray()
    for count, row in enumerate(_ROW.finditer(coded, begin.end() if begin else 0)):
        if row[0].strip() == b"end":
            break
        decoded += _row(row[0])
        if count > _FEW_ROWS + row.end() // _SHORT_ROW or len(decoded) > max(len(coded), _SURELY_SMALL):
            return coded
    return bytes(decoded)


def split_blocks(text: bytes) -> tuple[bytes, list[tuple[bytes, bytes]]]:
    """A text without its blocks from `begin` to `end`, and each block's claimed name and bytes.

    A block with a broken row or without an end stays in the text as it came.
    """
    if b"begin " not in text:
        return text, []
    words: list[bytes] = []
    files: list[tuple[bytes, bytes]] = []
    kept = at = 0
    while len(files) < MOST_BLOCKS and (begin := _BEGIN.search(text, at)):
        content, at = _block(text, begin.end())
        if content is not None:
            words.append(text[kept : begin.start()])
            files.append((begin[1].strip(), content))
            kept = at
    return (b"".join([*words, text[kept:]]), files) if files else (text, [])


def _block(text: bytes, at: int) -> tuple[bytes | None, int]:
    """The bytes of the rows from there on, None where one is broken; and where to go on."""
    decoded = bytearray()
    while row := _LINE.match(text, at):
        is_end, begun, at = row[1].strip() == b"end", at, row.end()
        if is_end:
            return bytes(decoded), at
        if not _is_row(row[1]):
            return None, begun if begun < len(text) else at
        decoded += _row(row[1])
        if at >= len(text):
            break
    return None, at


def _is_row(row: bytes) -> bool:
    """True where a row holds what its first letter claims; blanks at its end may be missing, a checksum may follow."""
    if not row or row.translate(None, _LETTERS):
        return False
    claimed = (((row[0] - 32) & 63) + 2) // 3 * 4
    return len(row.rstrip()) - 1 <= claimed + 2 and (claimed == 0 or len(row) > 1)


def _row(row: bytes) -> bytes:
    try:
        return binascii.a2b_uu(row)
    except binascii.Error:
        length = (((row[0] - 32) & 63) * 4 + 5) // 3
        try:
            return binascii.a2b_uu(row[:length])
        except binascii.Error:
            return b""
