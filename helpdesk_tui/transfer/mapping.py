"""What another system's words mean here: its queues, statuses, priorities, categories, people.

A word that is the same here needs no entry. All others are collected, with how often each occurs, before anything is
written; the import then stops, and a mapping file to fill in can be printed.
"""

from __future__ import annotations

import json
import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.orm import Session

from helpdesk_tui.errors import Usage
from helpdesk_tui.language import _
from helpdesk_tui.rules.untrusted import clean_line
from helpdesk_tui.store.queries.setup import categories, queues, teams
from helpdesk_tui.store.queries.transfer import people_here
from helpdesk_tui.terms import Priority, Status
from helpdesk_tui.transfer.table import OPTIONAL, REQUIRED

#: What may be mapped; an empty value means "none" where a ticket may have none.
KINDS = ("queue", "status", "priority", "category", "assignee", "team")
_MAY_BE_NONE = frozenset({"category", "assignee", "team"})
#: Columns of a table may be called otherwise.
COLUMNS = "columns"
_LONGEST = 200


@dataclass(frozen=True, slots=True)
class Unmapped:
    """Words that mean nothing here, by kind, each with how often it occurs."""

    words: dict[str, dict[str, int]]

    def __bool__(self) -> bool:
        return any(self.words.values())

    def template(self) -> str:
        """A mapping file to fill in."""
        lines: list[str] = []
        for kind, words in self.words.items():
            lines += [f"[{kind}]", *(f'{json.dumps(word, ensure_ascii=False)} = ""' for word in words), ""]
        return "\n".join(lines)


class Mapping:
    """Finds what a word means here, and remembers the ones that mean nothing."""

    def __init__(self, session: Session, path: str = "") -> None:
        self._here = _names_here(session)
        self._given = _read(Path(path)) if path else {}
        self._unmapped: defaultdict[str, Counter[str]] = defaultdict(Counter)
        for kind in KINDS:
            for word, meant in self._given.get(kind, {}).items():
                self._check(kind, word, meant, path)
        for word, meant in self._given.get(COLUMNS, {}).items():
            if meant not in (*REQUIRED, *OPTIONAL):
                raise _no_such(path, COLUMNS, word, meant, (*REQUIRED, *OPTIONAL))

    @property
    def unmapped(self) -> Unmapped:
        """What was asked for and means nothing here."""
        return Unmapped({kind: dict(self._unmapped[kind]) for kind in KINDS if self._unmapped[kind]})

    @property
    def columns(self) -> dict[str, str]:
        """What columns are called there, by what they are called here."""
        return {ours: theirs for theirs, ours in self._given.get(COLUMNS, {}).items()}

    def of(self, kind: str) -> dict[str, str]:
        """All entries of a kind."""
        return {
            word: self._here[kind].get(meant.casefold(), meant) for word, meant in self._given.get(kind, {}).items()
        }

    def queue(self, name: str) -> str:
        """The queue that is named on the command line.

        Raises:
            Usage: there is none of this name.
        """
        if name.casefold() not in self._here["queue"]:
            raise Usage(
                _("There is no queue {name}.").format(name=clean_line(name, 80)), _("`helpdesk queue list` shows them.")
            )
        return self._here["queue"][name.casefold()]

    def find(self, kind: str, word: str) -> str:
        """What a word means here; "" for an empty one, one that is mapped to nothing, and one that is unknown."""
        word = clean_line(word, _LONGEST)
        if not word:
            return ""
        meant = self._given.get(kind, {}).get(word, word)
        if not meant:
            return ""
        here = self._here[kind].get(meant.casefold())
        if here is None:
            self._unmapped[kind][word] += 1
        return here or ""

    def _check(self, kind: str, word: str, meant: str, path: str) -> None:
        if meant.casefold() not in self._here[kind] and not (meant == "" and kind in _MAY_BE_NONE):
            raise _no_such(path, kind, word, meant, set(self._here[kind].values()))


def _no_such(path: str, kind: str, word: str, meant: str, known: Iterable[str]) -> Usage:
    quoted = {
        name: json.dumps(clean_line(text, 80), ensure_ascii=False) for name, text in (("word", word), ("meant", meant))
    }
    return Usage(
        _("{path}: [{kind}] {word} means {meant}, which is none here.").format(path=path, kind=kind, **quoted),
        _("Known are: {words}").format(words=", ".join(sorted(known))),
    )


def _names_here(session: Session) -> dict[str, dict[str, str]]:
    """What may be named, by each of its names, case-folded."""
    people = people_here(session)
    by_name = {one.name: one.login for one in people} | {one.email: one.login for one in people}
    by_name = {name: login for name, login in by_name.items() if name} | {one.login: one.login for one in people}
    return {
        "queue": _folded(queue.name for queue in queues(session)),
        "status": _folded(Status),
        "priority": _folded(Priority),
        "category": _folded(categories(session)),
        "assignee": {name.casefold(): login for name, login in by_name.items()},
        "team": _folded(team.name for team in teams(session)),
    }


def _folded(names: Iterable[str]) -> dict[str, str]:
    return {name.casefold(): str(name) for name in names}


def _read(path: Path) -> dict[str, dict[str, str]]:
    try:
        given = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        words = (error.strerror if isinstance(error, OSError) else None) or clean_line(str(error), 200)
        raise Usage(
            _("The mapping file {path} cannot be read: {words}.").format(path=path, words=words),
            _("`--dry-run` prints one to fill in."),
        ) from error
    for kind, words in given.items():
        if kind not in (*KINDS, COLUMNS) or not isinstance(words, dict) or not _are_texts(words.values()):
            raise Usage(
                _("{path}: [{kind}] is no part of a mapping file.").format(path=path, kind=clean_line(kind, 80)),
                _('Parts are {parts}; in each stands "their word" = "our word".').format(
                    parts=", ".join((*KINDS, COLUMNS))
                ),
            )
    return given


def _are_texts(values: Iterable[object]) -> bool:
    return all(isinstance(value, str) for value in values)
