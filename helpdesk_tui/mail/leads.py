"""Lines with which a mail program begins a quoted mail: `On … Anna wrote:`, `--- Original message ---`."""

from __future__ import annotations

import re

from helpdesk_tui.mail.phrases import PHRASES, any_of

_LONGEST_LEAD = 500
_MOST_LEAD_LINES = 4
_MOST_TORN_LINES = 6

_WROTE = re.compile(rf"(?<!\w)(?:{any_of(row.wrote for row in PHRASES)})(?!\w)", re.I)
_ON = re.compile(rf"[\s>*]*+(?:{any_of(row.on for row in PHRASES)})(?!\w)", re.I)
#: Who tells of a letter says I or us; no program does.
_FIRST_PERSON = re.compile(r"(?<!\w)(?:ich|mir|mich|wir|uns|i|me|we|us)(?!\w)", re.I)
_ADDRESS = re.compile(r"[^\s<>@]{1,64}@[^\s<>@]{2,190}")
_CLOCK = re.compile(r"\d{1,2}[:.h]\d{2}")
_DATE = re.compile(r"\d{4}[-/.年]\d{1,2}[-/.月]\d{1,2}|\d{1,2}\.? ?\w{2,12}\.?,? \d{4}|\d{1,2}[./]\d{1,2}[./]\d{2,4}")
_DATED_ADDRESS = re.compile(r"\s*+\d{4}[-/]\d{1,2}[-/]\d{1,2}\b.{0,200}<[^<>]{3,200}>\s?:\s*\Z")
_MARKS = "-_*=#"
_MARK_ENDS = _MARKS + ":："
#: Taken whole and never given back, as nothing that follows begins with one of them: no line costs more than its length.
_DASHES = f"[{_MARKS}]{{2,40}}+"
_ORIGINAL = re.compile(rf"[\s>]*+{_DASHES}\s?(?:{any_of(row.original for row in PHRASES)})\s?:?\s?{_DASHES}\s*\Z", re.I)
_FORWARD = re.compile(
    rf"[\s>]*+(?:{_DASHES}\s?)?(?:{any_of(row.forwarded for row in PHRASES)})\s?:?(?:\s?{_DASHES})?\s*\Z", re.I
)
_FRONT_DASHES = re.compile(rf"[\s>]*+(?=[{_MARKS}]{{2}})([{_MARKS}]{{1,40}}+\s?)")
_WROTE_END = re.compile(rf"(?:{any_of(row.wrote for row in PHRASES)})\s?:?\s?\Z", re.I)
_LONGEST_WROTE = 40
_LONGEST_WRITER = 200
_TORN_END = re.compile(rf"> ?(?:{any_of(row.wrote for row in PHRASES)}) ?:\Z", re.I)


def is_quoted(row: str) -> bool:
    """True for a row that a mail program marked as an earlier mail's."""
    return row.lstrip().startswith(">")


def ends_lead(row: str) -> bool:
    """True for a row at whose end a lead may end, with either colon."""
    return row.rstrip().endswith((":", "："))


def is_forward_line(row: str) -> bool:
    """True for the line above a forwarded mail, unless it is quoted itself."""
    return not is_quoted(row) and _may_be_mark(row) and _FORWARD.match(row) is not None


def is_original_line(row: str) -> bool:
    """True for a line of dashes around `Original message` or `Anna wrote`, or of `>>>` around writer and date."""
    if is_quoted(row):
        return _is_framed(row)
    return _may_be_mark(row) and (_ORIGINAL.match(row) is not None or _is_dashed_lead(row))


def names_writer(row: str) -> bool:
    """True for a row that says that somebody wrote."""
    return _WROTE.search(row[:_LONGEST_LEAD]) is not None


def lead_start(rows: list[str], end: int) -> int | None:
    """The first row of `On … Anna wrote:` that ends in this row, None where this is no such line."""
    for start in range(end, max(-1, end - _MOST_LEAD_LINES), -1):
        row = rows[start]
        if start < end and (not row.strip() or row.rstrip().endswith((":", "."))):
            return None
        if len(row) > _LONGEST_LEAD:
            return None
        lead = " ".join(part.strip() for part in rows[start : end + 1])
        if len(lead) > _LONGEST_LEAD:
            return None
        if _is_lead(lead, rows, end):
            return _widened(rows, start)
    return None


