"""Putting a mail where the decision table says: into a ticket, a new one, or aside."""

from __future__ import annotations

from sqlalchemy import select
from sqlmodel import col

from helpdesk_tui.desk import gathering
from helpdesk_tui.desk.door import Change, as_stored
from helpdesk_tui.desk.followups import REMINDER, forget_reminder
from helpdesk_tui.desk.inbound import Filing, Inbound, add_messages, found_by_words
from helpdesk_tui.desk.links import final
from helpdesk_tui.desk.notices import tell_watchers
from helpdesk_tui.desk.opening import open_tickets, write_raws
from helpdesk_tui.desk.reaching import mark_bounced
from helpdesk_tui.desk.standing import apply_status, solve_by_itself, wait_for
from helpdesk_tui.language import _
from helpdesk_tui.rules.alerts import AlertState
from helpdesk_tui.rules.routing import plain_address, queue_of
from helpdesk_tui.rules.thanks import is_mere_thanks
from helpdesk_tui.rules.threading import Placement
from helpdesk_tui.store import search
from helpdesk_tui.store.tables import Agent, MailGroup, Message, Outbox, OwnToken, Ticket
from helpdesk_tui.terms import Disposition, IncomingMail, OutboxState, Party, Status


def put(filing: Filing, placement: Placement) -> bool:
    """File a mail by its placement, and write both onto its row; False where that only opens a ticket: others do it."""
    raw, mail = filing.raw, filing.mail
    raw.from_name, raw.from_address = mail.sender.name, plain_address(mail.sender.address)
    raw.subject = mail.subject
    raw.disposition, raw.why_row, raw.why_reason = placement.disposition, placement.row, placement.reason
    raw.linked_ticket_id = placement.linked_to
    if placement.ticket is None:
        raw.queue_id = _queue_for(filing, placement)
    if _is_flood(filing, placement):
        _fold_flood(filing, placement)
    elif placement.ticket is not None:
        append(filing, placement)
    elif placement.disposition in (Disposition.NEW, Disposition.LINKED):
        return False
    elif placement.row == 3:
        _count_backscatter(filing)
    elif placement.row == 5:
        _put_aside(filing, placement)
    write_raws(filing.session, [raw])
    return True


def append(filing: Filing, placement: Placement) -> None:
    """Add a mail to the ticket it belongs to."""
    filing.changes.load_ids([placement.ticket or 0])
    change = filing.changes.only
    ticket = change.ticket
    filing.numbers[ticket.id] = ticket.number
    (message_id,) = add_messages(filing.session, [Inbound(filing, placement, ticket.id, ticket.queue_id)])
    change.record("message", None, message_id)
    *_parts, whole = found_by_words(filing)
    search.index_more_words(filing.session, ticket.id, whole.split())
    tell_watchers(filing.changes, ticket)
    if placement.row == 2:
        _mark_undelivered(filing, change)
    if placement.linked_to and not ticket.linked_to:
        ticket.linked_to = placement.linked_to
    if placement.reopens and _only_thanks(filing, ticket):
        change.record("thanks", None, message_id)
    elif placement.reopens:
        if ticket.status not in (Status.NEW, Status.OPEN):
            apply_status(ticket, Status.OPEN, filing.raw.received_at)
        wait_for(ticket, Party.US, filing.raw.received_at)
        if was := forget_reminder(filing.session, ticket, filing.changes.now):
            change.record(REMINDER, as_stored(was), None)


def _only_thanks(filing: Filing, ticket: Ticket) -> bool:
    """True for a mail that asks for nothing more of what is solved."""
    mail = filing.mail
    if ticket.status not in (Status.SOLVED, Status.CLOSED) or mail.files:
        return False
    ours = filing.session.execute(select(col(Agent.name))).scalars().all()
    return is_mere_thanks(mail.text, mail.sender.name, ours)


def _queue_for(filing: Filing, placement: Placement) -> int:
    """The queue of a mail that goes to no ticket that is there."""
    if placement.disposition is Disposition.DUPLICATE:
        return filing.session.get_one(Ticket, placement.linked_to).queue_id
    named = None if filing.raw.is_queue_chosen else queue_of(_addressed_to(filing.mail), filing.queues)
    return named or filing.raw.queue_id


def _is_flood(filing: Filing, placement: Placement) -> bool:
    """What had come before its mailbox was first polled did not come within an hour, whatever its times say.

    Of who is nobody's customer no ticket is there yet, unless an agent passed mail on: that is many people's.
    """
    is_new = placement.disposition in (Disposition.NEW, Disposition.LINKED)
    may_have_written = filing.customer is not None or not filing.raw.from_address
    is_shown = placement.ticket is not None or (is_new and may_have_written)
    is_live = is_shown and not filing.raw.is_backlog
    return is_live and gathering.is_flood(filing.session, filing.raw, placement.ticket)


