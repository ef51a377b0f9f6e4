"""`helpdesk import …` and `export …`: one document, exit codes, progress on stderr, and nothing of a stranger's bytes."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from helpdesk_tui.desk.imports import importing
from tests.build import Place, sql
from tests.cli.conftest import Helpdesk
from tests.desk.callback_desk import a_call, a_calling_team
from tests.transfer.samples import invented, mail, maildir, mbox

pytestmark = pytest.mark.one_store

on_sqlite = pytest.mark.parametrize("place", ["sqlite"], indirect=True)
TABLE = "subject,requester_email,created_at,queue\nx,a@b.example,2026-01-01,Helpdesk L1\ny,nobody,2026-01-01,support\n"


@pytest.fixture
def old(tmp_path: Path) -> str:
    """An mbox file with three mails of one conversation and something that is no mail."""
    mails = [mail(1), mail(2, answers=[1]), mail(3, answers=[1, 2]), b"\n"]
    return str(mbox(tmp_path / "old.mbox", mails))


def test_an_import_is_one_document(as_root: Helpdesk, old: str) -> None:
    first = as_root.json("import", "mbox", old)
    batch = first.pop("batch")
    assert first == {"tickets": 1, "messages": 3, "rejected": 1, "resumed": False}
    again = as_root.json("import", "mbox", old)
    assert again == {"batch": batch, "tickets": 0, "messages": 0, "rejected": 0, "resumed": False}
    (listed,) = as_root.json("import", "list")
    assert (listed["batch"], listed["format"], listed["state"], listed["messages"]) == (batch, "mbox", "done", 3)
    (left_out,) = as_root.json("import", "rejects", batch)
    assert set(left_out) == {"place", "reason"}
    undone = as_root.json("import", "undo", batch)
    assert undone == {"batch": batch, "tickets": 1, "messages": 3, "kept": [], "hidden": 0}
    assert as_root.json("import", "list")[0]["state"] == "undone"
    assert as_root.json("ticket", "list", "is:any") == []


def test_for_people_it_is_a_sentence(as_root: Helpdesk, old: str, place: Place) -> None:
    said = as_root("import", "mbox", old).out.decode().splitlines()
    assert said[0].startswith("1 ticket · 3 messages · 1 left out · batch ")
    batch = said[0].rpartition(" ")[2]
    assert said[1] == f"`helpdesk import rejects {batch}` lists what was left out, and why."
    assert "neither a sender" in " ".join(as_root("import", "rejects", batch).out.decode().split())
    assert batch[:8] in as_root("import", "list").out.decode()
    (number,) = [one["number"] for one in as_root.json("ticket", "list", "is:any")]
    as_root("ticket", "set", str(number), "--priority", "high")
    undone = as_root("import", "undo", batch).out.decode()
    assert undone == f"0 tickets and 0 messages removed\nLeft alone, since somebody has touched them: #{number}\n"
    assert place.is_postgres or sql(place.store(), "SELECT 1 FROM ticket_search LIMIT 1")


@on_sqlite
@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["import", "mbox", "/nowhere"], 2),
        (["import", "mbox", "/etc"], 2),
        (["import", "maildir", "/nowhere"], 2),
        (["import", "maildir", "/etc/hostname"], 2),
        (["import", "csv", "/nowhere"], 2),
        (["import", "jsonl", "/nowhere"], 2),
        (["import", "mbox"], 2),
        (["import", "outlook", "x"], 2),
        (["import", "mbox", "{old}", "--queue", "nowhere"], 2),
        (["import", "mbox", "{old}", "--status", "overdue"], 2),
        (["import", "mbox", "{old}", "--subject-tag", "Ticket"], 2),
        (["import", "mbox", "{old}", "--mapping", "/nowhere.toml"], 2),
        (["import", "csv", "{old}"], 2),
        (["import", "csv", "{old}", "--zone", "Mars/Olympus"], 2),
        (["import", "undo", "abc"], 1),
        (["import", "rejects", "abc"], 1),
        (["export", "jsonl"], 2),
        (["export", "jsonl", "/nowhere/x"], 1),
        (["export", "jsonl", "/tmp"], 2),
        (["import", "mbox", "/" + "x" * 300], 1),
        (["import", "maildir", "/" + "x" * 300], 1),
    ],
)
def test_a_failure_is_one_document_and_a_code(as_root: Helpdesk, old: str, words: list[str], code: int) -> None:
    done = as_root(*(word.format(old=old) for word in words), "--json", code=code)
    document = json.loads(done.out)
    assert set(document["error"]) == {"message", "hint"}
    assert done.err == b""


def test_only_an_admin_imports_or_exports(helpdesk: Helpdesk, old: str) -> None:
    for words in (["import", "mbox", old], ["import", "list"], ["import", "undo", "x"], ["export", "jsonl", "-"]):
        assert b"Only an admin may do this." in helpdesk(*words, code=1).err


def test_while_another_imports_it_is_told_to_wait(as_root: Helpdesk, place: Place, old: str) -> None:
    with importing(place.desk("root"), "mail"):
        assert (
            "doing this already"
            in json.loads(as_root("import", "mbox", old, "--json", code=75).out)["error"]["message"]
        )


def test_unknown_words_and_the_file_to_fill_in(as_root: Helpdesk, tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text(TABLE)
    assert b"--dry-run" in as_root("import", "csv", str(path), code=2).err
    dry = as_root.json("import", "csv", str(path), "--dry-run")
    assert (dry["batch"], dry["tickets"], dry["rejected"]) == (None, 1, 1)
    assert dry["unmapped"] == {"queue": {"Helpdesk L1": 1}}
    assert dry["rejects"][0]["place"] == "row 3"
    printed = as_root("import", "csv", str(path), "--dry-run")
    assert b"row 3" in printed.err
    assert printed.out.decode() == '[queue]\n"Helpdesk L1" = ""\n\n'
    mapping = tmp_path / "map.toml"
    mapping.write_bytes(printed.out.replace(b'""', b'"billing"'))
    done = as_root.json("import", "csv", str(path), "--mapping", str(mapping))
    assert (done["tickets"], done["rejected"]) == (1, 1)
    assert as_root.json("ticket", "list", "is:any")[0]["queue"] == "billing"


def test_a_maildir_by_command(as_root: Helpdesk, tmp_path: Path) -> None:
    path = maildir(
        tmp_path / "box", {"cur/1700000001.a:2,S": mail(1), ".Sent/cur/1700000002.b:2,S": mail(2, answers=[1])}
    )
    done = as_root.json("import", "maildir", str(path), "--status", "closed", "--system", "dovecot")
    assert (done["tickets"], done["messages"]) == (1, 2)
    assert [one["status"] for one in as_root.json("ticket", "list", "is:any")] == ["closed"]
    assert [one["system"] for one in as_root.json("import", "list")] == ["dovecot"]


def test_an_export_to_a_file_is_its_owners_alone_and_comes_back(as_root: Helpdesk, old: str, tmp_path: Path) -> None:
    batch = as_root.json("import", "mbox", old)["batch"]
    target = tmp_path / "out.jsonl"
    target.write_text("an older one")
    done = as_root.json("export", "jsonl", str(target))
    assert (done["tickets"], done["unsent"], done["hidden"]) == (1, 0, [])
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    printed = as_root("export", "jsonl").out
    assert printed == target.read_bytes()
    assert sorted(one.name for one in tmp_path.iterdir() if "out" in one.name) == ["out.jsonl"]
    as_root("import", "undo", batch)
    assert as_root.json("import", "jsonl", str(target))["messages"] == 3
    assert as_root("export", "jsonl").out == printed


def test_what_waits_in_the_outbox_is_told(as_root: Helpdesk, old: str) -> None:
    as_root("import", "mbox", old)
    (number,) = [one["number"] for one in as_root.json("ticket", "list", "is:any")]
    as_root("ticket", "reply", str(number), stdin=b"Gerne.")
    assert b"1 mail waits in the outbox" in as_root("export", "jsonl").err


def test_callbacks_are_named_that_no_export_has(as_root: Helpdesk, place: Place, tmp_path: Path) -> None:
    a_calling_team(place, "anna")
    a_call(place.desk("anna"))
    said = as_root("export", "jsonl", str(tmp_path / "a")).err.decode()
    assert "1 callback is no part of an export" in said
    assert as_root.json("export", "jsonl", str(tmp_path / "a"))["callbacks"] == 1


def test_no_byte_of_a_stranger_reaches_the_terminal(as_root: Helpdesk, tmp_path: Path) -> None:
    evil = "\x1b]52;c;ZXZpbA==\x07\x1b[31m\u202e"
    hostile = b"Message-ID: <1" + evil.encode() + b"@x>\n\n"
    box = mbox(tmp_path / "a.mbox", [hostile, mail(2, subject="x")])
    table = tmp_path / "t.csv"
    table.write_text(f"subject,requester_email,created_at,queue\nx,a@b.example,2026-01-01,L1 {evil}\ny,{evil},x,\n")
    batch = as_root.json("import", "mbox", str(box))["batch"]
    for words in (
        ["import", "mbox", str(box), "--dry-run"],
        ["import", "csv", str(table), "--dry-run"],
        ["import", "rejects", batch],
        ["import", "list"],
        ["ticket", "list", "is:any"],
    ):
        for more in ([], ["--json"]):
            done = as_root(*words, *more)
            assert not set(done.out.decode() + done.err.decode()) & set("\x1b\x07\u202e"), words
    refused = as_root("import", "csv", str(table), code=2)
    assert not set(refused.err.decode()) & set("\x1b\x07\u202e")


@on_sqlite
def test_progress_stands_on_stderr_where_it_is_asked_for(as_root: Helpdesk, tmp_path: Path) -> None:
    path = str(mbox(tmp_path / "a.mbox", invented(1200)))
    environment = {**os.environ, "HOME": str(as_root.home)}
    argv = [sys.executable, "-m", "helpdesk_tui", *as_root.words, "import", "mbox", path, "--json"]
    done = subprocess.run([*argv, "--verbose"], capture_output=True, timeout=60, env=environment)
    assert json.loads(done.stdout)["messages"] == 1200
    lines = done.stderr.decode().splitlines()
    assert lines
    assert all(" MB · " in line and line.endswith(" left") for line in lines)
    quiet = subprocess.run([*argv, "--system", "b"], capture_output=True, timeout=60, env=environment)
    assert quiet.stderr == b""
