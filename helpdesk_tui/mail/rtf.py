"""Rich text as plain text, as far as a mail uses it: words, lines and the targets of links; linear, never raises."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from helpdesk_tui.mail.charsets import decode

#: What is unpacked and what is read of one text.
MOST_BYTES = 1_000_000
_MOST_TOKENS = 400_000
_DEEPEST = 500

_COMPRESSED, _PLAIN = b"LZFu", b"MELA"
_DICTIONARY = (
    rb"{\rtf1\ansi\mac\deff0\deftab720{\fonttbl;}{\f0\fnil \froman \fswiss \fmodern \fscript \fdecor MS Sans "
    rb"SerifSymbolArialTimes New RomanCourier{\colortbl\red0\green0\blue0"
    b"\r\n"
    rb"\par \pard\plain\f0\fs20\b\i\u\tab\tx"
)
_WINDOW = 4_096
_TOKEN = re.compile(
    rb"\\(?P<word>[a-zA-Z]{1,32})(?P<number>-?[0-9]{1,10})? ?|\\'(?P<byte>[0-9a-fA-F]{2})|\\(?P<mark>[^a-zA-Z])"
    rb"|(?P<brace>[{}])|[\r\n]++|(?P<text>[^\\{}\r\n]++)|\\"
)
_SKIPPED = {b"fonttbl", b"colortbl", b"stylesheet", b"info", b"pict", b"object", b"header", b"footer", b"listtext"}
_SIGNS = {
    **dict.fromkeys((b"par", b"line", b"row", b"sect", b"page"), "\n"),
    **{b"tab": "\t", b"cell": "  ", b"emdash": "—", b"endash": "–", b"bullet": "•"},
    **{b"lquote": "‘", b"rquote": "’", b"ldblquote": "“", b"rdblquote": "”"},
}
_MARKS = {b"~": " ", b"_": "-", b"\n": "\n", b"\r": "\n", b"\\": "\\", b"{": "{", b"}": "}"}
_TARGET = re.compile(r"HYPERLINK\s+\"?([^\"\s]{1,2000})")


@dataclass(slots=True)
class _State:
    """Where in the groups we are: whether words are shown, and what stands behind a character for old readers."""

    is_skipped: bool = False
    is_target: bool = False
    is_link: bool = False
    fallback: int = 1


def decompress(packed: bytes, most: int = MOST_BYTES) -> bytes:
    """Compressed RTF (MS-OXRTFCP) unpacked, at most so many bytes; b"" where it is none."""
    if packed[8:12] == _PLAIN:
        return packed[16 : 16 + most]
    if packed[8:12] != _COMPRESSED:
        return b""
    size = min(int.from_bytes(packed[4:8], "little"), most)
    plain, start = bytearray(_DICTIONARY), len(_DICTIONARY)
    at = 16
    while at < len(packed) and len(plain) < start + size:
        control, at = packed[at], at + 1
        for bit in range(8):
            if not control >> bit & 1:
                plain += packed[at : at + 1]
                at += 1
                continue
            reference = int.from_bytes(packed[at : at + 2], "big")
            at += 2
            if at > len(packed) or reference >> 4 == len(plain) % _WINDOW:
                return bytes(plain[start : start + size])
            _copy(plain, reference >> 4, (reference & 15) + 2)
    return bytes(plain[start : start + size])


def read_rtf(rtf: bytes) -> str:
    """The words of a rich text; "" where it is none."""
    return _Reader().read(rtf[:MOST_BYTES]) if rtf.lstrip().startswith(b"{\\rtf") else ""


class _Reader:
    """Goes through a rich text once."""

    def __init__(self) -> None:
        self._written: list[str] = []
        self._bytes = bytearray()
        self._code_page = "cp1252"
        self._states = [_State()]
        self._target: list[str] = []
        self._passed = 0

    def read(self, rtf: bytes) -> str:
        """The words of the whole text."""
        for count, token in enumerate(_TOKEN.finditer(rtf)):
            if count >= _MOST_TOKENS:
                break
            if token["brace"]:
                self._group(token["brace"])
            elif token["word"]:
                self._control(token["word"], int(token["number"] or 1), has_number=token["number"] is not None)
            elif token["mark"]:
                self._mark(token["mark"])
            else:
                self._add(bytes.fromhex(token["byte"].decode()) if token["byte"] else token["text"] or b"")
        self._flush()
        text = "".join(self._written).strip("\n\0")
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")

    def _group(self, brace: bytes) -> None:
        self._flush()
        self._passed = 0
        if brace == b"{" and len(self._states) < _DEEPEST:
            self._states.append(replace(self._states[-1], is_link=False))
        elif brace == b"}" and len(self._states) > 1 and self._states.pop().is_link:
            self._end_link()

    def _control(self, word: bytes, number: int, *, has_number: bool) -> None:
        state = self._states[-1]
        if word == b"u" and has_number:
            self._flush()
            self._write(chr(number % 0x10000))
            self._passed = state.fallback
        elif word == b"uc":
            state.fallback = max(0, min(number, 20))
        elif word == b"ansicpg":
            self._code_page = f"cp{number}"
        elif word == b"fldinst":
            state.is_target, state.is_skipped = True, False
            self._target.clear()
        elif word == b"fldrslt":
            state.is_link = True
        elif word in _SKIPPED:
            state.is_skipped = True
        elif word in _SIGNS:
            self._flush()
            self._write(_SIGNS[word])

    def _mark(self, mark: bytes) -> None:
        if mark == b"*":
            self._states[-1].is_skipped = True
        elif mark in _MARKS:
            self._flush()
            self._write(_MARKS[mark])

    def _add(self, content: bytes) -> None:
        passed = min(self._passed, len(content))
        self._passed -= passed
        self._bytes += content[passed:]

    def _flush(self) -> None:
        if self._bytes:
            self._write(decode(bytes(self._bytes), self._code_page))
            self._bytes.clear()

    def _write(self, text: str) -> None:
        state = self._states[-1]
        if state.is_target:
            self._target.append(text)
        elif not state.is_skipped:
            self._written.append(text)

    def _end_link(self) -> None:
        """Write the target behind the words of a link, where they are not the target."""
        target = _TARGET.search("".join(self._target)[:4_000])
        self._target.clear()
        if target and "".join(self._written[-5:]).strip().removesuffix("/")[-len(target[1]) :] != target[1]:
            self._written.append(f" <{target[1]}>")


def _copy(plain: bytearray, offset: int, length: int) -> None:
    """Append what stands at an offset of the window, which may overlap with what is being written."""
    at = len(plain) - (len(plain) - offset) % _WINDOW
    for _count in range(length):
        plain.append(plain[at] if 0 <= at < len(plain) else 0x20)
        at += 1
