"""New text and what it answers: where the quote of an earlier mail and the signature begin.

Nothing is deleted: the two halves hold every line. A reply written between the quoted lines stays whole, and so does
a forwarded mail, because there the old text is the matter itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from helpdesk_tui.mail.phrases import PHRASES

_MOST_HEADER_LINES = 400
_LONGEST_LEAD = 500
_MOST_LEAD_LINES = 4
_LONGEST_SIGNATURE = 25
_LONGEST_SENT_LINE = 90
_WRAP_WIDTH = 65


def _any(words: Iterator[str]) -> str:
    return "|".join(part for part in words if part)


_WROTE = re.compile(rf"(?<!\w)(?:{_any(row.wrote for row in PHRASES)})(?!\w)", re.I)
_ON = re.compile(rf"[\s>*]*(?:{_any(row.on for row in PHRASES)})(?!\w)", re.I)
_ADDRESS = re.compile(r"[^\s<>@]{1,64}@[^\s<>@]{2,190}")
_CLOCK = re.compile(r"\d{1,2}[:.h]\d{2}")
_DATE = re.compile(r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}\.? ?\w{2,12}\.?,? \d{4}|\d{1,2}[./]\d{1,2}[./]\d{2,4}")
_DATED_ADDRESS = re.compile(r"\s*\d{4}[-/]\d{1,2}[-/]\d{1,2}\b.{0,200}<[^<>]{3,200}>\s?:\s*\Z")
_MARKS = "-_*="
_MARK_ENDS = _MARKS + ":："
#: Taken whole and never given back, as nothing that follows begins with one of them: no line costs more than its length.
_DASHES = f"[{_MARKS}]{{2,40}}+"
_ORIGINAL = re.compile(rf"[\s>]*+{_DASHES}\s?(?:{_any(row.original for row in PHRASES)})\s?:?\s?{_DASHES}\s*\Z", re.I)
_FORWARD = re.compile(
    rf"[\s>]*+(?:{_DASHES}\s?)?(?:{_any(row.forwarded for row in PHRASES)})\s?:?(?:\s?{_DASHES})?\s*\Z", re.I
)
_FRONT_DASHES = re.compile(rf"[\s>]*+(?=[{_MARKS}]{{2}})([{_MARKS}]{{1,40}}+\s?)")
_WROTE_END = re.compile(rf"(?:{_any(row.wrote for row in PHRASES)})\s?:?\s?\Z", re.I)
_LONGEST_WROTE = 40
_LONGEST_WRITER = 200
_FORWARD_PREFIX = re.compile(r"\s*(?:fwd?|wg|tr|rv|enc|doorst|pd|vb|vl)\s?:", re.I)
_SENT = re.compile(rf"[\s>*_]*(?:{_any(row.sent for row in PHRASES)})[\s*_.]*\Z", re.I)
_KEYS = {
    word: kind
    for row in PHRASES
    for kind, words in zip(("from", "date", "to", "subject", "other"), row.headers, strict=True)
    for word in words.split("|")
}
_KEY = re.compile(r"[\s>]*\*{0,2}([^\W\d_][\w .-]{0,18}?)\s?\*{0,2}\s?[:：]\*{0,2}(?:\s|\Z)")
_DELIMITER = re.compile(r"(?:--|__|—) ?\Z")
_LIST_FOOTER = re.compile(r"_{30,}\s*\Z")
_RULE = re.compile(r"\s*(?:[-_*=]{3,}|\*{3})\s*\Z")


def is_forward(subject: str) -> bool:
    """True where the subject says that an earlier mail was passed on: then its text is the matter itself."""
    return _FORWARD_PREFIX.match(subject) is not None


def split_quote(text: str) -> tuple[str, str]:
    """The new text and what is folded away: the quoted mail and the signature, "" where there is none."""
    rows = text.replace("\xa0", " ").split("\n")
    start, is_lead = _quote_start(rows)
    if start < len(rows) and is_lead and _is_answered_below(rows, start):
        return _answer_below(text, rows, start)
    cut = _signature_start(rows, start)
    if cut >= len(rows):
        return text, ""
    lines = text.split("\n")
    cut = _above_rules(rows, cut)
    new, old = "\n".join(lines[:cut]).rstrip(), "\n".join(lines[cut:])
    return (new, old) if new or _starts_with_lead(rows) else (text, "")


def _answer_below(text: str, rows: list[str], start: int) -> tuple[str, str]:
    """A reply wholly below `On … wrote:` and its quote is new text; one between quoted lines stays whole."""
    end = start
    while end < len(rows) and (
        end == start or not rows[end].strip() or _is_quoted(rows[end]) or _is_lead_end(rows, end)
    ):
        end += 1
    is_below = not any(row.strip() for row in rows[:start]) and not _is_quoted(rows[start])
    if not is_below or any(_is_quoted(row) for row in rows[end:]):
        return text, ""
    lines = text.split("\n")
    cut = _signature_start(rows, len(rows))
    folded = "\n".join(lines[start:end]).rstrip()
    signature = "\n".join(lines[cut:])
    return "\n".join(lines[end:cut]).strip("\n"), f"{folded}\n\n{signature}" if signature else folded


def _is_quoted(row: str) -> bool:
    return row.lstrip().startswith(">")


def _is_lead_end(rows: list[str], index: int) -> bool:
    """True for the later rows of a wrapped lead: unquoted, close to the top, with the quote right below."""
    return index < _MOST_LEAD_LINES and any(row.rstrip().endswith((":", "：")) for row in rows[index : index + 2])


def _above_rules(rows: list[str], cut: int) -> int:
    """The cut moved up over the lines of dashes that only part the halves."""
    above = cut - 1
    while above >= 0 and (not rows[above].strip() or _RULE.match(rows[above])):
        cut = above if rows[above].strip() else cut
        above -= 1
    return cut


def _quote_start(rows: list[str]) -> tuple[int, bool]:
    """The row at which the earlier mail begins, and whether it is one that marks its lines with `>`."""
    for index, row in enumerate(rows):
        shown = row.strip()
        if not shown:
            continue
        if shown[0] == ">":
            return _lead_above(rows, index), True
        is_mark = shown[-1] in _MARK_ENDS and len(row) <= _LONGEST_LEAD
        if is_mark and _FORWARD.match(row):
            break
        if (is_mark and _is_original(row)) or _is_header_block(rows, index):
            return index, False
        lead = _lead_start(rows, index) if shown[-1] in ":：" else None
        if lead is not None:
            return lead, True
    return len(rows), False


def _is_original(row: str) -> bool:
    """True for a line of dashes around `Original message` or `Anna wrote`."""
    return _ORIGINAL.match(row) is not None or _is_dashed_lead(row)


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


def _lead_above(rows: list[str], marked: int) -> int:
    """Where the lead above the first `>` begins that ends without a colon; the row of the `>` where there is none."""
    above = marked - 1
    while above >= 0 and not rows[above].strip():
        above -= 1
    lead = _lead_start(rows, above) if above >= max(0, marked - 2) else None
    return marked if lead is None else lead


def _lead_start(rows: list[str], end: int) -> int | None:
    """The first row of `On … Anna wrote:` that ends in this row, None where this is no such line."""
    for start in range(end, max(-1, end - _MOST_LEAD_LINES), -1):
        row = rows[start]
        if start < end and (not row.strip() or row.rstrip().endswith((":", "."))):
            return None
        lead = " ".join(part.strip() for part in rows[start : end + 1])
        if len(lead) > _LONGEST_LEAD:
            return None
        if _is_lead(lead, rows, end):
            return _widened(rows, start)
    return None


def _is_lead(lead: str, rows: list[str], end: int) -> bool:
    if _DATED_ADDRESS.match(lead):
        return True
    has_address, has_date = bool(_ADDRESS.search(lead)), bool(_DATE.search(lead) and _CLOCK.search(lead))
    is_above_quote = next((_is_quoted(row) for row in rows[end + 1 : end + 4] if row.strip()), False)
    if not _WROTE.search(lead):
        return has_address and has_date and is_above_quote
    return is_above_quote or has_address or has_date


def _widened(rows: list[str], start: int) -> int:
    """Where a lead was wrapped, its first row is the one that says `On` or the date."""
    for above in range(start, max(-1, start - _MOST_LEAD_LINES + 1), -1):
        row = rows[above]
        if not row.strip():
            break
        if (_ON.match(row) and re.search(r"\d", row)) or (_DATE.search(row) and _CLOCK.search(row)):
            return above
    return start


def _is_header_block(rows: list[str], start: int) -> bool:
    """True where the lines from here on are the header of an earlier mail, as Outlook and GMX write it."""
    if _kind(rows[start]) not in ("from", "date", "subject"):
        return False
    kinds: list[str] = []
    block = rows[start : start + 9]
    for row in block:
        kind = _kind(row)
        if not row.strip() or (kind is None and len(kinds) < 2):
            break
        if kind in kinds:
            break
        kinds += [kind] if kind else []
    found = set(kinds)
    if "from" not in found:
        return False
    has_address = any("@" in row for row in block[: len(kinds) + 2])
    return has_address if len(found) == 2 else len(found) > 2 and (has_address or "subject" in found)


def _kind(row: str) -> str | None:
    key = _KEY.match(row[:_MOST_HEADER_LINES]) if ":" in row or "：" in row else None
    return _KEYS.get(key[1].strip().lower()) if key else None


def _is_answered_below(rows: list[str], start: int) -> bool:
    """True where unquoted text follows the quoted lines: a reply between or below them."""
    marked = next((index for index in range(start, len(rows)) if _is_quoted(rows[index])), None)
    if marked is None or any(row.strip() for row in _between_lead_and_mark(rows, start, marked)):
        return False
    below = range(marked, _signature_start(rows, len(rows)))
    unmarked = (index for index in below if rows[index].strip() and not _is_quoted(rows[index]))
    return any(not _is_wrapped(rows, index) for index in unmarked)


def _between_lead_and_mark(rows: list[str], start: int, marked: int) -> list[str]:
    """The rows after the lead and before the first `>`: where they hold words, the quote is not a marked one."""
    for index in range(start, min(marked, start + _MOST_LEAD_LINES + 1)):
        if rows[index].rstrip().endswith((":", "：")):
            return rows[index + 1 : marked]
    return []


def _is_wrapped(rows: list[str], index: int) -> bool:
    """True for the end of a quoted line that a mail program wrapped without a mark; it is no answer."""
    above, below = rows[index - 1].strip(), rows[index + 1].lstrip() if index + 1 < len(rows) else ""
    is_between = above.startswith(">") and below.startswith(">")
    return is_between and len(above) >= _WRAP_WIDTH and len(rows[index]) < 40 and above[-1] not in ".?!:"


def _signature_start(rows: list[str], end: int) -> int:
    """The row before `end` at which the signature begins; `end` where there is none."""
    last = end
    for index in range(end - 1, max(-1, end - _LONGEST_SIGNATURE - 1), -1):
        row = rows[index]
        if not row.strip():
            continue
        is_last = not any(below.strip() for below in rows[index + 1 : last])
        if _DELIMITER.match(row) or _LIST_FOOTER.match(row) or (is_last and _is_sent_line(row)):
            last = index
    return last


def _is_sent_line(row: str) -> bool:
    return len(row) <= _LONGEST_SENT_LINE and _SENT.match(row) is not None


def _starts_with_lead(rows: list[str]) -> bool:
    """True where a mail without new text begins with something other than bare quoted lines."""
    first = next((row for row in rows if row.strip()), "")
    return not first.lstrip().startswith(">") or bool(_WROTE.search(first))
