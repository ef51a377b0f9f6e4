"""What every screen shows, letter by letter. `HELPDESK_UPDATE_SNAPSHOTS=1` writes the files anew; read the difference."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from helpdesk_tui.desk.assignment import assign
from helpdesk_tui.desk.conversation import reply
from helpdesk_tui.desk.customers import add_phone
from helpdesk_tui.desk.delivery import claim, conclude
from helpdesk_tui.desk.drafts import save_draft
from helpdesk_tui.desk.joining import join
from helpdesk_tui.desk.relations import link, make_incident
from helpdesk_tui.desk.sending import Sending
from helpdesk_tui.desk.texts import CannedText, MacroText, keep_macro, keep_text
from helpdesk_tui.store.queries.people import customer_of_ticket
from helpdesk_tui.store.queries.tickets import ticket_by_number
from helpdesk_tui.terms import SYSTEM, LinkKind, OutboxState
from tests.build import a_mail, letter_bytes, received, thread
from tests.screens.conftest import create_many, furnish_board, furnish_morning
from tests.screens.stage import LARGE, OpenApp, Stage
from tests.screens.test_aside import furnish_aside
from tests.screens.test_reading import with_file

#: A terminal of 24 lines, one of which is a multiplexer's, and a large one.
SIZES = ((80, 23), pytest.param(LARGE, marks=pytest.mark.sample(10)))
FOLDER = Path(__file__).parent / "snapshots"
UPDATE = "HELPDESK_UPDATE_SNAPSHOTS"
#: An office that never closes: what it says does not depend on when the tests are run.
ALWAYS_OPEN = {"HELPDESK_CALENDAR_HOURS": "mon-sun 00:00-24:00"}
#: What is another one each time: the day somebody is back, how long something took, which mail of a test run it is.
_EACH_TIME = (
    (re.compile(r"(absent till) ... \d\d"), r"\1 Sat 28"),
    (re.compile(r"\b\d\d\.\d\d\.\d\d (?=\d\d:)"), "28.11.26 "),
    (re.compile(r"\b(\d\d:\d\d):\d\d\b"), r"\1:00"),
    (re.compile(r"<\d+\.mail@customer\.example> *"), "<1.mail@customer.example> "),
)


def nothing(stage: Stage, app: OpenApp) -> None:
    """A desk on its first day."""
    app.shows("Nothing here: all done.", "0 tickets", "1 Mine 0")


def three_tickets(stage: Stage, app: OpenApp) -> None:
    """Three of six: the ones a word finds."""
    app.press("6").shows("6 tickets")
    app.press("/").write("kunde.example -beispiel").press("enter").shows(
        re.compile(r"\d tickets?"), "1 Mine 0", "#1001 Anna Schmidt ·"
    )


def many_tickets(stage: Stage, app: OpenApp) -> None:
    """More than fit, the cursor in their midst."""
    app.shows("200 tickets", "1 Mine 0")
    app.press("ctrl+d").shows(re.compile("#10(?!01).. Person"))


def the_morning(stage: Stage, app: OpenApp) -> None:
    """What needs a human now."""
    app.shows("5 tickets", "1 Mine 0", "#1002 Erika")


def marks(stage: Stage, app: OpenApp) -> None:
    """Two marked, and what the next verb would hit."""
    app.shows("1 Mine 0")
    app.press("space", "space").shows("x solves 2 marked tickets", "#1001 Anna Schmidt")


def filter_error(stage: Stage, app: OpenApp) -> None:
    """A word the query language does not know."""
    app.shows("1 Mine 0", "#1002 Erika")
    app.press("/").paste("is:open prio:high").shows("prio: is not a term")


def ticket(stage: Stage, app: OpenApp) -> None:
    """Mail, note, answer, events, a colleague at work."""
    reply(stage.desk("bob"), 1002, "Liebe Frau Beispiel,\nwir sehen nach.")
    save_draft(stage.desk("bob"), 1, "reply", "Angebot …")
    save_draft(stage.desk("bob"), 2, "note", "Noch etwas …")
    app.press("6", "#").shows("Ticket number")
    app.write("1002").press("enter").shows("wir sehen nach", "bob is writing")


def unfolded(stage: Stage, app: OpenApp) -> None:
    """What the customer quoted."""
    app.press("#").shows("Ticket number")
    app.write("1002").press("enter").shows("4 quoted lines")
    app.press("g", "enter").shows("│ > anbei Ihre Rechnung")


def composer(stage: Stage, app: OpenApp) -> None:
    """An answer, half written."""
    app.press("enter").shows("#1002 Rechnung")
    app.press("r").shows("then: waiting for the customer")
    app.write("Liebe Frau Beispiel,").press("enter", "enter").write("das Geld").shows("das Geld", "draft saved")
    app.settled(0.4)
    app.press("ctrl+o").shows("What happens after sending")
    app.write("others, back in 2").press("enter").shows("then: waiting for others, back in 2 working days")


def happens_next(stage: Stage, app: OpenApp) -> None:
    """What happens after an answer."""
    app.press("enter").shows("#1002 Rechnung")
    app.press("r").shows("then: waiting for the customer")
    app.press("ctrl+o").shows("What happens after sending", "back in 1 working day")


def people_of_mail(stage: Stage, app: OpenApp) -> None:
    """Who gets an answer."""
    app.press("enter").shows("#1002 Rechnung")
    app.press("r").shows("then: waiting for the customer")
    app.press("ctrl+r").shows("Who gets it")
    app.write("lin@client").shows("林 美玲")


def before_sending(stage: Stage, app: OpenApp) -> None:
    """A colleague answered meanwhile, and a promised file is missing."""
    app.press("enter").shows("#1002 Rechnung")
    app.press("r").shows("then: waiting for the customer")
    app.write("Anbei die Rechnung.").shows("draft saved")
    reply(stage.desk("bob"), 1002, "Der Betrag ist zurück.")
    app.shows("Bob · Example Support wrote meanwhile")
    app.press("ctrl+s").shows("Before it goes", "there is none", "Der Betrag ist zurück.", "Yours, not sent yet")


def customer(stage: Stage, app: OpenApp) -> None:
    """Everything of a customer's, by time."""
    reply(stage.desk("bob"), 1002, "Liebe Frau Beispiel,\nwir sehen nach.")
    add_phone(stage.desk(), customer_of(stage, 1002), "+49 69 7654321")
    join(stage.desk(), customer_of(stage, 1002), customer_of(stage, 1004))
    app.press("#").shows("Ticket number")
    app.write("1002").press("enter").shows("#1002 Rechnung")
    app.press("i").shows("everything 4", "tickets 2", "one with")


