"""The header of an earlier mail in the text of a reply, as Outlook, GMX and others write it above what they quote."""

from __future__ import annotations

import re

from helpdesk_tui.mail.phrases import PHRASES

_MOST_ROWS = 9
_MOST_CHARACTERS = 400

_KINDS = {
    word: kind
    for row in PHRASES
    for kind, words in zip(("from", "date", "to", "subject", "other"), row.headers, strict=True)
    for word in words.split("|")
}
_FIELD = re.compile(r"\s*+\*{0,2}([^\W\d_][\w .-]{0,18}?)\s?\*{0,2}\s?[:：]\*{0,2}(?:\s|\Z)")


def is_header_block(rows: list[str], start: int) -> bool:
    """True where the lines from here on are the header of an earlier mail."""
    if _kind(rows[start]) not in ("from", "date", "subject"):
        return False
    block = rows[start : start + _MOST_ROWS]
    kinds = _kinds(block)
    # Who and to whom alone is a list that a person typed.
    if "from" not in kinds or not kinds & {"date", "subject"}:
        return False
    has_address = any("@" in row[:_MOST_CHARACTERS] for row in block[: len(kinds) + 2])
    return has_address or ("subject" in kinds and len(kinds) > 2)


def _kinds(block: list[str]) -> set[str]:
    """The fields at the top of these rows; a long one may go on in a row that names none."""
    kinds: set[str] = set()
    for row in block:
        kind = _kind(row)
        if not row.strip() or kind in kinds or (kind is None and len(kinds) < 2):
            break
        kinds |= {kind} if kind else set()
    return kinds


def _kind(row: str) -> str | None:
    head = row[:_MOST_CHARACTERS]
    field = _FIELD.match(head) if ":" in head or "：" in head else None
    return _KINDS.get(field[1].strip().lower()) if field else None
