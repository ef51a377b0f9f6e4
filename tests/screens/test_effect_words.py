"""What handing work over would do is said in one line, what matters most first."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from helpdesk_tui.screens.effect_words import effect_words, rest_words
from helpdesk_tui.store.queries.board import Effect, Extra, Share
from helpdesk_tui.terms import LoadState

FREE, NEARLY, FULL, ABSENT = LoadState.FREE, LoadState.NEARLY_FULL, LoadState.FULL, LoadState.ABSENT
FRIDAY = datetime(2026, 11, 27, 12, tzinfo=UTC)


def an_effect(*shares: Share, giver: Share | None = None, to_queues: int = 0, strangers: int = 0) -> Effect:
    return Effect(shares, giver, to_queues, (("dev", strangers),) if strangers else ())


@pytest.mark.parametrize(
    ("told", "rest", "words"),
    [
        (an_effect(Share("anna", 4, FREE, FULL)), "", "anna +4: free → full"),
        (an_effect(Share("anna", 11, FREE, NEARLY), Share("ben", 10, FREE, NEARLY)), "",
         "anna +11, ben +10: free → nearly full"),
        (an_effect(Share("anna", 1, FREE, FREE)), "", "anna +1 stays free"),
        (an_effect(Share("anna", 1, FREE, FREE), Share("ben", 2, FREE, FREE)), "", "anna +1, ben +2 stay free"),
        (an_effect(Share("ben", 2, ABSENT, ABSENT)), "", "ben +2, absent until Fri 27"),
        (an_effect(Share("anna", 1, FREE, FREE), giver=Share("bob", -1, FULL, FREE)), "",
         "anna +1 stays free · bob: full → free"),
        (an_effect(Share("anna", 1, FREE, FREE), giver=Share("bob", -1, ABSENT, ABSENT)), "1 text to anna",
         "anna +1 stays free · 1 text to anna"),
        (an_effect(to_queues=3), "", "3 back to their queues"),
        (an_effect(Share("dev", 0, FREE, FREE), strangers=2), "", "2 stay, dev does not belong there"),
    ],
)  # fmt: skip
def test_the_effect_in_words(told: Effect, rest: str, words: str) -> None:
    assert effect_words(told, {"ben": FRIDAY}, rest)[0] == words


def test_a_short_line_leaves_out_first_what_matters_least() -> None:
    told = an_effect(
        Share("anna", 1, FREE, FULL), Share("ben", 2, FREE, FREE), giver=Share("bob", -3, FULL, FREE), strangers=1
    )
    assert effect_words(told, {}, "1 call to anna")[1:] == (
        "1 stays, dev does not belong there · ben +2 stays free · anna +1: free → full · 1 call to anna",
        "1 stays, dev does not belong there · anna +1, ben +2 · 1 call to anna",
    )


@pytest.mark.parametrize(
    ("kinds", "to", "words"),
    [
        ("", "anna", ""),
        ("call call text new", "anna", "2 calls, 2 texts to anna"),
        ("call", "", "1 call to the team"),
        ("call text", "", "1 call to the team, 1 text with bob still"),
    ],
)
def test_where_calls_and_texts_go_in_words(kinds: str, to: str, words: str) -> None:
    assert rest_words([Extra(kind, None, FRIDAY) for kind in kinds.split()], "bob", to) == words
