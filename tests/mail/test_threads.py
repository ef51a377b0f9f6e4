"""Real threads of others: an answer is found by the mails it names, and nothing is merged by its subject alone.

Set HELPDESK_MAIL_CORPUS to the folder with aerc-jwz and spamassassin/threads.json.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from helpdesk_tui.desk.door import Desk
from helpdesk_tui.mail.parse import parse
from helpdesk_tui.terms import Disposition, FiledMail, IncomingMail
from tests.build import MORNING, FrozenClock, Proves, thread
from tests.mail.letterbox import taken_in

FOLDER = Path(os.environ.get("HELPDESK_MAIL_CORPUS", ""))
pytestmark = [
    pytest.mark.skipif(
        not os.environ.get("HELPDESK_MAIL_CORPUS"),
        reason="NOT TESTED: real threads of others (HELPDESK_MAIL_CORPUS names no folder)",
    ),
    pytest.mark.parametrize("place", ["sqlite"], indirect=True),
]
WANTED = 0.98


#: An answer that is not put to the mail it names, and why.
MISSED = {"00715.c11e77af45a2debe41aed46b2be09d59.txt": "by its date it was written before the mail that it answers"}


@dataclass(frozen=True)
class Step:
    """One mail of a thread: where it went, and the mails it names that had come before, its parent first."""

    name: str
    mail: IncomingMail
    filed: FiledMail
    ancestors: tuple[Step, ...]

    @property
    def is_with_parent(self) -> bool:
        """True where it stands in the ticket of its parent, or names that, or stands where its parent is linked to.

        Who takes part in a ticket goes on there: their answer to somebody else's is linked to it already.
        """
        parent = self.ancestors[0].filed if self.ancestors else None
        return parent is not None and (self.is_with(parent) or self.filed.ticket == parent.linked_to)

    def is_with(self, other: FiledMail) -> bool:
        """True where it stands in the ticket of that mail or is linked to it."""
        return other.ticket in (self.filed.ticket, self.filed.linked_to)


def threads() -> list[Path]:
    """Whole threads of mailing lists."""
    listed = json.loads((FOLDER / "spamassassin" / "threads.json").read_text())
    return [FOLDER / "spamassassin" / name for thread in listed for name in thread]


def mixed() -> list[Path]:
    """Mails of lists, in part of the same threads."""
    return sorted((FOLDER / "aerc-jwz").glob("*.eml"))


def steps(desk: Desk, clock: FrozenClock, files: list[Path]) -> Iterator[Step]:
    """Each of these mails, taken in in the order in which they were written."""
    mails = [(parse(file.read_bytes()), file) for file in files]
    known: dict[str, Step] = {}
    for mail, file in sorted(mails, key=lambda one: one[0].sent_at or MORNING):
        clock.advance(minutes=1)
        named = dict.fromkeys([*mail.in_reply_to, *reversed(mail.references)])
        ancestors = tuple(known[one] for one in named if one in known)
        known[mail.message_id] = Step(file.name, mail, taken_in(desk, file.read_bytes()), ancestors)
        yield known[mail.message_id]


@pytest.mark.parametrize(("files", "count"), [(mixed, 29), (threads, 129)], ids=["mixed", "threads"])
def test_an_answer_is_put_to_the_mail_it_names_and_nowhere_by_its_subject_alone(
    desk: Desk, clock: FrozenClock, files: Callable[[], list[Path]], count: int, proves: Proves
) -> None:
    found = list(steps(desk, clock, files()))
    there = {step.mail.message_id for step in found}
    answers = [step for step in found if there.intersection((*step.mail.in_reply_to, *step.mail.references))]
    right = [step for step in answers if step.is_with_parent]
    assert len(answers) == count
    assert {step.name for step in answers} - {step.name for step in right} <= set(MISSED)
    assert len(right) / len(answers) >= WANTED
    proves("answers in real threads", len(answers))
    proves("answers put to the mail they name", len(right))
    assert_nothing_is_merged_by_subject_alone(desk, found)


def assert_nothing_is_merged_by_subject_alone(desk: Desk, found: list[Step]) -> None:
    merged = [step for step in found if step.filed.disposition is Disposition.APPENDED]
    assert all(any(step.filed.ticket == one.filed.ticket for one in step.ancestors) for step in merged)
    opened = {step.filed.ticket for step in found} - {step.filed.ticket for step in merged}
    assert all(len(thread(desk, number or 0)) == 1 for number in opened)
