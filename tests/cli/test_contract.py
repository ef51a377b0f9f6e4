"""What every command promises: one document, clean output, and an exit code that means something."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk_tui.cli.output import plain
from tests.build import Place, a_mail
from tests.cli.conftest import Helpdesk
from tests.services import starter
from tests.services.postgres import PostgresServer
from tests.services.starter import Ended

pytestmark = pytest.mark.one_store

on_sqlite = pytest.mark.parametrize("place", ["sqlite"], indirect=True)
HOSTILE = "\x1b]52;c;ZXZpbA==\x07\x1b[31mred\x1b[0m \x9b31m\u202egnp.exe\x08\x00[/bold][@click=app.quit]x[/]"
UTC_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


@on_sqlite
@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["ticket", "show", "1"], 1),
        (["ticket", "show", "x"], 2),
        (["ticket", "show"], 2),
        (["ticket", "list", "is:opne"], 2),
        (["ticket", "list", "--limit", "-1"], 2),
        (["ticket", "frobnicate"], 2),
        (["ticket", "list", "--frobnicate"], 2),
        (["ticket", "set", "1"], 2),
        (["ticket", "set", "1", "--status", "overdue"], 2),
        (["ticket", "set", "1", "--due", "someday"], 2),
        (["ticket", "set", "1", "--due", "+99999999999999h"], 2),
        (["ticket", "set", "1", "--due", "0001-01-01"], 2),
        (["ticket", "assign", "1"], 2),
        (["ticket", "assign", "1", "--take", "--none"], 2),
        (["ticket", "assign", "1", "bob"], 1),
        (["ticket", "assign", "\N{SUPERSCRIPT TWO}", "bob"], 2),
        (["ticket", "tag", "1"], 2),
        (["ticket", "tag", "1", "+vpn", "--jsn"], 2),
        (["ticket", "tag", "x", "+vpn"], 2),
        (["ticket", "reply", "1", "--text-file", "/nowhere"], 2),
        (["ticket", "reply", "1", "--text-file", "/"], 2),
        (["ticket", "note", "1"], 2),
        (["ticket", "undo"], 1),
        (["ticket", "redo"], 1),
        (["ticket", "new", "--subject", "x"], 2),
        (["ticket", "new", "--subject", "", "--from", "Ida"], 2),
        (["ticket", "show", "9" * 30], 1),
        (["ticket", "assign", "9" * 30, "--take"], 1),
        (["mail", "receive", "/nowhere"], 2),
        (["mail", "list", "--disposition", "x"], 0),
        (["queue", "add", "hr"], 1),
        (["agent", "set", "anna", "--away-until", "soon"], 2),
        (["--store", "mysql://x/y", "ticket", "list"], 2),
        (["--store", "/nowhere/helpdesk.db", "ticket", "list"], 1),
        (["--store", "/dev/null/helpdesk.db", "ticket", "list"], 1),
        (["--store", "/tmp", "ticket", "list"], 1),
        (["--config", "/nowhere.toml", "mail", "receive"], 75),
        (["--store", "mysql://x/y", "mail", "receive"], 75),
        (["--as", "nobody", "mail", "receive"], 75),
        (["mail", "receive", "--queue", "nowhere"], 75),
        (["--config", "/nowhere.toml", "ticket", "list"], 2),
        (["--as", "nobody", "ticket", "list"], 1),
    ],
)
def test_a_failure_is_one_document_and_a_code(helpdesk: Helpdesk, words: list[str], code: int) -> None:
    done = helpdesk(*words, "--json", code=code)
    document = json.loads(done.out)
    if code:
        assert set(document) == {"error"}
        assert set(document["error"]) == {"message", "hint"}
        assert document["error"]["message"]
        assert isinstance(document["error"]["hint"], str)
    assert done.err == b""


@on_sqlite
@pytest.mark.parametrize(("words", "code"), [(["ticket", "show", "1"], 1), (["ticket", "list", "is:opne"], 2)])
def test_for_people_a_failure_stands_on_stderr(helpdesk: Helpdesk, words: list[str], code: int) -> None:
    done = helpdesk(*words, code=code)
    assert done.out == b""
    assert len(done.err.splitlines()) == 2


@on_sqlite
@pytest.mark.parametrize(
    "words",
    [
        [b"ticket", b"list", b"queue:\xff"],
        [b"ticket", b"list", b"\xff"],
        [b"ticket", b"list", b"tag:\xff"],
        [b"category", b"add", b"\xff"],
        [b"ticket", b"assign", b"1", b"\xff"],
        [b"ticket", b"new", b"--subject", b"\xff", b"--from", b"\xff", b"--queue", b"\xff"],
        [b"mail", b"receive", b"--queue", b"\xff"],
        [b"mail", b"receive", b"\xff"],
        [b"ticket", b"undo", b"--batch", b"\xff"],
        [b"ticket", b"note", b"1", b"--batch-id", b"\xff"],
        [b"--as", b"\xff", b"ticket", b"list"],
    ],
)
def test_words_that_are_no_text_are_no_crash(as_root: Helpdesk, words: list[bytes]) -> None:
    done = starter.run([*as_root.words, *words, b"--json"], {"HOME": str(as_root.home)}, as_root.home, b"x")
    assert b"Traceback" not in done.err
    assert b"has a fault" not in done.out
    json.loads(done.out)


@pytest.mark.parametrize("words", [["ticket", "list"], ["db", "upgrade"], ["db", "info"]])
def test_a_file_that_is_no_store_is_no_crash(bare: Helpdesk, tmp_path: Path, words: list[str]) -> None:
    file = tmp_path / "letter.txt"
    file.write_text("Dear Sir or Madam, " * 1000)
    file.chmod(0o600)
    done = bare("--store", str(file), *words, "--json", code=1)
    assert json.loads(done.out)["error"]["message"]
    assert file.read_text() == "Dear Sir or Madam, " * 1000


@on_sqlite
@pytest.mark.parametrize(
    "words",
    [
        ["ticket", "list"],
        ["ticket", "list", "is:any", "--limit", "0"],
        ["mail", "list"],
        ["outbox", "list"],
        ["queue", "list"],
        ["agent", "list"],
        ["team", "list"],
        ["category", "list"],
        ["db", "info"],
        ["db", "upgrade"],
        ["doctor"],
        ["mail", "receive"],
        ["ticket", "new", "--subject", "x", "--from", "Ida"],
        ["ticket", "show", "{number}"],
        ["ticket", "assign", "{number}", "--take"],
        ["ticket", "set", "{number}", "--priority", "high"],
        ["ticket", "tag", "{number}", "+vpn"],
        ["ticket", "reply", "{number}"],
        ["ticket", "note", "{number}"],
        ["ticket", "undo"],
    ],
)
def test_every_command_prints_one_document(helpdesk: Helpdesk, words: list[str]) -> None:
    number = helpdesk.json("mail", "receive", stdin=a_mail(HOSTILE))[0]["ticket"]
    helpdesk("ticket", "assign", str(number), "bob")
    helpdesk("ticket", "assign", str(number), "--none")
    done = helpdesk(*(word.format(number=number) for word in words), "--json", stdin=a_mail())
    assert done.err == b""
    assert done.out.isascii()
    assert done.out.endswith(b"\n")
    check_shape(json.loads(done.out))


def check_shape(value: Any) -> None:
    """Times are in UTC with Z, people are a name and an address."""
    if isinstance(value, list):
        for one in value:
            check_shape(one)
    if not isinstance(value, dict):
        return
    for key, one in value.items():
        if key == "at" or (key.endswith("_at") and not isinstance(one, list)):
            assert one is None or UTC_TIME.fullmatch(one), (key, one)
        if key in ("requester", "from"):
            assert set(one) == {"name", "address"}
        check_shape(one)


class TestHostileText:
    """Nothing a stranger wrote steers the terminal of whoever lists it."""

    @on_sqlite
    def test_no_escape_reaches_stdout(self, helpdesk: Helpdesk, a_file: Callable[[str | bytes], str]) -> None:
        raw = (
            a_mail("body", sender="Mira <mira@customer.example>")
            .replace(b"Subject: Printer", b"Subject: " + HOSTILE.replace("\x00", "").encode())
            .replace(b"body", HOSTILE.encode())
            .replace(b"Mira", b"M\x1b[31mira")
        )
        assert b"\x1b" in raw
        number = str(helpdesk.json("mail", "receive", a_file(raw))[0]["ticket"])
        helpdesk("ticket", "reply", number, stdin=HOSTILE.encode())
        helpdesk("ticket", "note", number, stdin=b"\xff\xfe" + HOSTILE.encode())
        for words in (
            ["ticket", "list"],
            ["ticket", "show", number],
            ["mail", "list"],
            ["outbox", "list"],
            ["doctor"],
            ["ticket", "new", "--subject", HOSTILE.replace("\x00", ""), "--from", "I\x1b[31mda"],
            ["ticket", "tag", number, "+v\x1b[31mpn"],
        ):
            self.check_clean(helpdesk(*words))
            self.check_clean(helpdesk(*words, "--json"))

    @on_sqlite
    @pytest.mark.parametrize(
        "words",
        [
            ["ticket", "show", "\x1b[31m"],
            ["ticket", "list", "is:\x1b[31m"],
            ["ticket", "list", "\x1b:\x1b"],
            ["ticket", "assign", "1", "\x1b]52;c;x\x07"],
            ["\x1b[31m"],
            ["--\x1b[31m"],
            ["mail", "receive", "\x1b[31m"],
            ["--store", "\x1b[31m", "ticket", "list"],
            ["--as", "\x1b[31mx", "ticket", "list"],
            ["ticket", "set", "1", "--status", "\x1b[31m"],
        ],
    )
    def test_no_escape_comes_back_in_an_error(self, helpdesk: Helpdesk, words: list[str]) -> None:
        for extra in ([], ["--json"]):
            done = starter.run([*helpdesk.words, *words, *extra], {"HOME": str(helpdesk.home)}, helpdesk.home, b"")
            assert done.code in (0, 1, 2)
            assert b"has a fault" not in done.out + done.err
            self.check_clean(done)

    @staticmethod
    def check_clean(done: Ended) -> None:
        """Look for bytes that could steer a terminal."""
        for text in (done.out.decode(), done.err.decode()):
            assert not set(text) & set("\x1b\x07\x08\x9b\x9d\x00\u202e\r"), text

    @on_sqlite
    def test_words_for_people_survive(self, helpdesk: Helpdesk) -> None:
        """Markup of the table printer is shown as it was written."""
        helpdesk("ticket", "new", "--subject", "Order [/] [BILLING] [bold]x", "--from", "Grüße 你好")
        shown = helpdesk("ticket", "list").out.decode()
        assert "[BILLING]" in shown
        assert "Grüße 你好" in shown


@given(
    st.recursive(
        st.none() | st.integers() | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    )
)
def test_any_value_becomes_json(value: Any) -> None:
    assert json.loads(json.dumps(plain(value))) == _null_where_empty(value)


def _null_where_empty(value: Any) -> Any:
    if isinstance(value, list):
        return [_null_where_empty(item) for item in value]
    if isinstance(value, dict):
        return {key: _null_where_empty(item) for key, item in value.items()}
    return value if value != "" else None


@pytest.mark.parametrize("words", [["ticket", "list"], ["mail", "receive"], ["db", "info"]])
def test_a_database_out_of_reach_is_temporary(bare: Helpdesk, words: list[str]) -> None:
    done = bare("--store", "postgresql://anna@127.0.0.1:1/desk", *words, "--json", code=75)
    assert set(json.loads(done.out)["error"]) == {"message", "hint"}


@pytest.mark.parametrize(("login", "database"), [("anna", "nowhere"), ("nobody-at-all", "desk")])
def test_a_database_or_a_login_that_is_not_there_is_a_failure(
    bare: Helpdesk, postgres_server: PostgresServer, login: str, database: str
) -> None:
    store = postgres_server.url(database, login)
    for words in (["ticket", "list"], ["db", "upgrade"]):
        assert "does not exist" in bare("--store", store, *words, "--json", code=1).out.decode()
    bare("--store", store, "mail", "receive", "--json", code=75)  # the mail server keeps it until that is mended


@pytest.mark.parametrize("words", [["db", "upgrade"], ["db", "info"], ["db", "reindex"], ["ticket", "list"]])
def test_nobody_is_somebody_else_on_postgres(bare: Helpdesk, postgres_server: PostgresServer, words: list[str]) -> None:
    bare("--store", postgres_server.url("desk", "root"), "--as", "anna", *words, "--json", code=2)


def test_what_is_no_store_is_a_failure(bare: Helpdesk, tmp_path: Path) -> None:
    file = tmp_path / "notes.db"
    file.write_bytes(b"no database at all, but long enough to be looked at" * 20)
    file.chmod(0o600)
    bare("--store", str(file), "ticket", "list", "--json", code=1)


class TestNullWhereEmpty:
    """Keys are always there, null where there is nothing."""

    def test_people_and_queues(self, helpdesk: Helpdesk) -> None:
        queues = {queue["name"]: queue for queue in helpdesk.json("queue", "list")}
        assert queues["silent"]["display_name"] is None
        assert all("" not in agent.values() for agent in helpdesk.json("agent", "list"))

    @on_sqlite
    def test_a_mail_without_words(self, helpdesk: Helpdesk) -> None:
        helpdesk("mail", "receive", "-", stdin=b"From: a@b.example\n\n")
        (ticket,) = helpdesk.json("ticket", "list")
        assert (ticket["subject"], ticket["requester"]) == (None, {"name": None, "address": "a@b.example"})
        (message,) = helpdesk.json("ticket", "show", str(ticket["number"]))["messages"]
        assert (message["subject"], message["text"], message["quoted"]) == (None, None, None)


def a_ticket_of(helpdesk: Helpdesk) -> int:
    """The number of a new ticket."""
    (number,) = helpdesk.json("ticket", "new", "--subject", "x", "--from", "Ida")["tickets"]
    return int(number)


class TestABatchIdOfOnesOwn:
    """The same call again has the first outcome; for anything else the id is refused."""

    @on_sqlite
    def test_undo_and_redo_are_done_once(self, helpdesk: Helpdesk) -> None:
        number = a_ticket_of(helpdesk)
        for priority in ("high", "urgent"):
            helpdesk("ticket", "set", str(number), "--priority", priority)
        for verb, stands in (("undo", "high"), ("redo", "urgent")):
            first = helpdesk.json("ticket", verb, "--batch-id", f"my {verb}")
            assert helpdesk.json("ticket", verb, "--batch-id", f"my {verb}") == first
            assert helpdesk.json("ticket", "show", str(number))["priority"] == stands

    @on_sqlite
    def test_other_tickets_are_another_call(self, helpdesk: Helpdesk) -> None:
        one, other = a_ticket_of(helpdesk), a_ticket_of(helpdesk)
        words = ["--priority", "high", "--batch-id", "mine", "--json"]
        helpdesk("ticket", "set", str(one), *words)
        helpdesk("ticket", "set", str(one), *words)
        helpdesk("ticket", "set", str(other), *words, code=1)

    def test_settings(self, as_root: Helpdesk) -> None:
        first = as_root.json("queue", "add", "night", "--batch-id", "q1")
        assert as_root.json("queue", "add", "night", "--batch-id", "q1") == first


class TestARealProcess:
    """The same without the shortcut of the other tests."""

    @on_sqlite
    def test_a_document_and_a_code(self, helpdesk: Helpdesk) -> None:
        for words, code in ((["queue", "list"], 0), (["ticket", "show", "1"], 1), (["ticket", "list", "is:x"], 2)):
            argv = [sys.executable, "-m", "helpdesk_tui", *helpdesk.words, *words, "--json"]
            done = subprocess.run(argv, capture_output=True, timeout=60)
            assert (done.returncode, done.stderr) == (code, b"")
            json.loads(done.stdout)


@on_sqlite
def test_a_reader_that_goes_away_is_no_crash(helpdesk: Helpdesk, place: Place) -> None:
    argv = [sys.executable, "-m", "helpdesk_tui", *helpdesk.words, "queue", "list"]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stderr
        process.stdout.close()
        assert b"Traceback" not in process.stderr.read()
    assert not place.is_postgres


def test_who_may_claim_to_be_somebody(place: Place, bare: Helpdesk) -> None:
    code = 2 if place.is_postgres else 0
    bare("--store", place.url_of("anna"), "--as", "bob", "ticket", "list", code=code)


def test_the_store_may_stand_in_a_variable(place: Place, bare: Helpdesk) -> None:
    bare.variables |= {"HELPDESK_STORE": place.url_of("anna")}
    who = [] if place.is_postgres else ["--as", "anna"]
    assert len(bare.json(*who, "queue", "list")) == 3


def test_the_version_is_printed(bare: Helpdesk) -> None:
    try:
        version("helpdesk-tui")
    except PackageNotFoundError:
        pytest.skip("the package is not installed")
    assert re.fullmatch(r"\d+\.\d+\.\d+\S*\n", bare("--version").out.decode())
