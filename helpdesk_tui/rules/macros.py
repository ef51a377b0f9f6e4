"""The steps of a macro: one line each, in words that say what is done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from helpdesk_tui.errors import Usage
from helpdesk_tui.language import _
from helpdesk_tui.rules.calendar import is_wait
from helpdesk_tui.rules.placeholders import check
from helpdesk_tui.rules.tags import tag_name
from helpdesk_tui.rules.untrusted import clean_line, clean_text
from helpdesk_tui.terms import Priority, Status

#: So many steps a macro has.
MOST = 20


class Deed(StrEnum):
    """What a step does; what stands behind the word is what with."""

    REPLY = "reply"
    CANNED = "canned"
    NOTE = "note"
    STATUS = "status"
    PRIORITY = "priority"
    CATEGORY = "category"
    QUEUE = "queue"
    ASSIGN = "assign"
    TAG = "tag"
    REMIND = "remind"
    RESOLUTION = "resolution"


@dataclass(frozen=True, slots=True)
class Step:
    """One step: what is done, and with what."""

    deed: Deed
    value: str


def read_steps(lines: Sequence[str]) -> tuple[Step, ...]:
    """Read the steps of a macro.

    `reply TEXT` and `note TEXT` with places to be filled in, `canned FOLDER/NAME`, `status solved`, `priority high`,
    `category NAME`, `queue NAME`, `assign LOGIN|me|nobody`, `tag +a -b`, `remind 3` (working days), `resolution TEXT`.

    Raises:
        Usage: a step cannot be read, there is none, or there are two answers; it names the step by its number.
    """
    steps = tuple(_read(number, line) for number, line in enumerate(lines, 1))
    if not steps:
        raise Usage(_("The macro has no step."), _("Say what it does, a step a line: status solved."))
    if len(steps) > MOST:
        raise Usage(_("{n} steps are too many.").format(n=len(steps)), _("{n} are the most.").format(n=MOST))
    if sum(step.deed in (Deed.REPLY, Deed.CANNED) for step in steps) > 1:
        raise Usage(_("A macro sends one answer at most."), _("Put both texts into one."))
    return steps


def sends(lines: Sequence[str]) -> bool:
    """True where one of these steps writes to the customer."""
    return any(step.deed in (Deed.REPLY, Deed.CANNED) for step in read_steps(lines))


def _read(number: int, line: str) -> Step:
    word, _blank, value = clean_text(line).strip().partition(" ")
    try:
        step = Step(Deed(word.lower()), value.strip())
    except ValueError:
        raise _wrong(number, line, _("it begins with none of: {names}").format(names=", ".join(Deed))) from None
    if not step.value:
        raise _wrong(number, line, _("it says not with what"))
    if reason := _refusal(step):
        raise _wrong(number, line, reason)
    return step


def _refusal(step: Step) -> str:
    """Why a step cannot be done whatever the ticket; "" where it can."""
    if step.deed is Deed.STATUS and step.value not in {str(one) for one in Status if one is not Status.SNOOZED}:
        return _("there is no such status")
    if step.deed is Deed.PRIORITY and step.value not in {str(one) for one in Priority}:
        return _("there is no such priority")
    if step.deed is Deed.REMIND and not is_wait(step.value):
        return _("that is no number of working days")
    if step.deed is Deed.TAG and not all(tag_name(one.lstrip("+-")) for one in step.value.split()):
        return _("a tag needs a name")
    if step.deed in (Deed.REPLY, Deed.NOTE):
        check(step.value)
    return ""


def _wrong(number: int, line: str, reason: str) -> Usage:
    return Usage(
        _("Step {n} ({line}): {reason}.").format(n=number, line=clean_line(line, 60), reason=reason),
        _("Such as: reply Hello {{customer}}, status solved, tag +vpn, assign me, remind 3."),
    )
