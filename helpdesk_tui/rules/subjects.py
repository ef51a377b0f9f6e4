"""Subjects: what people read, and what an answer carries. No number is ever put into one."""

from __future__ import annotations

import re

from helpdesk_tui.rules.words import fold

#: Reply and forward marks of mail programs in the languages met so far (also counted ones, as "Re[2]:").
_NOISE = re.compile(
    r"^(?:(?:re|aw|antw|sv|vs|rif|odp|res|fwd?|wg|tr|rv|enc|i)(?:\[\d+\]|\(\d+\))?\s*[:：]\s*)+", re.IGNORECASE
)


#: Marks of an answer, not of a forward.
_REPLY = re.compile(r"^(?:re|aw|antw|sv|vs|rif|odp|res)(?:\[\d+\]|\(\d+\))?\s*[:：]", re.IGNORECASE)
_COMPARED = 300


def is_reply(subject: str) -> bool:
    """True where a subject says that its mail answers something."""
    return _REPLY.match(subject) is not None


def alike(subject: str) -> str:
    """What two subjects of one matter have in common: folded, without marks in front and without blanks doubled."""
    return " ".join(fold(without_noise(subject[:_COMPARED])).split())


def without_noise(subject: str) -> str:
    """A subject without Re, AW, WG and the like in front."""
    return _NOISE.sub("", subject).strip() or subject.strip()


def reply_subject(subject: str) -> str:
    """The subject of an answer: `Re: ` and theirs."""
    return f"Re: {without_noise(subject)}".strip()


def forward_subject(subject: str) -> str:
    """The subject of what is passed on: `Fwd: ` and theirs."""
    return f"Fwd: {without_noise(subject)}".strip()
