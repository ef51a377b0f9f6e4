"""Who is who, by keys: the customer's screen, letting somebody in, whose request it is, one matter instead of two."""

from __future__ import annotations

import re
import sqlite3
import time
from contextlib import closing
from email.message import EmailMessage
from email.policy import SMTP

import pytest

from helpdesk_tui.desk import settings
from helpdesk_tui.desk.conversation import NewRequest, create, reply
from helpdesk_tui.desk.participants import set_requester
from helpdesk_tui.store.queries.thread import messages
from helpdesk_tui.store.queries.tickets import ticket_by_number
from helpdesk_tui.terms import MessageKind, Person
from tests.build import SUPPORT, received, thread
from tests.screens.stage import OpenApp, Stage

#: Cyrillic а and о in a Latin word.
DECEPTIVE = "b\u0430nk-m\u043ede.example"


@pytest.fixture
def answering(morning: Stage) -> Stage:
    """The morning, with an address to answer from."""
    settings.set_queue(morning.desk("root"), "support", addresses=[SUPPORT])
    return morning


def opened(app: OpenApp, number: int) -> OpenApp:
    """Open a ticket by its number."""
    app.up().press("#").shows("Ticket number")
    app.write(str(number)).press("enter").shows(re.compile(rf"^ #{number} ", re.MULTILINE))
    return app


def mail(sender: str, text: str = "It burns.", **headers: str) -> bytes:
    """A raw mail, also from an address in other letters."""
    one = EmailMessage(SMTP.clone(utf8=True))
    fields = {"From": sender, "To": SUPPORT, "Subject": "Re: Rechnung", "Message-ID": "<people@client.example>"}
    for name, value in {**fields, **headers}.items():
        one[name.replace("_", "-")] = value
    one.set_content(text)
    return one.as_bytes()


def test_the_customers_screen_adds_renames_and_joins(answering: Stage) -> None:
    with answering.app() as app:
        opened(app, 1002).press("i").shows("erika@kunde.example", "1 ticket", "Rechnung doppelt")
        app.press("a").shows("One more address or phone")
        app.write("erika@home.example").press("enter").shows("+erika@home.example")
        app.press("J").shows("Who is the same person")
        app.write("okafor").press("enter").shows("Is one with this customer", "tunde@client.example")
        app.press("enter").shows("Tunde Okafor and Erika Beispiel are one now", "tickets 2", "VPN drops")
        app.press("q").gone("everything")
        app.press("u").shows("Undone: Tunde Okafor and Erika Beispiel")
        app.quit()


def test_a_ticket_of_the_customers_screen_opens(answering: Stage) -> None:
    with answering.app() as app:
        app.up().press("i").shows("erika@kunde.example", "everything 2", "#1002")
        app.press("enter").gone("everything").shows("4 quoted lines")
        app.quit()


def test_who_wrote_last_is_let_in_and_offered_the_answer(answering: Stage) -> None:
    desk = answering.desk()
    reply(desk, 1002, "Wir sehen nach.")
    row = desk.ask(ticket_by_number, 1002)
    assert row is not None
    ours = next(one for one in desk.ask(messages, row.id) if one.kind is MessageKind.OUTBOUND)
    received(desk, mail("Bo Chef <bo@kunde.example>", In_Reply_To=f"<{ours.message_id}>"))
    linked = received_number(answering)
    with answering.app() as app:
        opened(app, linked).press("m").shows("It is another customer's.", "#1002 Rechnung doppelt")
        app.press("enter").shows(f"#{linked} is part of #1002 now", "u undoes it")
        opened_again(app, 1002).press("I").shows("Bo Chef <bo@kunde.example> belongs to #1002 now")
        app.press("r").shows("To Bo Chef <bo@kunde.example> ·", "Cc Erika Beispiel <erika@kunde.example>")
        app.press("ctrl+r").shows("Who gets it", "To  Bo Chef", "Cc  Erika Beispiel")
        app.press("enter").shows("Cc  Bo Chef")
        app.press("down", "enter").shows("–   Erika Beispiel")
        app.press("enter").shows("To  Erika Beispiel")
        app.press("escape").gone("Who gets it")
        app.shows("To Erika Beispiel <erika@kunde.example>", "Cc Bo Chef")
        app.write("Danke.").press("ctrl+s").shows("is on its way to Erika Beispiel, Bo Chef")
        app.quit()
    assert [one.address for one in thread(desk, 1002)[-1].cc] == ["bo@kunde.example"]


