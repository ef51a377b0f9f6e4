"""Whatever stands in a text: no line is lost or invented when it is split, and the time grows with its length."""

from __future__ import annotations

import sys
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpdesk_tui.mail.quotes import is_forward, split_quote

ROWS = st.sampled_from(
    ["", " ", "\xa0", "Words", "Words that go on, as somebody types them who has much to tell about it.", "> old", ">> older",
     "> ", ">>> A <a@b.example> 12.11.2026 09:06 >>>", "| old", "> wrote:", "<", "a@b.example> wrote:", "> From: A <a@b.example>",
     "Am 12.11.26 um 09:06 schrieb A:", "On 1/1/24 9:00 AM, A <a@b.example> wrote:", "Am Do., 12. Nov. 2026 um 09:06 Uhr schrieb A <",
     "2013/7/20 A <a@b.example>", "-- ", "--", "---", "----------", "ᐧ", "_" * 40, "-----Original Message-----", "-----A schrieb: -----",
     "Von: A <a@b.example>", "Gesendet: heute", "An: B", "Betreff: x", "Von meinem iPhone gesendet", "siehe unten in Rot",
     "Diese E-Mail enthält vertrauliche Informationen.", "Disclaimer", "Originalnachricht", "## Please type your reply above this line ##", "-----BEGIN PGP SIGNATURE-----", "-----BEGIN PGP SIGNED MESSAGE-----", "Hash: SHA256",
     "---------- Weitergeleitete Nachricht ---------", "Mit freundlichen Grüßen", "差出人: A"]
)  # fmt: skip
MIXED = ("> ", "\n", "-- \n", "Am 12.11.26 um 09:06 schrieb\n", "Am 12.11.26 schrieb A:\n", "schrieb:\n", "Anna wrote:\n> \n",
         "Von: A\n", "Von: a@b\n\n", "a", " ", "<", ">", "-", "=", "(", "_", "*", ":", "@", "1", "1.", "-a", "> -- \n", "--\na b\n",
         "__\n", "Diese E-Mail\n", "Diese E-Mail enthält vertrauliches\n\n", "Gesendet von A\n", "Gesendet von ", "see comments ",
         "in Rot ", "| a\n", "2013/7/20 <a@b>\n| a\n", "On 9:00\n> wrote:\n", ">>> 12.11.2026 >>>\n", "<a@b.example> ", "12.11.2026 09:06 ",
         "---- A wrote: ---- ", "a@", "Am 1 ", "*Von:* ", "\xa0", "\t\n", "ᐧ\n", "-----\n", "a\n> b\n", "-----BEGIN PGP SIGNED MESSAGE-----\n",
         "#", "Am 12.11.26 um 09:06 schrieb A:\n> a\n")  # fmt: skip


@settings(max_examples=1_000, deadline=None)
@given(st.lists(ROWS, max_size=24))
def test_no_line_is_lost_or_invented_and_each_half_keeps_the_order(rows: list[str]) -> None:
    halves = [_lines(half) for half in split_quote("\n".join(rows))]
    whole = _lines("\n".join(rows))
    assert sorted(halves[0] + halves[1]) == sorted(whole)
    assert all(_is_in_order(half, whole) for half in halves)


@settings(max_examples=300, deadline=None)
@given(st.lists(ROWS, min_size=1, max_size=24))
def test_a_mail_with_words_is_never_all_folded_by_what_stands_below_them(rows: list[str]) -> None:
    new, _old = split_quote("\n".join(["I typed this.", "", *rows]))
    assert new.startswith("I typed this.") or "I typed this." not in _old


@pytest.mark.parametrize("piece", MIXED)
def test_a_text_is_split_in_time_that_grows_with_its_length(piece: str) -> None:
    short, long = piece * (30_000 // len(piece)), piece * (60_000 // len(piece))
    assert _seconds(long) <= max(0.05, 3 * _seconds(short))
    assert _steps(long) <= 3 * _steps(short) + 500


@pytest.mark.parametrize(
    "piece", ["> ", "> \n", "\n", "Am 12.11.26 um 09:06 schrieb\n", "schrieb A:\n", "-- \n", "a", "--\na b\n"]
)
def test_a_million_characters_are_split_within_seconds(piece: str) -> None:
    text = piece * (1_000_000 // len(piece))
    since = time.process_time()
    split_quote(text)
    assert time.process_time() - since < 4


@pytest.mark.parametrize("piece", ["a", " ", "f", "wg", "wg ", ":", "\n"])
def test_a_subject_without_an_end_is_looked_through_once(piece: str) -> None:
    assert not is_forward(piece * 60_000)


def _lines(text: str) -> list[str]:
    return [row.rstrip() for row in text.split("\n") if row.strip()]


def _is_in_order(half: list[str], whole: list[str]) -> bool:
    rest = iter(whole)
    return all(row in rest for row in half)


def _seconds(text: str) -> float:
    """The processor's time for a text; the least of three."""
    times = []
    for _round in range(3):
        since = time.process_time()
        split_quote(text)
        times.append(time.process_time() - since)
    return min(times)


def _steps(text: str) -> int:
    """How many lines of our own code are run for a text, which no other load on the computer changes."""
    count = 0

    def trace(_frame: object, _event: str, _argument: object) -> object:
        nonlocal count
        count += 1
        return trace

    before = sys.gettrace()
    sys.settrace(trace)  # type: ignore[arg-type]
    try:
        split_quote(text)
    finally:
        sys.settrace(before)
    return count
