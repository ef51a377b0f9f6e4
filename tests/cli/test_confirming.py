"""Whether requests are confirmed is asked at the beginning, where somebody can answer, and never forgotten."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from helpdesk_tui.desk.mailroom import ArrivedMail, keep, quarantine
from helpdesk_tui.desk.queue_mail import QueueMail, set_queue_mail
from helpdesk_tui.store.locks import sign
from helpdesk_tui.terms import SYSTEM
from tests.build import Place, a_mail
from tests.cli.conftest import Helpdesk
from tests.services.terminal import PtyProgram

pytestmark = pytest.mark.one_store

on_sqlite = pytest.mark.parametrize("place", ["sqlite"], indirect=True)
INIT = ("init", "--address", "help@shop.example", "--display-name", "Shop", "--zone", "Europe/Berlin")
QUESTION = "Shall every new request be confirmed"


@pytest.fixture
def on_a_terminal(home: Path) -> Callable[..., PtyProgram]:
    """Starts a command on a terminal, in a home of its own."""

    def start(words: Sequence[str]) -> PtyProgram:
        variables = {name: "" for name in os.environ if name.startswith(("HELPDESK_", "XDG_"))}
        argv = [sys.executable, "-m", "helpdesk_tui", *words]
        return PtyProgram(argv, width=100, height=60, env={**variables, "HOME": str(home)})

    return start


class TestInit:
    def test_it_shows_the_text_and_asks(self, on_a_terminal: Callable[..., PtyProgram], bare: Helpdesk) -> None:
        with on_a_terminal(INIT) as program:
            program.wait_for("By when do you answer")
            program.send(b"soon\r")
            program.wait_for("is not a length of working time")
            program.send(b"4h\r")
            program.wait_for(QUESTION)
            assert "Mit freundlichen" in "\n".join(program.screen())
            assert "answer you by" in "\n".join(program.screen())
            program.send(b"\r")
            program.wait_for("sending: no mail can be sent")
        shown = bare.json("queue", "show", "support")
        assert (shown["confirms"], shown["within"]) == (True, "4h")

    def test_who_leaves_at_the_question_has_set_up_nothing(
        self, on_a_terminal: Callable[..., PtyProgram], home: Path
    ) -> None:
        with on_a_terminal([*INIT, "--confirm-within", "none"]) as program:
            program.wait_for(QUESTION)
            assert "as soon as possible" in "\n".join(program.screen())
            program.send(b"\x03")
            assert program.wait() == 1
        assert not (home / ".config/helpdesk-tui/config.toml").exists()

    @pytest.mark.parametrize(
        ("words", "confirms", "within"),
        [([], None, None), (["--confirm", "--confirm-within", "2d"], True, "2d"), (["--no-confirm"], False, None)],
    )
    def test_in_a_script_it_asks_nothing(
        self, bare: Helpdesk, words: list[str], confirms: bool | None, within: str | None
    ) -> None:
        done = bare(*INIT, *words, stdin=b"y\ny\n")
        assert QUESTION.encode() not in done.out + done.err
        shown = bare.json("queue", "show", "support")
        assert (shown["confirms"], shown["within"]) == (confirms, within)
        assert (b"nobody has decided" in done.out) == (confirms is None)

    def test_a_promise_that_is_none_leaves_nothing_in_the_way(self, bare: Helpdesk) -> None:
        bare(*INIT, "--confirm-within", "soon", code=2)
        bare(*INIT, "--confirm-within", "4h")


class TestDoctor:
    def test_it_warns_of_what_nobody_has_decided(self, helpdesk: Helpdesk, place: Place) -> None:
        check = _checks(helpdesk)["confirming requests"]
        assert (check["state"], "billing, support" in check["words"]) == ("warn", True)
        for queue, decision in (("support", True), ("billing", False)):
            set_queue_mail(place.desk("root"), queue, QueueMail(confirms=decision))
        assert "confirming requests" not in _checks(helpdesk), "a queue without an address confirms nothing"

    def test_what_waits_what_is_in_quarantine_and_which_mailbox_fails(self, helpdesk: Helpdesk, place: Place) -> None:
        assert not {"mail that waits", "quarantine", "polling inbox"} & _checks(helpdesk).keys()
        system = place.desk("anna").acting_as(SYSTEM)
        first, _second = (
            keep(system, "inbox", [ArrivedMail(content, place.clock())])[0] for content in (b"one", b"two")
        )
        quarantine(system, first.raw_id, "nothing can be read")
        sign(system.store, "mailbox inbox", place.clock(), "the server hung up")
        sign(system.store, "mailbox calm", place.clock())
        found = _checks(helpdesk)
        assert (
            "1 mail is kept and not filed, the oldest since 2026-11-23T10:00:00Z" in found["mail that waits"]["words"]
        )
        assert found["quarantine"]["words"] == "1 mail could not be read"
        assert found["polling inbox"]["words"] == "in trouble since 2026-11-23T10:00:00Z: the server hung up"
        assert "polling calm" not in found
        place.clock.advance(days=4)
        sign(system.store, "mailbox calm", place.clock())
        assert "polling inbox" not in _checks(helpdesk), "nobody looks into it any more"
        assert all(one["hint"] for one in found.values() if one["state"] != "ok")

    @on_sqlite
    def test_that_no_sender_is_verified_is_an_advice(self, helpdesk: Helpdesk, a_file: Callable[[str], str]) -> None:
        box = '[mailboxes.one]\nhost = "127.0.0.1"\nport = 1\n'
        said = _checks(helpdesk, "--config", a_file(box), code=1)["senders"]
        assert (said["state"], "authserv_id" in said["hint"]) == ("advice", True)
        known = _checks(helpdesk, "--config", a_file(box + 'authserv_id = "mx.desk.example"\n'), code=1)
        assert "senders" not in known

    def test_mail_alone_is_the_ledger_and_what_is_to_be_known(self, helpdesk: Helpdesk, place: Place) -> None:
        helpdesk("mail", "receive", stdin=a_mail())
        document = helpdesk.json("doctor", "mail")
        assert (document["ok"], document["ledger"]["elsewhere"]) == (True, {"pipe": {"new": 1}})
        assert [one["what"] for one in document["checks"]] == ["confirming requests"]
        said = helpdesk("doctor", "mail").out.decode()
        assert said.splitlines()[-1] == "1 mails received · 1 accounted for · 0 lost"
        keep(place.desk("anna").acting_as(SYSTEM), "pipe", [ArrivedMail(b"waits", place.clock())])
        assert b"--fetch" in helpdesk("doctor", "mail", code=1).out


def _checks(helpdesk: Helpdesk, *words: str, code: int = 0) -> dict[str, Any]:
    return {one["what"]: one for one in helpdesk.json(*words, "doctor", code=code)["checks"]}
