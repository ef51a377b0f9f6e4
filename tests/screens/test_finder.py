"""Words are found in what was drawn, also where a line was broken between them."""

from __future__ import annotations

import pytest

from helpdesk_tui.screens.widgets.finder import Finder, Mark

LINES = [
    "▸ Erika                today 09:12",
    "   die Rechnung 4711 wurde abgebucht. Bitte buchen Sie einen",
    "   Betrag zurück. Viele Grüße aus der Straße",
    "   │ > anbei Ihre",
    "   │ Rechnung",
    "",
    "○ anna: Betrag geändert",
    "▸ Otto                 today 10:00",
    "   Betrag",
]
OWNERS = [0, 0, 0, 0, 0, -1, -1, 1, 1]


def found(words: str) -> list[list[str]]:
    """What is marked of each place."""
    return [[LINES[mark.line][mark.start : mark.end] for mark in place] for place in Finder(LINES, OWNERS).find(words)]


@pytest.mark.parametrize(
    ("words", "places"),
    [
        ("rechnung", [["Rechnung"], ["Rechnung"]]),
        ("einen  betrag", [["einen", "Betrag"]]),
        ("Ihre Rechnung", [["Ihre", "Rechnung"]]),
        ("betrag", [["Betrag"], ["Betrag"], ["Betrag"]]),
        ("STRASSE", [["Straße"]]),
        ("der stras", [["der Straß"]]),
        ("geändert betrag", []),
        ("4711 4711", []),
        ("  ", []),
    ],
)
def test_places_are_found_with_all_their_lines(words: str, places: list[list[str]]) -> None:
    assert found(words) == places


def test_a_place_begins_on_its_first_line() -> None:
    ((first, second),) = Finder(LINES, OWNERS).find("einen Betrag")
    assert (first.line, second.line) == (1, 2)
    assert second == Mark(2, 3, 9)
