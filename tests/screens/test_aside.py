"""Mail that was kept aside, in a real terminal: found, explained, made a ticket, put away and brought back."""

from __future__ import annotations

import re
import threading
from datetime import timedelta

import pytest

from helpdesk_tui.desk.aside import dismiss
from helpdesk_tui.screens.why import as_shown
from helpdesk_tui.store.queries.aside import Aside, aside_counts, aside_rows
from tests.build import a_mail, listed, received, row, sql
from tests.desk.test_aside import NOTHING, a_bounce, a_newsletter
from tests.screens.hostile import hostile_mail
from tests.screens.payloads import MARKUP, PAYLOADS
from tests.screens.stage import SIZES, SMALL, Stage, wait_until
from tests.services.escapes import forbidden_bytes

#: So many bounces come while keys are pressed, and so long a key may take, in seconds; on a machine that is busy.
STORM, PATIENCE = 200, 2.0
_MADE = re.compile(r"Ticket #\d+: Weekly news 3 · u undoes it")


def furnish_aside(stage: Stage) -> None:
    """Two mails that cannot be read, a robot's three, forty bounces, and one mail that is a ticket."""
    for at in (0, 1):
        received(stage.desk(ago=timedelta(hours=20 + at)), NOTHING * (at + 1))
    for week in (1, 2, 3):
        received(stage.desk(ago=timedelta(minutes=40 - week)), a_newsletter(week, message_id=f"{week}@shop.example"))
    for at in range(4):
        received(stage.desk(ago=timedelta(minutes=30 - at)), a_bounce(at))
    received(stage.desk(ago=timedelta(minutes=5)), a_mail(message_id="own@customer.example"))


def entry(stage: Stage, aside: Aside) -> int:
    return stage.desk().ask(aside_rows, aside)[0].mail


@pytest.mark.sample(1)
@pytest.mark.parametrize("size", SIZES, ids=("80x24", "200x50"))
def test_the_status_line_says_what_waits_and_one_key_shows_it(stage: Stage, size: tuple[int, int]) -> None:
    furnish_aside(stage)
    with stage.app(size) as app:
        app.up().shows("quarantine 2 · robots 1 · backscatter 1")
        app.press("V").shows("2 entries", re.compile(r"quarantine 2 +robots 1 +backscatter 1 +floods 0"))
        app.shows("neither a sender")
        app.press(".").shows("3× today", "news@shop.example", "Weekly news 3")
        app.shows("3 since", "All about week 3." if size != SMALL else "From: News")
        app.press(".").shows("4× today", "Undelivered Mail")
        app.press(".").shows("Nobody sends too much.")
        app.press(",", ",", "t").shows(_MADE, "No machine's mail waits.")
        assert "Weekly news 3" in [row(stage.desk(), number).subject for number in listed(stage.desk())]
        app.press("u").shows(re.compile(r"Undone: Ticket #\d+"), "Weekly news 3")
        assert stage.desk().ask(aside_counts)[Aside.ROBOTS] == 1
        app.press("x").shows("Put away: Weekly news 3 · u undoes it", "No machine's mail waits.")
        app.press("u").shows("Undone: Put away: Weekly news 3", "3× today")
        app.press("q").shows("1 Mine 0", "quarantine 2 · robots 1 · backscatter 1")
        assert app.quit() == 0


def test_a_desk_where_nothing_waits_says_nothing_of_it(stage: Stage) -> None:
    with stage.app(SMALL) as app:
        app.up().shows("Nothing here")
        assert "quarantine" not in "\n".join(app.screen())
        app.press("V").shows("Every mail could be read.", "0 entries")
        app.press("t").shows("No entry is chosen.")
        app.press("escape").shows("Nothing here")
        assert app.quit() == 0


@pytest.mark.sample(1)
@pytest.mark.parametrize("size", SIZES, ids=("80x24", "200x50"))
def test_a_mail_is_explained_in_its_ticket_and_in_its_list(stage: Stage, size: tuple[int, int]) -> None:
    furnish_aside(stage)
    with stage.app(size) as app:
        app.up().press("2").shows("Printer")
        app.press("enter").shows("The printer is on fire")
        app.press("W").shows("where the time went")
        app.press("enter").shows("Why · q closes", "a new ticket, #1001", "17 · a mail that refers to nothing we know")
        app.shows("The border server says nothing", "opens #1001")
        app.press("q").gone("Why · q closes")
        app.press("c").shows("stays in the house")
        app.write("Sand.").press("ctrl+s").shows("Note on #1001")
        app.press("G", "W").shows("where the time went")
        app.press("enter").shows("This is no mail.")
        app.press("q").shows("1 Mine 0")
        app.press("V").shows("2 entries")
        app.press(".").shows("Weekly news 3")
        app.press("enter").shows("5 · a machine's mail that answers none of ours", "3 like it since")
        app.press("t").shows(_MADE)
        assert app.quit() == 0


