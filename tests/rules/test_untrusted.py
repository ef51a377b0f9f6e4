"""Nothing that passes the gate can move a cursor, hide or reorder words."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk_tui.rules.untrusted import clean_line, clean_text, is_clean

FAMILY = "\N{MAN}\u200d\N{WOMAN}\u200d\N{GIRL}"


@pytest.mark.parametrize(
    ("what", "text", "clean"),
    [
        ("plain", "Grüße, 你好 👋", "Grüße, 你好 👋"),
        ("colours", "a\x1b[31mred\x1b[0mb", "aredb"),
        ("eight-bit colours", "a\x9b31mred", "ared"),
        ("clipboard", "a\x1b]52;c;ZXZpbA==\x07b", "ab"),
        ("clipboard, other end", "a\x1b]52;c;ZXZpbA==\x1b\\b", "ab"),
        ("clipboard, eight-bit", "a\x9d52;c;ZXZpbA==\x9cb", "ab"),
        ("link", "\x1b]8;;http://evil.example\x1b\\click\x1b]8;;\x1b\\", "click"),
        ("device string", "a\x1bPq#0;2\x1b\\b", "ab"),
        ("reset", "a\x1bcb", "ab"),
        ("lone escape", "a\x1b", "a"),
        ("sequence without end", "a\x1b]52;c;abc\nb", "a52;c;abc\nb"),
        ("bells and backspaces", "a\x07\x08b\x7f\x00", "ab"),
        ("line ends", "a\r\nb\rc\x0bd\x0ce\x85f\u2028g\u2029h", "a\nb\nc\nd\ne\nf\ng\nh"),
        ("tab", "a\tb", "a\tb"),
        ("right to left", "a\u202egnp.exe\u2066x\u2069", "agnp.exex"),
        ("zero width", "a\u200bb\u2060c\ufeffd\u00ade", "abcde"),
        ("tags", "a\U000e0041\U000e007fb", "ab"),
        ("surrogate", "a\udc80b", "ab"),
        ("joiners that scripts need", f"{FAMILY} \u0645\u06cc\u200c\u062e", f"{FAMILY} \u0645\u06cc\u200c\u062e"),
        ("markup", "[bold]x[/] [@click=app.quit]", "[bold]x[/] [@click=app.quit]"),
    ],
)
def test_texts(what: str, text: str, clean: str) -> None:
    assert clean_text(text) == clean, what
    assert is_clean(clean)
    assert is_clean(text) is (text == clean)


@pytest.mark.parametrize(
    ("text", "line"),
    [(" a \n\t b ", "a b"), ("a\x1b[31mb\r\nc", "ab c"), ("x" * 12, "x" * 9 + "…"), ("x" * 10, "x" * 10)],
)
def test_lines(text: str, line: str) -> None:
    assert clean_line(text, 10) == line


@given(st.text(st.characters(min_codepoint=0, max_codepoint=0x10FFFF, exclude_categories=()), max_size=60))
def test_whatever_comes_in_nothing_that_controls_comes_out(text: str) -> None:
    clean = clean_text(text)
    assert clean_text(clean) == clean
    assert not [c for c in clean if unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") and c not in "\n\t"]
    assert not [c for c in clean if unicodedata.bidirectional(c) in ("LRO", "RLO", "LRE", "RLE", "PDF", "LRI", "RLI")]
    assert len(clean_line(text, 20)) <= 20
    assert "\n" not in clean_line(text)


@given(
    st.lists(st.sampled_from(["\x1b", "[", "]", "5", ";", "m", "\x07", "\x9b", "\\", "P", "\x9c", "a"]), max_size=30)
)
def test_a_sequence_cannot_hide_in_another(parts: list[str]) -> None:
    assert is_clean(clean_text("".join(parts)))
