"""Searching: both stores find the same tickets, and an index made anew is the one that grew."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.event import listen, remove

from helpdesk_tui.desk.conversation import note, reply
from helpdesk_tui.desk.door import Desk
from helpdesk_tui.desk.tickets import Fields, set_fields, tag
from helpdesk_tui.rules import words as rules
from helpdesk_tui.rules.query import parse
from helpdesk_tui.store import search
from helpdesk_tui.store.engine import Store
from helpdesk_tui.store.queries.tickets import BY_WORK, Asker, ticket_ids
from helpdesk_tui.store.transaction import reading
from helpdesk_tui.terms import SYSTEM, IncomingFile, Person
from tests.build import FrozenClock, Place, a_ticket, an_incoming, filed, listed, row, session_of, sql

Desks = tuple[Desk, Desk]
TEXTS = [
    "Der Drucker druckt nicht, die Rechnungen fehlen",
    "printing invoices fails with error 0x80070005",
    "Müller aus Köln, Straße 5",
    "MUELLER aus Koeln, Strasse 5",
    "mira@customer.example wrote about foo-bar v1.2.3",
    'O\'Neil said "AND OR NOT NEAR" * ^ : ( )',
    "印刷机坏了 принтер горит طابعة प्रिन्टर",
    "1e5 3rd 2½ m² 10:30 +49 89 1234567 #1042",
    "ﬁle İstanbul naïve Ａｓｃｉｉ x\u0301",
    "https://shop.example/a/b?c=d&e=f /etc/passwd C:\\temp",
    "a" * 300,
    "👋 😀",
]
QUERIES = [
    "rechnung", "drucker", "print", "invoice", "0x80070005", "muller", "köln", "strasse", "mira", "customer example",
    "foo bar", '"foo bar"', "foo-bar", "1.2.3", "o'neil", "AND", "near", "*", "^", "-drucker", "-x", "印刷机坏了",
    "принтер", "طابعة", "प्रिन्टर", "1e5", "3rd", "½", "2½", "m²", "10", '"10:30"', "1042", "#1042", "file", "istanbul",
    "naive", "ascii", "shop", "passwd", "temp", "a" * 300, "a" * 64, "👋", '"the printer"', "druckt fehlen", "é", "x\u0301",
]  # fmt: skip


@pytest.fixture
def desks(
    sqlite_place: Callable[[FrozenClock], Place], postgres_place: Callable[[FrozenClock], Place], clock: FrozenClock
) -> Iterator[Desks]:
    """Anna's desk on either store."""
    with sqlite_place(clock) as one, postgres_place(clock) as other:
        yield one.desk("anna"), other.desk("anna")


def hits(desk: Desk, query: str) -> list[str]:
    """The subjects a query finds."""
    return sorted(row(desk, number).raw_subject for number in listed(desk, query))


def test_both_stores_find_the_same_tickets(desks: Desks) -> None:
    for desk in desks:
        for number, words in enumerate(TEXTS):
            a_ticket(desk, f"T{number}", text=words)
    found = {query: (hits(desks[0], query), hits(desks[1], query)) for query in QUERIES}
    assert {query: both for query, both in found.items() if both[0] != both[1]} == {}
    assert found["muller"][0] == ["T2", "T3"]
    assert found["rechnung"][0] == ["T0"]
    assert found["foo-bar"][0] == ["T4"]
    assert len(found["-drucker"][0]) == len(TEXTS) - 1


def test_any_word_that_was_written_is_found_on_both(desks: Desks) -> None:
    chance = random.Random(7)
    points = map(chr, range(0x21, 0x2000))
    letters = [c for c in points if c.isprintable() and c != '"' and (c.isalpha() or c.isdecimal() or not c.isalnum())]
    some = ["".join(chance.choices(letters, k=chance.randint(1, 9))) for _ in range(60)]
    for desk in desks:
        for at in range(0, len(some), 10):
            a_ticket(desk, f"T{at}", text=" ".join(some[at : at + 10]))
    for at, word in enumerate(some):
        one, other = (hits(desk, f'"{word}"') for desk in desks)
        assert one == other, word
        assert f"T{at - at % 10}" in one, word


def test_signs_alone_leave_the_list_as_it_is(desk: Desk) -> None:
    numbers = {a_ticket(desk, "one"), a_ticket(desk, "two")}
    assert set(listed(desk, "… !!")) == numbers