def test_a_flood_is_shown_with_the_ticket_it_goes_on_in(stage: Stage) -> None:
    for at in range(52):
        received(stage.desk(), a_mail(f"Order {at}", subject="Order", sender="Bea Boss <bea@partner.example>"))
    with stage.app(SMALL) as app:
        app.up().shows("floods 1")
        app.press("V").shows("bea@partner.example", "they go on in #1051")
        app.press("enter").shows("it is kept with #1051", "opens #1051")
        app.press("o").shows(re.compile(r"^ #1051 Order", re.MULTILINE), "very many mails")
        assert app.quit() == 0


def test_what_strangers_write_steers_nothing_here(stage: Stage) -> None:
    for at, payload in enumerate(PAYLOADS.values()):
        raw = hostile_mail(at, payload, is_encoded=at % 2 == 0)
        raw = raw.replace(b"MIME-Version", b"Auto-Submitted: auto-generated\r\nMIME-Version", 1)
        assert received(stage.desk(ago=timedelta(minutes=500 - at)), raw).ticket is None
    with stage.app(SMALL) as app:
        app.up().press("V").shows(f"{len(PAYLOADS)} entries")
        for at, (name, payload) in reversed(list(enumerate(PAYLOADS.items()))):
            wanted = f"Subject{at:02} {payload} end" if name in MARKUP else f"Subject{at:02}"
            app.shows(wanted)
            app.press("enter").shows("Why · q closes", wanted)
            app.press("pagedown", "q").gone("Why · q closes")
            app.press("j")
        assert app.quit() == 0
        assert forbidden_bytes(app.bytes_seen()) == []


@pytest.mark.parametrize("payload", PAYLOADS.values(), ids=list(PAYLOADS))
def test_an_original_is_shown_as_text(payload: str) -> None:
    shown = as_shown(f"Subject: {payload}\r\n\r\n{payload}".encode("utf-8", "surrogatepass"))
    assert shown.startswith("Subject: ")
    assert forbidden_bytes(shown.replace("\n", " ").encode()) == []


def test_keys_work_while_bounces_pour_in(stage: Stage) -> None:
    received(stage.desk(), a_mail())
    received(stage.desk(), a_mail(subject="Fax"))
    storm = threading.Thread(target=lambda: [received(stage.desk("bob"), a_bounce(at)) for at in range(STORM)])
    with stage.app(SMALL) as app:
        app.up().press("2").shows("Fax")
        storm.start()
        while storm.is_alive():
            app.press("j", "k").press("p").shows("Priority", timeout=PATIENCE)
            app.press("escape").gone("type to narrow")
        storm.join()
        app.shows("backscatter 1")
        assert stage.desk().ask(aside_rows, Aside.BACKSCATTER)[0].count == STORM
        assert len(listed(stage.desk(), "is:any")) == 2
        assert sql(stage.desk().store, "SELECT count(*) FROM outbox") == [(0,)]
        assert app.quit() == 0


def test_what_a_colleague_puts_away_is_gone_from_the_list_by_itself(stage: Stage) -> None:
    furnish_aside(stage)
    with stage.app(SMALL) as app:
        app.up().press("V", ".").shows("Weekly news 3")
        stage.desk("bob").do(dismiss, entry(stage, Aside.ROBOTS))
        app.shows("No machine's mail waits.")
        wait_until(lambda: Aside.ROBOTS not in stage.desk().ask(aside_counts), "it is put away")
        assert app.quit() == 0


def test_the_screen_is_left_to_where_one_was(stage: Stage) -> None:
    furnish_aside(stage)
    with stage.app(SMALL) as app:
        app.up().press("2").shows("Printer")
        app.press("enter").shows("The printer is on fire")
        app.press("V").shows("2 entries")
        app.press("q").shows("The printer is on fire")
        assert app.quit() == 0
