"""What commands print about hostile text, on a terminal and for programs, and what they say when they refuse it."""

from __future__ import annotations

import json
import logging
import sys
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formataddr
from pathlib import Path

import pytest

from helpdesk_tui.mail.ingest import file_kept
from helpdesk_tui.terms import SYSTEM
from tests.build import Proves, sql
from tests.screens.hostile import fill_by_mail, hostile_mail, overwrite_rows, set_up_by_verbs
from tests.screens.payloads import MARKUP, PAYLOADS
from tests.screens.stage import LARGE, OpenApp, Stage, wait_until
from tests.services.escapes import forbidden_bytes

#: A table's own: colours for its heads; tabs do no harm to a terminal.
ALLOWED = ("TAB",)
LISTS = (
    ("ticket", "list", "is:any"),
    ("mail", "list"),
    ("outbox", "list"),
    ("queue", "list"),
    ("agent", "list"),
    ("team", "list"),
    ("category", "list"),
)
_NOT_IN_A_NAME = str.maketrans("", "", "/\x00")
#: Runs many commands in one process, as its owner would type them one after the other.
RUN_ALL = """
import json, sys
from helpdesk_tui.cli.main import run
for words in json.loads(open(sys.argv[1]).read()):
    try:
        code = run(words)
    except SystemExit as end:
        code = end.code
    print("== ended", code, flush=True)
"""


@pytest.fixture(params=["by mail", "past the gates"])
def hostile_stage(stage: Stage, request: pytest.FixtureRequest) -> Stage:
    """Hostile text as the intake keeps it, and as it could stand in the tables."""
    set_up_by_verbs(stage, fill_by_mail(stage, is_encoded=True))
    if request.param == "past the gates":
        overwrite_rows(stage)
    return stage


def test_what_commands_print_for_people(hostile_stage: Stage) -> None:
    shown = [("ticket", "show", str(number)) for number in _numbers(hostile_stage)]
    written = _run_on_a_terminal(hostile_stage, [*LISTS, *shown, ("doctor",)])
    assert written.count(b"== ended 0") >= len(LISTS) + len(shown)
    assert b"Traceback" not in written
    assert forbidden_bytes(written, ALLOWED) == []
    for payload in MARKUP.values():
        assert payload in written.decode()


def test_what_commands_print_for_programs(hostile_stage: Stage) -> None:
    shown = [("ticket", "show", str(number)) for number in _numbers(hostile_stage)]
    commands = [(*words, "--json") for words in (*LISTS, *shown)]
    written = _run_on_a_terminal(hostile_stage, commands)
    assert written.count(b"== ended 0") == len(commands)
    assert forbidden_bytes(written) == []
    assert written.replace(b"\r\n", b"\n").decode("ascii").isascii()
    for document in written.decode().replace("\r\n", "\n").split("== ended 0\n")[:-1]:
        json.loads(document)


@pytest.mark.parametrize("is_sample", [True, pytest.param(False, marks=pytest.mark.long)], ids=["sample", "all"])
@pytest.mark.parametrize("as_json", [False, True], ids=["people", "programs"])
def test_what_commands_say_when_they_refuse(stage: Stage, as_json: bool, is_sample: bool, proves: Proves) -> None:
    set_up_by_verbs(stage, fill_by_mail(stage, is_encoded=True))
    commands = _refused(stage)[:: 7 if is_sample else 1]
    written = _run_on_a_terminal(stage, [[*words, *(["--json"] if as_json else [])] for words in commands])
    assert written.count(b"== ended") == len(commands)
    assert b"== ended 0" not in written
    assert b"Traceback" not in written
    assert b"Error" not in written
    assert forbidden_bytes(written, ALLOWED) == []
    proves("hostile commands refused", len(commands))


def test_what_taking_in_mail_says(stage: Stage) -> None:
    files = []
    for at, payload in enumerate(PAYLOADS.values()):
        file = stage.folder / f"{at:02}{payload.translate(_NOT_IN_A_NAME)}.eml"
        file.write_bytes(hostile_mail(at, payload, is_encoded=at % 2 == 0))
        files.append(str(file))
    broken = stage.folder / "broken.eml"
    broken.write_bytes(b"\x1b]52;c;ZXZpbA==\x07\x00\xff" * 10)
    files.append(str(broken))
    written = _run_on_a_terminal(stage, [("mail", "receive", *files), ("mail", "receive", "--json", *files[:3])])
    assert forbidden_bytes(written, ALLOWED) == []
    assert written.count(b"== ended 0") == 2


def test_raw_bytes_are_not_for_a_terminal(stage: Stage) -> None:
    fill_by_mail(stage, is_encoded=False)
    (message, raw) = sql(stage.desk().store, "SELECT id, raw_id FROM message ORDER BY id")[0]
    written = _run_on_a_terminal(stage, [("mail", "raw", str(message)), ("mail", "raw", str(raw))])
    assert written.count(b"A raw mail is not for a terminal.") == 2
    assert forbidden_bytes(written) == []
    assert b"\x1b]52;" in stage.run("mail", "raw", str(message)).stdout.encode()


