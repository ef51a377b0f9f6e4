"""What the keys of the conversation do, commands do too."""

from __future__ import annotations

from pathlib import Path

import pytest

from helpdesk_tui.desk.door import Desk
from tests.build import MIRA, Place, a_mail, a_ticket, received, row, thread
from tests.cli.conftest import Helpdesk

pytestmark = pytest.mark.one_store


@pytest.fixture
def desk(place: Place) -> Desk:
    """The same store, looked at from within."""
    return place.desk("anna")


@pytest.fixture
def number(desk: Desk) -> int:
    """A ticket a mail opened."""
    return received(desk, a_mail("It burns.")).ticket or 0


def test_a_mail_is_passed_on(helpdesk: Helpdesk, desk: Desk, number: int, tmp_path: Path) -> None:
    (tmp_path / "text").write_text("What does it need?")
    message = thread(desk, number)[0].id
    helpdesk(
        "ticket",
        "forward",
        str(number),
        str(message),
        "--to",
        "Toner AG <help@toner.example>",
        "--text-file",
        str(tmp_path / "text"),
    )
    sent = thread(desk, number)[-1]
    assert [one.address for one in sent.to] == ["help@toner.example"]
    assert "It burns." in sent.quoted
    helpdesk(
        "ticket", "forward", str(number), str(message), "--to", "nobody", "--text-file", str(tmp_path / "text"), code=2
    )


def test_a_call_is_written_down(helpdesk: Helpdesk, desk: Desk, number: int, tmp_path: Path) -> None:
    (tmp_path / "text").write_text("She waits.")
    words = ["ticket", "call", str(number), "--text-file", str(tmp_path / "text"), "--number", "069 1"]
    helpdesk(*words, "--started", "2026-11-23T10:00", "--ended", "2026-11-23T10:04")
    assert thread(desk, number)[-1].call["number"] == "069 1"
    helpdesk(*words, "--started", "soon", code=2)


def test_later_links_and_what_was_merged(helpdesk: Helpdesk, desk: Desk, number: int) -> None:
    other = a_ticket(desk, "Scanner", person=MIRA)
    helpdesk("ticket", "snooze", str(number), "--until", "+4h")
    assert row(desk, number).status == "snoozed"
    helpdesk("ticket", "remind", str(number), "2")
    helpdesk("ticket", "watch", str(number))
    helpdesk("ticket", "watch", str(number), "--stop")
    helpdesk("ticket", "link", str(other), str(number), "--kind", "parent")
    helpdesk("ticket", "link", str(other), str(number), "--remove")
    helpdesk("ticket", "incident", str(number))
    assert row(desk, number).is_incident
    helpdesk("ticket", "merge", str(other), str(number))
    helpdesk("ticket", "split", str(thread(desk, number)[-1].id))
    helpdesk("ticket", "unmerge", str(other))
    assert row(desk, other).merged_into is None


def test_a_mail_that_has_not_failed_is_not_sent_again(helpdesk: Helpdesk, desk: Desk, number: int) -> None:
    message = str(thread(desk, number)[0].id)
    for words in (["again"], ["again", "--though-unsure"], ["sent"], ["edit"]):
        done = helpdesk("outbox", *words[:1], message, *words[1:], code=1)
        assert b"no mail of ours" in done.err


def test_where_the_time_went(helpdesk: Helpdesk, number: int) -> None:
    told = helpdesk.json("why", "wait", str(number))
    assert told["stretches"][-1]["where"] == "unassigned"
    assert abs(sum(told["sums"].values()) - 2 * told["sums"]["whole"]) < 1e-6
    assert b"all its life" in helpdesk("why", "wait", str(number)).out


def test_how_work_is_done_in_a_queue(helpdesk: Helpdesk, as_root: Helpdesk) -> None:
    words = ["queue", "set", "support", "--resolution", "required", "--closes-after", "0"]
    as_root(*words, "--salutation-de", "Hallo {{customer}},", "--signature-en", "Kind regards, {{agent}}")
    told = helpdesk.json("queue", "show", "support")
    assert (told["resolution"], told["closes_after"]) == ("required", 0)
    assert told["salutation"] == {"de": "Hallo {{customer}},"}
    assert b"Kind regards" in helpdesk("queue", "show", "support").out
    as_root("queue", "set", "support", "--salutation-de", "Hallo {{name}},", code=2)


def test_an_answer_from_the_shell_ends_as_the_queue_s_letters_do(
    helpdesk: Helpdesk, as_root: Helpdesk, desk: Desk, number: int
) -> None:
    ends = ["--signature-en", "Kind regards, {{agent}}", "--signature-de", "Viele Grüße, {{agent}}"]
    as_root("queue", "set", "support", *ends)
    helpdesk("ticket", "reply", str(number), stdin=b"Is it on?")
    sent = thread(desk, number)[-1]
    assert (sent.text, sent.quoted) == ("Is it on?", "Kind regards, Anna")
    mail = str(thread(desk, number)[0].id)
    helpdesk("ticket", "forward", str(number), mail, "--to", "help@toner.example", stdin=b"Yours?")
    sent = thread(desk, number)[-1]
    assert sent.quoted.startswith("Kind regards, Anna\n\n")
    assert sent.quoted.endswith("It burns.")
