"""No command says a word of a queue one does not belong to, whatever it is asked."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Mapping

import pytest
import typer

from helpdesk_tui.cli.main import app
from tests.build import Place, a_ticket
from tests.cli.conftest import Helpdesk
from tests.sampling import IS_LONG
from tests.services import starter
from tests.store.secrets import CANARY, HEIDI, Secret, a_secret, set_up_hr

pytestmark = pytest.mark.one_store

MISSING = Secret(ticket=987_001, number=987_002, message=987_003, raw=1_000_987_004, customer=987_005)
Calls = Callable[[Secret], list[list[str]]]
#: How each command is called that could show something; all of them as somebody who may not see it.
COMMANDS: dict[str, Calls] = {
    "ticket list": lambda _hidden: [
        [], ["is:any"], [CANARY], ["is:due"], ["is:failed"], ["queue:hr"], [f"tag:{CANARY}"], ["--limit", "0", "is:any"],
    ],
    "ticket show": lambda hidden: [[str(hidden.number)]],
    "ticket assign": lambda hidden: [[str(hidden.number), "bob"], [str(hidden.number), "--take"]],
    "ticket set": lambda hidden: [[str(hidden.number), "--status", "solved"], [str(hidden.number), "--queue", "support"]],
    "ticket accept": lambda hidden: [[str(hidden.number)], [str(hidden.number), "x@y.example"]],
    "ticket merge": lambda hidden: [[str(hidden.number), "1"], ["1", str(hidden.number)]],
    "ticket tag": lambda hidden: [[str(hidden.number), "+x"]],
    "ticket reply": lambda hidden: [[str(hidden.number)]],
    "ticket note": lambda hidden: [[str(hidden.number)]],
    "ticket forward": lambda hidden: [[str(hidden.number), str(hidden.message), "--to", "x@y.example"]],
    "ticket call": lambda hidden: [[str(hidden.number)]],
    "ticket snooze": lambda hidden: [[str(hidden.number), "--until", "+4h"]],
    "ticket remind": lambda hidden: [[str(hidden.number), "3"]],
    "ticket watch": lambda hidden: [[str(hidden.number)], [str(hidden.number), "--stop"]],
    "ticket link": lambda hidden: [[str(hidden.number), "1"], ["1", str(hidden.number)], [str(hidden.number), "1", "--remove"]],
    "ticket incident": lambda hidden: [[str(hidden.number)], [str(hidden.number), "--end"]],
    "ticket split": lambda hidden: [[str(hidden.message)]],
    "ticket unmerge": lambda hidden: [[str(hidden.number)]],
    "canned list": lambda _hidden: [[], ["--queue", "hr"], ["--toml"]],
    "canned remove": lambda _hidden: [["Dismissal", "--shared"]],
    "macro list": lambda _hidden: [[], ["--queue", "hr"], ["--toml"]],
    "macro run": lambda hidden: [["Dismissal", "1"], ["x", str(hidden.number)]],
    "macro remove": lambda _hidden: [["Dismissal", "--shared"]],
    "outbox again": lambda hidden: [[str(hidden.message)], [str(hidden.message), "--though-unsure"]],
    "outbox sent": lambda hidden: [[str(hidden.message)]],
    "outbox edit": lambda hidden: [[str(hidden.message)]],
    "ticket new": lambda _hidden: [["--subject", "x", "--from", HEIDI.address, "--queue", "hr"]],
    "ticket undo": lambda _hidden: [["--batch", "abc"]],
    "ticket redo": lambda _hidden: [[]],
    "mail list": lambda _hidden: [[], ["--disposition", "robot"], ["--disposition", "quarantined"]],
    "mail raw": lambda hidden: [[str(hidden.message)], [str(hidden.raw)]],
    "mail ledger": lambda _hidden: [[], ["--fetch"]],
    "mail aside": lambda _hidden: [[], ["--kind", "robots"], ["--kind", "quarantine"]],
    "mail ticket": lambda hidden: [[str(hidden.message)], [str(hidden.raw)]],
    "mail dismiss": lambda hidden: [[str(hidden.message)], [str(hidden.raw)]],
    "why mail": lambda hidden: [[str(hidden.message)], [str(hidden.raw)]],
    "why wait": lambda hidden: [[str(hidden.number)]],
    "outbox list": lambda _hidden: [[]],
    "customer find": lambda _hidden: [[HEIDI.address], [CANARY]],
    "customer show": lambda hidden: [[str(hidden.customer)], ["069 7654321"]],
    "customer set": lambda hidden: [[str(hidden.customer), "--name", "x"]],
    "customer add-address": lambda hidden: [[str(hidden.customer), "x@y.example"]],
    "customer remove-address": lambda hidden: [[str(hidden.customer), HEIDI.address]],
    "customer add-phone": lambda hidden: [[str(hidden.customer), "069 1"]],
    "customer remove-phone": lambda hidden: [[str(hidden.customer), "069 7654321"]],
    "customer join": lambda hidden: [[str(hidden.customer), "1"], ["1", str(hidden.customer)]],
    "customer split": lambda _hidden: [["1"]],
    "callback list": lambda _hidden: [[], ["--all"]],
    "callback book": lambda hidden: [[str(hidden.number), "--team", "people", "--next", "--number", "069 1234567"]],
    "callback move": lambda hidden: [[str(hidden.number), "--next"]],
    "callback cancel": lambda hidden: [[str(hidden.number)]],
    "callback outcome": lambda hidden: [[str(hidden.number), "reached"]],
    "callback pattern list": lambda _hidden: [[]],
    "queue list": lambda _hidden: [[]],
    "queue show": lambda _hidden: [["support"], ["hr"]],
    "agent list": lambda _hidden: [[]],
    "agent hand-over": lambda _hidden: [["anna", "--dry-run"], ["bob", "--dry-run"], ["bob", "--to", "anna"]],
    "team list": lambda _hidden: [[]],
    "category list": lambda _hidden: [[]],
    "setting list": lambda _hidden: [[]],
    "import list": lambda _hidden: [[]],
    "import rejects": lambda _hidden: [["abc"]],
    "import undo": lambda _hidden: [["abc"]],
    "export jsonl": lambda _hidden: [["-"]],
    "db info": lambda _hidden: [[]],
    "doctor": lambda _hidden: [[], ["mail"]],
}  # fmt: skip
#: Commands that show nothing of what is in a store, and why.
SILENT = {
    "mail receive": "says what became of the mail one hands over oneself",
    "mail retry": "files what no queue has seen yet, as the program",
    "canned apply": "says what one keeps oneself",
    "macro apply": "says what one keeps oneself",
    "poll": "says how many mails came",
    "db upgrade": "the schema",
    "db reindex": "says how many tickets there are, to who may run it",
    "board": "a screen, which asks the same questions",
    "init": "makes a store",
    "demo": "makes a store",
    "callback slots": "how much of a team's time is taken is the team's",
    "callback pattern set": "a lead's",
    "callback pattern apply": "a lead's",
    "callback exception add": "a lead's",
    "callback exception remove": "a lead's",
    "queue add": "an admin's",
    "queue set": "an admin's",
    "agent add": "an admin's",
    "agent set": "an admin's",
    "team add": "an admin's",
    "category add": "an admin's",
    "setting set": "an admin's",
    "import mbox": "an admin's",
    "import maildir": "an admin's",
    "import csv": "an admin's",
    "import jsonl": "an admin's",
}


def test_the_lists_above_name_every_command() -> None:
    assert set(_commands(app)) == {*COMMANDS, *SILENT}
    assert not COMMANDS.keys() & SILENT.keys()


def _commands(group: typer.Typer, before: str = "") -> Iterator[str]:
    for one in group.registered_commands:
        name = one.name or (one.callback.__name__.replace("_", "-") if one.callback else "")
        yield f"{before}{name}"
    for inner in group.registered_groups:
        if inner.typer_instance is not None:
            yield from _commands(inner.typer_instance, f"{before}{inner.name} ")


@pytest.fixture
def outsider(place: Place, home: object) -> Helpdesk:
    """Bob, who does not belong to hr, and has a ticket of his own."""
    set_up_hr(place)
    a_ticket(place.desk("bob"), "Printer")
    who = () if place.is_postgres else ("--as", "bob")
    return Helpdesk(home, ("--store", place.url_of("bob"), *who))  # type: ignore[arg-type]


def _said(outsider: Helpdesk, hidden: Secret, commands: Mapping[str, Calls] = COMMANDS) -> dict[str, str]:
    """What each call prints, as people or as programs read it (all of it in the long run), and how it ends."""
    said = {}
    for command, calls in commands.items():
        for number, words in enumerate(calls(hidden)):
            ways: list[list[str]] = [[], ["--json"]]
            for more in ways if IS_LONG else [random.Random(f"{command} {number}").choice(ways)]:
                call = [*command.split(), *words, *(more if command not in ("mail raw", "export jsonl") else [])]
                done = starter.run(
                    [*outsider.words, *call], {"HOME": str(outsider.home), "TZ": "UTC"}, outsider.home, b"text"
                )
                text = f"{done.code} {done.out.decode()} {done.err.decode()}"
                for one in vars(hidden).values():
                    text = re.sub(rf"\b{one}\b", "N", text) if done.code else text
                said[f"{command} {number} {more}"] = text
    return said


def test_no_command_knows_what_lies_in_a_queue_of_others(place: Place, outsider: Helpdesk) -> None:
    before = _said(outsider, MISSING)
    after = _said(outsider, a_secret(place))
    assert {call: text for call, text in after.items() if text != before[call]} == {}
    assert CANARY.casefold() not in str(after).replace(f"tag:{CANARY}", "").casefold()


def test_the_same_commands_show_it_to_who_belongs_there(place: Place, outsider: Helpdesk, helpdesk: Helpdesk) -> None:
    which = {"ticket list", "ticket show", "mail list", "mail raw", "outbox list"}
    asked = COMMANDS if IS_LONG else {one: COMMANDS[one] for one in which}
    before = _said(helpdesk, MISSING, asked)
    after = _said(helpdesk, a_secret(place), asked)
    assert CANARY in str(after)
    assert which <= {" ".join(call.split()[:2]) for call, text in after.items() if text != before[call]}


@pytest.mark.parametrize("place", ["postgres"], indirect=True)
def test_who_does_not_belong_everywhere_takes_no_mail_in(place: Place, outsider: Helpdesk) -> None:
    done = outsider("mail", "receive", stdin=b"From: a@b.example\r\n\r\nHello", code=75)
    assert b"bob does not belong to hr" in done.err
    assert b"helpdesk agent set LOGIN --queue +hr" in done.err
