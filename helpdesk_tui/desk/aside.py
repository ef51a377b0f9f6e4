"""Verbs on what was kept aside: make a ticket of it, or put it away. Both are taken back by undo."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session
from sqlmodel import col

from helpdesk_tui.desk import gathering
from helpdesk_tui.desk.door import Change, Changes, Desk
from helpdesk_tui.desk.inbound import Filing, queues_by_address
from helpdesk_tui.desk.opening import open_tickets
from helpdesk_tui.desk.standing import apply_status
from helpdesk_tui.errors import NotFound, Refused
from helpdesk_tui.language import _
from helpdesk_tui.rules.routing import plain_address
from helpdesk_tui.rules.threading import Placement
from helpdesk_tui.rules.untrusted import clean_line
from helpdesk_tui.store.queries.why import raw_id_of
from helpdesk_tui.store.tables import Batch, MailGroup, MailQuarantine, MailSeen, RawMessage
from helpdesk_tui.terms import Disposition, IncomingMail, MailGroupKind, Outcome, Status, Verb

#: What a batch or an event calls the change of an entry.
ASIDE = "aside"
#: So much of a subject is repeated, in characters.
_SAID = 80
_Entry = MailQuarantine | MailGroup


def make_ticket(desk: Desk, mail: int, content: IncomingMail) -> Outcome:
    """Make a ticket of a mail that was kept aside; what comes like it goes on there. Nobody gets an answer.

    Args:
        mail: its id; content: what its bytes say.
    Raises:
        NotFound: there is no such mail. Refused: it has a ticket of its own, or is not filed yet.
    """
    with desk.change(Verb.CREATE, mail=mail) as changes:
        session = changes.session
        raw = _lock(session, mail)
        entry = _entry_of(session, raw)
        if raw.message_id is not None:
            _take_up_again(changes, raw)
        else:
            _open(desk, changes, raw, content)
        change, ticket = changes.only, changes.only.ticket
        before = _state(entry)
        after = {**before, "ticket": ticket.id}
        _settle(changes, after, ticket.queue_id)
        change.record(ASIDE, before, after)
        changes.say(_("Ticket #{number}: {subject}").format(number=ticket.number, subject=ticket.subject))
    return changes.outcome


def dismiss(desk: Desk, mail: int) -> Outcome:
    """Put an entry away that a mail belongs to: what comes like it begins a new one. The mails stay.

    Raises:
        NotFound: there is no such mail. Refused: it waits in no list.
    """
    with desk.change(Verb.ASIDE, mail=mail) as changes:
        raw = _lock(changes.session, mail)
        entry = _entry_of(changes.session, raw)
        if entry is None or (entry.ticket_id is not None and getattr(entry, "kind", "") != MailGroupKind.FLOOD):
            raise Refused(
                _("Mail {id} waits in no list.").format(id=mail),
                _("`helpdesk why mail {id}` says where it is.").format(id=mail),
            )
        before, after = _standing(entry, waits=True), _standing(entry, waits=False)
        _stand(changes.session, after, changes.now)
        changes.note(ASIDE, [before, after])
        changes.say(_("Put away: {what}").format(what=clean_line(raw.subject, _SAID) or _("mail {id}").format(id=mail)))
    return changes.outcome


def newest_of(
    changes: Changes, *, is_undone: bool, named: str | None = None, but: Collection[str] = ()
) -> Batch | None:
    """The newest batch of this actor that put an entry away, or, with `is_undone`, took that back.

    Such batches have no event, for no ticket has changed.
    """
    away = select(col(Batch.id)).where(col(Batch.verb) == Verb.ASIDE)
    found = select(Batch).where(col(Batch.actor_id) == changes.actor.agent_id, col(Batch.undone_by).is_(None))
    found = found.where(col(Batch.id).not_in(but))
    is_back = (col(Batch.verb) == Verb.UNDO) & col(Batch.undoes).in_(away)
    found = found.where((col(Batch.verb) == Verb.ASIDE) | is_back if is_undone else col(Batch.verb) == Verb.ASIDE)
    if named:
        found = found.where(col(Batch.id) == named)
    newest: Batch | None = changes.session.execute(found.order_by(col(Batch.at).desc()).limit(1)).scalar_one_or_none()
    return newest


def take_back(changes: Changes, target: Batch) -> None:
    """Put an entry back where it stood before a batch.

    Raises:
        Refused: mails like it have begun a new one since.
    """
    if ASIDE in target.outcome:
        before, after = target.outcome[ASIDE]
        _stand(changes.session, before, changes.now)
        changes.note(ASIDE, [after, before])


def restore(changes: Changes, change: Change, changed: Mapping[str, Any], _later: list[dict[str, Any]]) -> list[str]:
    """Let an entry wait again whose ticket is taken back; where the ticket stays, so does this."""
    before, after = changed[ASIDE]
    if before["ticket"] is None and change.ticket.status != Status.CANCELLED:
        return []
    _settle(changes, before, change.ticket.queue_id)
    change.record(ASIDE, after, before)
    return []


def _lock(session: Session, mail: int) -> RawMessage:
    raw_id = raw_id_of(session, mail)
    raw = session.execute(select(RawMessage).where(col(RawMessage.id) == raw_id).with_for_update()).scalar_one()
    if raw.disposition is None:
        raise Refused(_("Mail {id} is not filed yet.").format(id=mail), _("Wait for the poller, then look again."))
    return raw


def _take_up_again(changes: Changes, raw: RawMessage) -> None:
    """Open the ticket again that was made of a mail and cancelled since.

    Raises:
        Refused: it stands as it is.
    """
    changes.load_ids([raw.ticket_id or 0])
    ticket = changes.only.ticket
    if ticket.status != Status.CANCELLED:
        raise Refused(_("It is in #{number} already.").format(number=ticket.number), _("Open that one."))
    apply_status(ticket, Status.NEW, changes.now)


def _open(desk: Desk, changes: Changes, raw: RawMessage, mail: IncomingMail) -> None:
    session, reason = changes.session, _("Somebody made a ticket of it.")
    raw.from_name, raw.from_address = mail.sender.name, plain_address(mail.sender.address)
    raw.subject, raw.disposition, raw.why_reason = mail.subject, Disposition.NEW, reason
    filing = Filing(changes, raw, mail, queues_by_address(session), desk.settings.calendar)
    placement = Placement(Disposition.NEW, raw.why_row or 0, reason, reopens=True)
    (ticket_id,) = open_tickets(session, [(filing, placement)])
    session.flush()
    ours = (col(MailSeen.raw_id) == raw.id) & (col(MailSeen.fate) != Disposition.DUPLICATE)
    mark = update(MailSeen).where(ours).values(fate=Disposition.NEW)
    session.execute(mark.execution_options(synchronize_session=False))
    changes.load_ids([ticket_id])


def _entry_of(session: Session, raw: RawMessage) -> _Entry | None:
    """The entry in which a mail waits, which is locked; None where it waits in none."""
    unread = select(MailQuarantine).where(
        col(MailQuarantine.raw_id) == raw.id, col(MailQuarantine.resolved_at).is_(None)
    )
    if (quarantine := session.execute(unread.with_for_update()).scalars().first()) is not None:
        return quarantine
    group = gathering.locked(session, raw.group_id) if raw.group_id else None
    return group if group is not None and group.is_open else None


def _state(entry: _Entry | None) -> dict[str, int | None]:
    """What an event keeps of an entry that no ticket goes on yet: which, and the ticket it will go on in."""
    has_ticket = isinstance(entry, MailGroup) and entry.ticket_id is not None
    named = {} if entry is None or has_ticket else {_kind(entry): entry.id}
    return {"group": None, "quarantine": None, "ticket": None, **named}


def _kind(entry: _Entry) -> str:
    return "group" if isinstance(entry, MailGroup) else "quarantine"


def _settle(changes: Changes, state: Mapping[str, Any], queue_id: int) -> None:
    """Let an entry go on in a ticket, or wait again where there is none."""
    session, ticket_id = changes.session, state["ticket"]
    if state["group"] is not None:
        group = gathering.locked(session, state["group"])
        if group is not None:
            group.ticket_id, group.queue_id = ticket_id, queue_id
    if state["quarantine"] is not None:
        resolved_at = None if ticket_id is None else changes.now
        _resolve(session, state["quarantine"], resolved_at)
    session.flush()


def _standing(entry: _Entry, *, waits: bool) -> dict[str, Any]:
    """What a batch keeps of an entry: which, and whether it waits."""
    return {_kind(entry): entry.id, "waits": waits}


def _stand(session: Session, standing: Mapping[str, Any], now: datetime) -> None:
    waits = standing["waits"]
    if "quarantine" in standing:
        _resolve(session, standing["quarantine"], None if waits else now)
        return
    group = gathering.locked(session, standing["group"])
    if group is None:
        raise NotFound(_("The entry is not there any more."), _("Mails like it begin a new one."))
    if waits and gathering.is_begun_anew(session, group):
        raise Refused(_("Mails like it have begun a new entry since."), _("Look at that one."))
    group.is_open = waits
    session.flush()


def _resolve(session: Session, quarantine_id: int, at: datetime | None) -> None:
    resolved = update(MailQuarantine).where(col(MailQuarantine.id) == quarantine_id).values(resolved_at=at)
    session.execute(resolved.execution_options(synchronize_session="fetch"))
