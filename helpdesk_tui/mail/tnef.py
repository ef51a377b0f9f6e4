"""Outlook's winmail.dat (MS-OXTNEF) unpacked: its files, and the words where the mail has no others; never raises."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from helpdesk_tui.mail import mapi
from helpdesk_tui.mail.charsets import decode
from helpdesk_tui.mail.files import Found

#: What is read of one stream and of all that it embeds.
MOST_FILES = 200
MOST_MESSAGES = 10
DEEPEST = 4
_LONGEST_INNER = 100_000
_MOST_ATTRIBUTES = 20_000

_SIGNATURE = 0x223E9F78
_FIRST = 6
_HEAD = struct.Struct("<BHHI")
_CHECKSUM = 2
_MESSAGE, _ATTACHMENT = 1, 2
_BODY, _SUBJECT, _CODE_PAGE, _PROPERTIES = 0x800C, 0x8004, 0x9007, 0x9003
_RENDERING, _TITLE, _CONTENT, _FILE_PROPERTIES = 0x9002, 0x8010, 0x800F, 0x9005
#: {00020307-0000-0000-C000-000000000046}: the object is a message.
_EMBEDDED = bytes.fromhex("0703020000000000c000000000000046")


@dataclass(frozen=True, slots=True)
class Message:
    """A message that stands in another one."""

    sender: str
    subject: str
    words: str


@dataclass(slots=True)
class Unpacked:
    """What a TNEF stream holds.

    Args:
        files: in order, those of an embedded message behind its words.
        messages: the embedded ones, at any depth.
        text, html: the words as they are; rtf: still compressed.
        is_whole: False where something could not be read, so that the stream itself is worth keeping.
        effort: what it may still take to read it.
    """

    files: list[Found] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)
    sender: str = ""
    subject: str = ""
    text: str = ""
    html: str = ""
    rtf: bytes = b""
    is_whole: bool = True
    effort: mapi.Effort = field(default_factory=mapi.Effort)


@dataclass(slots=True)
class _File:
    names: dict[int, str] = field(default_factory=dict)
    kind: str = ""
    content: bytes = b""
    message: bytes = b""


def unpack(stream: bytes) -> Unpacked:
    """All that can be read of a stream; nothing, and not whole, where it is none."""
    found = _unpack(stream, 0, mapi.Effort())
    found.is_whole = found.is_whole and found.effort.left >= 0
    return found


def words(unpacked: Unpacked, most: int = 1_000_000) -> str:
    """What the message in a stream says: as plain text, else read from its HTML, else from its RTF.

    Args:
        most: how many characters are read of it.
    """
    if unpacked.text.strip():
        return unpacked.text[:most]
    if unpacked.html.strip():
        from helpdesk_tui.mail.html import MOST_TOKENS, read_html

        return read_html(unpacked.html, most, MOST_TOKENS * most // 3_000_000).text()
    from helpdesk_tui.mail.rtf import decompress, read_rtf

    return read_rtf(decompress(unpacked.rtf, most))


def _unpack(stream: bytes, depth: int, effort: mapi.Effort) -> Unpacked:
    found = Unpacked(effort=effort)
    if len(stream) < _FIRST or int.from_bytes(stream[:4], "little") != _SIGNATURE or depth >= DEEPEST:
        found.is_whole = False
        return found
    files: list[_File] = []
    code_page = "cp1252"
    for level, name, content in _attributes(stream, found):
        if name == _CODE_PAGE and len(content) >= 4:
            code_page = f"cp{int.from_bytes(content[:4], 'little')}"
        elif level == _MESSAGE:
            _read_message(found, name, content, code_page)
        elif len(files) < MOST_FILES or name != _RENDERING:
            _read_file(found, files, name, content, code_page)
        else:
            found.is_whole = False
    for file in files:
        _keep(found, file, depth)
    return found


def _attributes(stream: bytes, found: Unpacked) -> Iterator[tuple[int, int, memoryview]]:
    """Level, name and content of each attribute up to the first that is none."""
    view, at = memoryview(stream), _FIRST
    for _count in range(_MOST_ATTRIBUTES):
        if at + _HEAD.size > len(stream):
            return
        level, name, _type, length = _HEAD.unpack_from(stream, at)
        at += _HEAD.size
        if level not in (_MESSAGE, _ATTACHMENT):
            found.is_whole = False
            return
        found.is_whole = found.is_whole and at + length <= len(stream)
        yield level, name, view[at : at + length]
        at += length + _CHECKSUM
    found.is_whole = False


def _read_message(found: Unpacked, name: int, content: memoryview, code_page: str) -> None:
    if name == _BODY:
        found.text = found.text or _text(content, code_page)
    elif name == _SUBJECT:
        found.subject = found.subject or _text(content, code_page)
    elif name == _PROPERTIES:
        known = dict(reversed(list(mapi.properties(content, code_page, found.effort))))
        found.subject = _words(known, mapi.SUBJECT) or found.subject
        found.sender = _words(known, mapi.SENDER_NAME) or _words(known, mapi.SENDER_ADDRESS)
        found.text = _words(known, mapi.BODY) or found.text
        html, rtf = known.get(mapi.HTML, ""), known.get(mapi.COMPRESSED_RTF, b"")
        found.html = html if isinstance(html, str) else _html(bytes(html), known)
        found.rtf = bytes(rtf) if not isinstance(rtf, str) else b""


def _read_file(found: Unpacked, files: list[_File], name: int, content: memoryview, code_page: str) -> None:
    if name == _RENDERING or not files:
        files.append(_File())
    file = files[-1]
    if name == _TITLE:
        file.names.setdefault(mapi.FILE_TITLE, _text(content, code_page))
    elif name == _CONTENT:
        file.content = file.content or bytes(content)
    elif name == _FILE_PROPERTIES:
        _read_file_properties(file, mapi.properties(content, code_page, found.effort))


def _read_file_properties(file: _File, properties: Iterable[tuple[int, str | memoryview]]) -> None:
    for name, value in properties:
        if isinstance(value, str):
            file.names.setdefault(name, value)
        elif name == mapi.FILE_CONTENT and bytes(value[:16]) == _EMBEDDED:
            file.message = bytes(value[16:])
        elif name == mapi.FILE_CONTENT and not file.content:
            file.content = bytes(value)
    file.kind = file.names.get(mapi.FILE_KIND, "")


def _keep(found: Unpacked, file: _File, depth: int) -> None:
    names = (mapi.LONG_FILE_NAME, mapi.FILE_NAME, mapi.FILE_TITLE, mapi.DISPLAY_NAME)
    name = next((file.names[one] for one in names if file.names.get(one)), "")
    if len(found.files) >= MOST_FILES:
        found.is_whole = False
    elif not file.message:
        found.files.append(Found(name, file.kind or "application/octet-stream", file.content))
    elif len(found.messages) >= MOST_MESSAGES:
        found.is_whole = False
    else:
        inner = _unpack(file.message, depth + 1, found.effort)
        found.is_whole = found.is_whole and inner.is_whole
        message = Message(inner.sender, inner.subject, words(inner, _LONGEST_INNER))
        found.messages += [message, *inner.messages]
        found.files.append(
            Found(f"{name or inner.subject}.txt", "text/plain", message.words.encode("utf-8", "replace"))
        )
        found.files += inner.files[: MOST_FILES - len(found.files)]


def _html(content: bytes, known: dict[int, str | memoryview]) -> str:
    code_page = known.get(mapi.CODE_PAGE)
    number = int.from_bytes(code_page[:4], "little") if isinstance(code_page, memoryview) else 0
    return decode(content, "utf-8" if number in (0, 65001) else f"cp{number}")


def _words(known: dict[int, str | memoryview], name: int) -> str:
    value = known.get(name, "")
    return value if isinstance(value, str) else ""


def _text(content: memoryview, code_page: str) -> str:
    return decode(bytes(content).rstrip(b"\0"), code_page)
