"""Customers: several addresses and phones each, joined where two records are one person, and split again."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from helpdesk_tui.desk import customers, joining, tickets
from helpdesk_tui.desk.door import Desk
from helpdesk_tui.desk.due import run_due
from helpdesk_tui.desk.history import redo, undo
from helpdesk_tui.desk.settings import add_queue, set_agent
from helpdesk_tui.errors import HelpdeskError, NotFound, Refused, Usage
from helpdesk_tui.store.queries.people import CustomerPage, customer_of_ticket, customer_page, find_customers
from helpdesk_tui.store.statements import add_rows
from helpdesk_tui.store.tables import CustomerJoin
from helpdesk_tui.store.transaction import lock_name
from helpdesk_tui.terms import SYSTEM, Person
from tests.build import MIRA, Place, a_ticket, an_incoming, filed, history, listed, row, session_of, sql
from tests.services.hosting import wait_until

MIRA_AT_HOME = Person("Mira K.", "mira@home.example")


def customer(desk: Desk, number: int) -> int:
    """The id of a ticket's requester."""
    return desk.ask(customer_of_ticket, row(desk, number).id).id


def page(desk: Desk, customer_id: int) -> CustomerPage:
    """A customer as an agent sees them."""
    found = desk.ask(customer_page, customer_id)
    assert found is not None
    return found


def two_records(desk: Desk) -> tuple[int, int, int, int]:
    """Mira at work and at home: number and customer of each."""
    work = a_ticket(desk, "Printer", phone="+49 30 1111")
    home = a_ticket(desk, "Scanner", person=MIRA_AT_HOME, phone="+49 30 2222")
    return work, customer(desk, work), home, customer(desk, home)


def test_a_customer_has_several_addresses_and_phones(desk: Desk) -> None:
    number = a_ticket(desk)
    mira = customer(desk, number)
    customers.add_address(desk, mira, "Mira.Kern@Alias.example")
    customers.add_phone(desk, mira, "+49 30 777")
    customers.set_customer(desk, mira, name="Mira Kern-Vogt", organization="Kern GmbH")
    found = page(desk, mira)
    assert found.addresses == ("mira@customer.example", "mira.kern@alias.example")
    assert (found.phones, found.row.organization) == (("+49 30 777",), "Kern GmbH")
    assert [one.id for one in desk.ask(find_customers, "kern-vogt")] == [mira]
    assert [one.id for one in desk.ask(find_customers, "alias.example")] == [mira]
    assert filed(desk, an_incoming(sender=Person("", "mira.kern@alias.example"))).ticket != number
    assert {customer(desk, one) for one in listed(desk)} == {mira}


def test_a_ticket_is_found_by_an_address_that_was_added_later(desk: Desk) -> None:
    number = a_ticket(desk)
    customers.add_address(desk, customer(desk, number), "mira@zebra.example")
    assert listed(desk, "zebra") == [number]
    undo(desk)
    assert listed(desk, "zebra") == []


def test_an_address_belongs_to_one_customer(desk: Desk) -> None:
    _work, mira, _home, _other = two_records(desk)
    with pytest.raises(Refused, match=r"mira@home\.example belongs to another customer") as refused:
        customers.add_address(desk, mira, "MIRA@home.example")
    assert "helpdesk customer join" in refused.value.hint


@pytest.mark.parametrize("words", ["", "mira", "mira@", "two @words.example"])
def test_what_is_no_address_is_refused(desk: Desk, words: str) -> None:
    with pytest.raises(Usage, match="is not an address"):
        customers.add_address(desk, customer(desk, a_ticket(desk)), words)


def test_taking_the_last_address_away_warns(desk: Desk) -> None:
    mira = customer(desk, a_ticket(desk))
    customers.add_address(desk, mira, "mira@alias.example")
    assert "no address is left" not in customers.remove_address(desk, mira, "mira@alias.example").text
    assert "! no address is left" in customers.remove_address(desk, mira, MIRA.address).text
    with pytest.raises(NotFound, match="is not one of Mira Kern"):
        customers.remove_address(desk, mira, MIRA.address)


