"""The outbox: a mail is claimed and committed as `sending` before a server hears of it, and its fate written after."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session
from sqlmodel import col

from helpdesk_tui.desk.copies import looks_from
from helpdesk_tui.desk.door import Desk
from helpdesk_tui.desk.luggage import MERGED, may_have_lain_on
from helpdesk_tui.desk.mailroom import OUTGOING
from helpdesk_tui.desk.reaching import conclude_each, has_left, still_to_reach
from helpdesk_tui.errors import Refused
from helpdesk_tui.language import _
from helpdesk_tui.rules.routing import plain_address
from helpdesk_tui.rules.threading import own_token
from helpdesk_tui.rules.untrusted import clean_line
from helpdesk_tui.store import content
from helpdesk_tui.store.tables import (
    Acknowledgement,
    Attachment,
    Event,
    Message,
    Outbox,
    Queue,
    RawMessage,
    Ticket,
)
from helpdesk_tui.store.transaction import reading, writing
from helpdesk_tui.terms import MessageKind, OutboxState, OutgoingMail, Person, Refusal, Status, Verb

log = logging.getLogger(__name__)

#: The raw copy of a sent mail lies in a mailbox of this name.
OUTBOX = "outbox"
#: A local part has at most 64 octets (RFC 5321 §4.5.3.1.1).
_LONGEST_LOCAL = 64
_FIRST_PAUSE = timedelta(minutes=1)
_LONGEST_PAUSE = timedelta(hours=1)
#: After so many attempts, which are five days of them, a mail has failed (RFC 5321 §4.5.4.1: 4 to 5 days at least).
_MOST_TRIES = 5 * 24 + 6


@dataclass(frozen=True, slots=True)
class Letter:
    """What an outgoing mail says; `mail.compose` makes bytes of it. `files` are (name, content type, content).

    `is_automatic`: the program wrote it, and nobody's program shall answer it; `is_confirmation`: in answer to a mail.
    `reply_to`: where answers go, None where they go to the sender. `quoted`: what stands below the text.
    """

    outbox_id: int
    sender: Person
    to: tuple[Person, ...]
    cc: tuple[Person, ...]
    subject: str
    text: str
    message_id: str
    references: tuple[str, ...]
    written_at: datetime
    files: tuple[tuple[str, str, bytes], ...]
    is_automatic: bool = False
    is_confirmation: bool = False
    reply_to: Person | None = None
    quoted: str = ""


def claim(desk: Desk, compose: Callable[[Letter], bytes]) -> OutgoingMail | None:
    """Take the next mail that is due, keep its bytes, and commit it as `sending`; None where nothing is due.

    Args:
        compose: makes the mail's bytes; the same letter gives the same bytes. What it refuses or stumbles over is
            marked failed, and the next one has its turn. So is what was overtaken while it waited for a chosen time.
    """
    while entry_id := _next_due(desk):
        with writing(desk.store, desk.actor) as session:
            entry = _locked(session, entry_id)
            if entry.state != OutboxState.QUEUED:
                continue
            message = session.get_one(Message, entry.message_id)
            if message.is_withdrawn:
                entry.state, entry.updated_at = OutboxState.WITHDRAWN, desk.clock()
                continue
            letter = _letter(session, entry, message)
            try:
                _hold_what_is_overtaken(session, entry, message)
                composed = compose(letter)
            except Refused as error:
                words = error.message
            except Exception as error:  # noqa: BLE001  the edge: one letter never holds up those behind it
                kind = type(error).__name__
                log.error("letter %s cannot be written: %s", entry_id, kind)
                words = _("This mail could not be written ({kind}); nothing was sent.").format(kind=kind)
            else:
                _keep_copy(session, message, composed, desk.clock())
                entry.state, entry.tries, entry.updated_at = OutboxState.SENDING, entry.tries + 1, desk.clock()
                pending = still_to_reach(session, entry, (*letter.to, *letter.cc))
                return OutgoingMail(entry.id, letter.sender.address, pending, letter.message_id, composed)
        conclude(desk, entry_id, OutboxState.FAILED, words)
    return None


def _hold_what_is_overtaken(session: Session, entry: Outbox, message: Message) -> None:
    """Keep back what was to leave at a chosen time, where its writer has not read all there is to read by now.

    What somebody lets go all the same has no time of its own any more, and what one recipient has got already goes to
    the others, too.

    Raises:
        Refused: the customer has written, or a colleague has written to them or spoken with them; another ticket came
            in with what was said there; or the ticket was cancelled.
    """
    if not entry.is_timed or has_left(session, entry):
        return
    if session.get_one(Ticket, message.ticket_id).status == Status.CANCELLED:
        raise Refused(_("Held back: its ticket is cancelled."), "")
    if _came_in_since(session, message):
        raise Refused(_("Held back: another ticket is part of this one since. Read it first."), "")
    since = select(Message).where(
        col(Message.ticket_id) == message.ticket_id,
        col(Message.id) > message.id,
        col(Message.kind).in_((MessageKind.INBOUND, MessageKind.OUTBOUND, MessageKind.CALL)),
        col(Message.is_automatic).is_(False),
        col(Message.is_withdrawn).is_(False),
    )
    theirs = {plain_address(address) for _name, address in (*message.to, *message.cc)}
    for one in session.execute(since.order_by(col(Message.id).desc())).scalars():
        to_them = theirs & {plain_address(address) for _name, address in (*one.to, *one.cc)}
        is_call, is_ours = one.kind == MessageKind.CALL, one.agent_id == message.agent_id
        if one.kind == MessageKind.INBOUND or (not is_ours and (is_call or to_them)):
            said = _("Held back: {name} has written since. Read it first.")
            spoke = _("Held back: {name} has spoken with them since. Read it first.")
            name = clean_line(Person(one.from_name, one.from_address).called, 80)
            raise Refused((spoke if is_call else said).format(name=name), "")


def _came_in_since(session: Session, message: Message) -> set[int]:
    """The numbers of the tickets that were merged into that of a message since it was written, and are still."""
    merged = select(col(Event.changes)).where(
        col(Event.ticket_id) == message.ticket_id,
        col(Event.verb).in_((Verb.MERGE, Verb.UNMERGE, Verb.UNDO, Verb.REDO)),
        col(Event.at) >= message.received_at,
        col(Event.actor_id).is_distinct_from(message.agent_id),  # who did it has seen it
    )
    found: set[int] = set()
    for changed in session.execute(merged.order_by(col(Event.id))).scalars():
        before, after = changed.get(MERGED, (None, None))
        found = (found - {before}) | ({after} if after else set())
    return found


def _ticket_of(session: Session, outbox_id: int) -> int:
    return session.execute(select(col(Outbox.ticket_id)).where(col(Outbox.id) == outbox_id)).scalar_one()


def _locked(session: Session, outbox_id: int) -> Outbox:
    """An entry, locked behind its ticket: who moves a ticket locks in this order, too."""
    ticket = select(col(Ticket.id)).where(col(Ticket.id) == _ticket_of(session, outbox_id))
    session.execute(ticket.with_for_update(key_share=True))
    return session.get_one(Outbox, outbox_id, with_for_update=True)


def _next_due(desk: Desk) -> int | None:
    """The next mail whose time has come, from an address that has not sent its share of this minute."""
    now = desk.clock()
    due = select(col(Outbox.id)).where(col(Outbox.state) == OutboxState.QUEUED, col(Outbox.due_at) <= now)
    with reading(desk.store, desk.actor) as session:
        if resting := _with_their_share(session, desk.settings.smtp.per_minute, now):
            due = due.join(Message, col(Message.id) == col(Outbox.message_id))
            due = due.where(col(Message.from_address).not_in(resting))
        return session.execute(due.order_by(col(Outbox.due_at), col(Outbox.id)).limit(1)).scalar_one_or_none()


def _with_their_share(session: Session, per_minute: int, now: datetime) -> list[str]:
    """The addresses from which so many mails were handed over within a minute that the next one waits."""
    handed_over = select(col(Message.from_address)).join(Outbox, col(Outbox.message_id) == col(Message.id))
    recent = handed_over.where(
        col(Outbox.state).in_((OutboxState.SENT, OutboxState.FAILED, OutboxState.UNSURE, OutboxState.SENDING)),
        col(Outbox.updated_at) > now - timedelta(minutes=1),
        col(Outbox.updated_at) <= now,
    )
    many = recent.group_by(col(Message.from_address)).having(func.count() >= per_minute)
    return list(session.execute(many).scalars())


def conclude(desk: Desk, outbox_id: int, state: OutboxState, words: str = "", refused: Sequence[Refusal] = ()) -> None:
    """Write down what became of a mail; one that shall be tried again waits longer each time.

    A mail that was taken back in the meantime stays taken back. The ticket is locked first, as everywhere.

    Args:
        state: that of every recipient whom the mail was handed over for, but not of those in `refused`.
    """
    with desk.change(Verb.DELIVERY) as changes:
        changes.load_ids([_ticket_of(changes.session, outbox_id)])
        entry = _locked(changes.session, outbox_id)
        before = entry.state
        if before not in (OutboxState.QUEUED, OutboxState.SENDING):
            return
        entry.state = conclude_each(changes.session, entry, *_in_the_end(entry, state, refused), words=words)
        entry.words = words or "; ".join(f"{one.address}: {one.words}" for one in refused)
        entry.updated_at = changes.now
        if entry.state == OutboxState.QUEUED:
            entry.due_at = changes.now + pause_after(entry.tries)
        elif has_left(changes.session, entry):
            queue = changes.session.get_one(Queue, entry.queue_id).name
            entry.copy_due_at, entry.copy_tries = looks_from(desk.settings, queue, changes.now), 0
        changes.only.record("delivery", before, entry.state)
        changes.only.record("delivery_of", None, entry.message_id)


def _in_the_end(entry: Outbox, state: OutboxState, refused: Sequence[Refusal]) -> tuple[OutboxState, Sequence[Refusal]]:
    """What is refused for now is refused for good after days of it."""
    if entry.tries < _MOST_TRIES:
        return state, refused
    final = [one._replace(is_final=True) for one in refused]
    return (OutboxState.FAILED if state is OutboxState.QUEUED else state), final


def doubt_interrupted(desk: Desk) -> int:
    """Mails left as `sending` by a sender that died may have arrived: mark them unsure. Returns how many.

    Call it only while holding the sender's lock.
    """
    with reading(desk.store, desk.actor) as session:
        left = select(col(Outbox.id)).where(col(Outbox.state) == OutboxState.SENDING)
        ids = list(session.execute(left).scalars())
    for outbox_id in ids:
        conclude(desk, outbox_id, OutboxState.UNSURE, "")
    return len(ids)


def pause_after(tries: int) -> timedelta:
    """How long a mail waits after this many attempts: a minute, doubled each time, an hour at most."""
    return min(_FIRST_PAUSE * int(2 ** min(max(tries - 1, 0), 10)), _LONGEST_PAUSE)


def _letter(session: Session, entry: Outbox, message: Message) -> Letter:
    files = session.execute(select(Attachment).where(col(Attachment.message_id) == message.id)).scalars()
    return Letter(
        outbox_id=entry.id,
        sender=Person(message.from_name, message.from_address),
        to=tuple(Person(*person) for person in message.to),
        cc=tuple(Person(*person) for person in message.cc),
        subject=message.subject,
        text=message.text,
        quoted=message.quoted,
        message_id=message.message_id,
        references=tuple(message.references),
        written_at=message.received_at,
        files=tuple((one.name, one.content_type, content.whole(session, one.sha256)) for one in files),
        is_automatic=message.is_automatic,
        is_confirmation=message.is_automatic and _is_confirmation(session, message),
        reply_to=_reply_to(session, message),
    )


def _is_confirmation(session: Session, message: Message) -> bool:
    confirms = select(col(Acknowledgement.id)).where(
        col(Acknowledgement.ticket_id).in_(may_have_lain_on(session, message.ticket_id)),
        col(Acknowledgement.message_id) == message.id,
    )
    return session.execute(confirms).first() is not None


def _reply_to(session: Session, message: Message) -> Person | None:
    """An address that carries the thread's token behind a plus sign (RFC 5233), where the queue has such addresses."""
    local, _at, domain = message.from_address.rpartition("@")
    token = own_token(message.message_id)
    if not token or not session.get_one(Queue, message.queue_id).has_plus_addresses:
        return None
    address = f"{local}+{token}@{domain}"
    return Person(message.from_name, address) if len(local) + len(token) < _LONGEST_LOCAL else None


def _keep_copy(session: Session, message: Message, composed: bytes, now: datetime) -> None:
    if message.raw_id is not None:
        return
    raw = RawMessage(
        queue_id=message.queue_id,
        ticket_id=message.ticket_id,
        message_id=message.id,
        mailbox=OUTBOX,
        sha256=content.keep(session, composed),
        received_at=now,
        disposition=OUTGOING,
    )
    session.add(raw)
    session.flush()
    message.raw_id = raw.id
