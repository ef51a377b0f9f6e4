"""Who belongs to a ticket: its requester, whoever an agent wrote to, and whoever an agent let in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import bindparam, delete, select
from sqlalchemy.orm import Session
from sqlmodel import col

from helpdesk_tui.desk.door import Change, Changes, Desk
from helpdesk_tui.desk.people import customer_for
from helpdesk_tui.errors import Refused, Usage
from helpdesk_tui.language import _
from helpdesk_tui.rules.forwards import forwarded_sender
from helpdesk_tui.rules.routing import is_address, plain_address, without_detail
from helpdesk_tui.rules.untrusted import clean_line
from helpdesk_tui.store import search
from helpdesk_tui.store.asking import answer
from helpdesk_tui.store.statements import add_unless_there
from helpdesk_tui.store.tables import Customer, CustomerAddress, Message, Participant, Ticket
from helpdesk_tui.terms import MessageKind, Outcome, Person, Verb

#: The name, in an event, of who was let in: [name, address].
PARTICIPANT = "participant"

_ADDRESSES = select(col(CustomerAddress.address)).where(col(CustomerAddress.customer_id) == bindparam("customer"))


def is_participant(session: Session, ticket: Ticket, address: str) -> bool:
    """True for an address that belongs to the ticket, also with another detail behind a plus."""
    if not address:
        return False
    if gets_answers(session, ticket, address) or _asked_what_came_in(session, ticket.id, address):
        return True
    written = select(col(Message.to), col(Message.cc)).where(
        col(Message.ticket_id) == ticket.id,
        col(Message.kind) == MessageKind.OUTBOUND,
        col(Message.is_withdrawn).is_(False),
        col(Message.is_automatic).is_(False),
    )
    people = (person for row in session.execute(written) for person in [*row.to, *row.cc])
    return any(without_detail(one) == without_detail(address) for _name, one in people)


def is_requester(session: Session, ticket: Ticket, address: str) -> bool:
    """True for an address of the person whose ticket it is."""
    own = answer(session, _ADDRESSES, {"customer": ticket.requester_id}).scalars()
    return without_detail(plain_address(address)) in map(without_detail, own)


def gets_answers(session: Session, ticket: Ticket, address: str) -> bool:
    """True for an address to which answers are offered: the requester's, or that of somebody an agent let in."""
    if is_requester(session, ticket, address):
        return True
    return without_detail(address) in (without_detail(one.address) for one in let_in(session, ticket.id))


def let_in(session: Session, ticket_id: int) -> list[Person]:
    """Whom agents let into a ticket, the first one first."""
    found = select(col(Participant.name), col(Participant.address)).where(col(Participant.ticket_id) == ticket_id)
    rows = session.execute(found.order_by(col(Participant.at), col(Participant.address)))
    return [Person(name, address) for name, address in rows]


def newcomer(session: Session, ticket_id: int) -> Person | None:
    """Who wrote last on a ticket and is offered no answer yet; None where they are, or a machine wrote."""
    written = select(col(Message.from_name), col(Message.from_address)).where(
        col(Message.ticket_id) == ticket_id,
        col(Message.kind) == MessageKind.INBOUND,
        col(Message.is_automatic).is_(False),
    )
    last = session.execute(written.order_by(col(Message.id).desc()).limit(1)).first()
    if last is None or gets_answers(session, session.get_one(Ticket, ticket_id), last.from_address):
        return None
    return Person(last.from_name, last.from_address) if is_address(last.from_address) else None


def passed_on(session: Session, ticket_id: int) -> Person | None:
    """Whose mail the first mail of a ticket passes on; None where it passes none on."""
    mails = select(col(Message.subject), col(Message.text), col(Message.quoted)).where(
        col(Message.ticket_id) == ticket_id, col(Message.kind) == MessageKind.INBOUND
    )
    first = session.execute(mails.order_by(col(Message.id)).limit(1)).first()
    if first is None:
        return None
    return forwarded_sender(first.subject, first.text) or forwarded_sender(first.subject, first.quoted)