def test_what_comes_later_is_found_too(desk: Desk) -> None:
    number = filed(desk, an_incoming(subject="Hello", text="good morning")).ticket
    assert number
    for step, word in [
        (lambda: note(desk, number, "the toner is empty"), "toner"),
        (lambda: reply(desk, number, "please restart it"), "restart"),
        (lambda: set_fields(desk, [number], Fields(summary="paper jam")), "jam"),
    ]:
        assert listed(desk, word) == []
        step()
        assert listed(desk, word) == [number]


def document(store: Store, number: int) -> set[str]:
    ((words,),) = sql(
        store,
        "SELECT words FROM ticket_words w JOIN ticket t ON t.id = w.ticket_id WHERE t.number = :number",
        number=number,
    )
    return set(words.split())


def test_an_index_made_anew_is_the_one_that_grew(desk: Desk) -> None:
    files = (IncomingFile("Rechnung 4711.pdf", "application/pdf", b"%PDF"),)
    first = filed(desk, an_incoming(subject="AW: Invoice", text="paid twice", quoted="> old text", files=files))
    numbers = [
        first.ticket or 0,
        filed(desk, an_incoming(sender=Person("M. K.", "MIRA+x@customer.example"), subject="Fax")).ticket or 0,
        a_ticket(desk, "Call", person=Person("Ida", ""), phone="089 123", text="please call"),
        a_ticket(desk, "Known", person=Person("", "mira@customer.example"), text="again"),
    ]
    note(desk, numbers[0], "the bank has it")
    reply(desk, numbers[0], "we send it back")
    set_fields(desk, [numbers[1]], Fields(summary="fax is dead"))
    grown = [document(desk.store, number) for number in numbers]
    with session_of(desk.store) as session:
        for number in numbers:
            search.rebuild(session, row(desk, number).id)
    assert [document(desk.store, number) for number in numbers] == grown


def test_an_index_that_was_lost_is_made_anew(desk: Desk, admin: Desk) -> None:
    number = a_ticket(desk, "Printer", text="toner")
    sql(admin.store, "UPDATE ticket_words SET words = '', cost = 0")
    assert listed(desk, "toner") == []
    with session_of(desk.store) as session:
        search.rebuild(session, row(desk, number).id)
    assert listed(desk, "toner") == [number]


@pytest.mark.parametrize("place", ["sqlite"], indirect=True)
def test_an_index_that_lost_its_documents_learns_them_again(desk: Desk, admin: Desk) -> None:
    """The documents are as they should be, so that writing them anew changes none."""
    number = a_ticket(desk, "Printer", text="toner")
    sql(admin.store, "INSERT INTO ticket_search(ticket_search) VALUES ('delete-all')")
    assert listed(desk, "toner") == []
    assert search.rebuild_all(admin.store) == 1
    assert listed(desk, "toner") == [number]
    note(desk, number, "the drum too")
    assert listed(desk, "drum toner") == [number]


#: Tickets of which all have one word (stemmed: toner), and every fifth another.
MANY = (
    "INSERT INTO ticket (number, queue_id, requester_id, subject, status, priority, channel, waiting_since, is_spam,"
    " created_at, updated_at, version) SELECT 100000 + n, queue_id, requester_id, '', 'open', 1, 'email', created_at, false,"
    " created_at, updated_at, 1 FROM ticket, generate_series(1, 3000) n",
    "INSERT INTO ticket_words (ticket_id, queue_id, words, cost) SELECT id, queue_id,"
    " 'ton' || CASE WHEN number % 5 = 0 THEN ' drum' ELSE '' END, 5 FROM ticket WHERE status = 'open'",
    "ANALYZE ticket, ticket_words",
)


@pytest.mark.parametrize("place", ["postgres"], indirect=True)
def test_words_are_looked_up_in_the_index(desk: Desk, admin: Desk) -> None:
    """Documents that are cut again for a search cost a millisecond each."""
    a_ticket(desk, "Printer", text="paper")
    for statement in MANY:
        sql(admin.store, statement)
    for word in ("paper", "drum", "toner"):
        plan = _plan_of_search(admin, word)
        assert "Index Scan on ticket_words_search" in plan, f"{word}: {plan}"
        assert "Seq Scan on ticket_words" not in plan, f"{word}: {plan}"
        assert "Filter: (to_tsvector" not in plan, f"{word}: {plan}"
    for query in ("paper", "drum", "toner", "is:open toner", "is:open drum -paper", "-toner", "is:any -1042"):
        plan = _plan(desk, query)
        assert plan.count("loops=1)") >= plan.count("ProjectSet") > 0, f"{query}: {plan}"
        assert "ticket_words" not in plan, f"{query}: {plan}"