def test_a_phone_is_taken_away_however_it_is_written(desk: Desk) -> None:
    mira = customer(desk, a_ticket(desk, phone="+49 30 7654-321"))
    customers.add_phone(desk, mira, "0049 (30) 7654321")
    assert page(desk, mira).phones == ("+49 30 7654-321",)
    customers.remove_phone(desk, mira, "+49307654321")
    assert page(desk, mira).phones == ()


def test_a_change_of_a_customer_stands_in_the_history_and_is_undone(desk: Desk) -> None:
    number = a_ticket(desk)
    mira = customer(desk, number)
    customers.set_customer(desk, mira, organization="Kern GmbH")
    customers.add_address(desk, mira, "mira@alias.example")
    assert history(desk, number)[-1].changes["customer"][1]["addresses"] == [MIRA.address, "mira@alias.example"]
    undo(desk)
    undo(desk)
    assert (page(desk, mira).addresses, page(desk, mira).row.organization) == ((MIRA.address,), "")
    redo(desk)
    assert page(desk, mira).row.organization == "Kern GmbH"


def test_a_detail_behind_a_plus_leads_to_the_same_customer(desk: Desk) -> None:
    mira = customer(desk, a_ticket(desk))
    number = filed(desk, an_incoming(sender=Person("Mira", "mira+shop@customer.example"), subject="Toner")).ticket or 0
    assert customer(desk, number) == mira
    assert page(desk, mira).addresses == (MIRA.address,)  # it is the same mailbox: a thousand details are no alias
    assert listed(desk, "shop") == [number]


def test_two_records_become_one_customer(desk: Desk) -> None:
    work, mira, home, other = two_records(desk)
    outcome = joining.join(desk, mira, other)
    assert "Mira K. and Mira Kern are one now: 1 ticket, 1 address" in outcome.text
    found = page(desk, mira)
    assert found.addresses == (MIRA.address, MIRA_AT_HOME.address)
    assert found.phones == ("+49 30 1111", "+49 30 2222")
    assert {customer(desk, work), customer(desk, home)} == {mira}
    assert set(listed(desk, "home.example")) == {work, home}
    assert history(desk, home)[-1].changes["requester"] == ["Mira K.", "Mira Kern"]
    assert [one.id for one in desk.ask(find_customers, "Mira")] == [mira]
    assert filed(desk, an_incoming(sender=MIRA_AT_HOME, subject="Toner")).ticket
    assert {customer(desk, one) for one in listed(desk)} == {mira}


def test_a_join_is_undone_and_done_again(desk: Desk) -> None:
    work, mira, home, other = two_records(desk)
    joining.join(desk, mira, other)
    undo(desk)
    assert (customer(desk, work), customer(desk, home)) == (mira, other)
    assert page(desk, mira).addresses == (MIRA.address,)
    assert (page(desk, other).addresses, page(desk, other).phones) == ((MIRA_AT_HOME.address,), ("+49 30 2222",))
    assert listed(desk, "home.example") == [home]
    assert {one.id for one in desk.ask(find_customers, "Mira")} == {mira, other}
    redo(desk)
    assert customer(desk, home) == mira
    assert page(desk, mira).addresses == (MIRA.address, MIRA_AT_HOME.address)


def test_a_split_gives_back_what_nobody_changed_since(desk: Desk, bob: Desk) -> None:
    work, mira, home, other = two_records(desk)
    joining.join(desk, mira, other)
    customers.remove_address(desk, mira, MIRA_AT_HOME.address)
    later = a_ticket(desk, "Toner")
    ((join_id, _name),) = [(one.id, one.name) for one in page(desk, mira).joins]
    outcome = joining.split(bob, join_id)
    assert "stays as it is: mira@home.example" in outcome.text
    assert page(desk, other).addresses == ()
    assert page(desk, other).phones == ("+49 30 2222",)
    assert [customer(desk, one) for one in (work, home, later)] == [mira, other, mira]
    assert page(desk, mira).joins == ()
    with pytest.raises(Refused, match="was taken apart already"):
        joining.split(desk, join_id)


