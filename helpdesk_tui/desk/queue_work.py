"""How work is done in a queue: whether one says what solved a ticket, when it closes, how letters begin and end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from helpdesk_tui.errors import NotFound, Usage
from helpdesk_tui.language import _
from helpdesk_tui.rules.acknowledgement import LANGUAGES
from helpdesk_tui.rules.calendar import LONGEST_WAIT
from helpdesk_tui.rules.placeholders import check
from helpdesk_tui.rules.untrusted import clean_line, clean_text
from helpdesk_tui.store.tables import Queue
from helpdesk_tui.terms import ResolutionRule

_LONGEST_TEXT = 2_000


@dataclass(frozen=True, slots=True)
class QueueWork:
    """What is to be changed; None leaves it.

    Args:
        resolution_rule: whether one is asked what solved a ticket. closes_after: working days; 0 is never.
        salutation, signature: by language, with places such as {{customer}} and {{agent}}; "" takes one away.
    """

    resolution_rule: ResolutionRule | None = None
    closes_after: int | None = None
    salutation: Mapping[str, str] = field(default_factory=dict)
    signature: Mapping[str, str] = field(default_factory=dict)


def apply(queue: Queue, wanted: QueueWork) -> None:
    """Write into a queue what is wanted of it.

    Raises:
        Usage: a number or a text cannot be used.
    """
    if wanted.closes_after is not None:
        if not 0 <= wanted.closes_after <= LONGEST_WAIT:
            raise Usage(
                _("{n} is no number of working days.").format(n=wanted.closes_after), _("Use 0 (never) to 250.")
            )
        queue.closes_after = wanted.closes_after
    if wanted.resolution_rule is not None:
        queue.resolution_rule = wanted.resolution_rule
    queue.salutation = _merged(queue.salutation, wanted.salutation)
    queue.signature = _merged(queue.signature, wanted.signature)


def queue_work(session: Session, name: str) -> QueueWork:
    """How work is done in a queue now.

    Raises:
        NotFound: there is no such queue.
    """
    queue = session.execute(select(Queue).where(col(Queue.name) == name)).scalar_one_or_none()
    if queue is None:
        raise NotFound(
            _("There is no queue {name}.").format(name=clean_line(name, 80)), _("`helpdesk queue list` shows them.")
        )
    return QueueWork(ResolutionRule(queue.resolution_rule), queue.closes_after, queue.salutation, queue.signature)


def _merged(had: Mapping[str, str], wanted: Mapping[str, str]) -> dict[str, str]:
    """The texts by language once these are written.

    Raises:
        Usage: one is too long, or has a place that cannot be filled in.
    """
    texts = dict(had)
    for language, text in wanted.items():
        cleaned = clean_text(text).strip()
        check(cleaned)
        if len(cleaned) > _LONGEST_TEXT or language not in LANGUAGES:
            raise Usage(
                _("This text cannot be used."),
                _("It may have {n} characters, in German or English.").format(n=_LONGEST_TEXT),
            )
        texts[language] = cleaned
    return {language: text for language, text in texts.items() if text}
