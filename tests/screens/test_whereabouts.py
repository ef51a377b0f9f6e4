"""What colleagues are told of the ticket that is open here, and when they are told no more."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from helpdesk_tui.screens import whereabouts
from helpdesk_tui.screens.whereabouts import Whereabouts
from helpdesk_tui.store.queries.presence import present
from tests.build import Place, a_ticket, row
from tests.screens.stage import wait_until

pytestmark = pytest.mark.parametrize("place", ["sqlite"], indirect=True)


@pytest.fixture
def ended() -> Iterator[threading.Event]:
    """Set when the program ends."""
    event = threading.Event()
    yield event
    event.set()


def test_a_ticket_is_told_once_one_stays_and_no_more_when_nobody_sits_there(
    place: Place, ended: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(whereabouts, "_LOOK_EVERY", 0.05)
    monkeypatch.setattr(whereabouts, "_IDLE", 0.5)
    anna, bob = place.desk("anna"), place.desk("bob")
    passed, stays = (row(anna, a_ticket(anna)).id for _each in range(2))
    told = Whereabouts(anna, ended)
    told.start()
    told.at(passed)
    told.at(stays)
    wait_until(lambda: [one.agent for one in bob.ask(present, stays)] == ["anna"], "she is there")
    assert bob.ask(present, passed) == [], "who only passes by was not there"
    wait_until(lambda: bob.ask(present, stays) == [], "nobody sits there any more")
    told.touched()
    wait_until(lambda: bob.ask(present, stays) != [], "she is back")
    ended.set()
    told.end()
    assert bob.ask(present, stays) == [], "the program has ended"


def test_it_is_said_again_before_it_is_stale(
    place: Place, ended: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(whereabouts, "_LOOK_EVERY", 0.05)
    monkeypatch.setattr(whereabouts, "_AGAIN", 0.1)
    anna = place.desk("anna")
    ticket = row(anna, a_ticket(anna)).id
    told = Whereabouts(anna, ended)
    told.start()
    told.at(ticket)
    (first,) = wait_until(lambda: anna.ask(present, ticket), "she is there")
    place.clock.advance(seconds=30)
    wait_until(lambda: [one.at for one in anna.ask(present, ticket)] > [first.at], "it is said again")