def test_the_log_quotes_no_mail(
    stage: Stage, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill_by_mail(stage, is_encoded=False)
    caplog.set_level(logging.DEBUG)

    def broken(*_args: object) -> None:
        raise ValueError("".join(PAYLOADS.values()))

    monkeypatch.setattr("helpdesk_tui.desk.mailroom.file", broken)
    raw_id = sql(stage.desk().store, "SELECT min(id) FROM raw_message")[0][0]
    sql(stage.desk().store, f"UPDATE raw_message SET disposition = NULL WHERE id = {raw_id}")
    file_kept(stage.desk().acting_as(SYSTEM), raw_id, b"From: a@b.example\n\nHello")
    assert f"mail {raw_id} could not be filed: ValueError" in caplog.text
    assert forbidden_bytes(caplog.text.encode()) == []


def test_the_demo_s_customer_reads_only_what_is_clean(stage: Stage) -> None:
    with OpenApp([sys.executable, "-m", "helpdesk_tui", "demo"], *LARGE, _demo_environment(stage)) as app:
        app.shows("The customer's mailbox", "Empty. Answer a ticket", timeout=40)
        (box,) = stage.folder.glob("helpdesk-demo-*/customers")
        for at, payload in enumerate(PAYLOADS.values()):
            (box / "tmp" / str(at)).write_bytes(_letter(at, payload))
            (box / "tmp" / str(at)).rename(box / "new" / f"{at:03}.hostile")
        app.shows(f"Subject{len(PAYLOADS) - 1:02} [[/x end", "Body36 $name [$error] end", "is writing")
        for at, payload in list(enumerate(PAYLOADS.values()))[-4:]:
            assert any(f"Subject{at:02} {payload} end"[:36] in line for line in app.screen())
        wait_until(lambda: not list((box / "new").iterdir()), "all is read")
        app.settled(0.5)
        assert app.alive
        assert forbidden_bytes(app.bytes_seen()) == []
        app.press("ctrl+q")
        app.wait()


def _letter(at: int, payload: str) -> bytes:
    """A mail to the customer as the help desk composes it: nothing in its fields breaks a line."""
    words = " ".join(payload.splitlines()).replace("\t", " ")
    mail = EmailMessage(SMTP)
    mail["From"], mail["To"] = formataddr((f"Desk{at:02} {words}", "desk@desk.example")), "kundin@example.org"
    mail["Subject"], mail["Message-ID"] = f"Subject{at:02} {words} end", f"<{at}@desk.example>"
    mail.set_content(f"Body{at:02} {payload} end")
    return mail.as_bytes()


def _run_on_a_terminal(stage: Stage, commands: object) -> bytes:
    """What these commands write to a terminal, all run by Anna."""
    listed = stage.folder / "commands.json"
    listed.write_text(json.dumps([["--as", "anna", *words] for words in commands]))  # type: ignore[attr-defined]
    with OpenApp([sys.executable, "-c", RUN_ALL, str(listed)], *LARGE, stage.environment) as program:
        assert program.wait(60) == 0
        return program.bytes_seen()


def _numbers(stage: Stage) -> list[int]:
    return [row[0] for row in sql(stage.desk().store, "SELECT number FROM ticket ORDER BY id")]


def _refused(stage: Stage) -> list[list[str]]:
    """Commands that cannot work, with each payload as the word that is wrong."""
    commands = []
    for payload in (one.replace("\x00", "") for one in PAYLOADS.values()):
        missing = str(Path(stage.folder) / payload.replace("/", "_"))
        commands += [
            ["ticket", "list", f"is:{payload}x"],
            ["ticket", "show", f"x{payload}"],
            ["ticket", "assign", "1001", f"x{payload}"],
            ["ticket", "set", "1001", "--queue", f"x{payload}"],
            ["ticket", "set", "1001", "--category", f"x{payload}"],
            ["ticket", "set", "1001", "--status", f"x{payload}"],
            ["ticket", "set", "1001", "--due", f"x{payload}"],
            ["ticket", "note", "1001", "--text-file", missing],
            ["ticket", "new", "--subject", payload, "--from", "X", "--queue", f"x{payload}"],
            ["queue", "add", f"x {payload}"],
            ["agent", "add", f"x {payload}"],
            ["mail", "receive", missing],
            [f"x{payload}"],
            ["ticket", f"x{payload}"],
            ["ticket", "list", f"--x{payload}"],
            ["--config", missing, "ticket", "list"],
            ["--store", f"no{payload}://x", "ticket", "list"],
            ["--as", f"x{payload}", "ticket", "list"],
        ]
    return commands


def _demo_environment(stage: Stage) -> dict[str, str]:
    return {**stage.environment, "HELPDESK_STORE": ""}
