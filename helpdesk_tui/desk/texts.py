"""Prepared texts and macros: written by those who use them, counted as they are used, and not by whom."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ARRAY, BigInteger, cast, func, or_, select, update
from sqlalchemy.orm import Session
from sqlmodel import col

from helpdesk_tui.desk.door import Changes, Desk
from helpdesk_tui.errors import NotFound, Refused, Usage
from helpdesk_tui.language import _
from helpdesk_tui.rules import permissions
from helpdesk_tui.rules.acknowledgement import LANGUAGES
from helpdesk_tui.rules.macros import read_steps
from helpdesk_tui.rules.placeholders import check
from helpdesk_tui.rules.untrusted import clean_line, clean_text
from helpdesk_tui.store.sight import sees
from helpdesk_tui.store.statements import is_among, is_postgres
from helpdesk_tui.store.tables import CannedReply, Macro, Queue
from helpdesk_tui.terms import Outcome, Verb

_LONGEST = 20_000


@dataclass(frozen=True, slots=True)
class CannedText:
    """A prepared text as it is to be; `is_shared`: everybody may use it. `queue`, `language`: "" is any."""

    name: str
    text: str
    folder: str = ""
    queue: str = ""
    language: str = ""
    is_shared: bool = False


@dataclass(frozen=True, slots=True)
class MacroText:
    """A macro as it is to be; `digit` is the key under which it stands in a ticket, "" is none."""

    name: str
    steps: tuple[str, ...]
    digit: str = ""
    queue: str = ""
    is_shared: bool = False


def keep_text(desk: Desk, *wanted: CannedText) -> Outcome:
    """Keep prepared texts, all or none; one of the same folder and name, of the same owner, is replaced.

    Raises:
        Usage: name or text cannot be used. Refused: it is to be everybody's, and the actor may not do that.
    """
    for one in wanted:
        _check_text(one)
    with _writing(desk, wanted) as changes:
        for one in wanted:
            changes.say(_("Kept as {path}").format(path=_write_text(changes, one)))
    return changes.outcome


def _check_text(wanted: CannedText) -> None:
    name, text = clean_line(wanted.name, 100), clean_text(wanted.text).strip()
    if not name or "/" in name or not text or len(text) > _LONGEST:
        raise Usage(
            _("The text “{name}” cannot be kept.").format(name=name),
            _("It needs a name without a slash, and {n} letters at most.").format(n=_LONGEST),
        )
    if wanted.language not in ("", *LANGUAGES):
        raise Usage(_("{word} is no language.").format(word=clean_line(wanted.language, 20)), ", ".join(LANGUAGES))
    check(text)


def _write_text(changes: Changes, wanted: CannedText) -> str:
    folder, name = clean_line(wanted.folder, 100), clean_line(wanted.name, 100)
    place = _place(changes, wanted.queue, is_shared=wanted.is_shared)
    row = _found(changes.session, CannedReply, place, CannedReply.folder == folder, CannedReply.name == name)
    row = row or CannedReply(**place, folder=folder, name=name, updated_at=changes.now)
    row.text, row.language, row.queue_id = clean_text(wanted.text).strip(), wanted.language, place["queue_id"]
    row.updated_at = changes.now
    changes.session.add(row)
    changes.session.flush()
    return f"{folder}/{name}" if folder else name


def keep_macro(desk: Desk, *wanted: MacroText) -> Outcome:
    """Keep macros, all or none; one of the same name and owner is replaced, and another one leaves its digit.

    Raises:
        Usage: a step cannot be read, or the digit is none. Refused: it is to be everybody's, and the actor may not.
    """
    for one in wanted:
        if not clean_line(one.name, 100) or one.digit not in ("", *"123456789"):
            raise Usage(
                _("The macro “{name}” cannot be kept.").format(name=clean_line(one.name, 100)),
                _("It needs a name, and a digit from 1 to 9 or none."),
            )
        read_steps(one.steps)
    with _writing(desk, wanted) as changes:
        for one in wanted:
            changes.say(_("Macro {name} is kept").format(name=_write_macro(changes, one)))
    return changes.outcome


def _write_macro(changes: Changes, wanted: MacroText) -> str:
    name = clean_line(wanted.name, 100)
    place = _place(changes, wanted.queue, is_shared=wanted.is_shared)
    if wanted.digit:
        taken = update(Macro).where(_owned(Macro, place), col(Macro.digit) == wanted.digit, col(Macro.name) != name)
        if place["queue_id"] is not None:  # those of other queues are not in the way, and may be out of sight
            taken = taken.where(or_(col(Macro.queue_id).is_(None), col(Macro.queue_id) == place["queue_id"]))
        changes.session.execute(taken.values(digit="").execution_options(synchronize_session=False))
    row = _found(changes.session, Macro, place, Macro.name == name)
    row = row or Macro(**place, name=name, updated_at=changes.now)
    row.steps, row.digit = [clean_text(one).strip() for one in wanted.steps], wanted.digit
    row.queue_id, row.updated_at = place["queue_id"], changes.now
    changes.session.add(row)
    changes.session.flush()
    return name


def drop_text(desk: Desk, text_id: int) -> Outcome:
    """Throw a prepared text away."""
    return _drop(desk, CannedReply, text_id)


def drop_macro(desk: Desk, macro_id: int) -> Outcome:
    """Throw a macro away."""
    return _drop(desk, Macro, macro_id)


def count_uses(session: Session, texts: Iterable[int], macros: Iterable[int] = ()) -> None:
    """These texts went out, and these macros were done, once more."""
    of_each: dict[Any, list[int]] = {CannedReply: list(texts), Macro: list(macros)}
    if not any(of_each.values()):
        return
    if is_postgres(session):  # everybody's are used by those, too, who may not write them
        lists = (cast(ids, ARRAY(BigInteger)) for ids in of_each.values())
        session.execute(select(func.helpdesk_used(*lists)))
        return
    for table, ids in of_each.items():
        more = update(table).where(is_among(session, col(table.id), ids)).values(uses=table.uses + 1)
        session.execute(more.execution_options(synchronize_session=False))


def _writing(desk: Desk, wanted: Sequence[CannedText] | Sequence[MacroText]) -> AbstractContextManager[Changes]:
    return desk.change(Verb.SHARED_TEXTS if any(one.is_shared for one in wanted) else Verb.TEXTS)


def _place(changes: Changes, queue: str, *, is_shared: bool) -> dict[str, Any]:
    """Whose it is, and for which queue."""
    queue_id = None
    if queue:
        named = select(col(Queue.id)).where(col(Queue.name) == queue)
        queue_id = changes.session.execute(named).scalar_one_or_none()
        if queue_id is None or not sees(changes.session, queue_id):
            raise NotFound(
                _("There is no queue {name}.").format(name=clean_line(queue, 80)),
                _("`helpdesk queue list` shows them."),
            )
    return {"agent_id": None if is_shared else changes.actor.agent_id, "queue_id": queue_id}


def _owned(table: Any, place: dict[str, Any]) -> Any:
    owner = place["agent_id"]
    return table.agent_id.is_(None) if owner is None else table.agent_id == owner


def _found(session: Session, table: Any, place: dict[str, Any], *named: Any) -> Any:
    found = select(table).where(_owned(table, place), *named)
    return session.execute(found.order_by(table.id).limit(1)).scalars().first()


def _drop(desk: Desk, table: Any, row_id: int) -> Outcome:
    with desk.change(Verb.TEXTS) as changes:
        row = changes.session.get(table, row_id)
        if row is None or row.agent_id not in (None, desk.actor.agent_id):
            raise NotFound(_("There is none of this id."), "")
        if row.agent_id is None and (reason := permissions.refusal(desk.actor, Verb.SHARED_TEXTS)):
            raise Refused(reason, "")
        changes.session.delete(row)
        changes.say(_("{name} is gone").format(name=row.name))
    return changes.outcome


def steps_of(session: Session, macro_id: int) -> tuple[str, Sequence[str]]:
    """The name of a macro and its steps.

    Raises:
        NotFound: there is no such macro.
    """
    row = session.get(Macro, macro_id)
    if row is None:
        raise NotFound(_("There is no such macro."), "")
    return row.name, row.steps
