"""An export says everything, and comes back identical: on the other kind of store as well."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from helpdesk_tui.desk.assignment import assign
from helpdesk_tui.desk.callbacks import Wish, book
from helpdesk_tui.desk.conversation import NewRequest, create, note, reply
from helpdesk_tui.desk.customers import add_address
from helpdesk_tui.desk.delivery import claim, conclude
from helpdesk_tui.desk.door import Desk
from helpdesk_tui.desk.handover import hand_over
from helpdesk_tui.desk.history import undo
from helpdesk_tui.desk.joining import join
from helpdesk_tui.desk.merging import merge
from helpdesk_tui.desk.participants import accept
from helpdesk_tui.desk.settings import add_queue, add_team, set_agent
from helpdesk_tui.desk.takeback import take_back
from helpdesk_tui.desk.tickets import Fields, move, set_fields, set_status, tag
from helpdesk_tui.errors import Refused, Usage
from helpdesk_tui.mail.again import ticket_of
from helpdesk_tui.screens.event_words import event_words
from helpdesk_tui.store.queries.board import Standing
from helpdesk_tui.store.queries.people import customer_of_ticket
from helpdesk_tui.store.queries.transfer import rejects
from helpdesk_tui.terms import SYSTEM, Channel, Disposition, OutboxState, Person, Priority, Status
from helpdesk_tui.transfer.export import export_lines
from tests.build import (
    MIRA,
    MORNING,
    FrozenClock,
    Place,
    a_mail,
    history,
    letter_bytes,
    listed,
    received,
    row,
    sql,
    thread,
)
from tests.desk.callback_desk import a_calling_team, a_wish
from tests.refusing import refusing
from tests.transfer.samples import counts, invented, mail, mbox, state, take

pytestmark = pytest.mark.one_store


@pytest.fixture
def root(place: Place) -> Desk:
    """The admin."""
    return place.desk("root")


@pytest.fixture
def other(request: pytest.FixtureRequest, place: Place, clock: FrozenClock) -> Iterator[Place]:
    """A store of the other kind, with the same people and queues."""
    name = "sqlite_place" if place.is_postgres else "postgres_place"
    with request.getfixturevalue(name)(clock) as found:
        yield found


def furnish(place: Place) -> None:
    """A desk on which something of everything has happened."""
    anna, clock = place.desk("anna"), place.clock
    add_team(place.desk("root"), "second", ["bob"])
    first = received(anna, mail("first", file=b"PC LOAD LETTER")).ticket or 0
    clock.advance(minutes=5)
    assign(anna, [first], "anna")
    tag(anna, [first], add=["vpn", "drucker"])
    reply(anna, first, "Bitte neu starten.")
    sent = claim(anna.acting_as(SYSTEM), letter_bytes)
    assert sent
    conclude(anna.acting_as(SYSTEM), sent.outbox_id, OutboxState.SENT, "250 ok")
    clock.advance(minutes=5)
    received(anna, a_mail("Hilft nicht.\n\nAm Montag schrieb Anna:\n> Bitte", In_Reply_To=f"<{sent.message_id}>"))
    note(anna, first, "Toner?")
    undo(anna)
    fields = Fields(priority=Priority.URGENT, category="technical", due=clock() + timedelta(hours=3), summary="Brennt")
    set_fields(anna, [first], fields)
    called = create(
        anna, NewRequest(Person("Otto", ""), "Anruf", "Rückruf?", channel=Channel.PHONE, phone="+49 69 1")
    ).tickets[0]
    move(anna, [called], "billing")
    set_status(anna, [called], Status.CLOSED)
    stranger = received(anna, a_mail("Ich auch.", sender="o@x.example", In_Reply_To="<first@old.example>"))
    assert stranger.linked_to == first
    received(anna, a_mail("Ohne Worte \U0001f680 – “quoted” \u00e4", sender="Ünal <ue@x.example>"))
    sql(place.store(), "INSERT INTO organization (name) VALUES ('Kern GmbH')")
    sql(place.store(), "UPDATE customer SET organization_id = 1 WHERE name = 'Mira Kern'")
    sql(place.store(), "INSERT INTO customer_address VALUES ('mk@home.example', 1, 1)")
    for about, table in (("customer", "customer_field"), ("ticket", "ticket_field")):
        defined = "INSERT INTO field_definition (subject, name, kind, choices) VALUES (:about, 'Vertrag', 'text', '[]')"
        sql(place.store(), defined, about=about)
        sql(place.store(), f"INSERT INTO {table} SELECT max(id), 1, 'V-17' FROM field_definition")
    sql(place.store(), "UPDATE ticket SET team_id = 1, is_spam = true WHERE subject = 'Anruf'")


def exported(desk: Desk, path: Path) -> bytes:
    """The bytes of an export, also written to a file."""
    path.write_bytes(b"".join(export_lines(desk)))
    return path.read_bytes()


def test_an_export_comes_back_identical_on_the_other_kind_of_store(
    place: Place, other: Place, root: Desk, tmp_path: Path
) -> None:
    furnish(place)
    take(root, "mbox", mbox(tmp_path / "old", invented(80)))
    before = exported(root, tmp_path / "a.jsonl")
    assert before.count(b"\n") == len(listed(root, "is:any is:spam")) + len(listed(root, "is:any -is:spam"))
    add_team(other.desk("root"), "second", ["bob"])
    done = take(other.desk("root"), "jsonl", tmp_path / "a.jsonl")
    assert done.rejected == 0
    assert exported(other.desk("root"), tmp_path / "b.jsonl") == before
    same = ("ticket", "message", "attachment", "content", "customer_field", "ticket_field", "organization", "own_token")
    assert {name: counts(other)[name] for name in same} == {name: _standing(place)[name] for name in same}


def test_what_happened_to_people_and_mail_is_told_on_the_other_side(
    place: Place, other: Place, root: Desk, tmp_path: Path
) -> None:
    """Every word of it can be said there; what names ids of this desk stays here."""
    anna = place.desk("anna")
    first = received(anna, a_mail("Drucker", sender="Ida <ida@x.example>")).ticket or 0
    second = received(anna, a_mail("Toner", sender="Ben <ben@x.example>")).ticket or 0
    accept(anna, first, "bo@x.example")
    ids = [anna.ask(customer_of_ticket, row(anna, one).id).id for one in (first, second)]
    add_address(anna, ids[0], "ida@home.example")
    join(anna, *ids)
    merge(anna, second, first)
    robot = received(anna, a_mail("Nr. 1", sender="news@shop.example", Auto_Submitted="auto-generated"))
    ticket_of(anna, robot.raw_id or 0)
    a_calling_team(place)
    assign(anna, [first], "anna")
    book(anna, first, Wish(number="+49 69 1234567"))
    seen = row(anna, first)
    hand_over(root, "anna", {"bob": [Standing(seen.id, first, "anna", seen.queue, seen.status)]})
    before = exported(root, tmp_path / "a.jsonl")
    add_team(other.desk("root"), "second", ["bob"])
    assert take(other.desk("root"), "jsonl", tmp_path / "a.jsonl").rejected == 0
    assert exported(other.desk("root"), tmp_path / "b.jsonl") == before
    there = other.desk("anna")
    told = [event_words(one, None) for number in (first, second) for one in history(there, number)]
    assert "anna: bo@x.example belongs here · today 10:00" in told
    assert any(f"part of – → #{first}" in one or f"part of – → {first}" in one for one in told)


@pytest.mark.parametrize(("size", "is_later"), [(1, False), (200, False), (200, True)])
def test_a_history_names_tickets_that_come_before_or_together_with_it(
    place: Place, other: Place, root: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int, is_later: bool
) -> None:
    monkeypatch.setattr("helpdesk_tui.transfer.source.CHUNK_COUNT", size)
    tickets = [create(root, NewRequest(MIRA, subject)).tickets[0] for subject in ("a", "b")]
    source, target = tickets if is_later else reversed(tickets)
    merge(root, source, target)
    undo(root)
    merge(root, source, target)
    before = exported(root, tmp_path / "a.jsonl")
    assert take(other.desk("root"), "jsonl", tmp_path / "a.jsonl").rejected == 0
    assert exported(other.desk("root"), tmp_path / "b.jsonl") == before


def _standing(place: Place) -> dict[str, int]:
    """Rows without what is not exported: messages that were taken back."""
    withdrawn = sql(place.store(), "SELECT count(*) FROM message WHERE is_withdrawn")[0][0]
    found = counts(place)
    return {**found, "message": found["message"] - withdrawn}


def test_what_was_done_can_be_read_and_conversations_go_on(
    place: Place, other: Place, root: Desk, tmp_path: Path
) -> None:
    """Answers to mail that the first desk sent find their tickets at the second: the ids in its mail came along."""
    furnish(place)
    exported(root, tmp_path / "a.jsonl")
    add_team(other.desk("root"), "second", ["bob"])
    take(other.desk("root"), "jsonl", tmp_path / "a.jsonl")
    there = other.desk("anna")
    first = next(n for n in listed(root, "is:any") if row(root, n).summary)
    verbs, known = _happened(root, first), _happened(there, first)
    assert known[:-1] == verbs
    assert known[-1][2] == "import"
    sent = next(one for one in thread(there, first) if one.kind == "outbound")
    filed = received(there, a_mail("Jetzt geht es.", In_Reply_To=f"<{sent.message_id}>"))
    assert (filed.ticket, filed.row) == (first, 6)


def _happened(desk: Desk, number: int) -> list[Any]:
    """What happened to a ticket; messages have other ids elsewhere."""
    return [
        (one.at, one.actor, one.verb, {name: pair for name, pair in one.changes.items() if name != "message"})
        for one in history(desk, number)
    ]


def test_a_second_import_of_it_changes_nothing_and_it_can_be_taken_back(
    place: Place, other: Place, root: Desk, tmp_path: Path
) -> None:
    furnish(place)
    exported(root, tmp_path / "a.jsonl")
    add_team(other.desk("root"), "second", ["bob"])
    before = counts(other)
    batch = take(other.desk("root"), "jsonl", tmp_path / "a.jsonl").batch
    found = state(other)
    assert take(other.desk("root"), "jsonl", tmp_path / "a.jsonl").tickets == 0
    assert state(other) == found
    assert take_back(other.desk("root"), batch or "").kept == ()
    assert counts(other) == before


def test_a_number_that_is_taken_stays_findable_as_the_old_one(
    place: Place, other: Place, root: Desk, tmp_path: Path
) -> None:
    number = create(root, NewRequest(MIRA, "Drucker")).tickets[0]
    exported(root, tmp_path / "a.jsonl")
    sql(other.store(), "INSERT INTO ticket_number VALUES (:number)", number=number)
    take(other.desk("root"), "jsonl", tmp_path / "a.jsonl")
    (there,) = listed(other.desk("anna"), "is:any")
    assert there != number
    named = "SELECT t.number FROM external_ref r JOIN ticket t ON t.id = r.own_id WHERE r.type = 'number' AND r.external_id = :n"
    assert sql(other.store(), named, n=str(number)) == [(there,)]


def test_tickets_that_name_each_other_do_so_again_whichever_comes_first(
    place: Place, other: Place, root: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("helpdesk_tui.transfer.source.CHUNK_COUNT", 1)
    for subject in ("a", "b", "c"):
        create(root, NewRequest(MIRA, subject))
    ids = [one.id for one in sql(place.store(), "SELECT id FROM ticket ORDER BY id")]
    sql(place.store(), "UPDATE ticket SET merged_into = :to, linked_to = :to WHERE id = :id", to=ids[2], id=ids[0])
    sql(place.store(), "UPDATE ticket SET split_from = :to WHERE id = :id", to=ids[0], id=ids[1])
    before = exported(root, tmp_path / "a.jsonl")
    take(other.desk("root"), "jsonl", tmp_path / "a.jsonl")
    assert exported(other.desk("root"), tmp_path / "b.jsonl") == before
    (run,) = sql(other.store(), "SELECT position FROM import_run")
    assert "links" not in str(run.position)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b"{", "no whole line of an export"),
        (b"[]", "no line of an export"),
        (b'{"format": 2}', "no line of an export"),
        (b'{"format": 1}', "no whole line of an export"),
        (b"\xff\xfe", "no whole line of an export"),
        (b"[" * 100_000, "no whole line of an export"),
    ],
)
def test_a_line_that_is_none_is_named_and_stops_nothing(root: Desk, tmp_path: Path, line: bytes, said: str) -> None:
    create(root, NewRequest(MIRA, "Drucker"))
    good = exported(root, tmp_path / "a.jsonl")
    (tmp_path / "a.jsonl").write_bytes(line + b"\n\n" + good.replace(b'"number":', b'"number":9', 1))
    done = take(root, "jsonl", tmp_path / "a.jsonl")
    assert (done.tickets, done.rejected) == (1, 1)
    ((place, why),) = [(one.place, one.reason) for one in root.acting_as(SYSTEM).ask(rejects, done.batch or "")]
    assert (place, said in why) == ("line 1", True)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("number", 2**70), ("number", "x"), ("channel", "carrier pigeon"), ("created_at", "soon"), ("messages", [{}]),
        ("contents", {"abc": "eHh4"}), ("requester", None), ("tags", 7), ("history", [{"verb": "explode"}]),
    ],
)  # fmt: skip
def test_a_line_with_something_impossible_is_left_out(root: Desk, tmp_path: Path, field: str, value: Any) -> None:
    create(root, NewRequest(MIRA, "Drucker"))
    told = json.loads(exported(root, tmp_path / "a.jsonl"))
    (tmp_path / "a.jsonl").write_text(json.dumps({**told, "number": told["number"] + 1, field: value}) + "\n")
    done = take(root, "jsonl", tmp_path / "a.jsonl")
    assert (done.tickets, done.rejected) == (0, 1)


def test_what_a_line_says_is_cleaned(root: Desk, tmp_path: Path) -> None:
    create(root, NewRequest(MIRA, "Drucker", "text"))
    line = exported(root, tmp_path / "a.jsonl").decode().replace("Drucker", r"\u001b[31mDrucker\u202e\u0000")
    told = json.loads(line.replace('"text":"text"', r'"text":"a\u001b]52;c;x\u0007b"'))
    (tmp_path / "a.jsonl").write_text(json.dumps({**told, "number": told["number"] + 1}) + "\n")
    assert take(root, "jsonl", tmp_path / "a.jsonl").tickets == 1
    assert not {"\x1b", "\u202e", "\x07"} & set(exported(root, tmp_path / "b.jsonl").decode())
    assert "\\u001b" not in (tmp_path / "b.jsonl").read_text()


HAPPENED: dict[str, tuple[str, Any]] = {
    "no instant": ("due_at", [None, "tomorrow"]),
    "before all clocks": ("due_at", [None, "0001-01-01T00:00:00+14:00"]),
    "no status": ("status", ["new", "bogus"]),
    "no priority": ("priority", ["x", 1]),
    "no pair": ("status", ["new"]),
    "a word instead of a pair": ("status", "ab"),
    "a message that is a word": ("message", [None, "x"]),
    "the last message from behind": ("message", [None, -1]),
    "a call that is a word": ("callback", [None, "x"]),
    "half a call": ("callback", [None, {"number": "\ud800"}]),
    "a list as a name": ("queue_id", [None, ["support"]]),
    "a name in disguise": ("status_id", [None, "bogus"]),
    "an endless number": ("number", [None, 10**400]),
    "something else": ("subject", [None, {"a": 1}]),
}


@pytest.mark.parametrize("what", HAPPENED)
def test_a_history_that_nobody_can_read_is_left_out(root: Desk, tmp_path: Path, what: str) -> None:
    told = _one_told(root, tmp_path)
    name, pair = HAPPENED[what]
    told["history"].append({"at": "2026-11-23T10:00:00Z", "actor": "anna", "verb": "status", "changes": {name: pair}})
    _write(tmp_path, [{**told, "number": 7777}, {**told, "number": 8888, "history": []}])
    done = take(root, "jsonl", tmp_path / "a.jsonl")
    assert (done.tickets, done.rejected) == (1, 1)


BROKEN: dict[str, Callable[[dict[str, Any]], None]] = {
    "an infinite number": lambda told: told.update(number=float("inf")),
    "a time before all clocks": lambda told: told.update(created_at="0001-01-01T00:00:00+14:00"),
    "a tag that is a number": lambda told: told.update(tags=[5]),
    "an actor that is a list": lambda told: told["history"][0].update(actor=["a"]),
    "two fields alike": lambda told: told.update(fields={"a": "x", "a ": "y"}),
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_line_that_nothing_can_be_made_of_stops_nothing(root: Desk, tmp_path: Path, what: str) -> None:
    good = _one_told(root, tmp_path)
    bad = copy.deepcopy(good)
    BROKEN[what](bad)
    _write(tmp_path, [bad, {**good, "number": 8888}])
    done = take(root, "jsonl", tmp_path / "a.jsonl")
    assert (done.tickets, done.rejected) == (1, 1)


def test_one_ticket_that_the_store_will_not_have_is_left_out(place: Place, root: Desk, tmp_path: Path) -> None:
    good = _one_told(root, tmp_path)
    _write(tmp_path, [{**good, "number": 7777 + n, "subject": "seven" if n == 1 else "x"} for n in range(3)])
    with refusing(place, "ticket", "subject", "seven"):
        done = take(root, "jsonl", tmp_path / "a.jsonl")
    assert (done.tickets, done.rejected) == (2, 1)
    assert [one.place for one in root.acting_as(SYSTEM).ask(rejects, done.batch or "")] == ["line 2"]


def _one_told(root: Desk, tmp_path: Path) -> dict[str, Any]:
    """The only ticket as its line tells it."""
    create(root, NewRequest(MIRA, "Drucker", "text"))
    told: dict[str, Any] = json.loads(exported(root, tmp_path / "a.jsonl"))
    return told


def _write(tmp_path: Path, lines: list[dict[str, Any]]) -> None:
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(one) + "\n" for one in lines))


def test_it_comes_in_beside_itself_under_another_name_and_answers_stay_where_they_went(
    place: Place, root: Desk, tmp_path: Path
) -> None:
    furnish(place)
    exported(root, tmp_path / "a.jsonl")
    before = sql(place.store(), "SELECT token, ticket_id FROM own_token ORDER BY token")
    assert before
    count = len(listed(root, "is:any"))
    assert take(root, "jsonl", tmp_path / "a.jsonl", system="copy").rejected == 0
    assert len(listed(root, "is:any")) == 2 * count
    assert sql(place.store(), "SELECT token, ticket_id FROM own_token ORDER BY token") == before


def test_mail_that_came_along_and_is_polled_again_is_a_duplicate(
    place: Place, other: Place, root: Desk, tmp_path: Path
) -> None:
    """The second desk finds the whole mailbox that the first one has read."""
    number = received(root, mail("first")).ticket
    exported(root, tmp_path / "a.jsonl")
    take(other.desk("root"), "jsonl", tmp_path / "a.jsonl")
    filed = received(other.desk("root"), mail("first"))
    assert (filed.disposition, filed.linked_to) == (Disposition.DUPLICATE, number)


def test_what_was_said_of_a_call_comes_along_without_its_ids(
    place: Place, other: Place, root: Desk, tmp_path: Path
) -> None:
    a_calling_team(place, "anna")
    anna = place.desk("anna")
    create(anna, NewRequest(MIRA, "davor", "so that ids are others there"))
    ticket = a_wish(anna)
    book(anna, ticket, Wish())
    undo(anna)
    book(anna, ticket, Wish())
    before = exported(root, tmp_path / "a.jsonl")
    told = json.loads(before.splitlines()[-1])
    calls = [event["changes"]["callback"][1] for event in told["history"] if "callback" in event["changes"]]
    assert all(not {"request", "team_id", "agent_id"} & set(call or ()) for call in calls)
    assert calls[0]["bookings"] == {"1": [True, None]}
    letters = [event["changes"]["letter"][1] for event in told["history"] if "letter" in event["changes"]]
    assert set(letters) <= {None, *range(1, len(told["messages"]) + 1)}
    assert take(other.desk("root"), "jsonl", tmp_path / "a.jsonl").rejected == 0
    assert exported(other.desk("root"), tmp_path / "b.jsonl") == before


def test_a_name_that_is_not_here_stops_it(place: Place, other: Place, root: Desk, tmp_path: Path) -> None:
    add_queue(root, "extra")
    for login in ("root", "anna"):
        set_agent(root, login, queues=["+extra"])
    create(root, NewRequest(MIRA, "Drucker", queue="extra"))
    exported(root, tmp_path / "a.jsonl")
    with pytest.raises(Usage, match="1 word of the source means nothing here: queue"):
        take(other.desk("root"), "jsonl", tmp_path / "a.jsonl")


def test_only_an_admin_exports(place: Place) -> None:
    with pytest.raises(Refused):
        next(export_lines(place.desk("anna")))


def test_times_of_an_export_are_exact(root: Desk, place: Place, tmp_path: Path) -> None:
    place.clock.now = MORNING.replace(microsecond=123_456)
    create(root, NewRequest(MIRA, "Drucker"))
    assert json.loads(exported(root, tmp_path / "a"))["created_at"] == "2026-11-23T10:00:00.123456Z"
