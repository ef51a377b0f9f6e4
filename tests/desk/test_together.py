"""Mails that are filed together end up as mails that are filed one after the other, however they hang together."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import pytest
from sqlmodel import col, select

from helpdesk_tui.desk.door import Desk
from helpdesk_tui.desk.mailroom import ArrivedMail, file_each, keep
from helpdesk_tui.desk.settings import set_agent
from helpdesk_tui.store.tables import Customer, CustomerAddress, Event, Message, Ticket, TicketWords
from helpdesk_tui.terms import Authenticity, FiledMail, IncomingMail, Person
from tests.build import MAILBOX, an_incoming, session_of
from tests.sampling import IS_LONG

SEEDS = range(60 if IS_LONG else 6)
MAILS = 25
PEOPLE = ("mira", "mira+shop", "mira+x", "ben", "ida", "ben+a", "")
#: The number is none that a ticket gets: those are drawn at random, so that a real one might be in one world alone.
SUBJECTS = ("Printer", "Re: Printer", "AW: Printer", "Invoice", "Re: Invoice", "Printer [#42]", "")


def mails_of(world: str, seed: int) -> list[IncomingMail]:
    """Some mails of few people about few matters, who answer each other; in each world the same but for its name."""
    chance = random.Random(seed)
    ids: list[str] = []
    mails = []
    for number in range(MAILS):
        own = chance.choice(ids) if ids and chance.random() < 0.1 else f"{number}@{world}.example"
        named = tuple(chance.choices(ids, k=chance.choice((0, 0, 1, 2)))) if ids else ()
        who = f"{name}@{world}.example" if (name := chance.choice(PEOPLE)) else ""
        robot = "auto-replied" if chance.random() < 0.1 else ""
        about = {"subject": chance.choice(SUBJECTS), "text": f"{world} {chance.choice('abc')}", "auto_submitted": robot}
        sender = Person(chance.choice(("", "M. Kern", "Mira Kern")), who)
        mails.append(an_incoming(sender=sender, message_id=own, in_reply_to=named[:1], references=named, **about))
        ids.append(own)
    return mails


def kept(desk: Desk, world: str, mails: Sequence[IncomingMail]) -> list[tuple[int, IncomingMail]]:
    contents = [ArrivedMail(f"{world} {number}".encode(), desk.clock()) for number in range(len(mails))]
    return [(one.raw_id, mail) for one, mail in zip(keep(desk, MAILBOX, contents), mails, strict=True)]


def seen(desk: Desk, world: str, filed: Sequence[FiledMail]) -> list[Any]:
    """Where each mail is: beside which one before it, as whose, with which remarks, words and events."""
    first: dict[int | None, int] = {}
    for place, one in enumerate(filed):
        first.setdefault(one.ticket, place)
    found = []
    with session_of(desk.store) as session:
        for one in filed:
            message = session.get(Message, one.message) if one.message else None
            ticket = session.execute(select(Ticket).where(col(Ticket.number) == one.ticket)).scalars().one_or_none()
            told: list[Any] = [one.disposition, one.row, one.ticket and first[one.ticket]]
            told += [one.linked_to and first[one.linked_to], message and message.remarks]
            if ticket is not None:
                words = session.get_one(TicketWords, ticket.id)
                addresses = select(CustomerAddress.address).where(
                    col(CustomerAddress.customer_id) == ticket.requester_id
                )
                events = select(Event).where(col(Event.ticket_id) == ticket.id).order_by(col(Event.id))
                told += [session.get_one(Customer, ticket.requester_id).name, ticket.status, ticket.version]
                told += [sorted(session.execute(addresses).scalars()), words.words, words.cost]
                told += [[sorted(event.changes) for event in session.execute(events).scalars()]]
            found.append(str(told).replace(world, "WORLD"))
    return found


@pytest.mark.parametrize("seed", SEEDS)
def test_it_comes_to_the_same(system: Desk, seed: int) -> None:
    one_by_one, together = (
        kept(system, "xq7", mails_of("xq7", seed)),
        kept(system, "xq8", mails_of("xq8", seed)),
    )
    alone = [file_each(system, [mail])[0] for mail in one_by_one]
    crowd = file_each(system, together)
    assert seen(system, "xq8", crowd) == seen(system, "xq7", alone)
    assert {one.row for one in alone} >= {11, 17}


def test_what_an_agent_passes_on_is_known_to_the_next_as_the_customers(admin: Desk, system: Desk) -> None:
    set_agent(admin, "anna", email="anna@desk.example")

    def both(world: str) -> list[IncomingMail]:
        mira = Person("Mira Kern", f"mira@{world}.example")
        text = f"---------- Forwarded message ---------\nFrom: {mira.whole}\nSubject: Lamp\n\nIt is dark."
        proven = {"authenticity": Authenticity.PASS}
        passed_on = an_incoming(sender=Person("Anna", "anna@desk.example"), subject="Fwd: Lamp", text=text, **proven)
        return [passed_on, an_incoming(sender=mira, subject="Re: Fwd: Lamp", **proven)]

    alone = [file_each(system, [mail])[0] for mail in kept(system, "xq7", both("xq7"))]
    together = file_each(system, kept(system, "xq8", both("xq8")))
    assert [one.row for one in together] == [one.row for one in alone] == [17, 10]
    assert len({one.ticket for one in together}) == len({one.ticket for one in alone}) == 1