def customer_tickets(stage: Stage, app: OpenApp) -> None:
    """Their tickets alone."""
    customer(stage, app)
    app.press("tab").shows("assignee")


def customer_of(stage: Stage, number: int) -> int:
    """The id of the customer a ticket belongs to."""
    desk = stage.desk()
    row = desk.ask(ticket_by_number, number)
    assert row is not None
    return desk.ask(customer_of_ticket, row.id).id


def relations(stage: Stage, app: OpenApp) -> None:
    """What a ticket has to do with others."""
    link(stage.desk(), 1004, 1002, LinkKind.PARENT)
    make_incident(stage.desk(), 1002)
    app.press("#").shows("Ticket number")
    app.write("1002").press("enter").shows("#1002 Rechnung")
    app.press("L").shows("Relations", "#1004 part of its matter")


def handed_on(stage: Stage, app: OpenApp) -> None:
    """A ticket that a colleague hands on with a note."""
    assign(stage.desk("bob"), [1002], "anna", "Ruft um 15:00 an, Rechnung bereithalten.")
    app.press("#").shows("Ticket number")
    app.write("1002").press("enter").shows("bob hands it on to you: Ruft um 15:00 an")


def files_and_links(stage: Stage, app: OpenApp) -> None:
    """What can be done with a file, where there is no display."""
    with_file(stage)
    app.press("#").shows("Ticket number")
    app.write("1007").press("enter").shows("konto.txt")
    app.press("o").shows("Files and links", "https://pay.example/4711")
    app.press("enter").shows("show it as text")


def bulk_reply(stage: Stage, app: OpenApp) -> None:
    """One text for several tickets, as each customer gets it."""
    app.press("space", "space").shows("2 marked tickets")
    app.press("r").shows("One text for 2 tickets")
    app.write("Hallo {{customer}},").press("ctrl+s").shows("^S sends 2 answers", "Hallo Erika Beispiel,")


