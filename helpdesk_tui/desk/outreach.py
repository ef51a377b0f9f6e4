"""Mail that goes on from no mail to us: what is passed on to others, a first mail of ours, and calls that are logged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import select
from sqlmodel import col

from helpdesk_tui.desk.conversation import NewRequest, new_ticket
from helpdesk_tui.desk.door import Desk, as_stored
from helpdesk_tui.desk.drafts import sent, sent_first
from helpdesk_tui.desk.followups import set_reminder
from helpdesk_tui.desk.free_slots import Writer
from helpdesk_tui.desk.letters import outgoing, own_message
from helpdesk_tui.desk.notices import settle, tell_watchers
from helpdesk_tui.desk.sending import AT_ONCE, KeptFile, Sending
from helpdesk_tui.desk.standing import apply_status, go_on, wait_for
from helpdesk_tui.desk.texts import count_uses
from helpdesk_tui.desk.wording import refuse_internal, signed
from helpdesk_tui.errors import NotFound, Usage
from helpdesk_tui.language import _
from helpdesk_tui.rules.routing import is_address
from helpdesk_tui.rules.subjects import forward_subject
from helpdesk_tui.rules.untrusted import clean_line, clean_text
from helpdesk_tui.store import search
from helpdesk_tui.store.tables import Attachment, Message
from helpdesk_tui.terms import CallDirection, Channel, MessageKind, Outcome, Party, Person, Status, Verb


@dataclass(frozen=True, slots=True)
class LoggedCall:
    """A call as it was: who called whom, at which number, from when to when."""

    direction: CallDirection
    number: str
    started_at: datetime
    ended_at: datetime


def forward(
    desk: Desk,
    ticket: int,
    message: int,
    text: str,
    to: Sequence[Person],
    *,
    cc: Sequence[Person] = (),
    then: Status | None = None,
    sending: Sending = AT_ONCE,
) -> Outcome:
    """Pass a message on to somebody, with its files; what they answer comes back to the ticket.

    Args:
        sending: its `quoted` is the message as it is passed on; its files go along beside those of the message.
    Raises:
        NotFound: the message is not on this ticket. Usage: nobody is named.
    """
    if not to:
        raise Usage(_("A forwarded mail needs a recipient."), _("Name at least one address."))
    with desk.change(Verb.FORWARD, [ticket]) as changes:
        change, session = changes.only, changes.session
        said = session.get(Message, message)
        if said is None or said.is_withdrawn or said.ticket_id != change.ticket.id:
            raise NotFound(_("Message {id} is not on #{number}.").format(id=message, number=ticket), "")
        refuse_internal(said)
        files = select(Attachment).where(col(Attachment.message_id) == message).order_by(col(Attachment.id))
        theirs = tuple(
            KeptFile(one.name, one.content_type, one.size, one.sha256) for one in session.execute(files).scalars()
        )
        kept = tuple(dict.fromkeys((*theirs, *sending.files)))
        told = replace(sending, files=kept, begins_anew=True)
        subject = forward_subject(said.subject or change.ticket.subject)
        message_sent = outgoing(
            changes, change.ticket, clean_text(text).strip(), to, cc=cc, subject=subject, sending=told
        )
        change.record("message", None, message_sent.id)
        sent(changes, change, "forward", message_sent)
        go_on(changes, change, then, desk.settings.calendar, sending.resolution)
        if sending.remind_in:
            set_reminder(changes, change, sending.remind_in, desk.settings.calendar)
        settle(changes, change.ticket)
        tell_watchers(changes, change.ticket)
        count_uses(session, sending.canned)
        people = ", ".join(one.called for one in (*to, *cc))
        changes.say(_("#{number} is passed on to {people}").format(number=ticket, people=people))
    return changes.outcome


def write_first(
    desk: Desk,
    request: NewRequest,
    text: str,
    sending: Sending = AT_ONCE,
    *,
    also: Sequence[Person] = (),
    cc: Sequence[Person] = (),
) -> Outcome:
    """Write to somebody who has not asked: a ticket that begins with our mail and waits for them.

    Args:
        also: who gets it beside them. cc: who gets a copy. Both belong to the matter from then on.
    Raises:
        Usage: no address, subject or text.
    """
    address, body = clean_line(request.person.address, 320), clean_text(text).strip()
    if not is_address(address):
        raise Usage(_("A mail needs an address."), _("Write NAME@DOMAIN."))
    if not clean_line(request.subject) or not body:
        raise Usage(_("A mail needs a subject and a text."), _("Say what it is about."))
    with desk.change(Verb.CREATE) as changes:
        writer = Writer(desk.actor, desk.settings, changes.now)
        change = changes.add(new_ticket(changes, replace(request, channel=Channel.EMAIL)))
        ticket = change.ticket
        known_by = search.customer_texts(changes.session, ticket.requester_id)
        search.index_new(changes.session, ticket.id, ticket.queue_id, [ticket.subject, *known_by])
        person = Person(request.person.name, address)
        told = replace(signed(changes.session, ticket.id, sending, writer), begins_anew=True)
        message = outgoing(changes, ticket, body, [person, *also], cc=cc, subject=ticket.subject, sending=told)
        change.record("message", None, message.id)
        change.record("letter", None, message.id)
        apply_status(ticket, Status.WAITING_CUSTOMER, changes.now)
        change.record("opened", None, ticket.status)
        if request.is_from_draft:
            sent_first(changes, change)
        changes.say(
            _("#{number}: the mail to {person} is on its way").format(number=ticket.number, person=person.called)
        )
    return changes.outcome


def log_call(
    desk: Desk, ticket: int, text: str, call: LoggedCall, *, then: Status | None = None, resolution: str = ""
) -> Outcome:
    """Write down a call on a ticket.

    Raises:
        Usage: it ended before it began, or nothing was said.
    """
    body = clean_text(text).strip()
    if not body:
        raise Usage(_("The call is empty."), _("Say what was said, in a line."))
    if call.ended_at < call.started_at:
        raise Usage(_("The call ended before it began."), _("Mend the times."))
    with desk.change(Verb.LOG_CALL, [ticket]) as changes:
        change = changes.only
        message = own_message(changes, change.ticket, MessageKind.CALL, body)
        message.call = {
            "direction": str(call.direction),
            "number": clean_line(call.number, 60),
            "started_at": as_stored(call.started_at),
            "ended_at": as_stored(call.ended_at),
        }
        change.record("message", None, message.id)
        sent(changes, change, "call", message)
        wait_for(change.ticket, Party.US if call.direction is CallDirection.IN else Party.THEM, changes.now)
        go_on(changes, change, then, desk.settings.calendar, resolution)
        settle(changes, change.ticket)
        tell_watchers(changes, change.ticket)
        minutes = max(round((call.ended_at - call.started_at).total_seconds() / 60), 1)
        changes.say(_("Call on #{number}, {n} min").format(number=ticket, n=minutes))
    return changes.outcome