def _plan_of_search(admin: Desk, word: str) -> str:
    """How PostgreSQL finds the documents of a word, inside the function that is asked for them."""
    with reading(admin.store, SYSTEM) as session:
        source = "SELECT prosrc, proconfig FROM pg_proc WHERE proname = 'helpdesk_search'"
        ((body, options),) = session.execute(text(source)).all()
        for option in options:
            session.execute(text(f"SET LOCAL {option}"))
        asked = body.replace("asked", f"plainto_tsquery('simple', '{word}')")
        return "\n".join(session.execute(text(f"EXPLAIN {asked}")).scalars())


def _plan(desk: Desk, query: str) -> str:
    """How PostgreSQL finds the first page of a list."""
    asked: list[tuple[str, Any]] = []

    def remember(_connection: Any, _cursor: Any, statement: str, values: Any, *_more: Any) -> None:
        asked.append((statement, values))

    with reading(desk.store, SYSTEM) as session:
        listen(desk.store.engine, "before_cursor_execute", remember)
        ticket_ids(session, parse(query), Asker(desk.actor, desk.clock()), order=BY_WORK, limit=50)
        remove(desk.store.engine, "before_cursor_execute", remember)
        statement, values = asked[-1]
        return "\n".join(session.connection().exec_driver_sql(f"EXPLAIN ANALYZE {statement}", values).scalars())


def test_words_and_a_number_can_be_denied(desk: Desk) -> None:
    numbers = [a_ticket(desk, "Printer", text="toner"), a_ticket(desk, "Fax", text="drum")]
    assert listed(desk, "-toner") == numbers[1:]
    assert listed(desk, "-toner -drum") == []
    assert listed(desk, f"-{numbers[0]}") == numbers[1:]
    assert listed(desk, f"#{numbers[0]}") == numbers[:1]
    assert listed(desk, "-!!") == []


def test_a_tag_is_found_as_it_was_typed(desk: Desk) -> None:
    number, other = a_ticket(desk), a_ticket(desk)
    tag(desk, [number], ["Third floor"])
    for typed in ('tag:"third floor"', "tag:third-floor", 'tag:"THIRD  Floor "'):
        assert listed(desk, typed) == [number]
    assert listed(desk, '-tag:"third floor"') == [other]


class TestHowMuchFits:
    """PostgreSQL refuses a text-search document of 1 MiB; the cost of words keeps well below."""

    @pytest.mark.parametrize(
        ("letters", "length"), [("qxzvkw", 60), ("印刷机坏了纸", 60), ("123456", 7), ("bcdfgh", 8), ("печатью", 9)]
    )
    def test_a_full_document_is_taken(self, desk: Desk, letters: str, length: int) -> None:
        chance = random.Random(1)
        some = rules.fit(["".join(chance.choices(letters, k=length)) for _ in range(200_000)], rules.TICKET_COST)
        assert rules.cost(some) > rules.TICKET_COST * 0.7
        number = a_ticket(desk, "needle")
        sql(desk.store, "UPDATE ticket_words SET words = words || ' ' || :words", words=" ".join(some))
        assert listed(desk, "needle") == [number]

    def test_what_has_no_room_is_left_out(self, desk: Desk) -> None:
        number = a_ticket(desk)
        sql(desk.store, "UPDATE ticket_words SET cost = :cost", cost=rules.TICKET_COST - 300)
        note(desk, number, "early " + " ".join(f"word{n}" for n in range(1000)) + " late")
        ((cost,),) = sql(desk.store, "SELECT cost FROM ticket_words")
        assert rules.TICKET_COST - 300 < cost <= rules.TICKET_COST
        assert listed(desk, "early") == [number]
        assert listed(desk, "late") == []

    def test_the_cost_of_words_is_no_less_than_what_they_weigh(self, postgres_place: Callable[..., Place]) -> None:
        chance = random.Random(3)
        points = [n for n in range(0x21, 0x3000) if chr(n).isprintable()]
        with postgres_place(FrozenClock()) as place, reading(place.store("anna"), SYSTEM) as session:
            for _ in range(60):
                letters = [chr(n) for n in chance.choices(points, k=chance.choice([3, 40, 400]))]
                some = ["".join(chance.choices(letters, k=chance.randint(1, 30))) for _ in range(200)]
                cut = rules.words(" ".join(some))
                weight = "SELECT pg_column_size(v) - 8 - 4 * length(v) FROM to_tsvector('simple', :words) v"
                weighed = session.execute(text(weight), {"words": " ".join(cut)}).scalar_one()
                assert weighed <= rules.cost(cut), some
