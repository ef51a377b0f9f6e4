"""Handing on, putting off, watching, and what frames an answer, by keys from the list and from the thread."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.policy import default

import pytest

from helpdesk_tui.desk import settings
from helpdesk_tui.desk.delivery import claim
from helpdesk_tui.desk.queue_work import QueueWork
from helpdesk_tui.mail.compose import compose
from helpdesk_tui.terms import SYSTEM
from tests.build import row, sql, thread
from tests.screens.stage import OpenApp, Stage


def placed(app: OpenApp, number: int, place: str) -> OpenApp:
    """The app with this ticket under the cursor, in the list or opened."""
    if place == "list":
        app.up().press("/").write(f"is:any #{number}").press("enter").shows("1 ticket", f"{number} ")
    else:
        app.up().press("#").shows("Ticket number")
        app.write(str(number)).press("enter").shows(f"#{number} ")
    return app


@pytest.mark.parametrize("place", ["list", "thread"])
def test_e_hands_a_ticket_on_with_a_word_which_the_other_one_sees_first(morning: Stage, place: str) -> None:
    with morning.app() as app:
        placed(app, 1002, place).press("e").shows("Who shall go on with it", "bob")
        app.write("bob").press("enter").shows("What bob should know", "it is the first thing they see on it")
        app.write("Ruft um 15:00 an.").press("enter").shows("bob")
        app.until(lambda _screen: row(morning.desk(), 1002).assignee == "bob", "bob has it")
        assert app.quit() == 0
    with morning.app(login="bob") as app:
        placed(app, 1002, "thread").shows("anna hands it on to you: Ruft um 15:00 an.")
        assert app.quit() == 0


def test_where_nobody_else_belongs_that_is_said(morning: Stage) -> None:
    root = morning.desk("root")
    for login in ("bob", "root"):
        settings.set_agent(root, login, queues=["-support"])
    with morning.app() as app:
        placed(app, 1002, "list").press("e").shows("Nobody else belongs there.")
        assert app.quit() == 0


@pytest.mark.parametrize("place", ["list", "thread"])
def test_z_puts_a_ticket_off_until_a_time_or_an_answer(morning: Stage, place: str) -> None:
    def status() -> str:
        return row(morning.desk(), 1002).status

    with morning.app() as app:
        placed(app, 1002, place).press("Z").shows("Later", "until the office opens next", "until they answer")
        app.write("they answer").press("enter")
        app.until(lambda _screen: status() == "snoozed", "it is put off")
        app.press("u").shows("Undone")
        assert status() != "snoozed"
        app.press("Z").shows("until another time")
        app.write("another").press("enter").shows("Snoozed until", "tomorrow 9:00")
        app.write("yesterday").press("enter").shows("is not a date")
        app.press("ctrl+u").write("+2d").press("enter")
        app.until(lambda _screen: status() == "snoozed", "it is put off")
        app.press("u").shows("Undone")
        app.press("Z").shows("come back in 2 working days")
        app.write("in 2 working").press("enter")
        app.until(lambda _screen: sql(morning.desk().store, "SELECT kind FROM timer WHERE done_at IS NULL"), "a timer")
        assert app.quit() == 0
    assert status() != "snoozed", "it comes back, and is worked on until then"


@pytest.mark.parametrize("place", ["list", "thread"])
def test_w_watches_a_ticket_and_no_more(morning: Stage, place: str) -> None:
    def watchers() -> list[tuple[int]]:
        return sql(morning.desk().store, "SELECT ticket_id FROM watcher")

    with morning.app() as app:
        placed(app, 1002, place).press("w")
        app.until(lambda _screen: watchers(), "anna watches it")
        app.press("w")
        app.until(lambda _screen: not watchers(), "she does no more")
        assert app.quit() == 0


@pytest.mark.parametrize("place", ["list", "thread"])
def test_n_asks_back_and_the_ticket_comes_back_by_itself(morning: Stage, place: str) -> None:
    with morning.app() as app:
        placed(app, 1002, place).press("N").shows("waiting for the customer, back in 3 working days")
        app.write("Welche Rechnung?").press("ctrl+s").shows("is on its way")
        assert app.quit() == 0
    assert row(morning.desk(), 1002).status == "waiting_customer"
    assert [one.kind for one in sql(morning.desk().store, "SELECT kind FROM timer WHERE done_at IS NULL")] == ["remind"]


@pytest.mark.parametrize("place", ["list", "thread"])
def test_status_and_queue_are_picked_and_what_is_solved_is_opened_again(morning: Stage, place: str) -> None:
    with morning.app() as app:
        placed(app, 1002, place).press("s").shows("Status", "waiting for others")
        app.write("others").press("enter").shows("u undoes it")
        assert row(morning.desk(), 1002).status == "waiting_other"
        app.press("X")
        app.until(lambda _screen: row(morning.desk(), 1002).status == "open", "it is worked on again")
        app.press("M").shows("Move to queue", "billing")
        app.write("bill").press("enter")
        app.until(lambda _screen: row(morning.desk(), 1002).queue == "billing", "it is in the other queue")
        assert app.quit() == 0


def test_e_says_what_a_customer_is_called(morning: Stage) -> None:
    with morning.app() as app:
        placed(app, 1002, "list").press("i").shows("erika@kunde.example", "1 ticket")
        app.press("e").shows("What they are called")
        app.press("ctrl+u").write("Erika Muster").press("enter").shows("Erika Muster")
        app.press("u").shows("Undone")
        assert app.quit() == 0


def test_an_answer_begins_and_ends_as_its_queue_wishes_and_quotes_below(morning: Stage) -> None:
    work = QueueWork(salutation={"de": "Guten Tag {{customer}},"}, signature={"de": "Viele Grüße\n{{agent}}"})
    settings.set_queue(morning.desk("root"), "support", ["support@desk.example"], work=work)
    with morning.app(env={"HELPDESK_REPLIES_UNDO_SECONDS": "0", "HELPDESK_UI_QUOTES": "yes"}) as app:
        placed(app, 1002, "thread").press("r").shows("Guten Tag Erika Beispiel,", "then: waiting")
        app.write("der Betrag kommt **heute** zurück.").press("ctrl+s").shows("is on its way")
        assert app.quit() == 0
    sent = thread(morning.desk(), 1002)[-1]
    assert sent.text == "Guten Tag Erika Beispiel,\n\nder Betrag kommt **heute** zurück."
    mail = claim(morning.desk().acting_as(SYSTEM), compose)
    assert mail
    plain, html = message_from_bytes(mail.content, policy=default).iter_parts()
    said = plain.get_content().replace("\r\n", "\n")
    places = [said.index(one) for one in ("Guten Tag Erika", "der Betrag", "Viele Grüße\nAnna", "\n> ")]
    assert places == sorted(places), "salutation, text, signature, and what it answers"
    assert "<strong>heute</strong>" in html.get_content()
    assert "<blockquote" in html.get_content()


def test_an_answer_leaves_when_the_customers_day_begins(morning: Stage) -> None:
    opens = (datetime.now(UTC) + timedelta(hours=3)).replace(minute=0, second=0, microsecond=0)
    hours = f"mon-sun {opens:%H}:00-{opens.hour + 1:02}:00"
    with morning.app(env={"HELPDESK_CALENDAR_HOURS": hours, "HELPDESK_CALENDAR_ZONE": "UTC"}) as app:
        placed(app, 1002, "thread").press("r").shows("then: waiting")
        app.write("Guten Morgen.").press("ctrl+o").shows("leaves when their day begins")
        app.write("day begins").press("enter").shows("leaves ")
        app.press("ctrl+s").shows("Reply to #1002 leaves ")
        assert app.quit() == 0
    assert thread(morning.desk(), 1002)[-1].leaves_at == opens
    assert [bool(timed) for (timed,) in sql(morning.desk().store, "SELECT is_timed FROM outbox")][-1]
