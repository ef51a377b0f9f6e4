"""What stands below the words of a mail and is no part of them: signature, line of a phone, legal notice.

A closing and a name belong to the words. Where it is not sure that nobody typed it, it stays.
"""

from __future__ import annotations

import re

from helpdesk_tui.mail.phrases import LONGEST_OPENING, MINE, PHRASES, PRODUCTS, any_of

_LONGEST_SIGNATURE = 25
_LONGEST_SENT_LINE = 90
_LONGEST_NOTICE = 20
_MOST_NOTICES = 6
_SENTENCE_WORDS = 8
_WRAP_WIDTH = 50

_STRICT = re.compile(r"-- \Z|-----BEGIN PGP SIGNATURE-----\s*\Z")
_LOOSE = re.compile(r"(?:--|__|—) ?\Z|_{30,}+\s*\Z")
_SENT = re.compile(rf"[\s>*_]*+(?:{any_of(row.sent for row in PHRASES)})[\s*_.]*\Z", re.I)
_MADE = re.compile(rf"(?<![a-z])(?:{MINE}|{PRODUCTS}|web\.de)(?![a-z])", re.I)
_LEGAL = re.compile(rf"[\s*_#]*+(?:{any_of(row.legal for row in PHRASES)})", re.I)


def signature_start(rows: list[str], end: int) -> int:
    """The row before `end` at which signature and notices begin; `end` where there are none. Quoted rows stay out."""
    last = start = _notices_start(rows, end)
    for index in range(start - 1, max(-1, start - _LONGEST_SIGNATURE - 1), -1):
        row = rows[index]
        if row.startswith(">"):
            break
        if row.strip() and _begins_signature(rows, index, last, start):
            last = index
    return last if any(row.strip() for row in rows[last:end]) else end


def _begins_signature(rows: list[str], index: int, last: int, end: int) -> bool:
    row = rows[index]
    if _STRICT.match(row):
        return True
    if _LOOSE.match(row):
        return not _is_prose(rows[index + 1 : end])
    return _is_sent_line(rows, index) and not any(below.strip() for below in rows[index + 1 : last])


def _is_prose(rows: list[str]) -> bool:
    """True for rows that somebody typed as sentences: below a line that only looks like a delimiter they are words."""
    return sum(len(row[:200].split()) >= _SENTENCE_WORDS for row in rows) > 1


def _is_sent_line(rows: list[str], index: int) -> bool:
    """True for `Sent from my phone` that does not go on with the row above."""
    row, above = rows[index], rows[index - 1] if index else ""
    if len(row) > _LONGEST_SENT_LINE or len(above) > _WRAP_WIDTH:
        return False
    return _SENT.match(row) is not None and _MADE.search(row) is not None


def _notices_start(rows: list[str], end: int) -> int:
    """The row at which the legal notices below a mail begin, behind its last word where there are none."""
    end = start = _behind_words(rows, end)
    for _round in range(_MOST_NOTICES):
        notice = _notice_start(rows, start)
        if notice is None:
            break
        start = _behind_words(rows, notice)
    return start or end


def _notice_start(rows: list[str], end: int) -> int | None:
    """The first row of the last paragraph above `end` with which a notice begins."""
    top = end
    while top > max(0, end - _LONGEST_NOTICE) and rows[top - 1].strip():
        top -= 1
    for index in range(top, end):
        opening = " ".join(row[:LONGEST_OPENING].strip() for row in rows[index : min(end, index + 4)])
        if _LEGAL.match(opening[:LONGEST_OPENING]):
            return index
    return None


def _behind_words(rows: list[str], end: int) -> int:
    while end and not rows[end - 1].strip():
        end -= 1
    return end
