"""New text and what it answers: where the quote of an earlier mail and the signature begin.

Nothing is deleted: the two halves hold every line. A reply written between the quoted lines stays whole, and so does
a forwarded mail, because there the old text is the matter itself.
"""

from __future__ import annotations

import re

from helpdesk_tui.mail.header_blocks import is_header_block
from helpdesk_tui.mail.leads import (
    ends_lead,
    is_forward_line,
    is_original_line,
    is_quoted,
    lead_above,
    lead_start,
    names_writer,
    rows_behind_lead,
    torn_lead_start,
)
from helpdesk_tui.mail.phrases import PHRASES, any_of
from helpdesk_tui.mail.signatures import signature_start

_WRAP_WIDTH = 65
_MOST_LEAD_LINES = 4
_LONGEST_ANNOUNCEMENT = 600

_FORWARD_PREFIX = re.compile(r"\s*+(?:fwd?|wg|tr|rv|enc|doorst|pd|vb|vl)\s?:", re.I)
_BELOW = re.compile(any_of(row.below for row in PHRASES), re.I)
#: Lines that only part the halves; the last is the dot that some programs leave behind to see a mail opened.
_RULE = re.compile(r"\s*+(?:[-_*=]{3,}+|original-?(?:nachricht|mail| message)|ᐧ)\s*\Z", re.I)
_ARMOUR = re.compile(r"\s*+-----BEGIN PGP SIGNED MESSAGE-----[ \t]*+\n(?:Hash: [^\n]{1,100}\n)?+[ \t]*+\n")


def is_forward(subject: str) -> bool:
    """True where the subject says that an earlier mail was passed on: then its text is the matter itself."""
    return _FORWARD_PREFIX.match(subject) is not None


def split_quote(text: str) -> tuple[str, str]:
    """The new text and what is folded away: the quoted mail and the signature, "" where there is none."""
    armour = _ARMOUR.match(text)
    if armour is None:
        return _split(text)
    new, old = _split(text[armour.end() :])
    return new, f"{armour[0].rstrip()}\n\n{old}"


def _split(text: str) -> tuple[str, str]:
    rows = text.replace("\xa0", " ").split("\n")
    start, is_marked = _quote_start(rows)
    if start < len(rows):
        if is_marked and _is_answered_below(rows, start):
            return _answer_below(text, rows, start)
        if not is_marked and _announces_answers(rows[:start]):
            return text, ""
    return _fold_below(text, rows, start)


def _fold_below(text: str, rows: list[str], start: int) -> tuple[str, str]:
    """Everything from this row on is folded, with the signature and the line of dashes above it."""
    cut = signature_start(rows, _above_rules(rows, start) if start < len(rows) else start)
    if cut >= len(rows):
        return text, ""
    new, old = _cut(text, _above_rules(rows, cut))
    return (new, old) if new or _starts_with_lead(rows) else (text, "")


def _cut(text: str, at: int) -> tuple[str, str]:
    lines = text.split("\n")
    return "\n".join(lines[:at]).rstrip(), "\n".join(lines[at:])


def _answer_below(text: str, rows: list[str], start: int) -> tuple[str, str]:
    """A reply wholly below `On … wrote:` and its quote is new text; one between quoted lines stays whole."""
    end = start
    while end < len(rows) and (
        end == start or not rows[end].strip() or is_quoted(rows[end]) or _is_lead_end(rows, end)
    ):
        end += 1
    cut = signature_start(rows, len(rows))
    is_below = not any(row.strip() for row in rows[:start]) and not is_quoted(rows[start])
    if not is_below or any(is_quoted(row) for row in rows[end:]):
        return _cut(text, cut) if cut < len(rows) else (text, "")
    lines = text.split("\n")
    folded = "\n".join(lines[start:end]).rstrip()
    signature = "\n".join(lines[cut:])
    return "\n".join(lines[end:cut]).strip("\n"), f"{folded}\n\n{signature}" if signature else folded


def _is_lead_end(rows: list[str], index: int) -> bool:
    """True for the later rows of a wrapped lead: unquoted, close to the top, with the quote right below."""
    return index < _MOST_LEAD_LINES and any(ends_lead(row) for row in rows[index : index + 2])


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
        if is_forward_line(row):
            break
        if is_original_line(row) or is_header_block(rows, index):
            return index, False
        lead = _lead_at(rows, index, shown)
        if lead is not None:
            return lead
    return len(rows), False


def _lead_at(rows: list[str], index: int, shown: str) -> tuple[int, bool] | None:
    """Where the quote begins that this row shows, and whether its lines are marked; None where it shows none."""
    if shown[0] == ">":
        torn = torn_lead_start(rows, index)
        if torn is not None:
            return torn, False
        lead = lead_above(rows, index)
        return index if lead is None else lead, True
    is_first_bar = shown[0] == "|" and not rows[index - 1].lstrip().startswith("|")
    lead = lead_above(rows, index) if is_first_bar else None
    if lead is None and shown[-1] in ":：":
        lead = lead_start(rows, index)
    return None if lead is None else (lead, shown[0] != "|")


def _starts_with_lead(rows: list[str]) -> bool:
    """True where a mail without new text begins with something other than bare quoted lines."""
    first = next((row for row in rows if row.strip()), "")
    return not is_quoted(first) or names_writer(first)


def _announces_answers(rows: list[str]) -> bool:
    """True where the few words above a mail quoted without marks say that the answers stand in it."""
    words = "\n".join(rows[:40])
    return len(words) <= _LONGEST_ANNOUNCEMENT and _BELOW.search(words) is not None


def _is_answered_below(rows: list[str], start: int) -> bool:
    """True where unquoted text follows the quoted lines: a reply between or below them."""
    marked = next((index for index in range(start, len(rows)) if is_quoted(rows[index])), None)
    if marked is None or any(row.strip() for row in rows_behind_lead(rows, start, marked)):
        return False
    index, end = marked, signature_start(rows, len(rows))
    while index < end:
        behind = _behind_unanswered(rows, index)
        if behind == index:
            return True
        index = behind
    return False


def _behind_unanswered(rows: list[str], index: int) -> int:
    """The row behind this one where nobody answers in it, behind the whole lead where it begins one; else itself."""
    if not rows[index].strip() or is_quoted(rows[index]) or _is_wrapped(rows, index):
        return index + 1
    for last in range(index, min(len(rows), index + _MOST_LEAD_LINES)):
        if ends_lead(rows[last]):
            return last + 1 if lead_start(rows, last) == index else index
    return index


def _is_wrapped(rows: list[str], index: int) -> bool:
    """True for the end of a quoted line that a mail program wrapped without a mark; it is no answer."""
    above, below = rows[index - 1].strip(), rows[index + 1].lstrip() if index + 1 < len(rows) else ""
    is_between = above.startswith(">") and below.startswith(">")
    return is_between and len(above) >= _WRAP_WIDTH and len(rows[index]) < 40 and above[-1] not in ".?!:"
