"""Trying mails one by one on a store that stands each time as if it were the first, and seeing what each changes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from helpdesk_tui.terms import FiledMail
from tests.build import Place
from tests.mail.crossing import mail_of
from tests.mail.letterbox import taken_in
from tests.mail.oracle import Case, Fate
from tests.mail.scene import Rows, Scene, Setting, State, all_rows, build, next_recipient, restored

#: What a ticket is found by, which is written anew with each mail.
_WORDS = "ticket_words"


@dataclass(frozen=True)
class Trial:
    """One mail, where it went, and all that it changed.

    Args:
        fate: where it went, in the words of the oracle.
        new: the rows that it added, by table; changed: of each row that was there, the names that it changed, by table;
            gone: how many rows it took away.
        next_before, next_after: the address that the next answer on the ticket goes to.
    """

    case: Case
    raw: bytes
    fate: Fate
    reason: str
    new: dict[str, list[dict[str, Any]]]
    changed: dict[str, list[set[str]]]
    gone: int
    next_before: str
    next_after: str


@dataclass(frozen=True)
class Start:
    """How a store stands before a mail, and the address that the next answer on the ticket goes to."""

    rows: Rows
    next_recipient: str


def tried(place: Place, cases: Sequence[Case], superuser_url: str = "") -> Iterator[Trial]:
    """What becomes of each of these mails."""
    with restored(place, superuser_url, "nothing") as start_again:
        for setting, some in groupby(sorted(cases, key=_order), key=_setting):
            start_again()
            scene = build(place, setting)
            with restored(place, superuser_url) as go_back:
                start = start_of(scene)
                for case in some:
                    yield trial(case, mail_of(case, scene), scene, start)
                    go_back()


def start_of(scene: Scene) -> Start:
    """How the store stands now."""
    return Start(all_rows(scene.desk), next_recipient(scene))


def trial(case: Case, raw: bytes, scene: Scene, start: Start) -> Trial:
    """What becomes of this mail now."""
    found = taken_in(scene.desk, raw)
    fate = _fate(found, scene, case.state)
    changes = _changes(start.rows, all_rows(scene.desk))
    return Trial(case, raw, fate, found.reason, *changes, start.next_recipient, next_recipient(scene))


def _setting(case: Case) -> Setting:
    return Setting(case.state, case.is_confidential, case.is_told)


def _order(case: Case) -> tuple[str, bool, bool]:
    return case.state, case.is_confidential, case.is_told


def _fate(found: FiledMail, scene: Scene, state: State) -> Fate:
    main = scene.target if state is State.MERGED else scene.number
    names = {None: "", main: "main", scene.other: "other"}
    return Fate(
        found.row, found.disposition, names.get(found.ticket, "new"), names.get(found.linked_to, str(found.linked_to))
    )


def _changes(before: Rows, after: Rows) -> tuple[dict[str, list[dict[str, Any]]], dict[str, list[set[str]]], int]:
    new = {name: [one for key, one in rows.items() if key not in before[name]] for name, rows in after.items()}
    changed = {
        name: [
            {field for field in one if one[field] != rows[key][field]}
            for key, one in rows_before.items()
            if key in rows
        ]
        for name, rows_before in before.items()
        for rows in [after[name]]
        if name != _WORDS
    }
    gone = sum(key not in after[name] for name, rows in before.items() for key in rows if name != _WORDS)
    return new, {name: [one for one in some if one] for name, some in changed.items()}, gone
