"""Reading in a real terminal: words, files, links, originals, what is new, and what became of a mail."""

from __future__ import annotations

import re
from base64 import b64decode
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP
from getpass import getuser
from pathlib import Path
from socket import gethostname

from helpdesk_tui.desk import settings
from helpdesk_tui.desk.assignment import assign
from helpdesk_tui.desk.conversation import note, reply
from helpdesk_tui.desk.delivery import claim, conclude
from helpdesk_tui.desk.door import Desk
from helpdesk_tui.desk.outreach import forward
from helpdesk_tui.desk.sending import Sending
from helpdesk_tui.terms import SYSTEM, OutboxState, Person, Priority
from tests.build import a_mail, letter_bytes, received, row, sql, thread
from tests.screens.stage import OpenApp, Stage


def with_file(stage: Stage) -> None:
    """A mail with a file and a link whose words say another page than it leads to."""
    mail = EmailMessage(SMTP)
    mail["From"], mail["To"] = "Erika Beispiel <erika@kunde.example>", "support@desk.example"
    mail["Subject"], mail["Message-ID"] = "Kontoauszug", "<konto.1@kunde.example>"
    mail.set_content("Siehe https://pay.example/4711 und die Datei.")
    mail.add_attachment(b"Betrag 12,00 EUR\n\x1b]52;c;eA==\x07 zweimal", "text", "plain", filename="../../konto.txt")
    received(stage.desk(ago=timedelta(minutes=10)), mail.as_bytes())


def opened(app: OpenApp, number: int, *shows: str) -> OpenApp:
    app.up().press("#").shows("Ticket number")
    app.write(str(number)).press("enter").shows(f"#{number} ", *shows)
    return app


def left(desk: Desk, state: OutboxState = OutboxState.SENT, words: str = "") -> str:
    """The next mail has left, or was refused; its Message-ID."""
    system = desk.acting_as(SYSTEM)
    mail = claim(system, letter_bytes)
    assert mail
    conclude(system, mail.outbox_id, state, words)
    return mail.message_id


def test_words_are_found_in_the_thread_also_in_what_is_folded(morning: Stage) -> None:
    with morning.app() as app:
        opened(app, 1002, "4 quoted lines").press("/").shows("find in this thread")
        app.write("anbei").shows("│ > anbei Ihre Rechnung")
        app.settled(0.4)
        assert re.search(rb"> \x1b\[0m\x1b\[[0-9;]*manbei\x1b", app.bytes_seen()), "it is marked"
        app.press("enter").press("escape").settled(0.4)
        app.press("/").shows("find in this thread")
        app.write("nirgends").press("enter").shows("nirgends is not in this thread.")
        app.press("escape").settled(0.4)
        app.press("q").shows("5 tickets")
        assert app.quit() == 0


def test_a_file_is_saved_under_a_safe_name_and_shown_as_text(morning: Stage) -> None:
    with_file(morning)
    downloads = morning.folder / "downloads"
    downloads.mkdir()
    (downloads / "konto.txt").write_text("mine")
    with morning.app(env={"HELPDESK_UI_DOWNLOADS": str(downloads)}) as app:
        opened(app, 1007, "+ konto.txt").press("o").shows("Files and links")
        app.press("enter").shows("save it", "show it as text")
        app.press("enter").shows("Saved as ")
        app.until(lambda _screen: b"\x1b]52;c;" in app.bytes_seen(), "a line for the clipboard")
        app.press("o").shows("Files and links")
        app.press("enter").shows("show it as text")
        app.press("down", "enter").shows("Betrag 12,00 EUR")
        app.press("q").gone("Betrag 12,00 EUR")
        app.press("o").shows("Files and links")
        app.press("enter").shows("There is no display here")
        app.press("down", "down", "enter").shows("There is no display here to open it on. Save it, and open it there.")
        assert app.quit() == 0
        copied = [b64decode(one).decode() for one in re.findall(rb"\x1b\]52;c;([^\x07\x1b]*)", app.bytes_seen())]
    assert (downloads / "konto.txt").read_text() == "mine"
    saved = downloads / "konto-2.txt"
    line = f"scp {getuser()}@{gethostname()}:{saved} ."
    assert copied == [line], "ready to be run on the agent's own machine; nothing in the file reached the terminal"
    assert saved.read_bytes().startswith(b"Betrag")
    assert saved.stat().st_mode & 0o777 == 0o600


