"""What was written is taken back: it leaves for nobody and is a draft again; or it is said again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlmodel import col

from helpdesk_tui.desk.door import Change, Changes
from helpdesk_tui.desk.drafts import WRITTEN, bring_back, clear_draft
from helpdesk_tui.desk.letters import NOTE_LEFT
from helpdesk_tui.desk.notices import take_back_notices
from helpdesk_tui.desk.reaching import has_left, queue_again
from helpdesk_tui.desk.sending import refuse_overtaken
from helpdesk_tui.desk.tickets import name_tickets
from helpdesk_tui.desk.watching import ask_colleagues
from helpdesk_tui.errors import Refused
from helpdesk_tui.language import _
from helpdesk_tui.store.tables import Event, Message, Outbox, Ticket
from helpdesk_tui.terms import MessageKind, OutboxState


def restore_message(changes: Changes, change: Change, name: str, was: Mapping[str, list[Any]]) -> list[str]:
    """Withdraw a message that was added (its text becomes a draft again), or bring a withdrawn one back."""
    before, after = was[name]
    message = changes.session.get_one(Message, after or before)
    if message.is_withdrawn == (after is not None):
        return [_("what was written on #{number} (it was taken back since)").format(number=change.ticket.number)]
    message.is_withdrawn = after is not None
    change.record(name, after, before)
    if message.is_withdrawn:
        take_back_notices(changes.session, message)
    else:
        _refuse_unread(changes, message)
    if name == "message":
        _restore_draft(changes, change, message, *was.get(WRITTEN, (None, None)))
    for entry in _outbox_of(changes, message.id):
        if message.is_withdrawn:
            entry.state, entry.updated_at = OutboxState.WITHDRAWN, changes.now
        else:
            queue_again(changes.session, entry, changes.now)
            entry.due_at = max(entry.due_at, changes.mail_leaves_at or entry.due_at)
    return []


def _refuse_unread(changes: Changes, message: Message) -> None:
    """What was taken back is not sent again past what others wrote meanwhile.

    Raises:
        Overtaken: somebody did; it names them.
    """
    if message.kind == MessageKind.OUTBOUND:
        refuse_overtaken(changes, message.ticket_id, range(message.id + 1))
    elif message.kind == MessageKind.NOTE:
        ask_colleagues(changes, changes.session.get_one(Ticket, message.ticket_id), message.id, message.text)


def _restore_draft(
    changes: Changes, change: Change, message: Message, before: dict[str, Any] | None, after: dict[str, Any] | None
) -> None:
    """What was written is a draft again, as it was to be sent; or it has gone again."""
    told = after or before
    if told is not None:
        change.record(WRITTEN, after, before)
    elif message.kind not in (MessageKind.OUTBOUND, MessageKind.NOTE):
        return
    if message.is_withdrawn:
        bring_back(changes.session, changes.actor, message, told or {}, at=changes.now)
    else:
        kind = told["kind"] if told else "note" if message.kind == MessageKind.NOTE else "reply"
        files = told["fields"].get("files", ()) if told else ()
        clear_draft(changes.session, changes.actor, message.ticket_id, kind, message.text, files)


def refuse_sent(changes: Changes, ticket: Ticket, event: Event) -> None:
    """A reply that has left, or may have, cannot be taken back; then nothing else is either."""
    name = next((one for one in ("message", NOTE_LEFT) if one in event.changes), None)
    if name is None:
        return
    before, after = event.changes[name]
    if changes.session.get(Message, after or before) is None:
        raise Refused(
            _("What was written on {ticket} lies in a queue you do not belong to.").format(
                ticket=name_tickets([ticket.number])
            ),
            _("Nothing was undone. Ask somebody who belongs there to take it back, or undo an older batch by its id."),
        )
    for entry in _outbox_of(changes, after or before or 0):
        if has_left(changes.session, entry):
            raise Refused(
                _("The reply on {ticket} has left already; it cannot be taken back.").format(
                    ticket=name_tickets([ticket.number])
                ),
                _("Nothing was undone. Write a second mail, or undo an older batch by its id."),
            )


def _outbox_of(changes: Changes, message_id: int) -> list[Outbox]:
    entries = select(Outbox).where(col(Outbox.message_id) == message_id).with_for_update()
    return list(changes.session.execute(entries).scalars())
