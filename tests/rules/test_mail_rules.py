"""Where a new mail goes, what its subject becomes, and which mail a machine wrote."""

from __future__ import annotations

import time

import pytest

from helpdesk_tui.rules.robots import is_robot
from helpdesk_tui.rules.routing import plain_address, queue_in_header, queue_of
from helpdesk_tui.rules.subjects import alike, is_reply, reply_subject, without_noise
from tests.build import an_incoming

QUEUES = {"support@desk.example": 1, "billing@desk.example": 2, "@desk.example": 4, "sales+eu@desk.example": 3}


@pytest.mark.parametrize(
    ("address", "plain"),
    [
        ("Support@Desk.Example", "support@desk.example"),
        (" support+tag@desk.example ", "support+tag@desk.example"),
        ("Groß@x.example", "groß@x.example"),
        ("gross@x.example", "gross@x.example"),
        ("a@b@x.example", "a@b@x.example"),
        ("", ""),
        ("nobody", "nobody"),
    ],
)
def test_addresses_are_known_without_case_and_nothing_else(address: str, plain: str) -> None:
    assert plain_address(address) == plain


@pytest.mark.parametrize(
    ("addresses", "queue"),
    [
        ([], None),
        (["x@y.example"], None),
        (["billing@desk.example", "support@desk.example"], 2),
        (["x@y.example", "SUPPORT+4711@desk.example"], 1),
        (["support+a+b@desk.example"], 1),
        (["+vip@desk.example"], None),
        (["Sales+EU@desk.example"], 3),
        (["sales+us@desk.example"], None),
        (["sales@desk.example", "billing@desk.example"], 2),
    ],
)
def test_the_first_known_address_decides_the_queue(addresses: list[str], queue: int | None) -> None:
    assert queue_of(addresses, QUEUES) == queue


@pytest.mark.parametrize(
    ("header", "queue"),
    [
        (b"", None),
        (b"\0\xff no mail at all", None),
        (b"To: x@y.example\n\nTo: billing@desk.example", None),
        (b"Subject: support@desk.example\r\nTo: =?utf-8?q?x?=\r\n <Billing@desk.example>\r\n\r\n", 2),
        (b"To: support@desk.example\nDelivered-To: billing@desk.example\n", 2),
        (b"CC : a@b.example, support+4711@desk.example", 1),
        (b"To: " + b"x" * 70_000 + b" <support@desk.example>", None),
    ],
)
def test_a_mail_nobody_has_read_says_whose_it_is_by_its_header(header: bytes, queue: int | None) -> None:
    assert queue_in_header(header, QUEUES) == queue


@pytest.mark.parametrize("word", [b"a", b"a.", b"+a", b"a@", b"@a", b'"a', b"a b", b"\n a", b"\na:", b"a\xff"])
def test_a_header_without_an_end_is_looked_through_in_linear_time(word: bytes) -> None:
    header = b"To: " + word * (64_000 // len(word)) + b"\n\nx"
    begun = time.process_time()
    queue_in_header(header, QUEUES)
    assert time.process_time() - begun < 2, "a few milliseconds, or many seconds where it is the square"


@pytest.mark.parametrize(
    ("subject", "plain"),
    [
        ("Printer", "Printer"),
        ("Re: Printer", "Printer"),
        ("AW: WG: Re[2]: Printer", "Printer"),
        ("Fwd: RE: Re(3): Printer", "Printer"),
        ("Re：Printer", "Printer"),
        ("SV: VS: RIF: Odp: Printer", "Printer"),
        ("Regarding: Printer", "Regarding: Printer"),
        ("Report: Printer", "Report: Printer"),
        ("Printer: re: it", "Printer: re: it"),
        ("Re:", "Re:"),
        ("", ""),
    ],
)
def test_marks_of_mail_programs_are_taken_off(subject: str, plain: str) -> None:
    assert without_noise(subject) == plain


@pytest.mark.parametrize(
    ("subject", "answer"),
    [("Printer", "Re: Printer"), ("AW: Printer", "Re: Printer"), ("Re: Re: Printer", "Re: Printer"), ("", "Re:")],
)
def test_an_answer_carries_one_mark(subject: str, answer: str) -> None:
    assert reply_subject(subject) == answer


@pytest.mark.parametrize(
    ("auto_submitted", "signs", "is_list", "robot"),
    [
        ("", ("X-Loop",), False, False),
        ("", ("X-MS-Exchange-Inbox-Rules-Loop",), False, False),
        ("", ("X-MS-Exchange-Inbox-Rules-Loop", "X-Loop"), False, False),
        ("", ("X-Loop", "Subject"), False, True),
        ("", ("Precedence", "Subject"), False, True),
        ("", ("Precedence", "Subject"), True, False),
        ("", ("X-Autoreply", "X-Loop"), False, True),
        ("", (), False, False),
        ("no", (), False, False),
        ("auto-replied", (), False, True),
        ("auto-generated", (), True, True),
        ("something-new", (), False, True),
        ("", ("X-Autoreply",), False, True),
        ("", ("Return-Path",), True, True),
        ("", ("Precedence",), False, True),
        ("", ("Precedence",), True, False),
        ("", ("List-Unsubscribe", "Precedence"), True, False),
        ("", ("Subject",), True, False),
        ("", ("Subject",), False, False),
        ("", (), True, False),
    ],
)
def test_machines_are_told_from_people(auto_submitted: str, signs: tuple[str, ...], is_list: bool, robot: bool) -> None:
    assert is_robot(an_incoming(auto_submitted=auto_submitted, robot_signs=signs, is_list=is_list)) is robot


@pytest.mark.parametrize(
    ("signs", "robot"), [((), False), (("Subject",), True), (("X-Loop",), False), (("Precedence",), True)]
)
def test_the_subject_of_an_absence_note_counts_in_an_answer_to_us(signs: tuple[str, ...], robot: bool) -> None:
    assert is_robot(an_incoming(robot_signs=signs), answers_us=True) is robot


@pytest.mark.parametrize(
    ("subject", "expected"),
    [
        ("Re: Drucker", True),
        ("AW: Drucker", True),
        ("Antw: Drucker", True),
        ("SV[2]: Drucker", True),
        ("RE : Drucker", True),
        ("Fwd: Drucker", False),
        ("WG: Drucker", False),
        ("Drucker", False),
        ("Rechnung: Re", False),
        ("", False),
    ],
)
def test_a_subject_says_that_its_mail_answers(subject: str, expected: bool) -> None:
    assert is_reply(subject) is expected


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("Drucker", "AW: Re:  DRUCKER ", True),
        ("Größe der Bestellung", "WG: Groesse  der Bestellung", True),
        ("Drucker", "Drucker 2", False),
        ("", "Re:", False),
    ],
)
def test_two_subjects_of_one_matter(one: str, other: str, expected: bool) -> None:
    assert (alike(one) == alike(other)) is expected
