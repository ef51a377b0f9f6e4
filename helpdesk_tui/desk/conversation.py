"""What is said on a ticket: new requests by phone or at the counter, replies, notes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlmodel import col

from helpdesk_tui.config import CalendarSettings
from helpdesk_tui.desk.acknowledging import confirm_call
from helpdesk_tui.desk.door import Change, Changes, Desk
from helpdesk_tui.desk.drafts import sent, sent_first
from helpdesk_tui.desk.followups import set_reminder
from helpdesk_tui.desk.free_slots import Writer
from helpdesk_tui.desk.letters import answers_also, outgoing, own_message
from helpdesk_tui.desk.notices import settle, tell_watchers
from helpdesk_tui.desk.people import customer_for, whole
from helpdesk_tui.desk.sending import AT_ONCE, Sending, refuse_overtaken
from helpdesk_tui.desk.standing import go_on, wait_for
from helpdesk_tui.desk.texts import count_uses
from helpdesk_tui.desk.watching import ask_colleagues
from helpdesk_tui.desk.wording import signed
from helpdesk_tui.errors import NotFound, Refused, Usage
from helpdesk_tui.language import _
from helpdesk_tui.rules.untrusted import clean_line, clean_text
from helpdesk_tui.store import numbers, search
from helpdesk_tui.store.schema import FIRST_QUEUE
from helpdesk_tui.store.sight import sees
from helpdesk_tui.store.tables import (
    Customer,
    Message,
    Queue,
    Ticket,
)
from helpdesk_tui.terms import Channel, MessageKind, Outcome, Party, Person, Priority, Status, Verb


@dataclass(frozen=True, slots=True)
class NewRequest:
    """A request that came in by phone, at the counter or by hand; a person needs a name, an address or a phone.

    Args:
        customer_id: who it is, where that is known; is_from_draft: the actor's draft of it has served.
    """

    person: Person
    subject: str
    text: str = ""
    phone: str = ""
    queue: str = FIRST_QUEUE
    channel: Channel = Channel.PHONE
    priority: Priority = Priority.NORMAL
    customer_id: int | None = None
    is_from_draft: bool = False


def create(desk: Desk, request: NewRequest) -> Outcome:
    """Make a ticket of a request."""
    if not clean_line(request.subject):
        raise Usage(_("A request needs a subject."), _("Say in a few words what it is about."))
    if not (request.person.name or request.person.address or request.phone):
        raise Usage(_("A request needs a person."), _("Give a name, an address or a phone number."))
    with desk.change(Verb.CREATE) as changes:
        change = changes.add(new_ticket(changes, request))
        message = _log_request(changes, change, request)
        change.record("message", None, message)
        if request.is_from_draft:
            sent_first(changes, change)
        said = _("Request #{number}: {subject}").format(number=change.ticket.number, subject=change.ticket.subject)
        address = clean_line(request.person.address, 320)
        text = request.text or request.subject
        if letter := confirm_call(changes, change.ticket, address, text, desk.settings.calendar):
            change.record("letter", None, letter)
            said = f"{said} · {_('confirmed by mail')}"
        changes.say(said)
    return changes.outcome


def reply(
    desk: Desk,
    ticket: int,
    text: str,
    *,
    then: Status | None = Status.WAITING_CUSTOMER,
    to: Sequence[Person] = (),
    cc: Sequence[Person] | None = None,
    sending: Sending = AT_ONCE,
    is_signed: bool = False,
) -> Outcome:
    """Answer the customer; the mail leaves through the outbox after the commit.

    Args:
        then: the status afterwards; None leaves it.
        to: the recipients; default is the requester at the address they wrote from last.
        cc: who gets it as well; default is whom agents let into the ticket.
        is_signed: the signature of the ticket's queue comes below the text, where `sending` says nothing else.
    Raises:
        Refused: the queue has no address to answer from, or nobody's address is known.
        Overtaken: somebody wrote what the writer has not seen.
    """
    body = clean_text(text).strip()
    if not body:
        raise Usage(_("The reply is empty."), _("Write something, or leave the ticket as it is."))
    with desk.change(Verb.REPLY, [ticket]) as changes:
        change = changes.only
        refuse_overtaken(changes, change.ticket.id, sending.seen)
        if is_signed:
            sending = signed(changes.session, change.ticket.id, sending, Writer(desk.actor, desk.settings, changes.now))
        message = answer_one(changes, change, body, to, cc, then, sending, desk.settings.calendar)
        people = ", ".join(Person(*one).called for one in [*message.to, *message.cc])
        if sending.is_timed and sending.leaves_at:
            when = f"{sending.leaves_at.astimezone():%a %d.%m. %H:%M}"
            changes.say(
                _("Reply to #{number} leaves {when} to {people}").format(number=ticket, when=when, people=people)
            )
        else:
            changes.say(_("Reply to #{number} is on its way to {people}").format(number=ticket, people=people))
    return changes.outcome


def answer_one(
    changes: Changes,
    change: Change,
    text: str,
    to: Sequence[Person],
    cc: Sequence[Person] | None,
    then: Status | None,
    sending: Sending,
    office: CalendarSettings,
) -> Message:
    """Answer a ticket inside the door, with all that follows from it.

    Raises:
        Refused: the queue has no address to answer from, nobody's address is known, or it wants a resolution.
    """
    also = answers_also(changes.session, change.ticket.id) if cc is None else cc
    message = outgoing(changes, change.ticket, text, list(to), cc=also, sending=sending)
    wait_for(change.ticket, Party.THEM, changes.now)
    change.record("message", None, message.id)
    sent(changes, change, "reply", message)
    go_on(changes, change, then, office, sending.resolution)
    if sending.remind_in:
        set_reminder(changes, change, sending.remind_in, office)
    settle(changes, change.ticket)
    tell_watchers(changes, change.ticket)
    count_uses(changes.session, sending.canned)
    return message


def note(desk: Desk, ticket: int, text: str) -> Outcome:
    """Write an internal note; it never leaves the house. Colleagues whom it calls by `@name` are told of it."""
    body = clean_text(text).strip()
    if not body:
        raise Usage(_("The note is empty."), _("Write something, or leave the ticket as it is."))
    with desk.change(Verb.NOTE, [ticket]) as changes:
        change = changes.only
        message = own_message(changes, change.ticket, MessageKind.NOTE, body)
        change.record("message", None, message.id)
        sent(changes, change, "note", message)
        asked, told = ask_colleagues(changes, change.ticket, message.id, body)
        tell_watchers(changes, change.ticket, asked)
        changes.say(" · ".join(filter(None, (_("Note on #{number}").format(number=ticket), told))))
    return changes.outcome


def new_ticket(changes: Changes, request: NewRequest) -> Ticket:
    """The ticket of a request, not yet in the store.

    Raises:
        NotFound: there is no such queue. Refused: the actor does not belong to it.
    """
    session, now = changes.session, changes.now
    queue_id = session.execute(select(col(Queue.id)).where(col(Queue.name) == request.queue)).scalar_one_or_none()
    if queue_id is None:
        raise NotFound(
            _("There is no queue {name}.").format(name=clean_line(request.queue, 80)),
            _("`helpdesk queue list` shows them."),
        )
    if not sees(session, queue_id):
        raise Refused(
            _("You do not belong to {queue}.").format(queue=request.queue),
            _("Take it down in a queue of yours, then move it there."),
        )
    person = Person(clean_line(request.person.name, 200), clean_line(request.person.address, 320))
    return Ticket(
        number=numbers.draw(session),
        queue_id=queue_id,
        requester_id=whole(session, request.customer_id)
        if request.customer_id
        else customer_for(session, person, now, clean_line(request.phone, 60)),
        subject=clean_line(request.subject),
        channel=request.channel,
        priority=request.priority.rank,
        waiting_for=Party.US,
        waiting_since=now,
        created_at=now,
        updated_at=now,
    )


def _log_request(changes: Changes, change: Change, request: NewRequest) -> int:
    ticket = change.ticket
    kind = MessageKind.CALL if request.channel is Channel.PHONE else MessageKind.NOTE
    text = clean_text(request.text).strip()
    known_by = search.customer_texts(changes.session, ticket.requester_id)
    search.index_new(changes.session, ticket.id, ticket.queue_id, [ticket.subject, *known_by])
    message = own_message(changes, ticket, kind, text)
    customer = changes.session.get_one(Customer, ticket.requester_id)
    message.from_name = clean_line(request.person.name, 200) or customer.name
    message.from_address = clean_line(request.person.address, 320)
    message.subject = ticket.subject
    return message.id
