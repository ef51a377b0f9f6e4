"""Verbs on customers: their name and company, their addresses and phones."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from helpdesk_tui.desk.door import Change, Changes, Desk
from helpdesk_tui.desk.people import add_contacts, whole
from helpdesk_tui.errors import NotFound, Refused, Usage
from helpdesk_tui.language import _
from helpdesk_tui.rules.callers import digits_of
from helpdesk_tui.rules.routing import is_address, plain_address
from helpdesk_tui.rules.untrusted import clean_line
from helpdesk_tui.rules.words import fold
from helpdesk_tui.store import customers as store
from helpdesk_tui.store.sight import meets
from helpdesk_tui.store.statements import add_row
from helpdesk_tui.store.tables import Customer, CustomerAddress, CustomerJoin, CustomerPhone, Organization, Ticket
from helpdesk_tui.store.transaction import lock_name
from helpdesk_tui.terms import ACTIVE, Outcome, Person, Verb

#: A customer as the log keeps it: `customer` (the id), `name`, `organization`, `addresses`, `phones`.
Picture = Mapping[str, Any]
#: The name of a customer's change in an event.
CUSTOMER = "customer"
_MOST = 100
#: So many of a customer's tickets tell of a change.
_TELLING = 20


def set_customer(desk: Desk, customer_id: int, *, name: str | None = None, organization: str | None = None) -> Outcome:
    """Say what a customer is called, and whose company they belong to; None leaves it, "" takes the company away."""
    if name is not None and not clean_line(name, 200):
        raise Usage(_("A customer needs a name."), _("Write the name, or leave it as it is."))
    said = {"name": name, "organization": organization}
    changed = {one: clean_line(value, 200) for one, value in said.items() if value is not None}
    return _change(desk, customer_id, lambda _session, now: {**now, **changed})


def add_address(desk: Desk, customer_id: int, address: str) -> Outcome:
    """Let a customer be known by one address more.

    Raises:
        Refused: it belongs to somebody else.
    """
    wanted = plain_address(clean_line(address, 320))
    if not is_address(wanted):
        raise Usage(_("{address} is not an address.").format(address=wanted or "<>"), _("Write NAME@DOMAIN."))

    def add(session: Session, now: Picture) -> Picture:
        lock_name(session, f"customer {wanted}")
        owner = session.get(CustomerAddress, wanted)
        if owner is not None and owner.customer_id != now["customer"]:
            raise Refused(
                _("{address} belongs to another customer.").format(address=wanted),
                _("If both are one person, join them: helpdesk customer join KEEP OTHER"),
            )
        return _with(now, "addresses", wanted)

    return _change(desk, customer_id, add)


def remove_address(desk: Desk, customer_id: int, address: str) -> Outcome:
    """Let a customer be known by an address no more; the last one is taken with a warning."""
    return _change(desk, customer_id, lambda _session, now: _without(now, "addresses", plain_address(address)))


def add_phone(desk: Desk, customer_id: int, phone: str) -> Outcome:
    """Let a customer be known by one phone more."""
    number = clean_line(phone, 60)
    if not digits_of(number):
        raise Usage(_("{phone} is not a number.").format(phone=number or '""'), _("Write it as +49 30 1234567."))

    def add(_session: Session, now: Picture) -> Picture:
        has_it = digits_of(number) in map(digits_of, now["phones"])
        return now if has_it else _with(now, "phones", number)

    return _change(desk, customer_id, add)


def remove_phone(desk: Desk, customer_id: int, phone: str) -> Outcome:
    """Let a customer be known by a phone no more, however it is written."""

    def remove(_session: Session, now: Picture) -> Picture:
        same = (one for one in now["phones"] if digits_of(one) == digits_of(phone))
        return _without(now, "phones", next(same, clean_line(phone, 60)))

    return _change(desk, customer_id, remove)


def picture(session: Session, customer_id: int) -> dict[str, Any]:
    """A customer as the log keeps it."""
    customer = session.get_one(Customer, customer_id, populate_existing=True)
    organization = session.get(Organization, customer.organization_id) if customer.organization_id else None
    addresses = select(col(CustomerAddress.address)).where(col(CustomerAddress.customer_id) == customer_id)
    phones = select(col(CustomerPhone.number)).where(col(CustomerPhone.customer_id) == customer_id)
    in_order = addresses.order_by(col(CustomerAddress.position), col(CustomerAddress.address))
    return {
        "customer": customer_id,
        "name": customer.name,
        "organization": organization.name if organization else "",
        "addresses": list(session.execute(in_order).scalars()),
        "phones": list(session.execute(phones.order_by(col(CustomerPhone.id))).scalars()),
    }


def seen(session: Session, customer_id: int) -> Customer:
    """A customer whom the asker knows.

    Raises:
        NotFound: there is none, or all their tickets lie where the asker sees nothing.
    """
    customer = session.get(Customer, customer_id)
    if customer is None or not meets(session, customer_id):
        raise NotFound(
            _("There is no customer {id}.").format(id=customer_id), _("`helpdesk customer find NAME` finds them.")
        )
    return customer


def refuse_joined(session: Session, *customer_ids: int) -> None:
    """Refuse what is meant for a record that was joined with another one.

    Raises:
        Refused: one of them was.
    """
    for one in customer_ids:
        if (final := whole(session, one)) != one:
            raise Refused(
                _("Customer {id} was joined with {other} already.").format(id=one, other=final),
                _("Name customer {other}.").format(other=final),
            )


def called(now: Picture) -> str:
    """What a customer is called (`Person.called`)."""
    first = next(iter(now["addresses"]), "")
    return Person(now["name"], first).called or next(iter(now["phones"]), "")


def search_key(session: Session, now: Picture) -> str:
    """By what a customer is found: the names of all records that were joined, and the addresses."""
    joined = select(col(Customer.name)).join(CustomerJoin, col(CustomerJoin.joined_id) == col(Customer.id))
    joined = joined.where(col(CustomerJoin.kept_id) == now["customer"], col(CustomerJoin.split_at).is_(None))
    others = session.execute(joined).scalars()
    return fold(" ".join(filter(None, (now["name"], *others, *now["addresses"]))))


def restore(changes: Changes, change: Change, was: Mapping[str, list[Any]], _later: list[dict[str, Any]]) -> list[str]:
    """Put back what somebody changed of a customer; returns words on what was changed again since."""
    session, (before, after) = changes.session, was[CUSTOMER]
    now = picture(session, before["customer"])
    wanted = dict(now)
    left = []
    for name in ("name", "organization"):
        if before[name] != after[name] and now[name] == after[name]:
            wanted[name] = before[name]
        elif now[name] != before[name] != after[name]:
            left.append(_("{what} of {customer}").format(what=name, customer=called(now)))
    for name in ("addresses", "phones"):
        gone = [one for one in before[name] if one not in after[name] and one not in now[name]]
        free = [one for one in gone if name == "phones" or session.get(CustomerAddress, one) is None]
        left += [one for one in gone if one not in free]
        wanted[name] = [one for one in now[name] if one not in after[name] or one in before[name]] + free
    if wanted != now:
        _write(changes, now, wanted)
        change.record(CUSTOMER, now, wanted)
    return left


def _change(desk: Desk, customer_id: int, edit: Callable[[Session, Picture], Picture]) -> Outcome:
    with desk.change(Verb.CUSTOMER) as changes:
        session = changes.session
        seen(session, customer_id)
        changes.load_ids(telling(session, customer_id))
        lock_name(session, f"customer record {customer_id}")
        refuse_joined(session, customer_id)
        before = picture(session, customer_id)
        after = edit(session, before)
        if after != before:
            _write(changes, before, after)
            for change in changes:
                change.record(CUSTOMER, before, after)
        changes.say(_sentence(before, after))
    return changes.outcome


def telling(session: Session, customer_id: int) -> list[int]:
    """The tickets in whose history a change of this customer stands: those that are active, else the newest."""
    theirs = select(col(Ticket.id)).where(col(Ticket.requester_id) == customer_id).order_by(col(Ticket.id).desc())
    active = list(session.execute(theirs.where(col(Ticket.status).in_(ACTIVE)).limit(_TELLING)).scalars())
    return active or list(session.execute(theirs.limit(1)).scalars())


def _write(changes: Changes, before: Picture, after: Picture) -> None:
    session, customer_id = changes.session, before["customer"]
    lost = _lost(before, after, "phones")
    phones = select(col(CustomerPhone.id)).where(col(CustomerPhone.customer_id) == customer_id)
    phone_ids = session.execute(phones.where(col(CustomerPhone.number).in_(lost))).scalars()
    store.drop_contacts(session, customer_id, _lost(before, after, "addresses"), list(phone_ids))
    add_contacts(session, customer_id, _lost(after, before, "addresses"), _lost(after, before, "phones"))
    organization = _organization(session, after["organization"])
    store.write_customer(session, customer_id, after["name"], search_key(session, after), organization)
    session.expire(session.get_one(Customer, customer_id))
    store.reword(session, customer_id, changes.now)


def _organization(session: Session, name: str) -> int | None:
    """The id of a company, which is made where it is new; names are not unique, so the first of a name counts."""
    if not name:
        return None
    lock_name(session, f"organization {name}")
    known = select(col(Organization.id)).where(col(Organization.name) == name).order_by(col(Organization.id))
    found = session.execute(known.limit(1)).scalar_one_or_none()
    return found if found is not None else add_row(session, Organization, {"name": name})


def _with(now: Picture, name: str, value: str) -> Picture:
    if len(now[name]) >= _MOST:
        raise Refused(_("More than {n} are not kept.").format(n=_MOST), _("Take one away that is used no more."))
    return now if value in now[name] else {**now, name: [*now[name], value]}


def _without(now: Picture, name: str, value: str) -> Picture:
    if value not in now[name]:
        raise NotFound(
            _("{value} is not one of {customer}.").format(value=clean_line(value, 80), customer=called(now)),
            _("`helpdesk customer show {id}` shows them.").format(id=now["customer"]),
        )
    return {**now, name: [one for one in now[name] if one != value]}


def _lost(before: Picture, after: Picture, name: str) -> Sequence[str]:
    return [one for one in before[name] if one not in after[name]]


def _sentence(before: Picture, after: Picture) -> str:
    signs = [f"+{one}" for name in ("addresses", "phones") for one in _lost(after, before, name)]
    signs += [f"-{one}" for name in ("addresses", "phones") for one in _lost(before, after, name)]
    if before["name"] != after["name"]:
        signs.append(_("called {name}").format(name=after["name"]))
    if before["organization"] != after["organization"]:
        signs.append(_("company {name}").format(name=after["organization"] or _("none")))
    text = f"{called(before)}: {', '.join(signs) or _('it is so already')}"
    if before["addresses"] and not after["addresses"]:
        text += " · " + _("! no address is left: nobody can answer them by mail")
    return text
