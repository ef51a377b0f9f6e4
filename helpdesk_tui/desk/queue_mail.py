"""How a queue deals with mail: whether it confirms requests, and with what; what becomes of machines' mail."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlmodel import col

from helpdesk_tui.desk.acknowledging import NO, YES
from helpdesk_tui.desk.door import Desk
from helpdesk_tui.errors import NotFound, Usage
from helpdesk_tui.language import _
from helpdesk_tui.rules.acknowledgement import LANGUAGES, checked_text, working_time
from helpdesk_tui.rules.untrusted import clean_line
from helpdesk_tui.store.tables import Queue
from helpdesk_tui.terms import Outcome, Verb

ROBOTS = ("aside", "ticket")


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


def set_queue_mail(desk: Desk, name: str, wanted: QueueMail) -> Outcome:
    """Change how a queue deals with mail.

    Raises:
        NotFound: there is no such queue. Usage: a length of time, a text or a word cannot be used.
    """
    texts = _checked(wanted)
    with desk.change(Verb.CONFIGURE) as changes:
        queue = changes.session.execute(select(Queue).where(col(Queue.name) == name)).scalar_one_or_none()
        if queue is None:
            raise NotFound(
                _("There is no queue {name}.").format(name=clean_line(name, 80)), _("`helpdesk queue list` shows them.")
            )
        if wanted.confirms is not None:
            queue.acknowledges = YES if wanted.confirms else NO
        for column, value in (
            ("acknowledges_within", wanted.within),
            ("acknowledges_with_number", wanted.with_number),
            ("robots", wanted.robots),
            ("has_plus_addresses", wanted.has_plus_addresses),
        ):
            if value is not None:
                setattr(queue, column, value)
        if texts:
            kept = {**queue.acknowledgement, **texts}
            queue.acknowledgement = {language: text for language, text in kept.items() if text}
        changes.say(_("Queue {name} is changed.").format(name=name))
    return changes.outcome


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
