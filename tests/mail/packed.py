"""Builders of TNEF streams (MS-OXTNEF) for tests."""

from __future__ import annotations

import struct

#: An attribute of the message, and of the file that began last.
MESSAGE, FILE = 1, 2
#: The names of attributes.
SUBJECT, BODY, CODE_PAGE, PROPERTIES = 0x8004, 0x800C, 0x9007, 0x9003
BEGIN_FILE, TITLE, CONTENT, FILE_PROPERTIES = 0x9002, 0x8010, 0x800F, 0x9005
#: The kinds of properties.
STRING, WIDE_STRING, OBJECT, BINARY = 0x1E, 0x1F, 0x0D, 0x102
MESSAGE_OBJECT = bytes.fromhex("0703020000000000c000000000000046")


def attribute(level: int, name: int, content: bytes) -> bytes:
    """One attribute with its checksum."""
    return struct.pack("<BHHI", level, name, 6, len(content)) + content + struct.pack("<H", sum(content) & 0xFFFF)


def stream(*attributes: bytes) -> bytes:
    """A whole stream in the code page of Western Europe."""
    page = attribute(MESSAGE, CODE_PAGE, struct.pack("<II", 1252, 0))
    return struct.pack("<IH", 0x223E9F78, 1) + page + b"".join(attributes)


def prop(name: int, kind: int, content: bytes) -> bytes:
    """One property of variable length."""
    return struct.pack("<HHII", kind, name, 1, len(content)) + content + b"\0" * (-len(content) % 4)


def props(*properties: bytes) -> bytes:
    """The block of several properties."""
    return struct.pack("<I", len(properties)) + b"".join(properties)


def a_file(title: bytes, content: bytes, *properties: bytes) -> bytes:
    """The attributes of one file."""
    more = attribute(FILE, FILE_PROPERTIES, props(*properties)) if properties else b""
    begin = attribute(FILE, BEGIN_FILE, b"\0" * 14)
    return begin + attribute(FILE, TITLE, title + b"\0") + attribute(FILE, CONTENT, content) + more


def an_embedded(inner: bytes) -> bytes:
    """The attributes of a file that is a message."""
    block = props(prop(0x3701, OBJECT, MESSAGE_OBJECT + inner))
    return attribute(FILE, BEGIN_FILE, b"\0" * 14) + attribute(FILE, FILE_PROPERTIES, block)