def note(stage: Stage, app: OpenApp) -> None:
    """A note, empty as yet."""
    app.press("enter").shows("#1002 Rechnung")
    app.press("c").shows("stays in the house")


def canned(stage: Stage, app: OpenApp) -> None:
    """Prepared texts, and a look at the one that would be put in."""
    desk = stage.desk()
    keep_text(desk, CannedText("Passwort", "Guten Tag {{customer}},\nIhr Passwort ist neu.", "Konten", language="de"))
    keep_text(desk, CannedText("Geduld", "Bitte noch etwas Geduld."))
    app.press("enter").shows("#1002 Rechnung")
    app.press("r").shows("To Erika Beispiel")
    app.press("ctrl+t").shows("Geduld", "etwas Geduld")


def macro_form(stage: Stage, app: OpenApp) -> None:
    """A macro as it is edited."""
    keep_macro(stage.desk(), MacroText("Gelöst", ("reply Danke, {{customer}}.", "status solved"), "3"))
    app.press("enter").shows("#1002 Rechnung")
    app.press("z").shows("3 · Gelöst", "status solved")
    app.press("ctrl+o").shows("a step a line", "status solved")


def picker(stage: Stage, app: OpenApp) -> None:
    """Who shall have it."""
    app.shows("1 Mine 0", "#1002 Erika")
    app.press("a").shows("Who has it", "nobody, back to the queue")


def help_(stage: Stage, app: OpenApp) -> None:
    """The keys."""
    app.shows("1 Mine 0", "#1002 Erika")
    app.press("?").shows("Keys · q closes")


def new_request(stage: Stage, app: OpenApp) -> None:
    """A call: the customer is found, their open ticket comes first."""
    app.shows("1 Mine 0", "#1002 Erika")
    app.press("n").shows("New request")
    app.write("eri").shows("Erika Beispiel ·")
    app.press("enter").shows("+ new request")


def board(stage: Stage, app: OpenApp) -> None:
    """A lead gives away what an absent colleague has; the effect stands there before."""
    app.shows("1 Mine 0", "#1002 Erika")
    app.press("H").shows("mark tickets with space")
    app.press("k").shows("Rechnung dop")
    app.press("*").shows("4 marked tickets")
    app.press("k").shows("anna +4: free → full")


def aside(stage: Stage, app: OpenApp) -> None:
    """A robot's mail, and how the newest begins."""
    furnish_aside(stage)
    app.press("V").shows("2 entries")
    app.press(".").shows("3 since")


def why(stage: Stage, app: OpenApp) -> None:
    """Why a robot's mail lies there."""
    aside(stage, app)
    app.press("enter").shows("Why · q closes", "puts its entry away")


def failed(stage: Stage, app: OpenApp) -> None:
    """A mail the server refused, and what can be done about it."""
    desk = stage.desk()
    reply(desk, 1003, "Which gateway?")
    entry = claim(desk.acting_as(SYSTEM), letter_bytes)
    assert entry
    conclude(desk.acting_as(SYSTEM), entry.outbox_id, OutboxState.FAILED, "550 no such user")
    go_to(app, 1003, "550 no such user")
    app.press("!").shows("This mail did not arrive", "take it back and edit it")


def held_back(stage: Stage, app: OpenApp) -> None:
    """A mail that was to leave later, and the customer has written before."""
    later = Sending(leaves_at=datetime.now(UTC) + timedelta(hours=1), is_timed=True)
    reply(stage.desk(ago=timedelta(hours=2)), 1003, "Wir kommen am Montag.", sending=later)
    about = thread(stage.desk(), 1003)[0].message_id
    raw = a_mail("Es geht wieder.", sender="Tunde Okafor <tunde@client.example>", In_Reply_To=f"<{about}>")
    received(stage.desk(ago=timedelta(minutes=10)), raw)
    after = replace(stage.desk().acting_as(SYSTEM), clock=lambda: datetime.now(UTC) + timedelta(hours=2))
    assert claim(after, letter_bytes) is None
    go_to(app, 1003, "Held back: Tunde Okafor has written since.")


def original(stage: Stage, app: OpenApp) -> None:
    """A mail as it came, its head first."""
    go_to(app, 1003, "Since Monday")
    app.press("v").shows("Message-ID", "q closes")


