"""Two records that are one person: joined with all that hangs on them, and taken apart again where they were not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session
from sqlmodel import col

from helpdesk_tui.desk.customers import Picture, called, picture, refuse_joined, search_key, seen, telling
from helpdesk_tui.desk.door import Change, Changes, Desk
from helpdesk_tui.desk.people import whole
from helpdesk_tui.errors import NotFound, Refused, Usage
from helpdesk_tui.language import _, ngettext
from helpdesk_tui.rules.callers import digits_of
from helpdesk_tui.store import customers as store
from helpdesk_tui.store.sight import meets
from helpdesk_tui.store.statements import is_among
from helpdesk_tui.store.tables import Customer, CustomerField, CustomerJoin, CustomerPhone, Event
from helpdesk_tui.store.transaction import lock_name
from helpdesk_tui.terms import Outcome, Verb

#: The name of a join in an event.
JOIN = "join"


def join(desk: Desk, keep: int, other: int) -> Outcome:
    """Let two customers be one: addresses, phones, fields and tickets of the other go to the one that is kept.

    Tickets that lie where one sees nothing follow unseen.

    Raises:
        NotFound: one of them is nobody one knows. Usage: they are one already.
    """
    with desk.change(Verb.JOIN) as changes:
        session = changes.session
        for one in (keep, other):
            seen(session, one)
        _refuse_one(session, keep, other)
        _load(changes, keep, other)
        _refuse_one(session, keep, other)  # whom one waited for may have joined them
        kept, given = picture(session, keep), picture(session, other)
        row = CustomerJoin(
            kept_id=keep,
            joined_id=other,
            agent_id=desk.actor.agent_id,
            moved=_what_moves(session, keep, other, changes.batch_id),
            at=changes.now,
        )
        session.add(row)
        session.flush()
        _put_together(changes, row)
        moved = [change for change in changes if change.ticket.requester_id == other]
        for change in moved:
            change.ticket.requester_id = keep
        session.flush()
        store.reword(session, keep, changes.now)
        next(iter(moved or changes), _Nowhere()).record(JOIN, None, row.id)
        changes.say(_sentence(kept, given, len(moved), row.id))
    return changes.outcome


def split(desk: Desk, join_id: int) -> Outcome:
    """Take apart what was joined: what nobody changed since goes back, the rest stays and is named.

    Raises:
        NotFound: there is no such join. Refused: it was taken apart already, or a later one stands on it.
    """
    with desk.change(Verb.SPLIT) as changes:
        session = changes.session
        row = session.get(CustomerJoin, join_id)
        if row is None or not meets(session, row.kept_id):
            raise NotFound(
                _("There is no join {id}.").format(id=join_id), _("`helpdesk customer show WHO` shows a customer's.")
            )
        moved = _moved_tickets(session, row)
        changes.load_ids(moved or telling(session, row.kept_id)[:1])
        _lock(session, row.kept_id, row.joined_id)
        session.refresh(row)
        _refuse_split(session, row)
        left = _take_apart(changes, row)
        for change in changes:
            if moved and change.ticket.requester_id == row.kept_id:
                change.ticket.requester_id = row.joined_id
        session.flush()
        store.reword(session, row.joined_id, changes.now)
        next(iter(changes), _Nowhere()).record(JOIN, row.id, None)
        apart = _("{kept} and {joined} are two again").format(
            kept=called(picture(session, row.kept_id)), joined=called(picture(session, row.joined_id))
        )
        changes.say(" · ".join(filter(None, (apart, _stays(left)))))
    return changes.outcome


def restore(changes: Changes, change: Change, was: Mapping[str, list[Any]], _later: list[dict[str, Any]]) -> list[str]:
    """Take back a join, or its end; the tickets one sees go back by their own events."""
    session, (before, after) = changes.session, was[JOIN]
    row = session.get_one(CustomerJoin, after or before)
    _lock(session, row.kept_id, row.joined_id)
    session.refresh(row)
    if (row.split_at is None) != (after is not None):
        return [_("the two customers (they were joined or split since)")]
    change.record(JOIN, after, before)
    if after is not None:
        _refuse_split(session, row)
        return _take_apart(changes, row)
    _put_together(changes, row)
    return []


class _Nowhere:
    """Where neither of them has a ticket one sees, there is no history to write it into."""

    def record(self, name: str, before: Any, after: Any) -> None:
        """Nothing."""


def _refuse_one(session: Session, keep: int, other: int) -> None:
    if whole(session, keep) == whole(session, other):
        raise Usage(_("They are one customer already."), _("Name two different ones."))
    refuse_joined(session, keep, other)


def _refuse_split(session: Session, row: CustomerJoin) -> None:
    if row.split_at is not None:
        raise Refused(_("Join {id} was taken apart already.").format(id=row.id), _("Nothing was changed."))
    on_top = select(col(CustomerJoin.id)).where(
        col(CustomerJoin.joined_id) == row.kept_id, col(CustomerJoin.split_at).is_(None)
    )
    if later := session.execute(on_top).scalars().first():
        raise Refused(
            _("Join {later} stands on join {id}.").format(later=later, id=row.id),
            _("Take the later one apart first: helpdesk customer split {later}").format(later=later),
        )


def _load(changes: Changes, keep: int, other: int) -> None:
    """Take in the tickets that move; those that came while one waited for the locks, too."""
    session = changes.session
    first = store.seen_tickets(session, other)
    changes.load_ids(first)
    _lock(session, keep, other)
    changes.load_ids([one for one in store.seen_tickets(session, other) if one not in set(first)])
    if not len(changes):
        changes.load_ids(telling(session, keep)[:1])


def _lock(session: Session, *customer_ids: int) -> None:
    """Nobody finds or makes one of these by an address or phone until the end."""
    names = [f"customer record {one}" for one in customer_ids]
    for one in customer_ids:
        now = picture(session, one)
        names += [f"customer {key}" for key in (*now["addresses"], *map(digits_of, now["phones"])) if key]
    lock_name(session, *names)


def _what_moves(session: Session, keep: int, other: int, batch: str) -> dict[str, Any]:
    """What the kept record gets, as the journal keeps it; of tickets the batch's events tell."""
    phones = select(col(CustomerPhone.id)).where(col(CustomerPhone.customer_id) == other)
    theirs, own = _fields(session, other), _fields(session, keep)
    kept, given = session.get_one(Customer, keep), session.get_one(Customer, other)
    return {
        "batch": batch,
        "addresses": picture(session, other)["addresses"],
        "phones": list(session.execute(phones).scalars()),
        "fields": [[field, value] for field, value in theirs.items() if field not in own],
        "name": "" if kept.name else given.name,
        "organization_id": None if kept.organization_id else given.organization_id,
        "search_key": given.search_key,
    }


