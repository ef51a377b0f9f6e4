"""Texts being written: saved while typing, found again on any machine with the same store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from helpdesk_tui.desk.door import Change, Changes, Desk
from helpdesk_tui.desk.luggage import may_have_lain_on
from helpdesk_tui.errors import NotFound, Refused
from helpdesk_tui.language import _
from helpdesk_tui.store.tables import Draft, Event, Message, Ticket
from helpdesk_tui.store.transaction import writing
from helpdesk_tui.terms import Actor, MessageKind

#: The name, in an event, of how a text had been written that was sent: `kind` and `fields` as its draft had them.
WRITTEN = "written"
#: The kind of a draft for a new request or a first mail.
NEW = "new"
#: What a message is written as, where nothing else says it.
_KINDS = {MessageKind.OUTBOUND: "reply", MessageKind.NOTE: "note", MessageKind.CALL: "call"}


def save_draft(
    desk: Desk, ticket_id: int | None, kind: str, text: str, fields: Mapping[str, Any] | None = None
) -> None:
    """Keep what is being written. Not a verb: it changes no ticket, leaves no event, and is nobody else's business.

    Args:
        kind: `reply`, `note` or `new`. An empty text is an empty draft.
    """
    if desk.actor.agent_id is None:
        raise Refused(_("The system writes no drafts."), "")
    with writing(desk.store, desk.actor) as session:
        put_draft(session, desk.actor, ticket_id, kind, text, fields or {}, at=desk.clock())


def put_draft(
    session: Session, actor: Actor, ticket_id: int | None, kind: str, text: str, fields: Mapping[str, Any], *, at: Any
) -> None:
    """Write a draft within a transaction.

    Raises:
        NotFound: the ticket has gone out of the writer's sight, and they had not begun a text there before.
    """
    draft = _draft(session, actor.agent_id, ticket_id, kind)
    if draft is None:
        ticket = session.get(Ticket, ticket_id) if ticket_id else None
        if ticket_id and ticket is None:
            raise NotFound(
                _("The ticket is no longer in a queue you belong to; your text is not saved."), _("Copy what you need.")
            )
        queue_id = ticket.queue_id if ticket else None
        draft = Draft(ticket_id=ticket_id, queue_id=queue_id, agent_id=actor.agent_id or 0, kind=kind, updated_at=at)
        session.add(draft)
    draft.text, draft.fields, draft.updated_at = text, dict(fields), at
    session.flush()


def pass_on(
    session: Session, ticket: Ticket | None, kind: str, giver_id: int, taker_id: int, *, as_of: datetime
) -> bool:
    """Give an unsent text to a colleague.

    Args:
        ticket: None for a new request. as_of: when it was last touched, as far as is known.
    Returns:
        False where it was left alone: somebody has written on since, or the other one has a text of that kind there.
    """
    ticket_id, queue_id = (ticket.id, ticket.queue_id) if ticket else (None, None)
    given, taken = _draft(session, giver_id, ticket_id, kind), _draft(session, taker_id, ticket_id, kind)
    if given is None or not given.text or given.updated_at > as_of or (taken is not None and taken.text):
        return False
    if taken is None:
        taken = Draft(ticket_id=ticket_id, queue_id=queue_id, agent_id=taker_id, kind=kind, updated_at=as_of)
        session.add(taken)
    taken.text, taken.fields, taken.updated_at = given.text, given.fields, given.updated_at
    given.text, given.fields = "", {}
    session.flush()
    return True


def sent(changes: Changes, change: Change, kind: str, message: Message) -> None:
    """A text has gone: its draft is empty, and the event says how it was to be sent, should it be taken back.

    A draft of other words stays: it is of something else.
    """
    draft = _draft(changes.session, changes.actor.agent_id, change.ticket.id, kind) if changes.actor.agent_id else None
    fields: dict[str, Any] = {}
    if draft is not None and draft.text.strip() == message.text.strip():
        fields = dict(draft.fields)
        draft.text, draft.fields = "", {}
    change.record(WRITTEN, None, {"kind": kind, "fields": {**fields, "to": message.to, "cc": message.cc}})


def sent_first(changes: Changes, change: Change) -> None:
    """The same of a new request or a first mail, whose draft is no ticket's."""
    draft = _draft(changes.session, changes.actor.agent_id, None, NEW)
    if draft is not None and draft.text:
        change.record(WRITTEN, None, {"kind": NEW, "fields": dict(draft.fields), "text": draft.text})
        draft.text, draft.fields = "", {}


def restore_first(
    changes: Changes, change: Change, was: Mapping[str, list[Any]], _later: list[dict[str, Any]]
) -> list[str]:
    """A request or a first mail is taken back: what was typed is a draft again, unless there is another one by now.

    Done again, the draft goes again.
    """
    before, after = was.get(WRITTEN, (None, None))
    told = after or before
    if not told or told["kind"] != NEW:
        return []
    change.record(WRITTEN, after, before)
    newer = _draft(changes.session, changes.actor.agent_id, None, NEW)
    if after is None:
        clear_draft(changes.session, changes.actor, None, NEW, told["text"])
    elif not (newer and newer.text):
        put_draft(changes.session, changes.actor, None, NEW, told["text"], told["fields"], at=changes.now)
    return []


def written_as(session: Session, message: Message) -> Mapping[str, Any]:
    """How a message that was sent had been written: `kind` and `fields`; {} where nothing says so."""
    lain_on = may_have_lain_on(session, message.ticket_id)
    events = select(col(Event.changes)).where(col(Event.ticket_id).in_(lain_on)).order_by(col(Event.id).desc())
    for changed in session.execute(events).scalars():
        if changed.get("message", [None, None])[1] == message.id and WRITTEN in changed:
            told: Mapping[str, Any] = changed[WRITTEN][1]
            return told
    return {}


def bring_back(session: Session, actor: Actor, message: Message, told: Mapping[str, Any], *, at: Any) -> None:
    """Make a draft of a message that was taken back, as it was written; what has been written since comes behind it.

    Where something has, it goes to whom that was to go, with the files of both.

    Args:
        told: its `kind` and `fields`; without them it is an answer to those it went to.
    """
    kind = told.get("kind") or _KINDS[MessageKind(message.kind)]
    fields = told.get("fields") or {"to": message.to, "cc": message.cc}
    newer = _draft(session, actor.agent_id, message.ticket_id, kind)
    text = message.text
    if newer and newer.text not in ("", text):
        files = [*fields.get("files", ()), *newer.fields.get("files", ())]
        text, fields = f"{text}\n\n{newer.text}", {**newer.fields, "files": files}
    put_draft(session, actor, message.ticket_id, kind, text, fields, at=at)


def clear_draft(
    session: Session, actor: Actor, ticket_id: int | None, kind: str, text: str, files: Sequence[Any] = ()
) -> None:
    """Take out of a draft what has been sent, with its files; what was written behind it stays."""
    draft = _draft(session, actor.agent_id, ticket_id, kind) if actor.agent_id else None
    if draft is None:
        return
    if text == draft.text:
        draft.text, draft.fields = "", {}
    elif draft.text.startswith(f"{text}\n\n"):
        left = [one for one in draft.fields.get("files", ()) if one not in files]
        draft.text, draft.fields = draft.text.removeprefix(f"{text}\n\n"), {**draft.fields, "files": left}


def _draft(session: Session, agent_id: int | None, ticket_id: int | None, kind: str) -> Draft | None:
    mine = select(Draft).where(col(Draft.agent_id) == agent_id, col(Draft.kind) == kind)
    return session.execute(mine.where(col(Draft.ticket_id) == ticket_id)).scalars().first()
