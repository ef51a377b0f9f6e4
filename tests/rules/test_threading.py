"""Where a mail belongs: every row of the decision table, and what no forgery may reach."""

from __future__ import annotations

from itertools import product

import pytest

from helpdesk_tui.rules.threading import Signals, own_token, place, tagged_number, tokens_in_order
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
    ("old number, verified", Signals(weak_ticket=W, is_by_tag=True, is_participant=True, authenticity=PASS),
     (10, APPENDED, W, None)),
    ("old number, unverified", Signals(weak_ticket=W, is_by_tag=True, is_participant=True), (11, APPENDED, W, None)),
    ("old number, stranger", Signals(weak_ticket=W, is_by_tag=True, authenticity=PASS), (13, LINKED, None, W)),
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
    flags = (False, True)
    values = product(
        flags, flags, flags, flags, (None, T), (None, T, OTHER), (None, W), flags, Authenticity, flags, flags, flags
    )
    return [Signals(*one) for one in values]


class TestWhateverIsKnown:
    """Properties over every combination of signals."""

    @pytest.mark.parametrize("row", [6, 10, 11, 14])
    def test_only_participants_speak_as_the_customer(self, row: int) -> None:
        reached = [one for one in every_combination() if place(one).row == row]
        assert reached
        assert all(one.is_participant and not one.is_robot and not one.is_bounce for one in reached)

    def test_a_mail_that_never_arrived_is_work_again(self) -> None:
        reported = [one for one in every_combination() if place(one).row == 2]
        assert reported
        assert all(place(one).reopens is one.is_lasting and place(one).ticket for one in reported)

    @pytest.mark.parametrize("row", [6, 8, 10, 14])
    def test_a_failed_check_reaches_no_row_of_the_verified(self, row: int) -> None:
        assert not [one for one in every_combination() if one.authenticity is FAIL and place(one).row == row]

    def test_nobody_new_gets_into_a_confidential_queue(self) -> None:
        inside = [
            one
            for one in every_combination()
            if one.is_confidential and not one.is_participant and not place(one).is_by_machine
            if place(one).reopens and place(one).ticket
        ]
        assert inside == []

    def test_what_may_be_forged_never_opens_a_ticket_again(self) -> None:
        wakes = [one for one in every_combination() if place(one).ticket and place(one).reopens and place(one).row != 2]
        assert all(one.is_participant and one.authenticity is not FAIL and not one.is_closed for one in wakes)

    def test_machines_never_open_anything(self) -> None:
        machines = [one for one in every_combination() if one.is_robot or one.is_bounce or one.is_own_copy]
        assert not [one for one in machines if place(one).disposition in (NEW, LINKED)]
        assert {place(one).row for one in machines if place(one).reopens} == {2}

    def test_every_mail_has_a_place_and_a_reason(self) -> None:
        assert all(place(one).reason and place(one).disposition for one in every_combination())

    def test_a_linked_mail_is_never_inside_the_ticket_it_names(self) -> None:
        linked = [place(one) for one in every_combination() if place(one).disposition is LINKED]
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


def test_tokens_stand_in_the_order_in_which_they_count() -> None:
    first, second = f"{TOKEN}.hd@a.example", f"{SECOND}.hd@a.example"
    assert tokens_in_order([first], [second, "x@y"]) == [TOKEN, SECOND]
    assert tokens_in_order([], [first, second]) == [SECOND, TOKEN]
    assert tokens_in_order(["x@y"], [first, first]) == [TOKEN]


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
