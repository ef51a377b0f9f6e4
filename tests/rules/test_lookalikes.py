"""Which words mix alphabets, and which are taken for others."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk_tui.rules.lookalikes import imitated, is_mixed, is_near, skeleton

MIXED = {
    "Cyrillic a in Latin": ("b\u0430nk", True),
    "Greek o in Latin": ("g\u03bf\u03bfgle", True),
    "Armenian o in Latin": ("b\u0585\u0585k", True),
    "Cherokee letter in Latin": ("\u13a0ank", True),
    "Cyrillic and Greek": ("\u0430\u03bf", True),
    "Hebrew and Arabic": ("\u05d0\u0627", True),
    "Japanese and Cyrillic": ("日本\u0430", True),
    "three at once": ("aж日", True),
    "plain": ("bank-24", False),
    "German": ("müller-straße", False),
    "Vietnamese": ("nguyễn", False),
    "Turkish": ("ışık", False),
    "Russian": ("магазин-24", False),
    "Greek": ("καφές", False),
    "Japanese": ("東京タワーです", False),
    "Japanese with Latin": ("ソニーstore", False),
    "Japanese with marks": ("佐々木ー", False),
    "Korean with Latin": ("삼성tv", False),
    "Chinese": ("中文ㄅa", False),
    "Hindi": ("नमस्ते", False),
    "Arabic with Latin": ("متجرshop", False),
    "Thai with Latin": ("ไทยnet", False),
    "wide letters": ("ｂａｎｋ", False),
    "digits and marks": ("24/7-№", False),
    "nothing": ("", False),
}


@pytest.mark.parametrize("case", MIXED)
def test_a_word_that_mixes_alphabets_as_no_language_does(case: str) -> None:
    word, expected = MIXED[case]
    assert is_mixed(word) is expected


IMITATED = [
    ("аррӏе", "apple"),
    ("расе-24", "pace-24"),
    ("οικος", ""),
    ("κακια", "kakia"),
    ("москва", ""),
    ("apple", ""),
    ("bаnk", ""),
    ("日本", ""),
    ("24", ""),
    ("", ""),
]


@pytest.mark.parametrize(("word", "latin"), IMITATED)
def test_a_word_of_another_alphabet_that_is_taken_for_a_latin_one(word: str, latin: str) -> None:
    assert imitated(word) == latin


ALIKE = [
    ("example", "examp1e", True),
    ("example", "exаmple", True),
    ("example", "éxämple", True),
    ("modern", "modem", True),
    ("wave", "vvave", True),
    ("google", "g00gle", True),
    ("Illinois", "lllinois", True),
    ("москва", "mockba", True),
    ("ЅUРРОRТ", "support", True),
    ("example", "exemple", False),
    ("bank", "bang", False),
]


@pytest.mark.parametrize(("one", "other", "expected"), ALIKE)
def test_words_that_are_alike_to_the_eye(one: str, other: str, expected: bool) -> None:
    assert (skeleton(one) == skeleton(other)) is expected


NEAR = [
    ("example", "exemple", True),
    ("example", "exampl", True),
    ("example", "examples", True),
    ("example", "xample", True),
    ("example", "exmaple", True),
    ("example", "exampel", True),
    ("ab", "ba", True),
    ("a", "", True),
    ("a", "b", True),
    ("example", "example", False),
    ("example", "exemples", False),
    ("example", "elpmaxe", False),
    ("abcd", "badc", False),
    ("abc", "cab", False),
    ("", "", False),
    ("ab", "", False),
]


@pytest.mark.parametrize(("one", "other", "expected"), NEAR)
def test_words_that_one_slip_of_the_finger_keeps_apart(one: str, other: str, expected: bool) -> None:
    assert is_near(one, other) is is_near(other, one) is expected


WORDS = st.text("abc", max_size=6)


@given(WORDS, WORDS)
def test_near_is_what_one_edit_makes(one: str, other: str) -> None:
    edits = {one[:i] + one[i + 1 :] for i in range(len(one))}
    edits |= {one[:i] + letter + one[i:] for i in range(len(one) + 1) for letter in "abc"}
    edits |= {one[:i] + letter + one[i + 1 :] for i in range(len(one)) for letter in "abc"}
    edits |= {one[:i] + one[i : i + 2][::-1] + one[i + 2 :] for i in range(len(one) - 1)}
    assert is_near(one, other) is (other in edits and other != one)


@pytest.mark.parametrize("mark", ["a", "а", "ﷺ", "é", "\u0301", "rn", "日"])
def test_a_word_without_an_end_is_looked_at_in_bounded_time(mark: str) -> None:
    word = mark * 60_000
    begun = time.process_time()
    assert not is_mixed(word)
    assert skeleton(word) is not None
    assert imitated(word) is not None
    assert is_near(word, word + "a")
    assert time.process_time() - begun < 1
