"""Removing what an import brought: the only place that deletes tickets, and never what somebody has worked on."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import delete, or_, select, text, update
from sqlalchemy.orm import Session
from sqlmodel import col

from helpdesk_tui.store.queries.transfer import (
    CUSTOMER,
    FIELD,
    MAIL,
    MESSAGE,
    NUMBER,
    ORGANIZATION,
    ROW,
    TAG,
    THREAD,
    TICKET,
)
from helpdesk_tui.store.sight import everything
from helpdesk_tui.store.statements import is_among, is_postgres
from helpdesk_tui.store.tables import (
    Attachment,
    Batch,
    CallbackRequest,
    Content,
    ContentChunk,
    Customer,
    CustomerAddress,
    CustomerField,
    CustomerJoin,
    CustomerPhone,
    Draft,
    Event,
    ExternalRef,
    FieldDefinition,
    ImportRun,
    MailQuarantine,
    Message,
    Organization,
    Outbox,
    OwnToken,
    Presence,
    RawMessage,
    Tag,
    Ticket,
    TicketField,
    TicketNumber,
    TicketTag,
    TicketWords,
    Timer,
)
from helpdesk_tui.terms import ImportState

#: The columns by which a ticket names another one.
LINKS = ("merged_into", "split_from", "linked_to")
#: Rows that hang on a ticket, in the order in which they can go.
_OF_TICKET: tuple[Any, ...] = (
    Presence, TicketWords, TicketTag, TicketField, Timer, OwnToken, Attachment, RawMessage, Message,
)  # fmt: skip
#: Rows of agents' work on a ticket: where there is one, the ticket stays.
_WORK: tuple[Any, ...] = (Draft, CallbackRequest, Outbox, MailQuarantine)


def hold_contents(session: Session) -> None:
    """Let nobody keep bytes until the transaction ends: who finds them there already must not find them gone."""
    if is_postgres(session):
        session.execute(text("LOCK TABLE content IN SHARE ROW EXCLUSIVE MODE"))


def have_work(session: Session, tickets: Collection[int]) -> set[int]:
    """Those of these tickets with a draft, a callback, a mail of ours or one in quarantine."""
    found: set[int] = set()
    for table in _WORK:
        found.update(
            session.execute(select(table.ticket_id).where(is_among(session, table.ticket_id, tickets))).scalars()
        )
    return found


def settled(session: Session, import_id: str) -> set[str]:
    """The batches that are no work of anybody: the import itself, and later ones that were taken back, both ways."""
    undone = select(col(Batch.id), col(Batch.undone_by)).join(ImportRun, col(ImportRun.id) == col(Batch.id))
    found = session.execute(undone.where(col(ImportRun.state) == ImportState.UNDONE))
    return {import_id, *(one for pair in found for one in pair if one)}


def touched(session: Session, import_id: str, tickets: Collection[int]) -> set[int]:
    """Those that somebody has worked on since the import made them, or that something which stays names."""
    links = _links_to(session, tickets)
    everyone = {*tickets, *(id for id, _named in links)}
    made = select(col(ExternalRef.own_id)).where(
        col(ExternalRef.import_id) == import_id,
        col(ExternalRef.type) == TICKET,
        is_among(session, col(ExternalRef.own_id), everyone),
    )
    others = select(col(Event.ticket_id)).where(
        is_among(session, col(Event.ticket_id), everyone), col(Event.batch_id).not_in(settled(session, import_id))
    )
    mails = select(col(RawMessage.linked_ticket_id)).where(is_among(session, RawMessage.linked_ticket_id, everyone))
    stay = everyone - set(session.execute(made).scalars())
    stay |= set(session.execute(others).scalars()) | have_work(session, everyone)
    stay |= {ticket_id for ticket_id in session.execute(mails).scalars() if ticket_id}
    while named := {named for id, named in links if id in stay} - stay:
        stay |= named
    return stay & set(tickets)


def _links_to(session: Session, tickets: Collection[int]) -> list[tuple[int, int]]:
    """Who names these tickets, or one that does, or one that names that, each with whom it names."""
    names: Any = [getattr(Ticket, link) for link in LINKS]
    links: list[tuple[int, int]] = []
    new, found = set(tickets), set(tickets)
    while new:
        naming = select(col(Ticket.id), *names).where(or_(*(is_among(session, name, new) for name in names)))
        more = [(id, named) for id, *others in session.execute(naming) for named in others if named in new]
        links += more
        new = {id for id, _named in more} - found
        found |= new
    return links


def remove_tickets(session: Session, numbers: dict[int, int]) -> int:
    """Remove tickets (numbers by ids) with all that hangs on them; returns how many messages they had.

    Their events stay. `hold_contents` comes first.
    """
    ids = list(numbers)
    for link in LINKS:
        here = is_among(session, getattr(Ticket, link), ids)
        session.execute(update(Ticket).where(here).values({link: None}).execution_options(synchronize_session=False))
    named = select(col(Message.id)).where(is_among(session, col(Message.ticket_id), ids))
    messages = list(session.execute(named).scalars())
    digests = _digests(session, "ticket_id", ids)
    for table in _OF_TICKET:
        _delete(session, table, is_among(session, table.ticket_id, ids))
    forget(session, (TICKET, NUMBER, THREAD, ROW), ids)
    forget(session, (MAIL, MESSAGE), messages)
    _delete(session, Ticket, is_among(session, col(Ticket.id), ids))
    _delete(session, TicketNumber, is_among(session, col(TicketNumber.number), numbers.values()))
    _remove_contents(session, digests)
    return len(messages)


def remove_messages(session: Session, ids: Sequence[int]) -> None:
    """Remove messages with their files and mails; `hold_contents` comes first."""
    digests = _digests(session, "message_id", ids)
    for table in (OwnToken, Attachment, RawMessage):
        _delete(session, table, is_among(session, table.message_id, ids))
    _delete(session, Message, is_among(session, col(Message.id), ids))
    forget(session, (MAIL, MESSAGE), ids)
    _remove_contents(session, digests)


def remove_unused(session: Session, import_id: str) -> None:
    """Remove the people, tags, companies and fields that an import made and nothing names any more."""
    asks = select(col(Ticket.id)).where(col(Ticket.requester_id) == col(Customer.id))
    either = or_(col(CustomerJoin.kept_id) == col(Customer.id), col(CustomerJoin.joined_id) == col(Customer.id))
    gone = _unused(session, import_id, CUSTOMER, Customer, asks, select(col(CustomerJoin.id)).where(either))
    for table in (CustomerAddress, CustomerPhone, CustomerField):
        _delete(session, table, is_among(session, table.customer_id, gone))
    _remove(session, CUSTOMER, Customer, gone)
    tagged = select(col(TicketTag.tag_id)).where(col(TicketTag.tag_id) == col(Tag.id))
    _remove(session, TAG, Tag, _unused(session, import_id, TAG, Tag, tagged))
    works = select(col(Customer.id)).where(col(Customer.organization_id) == col(Organization.id))
    _remove(session, ORGANIZATION, Organization, _unused(session, import_id, ORGANIZATION, Organization, works))
    defined = col(FieldDefinition.id)
    on_tickets = select(col(TicketField.ticket_id)).where(col(TicketField.definition_id) == defined)
    on_people = select(col(CustomerField.customer_id)).where(col(CustomerField.definition_id) == defined)
    _remove(session, FIELD, FieldDefinition, _unused(session, import_id, FIELD, FieldDefinition, on_tickets, on_people))


def forget(session: Session, kinds: Sequence[str], own_ids: Collection[int], import_id: str | None = None) -> None:
    """Forget what other systems call these; with `import_id` only what that import called them."""
    here = [col(ExternalRef.type).in_(kinds), is_among(session, col(ExternalRef.own_id), own_ids)]
    _delete(session, ExternalRef, *here, *([col(ExternalRef.import_id) == import_id] if import_id else []))


def _unused(session: Session, import_id: str, kind: str, table: Any, *uses: Any) -> list[int]:
    made = select(col(ExternalRef.own_id)).where(col(ExternalRef.import_id) == import_id, col(ExternalRef.type) == kind)
    return list(session.execute(select(table.id).where(table.id.in_(made), *(~use.exists() for use in uses))).scalars())


def _remove(session: Session, kind: str, table: Any, gone: Sequence[int]) -> None:
    _delete(session, table, is_among(session, table.id, gone))
    forget(session, (kind,), gone)


def _digests(session: Session, owner: str, ids: Collection[int]) -> list[str]:
    """Of the bytes that go with these tickets or messages."""
    tables: tuple[Any, ...] = (Attachment, RawMessage)
    found: set[str] = set()
    for table in tables:
        here = is_among(session, getattr(table, owner), ids)
        found.update(session.execute(select(table.sha256).where(here)).scalars())
    return sorted(found)


def _remove_contents(session: Session, digests: Sequence[str]) -> None:
    """Remove those of these bytes that nothing names any more."""
    used: set[str] = set()
    for name in (col(Attachment.sha256), col(RawMessage.sha256)):
        used.update(session.execute(select(name).where(name.in_(digests))).scalars())
    used |= _attached_to_drafts(session)
    gone = [digest for digest in digests if digest not in used]
    _delete(session, ContentChunk, col(ContentChunk.sha256).in_(gone))
    _delete(session, Content, col(Content.sha256).in_(gone))


def _attached_to_drafts(session: Session) -> set[str]:
    """The digests of files that are to go along with what somebody is writing."""
    with everything(session):  # also what whoever takes it back does not see
        kept = session.execute(select(col(Draft.fields))).scalars().all()
    return {digest for fields in kept for _name, _type, _size, digest in fields.get("files", ())}


def _delete(session: Session, table: Any, *where: Any) -> None:
    session.execute(delete(table).where(*where).execution_options(synchronize_session=False))
