"""Where a mail belongs: every row of the decision table, and what no forgery may reach."""

from __future__ import annotations

from itertools import product

import pytest

from helpdesk_tui.rules.threading import (
    Link,
    Signals,
    own_token,
    place,
    quoted_number,
    tagged_number,
    token_in_address,
    tokens_in_order,
)
from helpdesk_tui.terms import Authenticity, Disposition

PASS, NONE, FAIL = Authenticity
T, OTHER, W = 7, 8, 9
TOKEN = "abcdefghijklmnopqrstuvwxyz"
SECOND = "zyxwvutsrqponmlkjihgfedcba"

NEW, APPENDED, LINKED = Disposition.NEW, Disposition.APPENDED, Disposition.LINKED
CASES = [
    ("own copy", Signals(is_own_copy=True, token_ticket=T, is_participant=True), (1, Disposition.OWN_COPY, None, None)),
    ("bounce of ours", Signals(is_bounce=True, is_robot=True, token_ticket=T), (2, Disposition.BOUNCE, T, None)),
    ("backscatter", Signals(is_bounce=True), (3, Disposition.BOUNCE, None, None)),
    ("backscatter with a weak link", Signals(is_bounce=True, weak_ticket=W), (3, Disposition.BOUNCE, None, None)),
    ("absence note", Signals(is_robot=True, token_ticket=T, is_participant=True), (4, APPENDED, T, None)),
    ("newsletter", Signals(is_robot=True), (5, Disposition.ROBOT, None, None)),
    ("robot with a weak link", Signals(is_robot=True, weak_ticket=W), (5, Disposition.ROBOT, None, None)),
    ("answer", Signals(token_ticket=T, is_participant=True, authenticity=PASS), (6, APPENDED, T, None)),
    ("unverified answer", Signals(token_ticket=T, is_participant=True), (6, APPENDED, T, None)),
    ("forged answer", Signals(token_ticket=T, is_participant=True, authenticity=FAIL), (7, APPENDED, T, None)),
    ("forged, two tokens", Signals(token_ticket=T, other_token_ticket=OTHER, is_participant=True, authenticity=FAIL),
     (7, APPENDED, T, None)),
    ("new person", Signals(token_ticket=T, authenticity=PASS), (8, APPENDED, T, None)),
    ("new person, confidential", Signals(token_ticket=T, authenticity=PASS, is_confidential=True),
     (9, LINKED, None, T)),
    ("unverified stranger", Signals(token_ticket=T), (9, LINKED, None, T)),
    ("forged stranger", Signals(token_ticket=T, authenticity=FAIL), (9, LINKED, None, T)),
    ("no token, verified", Signals(weak_ticket=W, is_participant=True, authenticity=PASS), (10, APPENDED, W, None)),
    ("no token, unverified", Signals(weak_ticket=W, is_participant=True), (11, APPENDED, W, None)),
    ("no token, confidential", Signals(weak_ticket=W, is_participant=True, is_confidential=True),
     (13, LINKED, None, W)),
    ("no token, stranger", Signals(weak_ticket=W, authenticity=PASS), (13, LINKED, None, W)),
    ("no token, forged", Signals(weak_ticket=W, is_participant=True, authenticity=FAIL), (13, LINKED, None, W)),
    ("old number, verified", Signals(weak_ticket=W, weak_link=Link.OLD_NUMBER, is_participant=True, authenticity=PASS),
     (10, APPENDED, W, None)),
    ("old number, unverified", Signals(weak_ticket=W, weak_link=Link.OLD_NUMBER, is_participant=True), (11, APPENDED, W, None)),
    ("old number, stranger", Signals(weak_ticket=W, weak_link=Link.OLD_NUMBER, authenticity=PASS), (13, LINKED, None, W)),
    ("number, verified", Signals(weak_ticket=W, weak_link=Link.NUMBER, is_participant=True, authenticity=PASS),
     (10, APPENDED, W, None)),
    ("number, unverified", Signals(weak_ticket=W, weak_link=Link.NUMBER, is_participant=True), (12, LINKED, None, W)),
    ("number, stranger", Signals(weak_ticket=W, weak_link=Link.NUMBER, authenticity=PASS), (13, LINKED, None, W)),
    ("number, forged", Signals(weak_ticket=W, weak_link=Link.NUMBER, is_participant=True, authenticity=FAIL),
     (13, LINKED, None, W)),
    ("subject of an answer, verified",
     Signals(weak_ticket=W, weak_link=Link.SUBJECT, is_answer=True, is_participant=True, authenticity=PASS),
     (10, APPENDED, W, None)),
    ("subject again, verified",
     Signals(weak_ticket=W, weak_link=Link.SUBJECT, is_participant=True, authenticity=PASS), (12, LINKED, None, W)),
    ("subject of an answer, unverified",
     Signals(weak_ticket=W, weak_link=Link.SUBJECT, is_answer=True, is_participant=True), (12, LINKED, None, W)),
    ("agent's answer", Signals(token_ticket=T, is_agents_token=True, authenticity=PASS), (16, APPENDED, T, None)),
    ("agent's answer, unverified", Signals(token_ticket=T, is_agents_token=True), (9, LINKED, None, T)),
    ("agent's answer, participant, unverified", Signals(token_ticket=T, is_agents_token=True, is_participant=True),
     (6, APPENDED, T, None)),
    ("agent's answer, forged", Signals(token_ticket=T, is_agents_token=True, is_participant=True, authenticity=FAIL),
     (7, APPENDED, T, None)),
    ("bounce again", Signals(is_bounce=True, is_lasting=True, is_told=True, token_ticket=T),
     (2, Disposition.BOUNCE, T, None)),
    ("two tokens", Signals(token_ticket=T, other_token_ticket=OTHER, is_participant=True), (14, APPENDED, T, OTHER)),
    ("the same token twice", Signals(token_ticket=T, other_token_ticket=T, is_participant=True),
     (6, APPENDED, T, None)),
    ("long closed", Signals(token_ticket=T, is_participant=True, is_closed=True), (15, LINKED, None, T)),
    ("long closed, no token", Signals(weak_ticket=W, is_participant=True, is_closed=True), (15, LINKED, None, W)),
    ("nothing known", Signals(), (17, NEW, None, None)),
    ("nothing known, forged", Signals(authenticity=FAIL), (17, NEW, None, None)),
]  # fmt: skip


