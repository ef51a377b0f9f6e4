"""Questions about prepared texts and macros."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session
from sqlmodel import col

from helpdesk_tui.store.tables import CannedReply, Macro, Queue
from helpdesk_tui.terms import Actor


@dataclass(frozen=True, slots=True)
class CannedRow:
    """A prepared text; `queue` "" is for all, `language` "" for any. `uses`: how often it went out."""

    id: int
    folder: str
    name: str
    text: str
    language: str
    queue: str
    is_shared: bool
    uses: int

    @property
    def path(self) -> str:
        """Folder and name: `Accounts/Password`."""
        return f"{self.folder}/{self.name}" if self.folder else self.name


@dataclass(frozen=True, slots=True)
class MacroRow:
    """Several verbs under a name, and perhaps a digit."""

    id: int
    name: str
    digit: str
    steps: tuple[str, ...]
    queue: str
    is_shared: bool
    uses: int


def canned_replies(session: Session, asker: Actor, queue: str = "") -> list[CannedRow]:
    """The texts this asker may use, by folder and name; in a queue only those that are for it or for all."""
    found = select(CannedReply, col(Queue.name)).outerjoin(Queue, col(Queue.id) == col(CannedReply.queue_id))
    found = found.where(_for(CannedReply, asker, queue)).order_by(col(CannedReply.folder), col(CannedReply.name))
    return [
        CannedRow(one.id, one.folder, one.name, one.text, one.language, name or "", one.agent_id is None, one.uses)
        for one, name in session.execute(found)
    ]


def macros(session: Session, asker: Actor, queue: str = "") -> list[MacroRow]:
    """The macros this asker may use, those with a digit first."""
    found = select(Macro, col(Queue.name)).outerjoin(Queue, col(Queue.id) == col(Macro.queue_id))
    found = found.where(_for(Macro, asker, queue)).order_by(col(Macro.digit) == "", col(Macro.digit), col(Macro.name))
    return [
        MacroRow(one.id, one.name, one.digit, tuple(one.steps), name or "", one.agent_id is None, one.uses)
        for one, name in session.execute(found)
    ]


def _for(table: Any, asker: Actor, queue: str) -> ColumnElement[bool]:
    mine: ColumnElement[bool] = or_(table.agent_id.is_(None), table.agent_id == asker.agent_id)
    if not queue:
        return mine
    return mine & or_(table.queue_id.is_(None), col(Queue.name) == queue)