def why_wait(stage: Stage, app: OpenApp) -> None:
    """Where a ticket's time went, on a page."""
    go_to(app, 1002, "4 quoted lines")
    app.press("W").shows("where the time went")
    app.write("where").press("enter").shows("q closes", "all its life")


def found(stage: Stage, app: OpenApp) -> None:
    """Words of a thread."""
    go_to(app, 1002, "4 quoted lines")
    app.press("/").write("rechnung").shows("1 of")


def call(stage: Stage, app: OpenApp) -> None:
    """A call that is written down."""
    go_to(app, 1006, "Nur bis Mittag")
    app.press("F").shows("Call from")
    app.write("Sie ruft wieder an.").shows("draft saved")


def forwarded(stage: Stage, app: OpenApp) -> None:
    """A mail that is passed on, to nobody yet."""
    go_to(app, 1002, "4 quoted lines")
    app.press("g", "f").shows("Who gets it", "Enter To, Cc or not")


def attaching(stage: Stage, app: OpenApp) -> None:
    """A path that completes."""
    for name in ("rechnung-4711.pdf", "rechnung-4712.pdf"):
        (stage.home / name).write_bytes(b"%PDF")
    go_to(app, 1002, "4 quoted lines")
    app.press("r").shows("To Erika Beispiel")
    app.press("ctrl+f").shows("Attach a file")
    app.write("~/rech").shows("rechnung-4712.pdf")


def first_mail(stage: Stage, app: OpenApp) -> None:
    """To somebody who has not asked, with a copy."""
    app.press("n").shows("New request")
    app.press("ctrl+t", "ctrl+t").shows("New mail")
    app.write("neu@kunde.example").press("enter").settled(0.2)
    app.write("Vertrag").press("enter").settled(0.2)
    app.write("Der Vertrag läuft aus.").press("ctrl+r").shows("Who gets it")
    app.write("chef@kunde.example").press("enter", "enter").shows("Cc  chef@kunde.example")
    app.press("escape").shows("Cc chef@kunde.example", "^F file")


def go_to(app: OpenApp, number: int, *shown: str) -> None:
    """Open a ticket by its number."""
    app.press("#").shows("Ticket number")
    app.write(str(number)).press("enter").shows(f"#{number} ", *shown)


STATES: dict[str, Callable[[Stage, OpenApp], None]] = {
    "triage-empty": nothing,
    "triage-three": three_tickets,
    "triage-morning": the_morning,
    "triage-many": many_tickets,
    "triage-marks": marks,
    "triage-filter-error": filter_error,
    "ticket": ticket,
    "ticket-unfolded": unfolded,
    "composer": composer,
    "note": note,
    "happens-next": happens_next,
    "people-of-mail": people_of_mail,
    "before-sending": before_sending,
    "relations": relations,
    "customer": customer,
    "customer-tickets": customer_tickets,
    "handed-on": handed_on,
    "files-and-links": files_and_links,
    "bulk-reply": bulk_reply,
    "canned": canned,
    "macro-form": macro_form,
    "failed": failed,
    "held-back": held_back,
    "original": original,
    "why-wait": why_wait,
    "found": found,
    "call": call,
    "forward": forwarded,
    "attach": attaching,
    "first-mail": first_mail,
    "picker": picker,
    "help": help_,
    "new-request": new_request,
    "board": board,
    "aside": aside,
    "why": why,
}


@pytest.mark.parametrize("size", SIZES, ids=("80x23", "200x50"))
@pytest.mark.parametrize("state", STATES)
def test_the_screen_is_as_it_was(stage: Stage, state: str, size: tuple[int, int]) -> None:
    if state == "triage-many":
        create_many(stage, 200)
    elif state != "triage-empty":
        furnish_morning(stage)
    login = "root" if state == "board" else "anna"
    if state == "board":
        furnish_board(stage)
    with stage.app(size, login, env=ALWAYS_OPEN) as app:
        STATES[state](stage, app.up())
        app.settled(0.3)
        shown = "\n".join(app.screen()) + "\n"
    for pattern, always in _EACH_TIME:
        shown = pattern.sub(always, shown)
    file = FOLDER / f"{state}-{size[0]}x{size[1]}.txt"
    if os.environ.get(UPDATE):
        FOLDER.mkdir(exist_ok=True)
        file.write_text(shown)
    assert shown.splitlines() == file.read_text().splitlines(), f"{file.name} is different; {UPDATE}=1 writes it anew"
