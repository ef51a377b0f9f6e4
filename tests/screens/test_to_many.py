"""Writing to who has not asked, and to many at once, in a real terminal."""

from __future__ import annotations

from time import sleep

import pytest

from helpdesk_tui.desk import conversation
from helpdesk_tui.desk.queue_work import QueueWork
from helpdesk_tui.desk.relations import link, make_incident
from helpdesk_tui.desk.settings import set_queue
from helpdesk_tui.desk.texts import CannedText, keep_text
from helpdesk_tui.store.queries.texts import canned_replies
from helpdesk_tui.terms import LinkKind
from tests.build import row, sql, thread
from tests.screens.stage import OpenApp, Stage, wait_until

#: So long a preview has to stand there before ^S sends it, in seconds, and a little.
_READ = 0.6


def opened(app: OpenApp, number: int) -> OpenApp:
    """The app on this ticket."""
    app.up().press("#").shows("Ticket number")
    app.write(str(number)).press("enter").shows(f"#{number} ")
    return app


def test_a_mail_to_who_has_not_asked_is_sent_and_taken_back(morning: Stage) -> None:
    with morning.app(env={"HELPDESK_REPLIES_UNDO_SECONDS": "60"}) as app:
        app.up().press("n").shows("New request · by phone · support")
        app.press("ctrl+t").shows("at the counter")
        app.press("ctrl+t").shows("New mail · to them · support", "^S sends it")
        app.write("eri").shows("Erika Beispiel ·")
        app.press("enter").shows("+ new request")
        app.press("enter").settled(0.3)
        app.write("Ihr Vertrag").press("enter").settled(0.3)
        app.write("läuft aus.").press("ctrl+s").shows("the mail to Erika Beispiel is on its way")
        desk = morning.desk()
        number = max(one for (one,) in sql(desk.store, "SELECT number FROM ticket WHERE subject = 'Ihr Vertrag'"))
        assert row(desk, number).status == "waiting_customer"
        assert [one.address for one in thread(desk, number)[0].to] == ["erika@kunde.example"]
        app.press("u").shows("Undone")
        assert row(desk, number).status == "cancelled"
        assert app.quit() == 0


def test_a_first_mail_goes_to_several_with_a_file_and_comes_back_whole(morning: Stage) -> None:
    (morning.home / "vertrag.pdf").write_bytes(b"%PDF-1.4 Vertrag")
    with morning.app(env={"HELPDESK_REPLIES_UNDO_SECONDS": "60"}) as app:
        app.up().press("n").shows("New request")
        app.press("ctrl+f", "ctrl+r").settled(0.2)
        assert "Attach" not in "".join(app.screen()), "a call has no files"
        app.press("ctrl+t", "ctrl+t").shows("New mail", "^R who else")
        app.write("neu@kunde.example").press("enter").settled(0.2)
        app.write("Vertrag").press("enter").settled(0.2)
        app.write("Der Vertrag liegt bei.").press("ctrl+s").shows("Before it goes", "speaks of an attachment")
        app.press("escape").gone("Before it goes")
        app.press("ctrl+f").shows("Attach a file")
        app.write(f"{morning.home}/vertrag.pdf").press("enter").shows("+ 1 file: vertrag.pdf")
        app.press("ctrl+r").shows("Who gets it", "To  neu@kunde.example")
        app.write("chef@kunde.example").press("enter", "enter").shows("Cc  chef@kunde.example")
        app.press("escape").shows("Cc chef@kunde.example", "+ 1 file: vertrag.pdf")
        app.press("ctrl+s").shows("the mail to neu@kunde.example is on its way")
        desk = morning.desk()
        number = max(one for (one,) in sql(desk.store, "SELECT number FROM ticket WHERE subject = 'Vertrag'"))
        (sent,) = thread(desk, number)
        assert [one.address for one in (*sent.to, *sent.cc)] == ["neu@kunde.example", "chef@kunde.example"]
        assert [one.name for one in sent.files] == ["vertrag.pdf"]
        app.press("u").shows("Undone")
        app.press("n").shows("New mail", "neu@kunde.example", "Cc chef@kunde.example", "+ 1 file: vertrag.pdf")
        app.press("escape").gone("New mail")
        assert app.quit() == 0


