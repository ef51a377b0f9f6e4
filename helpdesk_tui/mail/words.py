"""Encoded words of a header (RFC 2047) as text: linear, tolerant, and never decoded twice."""

from __future__ import annotations

import binascii
import re
import string

from helpdesk_tui.mail.charsets import decode

_WORD = re.compile(r"=\?([^?\s]{1,80})\?([bBqQ])\?([^?]*)\?=")
_BASE64 = string.ascii_letters.encode() + string.digits.encode() + b"+/"
_NOT_BASE64 = bytes(byte for byte in range(256) if byte not in _BASE64)


def decode_words(value: str) -> str:
    """A header value with its encoded words read; neighbours of one character set are joined before decoding."""
    if "=?" not in value:
        return value
    texts: list[str] = []
    pending = bytearray()
    charset = ""
    at = 0
    for word in _WORD.finditer(value):
        gap = value[at : word.start()]
        label = word[1].partition("*")[0]
        if pending and (gap.strip() or label.lower() != charset.lower()):
            texts.append(decode(bytes(pending), charset))
            pending.clear()
        if gap.strip() or at == 0:
            texts.append(gap)
        pending += _content(word[2], word[3])
        charset, at = label, word.end()
    texts += [decode(bytes(pending), charset), value[at:]]
    return "".join(texts)


def unbase64(content: bytes) -> bytes:
    """The bytes behind base64, as far as they can be read."""
    try:
        return binascii.a2b_base64(content)
    except binascii.Error:
        letters = content.translate(None, _NOT_BASE64)
        whole = letters[: len(letters) - (len(letters) % 4 == 1)]
        return binascii.a2b_base64(whole + b"=" * (-len(whole) % 4))


def _content(encoding: str, text: str) -> bytes:
    content = text.encode("utf-8", "replace")
    return unbase64(content) if encoding in "bB" else binascii.a2b_qp(content, header=True)
