"""How far a mail has come with each of its recipients; together that says how far it has come as a whole."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from helpdesk_tui.store.statements import add_rows
from helpdesk_tui.store.tables import Outbox, OutboxRecipient
from helpdesk_tui.terms import DeliveryReport, OutboxState, Person, Refusal

_WORST_FIRST = (OutboxState.QUEUED, OutboxState.UNSURE, OutboxState.FAILED, OutboxState.SENT)


def still_to_reach(session: Session, entry: Outbox, people: Sequence[Person]) -> tuple[str, ...]:
    """The recipients who have not got it yet; at the first attempt these are all, and each gets a row."""
    rows = rows_of(session, entry.id)
    if not rows:
        place = {"message_id": entry.message_id, "ticket_id": entry.ticket_id, "queue_id": entry.queue_id}
        addresses = list(dict.fromkeys(person.address for person in people))
        first = {"outbox_id": entry.id, "state": OutboxState.QUEUED, "words": "", **place}
        add_rows(session, OutboxRecipient, [{**first, "address": one} for one in addresses])
        return tuple(addresses)
    return tuple(row.address for row in rows if row.state == OutboxState.QUEUED)


def conclude_each(
    session: Session, entry: Outbox, state: OutboxState, refused: Sequence[Refusal], words: str
) -> OutboxState:
    """Write down what became of it for each recipient; returns what that means for the mail as a whole."""
    told = {one.address: one for one in refused}
    rows = rows_of(session, entry.id)
    for row in rows:
        if row.state == OutboxState.QUEUED:
            row.state, row.words = state, words
            if refusal := told.get(row.address):
                row.state = OutboxState.FAILED if refusal.is_final else OutboxState.QUEUED
                row.words = refusal.words
    return worst(row.state for row in rows) if rows else state


def worst(states: Iterable[str]) -> OutboxState:
    """How far a mail is that has come so far with each of its recipients: one to be tried again, in doubt, not sent."""
    found = set(states)
    return next((one for one in _WORST_FIRST if one in found), OutboxState.SENT)


def mark_bounced(session: Session, entry: Outbox, report: DeliveryReport) -> None:
    """Write down for whom a mail came back; where the report names nobody we wrote to, it is anybody's guess."""
    rows = rows_of(session, entry.id)
    told = {one.address.casefold(): one for one in report.recipients if one.is_permanent}
    named = [row for row in rows if row.address.casefold() in told] or (rows if len(rows) == 1 else [])
    for row in named:
        of_this = told.get(row.address.casefold())
        said = (of_this.status, of_this.diagnostic) if of_this else (report.status, report.diagnostic)
        row.state, row.words = OutboxState.FAILED, " ".join(filter(None, said))
    for row in () if named else rows:
        row.state = OutboxState.UNSURE


def queue_again(session: Session, entry: Outbox, now: datetime) -> None:
    """Let a mail be tried again for whoever has certainly not got it."""
    for row in rows_of(session, entry.id):
        if row.state == OutboxState.FAILED:
            row.state, row.words = OutboxState.QUEUED, ""
    entry.state, entry.words, entry.tries, entry.updated_at = OutboxState.QUEUED, "", 0, now


def has_left(session: Session, entry: Outbox) -> bool:
    """True where somebody has got this mail, or may have: it can be taken back no more."""
    if entry.state not in (OutboxState.QUEUED, OutboxState.FAILED, OutboxState.WITHDRAWN):
        return True
    return any(row.state in (OutboxState.SENT, OutboxState.UNSURE) for row in rows_of(session, entry.id))


def rows_of(session: Session, outbox_id: int) -> list[OutboxRecipient]:
    """The recipients of a mail, locked; none before it was first handed over."""
    theirs = select(OutboxRecipient).where(col(OutboxRecipient.outbox_id) == outbox_id)
    return list(session.execute(theirs.order_by(col(OutboxRecipient.address)).with_for_update()).scalars())