def test_a_link_is_listed_with_its_true_target_and_copied(morning: Stage) -> None:
    with_file(morning)
    with morning.app() as app:
        opened(app, 1007, "+ konto.txt").press("o").shows("pay.example https://pay.example/4711")
        app.write("pay.ex").press("enter").shows("copy it")
        app.press("enter").shows("the link sent to the terminal's clipboard")
        assert app.quit() == 0


def test_with_a_display_a_file_is_handed_to_the_opener_and_its_copy_goes(morning: Stage) -> None:
    with_file(morning)
    told = morning.folder / "told"
    opener = morning.folder / "opener"
    opener.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" > {told}.new; cp "$2" {told}.copy; mv {told}.new {told}\n')
    opener.chmod(0o755)
    env = {"DISPLAY": ":9", "HELPDESK_UI_OPENER": f"{opener} --show", "SSH_CONNECTION": "", "SSH_TTY": ""}
    with morning.app(env=env) as app:
        opened(app, 1007, "+ konto.txt").press("o").shows("Files and links")
        app.press("enter").shows("open it with")
        app.press("down", "down", "enter").shows("konto.txt is opened")
        app.until(lambda _screen: told.exists(), "the opener was started")
        option, path = told.read_text().splitlines()
        assert option == "--show"
        assert Path(path).name == "konto.txt"
        assert Path(path).parent.stat().st_mode & 0o777 == 0o700
        assert app.quit() == 0
    assert not Path(path).parent.exists()


def test_the_original_is_one_key_away_and_can_be_searched(morning: Stage) -> None:
    with morning.app() as app:
        opened(app, 1003, "Since Monday").press("v").shows("Original of message", "Subject: VPN drops")
        app.press("/").write("nowhere").press("enter").shows("nowhere is not in it")
        app.press("q").gone("Original of message")
        app.press("c").shows("stays in the house")
        app.write("x").press("ctrl+s").shows("Note on #1003")
        app.press("G", "v").shows("This is no mail; it has no original.")
        assert app.quit() == 0


def test_what_is_new_is_seen_first_and_marked_until_it_was_open(morning: Stage) -> None:
    with morning.app() as app:
        opened(app, 1003, "Since Monday").press("q").shows("1 Mine 0")
        for n in range(12):
            note(morning.desk("bob"), 1003, f"Note {n}\n\nwith lines")
        opened(app, 1003, "● ▪ note · Bob", "Note 11")
        app.press("q").shows("1 Mine 0")
        opened(app, 1003, "Note 11")
        assert "●" not in "\n".join(app.screen()[3:-2])
        assert app.quit() == 0


def test_a_note_that_hands_it_on_stays_on_top_until_one_goes_on(morning: Stage) -> None:
    assign(morning.desk("bob"), [1002], "anna", "Ruft um 15:00 an.")
    with morning.app() as app:
        app.up().shows("8 For me 1")
        opened(app, 1002, "bob hands it on to you: Ruft um 15:00 an.")
        app.press("q").shows("1 Mine 1")
        opened(app, 1002, "bob hands it on to you")
        app.press("r").shows("then: waiting")
        app.write("Gern.").press("ctrl+s").shows("is on its way")
        app.gone("bob hands it on to you")
        assert app.quit() == 0


def test_a_colleague_is_asked_and_has_looked(morning: Stage) -> None:
    note(morning.desk("bob"), 1002, "@anna kennst du das?")
    with morning.app() as app:
        opened(app, 1002, "bob asks you: @anna kennst du das?")
        app.press("q").gone("8 For me 1")
        assert app.quit() == 0
    assert sql(morning.desk().store, "SELECT * FROM notice") == []


