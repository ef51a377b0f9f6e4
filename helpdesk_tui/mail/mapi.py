"""The properties of MAPI as TNEF packs them (MS-OXTNEF §2.1.3): bounded by the bytes that are there, whatever they claim."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from helpdesk_tui.mail.charsets import decode

SUBJECT = 0x0037
SENDER_NAME = 0x0C1A
SENDER_ADDRESS = 0x0C1F
BODY = 0x1000
COMPRESSED_RTF = 0x1009
HTML = 0x1013
DISPLAY_NAME = 0x3001
FILE_CONTENT = 0x3701
FILE_NAME = 0x3704
LONG_FILE_NAME = 0x3707
FILE_KIND = 0x370E
CODE_PAGE = 0x3FDE
#: No property: the title that stands beside a file's properties.
FILE_TITLE = -1

_MOST_PROPERTIES = 20_000
_MANY = 0x1000
_NAMED = 0x8000
_STRING, _WIDE_STRING, _OBJECT, _BINARY = 0x001E, 0x001F, 0x000D, 0x0102
_SIZES = {0x02: 4, 0x03: 4, 0x04: 4, 0x05: 8, 0x06: 8, 0x07: 8, 0x0A: 4, 0x0B: 4, 0x14: 8, 0x40: 8, 0x48: 16, 0x01: 4}


@dataclass(slots=True)
class Effort:
    """How many pieces may still be read of a stream and of all that it embeds."""

    left: int = 300_000


class _Broken(Exception):
    """The block is longer than what is read, claims more than it holds, or has a type that nobody knows the size of."""


class _Cursor:
    """Reads a block from its front and stops at its end."""

    def __init__(self, block: memoryview, effort: Effort) -> None:
        self._block = block
        self._effort = effort
        self._at = 0

    def take(self, size: int) -> memoryview:
        """So many bytes; raises _Broken where fewer are left."""
        self._effort.left -= 1
        if size > len(self._block) - self._at or self._effort.left < 0:
            raise _Broken
        taken = self._block[self._at : self._at + size]
        self._at += size
        return taken

    def number(self, size: int = 4) -> int:
        """A little-endian number of so many bytes."""
        return int.from_bytes(self.take(size), "little")

    def padded(self, size: int) -> memoryview:
        """So many bytes, and behind them what fills them up to a multiple of four."""
        taken = self.take(size)
        self.take(min(-size % 4, len(self._block) - self._at))
        return taken


def properties(block: memoryview, code_page: str, effort: Effort) -> Iterator[tuple[int, str | memoryview]]:
    """Each property's id and first value, strings as text; ends where the block makes no more sense.

    Named properties are passed over, since their ids say nothing.
    """
    cursor = _Cursor(block, effort)
    try:
        for _count in range(min(cursor.number(), _MOST_PROPERTIES)):
            kind, name = cursor.number(2), cursor.number(2)
            if name >= _NAMED:
                _pass_name(cursor)
            value = _value(cursor, kind)
            if name < _NAMED and value is not None:
                yield name, _readable(value, kind & ~_MANY, code_page)
    except _Broken:
        return


def _pass_name(cursor: _Cursor) -> None:
    cursor.take(16)
    is_text = cursor.number()
    length = cursor.number()
    if is_text:
        cursor.padded(length)


def _value(cursor: _Cursor, kind: int) -> memoryview | None:
    """The first value of a property; None where it has none."""
    is_many, kind = bool(kind & _MANY), kind & ~_MANY
    if kind in _SIZES:
        size = _SIZES[kind]
        values = cursor.take(size * cursor.number() if is_many else size)
        return values[:size]
    if kind not in (_STRING, _WIDE_STRING, _OBJECT, _BINARY):
        raise _Broken
    first: memoryview | None = None
    for _count in range(cursor.number()):
        value = cursor.padded(cursor.number())
        first = value if first is None else first
    return first


def _readable(value: memoryview, kind: int, code_page: str) -> str | memoryview:
    if kind == _STRING:
        return decode(bytes(value).rstrip(b"\0"), code_page)
    if kind == _WIDE_STRING:
        return bytes(value).decode("utf-16-le", "replace").rstrip("\0")
    return value
