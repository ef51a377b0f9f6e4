"""Tickets that have to do with each other, and one answer for all of them."""

from __future__ import annotations

import pytest

from helpdesk_tui.desk.answering import Preview, answer_incident, previews, reply_each
from helpdesk_tui.desk.door import Desk
from helpdesk_tui.desk.free_slots import Writer
from helpdesk_tui.desk.history import redo, undo
from helpdesk_tui.desk.merging import merge
from helpdesk_tui.desk.relations import children, end_incident, link, make_incident, unlink
from helpdesk_tui.desk.sending import Sending
from helpdesk_tui.desk.tickets import Fields, set_fields, set_status
from helpdesk_tui.errors import Overtaken, Refused, Usage
from helpdesk_tui.store.queries.relations import related
from helpdesk_tui.terms import LinkKind, Person, Status
from tests.build import a_ticket, an_incoming, filed, listed, row, sql, thread

PEOPLE = [Person(f"Person {n}", f"p{n}@customer.example") for n in range(3)]


@pytest.fixture
def three(desk: Desk) -> list[int]:
    return [a_ticket(desk, f"No network {n}", person=person) for n, person in enumerate(PEOPLE)]


def shown(desk: Desk, number: int) -> list[tuple[int, str]]:
    return [(one.number, str(one.is_what)) for one in desk.ask(related, row(desk, number).id)]


def test_both_show_the_link(desk: Desk, three: list[int]) -> None:
    one, other, _third = three
    link(desk, one, other)
    assert shown(desk, one) == [(other, "related")]
    assert shown(desk, other) == [(one, "related")]
    undo(desk)
    assert shown(desk, one) == shown(desk, other) == []
    redo(desk)
    assert shown(desk, one) == [(other, "related")]


def test_a_child_shows_its_parent_and_the_parent_its_children(desk: Desk, three: list[int]) -> None:
    parent, *others = three
    for child in others:
        link(desk, child, parent, LinkKind.PARENT)
    assert desk.ask(children, row(desk, parent).id) == sorted(others)
    assert shown(desk, others[0]) == [(parent, "parent")]
    assert sorted(shown(desk, parent)) == sorted((child, "child") for child in others)


def test_what_makes_no_sense_is_refused(desk: Desk, three: list[int]) -> None:
    a, b, c = three
    with pytest.raises(Usage, match="itself"):
        link(desk, a, a)
    link(desk, a, b, LinkKind.PARENT)
    link(desk, b, c, LinkKind.PARENT)
    with pytest.raises(Refused, match="part of"):
        link(desk, c, a, LinkKind.PARENT)
    with pytest.raises(Refused, match="already"):
        link(desk, a, c, LinkKind.PARENT)
    with pytest.raises(Refused, match="linked already"):
        link(desk, a, b)
    with pytest.raises(Refused, match="not linked"):
        unlink(desk, a, c)


def test_a_link_is_taken_away_from_either_end(desk: Desk, three: list[int]) -> None:
    one, other, _third = three
    link(desk, one, other)
    unlink(desk, other, one)
    assert shown(desk, one) == []
    undo(desk)
    assert shown(desk, one) == [(other, "related")]