def lead_above(rows: list[str], marked: int) -> int | None:
    """Where the lead begins that ends without a colon above the first marked row, None where there is none."""
    above = marked - 1
    while above >= max(0, marked - 2) and not rows[above].strip():
        above -= 1
    return lead_start(rows, above) if above >= max(0, marked - 2) else None


def torn_lead_start(rows: list[str], end: int) -> int | None:
    """The first row of a lead whose address was torn from it, so that its last row is `> wrote:`."""
    if not _TORN_END.match(rows[end].strip()):
        return None
    for start in range(end - 1, max(-1, end - _MOST_TORN_LINES - 1), -1):
        if len(rows[start]) > _LONGEST_LEAD:
            return None
        if _ON.match(rows[start]) and _CLOCK.search(rows[start]):
            return start
    return None


def rows_behind_lead(rows: list[str], start: int, marked: int) -> list[str]:
    """The rows after the lead and before the first `>`: where they hold words, the quote is not a marked one."""
    for index in range(start, min(marked, start + _MOST_LEAD_LINES + 1)):
        if ends_lead(rows[index]):
            return rows[index + 1 : marked]
    return []


def _may_be_mark(row: str) -> bool:
    return len(row) <= _LONGEST_LEAD and row.rstrip()[-1:] in tuple(_MARK_ENDS)


def _is_framed(row: str) -> bool:
    """True for `>>> Anna <anna@customer.example> 12.11.2026 09:06 >>>`."""
    shown = row[: _LONGEST_LEAD + 1].strip()
    is_frame = len(shown) <= _LONGEST_LEAD and shown.startswith(">>> ") and shown.endswith(" >>>")
    return is_frame and _DATE.search(shown) is not None


def _is_dashed_lead(row: str) -> bool:
    """True for `--- Anna wrote: ---`, looked at from both ends because the name may be of dashes too."""
    front, shown = _FRONT_DASHES.match(row), row.rstrip()
    lead = shown.rstrip(_MARKS)
    if front is None or not 2 <= len(shown) - len(lead) <= 40:
        return False
    # The writer has three characters, of which all but two of the dashes in front may be some.
    earliest = front.start(1) + 2 + 3
    wrote = _WROTE_END.search(lead, max(earliest, len(lead) - _LONGEST_WROTE))
    return wrote is not None and wrote.start() <= front.end() + _LONGEST_WRITER


def _is_lead(lead: str, rows: list[str], end: int) -> bool:
    if _DATED_ADDRESS.match(lead):
        return True
    has_address, has_moment = bool(_ADDRESS.search(lead)), _has_moment(lead)
    is_above_quote = next((_is_marked(row) for row in rows[end + 1 : end + 4] if row.strip()), False)
    if not _WROTE.search(lead):
        return has_address and is_above_quote and (has_moment or _DATE.match(lead) is not None)
    if not (is_above_quote or has_address) and _FIRST_PERSON.search(lead):
        return False
    return is_above_quote or has_moment or (has_address and ("<" in lead or bool(_DATE.search(lead))))


def _has_moment(text: str) -> bool:
    """True where a day and a time are named; 12.11.2026 is no time."""
    date = _DATE.search(text)
    return date is not None and bool(_CLOCK.search(text, date.end()) or _CLOCK.search(text, 0, date.start()))


def _is_marked(row: str) -> bool:
    return row.lstrip()[:1] in (">", "|")


def _widened(rows: list[str], start: int) -> int:
    """Where a lead was wrapped, its first row is the one that says `On` or the date."""
    for above in range(start, max(-1, start - _MOST_LEAD_LINES + 1), -1):
        row = rows[above]
        if not row.strip() or len(row) > _LONGEST_LEAD:
            break
        if (_ON.match(row) and re.search(r"\d", row)) or _has_moment(row):
            return above
    return start
