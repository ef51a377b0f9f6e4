"""`helpdesk ticket …` and `helpdesk mail …`, from the outside."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.build import Place, a_mail, sql
from tests.cli.conftest import Helpdesk

pytestmark = pytest.mark.one_store

on_sqlite = pytest.mark.parametrize("place", ["sqlite"], indirect=True)
File = Callable[[str | bytes], str]
MIRA = {"name": "Mira Kern", "address": "mira@customer.example"}
LIST_KEYS = {
    "number", "subject", "requester", "queue", "status", "priority", "category", "assignee", "tags", "due_at",
    "created_at", "updated_at",
}  # fmt: skip
SHOW_KEYS = LIST_KEYS | {"summary", "channel", "merged_into", "is_spam", "messages", "events"}
MESSAGE_KEYS = {
    "id", "kind", "is_automatic", "from", "to", "cc", "subject", "text", "quoted", "sent_at", "received_at",
    "message_id", "attachments",
}  # fmt: skip


def a_received(helpdesk: Helpdesk, raw: bytes | None = None) -> str:
    """The number of a ticket that comes in by mail."""
    return str(helpdesk.json("mail", "receive", "-", stdin=raw or a_mail(subject="Printer"))[0]["ticket"])


@pytest.fixture
def worked_on(helpdesk: Helpdesk, a_file: File) -> str:
    """The number of a ticket that came by mail and went through many hands."""
    number = a_received(helpdesk, a_mail("It burns.", subject="Printer", message_id="first@customer.example"))
    helpdesk("ticket", "assign", number, "--take")
    helpdesk("ticket", "set", number, "--priority", "high", "--category", "technical", "--due", "2026-12-01T15:00")
    helpdesk("ticket", "tag", number, "+vpn", "+old")
    helpdesk("ticket", "tag", number, "-old")
    helpdesk("ticket", "reply", number, "--text-file", a_file("Is it on?"))
    helpdesk("ticket", "note", number, "--text-file", "-", stdin=b"He is angry")
    return number


class TestAWorkedOnTicket:
    """Everything about a ticket, on either store."""

    def test_its_fields(self, helpdesk: Helpdesk, worked_on: str) -> None:
        shown = helpdesk.json("ticket", "show", worked_on)
        assert set(shown) >= SHOW_KEYS
        expected = {
            "number": int(worked_on), "subject": "Printer", "requester": MIRA, "queue": "support", "channel": "email",
            "status": "waiting_customer", "priority": "high", "category": "technical", "assignee": "anna",
            "tags": ["vpn"], "due_at": "2026-12-01T15:00:00Z", "summary": None, "merged_into": None, "is_spam": False,
        }  # fmt: skip
        assert {key: shown[key] for key in expected} == expected

    def test_its_messages(self, helpdesk: Helpdesk, worked_on: str) -> None:
        messages = helpdesk.json("ticket", "show", worked_on)["messages"]
        assert all(set(one) >= MESSAGE_KEYS for one in messages)
        assert [(one["kind"], one["text"]) for one in messages] == [
            ("inbound", "It burns."), ("outbound", "Is it on?"), ("note", "He is angry")]  # fmt: skip
        inbound, outbound, note = messages
        assert (inbound["from"], inbound["message_id"]) == (MIRA, "first@customer.example")
        assert inbound["sent_at"] == "2026-11-23T09:55:00Z"
        assert outbound["to"] == [MIRA]
        assert outbound["from"] == {"name": "Anna · Example Support", "address": "support@desk.example"}
        assert (note["message_id"], note["attachments"]) == (None, [])

    def test_its_events(self, helpdesk: Helpdesk, worked_on: str) -> None:
        events = helpdesk.json("ticket", "show", worked_on)["events"]
        assert [one["verb"] for one in events] == ["receive", "assign", "priority", "tag", "tag", "reply", "note"]
        assert [one["actor"] for one in events] == ["system"] + ["anna"] * 6
        assert all(set(one) == {"id", "batch", "at", "actor", "verb", "changes"} for one in events)
        assert events[1]["changes"] == {"assignee": [None, "anna"]}
        assert events[2]["changes"]["due_at"] == [None, "2026-12-01T15:00:00Z"]
        assert events[2]["changes"]["category"] == [None, "technical"]

    def test_its_mail_waits_and_the_answer_finds_back(self, helpdesk: Helpdesk, worked_on: str) -> None:
        (queued,) = helpdesk.json("outbox", "list")
        expected = {
            "ticket": int(worked_on), "to": [MIRA], "cc": [], "subject": "Re: Printer", "state": "queued",
            "from": {"name": "Anna · Example Support", "address": "support@desk.example"},
        }  # fmt: skip
        assert {key: queued[key] for key in expected} == expected
        answer = a_mail("Yes.\n\n> Is it on?", In_Reply_To=f"<{queued['message_id']}>")
        (filed,) = helpdesk.json("mail", "receive", stdin=answer)
        assert (filed["disposition"], filed["ticket"], filed["file"]) == ("appended", int(worked_on), "-")
        shown = helpdesk.json("ticket", "show", worked_on)
        assert shown["status"] == "open"
        assert (shown["messages"][-1]["text"], shown["messages"][-1]["quoted"]) == ("Yes.", "> Is it on?")


def test_a_mail_is_filed_and_kept_byte_for_byte(helpdesk: Helpdesk, a_file: File) -> None:
    raw = a_mail()
    path = a_file(raw)
    (filed,) = helpdesk.json("mail", "receive", path)
    assert (filed["file"], filed["disposition"], filed["linked_to"]) == (path, "new", None)
    assert set(filed["why"]) == {"row", "reason"}
    assert helpdesk("mail", "raw", str(filed["message"])).out == raw


def test_a_verb_prints_its_outcome(helpdesk: Helpdesk) -> None:
    number = a_received(helpdesk)
    taken = helpdesk.json("ticket", "assign", number, "--take")
    assert set(taken) == {"outcome", "batch", "tickets"}
    assert (taken["outcome"], taken["tickets"]) == (f"#{number}: yours now", [int(number)])
    assert helpdesk.json("ticket", "show", number)["events"][-1]["batch"] == taken["batch"]


@on_sqlite
class TestLists:
    """`ticket list`: what has not ended, newest change first."""

    def test_the_order_the_limit_and_what_is_left_out(self, helpdesk: Helpdesk) -> None:
        numbers = [a_received(helpdesk) for _ in range(3)]
        helpdesk("ticket", "set", numbers[0], "--priority", "low")
        helpdesk("ticket", "set", numbers[1], "--status", "closed")
        listed = helpdesk.json("ticket", "list")
        assert all(set(one) == LIST_KEYS for one in listed)
        assert [str(one["number"]) for one in listed] == [numbers[0], numbers[2]]
        assert (listed[0]["category"], listed[0]["assignee"], listed[0]["due_at"], listed[0]["tags"]) == (
            None, None, None, [])  # fmt: skip
        assert [str(one["number"]) for one in helpdesk.json("ticket", "list", "is:any", "--limit", "1")] == [numbers[1]]
        assert len(helpdesk.json("ticket", "list", "is:any")) == 3
        assert helpdesk.json("ticket", "list", "queue:billing") == []
        assert len(helpdesk.json("ticket", "list", "is:open -tag:vpn printer")) == 2
        assert len(helpdesk.json("ticket", "list", "is:open", "printer")) == 2

    def test_what_is_nobodys_is_not_mine(self, helpdesk: Helpdesk) -> None:
        mine, nobodys = a_received(helpdesk), a_received(helpdesk)
        helpdesk("ticket", "assign", mine, "--take")
        for query in ("-me", "-assignee:me"):
            assert [str(one["number"]) for one in helpdesk.json("ticket", "list", query)] == [nobodys]
        assert [str(one["number"]) for one in helpdesk.json("ticket", "list", "me")] == [mine]

    def test_fifty_at_first_and_all_for_nought(self, helpdesk: Helpdesk, a_file: File) -> None:
        files = [a_file(a_mail(subject=f"mail {n}")) for n in range(52)]
        filed = helpdesk.json("mail", "receive", *files)
        assert [one["file"] for one in filed] == files
        assert len(helpdesk.json("ticket", "list")) == 50
        assert len(helpdesk.json("ticket", "list", "--limit", "0")) == 52


@on_sqlite
class TestVerbs:
    """Each prints its outcome, its batch and the tickets it touched."""

    def test_a_call_becomes_a_ticket(self, helpdesk: Helpdesk, a_file: File) -> None:
        words = ["--from", "Ida Rot <ida@customer.example>", "--phone", "089 123", "--queue", "billing"]
        more = ["--priority", "urgent", "--channel", "walk_in", "--text-file", a_file("twice")]
        made = helpdesk.json("ticket", "new", "--subject", "Invoice", *words, *more)
        shown = helpdesk.json("ticket", "show", str(made["tickets"][0]))
        assert (shown["subject"], shown["queue"], shown["priority"], shown["channel"]) == (
            "Invoice", "billing", "urgent", "walk_in")  # fmt: skip
        assert shown["requester"] == {"name": "Ida Rot", "address": "ida@customer.example"}

    def test_the_same_batch_again_is_the_first_outcome(self, helpdesk: Helpdesk) -> None:
        words = ["ticket", "new", "--subject", "Fax", "--from", "Ida", "--batch-id", "call-1"]
        assert helpdesk.json(*words) == helpdesk.json(*words)
        assert len(helpdesk.json("ticket", "list")) == 1

    def test_several_tickets_at_once(self, helpdesk: Helpdesk) -> None:
        numbers = [a_received(helpdesk) for _ in range(2)]
        assert helpdesk.json("ticket", "assign", *numbers, "bob")["tickets"] == [int(n) for n in numbers]
        assert helpdesk.json("ticket", "assign", f"#{numbers[0]}", "--none")["tickets"] == [int(numbers[0])]
        helpdesk("ticket", "tag", *numbers, "+vpn")
        helpdesk("ticket", "set", *numbers, "--status", "solved", "--queue", "billing", "--summary", "done")
        shown = helpdesk.json("ticket", "show", numbers[1])
        assert (shown["assignee"], shown["tags"], shown["status"]) == ("bob", ["vpn"], "solved")
        assert (shown["queue"], shown["summary"], shown["subject"]) == ("billing", "done", "Printer")

    @pytest.mark.parametrize("name", ["old", "hardware", "h", "x-h"])
    def test_a_tag_of_any_name_is_taken_off(self, helpdesk: Helpdesk, name: str) -> None:
        number = a_received(helpdesk)
        helpdesk("ticket", "tag", number, f"+{name}")
        assert helpdesk.json("ticket", "tag", number, f"-{name}")["tickets"] == [int(number)]
        assert helpdesk.json("ticket", "show", number)["tags"] == []

    def test_undo_and_redo_name_what_they_do(self, helpdesk: Helpdesk) -> None:
        number = a_received(helpdesk)
        first = helpdesk.json("ticket", "set", number, "--priority", "high")
        helpdesk("ticket", "set", number, "--status", "open")
        assert helpdesk.json("ticket", "undo")["outcome"] == f"Undone: #{number}: status open"
        assert helpdesk.json("ticket", "redo")["outcome"] == f"Done again: #{number}: status open"
        assert helpdesk.json("ticket", "undo", "--batch", first["batch"])["tickets"] == [int(number)]
        shown = helpdesk.json("ticket", "show", number)
        assert (shown["status"], shown["priority"]) == ("open", "normal")

    @pytest.mark.parametrize(
        ("words", "due_at"),
        [
            ("2026-12-01T15:00", "2026-12-01T14:00:00Z"),
            ("2026-12-01T15:00+03:00", "2026-12-01T12:00:00Z"),
            ("2026-07-01", "2026-07-01T21:59:00Z"),
            ("none", None),
        ],
    )
    def test_due_dates_are_local_where_no_zone_is_named(
        self, helpdesk: Helpdesk, words: str, due_at: str | None
    ) -> None:
        helpdesk.variables["TZ"] = "Europe/Berlin"
        number = a_received(helpdesk)
        helpdesk("ticket", "set", number, "--due", "2026-01-01")
        helpdesk("ticket", "set", number, "--due", words)
        assert helpdesk.json("ticket", "show", number)["due_at"] == due_at


@on_sqlite
class TestMail:
    """`mail receive` says what became of each mail; a mail server hears 75 where it should try again."""

    def test_every_fate_is_named(self, helpdesk: Helpdesk, a_file: File) -> None:
        mail, robot = a_file(a_mail()), a_file(a_mail(Auto_Submitted="auto-generated"))
        bounce = (
            b"From: mailer-daemon@x.example\nTo: support@desk.example\nSubject: failed\n"
            b"Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n"
            b"--b\n\nno such user\n--b\nContent-Type: message/delivery-status\n\n"
            b"Reporting-MTA: dns; x\n\nFinal-Recipient: rfc822; a@b.example\nAction: failed\nStatus: 5.1.1\n\n--b--\n"
        )
        files = [mail, mail, robot, a_file(bounce), a_file(b"")]
        filed = helpdesk.json("mail", "receive", *files)
        for file, one in zip(files, filed, strict=True):
            assert helpdesk("mail", "raw", str(one["message"])).out == Path(file).read_bytes()
        assert [one["disposition"] for one in filed] == ["new", "duplicate", "robot", "bounce", "quarantined"]
        assert all(list(one) == ["file", "disposition", "ticket", "message", "linked_to", "why"] for one in filed)
        assert [one["ticket"] is None for one in filed] == [False, False, True, True, True]
        assert [one["disposition"] for one in helpdesk.json("mail", "list", "--disposition", "robot")] == ["robot"]

    def test_what_cannot_be_read_is_tried_again_by_command(self, helpdesk: Helpdesk, a_file: File) -> None:
        filed, unread = helpdesk.json("mail", "receive", a_file(a_mail()), a_file(b""))
        for words in ([], [str(unread["message"])]):
            (again,) = helpdesk.json("mail", "retry", *words)
            assert (again["disposition"], again["message"]) == ("quarantined", unread["message"])
            assert "neither a sender nor any text" in again["why"]["reason"]
        refused = helpdesk("mail", "retry", str(filed["message"]), code=1)
        assert b"is not in quarantine" in refused.err

    def test_an_attachment_is_listed_and_the_mail_is_kept_whole(self, helpdesk: Helpdesk) -> None:
        content = bytes(range(256)) * 8000
        raw = (
            b"From: mira@customer.example\r\nTo: support@desk.example\r\nSubject: scan\r\n"
            b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nsee there\r\n--b\r\n"
            b'Content-Type: application/pdf\r\nContent-Disposition: attachment; filename="../../scan.pdf"\r\n'
            b"Content-Transfer-Encoding: base64\r\n\r\n" + base64.encodebytes(content) + b"\r\n--b--\r\n"
        )
        (filed,) = helpdesk.json("mail", "receive", stdin=raw)
        assert helpdesk("mail", "raw", str(filed["message"])).out == raw
        (attachment,) = helpdesk.json("ticket", "show", str(filed["ticket"]))["messages"][0]["attachments"]
        assert attachment["sha256"] == hashlib.sha256(content).hexdigest()
        assert (attachment["content_type"], attachment["size"]) == ("application/pdf", len(content))
        assert "/" not in attachment["name"]

    def test_the_queue_may_be_named(self, helpdesk: Helpdesk) -> None:
        (filed,) = helpdesk.json("mail", "receive", "--queue", "billing", stdin=a_mail(subject="Printer"))
        assert helpdesk.json("ticket", "show", str(filed["ticket"]))["queue"] == "billing"
        helpdesk("mail", "receive", "--queue", "nowhere", stdin=a_mail(), code=75)

    def test_a_stored_mail_is_not_asked_for_again(
        self, helpdesk: Helpdesk, place: Place, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """It is stored and cannot be filed now: the mail server is told that it is stored, and the next call files it."""
        sql(place.store(), "ALTER TABLE ticket_words RENAME TO away")
        done = helpdesk("mail", "receive", "--queue", "billing", "--json", stdin=a_mail(subject="Held up"))
        (kept,) = json.loads(done.out)
        assert (kept["disposition"], kept["ticket"]) == (None, None)
        assert b"no such table: ticket_words" in done.err
        assert b"Held up" in helpdesk("mail", "raw", str(kept["message"])).out
        sql(place.store(), "ALTER TABLE away RENAME TO ticket_words")
        helpdesk("mail", "receive", stdin=a_mail(subject="Printer"))
        assert {one["subject"]: one["queue"] for one in helpdesk.json("ticket", "list")} == {
            "Held up": "billing",
            "Printer": "support",
        }

    @pytest.mark.parametrize("message", ["0", "4711", "-1", "x"])
    def test_a_message_that_is_no_mail_has_no_bytes(self, helpdesk: Helpdesk, message: str) -> None:
        done = helpdesk("mail", "raw", message, code=1 if message.isdigit() else 2)
        assert done.out == b""

    def test_a_note_has_no_bytes(self, helpdesk: Helpdesk) -> None:
        number = a_received(helpdesk)
        helpdesk("ticket", "note", number, stdin=b"x")
        note: dict[str, Any] = helpdesk.json("ticket", "show", number)["messages"][-1]
        helpdesk("mail", "raw", str(note["id"]), code=1)