def accept(desk: Desk, ticket: int, address: str = "") -> Outcome:
    """Let somebody into a ticket: their mail belongs there from now on, and answers are offered to them as well.

    Args:
        address: "" is who wrote last.
    Raises:
        Refused: nobody new has written, or they belong there already.
    """
    wanted = plain_address(clean_line(address, 320))
    if address and not is_address(wanted):
        raise Usage(_("{address} is not an address.").format(address=wanted or "<>"), _("Write NAME@DOMAIN."))
    with desk.change(Verb.ACCEPT, [ticket]) as changes:
        change = changes.only
        session, row = changes.session, change.ticket
        person = Person(_name_there(session, row.id, wanted), wanted) if wanted else newcomer(session, row.id)
        if person is None:
            raise Refused(_("Nobody new has written last on #{number}.").format(number=ticket), _("Name an address."))
        if gets_answers(session, row, person.address):
            raise Refused(_("{person} belongs there already.").format(person=person.whole), _("Nothing was changed."))
        _add(changes, row, person)
        change.record(PARTICIPANT, None, [person.name, person.address])
        changes.say(
            _("{person} belongs to #{number} now; answers are offered to them as well").format(
                person=person.whole, number=ticket
            )
        )
    return changes.outcome


def set_requester(desk: Desk, ticket: int, person: Person) -> Outcome:
    """Say whose ticket it is: found by their address, made where they are new."""
    whose = Person(clean_line(person.name, 200), clean_line(person.address, 320))
    if not (whose.name or whose.address):
        raise Usage(_("A request needs a person."), _("Give a name or an address."))
    if whose.address and not is_address(whose.address):
        raise Usage(_("{address} is not an address.").format(address=whose.address), _("Write NAME@DOMAIN."))
    with desk.change(Verb.REQUESTER, [ticket]) as changes:
        row, session = changes.only.ticket, changes.session
        row.requester_id = customer_for(session, whose, changes.now)
        session.flush()
        search.rebuild(session, row.id)
        called = Person(session.get_one(Customer, row.requester_id).name, whose.address).whole
        changes.say(_("#{number} is a request of {person} now").format(number=ticket, person=called))
    return changes.outcome


def restore(changes: Changes, change: Change, was: Mapping[str, list[Any]], _later: list[dict[str, Any]]) -> list[str]:
    """Let somebody out again who was let in, or in again who was let out."""
    before, after = was[PARTICIPANT]
    if after is None:
        _add(changes, change.ticket, Person(*before))
    else:
        out = delete(Participant).where(
            col(Participant.ticket_id) == change.ticket.id, col(Participant.address) == after[1]
        )
        changes.session.execute(out.execution_options(synchronize_session=False))
    change.record(PARTICIPANT, after, before)
    return []


def _asked_what_came_in(session: Session, ticket_id: int, address: str) -> bool:
    """True for the requester of a ticket that was merged into this one: an agent found both to be one matter."""
    came_in, waiting = {ticket_id}, [ticket_id]
    while waiting:
        found = session.execute(select(Ticket).where(col(Ticket.merged_into).in_(waiting))).scalars()
        sources = [one for one in found if one.id not in came_in]
        if any(is_requester(session, one, address) for one in sources):
            return True
        waiting = [one.id for one in sources]
        came_in |= set(waiting)
    return False


def _add(changes: Changes, ticket: Ticket, person: Person) -> None:
    row = {"ticket_id": ticket.id, "queue_id": ticket.queue_id, "name": person.name, "address": person.address}
    by = {"agent_id": changes.actor.agent_id, "at": changes.now}
    add_unless_there(changes.session, Participant, {**row, "address": plain_address(person.address), **by})


def _name_there(session: Session, ticket_id: int, address: str) -> str:
    """What somebody called themselves when they wrote on a ticket."""
    written = select(col(Message.from_name), col(Message.from_address)).where(
        col(Message.ticket_id) == ticket_id, col(Message.kind) == MessageKind.INBOUND
    )
    rows = session.execute(written.order_by(col(Message.id).desc()))
    return next((name for name, one in rows if plain_address(one) == address), "")
