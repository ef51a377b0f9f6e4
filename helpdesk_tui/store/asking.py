"""Asking the same again and again: statements that are built once, and what stays as it is for a whole transaction."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from sqlalchemy import Executable, Result
from sqlalchemy.orm import Session

from helpdesk_tui.store import sight

_ONCE = "asked_once"
_T = TypeVar("_T")


def answer(session: Session, statement: Executable, values: Mapping[str, Any]) -> Result[Any]:
    """What a statement finds that was built beforehand and names columns, not rows; limited as all that is asked.

    Where the asker sees everything, the connection is asked: the session's own part in it takes as long as the rest.
    """
    if sight.is_limited(session):
        return session.execute(statement, values)
    return session.connection().execute(statement, values)


def once(session: Session, question: Callable[[Session], _T]) -> _T:
    """The answer to a question that has the same one for the whole transaction; it is asked there for the first time."""
    known: dict[Callable[[Session], Any], Any] = session.info.setdefault(_ONCE, {})
    if question not in known:
        known[question] = question(session)
    found: _T = known[question]
    return found