def test_a_split_is_undone_too(desk: Desk) -> None:
    _work, mira, home, other = two_records(desk)
    joining.join(desk, mira, other)
    joining.split(desk, page(desk, mira).joins[0].id)
    undo(desk)
    assert customer(desk, home) == mira
    assert page(desk, mira).addresses == (MIRA.address, MIRA_AT_HOME.address)


def test_of_two_joins_the_later_is_taken_apart_first(desk: Desk) -> None:
    _work, mira, _home, other = two_records(desk)
    third = customer(desk, a_ticket(desk, person=Person("M. Kern", "kern@third.example")))
    joining.join(desk, other, third)
    first = page(desk, other).joins[0].id
    joining.join(desk, mira, other)
    assert page(desk, mira).addresses == (MIRA.address, MIRA_AT_HOME.address, "kern@third.example")
    with pytest.raises(Refused, match="stands on join"):
        joining.split(desk, first)
    with pytest.raises(Refused, match="was joined with"):
        joining.join(desk, third, customer(desk, a_ticket(desk, person=Person("New", "new@third.example"))))
    with pytest.raises(Usage, match="one customer already"):
        joining.join(desk, mira, third)


def test_the_name_and_company_of_the_other_fill_what_is_missing(desk: Desk) -> None:
    nameless = customer(desk, a_ticket(desk, person=Person("", "info@kern.example")))
    mira = customer(desk, a_ticket(desk))
    customers.set_customer(desk, mira, organization="Kern GmbH")
    joining.join(desk, nameless, mira)
    assert (page(desk, nameless).row.name, page(desk, nameless).row.organization) == ("Mira Kern", "Kern GmbH")
    undo(desk)
    assert (page(desk, nameless).row.name, page(desk, nameless).row.organization) == ("", "")


def test_fields_follow_where_the_other_has_none(place: Place, desk: Desk) -> None:
    _work, mira, _home, other = two_records(desk)
    sql(
        place.store(),
        "INSERT INTO field_definition (subject, name, kind, choices) VALUES ('customer', 'contract', 'text', '[]')",
    )
    sql(place.store(), f"INSERT INTO customer_field SELECT id, {other}, 'gold' FROM field_definition")
    joining.join(desk, mira, other)
    assert page(desk, mira).fields == (("contract", "gold"),)
    undo(desk)
    assert (page(desk, mira).fields, page(desk, other).fields) == ((), (("contract", "gold"),))


def test_a_request_for_a_record_that_was_joined_is_the_kept_ones(desk: Desk) -> None:
    _work, mira, _home, other = two_records(desk)
    joining.join(desk, mira, other)
    assert customer(desk, a_ticket(desk, customer_id=other)) == mira


@pytest.fixture
def hidden(place: Place) -> int:
    """A ticket of Mira at home in a queue to which bob does not belong."""
    add_queue(place.desk("root"), "hr")
    set_agent(place.desk("root"), "bob", queues=["-hr"])
    return a_ticket(place.desk("anna"), "Pay", person=MIRA_AT_HOME, queue="hr")


def test_hidden_tickets_follow_without_a_word(place: Place, hidden: int) -> None:
    bob, anna = place.desk("bob"), place.desk("anna")
    work, mira, home, other = two_records(bob)
    outcome = joining.join(bob, mira, other)
    assert (outcome.tickets, "1 ticket," in outcome.text) == ((home,), True)
    assert customer(anna, hidden) == mira
    run_due(anna.acting_as(SYSTEM) if not place.is_postgres else place.desk("root").acting_as(SYSTEM), place.clock())
    assert set(listed(anna, "customer.example")) == {work, home, hidden}
    assert str(hidden) not in str(page(bob, mira))
    undo(bob)
    assert customer(anna, hidden) == other
    run_due(place.desk("root").acting_as(SYSTEM), place.clock())
    assert listed(anna, "customer.example") == [work]


def test_who_sees_neither_joins_nothing(place: Place, hidden: int) -> None:
    bob = place.desk("bob")
    mira = customer(bob, a_ticket(bob))
    other = customer(place.desk("anna"), hidden)
    with pytest.raises(NotFound, match="There is no customer"):
        joining.join(bob, mira, other)
    with pytest.raises(NotFound, match="There is no customer"):
        customers.add_phone(bob, other, "+49 30 1")