def test_a_first_mail_to_many_names_them_all_before_it_goes(morning: Stage) -> None:
    with morning.app() as app:
        app.up().press("n").shows("New request")
        app.press("ctrl+t", "ctrl+t").shows("New mail")
        app.press("ctrl+r").shows("Say first to whom")
        app.write("neu@kunde.example").press("enter").settled(0.2)
        app.write("Einladung").press("enter").settled(0.2)
        app.write("Am Montag um neun.").press("ctrl+r").shows("Who gets it")
        for name in ("q1", "q2", "q3", "q4"):
            app.write(f"{name}@kunde.example").press("enter", "enter").shows(f"Cc  {name}@kunde.example")
        app.press("escape").shows("Cc q1@kunde.example, q2@kunde.example +2")
        app.press("ctrl+s").shows("Before it goes", "q1@kunde.example", "q2@kunde.example", "q4@kunde.example")
        sleep(_READ)
        app.press("ctrl+s").shows("the mail to neu@kunde.example is on its way")
        assert app.quit() == 0


def test_people_and_files_alone_are_kept(morning: Stage) -> None:
    (morning.home / "plan.txt").write_text("Montag")
    with morning.app() as app:
        app.up().press("n").shows("New request")
        app.press("ctrl+t", "ctrl+t").shows("New mail")
        app.press("ctrl+f").shows("Attach a file")
        app.write(f"{morning.home}/plan.txt").press("enter").shows("+ 1 file: plan.txt")
        app.press("escape").gone("New mail")
        app.press("n").shows("New mail", "+ 1 file: plan.txt")
        app.press("ctrl+n").shows("ctrl+n once more")
        app.press("ctrl+n").gone("plan.txt")
        assert app.quit() == 0


def test_a_mail_needs_an_address_and_stays_to_be_mended(morning: Stage) -> None:
    with morning.app() as app:
        app.up().press("n").shows("New request")
        app.press("ctrl+t", "ctrl+t").shows("New mail")
        app.write("Zoe").press("enter").settled(0.3)
        app.write("Hallo").press("enter").settled(0.3)
        app.write("Text").press("ctrl+s").shows("A mail needs an address.")
        app.press("escape").gone("New mail")
        app.press("n").shows("New mail", "Kept from before")
        assert app.quit() == 0


def test_one_answer_goes_to_an_incident_and_all_that_hangs_on_it(morning: Stage) -> None:
    desk = morning.desk()
    make_incident(desk, 1002)
    link(desk, 1001, 1002, LinkKind.PARENT)
    set_queue(morning.desk("root"), "support", work=QueueWork(signature={"de": "Ihr Support", "en": "Your support"}))
    with morning.app() as app:
        opened(app, 1002).press("L").shows("answer it and its 1 ticket, and solve them")
        app.write("answer it").press("enter").shows("One text for 2 tickets")
        app.write("Hallo {{customer}}, es geht wieder.").press("ctrl+s").shows("^S sends 2 answers")
        sleep(_READ)
        app.press("ctrl+s").shows("What solved it")
        app.press("escape").shows("One text for 2 tickets", "Hallo {{customer}}, es geht wieder.")
        app.press("ctrl+s").shows("^S sends 2 answers")
        sleep(_READ)
        app.press("ctrl+s").shows("What solved it")
        app.write("Neu gestartet").press("enter").shows("2 replies are on their way")
        assert app.quit() == 0
    for number, name in ((1002, "Erika Beispiel"), (1001, "Anna Schmidt")):
        assert (row(desk, number).status, row(desk, number).resolution) == ("solved", "Neu gestartet")
        last = thread(desk, number)[-1]
        assert (last.text, last.quoted) == (f"Hallo {name}, es geht wieder.", "Ihr Support")


