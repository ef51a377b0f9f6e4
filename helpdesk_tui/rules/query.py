"""The query language: one text, one tree, the same in list, view, command and bulk.

    is:open queue:billing -tag:vpn printer "third floor"

Terms are joined by "and"; `-` in front turns one round. New terms are added to `FIELDS` here and translated in
`store.queries`, nowhere else.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from helpdesk_tui.errors import QueryError
from helpdesk_tui.language import _
from helpdesk_tui.rules.untrusted import clean_line
from helpdesk_tui.terms import Priority, Status

#: Values of `is:`. The ones that are not statuses: `open` all that is not ended, `unassigned`, `overdue`, `waiting`
#: (for the customer or others), `due` (a date is set), `callback` (called today, or waiting for it), `calling` (and it is
#: you or your team who calls), `failed` (a mail of ours was not delivered, or maybe not), `spam`, `any` (also what is
#: ended).
IS_VALUES = (
    "open", "unassigned", "overdue", "due", "waiting", "solved", "closed", "cancelled", "new", "callback", "calling",
    "failed", "spam", "any", "snoozed", "incident", "watched", "noticed",
)  # fmt: skip
FIELDS = ("is", "queue", "status", "priority", "assignee", "category", "tag")
_KNOWN_VALUES: dict[str, tuple[str, ...]] = {
    "is": IS_VALUES,
    "status": tuple(Status),
    "priority": tuple(Priority),
}
_TOKEN = re.compile(r'\s*(-?)(?:([^\W\d_][\w-]*):(?!//))?(?:"([^"]*)"?|(\S+))')


_FIELD = re.compile(r"[^\W\d_][\w-]*:")


@dataclass(frozen=True, slots=True)
class Term:
    """One condition: `field` "" is plain words, "me" the asker's own. `position` is its offset in the query."""

    field: str
    value: str
    is_negated: bool
    position: int


@dataclass(frozen=True, slots=True)
class Query:
    """A conjunction of terms."""

    terms: tuple[Term, ...] = ()

    @property
    def names_ended(self) -> bool:
        """True where the query itself says whether it wants what is closed or cancelled."""
        ended = ("any", "closed", "cancelled", "solved", "failed", "callback", "calling", "watched", "noticed")
        named = (t for t in self.terms if not t.is_negated)
        return any(t.field == "status" or (t.field == "is" and t.value in ended) for t in named)


def parse(text: str) -> Query:
    """Read a query.

    Raises:
        QueryError: a field or a fixed value is unknown; carries the offset of the word.
    """
    terms: list[Term] = []
    at = 0
    while found := _TOKEN.match(text, at):
        terms.append(_term(text, found))
        at = found.end()
    return Query(tuple(terms))


def _term(text: str, found: re.Match[str]) -> Term:
    minus, field, quoted, word = found.groups()
    position = found.end(1)
    value = quoted if quoted is not None else word
    if field is None and _FIELD.fullmatch(value):
        field, value = value[:-1], ""
    if field is None:
        is_me = quoted is None and word == "me"
        return Term("me" if is_me else "", value, bool(minus), position)
    name = field.lower()
    if name not in FIELDS:
        raise _unknown(
            _("{field}: is not a term of the query language").format(field=field), ", ".join(FIELDS), position
        )
    if not value:
        raise _unknown(_("{field}: needs a value").format(field=name), _example(name), position)
    known = _KNOWN_VALUES.get(name)
    if known and value not in known:
        raise _unknown(_("{field}:{value} is unknown").format(field=name, value=value), ", ".join(known), position)
    return Term(name, value, bool(minus), position)


def _example(name: str) -> str:
    return ", ".join(_KNOWN_VALUES.get(name, (f"{name}:NAME",)))


def unknown_value(term: Term, known: Iterable[str]) -> QueryError:
    """What to say of a name that a store does not know."""
    said = _("{field}:{value} is unknown").format(field=term.field, value=clean_line(term.value, 40))
    return _unknown(said, ", ".join(sorted(known)) or _("none"), term.position)


def not_for_you(term: Term, reason: str) -> QueryError:
    """What to say of a term that whoever asks may not use."""
    return QueryError(
        _("{field}:{value} is not for you (at character {n}).").format(
            field=term.field, value=clean_line(term.value, 40), n=term.position + 1
        ),
        reason,
        term.position,
    )


def _unknown(what: str, known: str, position: int) -> QueryError:
    return QueryError(
        _("{what} (at character {n}).").format(what=what, n=position + 1),
        _("Known: {known}").format(known=known),
        position,
    )
