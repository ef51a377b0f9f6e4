"""What is for a terminal says so elsewhere, and what is printed there can be taken further."""

from __future__ import annotations

import pytest

from helpdesk_tui.desk import tickets
from helpdesk_tui.terms import Status
from tests.build import Place, a_ticket
from tests.cli.conftest import Helpdesk

pytestmark = pytest.mark.parametrize("place", ["sqlite"], indirect=True)


@pytest.mark.parametrize("words", [[], ["board"], ["demo"]], ids=str)
def test_a_screen_needs_a_terminal(helpdesk: Helpdesk, words: list[str]) -> None:
    said = helpdesk(*words, code=2)
    assert (b"needs a terminal" in said.err, said.out) == (True, b"")


def test_a_table_in_a_pipe_has_a_line_a_row(place: Place, helpdesk: Helpdesk) -> None:
    a_ticket(place.desk("anna"), "A subject " + "that is much longer than any terminal is wide " * 4)
    assert len(helpdesk("ticket", "list").out.decode().splitlines()) == 2


def test_a_ticket_is_shown_with_what_happened_to_it(place: Place, helpdesk: Helpdesk) -> None:
    anna = place.desk("anna")
    number = a_ticket(anna)
    tickets.set_status(anna, [number], Status.OPEN)
    assert "○ anna: status new → in progress · " in helpdesk("ticket", "show", str(number)).out.decode()
