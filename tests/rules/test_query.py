"""The query language: what is read, and where a wrong word stands."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk_tui.errors import QueryError
from helpdesk_tui.rules.query import FIELDS, IS_VALUES, Query, Term, parse


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("", []),
        ("   ", []),
        ("printer", [("", "printer", False, 0)]),
        ("  printer  fire ", [("", "printer", False, 2), ("", "fire", False, 11)]),
        ('"third floor"', [("", "third floor", False, 0)]),
        ('"third floor', [("", "third floor", False, 0)]),
        ("is:open -tag:vpn", [("is", "open", False, 0), ("tag", "vpn", True, 9)]),
        ("IS:open", [("is", "open", False, 0)]),
        ('queue:"second level" x', [("queue", "second level", False, 0), ("", "x", False, 21)]),
        ("me", [("me", "me", False, 0)]),
        ("-me", [("me", "me", True, 1)]),
        ('"me"', [("", "me", False, 0)]),
        ("assignee:me", [("assignee", "me", False, 0)]),
        ("-", [("", "-", False, 0)]),
        ('-"a b"', [("", "a b", True, 1)]),
        ("status:waiting_customer priority:urgent", [
            ("status", "waiting_customer", False, 0), ("priority", "urgent", False, 24)]),
        ("http://x.example 10:30", [("", "http://x.example", False, 0), ("", "10:30", False, 17)]),
        ("o'neil c++ foo-bar", [("", "o'neil", False, 0), ("", "c++", False, 7), ("", "foo-bar", False, 11)]),
    ],
)  # fmt: skip
def test_what_is_read(text: str, terms: list[tuple[str, str, bool, int]]) -> None:
    assert parse(text) == Query(tuple(Term(*term) for term in terms))


@pytest.mark.parametrize(
    ("text", "position", "words"),
    [
        ("printer statsu:open", 8, "statsu"),
        ("is:opne", 0, "is:opne"),
        ("a -is:opne", 3, "is:opne"),
        ("status:overdue", 0, "status:overdue"),
        ("x priority:5", 2, "priority:5"),
        ("x from:mira", 2, "from"),
        ("a is: open", 2, "is: needs a value"),
        ('tag:""', 0, "tag: needs a value"),
        ("is:OPEN", 0, "is:OPEN"),
    ],
)
def test_a_wrong_word_is_named_with_its_place(text: str, position: int, words: str) -> None:
    with pytest.raises(QueryError) as refused:
        parse(text)
    assert refused.value.position == position
    assert words in refused.value.message
    assert f"character {position + 1}" in refused.value.message
    assert refused.value.hint.startswith("Known: ")
    assert refused.value.exit_code == 2


@pytest.mark.parametrize("value", IS_VALUES)
def test_every_value_of_is_is_read(value: str) -> None:
    assert parse(f"is:{value}").terms[0].value == value


@pytest.mark.parametrize(
    ("text", "names_ended"),
    [
        ("", False),
        ("printer is:open", False),
        ("queue:closed", False),
        ("is:any", True),
        ("is:closed", True),
        ("is:solved", True),
        ("status:cancelled", True),
        ("is:calling", True),
        ("-is:callback", False),
        ("closed", False),
    ],
)
def test_a_query_says_itself_whether_it_wants_what_has_ended(text: str, names_ended: bool) -> None:
    assert parse(text).names_ended is names_ended


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused_within_itself(text: str) -> None:
    try:
        terms, positions = parse(text).terms, [0]
    except QueryError as error:
        terms, positions = (), [error.position]
    else:
        assert bool(text.strip()) is bool(terms)
    positions += [term.position for term in terms]
    assert positions == sorted(positions)
    assert positions[-1] < max(len(text), 1)
    assert {term.field for term in terms} <= {"", "me", *FIELDS}
