"""Places on the way of a mail, where a test halts or ends the process."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from typing import Any, NamedTuple

import pytest

IMAP = "helpdesk_tui.mail.imap:ImapMailbox"
AFTER = "helpdesk_tui.mail.imap_after"
MAILROOM = "helpdesk_tui.desk.mailroom"
READERS = "helpdesk_tui.mail.readers"
ASKED = "helpdesk_tui.mail.reader:Reader.ask"
COMMIT = "sqlalchemy.orm:Session.commit"


class Step(NamedTuple):
    """A place on the way of a mail, and at which of its turns the process ends there."""

    name: str
    when: str
    target: str
    turns: tuple[int, ...]


def is_there(step: Step) -> bool:
    """True where the program has what a step names: what was renamed would be found in the long run only."""
    module, _mark, name = step.target.partition(":")
    found: Any = importlib.import_module(module)
    for part in name.split("."):
        found = getattr(found, part, None)
    return callable(found)


def more_cases(
    way: tuple[Step, ...], drawn: tuple[str, str, int], stores: Sequence[str] = ("sqlite", "postgres")
) -> list[Any]:
    """The same for another way; one case is for every day."""
    assert all(map(is_there, way)), [step.target for step in way if not is_there(step)]
    every = [(store, step, turn) for store in stores for step in way for turn in step.turns]
    named = [((store, step.name, turn), (store, step, turn)) for store, step, turn in every]
    return [
        pytest.param(*case, marks=() if name == drawn else pytest.mark.long, id="-".join(map(str, name)))
        for name, case in named
    ]