def test_a_prepared_text_goes_into_one_text_for_many(morning: Stage) -> None:
    desk = morning.desk()
    keep_text(desk, CannedText("Geduld", "Hallo {{customer}}, bitte Geduld."))
    with morning.app() as app:
        app.up().press("g", "space", "space", "r").shows("One text for 2 tickets")
        app.press("ctrl+t").shows("Geduld", "bitte Geduld")
        app.press("ctrl+n", "ctrl+o", "ctrl+r").settled(0.3)
        app.press("enter").shows("Hallo {{customer}}, bitte Geduld.")
        app.press("ctrl+s").shows("^S sends 2 answers")
        sleep(_READ)
        app.press("ctrl+s").shows("2 replies are on their way")
        assert app.quit() == 0
    assert [one.uses for one in desk.ask(canned_replies, desk.actor)] == [2]


def test_what_happens_next_goes_along_with_one_text_for_many(morning: Stage) -> None:
    desk = morning.desk()
    with morning.app() as app:
        app.up().press("g", "space", "space", "r").shows(
            "One text for 2 tickets", "then: waiting for the customer · ^O"
        )
        app.press("ctrl+o").shows("What happens after sending")
        app.write("solved, back in 3").press("enter").shows("then: solved, back in 3 working days · ^O")
        app.write("Ihr Paket ist da.").shows("Paket ist da.")
        app.press("escape").gone("One text for").press("r").shows("Ihr Paket ist da.", "then: solved, back in 3")
        app.press("ctrl+s", "ctrl+s", "ctrl+s").shows("^S sends 2 answers")
        sleep(_READ)
        assert "One text for" in "".join(app.screen()), "keys that are faster than an eye send nothing"
        app.press("ctrl+s").shows("What solved it")
        app.write("Nachgeliefert").press("enter").shows("2 replies are on their way")
        assert [(row(desk, one).status, row(desk, one).resolution) for one in (1002, 1005)] == [
            ("solved", "Nachgeliefert"),
            ("solved", "Nachgeliefert"),
        ]
        app.press("u").shows("Undone")
        assert [(row(desk, one).status, row(desk, one).resolution) for one in (1002, 1005)] == [("new", None)] * 2
        assert app.quit() == 0


@pytest.mark.parametrize("end", ["escape", "refused", "killed"])
def test_one_text_for_many_is_there_again(morning: Stage, end: str) -> None:
    words = "Hallo {{customer}}, wir sind dran."
    with morning.app() as app:
        app.up().press("g", "space", "space", "r").shows("One text for 2 tickets")
        app.write(words).settled(0.4)
        if end == "escape":
            app.press("escape").gone("One text for")
            assert app.quit() == 0
        elif end == "killed":
            wait_until(lambda: _kept(morning) == [words], "saved while it is typed", 1.5)
            app.kill()
            app.wait()
        else:
            app.press("ctrl+s").shows("^S sends 2 answers")
            conversation.reply(morning.desk("bob"), 1002, "Ich bin schneller.")
            sleep(_READ)
            app.press("ctrl+s").gone("One text for").shows("meanwhile")
            assert app.quit() == 0
    assert _kept(morning) == [words]
    assert "wir sind dran" not in "".join(one.text for one in thread(morning.desk(), 1005))
    with morning.app() as app:
        app.up().shows("2 marked tickets")
        app.press("r")
        app.shows("One text for 2 tickets", words, "Your text from before")
        app.press("ctrl+s").shows("^S sends 2 answers")
        sleep(_READ)
        app.press("ctrl+s").shows("2 replies are on their way")
        assert app.quit() == 0
    assert _kept(morning) == [], "what was sent is no draft"


def _kept(stage: Stage) -> list[str]:
    """The texts for many that lie in the store unsent."""
    return [text for (text,) in sql(stage.desk().store, "SELECT text FROM draft WHERE kind = 'bulk' AND text != ''")]
