"""From bytes to text: the character sets we read, and what happens where a mail names none or a wrong one."""

from __future__ import annotations

import re
from encodings.aliases import aliases

from helpdesk_tui.rules.untrusted import clean_line, clean_text

#: Label as mails write it (lower case, no separators) to the codec that reads it. Only codecs of text stand here.
_CODECS = {
    "": "utf-8",
    "ascii": "utf-8",
    "usascii": "utf-8",
    "ansix341968": "utf-8",
    "utf8": "utf-8",
    "unicode11utf8": "utf-8",
    "utf8mb4": "utf-8",
    "utf16": "utf-16",
    "utf16le": "utf-16-le",
    "utf16be": "utf-16-be",
    "utf32": "utf-32",
    "iso88591": "cp1252",
    "latin1": "cp1252",
    "ansi": "cp1252",
    "cp1252": "cp1252",
    "macintosh": "mac_roman",
    "xmacroman": "mac_roman",
    "koi8r": "koi8_r",
    "koi8u": "koi8_u",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "xgbk": "gb18030",
    "cp936": "gb18030",
    "cp950": "big5hkscs",
    "xeucjp": "euc_jp",
    "gb18030": "gb18030",
    "big5": "big5hkscs",
    "big5hkscs": "big5hkscs",
    "shiftjis": "cp932",
    "sjis": "cp932",
    "xsjis": "cp932",
    "cp932": "cp932",
    "windows31j": "cp932",
    "eucjp": "euc_jp",
    "iso2022jp": "iso2022_jp_2",
    "iso2022jpms": "iso2022_jp_ext",
    "iso2022kr": "iso2022_kr",
    "euckr": "cp949",
    "ksc5601": "cp949",
    "ksc56011987": "cp949",
    "ksc56011989": "cp949",
    "hzgb2312": "hz",
    "cp949": "cp949",
    "tis620": "cp874",
    **{f"iso8859{n}": f"iso8859_{n}" for n in (2, 3, 4, 5, 6, 7, 8, 10, 11, 13, 14, 15, 16)},
    "iso88599": "cp1254",
    "iso88598i": "iso8859_8",
    **{f"cp{n}": f"cp{n}" for n in (437, 850, 852, 858, 866, 874, *range(1250, 1259))},
}
_SEPARATORS = re.compile(r"[^a-z0-9]")
#: Codecs in which ASCII bytes may mean something else.
_SHIFTING = {"hz", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "iso2022_jp_2", "iso2022_jp_ext", "iso2022_kr"}
#: Codecs in which a byte is a letter: what is whole UTF-8 in spite of such a name was meant as that.
_BYTEWISE = ("cp125", "cp874", "iso8859", "koi8")
_LOOK_WITHIN = 4_000
_NOT_NAMED = re.compile(r"[^a-z0-9]+")
_VENDOR = re.compile(r"\A(?:windows|xcp|ibm|cs)")
_LONGEST_LABEL = 60
_ASCII = bytes(range(128))
_C1 = dict.fromkeys(range(0x80, 0xA0))
_FEW_CONTROLS = 100


def is_known(label: str) -> bool:
    """True where a character set of this name can be read."""
    return _codec(label) is not None


def decode(content: bytes, label: str = "") -> str:
    """Bytes as text: the named character set if it fits, else UTF-8, else Windows-1252; it never fails."""
    codec = _codec(label) or "utf-8"
    if content.isascii() and codec not in _SHIFTING and b"\0" not in content[:_LOOK_WITHIN]:
        return content.decode("ascii")
    codec = _wide(content, codec) or codec
    for attempt in ("utf-8", codec) if codec.startswith(_BYTEWISE) else (codec, "utf-8"):
        try:
            return content.decode(attempt)
        except (UnicodeError, ValueError):
            continue
    return _mostly(content, codec) or content.decode("cp1252", "replace")


def line(text: str, limit: int = 998) -> str:
    """`clean_line` with a short way for the plain lines that nearly all are."""
    if text.isascii() and text.isprintable() and len(text) <= limit and "  " not in text:
        return text.strip(" ")
    return clean_line(_few_controls(text[: limit * 8]), limit)


def is_shortened(text: str, limit: int = 998) -> bool:
    """True where `line` has made this of something longer."""
    return len(text) == limit and text.endswith("…")


def lines(text: str) -> str:
    """`clean_text` in linear time even for a text that is all control characters."""
    return clean_text(_few_controls(text))


def _codec(label: str) -> str | None:
    name = _SEPARATORS.sub("", label[:_LONGEST_LABEL].lower())
    alias = _SEPARATORS.sub("", aliases.get(_NOT_NAMED.sub("_", label[:_LONGEST_LABEL].lower()).strip("_"), ""))
    return _CODECS.get(name) or _CODECS.get(_VENDOR.sub("cp", name)) or (_CODECS.get(alias) if alias else None)


def _wide(content: bytes, codec: str) -> str:
    """The kind of UTF-16 that the bytes are, "" where they are none; without a mark the empty halves tell (RFC 2781)."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    head = content[: _LOOK_WITHIN // 2 * 2]
    first, second = head[::2].count(0), head[1::2].count(0)
    most = max(first, second)
    if most * 2 > len(head) // 2 and min(first, second) * 4 < most:
        return "utf-16-be" if first > second else "utf-16-le"
    return "utf-16-be" if codec == "utf-16" else ""


def _mostly(content: bytes, codec: str) -> str:
    """The text where only few bytes are broken, "" where the character set is plainly another one."""
    text = content.decode(codec, "replace")
    broken = text.count("\ufffd")
    foreign = len(content.translate(None, _ASCII))
    return text if broken * 8 <= foreign - broken else ""


def _few_controls(text: str) -> str:
    """Thousands of C1 controls are never text, and cost the gate a search each."""
    return text if text.isascii() or not _counts_many(text) else text.translate(_C1)


def _counts_many(text: str) -> bool:
    return sum(text.count(mark) for mark in "\x90\x98\x9d\x9e\x9f") > _FEW_CONTROLS
