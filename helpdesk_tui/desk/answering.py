"""One answer to many: each customer gets it with their own name, as a mail of their own, and one undo takes all back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from helpdesk_tui.desk.conversation import answer_one
from helpdesk_tui.desk.door import Change, Changes, Desk
from helpdesk_tui.desk.free_slots import Writer
from helpdesk_tui.desk.letters import addressees, cannot_reply
from helpdesk_tui.desk.relations import children
from helpdesk_tui.desk.sending import AT_ONCE, Sending, refuse_overtaken
from helpdesk_tui.desk.wording import filled, signed, wording
from helpdesk_tui.errors import Overtaken, Refused, Usage
from helpdesk_tui.language import _, ngettext
from helpdesk_tui.rules.untrusted import clean_text
from helpdesk_tui.store.queries.tickets import ticket_by_number
from helpdesk_tui.store.tables import Message, Ticket
from helpdesk_tui.terms import Outcome, Person, Status, Verb

#: So many at once; what is for more people is a newsletter.
MOST = 500


@dataclass(frozen=True, slots=True)
class Preview:
    """What one of many would get, or why it gets nothing.

    Args:
        cc: who gets it as well. seen: the ids of the messages that were there when it was looked at.
    """

    number: int
    subject: str
    to: Person | None
    text: str
    refusal: str = ""
    cc: tuple[Person, ...] = ()
    seen: frozenset[int] = frozenset()


def previews(session: Session, tickets: Sequence[int], text: str, writer: Writer) -> list[Preview]:
    """What each of these tickets' customers would read.

    Raises:
        Usage: the text has a place that cannot be filled in.
    """
    found, body = [], clean_text(text).strip()
    for number in tickets:
        row = ticket_by_number(session, number)
        if row is None:
            continue
        ticket = session.get_one(Ticket, row.id)
        refusal, people = cannot_reply(session, row.id) or "", addressees(session, row.id)
        if ticket.merged_into is not None:
            refusal = _("it is part of another ticket")
        said = whole(filled(session, ticket, body, writer), wording(session, row.id, writer).signature)
        found.append(Preview(number, row.subject, people.to, said, refusal, people.also, all_said(session, row.id)))
    return found


def all_said(session: Session, ticket_id: int) -> frozenset[int]:
    """The ids of the messages of a ticket."""
    return frozenset(session.execute(select(col(Message.id)).where(col(Message.ticket_id) == ticket_id)).scalars())


def whole(text: str, below: str) -> str:
    """An answer as it reads, with what stands below it."""
    return "\n\n".join(filter(None, (text, below)))


def reply_each(
    desk: Desk,
    tickets: Sequence[int],
    text: str,
    *,
    then: Status | None = Status.WAITING_CUSTOMER,
    sending: Sending = AT_ONCE,
    shown: Sequence[Preview] = (),
) -> Outcome:
    """Answer several tickets with one text.

    Args:
        shown: what was looked at before; then it goes to those who were shown and to nobody else.
    Raises:
        Refused: one cannot be answered; nothing is sent then.
        Overtaken: somebody wrote on one since it was looked at, or it would read otherwise; nothing is sent then.
    """
    body = clean_text(text).strip()
    if not body:
        raise Usage(_("The reply is empty."), _("Write something, or leave the tickets as they are."))
    if len(tickets) > MOST:
        raise Refused(_("{n} answers at once are too many.").format(n=len(tickets)), _("Choose fewer tickets."))
    writer = Writer(desk.actor, desk.settings, desk.clock())
    looked_at = {one.number: one for one in shown}
    with desk.change(Verb.REPLY, tickets) as changes:
        for change in changes:
            own = filled(changes.session, change.ticket, body, writer)
            told = signed(changes.session, change.ticket.id, sending, writer)
            to, cc = as_shown(changes, change, looked_at, whole(own, told.quoted))
            answer_one(changes, change, own, to, cc, then, told, desk.settings.calendar)
        changes.say(ngettext("{n} reply is on its way", "{n} replies are on their way", len(changes)))
    return changes.outcome


def as_shown(
    changes: Changes, change: Change, looked_at: Mapping[int, Preview], text: str
) -> tuple[Sequence[Person], Sequence[Person] | None]:
    """Who was shown to get an answer, and who as well; nobody and None where nothing was shown.

    Args:
        looked_at: what was shown, by the ticket's number. text: what would be sent now.
    Raises:
        Refused: this ticket was not shown. Overtaken: somebody wrote on it since, or it would read otherwise.
    """
    number = change.ticket.number
    if not looked_at:
        return (), None
    shown = looked_at.get(number)
    if shown is None or shown.to is None:
        raise Refused(_("#{number} was not shown.").format(number=number), _("Nothing was sent. Look at all of them."))
    try:
        refuse_overtaken(changes, change.ticket.id, shown.seen)
    except Overtaken as error:
        raise Overtaken(f"#{number}: {error.message}", error.hint) from error
    if shown.text != text:
        raise Overtaken(
            _("What is filled in on #{number} is another now.").format(number=number),
            _("Nothing was sent. Look at it again, then send it."),
        )
    return (shown.to,), shown.cc


def answer_incident(desk: Desk, incident: int, text: str, *, sending: Sending = AT_ONCE) -> Outcome:
    """Answer an incident and all that is part of it, and solve them together.

    Args:
        sending: its `resolution` is that of all of them.
    """
    row = desk.ask(ticket_by_number, incident)
    own = desk.ask(children, row.id) if row else []
    tickets = [number for number in (incident, *own) if desk.ask(_can_be_answered, number)]
    if not tickets:
        raise Refused(_("Nothing of #{number} can be answered.").format(number=incident), _("See why on each ticket."))
    return reply_each(desk, tickets, text, then=Status.SOLVED, sending=sending)


def _can_be_answered(session: Session, number: int) -> bool:
    row = ticket_by_number(session, number)
    return row is not None and cannot_reply(session, row.id) is None
