"""How text is cut into words, so that both stores find the same tickets."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk_tui.rules.words import MESSAGE_LIMIT, STEMMED_WORDS, cost, fit, fold, of_message, words

SAME = [
    ("Rechnung", "Rechnungen"),
    ("Drucker", "DRUCKERN"),
    ("Müller", "Mueller"),
    ("Müller", "muller"),
    ("Köln", "koeln"),
    ("Straße", "STRASSE"),
    ("Größe", "grosse"),
    ("print", "printing"),
    ("invoice", "invoices"),
    ("café", "cafe\u0301"),
    ("Müller", "Mu\u0308ller"),
    ("ﬁle", "file"),
    ("Ｔｅｓｔ", "test"),
    ("naïve", "naive"),
    ("İstanbul", "istanbul"),
]
OTHERS = [("Rechnung", "Rechner"), ("print", "sprint"), ("1042", "1043"), ("Bar", "Bär!x")]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_forms_of_one_word_are_the_same(one: str, other: str) -> None:
    assert words(one) == words(other)
    assert len(words(one)) == 1


@pytest.mark.parametrize(("one", "other"), OTHERS)
def test_different_words_stay_different(one: str, other: str) -> None:
    assert words(one) != words(other)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 0),
        ("… — !? __", 0),
        ("foo-bar", 2),
        ("mira@customer.example", 3),
        ("snake_case", 2),
        ("O'Neil", 2),
        ("\x00a\ud800b", 2),
        ("印刷机坏了", 1),
        ("принтер горит", 2),
    ],
)
def test_signs_part_words(text: str, count: int) -> None:
    assert len(words(text)) == count


@pytest.mark.parametrize(
    ("text", "folded"), [("Ä", "a"), ("ae", "a"), ("ß", "ss"), ("É", "e"), ("Łódź", "łodz"), ("queue", "quu")]
)
def test_folding(text: str, folded: str) -> None:
    assert fold(text) == folded


def test_only_the_beginning_of_a_huge_message_is_cut() -> None:
    assert "needle" not in words("x " * (MESSAGE_LIMIT // 2) + "needle")
    assert "needl" in "".join(words("needle " + "x " * MESSAGE_LIMIT))


def test_all_texts_of_a_message_share_one_limit() -> None:
    half = "ü " * (MESSAGE_LIMIT // 6)  # three bytes a piece
    assert "needl" in "".join(of_message([half, "needle"]))
    assert "needl" not in "".join(of_message([half, half, half, "needle"]))
    assert of_message(["x" * 70, "\ud800y"]) == ["x" * 64, "y"]


def test_all_texts_of_a_message_share_one_limit_of_stemmed_words() -> None:
    many = " ".join(f"drucker{n:x}" for n in range(STEMMED_WORDS))
    assert of_message([many, "rechnungen"])[-1] == "rechnungen"
    assert of_message(["rechnungen", many, "rechnungen"])[-1] == words("rechnung")[0]
    assert words("rechnungen") == words("rechnung")


def test_a_word_without_end_is_shortened() -> None:
    (word,) = words("a" * 1_000_000)
    assert len(word) <= 64


@given(st.lists(st.text("abcdefgh", min_size=1, max_size=5), max_size=60), st.integers(0, 400))
def test_what_fits_is_a_beginning_and_fits(some: list[str], room: int) -> None:
    kept = fit(some, room)
    assert kept == some[: len(kept)]
    assert cost(kept) <= room or not kept
    assert kept == some or cost(some) > room


@given(st.text(max_size=200))
def test_cutting_never_fails_and_leaves_no_sign_that_a_search_could_trip_over(text: str) -> None:
    for word in words(text):
        assert word
        assert len(word) <= 64
        assert not set(word) & set(" \"'*:()\\\x00\n")
