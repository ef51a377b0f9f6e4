"""The mails of an mbox file of any kind, in constant memory.

A mail begins with a line `From ADDRESS DATE` at the front of the file or behind an empty line (RFC 4155), and goes on
with a header; some writers leave out the empty line: there the date has to be written as asctime does, and a field of
every mail to follow. Where a Content-Length leads to such a line or to the end, it says how long the mail is (mboxcl);
else lines that begin with `>From ` lose one `>` (mboxo, mboxrd).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from helpdesk_tui.mail.mailbox import MAX_MAIL_BYTES

_BEGINS = re.compile(rb"From [^\r\n]*\b\d{1,2}:\d{2}[^\r\n]*\b\d{4}\b|From [^\r\n]*\b\d{4}[^\r\n]*\b\d{1,2}:\d{2}")
_ASCTIME = re.compile(
    rb"From [^\r\n]{0,200}?(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) [A-Z][a-z]{2} [ \d]\d \d\d:\d\d(?::\d\d)? (?:[A-Z]{1,5} |[+-]\d{4} )?\d{4}\b"
)
_USUAL = re.compile(
    rb"(?:return-path|received|delivered-to|envelope-to|from|to|date|subject|message-id|mime-version|reply-to|sender|status"
    rb"|authentication-results|dkim-signature|content-[a-z-]{1,40}|x-[!-9;-~]{1,80})[ \t]*:",
    re.I,
)
#: No envelope is longer; a pattern that looks for a date anywhere takes the square of the length.
_LONGEST_ENVELOPE = 320
_FIELD = re.compile(rb"[!-9;-~]+[ \t]*:")
_LENGTH = re.compile(rb"^content-length[ \t]*:[ \t]*(\d{1,12})[ \t]*\r?$", re.I | re.M)
_ESCAPED = re.compile(rb"^>(>*From )", re.M)
_BARE = re.compile(rb"^From ", re.M)
_LONGEST_LINE = 1 << 20
_LONGEST_HEADER = 1 << 20
_GAP = 8
#: By so many bytes before it a position in a file is known again.
_STRETCH = 1024


class NotMbox(ValueError):
    """What is read does not begin as an mbox does."""


@dataclass(frozen=True, slots=True)
class MboxMail:
    """A mail in an mbox file.

    Args:
        start, end: its bytes in the file; envelope: its first line, which is not part of the mail.
        content: None where it is larger than a mail may be; size: about how large it is.
    """

    start: int
    end: int
    envelope: bytes
    header: bytes
    content: bytes | None
    size: int


def mails_in(file: BinaryIO, at: int = 0) -> Iterator[MboxMail]:
    """The mails from a place on where one begins.

    Raises:
        NotMbox: none begins there.
    """
    lines = _Lines(file, at)
    _find_first(lines)
    while lines.line:
        yield _next(lines)


def stretch_before(file: BinaryIO, at: int) -> str:
    """Knows the last bytes before a place in a file; where to read on does not change."""
    here = file.tell()
    start = max(at - _STRETCH, 0)
    file.seek(start)
    stretch = file.read(at - start)
    file.seek(here)
    return hashlib.sha256(stretch).hexdigest()


def _next(lines: _Lines) -> MboxMail:
    start, envelope = lines.at, lines.line
    lines.go_on()
    header = _header(lines)
    body = _measured(lines, header) or _scanned(lines, len(header))
    is_fit = body.size + len(header) <= MAX_MAIL_BYTES
    content = header + body.content if is_fit else None
    return MboxMail(start, lines.at, envelope, header, content, body.size)


@dataclass
class _Body:
    content: bytes
    size: int


class _Lines:
    """A file line by line, and where the present line begins; a very long line comes in pieces."""

    def __init__(self, file: BinaryIO, at: int) -> None:
        self.file = file
        self.go_to(at)

    def go_to(self, at: int) -> None:
        self.file.seek(at)
        self.at = at
        self._is_whole = self._was_empty = True
        self.line = self.file.readline(_LONGEST_LINE)

    def go_on(self) -> None:
        self._was_empty = self._is_whole and not self.line.strip(b"\r\n")
        self._is_whole = self.line.endswith(b"\n")
        self.at += len(self.line)
        self.line = self.file.readline(_LONGEST_LINE)

    @property
    def begins_a_mail(self) -> bool:
        """The line is an envelope: it looks like one, stands behind an empty line, and a header follows.

        Not behind an empty line it has to look exactly like one.
        """
        if not self.line.startswith(b"From ") or not self._is_whole:
            return False
        if self._was_empty and _BEGINS.match(self.line, 0, _LONGEST_ENVELOPE):
            after = self._after()
            return not after.strip() or bool(_FIELD.match(after)) or after.startswith(b">From ")
        return bool(_ASCTIME.match(self.line, 0, _LONGEST_ENVELOPE) and _USUAL.match(self._after()))

    def _after(self) -> bytes:
        """The line behind this one."""
        here = self.file.tell()
        after = self.file.readline(_LONGEST_LINE)
        self.file.seek(here)
        return after


def _find_first(lines: _Lines) -> None:
    while lines.line and not lines.line.strip():
        lines.go_on()
    if lines.line and not lines.line.startswith(b"From "):
        raise NotMbox


def _header(lines: _Lines) -> bytes:
    """The header and the empty line behind it."""
    kept: list[bytes] = []
    size = 0
    while lines.line and size < _LONGEST_HEADER and not (kept and lines.begins_a_mail):
        line = lines.line
        kept.append(line)
        size += len(line)
        lines.go_on()
        if not line.strip(b"\r\n"):
            break
    return b"".join(kept)


def _measured(lines: _Lines, header: bytes) -> _Body | None:
    """The body that is as long as the header says, where another mail or nothing follows."""
    found = _LENGTH.search(header)
    if not found or not header.endswith((b"\n\n", b"\r\n\r\n")):
        return None
    start, size = lines.at, int(found[1])
    if not _ends_a_line(lines, start + size):
        lines.go_to(start)
        return None
    lines.go_to(start + size)
    for _empty in range(_GAP):
        if lines.line.strip() or not lines.line:
            break
        lines.go_on()
    reaches = lines.file.seek(0, 2)
    end = lines.at
    lines.go_to(min(end, reaches))
    if start + size <= reaches and (not lines.line or lines.begins_a_mail):
        return _Body(_cut_out(lines, start, size), size)
    lines.go_to(start)
    return None


def _ends_a_line(lines: _Lines, at: int) -> bool:
    """A place behind a line's end, or before it; else a length that is wrong would make an envelope out of any words."""
    lines.file.seek(max(at - 1, 0))
    before, after = lines.file.read(1), lines.file.read(1)
    return before == b"\n" or after in (b"\r", b"\n", b"")


def _cut_out(lines: _Lines, start: int, size: int) -> bytes:
    if size > MAX_MAIL_BYTES:
        return b""
    after = lines.at
    lines.file.seek(start)
    content = lines.file.read(size)
    lines.go_to(after)
    return content if _BARE.search(content) else _unescaped(content)


def _scanned(lines: _Lines, header_size: int) -> _Body:
    """The body up to the next envelope; of one that is too large only its size."""
    kept: list[bytes] = []
    size = 0
    while lines.line and not lines.begins_a_mail:
        size += len(lines.line)
        if size + header_size <= MAX_MAIL_BYTES:
            kept.append(lines.line)
        else:
            kept.clear()
        lines.go_on()
    if kept and not kept[-1].strip(b"\r\n"):
        kept.pop()  # the empty line before an envelope is not the mail's
    return _Body(_unescaped(b"".join(kept)), size)


def _unescaped(content: bytes) -> bytes:
    return _ESCAPED.sub(rb"\1", content) if b"From " in content else content