def test_a_message_is_quoted_where_one_writes(morning: Stage) -> None:
    with morning.app() as app:
        opened(app, 1003, "Since Monday").press(">").shows("> Since Monday.", "> Tunde")
        app.write("Which gateway?").press("ctrl+s").shows("is on its way")
        assert app.quit() == 0
    said = thread(morning.desk(), 1003)[-1].text
    assert re.search(r"Tunde Okafor wrote:\n> Since Monday\.", said)
    assert said.endswith("Which gateway?")


def test_a_message_becomes_a_ticket_of_its_own(morning: Stage) -> None:
    note(morning.desk("bob"), 1003, "And the printer.")
    with morning.app() as app:
        opened(app, 1003, "And the printer.").press("<").shows(
            re.compile(r"#\d+ is a ticket of its own now, out of #1003")
        )
        app.gone("And the printer.").press("u").shows("Undone")
        app.shows("And the printer.", "a message came back")
        assert app.quit() == 0


def test_a_mail_that_failed_says_why_and_what_can_be_done(morning: Stage) -> None:
    desk = morning.desk()
    reply(desk, 1003, "Which gateway?")
    left(desk, OutboxState.FAILED, "550 no such user")
    with morning.app() as app:
        opened(app, 1003, "not sent", "550 no such user", "press ! to say what is done")
        app.press("!").shows("This mail did not arrive", "send it again", "take it back and edit it")
        app.press("enter").shows("The mail on #1003 is tried again")
        app.shows("waiting to be sent")
        app.press("!").shows("This mail needs nothing")
        assert app.quit() == 0


def test_what_cannot_be_taken_back_is_stepped_over(morning: Stage) -> None:
    desk = morning.desk()
    with morning.app() as app:
        opened(app, 1003, "Since Monday").press("p").shows("Priority")
        app.write("urgent").press("enter").shows("urgent")
        app.press("r").shows("then: waiting")
        app.write("Which gateway?").press("ctrl+s").shows("is on its way")
        sql(desk.store, "UPDATE outbox SET due_at = '2026-01-01'")
        left(desk)
        app.shows("sent · ")
        app.press("u").shows("has left already", "u once more takes back what was done before it.")
        assert row(desk, 1003).status == "waiting_customer"
        app.press("u").shows("Undone: #1003: priority urgent")
        assert (row(desk, 1003).priority, row(desk, 1003).status) == (Priority.HIGH, "waiting_customer")
        app.press("A").shows("yours now")
        app.press("u").shows("Undone: #1003")
        app.press("u").shows("has left already")
        assert app.quit() == 0


def test_on_a_report_it_is_the_mail_that_came_back(morning: Stage) -> None:
    desk = morning.desk()
    reply(desk, 1003, "Which gateway?")
    message_id = left(desk)
    report = (
        "From: MAILER-DAEMON@mx.example\r\nTo: support@desk.example\r\nSubject: Undelivered Mail\r\n"
        "Message-ID: <bounce@mx.example>\r\nAuto-Submitted: auto-replied\r\n"
        'MIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: text/plain\r\n\r\nIt was not delivered.\r\n"
        "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n\r\n"
        "Final-Recipient: rfc822; tunde@client.example\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n"
        f"--b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: <{message_id}>\r\n\r\n--b--\r\n"
    )
    assert received(desk, report.encode()).ticket == 1003
    with morning.app() as app:
        opened(app, 1003, "It was not delivered.").press("G", "!").shows("This mail did not arrive", "send it again")
        app.write("edit").press("enter").shows("The mail on #1003 is a draft again")
        assert app.quit() == 0


def test_an_incident_says_so_and_what_need_not_come_back_neither(morning: Stage) -> None:
    with morning.app() as app:
        opened(app, 1003).press("L").shows("it is an incident")
        app.write("it is an incident").press("enter").shows("Tunde Okafor · an incident")
        app.press("Z").shows("come back in 2")
        app.write("in 2 w").press("enter").shows("comes back ")
        app.press("u").shows("need not come back any more")
        assert app.quit() == 0