def _put_together(changes: Changes, row: CustomerJoin) -> None:
    session, moved = changes.session, row.moved
    store.give_contacts(session, row.joined_id, row.kept_id, moved["addresses"], moved["phones"])
    _give_fields(session, row.joined_id, row.kept_id, moved["fields"])
    given, kept = session.get_one(Customer, row.joined_id), session.get_one(Customer, row.kept_id)
    store.write_customer(session, given.id, given.name, "", given.organization_id)
    name, organization = kept.name or moved["name"], kept.organization_id or moved["organization_id"]
    row.split_at = None
    session.flush()
    key = search_key(session, {**picture(session, kept.id), "name": name})
    store.write_customer(session, kept.id, name, key, organization)
    store.reword(session, kept.id, changes.now)
    changes.at_last(partial(store.follow, session, row, changes.batch_id))


def _take_apart(changes: Changes, row: CustomerJoin) -> list[str]:
    """Give back what the other record had; returns what is no longer where it was put."""
    session, moved = changes.session, row.moved
    _write_split(session, row, changes.now)
    now = picture(session, row.kept_id)
    addresses = [one for one in moved["addresses"] if one in now["addresses"]]
    store.give_contacts(session, row.kept_id, row.joined_id, addresses, moved["phones"])
    fields = [[field, value] for field, value in moved["fields"] if _fields(session, row.kept_id).get(field) == value]
    _give_fields(session, row.kept_id, row.joined_id, fields)
    given, kept = session.get_one(Customer, row.joined_id), session.get_one(Customer, row.kept_id)
    store.write_customer(session, given.id, given.name, moved["search_key"], given.organization_id)
    name = "" if moved["name"] and kept.name == moved["name"] else kept.name
    organization = None if kept.organization_id == moved["organization_id"] else kept.organization_id
    key = search_key(session, {**picture(session, kept.id), "name": name})
    store.write_customer(session, kept.id, name, key, organization)
    store.reword(session, kept.id, changes.now)
    changes.at_last(partial(store.follow, session, row, changes.batch_id))
    stays = [str(value) for field, value in moved["fields"] if [field, value] not in fields]
    return [*(one for one in moved["addresses"] if one not in addresses), *stays]


def _write_split(session: Session, row: CustomerJoin, now: datetime) -> None:
    """Say that it is taken apart, before tickets go back: whoever has none of the kept customer's may not write it."""
    here = update(CustomerJoin).where(col(CustomerJoin.id) == row.id).values(split_at=now)
    session.execute(here.execution_options(synchronize_session=False))
    session.refresh(row)


def _fields(session: Session, customer_id: int) -> dict[int, str]:
    theirs = select(col(CustomerField.definition_id), col(CustomerField.value))
    return dict(session.execute(theirs.where(col(CustomerField.customer_id) == customer_id)).all())


def _give_fields(session: Session, giver: int, taker: int, fields: Iterable[Sequence[Any]]) -> None:
    given = update(CustomerField).where(
        col(CustomerField.customer_id) == giver,
        is_among(session, col(CustomerField.definition_id), [field for field, _value in fields]),
    )
    session.execute(given.values(customer_id=taker).execution_options(synchronize_session=False))


def _moved_tickets(session: Session, row: CustomerJoin) -> list[int]:
    """The tickets one sees that this join moved and that are the kept customer's still."""
    logged = select(col(Event.ticket_id), col(Event.changes)).where(col(Event.batch_id) == row.moved["batch"])
    moved = {ticket_id for ticket_id, changes in session.execute(logged) if "requester_id" in changes}
    return sorted(moved & set(store.seen_tickets(session, row.kept_id)))


def _sentence(kept: Picture, given: Picture, tickets: int, join_id: int) -> str:
    said = ngettext("{n} ticket", "{n} tickets", tickets)
    return _(
        "{other} and {kept} are one now: {tickets}, {addresses} · `helpdesk customer split {id}` parts them"
    ).format(
        other=called(given),
        kept=called(kept),
        tickets=said,
        addresses=ngettext("{n} address", "{n} addresses", len(given["addresses"])),
        id=join_id,
    )


def _stays(left: Sequence[str]) -> str:
    return _("stays as it is: {what}").format(what=", ".join(left)) if left else ""
