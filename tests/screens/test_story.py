"""A morning at the desk, by keys alone, in a real terminal; what it left behind is read by commands."""

from __future__ import annotations

import re

import pytest

from tests.screens.stage import SIZES, Stage, wait_until
from tests.services.escapes import forbidden_bytes

COUNT = re.compile(r"^ \d+ tickets?", re.MULTILINE)


@pytest.mark.sample(1)
@pytest.mark.parametrize("size", SIZES, ids=("80x24", "200x50"))
def test_a_morning(morning: Stage, size: tuple[int, int]) -> None:
    with morning.app(size) as app:
        app.up().shows("5 tickets", re.compile("▌●‼  1002 Rechnung"))
        app.press("enter").shows(" #1002 Rechnung doppelt", "4 quoted lines", "note · Bob")
        app.press("A").shows("#1002: yours now · u undoes it")
        app.press("r").shows("To Erika Beispiel <erika@kunde.example>", "then: waiting for the customer")
        app.write("Liebe Frau Beispiel,").press("enter").write("das Geld kommt.").press("ctrl+s")
        app.shows("Reply to #1002 is on its way to Erika Beispiel")
        app.press("c").shows("Note · stays in the house")
        app.write("Erstattung angewiesen.").press("ctrl+s").shows("Note on #1002")
        app.press("q").shows("4 tickets", "1 Mine 1")
        app.press("g", "space", "space", "space").shows("x solves 3 marked tickets")
        app.press("p").shows("Priority")
        app.write("high").press("enter").shows("3 tickets: priority high · u undoes it")
        app.press("u").shows(re.compile(r"[Uu]n(did|done).*priority|3 tickets"))
        app.press("U")
        app.settled(0.3)
        app.press("/").write("is:rubbish").shows("is:rubbish is unknown (at character")
        app.press("ctrl+u").write("drucker").press("enter").shows("/drucker · 1 ticket", "1004")
        app.press("q").shows("4 tickets")
        app.press("6").shows("6 tickets")
        app.press("#").shows("Ticket number")
        app.write("1003").press("enter").shows(" #1003 VPN drops every 10 minutes")
        app.press("q").gone(" #1003 VPN drops")
        app.press("n").shows("New request")
        app.write("eri").shows("Erika Beispiel")
        app.press("enter").shows("#1002 Rechnung doppelt abgebucht", "+ new request")
        app.press("down", "enter").write("Zweite Frage").press("enter").write("Sie ruft wieder an.").press("ctrl+s")
        app.shows("Zweite Frage · u undoes it")
        assert app.quit() == 0
        assert forbidden_bytes(app.bytes_seen()) == []
    listed = {one["subject"]: one for one in morning.answer("ticket", "list")}
    invoice = morning.answer("ticket", "show", "1002")
    assert (invoice["assignee"], invoice["status"]) == ("anna", "waiting_customer")
    assert [(one["kind"], one["text"]) for one in invoice["messages"]][2:] == [
        ("outbound", "Liebe Frau Beispiel,\ndas Geld kommt."),
        ("note", "Erstattung angewiesen."),
    ]
    assert {one["number"] for one in listed.values() if one["priority"] == "high"} == {1001, 1003, 1004, 1005}
    assert listed["Zweite Frage"]["requester"]["address"] == "erika@kunde.example"
    assert morning.answer("outbox", "list")[0]["subject"] == "Re: Rechnung doppelt abgebucht"


def test_an_error_in_the_filter_is_said_and_the_list_stays(morning: Stage) -> None:
    """The list of the filter before, whatever of it was typed how fast."""
    is_wrong = "prio: is not a term of the query language (at character 1)"
    with morning.app() as app:
        app.up().press("/").write("nowhere").shows("matches the filter. Esc takes it off", "Enter keeps the filter")
        app.press("enter").shows("/nowhere · 0 tickets", "q takes it off")
        app.press("q").shows("5 tickets")
        app.press("/").write("queue:nowhere").shows(
            "queue:nowhere is unknown (at character 1)", "Known: billing", "1002"
        )
        app.press("enter").press("j").shows("/queue:nowhere is not applied · 5 tickets", "1002")
        app.press("q").shows("5 tickets")
        app.press("/").write("prio").shows("matches the filter", "/prio · 0 tickets")
        app.write(":high").shows(is_wrong, "1002")
        app.press("enter").shows(is_wrong, "1002")
        app.press("j").gone("prio: is not").shows("/prio:high is not applied · 5 tickets", "1002")
        wait_until(lambda: morning.place().get("filter") == "prio:high", "what was typed is remembered")
        assert app.quit() == 0
    with morning.app() as app:
        app.shows(is_wrong, "1002")
        app.press("/").write("is:open").press("enter").shows("/is:open · ")
        app.press("/", "end").write(" tag:").press("enter").shows("tag: needs a value (at character 9)")
        app.press("j").shows("/is:open tag: is not applied · 5 tickets", "1002")
        app.press("q").shows("5 tickets")
        assert app.quit() == 0


def test_q_asks_before_it_leaves_and_forgets_that_it_asked(morning: Stage) -> None:
    with morning.app() as app:
        app.up().press("q").shows("q once more leaves the program")
        app.press("5").shows("6 tickets")
        app.press("q").shows("q once more leaves the program")
        app.press("j").gone("q once more")
        app.press("q").shows("q once more leaves the program")
        app.press("q")
        assert app.wait() == 0


def test_a_colleague_s_change_comes_by_itself_and_the_cursor_stays(morning: Stage) -> None:
    with morning.app() as app:
        app.up().press("j", "j").shows(re.compile("▌●   1001"))
        done = morning.run("ticket", "set", "1004", "--priority", "urgent", login="bob")
        assert done.returncode == 0
        app.shows(re.compile("^ ●‼  1004", re.MULTILINE), timeout=1)
        app.shows(re.compile("▌●   1001"))
        before = app.screen()[2:7]
        assert [line[5:9] for line in before] == ["1002", "1005", "1001", "1004", "1006"]
        morning.run("ticket", "assign", "1001", "bob", login="bob")
        app.shows(re.compile("▌●   1001 .*bob"), timeout=1)
        morning.run("ticket", "new", "--subject", "Just now", "--from", "Zoe", login="bob")
        app.shows("1 new · ctrl+r shows them", timeout=1)
        app.shows(re.compile("▌●   1001"))
        app.press("ctrl+r").shows("Just now")
        assert app.quit() == 0