def test_a_join_made_by_others_about_hidden_customers_is_not_found(place: Place, hidden: int) -> None:
    anna = place.desk("anna")
    other = customer(anna, hidden)
    mine = customer(anna, a_ticket(anna, person=Person("H", "h@home.example"), queue="hr"))
    joining.join(anna, mine, other)
    join_id = page(anna, mine).joins[0].id
    with pytest.raises(NotFound, match="There is no join"):
        joining.split(place.desk("bob"), join_id)


def test_moving_a_ticket_away_does_not_part_the_customers(place: Place, hidden: int) -> None:
    bob = place.desk("bob")
    _work, mira, home, other = two_records(bob)
    joining.join(bob, mira, other)
    tickets.move(bob, [home], "hr")
    joining.split(place.desk("anna"), page(place.desk("anna"), mira).joins[0].id)
    assert customer(place.desk("anna"), home) == other


def test_nothing_is_changed_on_a_record_that_was_joined(desk: Desk) -> None:
    _work, mira, _home, other = two_records(desk)
    joining.join(desk, mira, other)
    with pytest.raises(Refused, match=f"Customer {other} was joined with {mira} already"):
        customers.add_address(desk, other, "late@home.example")


@pytest.mark.parametrize("place", ["postgres"], indirect=True)
@pytest.mark.parametrize("is_other_way", [False, True])
def test_of_two_joins_at_once_one_finds_them_joined(place: Place, desk: Desk, is_other_way: bool) -> None:
    _work, mira, _home, other = two_records(desk)
    kept, joined = (other, mira) if is_other_way else (mira, other)
    with ThreadPoolExecutor(1) as pool:
        with session_of(place.store()) as session:
            lock_name(session, f"customer record {mira}", f"customer record {other}")
            joins = pool.submit(joining.join, desk, mira, other)
            waits = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
            wait_until(lambda: sql(place.store(), waits) == [(1,)], "the second waits for the first")
            there = {"kept_id": kept, "joined_id": joined, "moved": {}, "at": place.clock()}
            add_rows(session, CustomerJoin, [there])
        with pytest.raises(Usage, match="They are one customer already"):
            joins.result()
    assert sql(place.store(), "SELECT count(*) FROM customer_join") == [(1,)]


@pytest.mark.parametrize("shown", [1, 2])
def test_a_join_is_undone_that_leaves_one_only_hidden_tickets(place: Place, hidden: int, shown: int) -> None:
    """The kept record had no ticket; once the shown ones are back, only a hidden one would still be its."""
    bob, anna = place.desk("bob"), place.desk("anna")
    tickets_there = [a_ticket(bob, person=MIRA_AT_HOME) for _one in range(shown)]
    other = customer(bob, tickets_there[0])
    made = "INSERT INTO customer (name, search_key, created_at) VALUES ('Mira Kern', 'mira', '2026-11-23') RETURNING id"
    (mira,) = sql(place.store(), made)[0]
    joining.join(bob, mira, other)
    assert {customer(anna, one) for one in (hidden, *tickets_there)} == {mira}
    undo(bob)
    assert {customer(anna, one) for one in (hidden, *tickets_there)} == {other}


@pytest.mark.parametrize("place", ["postgres"], indirect=True)
def test_a_join_of_hidden_customers_is_not_played_again_by_others(place: Place, hidden: int) -> None:
    anna, bob = place.desk("anna"), place.desk("bob")
    mine = customer(anna, a_ticket(anna, person=Person("H", "h@home.example"), queue="hr"))
    joining.join(anna, mine, customer(anna, hidden))
    (joined,) = sql(place.store(), "SELECT id FROM customer_join")[0]
    a_ticket(bob)
    own = "SELECT b.id FROM batch b JOIN agent a ON a.id = b.actor_id WHERE a.login = 'bob'"
    (batch,) = sql(place.store(), own)[0]
    with pytest.raises(HelpdeskError, match="there is no such customer"):
        sql(bob.store, "SELECT helpdesk_follow(:id, :batch)", id=joined, batch=batch)
