"""Taking an import back: what nobody has touched since goes, with all that came with it; what happened stays told.

It goes some tickets at a time, each time in one transaction, and can be broken off and begun again.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session
from sqlmodel import col

from helpdesk_tui.desk.door import Desk
from helpdesk_tui.desk.imports import importing, refuse_others
from helpdesk_tui.errors import NotFound
from helpdesk_tui.language import _
from helpdesk_tui.store import removal, search
from helpdesk_tui.store.queries.transfer import MAIL, NUMBER, THREAD, TICKET, ImportRow, import_named
from helpdesk_tui.store.statements import add_rows, is_among
from helpdesk_tui.store.tables import Batch, Event, ExternalRef, ImportReject, ImportRun, Message, Ticket
from helpdesk_tui.store.transaction import TELLS, tried_again, writing
from helpdesk_tui.terms import SYSTEM, ImportState, Verb

_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class TakenBack:
    """What taking an import back came to.

    Args:
        kept: numbers of the tickets that somebody has touched since; hidden: how many more lie where one sees nothing.
    """

    batch: str
    tickets: int
    messages: int
    kept: tuple[int, ...]
    hidden: int = 0


@dataclass
class _Work:
    """One transaction of it, and what it came to."""

    session: Session
    run: ImportRow
    undo_id: str
    actor_id: int | None
    now: datetime
    tickets: int = 0
    messages: int = 0
    kept: list[int] = field(default_factory=list)

    def record(self, ticket: Ticket, changes: dict[str, list[Any]]) -> None:
        """Write down the event of a ticket, while there is one."""
        place = {"ticket_id": ticket.id, "queue_id": ticket.queue_id, "batch_id": self.undo_id}
        by = {"actor_id": self.actor_id, "verb": Verb.UNDO, "at": self.now}
        add_rows(self.session, Event, [{**place, **by, "changes": changes}])

    def locked(self, ids: list[int]) -> list[Ticket]:
        """These tickets, which nobody else changes until the end."""
        named = select(Ticket).where(is_among(self.session, col(Ticket.id), ids)).order_by(col(Ticket.id))
        return list(self.session.execute(named.with_for_update()).scalars())


_Step = Callable[[_Work, int], int]


def take_back(desk: Desk, batch: str, tell: Callable[[int], None] | None = None) -> TakenBack:
    """Remove what an import brought, where nobody has touched it since; it can then be imported again.

    Args:
        tell: is told after each transaction how many tickets are gone.
    Raises:
        NotFound: there is no such import. Refused: this actor may not. Busy: somebody is importing.
    """
    refuse_others(desk)
    run = desk.acting_as(SYSTEM).ask(import_named, batch)
    if run is None:
        raise NotFound(_("There is no import {id}.").format(id=batch), _("`helpdesk import list` shows them."))
    done = TakenBack(batch, 0, 0, ())
    with importing(desk, run.system) as hold:
        undo_id = _open(desk, run)
        for step in (_remove_tickets, _remove_messages):
            last = 0
            while last >= 0:
                hold()
                last, work = tried_again(partial(_take, desk, run, undo_id, step, last))
                kept = (*done.kept, *work.kept)
                done = TakenBack(batch, done.tickets + work.tickets, done.messages + work.messages, kept)
                if tell:
                    tell(done.tickets)
        tried_again(partial(_close, desk, run))
    seen = desk.ask(_seen, done.kept)
    return replace(
        done, kept=tuple(number for number in done.kept if number in seen), hidden=len(done.kept) - len(seen)
    )


def _seen(session: Session, numbers: Sequence[int]) -> set[int]:
    """Those of these tickets that whoever asks may see."""
    found = select(col(Ticket.number)).where(is_among(session, col(Ticket.number), numbers))
    return set(session.execute(found).scalars())


def _open(desk: Desk, run: ImportRow) -> str:
    """The id of the batch under which an import is taken back; once begun, it stays the same."""
    with writing(desk.store, SYSTEM) as session:
        batch = session.get_one(Batch, run.batch)
        if batch.undone_by is None:
            batch.undone_by = uuid.uuid4().hex
            row = {"id": batch.undone_by, "actor_id": desk.actor.agent_id, "verb": Verb.IMPORT, "at": desk.clock()}
            add_rows(session, Batch, [{**row, "outcome": {"text": _("an import taken back"), "tickets": []}}])
            session.flush()
        return batch.undone_by


def _take(desk: Desk, run: ImportRow, undo_id: str, step: _Step, last: int) -> tuple[int, _Work]:
    with writing(desk.store, SYSTEM) as session:
        removal.hold_contents(session)
        work = _Work(session, run, undo_id, desk.actor.agent_id, desk.clock())
        last = step(work, last)
        session.info[TELLS] = True
        return last, work


def _remove_tickets(work: _Work, last: int) -> int:
    """Remove the next tickets the import made; returns the last one that was looked at, -1 at the end."""
    session = work.session
    made = select(col(ExternalRef.own_id)).where(
        col(ExternalRef.import_id) == work.run.batch, col(ExternalRef.type) == TICKET, col(ExternalRef.own_id) > last
    )
    ids = list(session.execute(made.order_by(col(ExternalRef.own_id)).limit(_AT_ONCE)).scalars())
    if not ids:
        return -1
    tickets = work.locked(ids)
    stay = removal.touched(session, work.run.batch, ids)
    gone = {ticket.id: ticket.number for ticket in tickets if ticket.id not in stay}
    for ticket in tickets:
        if ticket.id in stay:
            work.kept.append(ticket.number)
        else:
            work.record(ticket, {"number": [ticket.number, None]})
    session.expunge_all()
    work.tickets, work.messages = len(gone), removal.remove_tickets(session, gone)
    return ids[-1]


def _remove_messages(work: _Work, last: int) -> int:
    """Remove the next messages that the import added to tickets of others; returns as `_remove_tickets` does."""
    session, batch = work.session, work.run.batch
    made = select(col(ExternalRef.own_id)).where(col(ExternalRef.import_id) == batch, col(ExternalRef.type) == TICKET)
    named = select(col(Message.ticket_id)).join(ExternalRef, col(ExternalRef.own_id) == col(Message.id))
    named = named.where(col(ExternalRef.import_id) == batch, col(ExternalRef.type) == MAIL)
    named = named.where(col(Message.ticket_id) > last, col(Message.ticket_id).not_in(made))
    ids = list(session.execute(named.distinct().order_by(col(Message.ticket_id)).limit(_AT_ONCE)).scalars())
    for ticket in work.locked(ids):
        _shorten(work, ticket)
    return ids[-1] if ids else -1


def _shorten(work: _Work, ticket: Ticket) -> None:
    """Take the import's messages off a ticket, and let it stand as it did before; not where others came since."""
    session, batch = work.session, work.run.batch
    rows = select(Event).where(col(Event.ticket_id) == ticket.id).order_by(col(Event.id))
    events = list(session.execute(rows).scalars())
    first = next((place for place, event in enumerate(events) if event.batch_id == batch), len(events))
    ours = removal.settled(session, batch)
    if any(event.batch_id not in ours for event in events[first:]) or removal.have_work(session, [ticket.id]):
        work.kept.append(ticket.number)
        return
    named = select(col(Message.id)).join(ExternalRef, col(ExternalRef.own_id) == col(Message.id))
    named = named.where(col(ExternalRef.import_id) == batch, col(ExternalRef.type) == MAIL)
    messages = list(session.execute(named.where(col(Message.ticket_id) == ticket.id)).scalars())
    work.record(
        ticket,
        {
            **_stand_as_before(ticket, [event for event in events[first:] if event.batch_id == batch]),
            "message": [messages[0], None],
        },
    )
    removal.remove_messages(session, messages)
    removal.forget(session, (THREAD, NUMBER), [ticket.id], batch)
    session.flush()
    search.rebuild(session, ticket.id)
    work.messages += len(messages)


def _stand_as_before(ticket: Ticket, events: list[Event]) -> dict[str, list[Any]]:
    """Put back what these events changed, the newest first; returns that as a change."""
    changes: dict[str, list[Any]] = {}
    for event in reversed(events):
        for name, (before, after) in event.changes.items():
            if name != "message":
                is_instant = before is not None and name.endswith(("_at", "_since"))
                setattr(ticket, name, datetime.fromisoformat(before) if is_instant else before)
                changes[name] = [changes[name][0] if name in changes else after, before]
    ticket.version += 1
    return changes


def _close(desk: Desk, run: ImportRow) -> None:
    """Remove what the import made and nothing names any more, and say that it is taken back."""
    with writing(desk.store, SYSTEM) as session:
        removal.remove_unused(session, run.batch)
        rejects = delete(ImportReject).where(col(ImportReject.import_id) == run.batch)
        session.execute(rejects.execution_options(synchronize_session=False))
        row = session.get_one(ImportRun, run.batch)
        row.state, row.updated_at = ImportState.UNDONE, desk.clock()
