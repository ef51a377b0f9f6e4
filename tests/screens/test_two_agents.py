"""Two agents on one PostgreSQL store, each in a terminal of their own, on the same matter."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from helpdesk_tui.store.queries.presence import present
from tests.build import Place, a_mail, received, row, thread
from tests.screens.stage import SMALL, OpenApp, noon_now, wait_until

pytestmark = pytest.mark.parametrize("place", ["postgres"], indirect=True)

ERIKA = "Erika Beispiel <erika@kunde.example>"
Opened = Callable[[str], OpenApp]


@pytest.fixture
def opened(place: Place, tmp_path: Path) -> Iterator[Opened]:
    """Opens the app of an agent, with a home and a login of their own."""
    with ExitStack() as apps:

        def open_for(login: str) -> OpenApp:
            home = tmp_path / login
            home.mkdir()
            folders = {f"XDG_{kind}_HOME": str(home / kind) for kind in ("STATE", "CONFIG", "DATA")}
            environment = {"HOME": str(home), "HELPDESK_STORE": place.url_of(login), "TZ": noon_now(), **folders}
            environment["HELPDESK_REPLIES_UNDO_SECONDS"] = "0"
            app = apps.enter_context(OpenApp([sys.executable, "-m", "helpdesk_tui"], *SMALL, environment))
            app.up()
            return app

        yield open_for


def go_to(app: OpenApp, number: int) -> None:
    """Open a ticket by its number."""
    app.press("#").shows("Ticket number")
    app.write(str(number)).press("enter").shows(f"#{number} ")


def answer_to_message(app: OpenApp, index: int, text: str) -> None:
    """Answer the message that stands at this place of the thread, counted from 0."""
    app.press("g", *["."] * index, "r").shows("To Erika Beispiel")
    app.write(text).press("ctrl+s").gone("To Erika Beispiel")


def texts(place: Place, number: int) -> list[str]:
    """What stands on a ticket, in its order."""
    return [one.text for one in thread(place.desk("bob"), number)]


def test_both_answer_and_it_is_merged_answered_and_parted(place: Place, opened: Opened) -> None:
    system = place.desk("bob")
    first = received(system, a_mail("Es brennt.", subject="Drucker", sender=ERIKA, message_id="d1@kunde.example"))
    second = received(system, a_mail("Es raucht.", subject="Rauch", sender=ERIKA, message_id="r1@kunde.example"))
    fire, smoke = first.ticket or 0, second.ticket or 0
    anna, bob = opened("anna"), opened("bob")

    # both write; bob learns that anna does, and is stopped with both texts once she has sent
    go_to(anna, fire)
    go_to(bob, fire)
    anna.press("r").shows("To Erika Beispiel")
    anna.write("Bitte den Stecker ziehen.")
    bob.shows("anna is writing", timeout=5)
    bob.press("r").shows("To Erika Beispiel")
    bob.write("Wir schicken jemanden.")
    anna.press("ctrl+s").shows("is on its way to Erika Beispiel")
    bob.shows("wrote meanwhile; ^S shows it first", timeout=5)
    bob.press("ctrl+s").shows("Before it goes", "Bitte den Stecker ziehen.", "Wir schicken jemanden.")
    assert texts(place, fire) == ["Es brennt.", "Bitte den Stecker ziehen."], "nothing left before it was looked at"
    bob.press("escape").gone("Before it goes")
    bob.settled(0.4)
    bob.write(" Bis gleich.").press("ctrl+s").shows("is on its way to Erika Beispiel")
    wait_until(lambda: len(texts(place, fire)) == 3, "bob's answer is there")
    assert texts(place, fire)[-1] == "Wir schicken jemanden. Bis gleich."

    # the same matter twice: merged; what is answered to the merged one goes on where it was merged into
    go_to(anna, smoke)
    anna.press("m").shows("becomes part of ticket")
    anna.write(str(fire)).press("enter")
    wait_until(lambda: row(place.desk("bob"), smoke).merged_into == fire, "it is merged")
    received(
        system,
        a_mail("Jetzt ist es aus.", subject="Re: Rauch", sender=ERIKA, In_Reply_To="<r1@kunde.example>"),
    )
    assert sorted(texts(place, fire)) == sorted(
        [
            "Es brennt.",
            "Bitte den Stecker ziehen.",
            "Wir schicken jemanden. Bis gleich.",
            "Es raucht.",
            "Jetzt ist es aus.",
        ]
    )
    go_to(bob, fire)
    bob.shows("Jetzt ist es aus.")
    answer_to_message(bob, 0, "Gut, wir kommen trotzdem.")
    wait_until(lambda: "Gut, wir kommen trotzdem." in texts(place, fire), "the first matter is answered")
    answer_to_message(bob, 2, "Danke für die Nachricht.")
    wait_until(lambda: "Danke für die Nachricht." in texts(place, fire), "the second matter is answered")

    # and apart again: every message where it belongs
    go_to(anna, smoke)
    anna.press("L").shows("let it be a ticket of its own again")
    anna.write("own again").press("enter")
    wait_until(lambda: row(place.desk("bob"), smoke).merged_into is None, "it is one of its own again")
    assert texts(place, smoke) == ["Es raucht.", "Jetzt ist es aus.", "Danke für die Nachricht."]
    assert texts(place, fire) == [
        "Es brennt.", "Bitte den Stecker ziehen.", "Wir schicken jemanden. Bis gleich.", "Gut, wir kommen trotzdem.",
    ]  # fmt: skip
    anna.shows("Jetzt ist es aus.")
    assert anna.quit() == 0
    assert bob.quit() == 0


def test_what_comes_while_one_looks_for_the_last_time_is_shown_too(place: Place, opened: Opened) -> None:
    """A look at one answer of a colleague is no look at the next one, which came behind the dialog."""
    number = received(place.desk("bob"), a_mail("Es brennt.", subject="Drucker", sender=ERIKA)).ticket or 0
    anna, bob = opened("anna"), opened("bob")
    go_to(anna, number)
    go_to(bob, number)
    bob.press("r").shows("To Erika Beispiel")
    bob.write("Wir schicken jemanden.")
    anna.press("r").shows("To Erika Beispiel")
    anna.write("Stecker ziehen.").press("ctrl+s").shows("is on its way")
    bob.shows("wrote meanwhile", timeout=5)
    bob.press("ctrl+s").shows("Before it goes", "Stecker ziehen.")
    bob.settled(0.6)
    anna.press("r").shows("To Erika Beispiel")
    anna.write("Niemand kommt heute.").press("ctrl+s").gone("To Erika Beispiel")
    wait_until(lambda: "Niemand kommt heute." in texts(place, number), "anna's second answer is there")
    bob.press("ctrl+s").shows("Before it goes", "Niemand kommt heute.", "Wir schicken jemanden.")
    bob.settled(0.6)
    assert "Wir schicken jemanden." not in texts(place, number), "not sent over what nobody has read"
    bob.press("ctrl+s").gone("Before it goes")
    wait_until(lambda: texts(place, number)[-1] == "Wir schicken jemanden.", "sent, now that it was read")
    assert anna.quit() == 0
    assert bob.quit() == 0


def test_who_has_it_open_is_seen_and_gone_when_they_leave(place: Place, opened: Opened) -> None:
    number = received(place.desk("bob"), a_mail("Es brennt.", subject="Drucker", sender=ERIKA)).ticket or 0
    anna, bob = opened("anna"), opened("bob")
    go_to(anna, number)
    anna.settled(1.2)  # who only passes by is not said to be there
    go_to(bob, number)
    bob.shows("anna has it open")
    anna.shows("bob has it open", timeout=5)
    anna.press("q").gone("bob has it open")
    bob.gone("anna has it open")
    assert bob.quit() == 0
    wait_until(lambda: place.desk("bob").ask(present, row(place.desk("bob"), number).id) == [], "nobody is there")
    assert anna.quit() == 0
