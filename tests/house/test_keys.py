"""The keys: documented, shown, and never two things under one key of a screen."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from helpdesk_tui.screens.aside import AsideScreen
from helpdesk_tui.screens.board import NOT_HERE, BoardScreen
from helpdesk_tui.screens.customer import CustomerScreen
from helpdesk_tui.screens.keys import Key, bindings, table, view_bindings
from helpdesk_tui.screens.ticket import TicketScreen
from helpdesk_tui.screens.triage import TriageScreen

NOT_ON_BOARD = {("list", action) for action in NOT_HERE}
PAGE = (Path(__file__).parents[2] / "docs" / "keys.md").read_text(encoding="utf-8")
#: What tests press in a terminal, by name or as it is typed.
PRESSED = {
    key
    for file in (Path(__file__).parents[1] / "screens").glob("*.py")
    for keys in re.findall(r"\bpress\((.*?)\)", file.read_text(encoding="utf-8"))
    for key in re.findall(r'"([^"]+)"', keys)
}
#: What is typed for a key with a long name.
CHARACTERS = {
    "number_sign": "#", "colon": ":", "question_mark": "?", "slash": "/", "asterisk": "*", "plus": "+", "minus": "-",
    "full_stop": ".", "comma": ",", "equals_sign": "=", "greater_than_sign": ">", "less_than_sign": "<",
    "exclamation_mark": "!", "left_square_bracket": "[", "right_square_bracket": "]",
}  # fmt: skip
#: What lies under the keys at the same time; in the composer Esc means leaving it, and Tab goes between both.
TOGETHER = {
    "list": ("list", "verb", "any"),
    "ticket": ("ticket", "verb", "any"),
    "write": ("write",),
    "aside": ("aside",),
    "customer": ("customer",),
}


@pytest.mark.parametrize("key", table(), ids=lambda key: key.id)
def test_every_key_is_documented_with_what_it_does(key: Key) -> None:
    line = next((line for line in PAGE.splitlines() if f"`{key.id}`" in line), "")
    assert key.help in line
    assert all(f"`{one}`" in line for one in key.all_shown.split(" "))


@pytest.mark.parametrize("screen", TOGETHER)
def test_no_key_means_two_things_on_one_screen(screen: str) -> None:
    bound = [key for binding in bindings(*TOGETHER[screen]) for key in binding.key.split(",")]
    bound += [binding.key for binding in view_bindings()] if screen == "list" else []
    assert [key for key, count in Counter(bound).items() if count > 1] == []


def test_a_key_of_the_composer_that_the_thread_has_too_is_known() -> None:
    """The screen asks for them where the keys go: Esc leaves the text first, ctrl+f attaches while one writes."""
    of_thread, of_text = ({key for one in bindings(area) for key in one.key.split(",")} for area in ("ticket", "write"))
    assert of_thread & of_text == {"escape", "ctrl+f"}


def test_no_key_means_two_things_on_the_board() -> None:
    """Keys of lists that have nothing to do there give their place to its own."""
    shown = [key for key in table() if key.area in BoardScreen.AREAS and (key.area, key.action) not in NOT_ON_BOARD]
    assert [
        key for key, count in Counter(one for key in shown for one in key.keys.split(",")).items() if count > 1
    ] == []


@pytest.mark.parametrize("screen", [TriageScreen, TicketScreen, BoardScreen, AsideScreen, CustomerScreen])
def test_every_key_of_a_screen_has_its_action(screen: type) -> None:
    areas = {*screen.AREAS, *(("write",) if screen is TicketScreen else ())}
    shown = [key for key in table() if (key.area, key.action) not in NOT_ON_BOARD or screen is not BoardScreen]
    missing = [key.id for key in shown if key.area in areas and not hasattr(screen, f"action_{key.action}")]
    assert missing == []


@pytest.mark.parametrize("key", table(), ids=lambda key: key.id)
def test_every_key_is_pressed_by_a_test_in_a_terminal(key: Key) -> None:
    assert set(key.keys.split(",")) & PRESSED or {CHARACTERS.get(one) for one in key.keys.split(",")} & PRESSED