def test_within_the_window_u_takes_an_answer_back_and_quitting_asks(morning: Stage) -> None:
    with morning.app(env={"HELPDESK_REPLIES_UNDO_SECONDS": "30"}) as app:
        opened(app, 1003, "Since Monday").press("r").shows("then: waiting")
        app.write("Which gateway?").press("ctrl+s").shows("· u undoes it, 30 s")
        app.shows("leaves today")
        app.press("ctrl+q")
        app.shows(re.compile(r"Your answer leaves in \d+ s, u takes it back"))
        app.press("u").shows("its text is a draft again")
        assert app.quit() == 0
    assert [one.text for one in thread(morning.desk(), 1003)] == ["Since Monday.\n\nTunde"]


def test_an_answer_can_leave_later_and_come_back_in_some_days(morning: Stage) -> None:
    with morning.app() as app:
        opened(app, 1003, "Since Monday").press("r").shows("then: waiting")
        app.write("Which gateway?").press("ctrl+o").shows("What happens after sending")
        app.write("another time").press("enter").shows("When it leaves")
        app.write("yesterday").press("enter").shows("is not a date")
        app.press("ctrl+u").write("+2d").press("enter").shows("leaves ")
        app.press("ctrl+o").shows("What happens after sending")
        app.write("customer, back in 3").press("enter").shows("back in 3 working days")
        app.press("ctrl+s").shows("Reply to #1003 leaves ")
        assert app.quit() == 0
    sent = thread(morning.desk(), 1003)[-1]
    assert sent.leaves_at is not None
    assert sql(morning.desk().store, "SELECT kind FROM timer WHERE done_at IS NULL") == [("remind",)]


def test_a_number_of_days_that_is_none_is_said_and_stays_to_be_mended(morning: Stage) -> None:
    with morning.app() as app:
        opened(app, 1002).press("r").shows("then: waiting for the customer")
        app.press("ctrl+o").shows("What happens after sending")
        app.write("another number of working").press("enter").shows("Back in how many working days")
        app.write("9" * 30).press("enter").shows("is no number of working days.", "Use 1 to 250.")
        app.press(*["backspace"] * 29).press("enter").shows("back in 9 working days")
        assert app.quit() == 0


def test_a_ticket_that_is_opened_anew_knows_nothing_of_the_one_before(morning: Stage) -> None:
    """Its screen is the same one: no text, no notice, no words that were looked for, and the size there is now."""
    desk = morning.desk("bob")
    assign(desk, [1002], "anna", "Ruft um 15:00 an.")
    with morning.app((200, 50)) as app:
        app.up().press("#").shows("Ticket number")
        app.write("1002").press("enter").shows("hands it on to you: Ruft um 15:00 an.", "erika@kunde.example")
        app.press("/").write("Betrag").shows("Betrag")
        app.press("escape").settled(0.4)
        app.press("c").shows("stays in the house", "Esc leave")
        app.write("Noch nicht fertig").shows("draft saved")
        app.press("escape").gone("stays in the house")
        app.settled(0.4)
        app.press("q").shows(re.compile(r"^ ?\d+ tickets", re.MULTILINE))
        app.resize(80, 23)
        app.settled(0.4)
        app.press("#").shows("Ticket number")
        screen = "\n".join(app.write("1003").press("enter").shows("#1003 VPN drops", "Since Monday."))
        for old in ("Ruft um 15:00", "Betrag", "Noch nicht fertig", "erika@kunde.example", "stays in the house"):
            assert old not in screen
        assert all(len(line) <= 80 for line in screen.splitlines())
        assert app.quit() == 0


def test_a_mail_that_waits_for_its_time_is_taken_back_or_let_go(morning: Stage) -> None:
    desk = morning.desk()
    settings.set_queue(morning.desk("root"), "support", ["support@desk.example"])
    reply(desk, 1002, "Morgen mehr.", sending=Sending(leaves_at=datetime.now(UTC) + timedelta(hours=20)))
    with morning.app() as app:
        app.up().press("6", "#").shows("Ticket number")
        app.write("1002").press("enter").shows("Morgen mehr.")
        app.press("G", "!").shows("This mail waits for its time", "let it leave now")
        app.press("enter").shows("The mail on #1002 is a draft again")
        app.press("r").shows("To Erika Beispiel", "Morgen mehr.", "then: waiting for the customer")
        assert app.quit() == 0


