"""What every screen shows, letter by letter. `HELPDESK_UPDATE_SNAPSHOTS=1` writes the files anew; read the difference."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from helpdesk_tui.desk.conversation import reply
from helpdesk_tui.desk.drafts import save_draft
from tests.screens.conftest import create_many, furnish_board, furnish_morning
from tests.screens.stage import SIZES, OpenApp, Stage
from tests.screens.test_aside import furnish_aside

FOLDER = Path(__file__).parent / "snapshots"
UPDATE = "HELPDESK_UPDATE_SNAPSHOTS"
#: The day somebody is back is another one each time.
_DAY = re.compile(r"(absent till) ... \d\d")


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
    app.press("ctrl+o").shows("then: solved")


def note(stage: Stage, app: OpenApp) -> None:
    """A note, empty as yet."""
    app.press("enter").shows("#1002 Rechnung")
    app.press("c").shows("stays in the house")


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
    "picker": picker,
    "help": help_,
    "new-request": new_request,
    "board": board,
    "aside": aside,
    "why": why,
}


@pytest.mark.parametrize("size", SIZES, ids=("80x24", "200x50"))
@pytest.mark.parametrize("state", STATES)
def test_the_screen_is_as_it_was(stage: Stage, state: str, size: tuple[int, int]) -> None:
    if state == "triage-many":
        create_many(stage, 200)
    elif state != "triage-empty":
        furnish_morning(stage)
    login = "root" if state == "board" else "anna"
    if state == "board":
        furnish_board(stage)
    with stage.app(size, login) as app:
        STATES[state](stage, app.up())
        app.settled(0.3)
        shown = _DAY.sub(r"\1 Sat 28", "\n".join(app.screen()) + "\n")
    file = FOLDER / f"{state}-{size[0]}x{size[1]}.txt"
    if os.environ.get(UPDATE):
        FOLDER.mkdir(exist_ok=True)
        file.write_text(shown)
    assert shown.splitlines() == file.read_text().splitlines(), f"{file.name} is different; {UPDATE}=1 writes it anew"
