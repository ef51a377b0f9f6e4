"""What a Textual application may write to a terminal, and everything else that is found in its output.

The grammar is exactly what the Linux driver, the compositor and Rich's styles write in full screen mode, so
that escape sequences of a mail are found even where a terminal would take no harm.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import NamedTuple

CONTEXT_BYTES = 24

TOKEN = re.compile(
    rb"(?P<text>[\x20-\x7e]+)"
    rb"|(?P<newline>\r?\n)"
    rb"|(?P<CSI>\x1b\[[0-?]*[ -/]*[@-~])"
    rb"|(?P<OSC>\x1b\][^\x07\x1b]*(?:\x07|\x1b\\))"
    rb"|(?P<string>\x1b[PX^_][^\x1b]*\x1b\\)"
    rb"|(?P<ESC>\x1b[ -/]*[0-~]?)"
    rb"|(?P<characters>(?:[\xc2-\xdf][\x80-\xbf]|\xe0[\xa0-\xbf][\x80-\xbf]|\xed[\x80-\x9f][\x80-\xbf]"
    rb"|[\xe1-\xec\xee\xef][\x80-\xbf]{2}|\xf0[\x90-\xbf][\x80-\xbf]{2}|[\xf1-\xf3][\x80-\xbf]{3}"
    rb"|\xf4[\x80-\x8f][\x80-\xbf]{2})+)"
    rb"|(?P<byte>[\x00-\xff])",
    re.DOTALL,
)
GRAMMAR = re.compile(
    rb"\x1b\[(?:"
    rb"[0-9;]*m"  # style
    rb"|[0-9]+;[0-9]+H"  # cursor position
    rb"|\?(?:7|25|1000|1003|1004|1006|1015|1016|1049|2004|2026|2048)[hl]"  # wrap, cursor, mouse, paste …
    rb"|\?(?:2026|2048)\$p"  # may I synchronize, do you report your size
    rb"|>[0-9]+u|<u"  # Kitty's keyboard protocol on and off
    rb")|\x1b\]22;[a-z-]+\x07"  # shape of the mouse pointer
)
CUT_OFF = re.compile(
    rb"(?:\x1b(?:\[[0-?]*[ -/]*|\]2{0,2}|\]22;[a-z-]*)?"
    rb"|[\xc2-\xf4]|[\xe0-\xf4][\x80-\xbf]|[\xf0-\xf4][\x80-\xbf]{2}|\r)\Z"
)
PRIVATE_MODE = re.compile(rb"\x1b\[\?([0-9]+)([hl])")
STRINGS = {b"P": "DCS", b"X": "SOS", b"^": "PM", b"_": "APC"}
BYTES = {0: "NUL", 7: "BEL", 8: "BS", 9: "TAB", 11: "VT", 12: "FF", 13: "CR", 14: "SO", 15: "SI", 127: "DEL"}
CHARACTERS = {
    "C1": "\x80-\x9f",
    "bidi": "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069",
    "separator": "\u2028\u2029",
    "zero width": "\u200b\u2060-\u2064\ufeff",
    "annotation": "\ufff9-\ufffb",
    "tag": "\U000e0000-\U000e007f",
}
CHARACTER = re.compile("|".join(f"(?P<{name.replace(' ', '_')}>[{range_}])" for name, range_ in CHARACTERS.items()))


class Token(NamedTuple):
    """One piece of a terminal's input: a run of text, a control byte or a whole escape sequence."""

    kind: str
    offset: int
    raw: bytes


class Forbidden(NamedTuple):
    """Something an application has no business to write."""

    offset: int
    name: str
    raw: bytes
    context: bytes


def tokens(raw: bytes) -> Iterator[Token]:
    """Cut a stream of bytes as a terminal would; nothing is left out."""
    for found in TOKEN.finditer(raw):
        yield Token(found.lastgroup or "", found.start(), found[0])


def forbidden_bytes(raw: bytes, allow: Collection[str] = ()) -> list[Forbidden]:
    """List all that does not belong to the grammar; what is cut off at the very end is not held against it.

    Names are like `OSC 52`, `CSI 2J`, `ESC c`, `DCS`, `BEL`, `C1 U+009B`, `bidi U+202E`, `not UTF-8`.

    Args:
        allow: Names, or their first words, that are accepted: `OSC 8` for links, `BEL`, `bidi`.
    """
    end = CUT_OFF.search(raw)
    whole = raw[: end.start()] if end else raw
    found = (forbidden for token in tokens(whole) for forbidden in _forbidden_in(token))
    return [
        Forbidden(offset, name, part, raw[max(0, offset - CONTEXT_BYTES) : offset + len(part) + CONTEXT_BYTES])
        for offset, name, part in found
        if not any(name == word or name.startswith(f"{word} ") for word in allow)
    ]


def final_modes(raw: bytes) -> dict[int, bool]:
    """Say in which state each private mode (25 cursor, 1049 screen, 1000 mouse …) was left."""
    return {int(mode): state == b"h" for mode, state in PRIVATE_MODE.findall(raw)}


def _forbidden_in(token: Token) -> Iterator[tuple[int, str, bytes]]:
    if token.kind in ("text", "newline") or GRAMMAR.fullmatch(token.raw):
        return
    if token.kind == "characters":
        yield from _forbidden_characters(token)
    else:
        yield token.offset, _name(token), token.raw


def _forbidden_characters(token: Token) -> Iterator[tuple[int, str, bytes]]:
    text = token.raw.decode()
    for found in CHARACTER.finditer(text):
        offset = token.offset + len(text[: found.start()].encode())
        kind = (found.lastgroup or "").replace("_", " ")
        yield offset, f"{kind} U+{ord(found[0]):04X}", found[0].encode()


def _name(token: Token) -> str:
    rest = token.raw[2:].decode(errors="replace")
    if token.kind == "CSI":
        return f"CSI {rest}"
    if token.kind == "OSC":
        return f"OSC {rest.partition(';')[0].rstrip(chr(7))}"
    if token.kind == "string":
        return STRINGS[token.raw[1:2]]
    if token.kind == "ESC":
        return f"ESC {token.raw[1:].decode()}".strip()
    value = token.raw[0]
    return BYTES.get(value) or (f"C0 0x{value:02X}" if value < 32 else "not UTF-8")