def test_who_is_let_in_is_who_the_screen_showed(answering: Stage) -> None:
    """Another one writes between the key and the store's answer."""
    desk = answering.desk()
    received(desk, mail("Bo Chef <bo@kunde.example>", Subject="Toner"))
    number = received_number(answering)
    set_requester(desk, number, Person("Erika Beispiel", "erika@kunde.example"))
    with answering.app() as app, closing(sqlite3.connect(answering.store, isolation_level=None)) as other:
        opened(app, number)
        other.execute("BEGIN IMMEDIATE")
        app.press("I")
        time.sleep(0.5)
        columns = [name for _, name, *_rest in other.execute("PRAGMA table_info(message)") if name != "id"]
        told = ", ".join("'eve@evil.example'" if one == "from_address" else f'"{one}"' for one in columns)
        names = ", ".join(f'"{one}"' for one in columns)
        other.execute(f"INSERT INTO message ({names}) SELECT {told} FROM message ORDER BY id DESC LIMIT 1")
        other.execute("COMMIT")
        app.shows(f"Bo Chef <bo@kunde.example> belongs to #{number} now")
        app.quit()


def received_number(stage: Stage) -> int:
    """The number of the newest ticket."""
    desk = stage.desk()
    return max(number for number in range(1001, 1020) if desk.ask(ticket_by_number, number) is not None)


def opened_again(app: OpenApp, number: int) -> OpenApp:
    """Open another ticket while one is open."""
    app.press("#").shows("Ticket number")
    app.write(str(number)).press("enter").shows(re.compile(rf"^ #{number} ", re.MULTILINE))
    return app


def test_whose_mail_was_passed_on_is_proposed(answering: Stage) -> None:
    head = (
        "---------- Forwarded message ---------\nFrom: Mira Kern <mira@kern.example>\nSubject: Toner\n\nToner, please."
    )
    received(answering.desk(), mail("Bob <bob@desk.example>", head, Subject="Fwd: Toner"))
    number = received_number(answering)
    with answering.app() as app:
        opened(app, number).press("E").shows("Whose request is it", "Mira Kern <mira@kern.example>")
        app.press("enter").shows(f"#{number} is a request of Mira Kern <mira@kern.example> now")
        app.quit()


def test_what_cannot_be_done_says_why(answering: Stage) -> None:
    with answering.app() as app:
        opened(app, 1002).press("I").shows("Nobody new to this ticket has written last.")
        app.quit()


def test_an_answer_elsewhere_is_offered_with_a_warning(answering: Stage) -> None:
    received(answering.desk(), mail("Mira <mira@kern.example>", Reply_To="boss@elsewhere.example"))
    number = received_number(answering)
    with answering.app((200, 50)) as app:
        opened(app, number).press("r").shows("To Mira <mira@kern.example> ·")
        app.press("ctrl+r").shows("–   boss@elsewhere.example", "! not where they wrote from · ! new here")
        app.press("down", "enter").shows("To  boss@elsewhere.example")
        app.press("up", "enter").shows("Cc  Mira")
        app.press("enter").shows("–   Mira")
        app.press("escape").gone("Who gets it")
        app.shows("To boss@elsewhere.example ·", "! new here: boss@elsewhere.example")
        app.write("Hallo").press("ctrl+s").shows("It goes to a new address: boss@elsewhere.example")
        app.press("escape").gone("Before it goes")
        app.press("ctrl+s").shows("Before it goes")
        app.settled(0.6)
        app.press("ctrl+s").shows("is on its way to boss@elsewhere.example")
        app.quit()


def test_a_name_that_is_an_address_and_letters_that_deceive_are_shown_for_what_they_are(answering: Stage) -> None:
    received(answering.desk(), mail(f'"mira@kern.example" <info@{DECEPTIVE}>'))
    number = received_number(answering)
    with answering.app() as app:
        opened(app, number)
        spelling = re.compile(r"= xn--[a-z0-9-]+\.example")
        app.press("i").shows(f"info@{DECEPTIVE}", spelling)
        app.press("q").gone("everything")
        app.press("r").shows(re.compile(r"To mira@kern.example <info@"), "! truly xn--")
        app.quit()


@pytest.mark.parametrize("typed", ["", "zweite", "{number}"])
def test_what_may_be_the_same_matter_is_offered_for_a_merge(answering: Stage, typed: str) -> None:
    """What else is open of the customer stands there; a number is that ticket, whatever it is part of."""
    desk = answering.desk()
    second = create(desk, NewRequest(Person("Erika Beispiel", "erika@kunde.example"), "Zweite Mahnung", "Noch eine."))
    number = second.tickets[0]
    with answering.app() as app:
        opened(app, 1002).press("m").shows("#1002 becomes part of ticket", f"#{number} Zweite Mahnung · Erika Beispiel")
        if typed:
            app.write(typed.format(number=number)).settled(0.2)
        app.press("enter").shows(f"#1002 is part of #{number} now")
        assert app.quit() == 0