@pytest.mark.parametrize(("signals", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_the_decision_table(signals: Signals, expected: tuple[int, Disposition, int | None, int | None]) -> None:
    found = place(signals)
    assert (found.row, found.disposition, found.ticket, found.linked_to) == expected
    assert found.reason


def every_combination() -> list[Signals]:
    """All that can be known about a mail."""
    flags = dict.fromkeys(("is_own_copy", "is_bounce", "is_lasting", "is_told", "is_robot", "is_answer", "is_participant", "is_agents_token", "is_confidential", "is_closed"), (False, True))  # fmt: skip
    tickets = {"token_ticket": (None, T), "other_token_ticket": (None, T, OTHER), "authenticity": tuple(Authenticity)}
    weak = {"weak": ((None, None), *((W, link) for link in Link))}
    names = [*flags, *tickets]
    return [
        Signals(**dict(zip(names, values, strict=True)), weak_ticket=weak_ticket, weak_link=link)
        for *values, (weak_ticket, link) in product(*flags.values(), *tickets.values(), *weak.values())
    ]


EVERY = every_combination()


class TestWhateverIsKnown:
    """Properties over every combination of signals."""

    @pytest.mark.parametrize("row", [6, 10, 11, 14])
    def test_only_participants_speak_as_the_customer(self, row: int) -> None:
        reached = [one for one in EVERY if place(one).row == row]
        assert reached
        assert all(one.is_participant and not one.is_robot and not one.is_bounce for one in reached)

    def test_a_mail_that_never_arrived_is_work_again(self) -> None:
        reported = [one for one in EVERY if place(one).row == 2]
        assert reported
        assert all(place(one).reopens is (one.is_lasting and not one.is_told) for one in reported)
        assert all(place(one).ticket for one in reported)

    @pytest.mark.parametrize("row", [6, 8, 10, 14])
    def test_a_failed_check_reaches_no_row_of_the_verified(self, row: int) -> None:
        assert not [one for one in EVERY if one.authenticity is FAIL and place(one).row == row]

    def test_nobody_new_gets_into_a_confidential_queue(self) -> None:
        inside = [
            one
            for one in EVERY
            if one.is_confidential and not one.is_participant and not place(one).is_by_machine
            if place(one).reopens and place(one).ticket
        ]
        assert inside == []

    def test_what_may_be_forged_wakes_nobody_without_a_mark(self) -> None:
        wakes = [place(one) for one in EVERY if place(one).ticket and place(one).reopens and place(one).row != 2]
        assert {one.row for one in wakes} == {6, 7, 8, 10, 11, 14}
        assert all(one.remark.startswith("!") for one in wakes if one.row in (7, 8))

    def test_a_subject_alone_merges_nothing(self) -> None:
        by_subject = [one for one in EVERY if one.weak_link in (Link.SUBJECT, Link.NUMBER) and not one.token_ticket]
        merged = [one for one in by_subject if place(one).ticket]
        assert all(one.authenticity is PASS and one.is_participant for one in merged)

    def test_an_agent_is_believed_only_with_a_token_and_a_proof(self) -> None:
        notes = [one for one in EVERY if place(one).is_note]
        assert notes
        assert all(one.is_agents_token and one.authenticity is PASS and one.token_ticket for one in notes)
        assert not [one for one in notes if place(one).reopens]

    def test_machines_never_open_anything(self) -> None:
        machines = [one for one in EVERY if one.is_robot or one.is_bounce or one.is_own_copy]
        assert not [one for one in machines if place(one).disposition in (NEW, LINKED)]
        assert {place(one).row for one in machines if place(one).reopens} == {2}

    def test_every_mail_has_a_place_and_a_reason(self) -> None:
        assert all(place(one).reason and place(one).disposition for one in EVERY)

    def test_a_linked_mail_is_never_inside_the_ticket_it_names(self) -> None:
        linked = [place(one) for one in EVERY if place(one).disposition is LINKED]
        assert all(one.ticket is None and one.linked_to for one in linked)


@pytest.mark.parametrize(
    ("message_id", "token"),
    [
        (f"{TOKEN}.hd@desk.example", TOKEN),
        (f"{TOKEN.upper()}.HD@DESK.EXAMPLE", TOKEN),
        (f"{TOKEN}.hd@", TOKEN),
        (f"{TOKEN}@desk.example", None),
        (f"{TOKEN[:-1]}.hd@desk.example", None),
        (f"{TOKEN}a.hd@desk.example", None),
        (f"{TOKEN[:-1]}-.hd@desk.example", None),
        ("", None),
        ("1042", None),
    ],
)
def test_a_token_is_read_from_ids_of_ours_alone(message_id: str, token: str | None) -> None:
    assert own_token(message_id) == token


@pytest.mark.parametrize(
    ("address", "token"),
    [
        (f"support+{TOKEN}@desk.example", TOKEN),
        (f"Support+{TOKEN.upper()}@desk.example", TOKEN),
        (f"a+b+{TOKEN}@desk.example", TOKEN),
        (f"support@{TOKEN}.example", None),
        (f"{TOKEN}@desk.example", None),
        ("support+sales@desk.example", None),
        ("", None),
    ],
)
def test_a_token_behind_the_plus_sign_of_an_address(address: str, token: str | None) -> None:
    assert token_in_address(address) == token


@pytest.mark.parametrize(
    ("subject", "number"),
    [
        ("Re: [#1042] Drucker", 1042),
        ("[1042] Drucker", 1042),
        ("Ticket #1042", 1042),
        ("Anfrage Nr. 1042", 1042),
        ("AW: Vorgang 1042: Drucker", 1042),
        ("case no. 1042", 1042),
        ("Rechnung 4711", None),
        ("Rechnung #4711", None),
        ("tickets 3", None),
        ("Ticket 1234567890123", None),
        ("", None),
    ],
)
def test_a_number_that_people_quote(subject: str, number: int | None) -> None:
    assert quoted_number(subject) == number


def test_what_was_known_is_kept_without_what_was_not() -> None:
    kept = Signals(token_ticket=T, is_participant=True, weak_link=Link.NUMBER, authenticity=PASS).as_stored()
    assert kept == {"token_ticket": T, "is_participant": True, "weak_link": "number", "authenticity": "pass"}


def test_tokens_stand_in_the_order_in_which_they_count() -> None:
    first, second = f"{TOKEN}.hd@a.example", f"{SECOND}.hd@a.example"
    assert tokens_in_order([first], [second, "x@y"]) == [TOKEN, SECOND]
    assert tokens_in_order([], [first, second]) == [SECOND, TOKEN]
    assert tokens_in_order(["x@y"], [first, first]) == [TOKEN]
    assert tokens_in_order([], [first], [f"support+{SECOND}@a.example"]) == [TOKEN, SECOND]


@pytest.mark.parametrize(
    ("subject", "number"),
    [
        ("[Ticket#2026112310000017] Drucker", "2026112310000017"),
        ("AW: [Ticket#INC-7] x", "INC-7"),
        ("[ticket# 7] x", "7"),
        ("[Ticket#7 8] x", ""),
        ("[Ticket#] x", ""),
        ("Ticket#7", ""),
        ("[Ticket#" + "9" * 41 + "]", ""),
        ("[Ticket#7] [Ticket#8]", "7"),
        ("", ""),
    ],
)
def test_the_number_behind_another_systems_mark(subject: str, number: str) -> None:
    assert tagged_number(subject, "[Ticket#{number}]") == number


def test_a_mark_is_no_pattern() -> None:
    assert tagged_number("(.*)7(.*)", "(.*){number}(.*)") == "7"
    assert tagged_number("anything 7 at all", "(.*){number}(.*)") == ""