def test_what_is_undone_stands_in_the_composer_again_as_it_was(morning: Stage) -> None:
    settings.set_queue(morning.desk("root"), "support", ["support@desk.example"])
    morning.more["HELPDESK_REPLIES_UNDO_SECONDS"] = "10"
    with morning.app() as app:
        app.up().press("6", "#").shows("Ticket number")
        app.write("1002").press("enter").shows("Rechnung")
        app.press("g", "f").shows("Who gets it")
        app.write("toner@liefer.example").press("enter").shows("To  toner@liefer.example")
        app.press("escape").gone("Who gets it")
        app.shows("Forward to toner@liefer.example", "passes on Erika Beispiel", "Esc leave")
        app.write("Nur fuer euch.").shows("draft saved")
        app.press("ctrl+s", "ctrl+s").shows("Before it goes")
        app.settled(0.6)
        assert "Before it goes" in "".join(app.screen()), "two quick ^S are one: nobody has read it yet"
        app.press("ctrl+s").shows("is passed on to toner@liefer.example", "u undoes it, ")
        app.press("u").shows("Undone", "Forward to toner@liefer.example", "Nur fuer euch.", "Tab goes on writing")
        assert app.quit() == 0


def test_what_stands_beside_is_read_on_a_narrow_screen_too(morning: Stage) -> None:
    with morning.app((80, 23)) as app:
        app.up().press("6", "#").shows("Ticket number")
        app.write("1002").press("enter").shows("Rechnung")
        app.press("P").shows("clocks, working time", "for us")
        app.press("G").shows("last word")
        app.press("q").gone("last word")
        assert app.quit() == 0


def test_words_are_counted_and_the_first_from_here_is_shown(morning: Stage) -> None:
    with morning.app() as app:
        app.up().press("6", "#").shows("Ticket number")
        app.write("1002").press("enter").shows("Rechnung")
        app.press("g", "/").write("Rechnung 4711").shows("1 of 2")
        app.press("enter").shows("2 of 2")
        app.write(" einhorn").shows("is not in this thread")
        assert app.quit() == 0


def test_a_mail_says_whom_it_went_to_where_that_is_not_as_usual(morning: Stage) -> None:
    desk, bo = morning.desk(), Person("Bo Chef", "bo@kunde.example")
    first = thread(desk, 1003)[0].id
    reply(desk, 1003, "Nur an Sie.")
    reply(desk, 1003, "Und an Bo.", cc=[bo])
    forward(desk, 1003, first, "Können Sie helfen?", [Person("", "hilfe@netz.example")])
    people = [Person("", f"p{n}@kunde.example") for n in range(12)]
    forward(desk, 1003, first, "An alle.", people)
    mail = a_mail(
        "Wir beide.", sender="Erika <erika@kunde.example>", to="support@desk.example", cc="Bo <bo@kunde.example>"
    )
    received(desk, mail)
    with morning.app((100, 50)) as app:
        screen = opened(app, 1003, "An alle.").screen()
        said = [line.strip("▌ ") for line in screen if re.search(r"^. {3}(To|Cc) ", line)]
        assert said[:2] == ["Cc Bo Chef <bo@kunde.example>", "To hilfe@netz.example"]
        assert "p7@kunde.example +4" in "".join(screen), "as many as anybody reads"
        assert "p8@kunde.example" not in "".join(screen)
        assert next(n for n, line in enumerate(screen) if "Nur an Sie." in line) == 1 + next(
            n for n, line in enumerate(screen) if "◂ Anna" in line
        ), "nothing is said of what is as usual"
        opened(app, 1007, "Wir beide.", "Cc Bo <bo@kunde.example>")
        assert app.quit() == 0
    shown = morning.run("ticket", "show", "1003").stdout
    assert "Cc Bo Chef <bo@kunde.example>" in shown
    assert "To hilfe@netz.example" in shown