class TestIncidents:
    @pytest.fixture
    def incident(self, desk: Desk, three: list[int]) -> list[int]:
        first, *rest = three
        make_incident(desk, first)
        for child in rest:
            link(desk, child, first, LinkKind.PARENT)
        return three

    def test_it_is_found_and_ends(self, desk: Desk, incident: list[int]) -> None:
        assert listed(desk, "is:incident") == [incident[0]]
        end_incident(desk, incident[0])
        assert listed(desk, "is:incident") == []

    def test_one_answer_reaches_all_each_by_name_and_solves_them(self, desk: Desk, incident: list[int]) -> None:
        answer_incident(
            desk, incident[0], "Hello {{customer}},\n\nit works again.", sending=Sending(resolution="Cable")
        )
        for number, person in zip(incident, PEOPLE, strict=True):
            said = thread(desk, number)[-1]
            assert (said.text, said.to) == (f"Hello {person.name},\n\nit works again.", (person,))
            assert (row(desk, number).status, row(desk, number).resolution) == (Status.SOLVED, "Cable")

    def test_one_undo_takes_all_of_it_back(self, desk: Desk, incident: list[int]) -> None:
        answer_incident(desk, incident[0], "It works again.")
        undo(desk)
        assert {row(desk, number).status for number in incident} == {Status.NEW}
        assert all(len(thread(desk, number)) == 1 for number in incident)

    def test_what_has_ended_or_gone_into_another_gets_none(self, desk: Desk, incident: list[int]) -> None:
        first, second, third = incident
        fourth = a_ticket(desk, "No network 3", person=Person("Person 3", "p3@customer.example"))
        link(desk, fourth, first, LinkKind.PARENT)
        set_status(desk, [second], Status.CANCELLED)
        merge(desk, third, fourth)
        answer_incident(desk, first, "It works again.")
        assert [row(desk, one).status for one in (second, third)] == [Status.CANCELLED, Status.CLOSED]
        assert sql(desk.store, "SELECT count(*) FROM outbox") == [(2,)]


class TestOneTextForMany:
    def test_what_each_would_get_is_seen_before(self, desk: Desk, three: list[int]) -> None:
        nobody = a_ticket(desk, person=Person("Anonymous", ""), phone="+49 69 1")
        writer = Writer(desk.actor, desk.settings, desk.clock())
        found = desk.ask(previews, [*three, nobody], "Hello {{customer}} from {{agent}}", writer)
        assert [one.text for one in found][:2] == ["Hello Person 0 from Anna", "Hello Person 1 from Anna"]
        assert [bool(one.refusal) for one in found] == [False, False, False, True]

    def test_where_one_cannot_be_answered_nobody_gets_anything(self, desk: Desk, three: list[int]) -> None:
        nobody = a_ticket(desk, person=Person("Anonymous", ""), phone="+49 69 1")
        with pytest.raises(Refused, match="No address"):
            reply_each(desk, [*three, nobody], "Hello")
        assert all(len(thread(desk, number)) == 1 for number in three)

    def test_a_place_that_is_none_is_named(self, desk: Desk, three: list[int]) -> None:
        with pytest.raises(Usage, match=r"\{\{name\}\}"):
            reply_each(desk, three, "Hello {{name}}")

    def look(self, desk: Desk, tickets: list[int], text: str) -> list[Preview]:
        return desk.ask(previews, tickets, text, Writer(desk.actor, desk.settings, desk.clock()))

    def test_it_goes_only_where_it_was_shown(self, desk: Desk, three: list[int]) -> None:
        shown = self.look(desk, three[:2], "Hello")
        with pytest.raises(Refused, match=f"#{three[2]} was not shown"):
            reply_each(desk, three, "Hello", shown=shown)

    def test_it_reads_as_it_was_shown(self, desk: Desk, bob: Desk, three: list[int]) -> None:
        shown = self.look(desk, three, "About {{subject}}")
        set_fields(bob, three[:1], Fields(summary="customer lies again"))
        with pytest.raises(Overtaken, match=f"filled in on #{three[0]} is another now"):
            reply_each(desk, three, "About {{subject}}", shown=shown)

    def test_what_came_in_by_a_merge_was_not_shown(self, desk: Desk, bob: Desk, three: list[int]) -> None:
        earlier = filed(bob, an_incoming(sender=PEOPLE[0], subject="No network", text="Hurry!")).ticket or 0
        shown = self.look(desk, three[1:2], "Hello")
        merge(bob, earlier, three[1])
        with pytest.raises(Overtaken, match=f"#{three[1]}: Person 0 wrote on it"):
            reply_each(desk, three[1:2], "Hello", shown=shown)