def _fold_flood(filing: Filing, placement: Placement) -> None:
    """Keep one mail more of a sender who sends too many, in the first ticket of the flood, which says so once."""
    session, raw = filing.session, filing.raw
    group = gathering.count(session, raw, gathering.flood_of(raw, placement.ticket))
    if group.ticket_id is not None:
        reason = _("The same sender has sent very many mails within the hour; it is kept with them.")
        _fold(filing, final(session, group.ticket_id), reason)
        return
    if placement.ticket is not None:
        append(filing, placement)
    else:
        open_tickets(session, [(filing, placement)])
    group.ticket_id, group.queue_id = raw.ticket_id, raw.queue_id
    message = session.get_one(Message, raw.message_id)
    message.remarks = [
        *message.remarks,
        _(
            "! The same sender has sent very many mails within the hour. More of them are kept here, not shown one by one."
        ),
    ]


def _count_backscatter(filing: Filing) -> None:
    """Count a report on a mail that is not ours; where somebody made a ticket of such reports, it is kept there."""
    group = gathering.count(filing.session, filing.raw, gathering.BACKSCATTER)
    if group.ticket_id is not None:
        _fold(filing, final(filing.session, group.ticket_id), _("It is one more report on mail that is not ours."))


def _fold(filing: Filing, ticket: Ticket, reason: str) -> None:
    """Keep a mail with a ticket that says what it says already."""
    raw = filing.raw
    raw.ticket_id, raw.queue_id, raw.disposition, raw.why_reason = (
        ticket.id,
        ticket.queue_id,
        Disposition.FOLDED,
        reason,
    )


def _put_aside(filing: Filing, placement: Placement) -> None:
    """Count what a machine wrote among its like; where the queue wants it so, or an alert has a ticket, in a ticket.

    A recovery ends the entry of its problem; one without a problem stays in the list as all else.
    """
    session, raw = filing.session, filing.raw
    like, state = gathering.machine(filing.mail)
    if state is not None:
        raw.signals = {**raw.signals, "alert": state}
    group = gathering.count(session, raw, like)
    if group.ticket_id is not None:
        _update(filing, placement, group, state)
    elif state is AlertState.RECOVERY:
        group.is_open = not gathering.ends_problem(session, raw, group)
    elif gathering.makes_tickets(session, raw.queue_id):
        open_tickets(session, [(filing, placement)])
        group.ticket_id, group.queue_id = raw.ticket_id, raw.queue_id


def _update(filing: Filing, placement: Placement, group: MailGroup, state: AlertState | None) -> None:
    """Let a ticket of a machine's mails follow them: what says the same again is only counted.

    A ticket that the alert's was merged into is about more than it, and a recovery does not solve that.
    """
    ticket = final(filing.session, group.ticket_id or 0)
    is_over = ticket.status in (Status.SOLVED, Status.CLOSED, Status.CANCELLED)
    if (state is AlertState.RECOVERY) == is_over and not _says_more(filing, group, state):
        _fold(filing, ticket, _("It says what an earlier mail of the same machine said."))
        return
    reason = _("It goes on with what the same machine reported.")
    wakes = is_over and state is not AlertState.RECOVERY
    again = Placement(Disposition.APPENDED, placement.row, reason, ticket.id, reopens=wakes, remark=placement.remark)
    filing.raw.disposition, filing.raw.why_reason = again.disposition, again.reason
    append(filing, again)
    if state is AlertState.RECOVERY and ticket.id == group.ticket_id:
        solve_by_itself(filing.changes, filing.changes.only, filing.office, filing.raw.received_at)


def _says_more(filing: Filing, group: MailGroup, state: AlertState | None) -> bool:
    """True for what is no alert and has other words than the last: orders, reports. Very many within the hour do not."""
    session, raw = filing.session, filing.raw
    if state is not None or gathering.is_repeated(session, group, filing.mail):
        return False
    return not gathering.is_flood(session, raw, group.ticket_id)


def _mark_undelivered(filing: Filing, change: Change) -> None:
    """Let the mail that did not arrive say so itself."""
    report = filing.mail.report
    if report is None or not report.is_permanent:
        return
    tokens = gathering.tokens(filing.mail)
    sent = select(Outbox).join(OwnToken, col(OwnToken.message_id) == col(Outbox.message_id))
    sent = sent.where(col(OwnToken.token).in_(tokens), col(Outbox.ticket_id) == change.ticket.id)
    for entry in filing.session.execute(sent.with_for_update(of=Outbox)).scalars():
        if entry.state in (OutboxState.SENT, OutboxState.UNSURE):
            change.record("delivery", entry.state, OutboxState.FAILED)
            change.record("delivery_of", None, entry.message_id)
            entry.state, entry.updated_at = OutboxState.FAILED, filing.changes.now
            entry.words = " ".join(filter(None, (report.recipient, report.status, report.diagnostic)))
            mark_bounced(filing.session, entry, report)


def _addressed_to(mail: IncomingMail) -> list[str]:
    return [*mail.delivered_to, *(person.address for person in (*mail.to, *mail.cc))]
