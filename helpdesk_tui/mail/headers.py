"""The header lines of a mail or of one of its parts, read in linear time and with caps on everything."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import islice

from helpdesk_tui.mail.charsets import decode
from helpdesk_tui.mail.words import decode_words

#: What one header may have before the rest is left unread.
MOST_FIELDS = 50_000
LONGEST_BLOCK = 16 * 1024 * 1024
LONGEST_VALUE = 64 * 1024
_USUAL_BLOCK = 256 * 1024
_LONGEST_STRUCTURED = 16 * 1024
_MOST_PARAMETERS = 200

_BLANK_LINE = re.compile(rb"\r?\n")
_END = re.compile(rb"\n\r?\n")
_LEADING_BLANKS = re.compile(rb"[ \t\r\n]*\n")
_FIELD = re.compile(r"^([!-9;-~]{1,200})[ \t]*:(.*+(?:\n[ \t].*+)*+)", re.M)
_FIRST_FIELD = re.compile(rb"[!-9;-~]{1,200}[ \t]*:")
_ENVELOPE_LINE = re.compile(rb">?From [^\n]*\n")
_TELLTALE = ("from", "to", "subject", "date", "received", "message-id", "content-type")
_PARAMETER = re.compile(r';\s*([^\s=;"]+)\s*=\s*("[^"\\]*+(?:\\.[^"\\]*+)*+"?|[^;]*)', re.S)
_NUMBERED = re.compile(r"([^*]+)(?:\*(\d{1,3}))?(\*?)\Z")
_ESCAPED = re.compile(r"\\(.)", re.S)
_PERCENT = re.compile(rb"%([0-9a-fA-F]{2})")


class Headers:
    """Raw values by lower-case name, in the order of the mail.

    Args:
        values: each name with its values, still folded, one character for each byte.
        order: the names of all fields from the top of the header.
        is_cut: True where fields were left unread.
    """

    __slots__ = ("_order", "_values", "is_cut")

    def __init__(self, values: dict[str, list[str]], order: Sequence[str] = (), *, is_cut: bool = False) -> None:
        self._values = values
        self._order = order
        self.is_cut = is_cut

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def __len__(self) -> int:
        return len(self._values)

    def first(self, name: str) -> str:
        """The first value of that name on one line, "" where it is missing."""
        values = self._values.get(name)
        return _unfolded(values[0]) if values else ""

    def every(self, name: str) -> list[str]:
        """All values of that name (at most 50)."""
        return [_unfolded(value) for value in self._values.get(name, ())[:50]]

    def above(self, name: str, *, mark: str, nth: int) -> list[str]:
        """The values of that name (at most 500) above the nth field called `mark`; all where there are fewer."""
        marks = (index for index, one in enumerate(self._order) if one == mark)
        end = next(islice(marks, nth - 1, None), len(self._order))
        count = min(500, sum(one == name for one in self._order[:end]))
        return [_unfolded(value) for value in self._values.get(name, ())[:count]]

    def count(self, name: str) -> int:
        """How often the header has that field."""
        return len(self._values.get(name, ()))

    def end_of(self, name: str) -> str:
        """The last value of that name, cut at its front where it is too long."""
        values = self._values.get(name)
        return _unfolded(values[-1][-_LONGEST_STRUCTURED:]) if values else ""

    def length(self, name: str) -> int:
        """How long the first value of that name is."""
        values = self._values.get(name)
        return len(values[0]) if values else 0

    def total(self, name: str) -> int:
        """How long all values of that name are together."""
        return sum(map(len, self._values.get(name, ())))

    def marks(self, name: str, mark: str) -> int:
        """How often a mark occurs in all values of that name, also in what is not read of them."""
        return sum(value.count(mark) for value in self._values.get(name, ()))


def split_header(raw: bytes, start: int, end: int, *, most_fields: int = MOST_FIELDS) -> tuple[Headers, int]:
    """The header at the front of `raw[start:end]`, and the offset at which its body begins."""
    blank = _BLANK_LINE.match(raw, start, end)
    if blank:
        return Headers({}), blank.end()
    stop, body = _end_of_header(raw, start, end)
    headers = _read(raw[start : min(stop, start + LONGEST_BLOCK)], most_fields)
    if not _FIRST_FIELD.match(raw, start, stop) and not any(name in headers for name in _TELLTALE):
        return Headers({}), start
    return headers, body


def skip_envelope(raw: bytes) -> int:
    """Where the header really begins: after blank lines, a byte order mark and an mbox `From ` line."""
    at = 3 if raw.startswith(b"\xef\xbb\xbf") else 0
    blanks = _LEADING_BLANKS.match(raw, at)
    at = blanks.end() if blanks else at
    envelope = _ENVELOPE_LINE.match(raw, at)
    return envelope.end() if envelope else at


def parameters(value: str) -> tuple[str, dict[str, str]]:
    """`text/plain; charset=x` as its lower-case main value and its parameters (RFC 2045, 2231, 2047)."""
    main, mark, _rest = value.partition(";")
    if not mark:
        return main.strip().lower(), {}
    pieces: dict[str, list[tuple[int, bool, str]]] = {}
    for count, found in enumerate(_PARAMETER.finditer(value[:_LONGEST_STRUCTURED])):
        if count >= _MOST_PARAMETERS:
            break
        _collect(pieces, found[1].lower(), _unquoted(found[2]))
    return main.strip().lower(), {name: _joined(parts) for name, parts in pieces.items()}


def _end_of_header(raw: bytes, start: int, end: int) -> tuple[int, int]:
    """Where a header ends and its body begins, found faster where that is far away."""
    near = min(end, start + _USUAL_BLOCK)
    close = _END.search(raw, start, near)
    if close:
        return close.start(), close.end()
    near = max(start, near - 2)
    ends = [at for at in (raw.find(mark, near, end) for mark in (b"\n\n", b"\n\r\n")) if at >= 0]
    stop = min(ends, default=end)
    return stop, min(end, stop + (3 if raw.startswith(b"\n\r", stop) else 2))


def _read(block: bytes, most_fields: int) -> Headers:
    text = block.decode("latin-1").replace("\r\n", "\n").replace("\r", " ")
    values: dict[str, list[str]] = {}
    order: list[str] = []
    for field in _FIELD.finditer(text):
        if len(order) >= most_fields:
            return Headers(values, order, is_cut=True)
        name = field[1].lower()
        order.append(name)
        values.setdefault(name, []).append(field[2])
    return Headers(values, order, is_cut=len(block) >= LONGEST_BLOCK)


def _unfolded(value: str) -> str:
    flat = value[:LONGEST_VALUE].replace("\n", "").strip(" \t")
    return flat if flat.isascii() else decode(flat.encode("latin-1"))


def _collect(pieces: dict[str, list[tuple[int, bool, str]]], name: str, value: str) -> None:
    numbered = _NUMBERED.match(name)
    if numbered is None:
        return
    parts = pieces.setdefault(numbered[1], [])
    is_plain = numbered[2] is None and not numbered[3]
    if parts and (is_plain or parts[0][0] < 0):
        return
    parts.append((-1 if is_plain else int(numbered[2] or 0), bool(numbered[3]), value))


def _joined(parts: list[tuple[int, bool, str]]) -> str:
    if parts[0][0] < 0:
        return decode_words(parts[0][2])
    parts.sort(key=lambda part: part[0])
    charset, first = "", parts[0][2]
    if parts[0][1] and first.count("'") >= 2:
        charset, _language, first = first.split("'", 2)
    content = b""
    for index, (_number, is_encoded, value) in enumerate(parts):
        chunk = (first if index == 0 else value).encode("utf-8", "replace")
        content += _PERCENT.sub(lambda two: bytes((int(two[1], 16),)), chunk) if is_encoded else chunk
    return decode(content, charset)


def _unquoted(value: str) -> str:
    value = value.strip()
    if not value.startswith('"'):
        return value
    inner = value[1:-1] if value.endswith('"') and len(value) > 1 else value[1:]
    return _ESCAPED.sub(r"\1", inner) if "\\" in inner else inner
