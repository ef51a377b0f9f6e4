"""What can be done about a mail that did not arrive, or perhaps did not: only a person sends a mail a second time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import select
from sqlmodel import col

from helpdesk_tui.desk.door import Changes, Desk
from helpdesk_tui.desk.drafts import bring_back, written_as
from helpdesk_tui.desk.reaching import has_left, queue_again, rows_of, worst
from helpdesk_tui.errors import NotFound, Refused
from helpdesk_tui.language import _
from helpdesk_tui.store.tables import Message, Outbox
from helpdesk_tui.terms import OutboxState, Outcome, Verb


@dataclass(frozen=True, slots=True)
class _Mail:
    changes: Changes
    entry: Outbox
    message: Message

    def conclude(self, state: OutboxState, words: str) -> None:
        """Write down how far it has come now, and what the person is told."""
        before, self.entry.state, self.entry.updated_at = self.entry.state, state, self.changes.now
        self.entry.words = self.entry.words if state is OutboxState.FAILED else ""
        self.changes.only.record("delivery", before, state)
        self.changes.only.record("delivery_of", None, self.message.id)
        self.changes.say(words.format(number=self.changes.only.ticket.number))


def send_again(desk: Desk, message: int) -> Outcome:
    """Send a mail that failed once more, to those only who have certainly not got it.

    Raises:
        Refused: it has not failed with anybody; where that is not known, see `send_though_unsure`.
    """
    with _mail(desk, message) as mail:
        if OutboxState.FAILED not in {mail.entry.state, *_states(mail)}:
            raise Refused(_("This mail has not failed."), _("What is unsure can be sent again all the same."))
        before = mail.entry.state
        queue_again(mail.changes.session, mail.entry, mail.changes.now)
        mail.entry.state, mail.entry.due_at, mail.entry.is_timed = before, mail.changes.now, False
        mail.conclude(OutboxState.QUEUED, _("The mail on #{number} is tried again"))
    return mail.changes.outcome


def send_though_unsure(desk: Desk, message: int) -> Outcome:
    """Send a mail again of which nobody knows whether it arrived: it may arrive twice.

    Raises:
        Refused: it is not in doubt.
    """
    with _mail(desk, message) as mail:
        _settle(mail, OutboxState.QUEUED)
        mail.entry.tries, mail.entry.due_at, mail.entry.copy_due_at = 0, mail.changes.now, None
        mail.entry.is_timed = False
        mail.conclude(OutboxState.QUEUED, _("The mail on #{number} is sent again; it may arrive twice"))
    return mail.changes.outcome


def take_as_sent(desk: Desk, message: int) -> Outcome:
    """Say that a mail in doubt has arrived.

    Raises:
        Refused: it is not in doubt.
    """
    with _mail(desk, message) as mail:
        _settle(mail, OutboxState.SENT)
        mail.entry.copy_due_at = None
        mail.conclude(worst(_states(mail) or [OutboxState.SENT]), _("The mail on #{number} counts as sent"))
    return mail.changes.outcome


def edit_instead(desk: Desk, message: int) -> Outcome:
    """Take back a mail that nobody has, since it failed or waits for its time: it is a draft again, of whoever does this.

    Raises:
        Refused: somebody has got it, or may have.
    """
    with _mail(desk, message) as mail:
        session, entry = mail.changes.session, mail.entry
        if entry.state not in (OutboxState.FAILED, OutboxState.QUEUED) or has_left(session, entry):
            raise Refused(
                _("This mail has left, or may have."), _("Write a second one; the text of the first is in the thread.")
            )
        mail.message.is_withdrawn = True
        mail.changes.only.record("message", mail.message.id, None)
        bring_back(session, desk.actor, mail.message, written_as(session, mail.message), at=mail.changes.now)
        mail.conclude(OutboxState.WITHDRAWN, _("The mail on #{number} is a draft again"))
    return mail.changes.outcome


def send_now(desk: Desk, message: int) -> Outcome:
    """Send a mail at once that waits for its time.

    Raises:
        Refused: it waits for none.
    """
    with _mail(desk, message) as mail:
        if mail.entry.state != OutboxState.QUEUED or mail.entry.due_at <= mail.changes.now:
            raise Refused(_("This mail does not wait for its time."), _("Nothing was changed."))
        mail.entry.due_at, mail.entry.is_timed = mail.changes.now, False
        mail.conclude(OutboxState.QUEUED, _("The mail on #{number} leaves now"))
    return mail.changes.outcome


@contextmanager
def _mail(desk: Desk, message: int) -> Iterator[_Mail]:
    """A mail of ours, locked behind its ticket."""
    with desk.change(Verb.RESEND) as changes:
        entry = select(Outbox).where(col(Outbox.message_id) == message)
        found = changes.session.execute(entry).scalars().first()
        if found is None:
            raise NotFound(_("Message {id} is no mail of ours.").format(id=message), _("`helpdesk outbox list`"))
        changes.load_ids([found.ticket_id])
        locked = changes.session.get_one(Outbox, found.id, with_for_update=True, populate_existing=True)
        mail = _Mail(changes, locked, changes.session.get_one(Message, message))
        if mail.message.is_withdrawn or locked.state == OutboxState.WITHDRAWN:
            raise Refused(_("This mail was taken back."), _("Its text is a draft again, of whoever took it back."))
        yield mail


def _states(mail: _Mail) -> list[str]:
    return [row.state for row in rows_of(mail.changes.session, mail.entry.id)]


def _settle(mail: _Mail, state: OutboxState) -> None:
    """Say of those recipients with whom it is not known how it went."""
    if mail.entry.state != OutboxState.UNSURE and OutboxState.UNSURE not in _states(mail):
        raise Refused(_("This mail is not in doubt."), _("Nothing was changed."))
    for row in rows_of(mail.changes.session, mail.entry.id):
        if row.state == OutboxState.UNSURE:
            row.state, row.words = state, ""
