"""How a queue deals with mail: whether it confirms requests, and with what; what becomes of machines' mail."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from helpdesk_tui.config import CalendarSettings
from helpdesk_tui.desk.acknowledging import NO, YES, wording_of
from helpdesk_tui.desk.door import Desk
from helpdesk_tui.errors import NotFound, Usage
from helpdesk_tui.language import _
from helpdesk_tui.rules.acknowledgement import LANGUAGES, checked_text, letter, working_time
from helpdesk_tui.rules.untrusted import clean_line
from helpdesk_tui.store.tables import Queue
from helpdesk_tui.terms import Outcome, Verb

ROBOTS = ("aside", "ticket")
_DECISIONS = {YES: True, NO: False}
#: What stands for the ticket's number where there is no ticket.
_EXAMPLE_NUMBER = 4711


@dataclass(frozen=True, slots=True)
class QueueMail:
    """What is to be changed; None leaves it.

    Args:
        confirms: whether a new request is confirmed; within: by when an answer is promised, in working time (`4h`, ""
            promises none); with_number: whether the ticket's number is told.
        texts: the queue's own text by language, with {until}, {number} and {queue}; "" goes back to ours.
        robots: `aside`, or `ticket` for one ticket of like mails.
        has_plus_addresses: answers come back to an address with a token behind a plus sign.
    """

    confirms: bool | None = None
    within: str | None = None
    with_number: bool | None = None
    texts: Mapping[str, str] = field(default_factory=dict)
    robots: str | None = None
    has_plus_addresses: bool | None = None


@dataclass(frozen=True, slots=True)
class Confirmation:
    """A confirmation as it would go out now; `is_own`: its text is the queue's own."""

    language: str
    subject: str
    text: str
    is_own: bool


@dataclass(frozen=True, slots=True)
class QueueMailNow:
    """How a queue deals with mail now, as `QueueMail` says it; `confirms` is None where nobody has decided."""

    confirms: bool | None
    within: str
    with_number: bool
    robots: str
    has_plus_addresses: bool
    confirmations: tuple[Confirmation, ...]


def set_queue_mail(desk: Desk, name: str, wanted: QueueMail) -> Outcome:
    """Change how a queue deals with mail.

    Raises:
        NotFound: there is no such queue. Usage: a length of time, a text or a word cannot be used.
    """
    with desk.change(Verb.CONFIGURE) as changes:
        apply(_named(changes.session, name), wanted)
        changes.say(_("Queue {name} is changed.").format(name=name))
    return changes.outcome


def apply(queue: Queue, wanted: QueueMail) -> None:
    """Write into a queue what is wanted of it.

    Raises:
        Usage: a length of time, a text or a word cannot be used.
    """
    texts = _checked(wanted)
    if wanted.confirms is not None:
        queue.acknowledges = YES if wanted.confirms else NO
    within = None if wanted.within is None else wanted.within.strip().lower().removesuffix("none")
    for column, value in (
        ("acknowledges_within", within),
        ("acknowledges_with_number", wanted.with_number),
        ("robots", wanted.robots),
        ("has_plus_addresses", wanted.has_plus_addresses),
    ):
        if value is not None:
            setattr(queue, column, value)
    kept = {**queue.acknowledgement, **texts}
    queue.acknowledgement = {language: text for language, text in kept.items() if text}
    _refuse_number_of_none(queue)


def queue_mail(session: Session, name: str, office: CalendarSettings, now: datetime) -> QueueMailNow:
    """How a queue deals with mail, and what it would write to who writes now.

    Raises:
        NotFound: there is no such queue.
    """
    queue = _named(session, name)
    wording = wording_of(queue, office, now, _EXAMPLE_NUMBER)
    return QueueMailNow(
        confirms=_DECISIONS.get(queue.acknowledges),
        within=queue.acknowledges_within,
        with_number=queue.acknowledges_with_number,
        robots=queue.robots,
        has_plus_addresses=queue.has_plus_addresses,
        confirmations=tuple(
            Confirmation(one, *letter(wording, one), is_own=one in queue.acknowledgement) for one in LANGUAGES
        ),
    )


def _named(session: Session, name: str) -> Queue:
    queue = session.execute(select(Queue).where(col(Queue.name) == name)).scalar_one_or_none()
    if queue is None:
        raise NotFound(
            _("There is no queue {name}.").format(name=clean_line(name, 80)), _("`helpdesk queue list` shows them.")
        )
    return queue


def _refuse_number_of_none(queue: Queue) -> None:
    if not queue.acknowledges_with_number and any("{number}" in text for text in queue.acknowledgement.values()):
        raise Usage(
            _("A text has {place} in it, and the queue tells no number.").format(place="{number}"),
            _("Let it tell one (--confirm-with-number), or write the text without it."),
        )


def _checked(wanted: QueueMail) -> dict[str, str]:
    working_time(wanted.within or "")
    if wanted.robots not in (None, *ROBOTS):
        raise Usage(
            _("{word} is not what can be done with machines' mail.").format(word=clean_line(wanted.robots or "", 40)),
            _("Use {words}.").format(words=", ".join(ROBOTS)),
        )
    unknown = [one for one in wanted.texts if one not in LANGUAGES]
    if unknown:
        raise Usage(
            _("There is no text in {language}.").format(language=clean_line(unknown[0], 40)),
            _("Use {words}.").format(words=", ".join(LANGUAGES)),
        )
    return {language: checked_text(text) for language, text in wanted.texts.items()}
