"""What a mail server hears: 0 for a mail that is stored, 75 for one that is not, whoever listens to the words."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from helpdesk_tui.cli import mail as receiving
from helpdesk_tui.cli import main
from helpdesk_tui.mail import ingest, mailbox
from tests.build import Place, a_mail
from tests.cli.conftest import Helpdesk

pytestmark = pytest.mark.parametrize("place", ["sqlite"], indirect=True)


def real(
    helpdesk: Helpdesk, *words: str, code: int, said: bytes = b"", **more: Any
) -> subprocess.CompletedProcess[bytes]:
    """Run a command in a process of its own, with outputs of its own."""
    variables = {**os.environ, "HOME": str(helpdesk.home), **more.pop("variables", {})}
    outputs: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **more}
    argv = [sys.executable, "-m", "helpdesk_tui", *helpdesk.words, *words]
    done = subprocess.run(argv, input=said, env=variables, timeout=60, check=False, **outputs)
    assert done.returncode == code, done
    return done


def kept(helpdesk: Helpdesk) -> int:
    return len(helpdesk.json("mail", "list"))


@pytest.mark.parametrize("words", [["mail", "receive"], ["mail", "receive", "--json"]])
def test_a_stored_mail_is_stored_where_nothing_can_be_printed(helpdesk: Helpdesk, words: list[str]) -> None:
    with open("/dev/full", "wb") as full:
        real(helpdesk, *words, said=a_mail("Nobody"), code=0, stdout=full)
        real(helpdesk, *words, said=a_mail("hears"), code=0, stdout=full, stderr=full)
    reader, writer = os.pipe()
    os.close(reader)
    real(helpdesk, *words, said=a_mail("it."), code=0, stdout=writer, stderr=writer)
    os.close(writer)
    assert kept(helpdesk) == 3


def test_a_mail_that_is_not_stored_is_for_later_where_nothing_can_be_printed(helpdesk: Helpdesk) -> None:
    with open("/dev/full", "wb") as full:
        for words in (["mail", "receive"], ["mail", "receive", "--json"]):
            real(helpdesk, "--store", "/nowhere/s.db", *words, said=a_mail(), code=75, stdout=full, stderr=full)
        done = real(helpdesk, "ticket", "list", "--json", code=1, stdout=full)
    assert b"could not be written: No space left" in done.stderr


@pytest.mark.parametrize("encoding", ["ascii", "iso8859-2"])
def test_a_locale_without_the_letters_stops_nothing(helpdesk: Helpdesk, encoding: str) -> None:
    variables = {"PYTHONIOENCODING": encoding}
    mail = a_mail(subject="=?utf-8?b?8J+YgA==?=")
    real(helpdesk, "mail", "receive", said=mail, code=0, variables=variables)
    assert b" ? " in real(helpdesk, "ticket", "list", code=0, variables=variables).stdout
    real(helpdesk, "ticket", "list", "is:\N{GRINNING FACE}", code=2, variables=variables)


def test_what_breaks_once_it_is_stored_is_no_reason_to_bring_it_again(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def break_off(*_args: Any) -> None:
        raise MemoryError

    file = tmp_path / "m.eml"
    file.write_bytes(a_mail())
    monkeypatch.setattr(ingest, "file_one", break_off)
    monkeypatch.setattr(ingest, "file_left_over", break_off)
    assert main.run(["--store", place.url_of("anna"), "--as", "anna", "mail", "receive", str(file)]) == 0
    assert "It is stored" in capsys.readouterr().out


class TestWhatCannotBeRead:
    def test_a_folder_one_may_not_enter(self, monkeypatch: pytest.MonkeyPatch, helpdesk: Helpdesk) -> None:
        def refuse(*_args: Any) -> None:
            raise PermissionError(13, "Permission denied")

        monkeypatch.setattr(receiving.os, "stat", refuse)
        with pytest.raises(receiving.Temporary, match=r"/closed/m\.eml cannot be read: Permission denied"):
            receiving._refuse_no_file("/closed/m.eml")
        assert kept(helpdesk) == 0

    @pytest.mark.parametrize("name", ["/nowhere", "/dev/null/x", "x" * 300, "nul\0"])
    def test_a_file_that_is_not_there(self, name: str, helpdesk: Helpdesk) -> None:
        with pytest.raises(receiving.Usage, match="There is no mail in"):
            receiving._refuse_no_file(name)
        assert kept(helpdesk) == 0

    def test_no_stdin(self, helpdesk: Helpdesk) -> None:
        argv = [sys.executable, "-m", "helpdesk_tui", *helpdesk.words, "mail", "receive"]
        closed = subprocess.run(["sh", "-c", '"$@" <&-', "sh", *argv], capture_output=True, timeout=60, check=False)
        assert closed.returncode == 75, closed


class TestHowLargeAMailMayBe:
    def test_a_file_that_is_too_large_is_refused_before_anything_is_stored(
        self, helpdesk: Helpdesk, a_file: Callable[[str | bytes], str]
    ) -> None:
        good, large = a_file(a_mail()), a_file(b"")
        os.truncate(large, mailbox.MAX_MAIL_BYTES + 1)
        done = helpdesk("mail", "receive", good, large, "--json", code=1)
        assert "larger than a mail may be" in json.loads(done.out)["error"]["message"]
        assert kept(helpdesk) == 0

    def test_a_pipe_that_does_not_end_is_left(
        self, place: Place, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setattr(mailbox, "MAX_MAIL_BYTES", 3_000_000)
        with open("/dev/zero") as endless:
            monkeypatch.setattr(sys, "stdin", endless)
            assert main.run(["--store", place.url_of("anna"), "--as", "anna", "mail", "receive"]) == 1
        assert "- is larger than a mail may be (3000000 bytes)." in capsys.readouterr().err


class TestSeveralFiles:
    """What was stored before a failure is told."""

    @pytest.fixture
    def run(
        self, place: Place, a_file: Callable[[str | bytes], str], monkeypatch: pytest.MonkeyPatch
    ) -> Callable[..., int]:
        files = [a_file(a_mail("one")), a_file(a_mail("two")), a_file(a_mail("three"))]
        read = receiving._content

        def read_or_break(name: str) -> bytes:
            if name == files[1]:
                raise receiving._unread(name, OSError(5, "Input/output error"))
            return read(name)

        monkeypatch.setattr(receiving, "_content", read_or_break)
        words = ["--store", place.url_of("anna"), "--as", "anna", "mail", "receive", *files]
        return lambda *more: main.run([*words, *more])

    def test_for_people(self, run: Callable[..., int], capsys: pytest.CaptureFixture[str]) -> None:
        assert run() == 75
        said = capsys.readouterr()
        assert said.out.count(": new #") == 1
        assert "cannot be read: Input/output error" in said.err

    def test_for_programs(self, run: Callable[..., int], capsys: pytest.CaptureFixture[str]) -> None:
        assert run("--json") == 75
        said = capsys.readouterr()
        document = json.loads(said.out)
        assert [one["disposition"] for one in document["received"]] == ["new"]
        assert "Input/output error" in document["error"]["message"]
        assert said.err == ""


class TestTheReportOfAFault:
    @pytest.fixture(autouse=True)
    def fault(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def break_off(**_args: Any) -> None:
            raise ZeroDivisionError

        monkeypatch.setattr(main, "_command", lambda: break_off)

    def test_it_lies_elsewhere_where_the_state_folder_takes_none(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], place: Place
    ) -> None:
        (tmp_path / "file").touch()
        monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
        monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
        assert main.run(["ticket", "list"]) == 1
        (report,) = tmp_path.glob("helpdesk-crash-*.txt")
        assert str(report) in capsys.readouterr().err
        assert "ZeroDivisionError" in report.read_text()
        assert report.stat().st_mode & 0o777 == 0o600
        assert not place.is_postgres

    def test_there_may_be_none(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], place: Place
    ) -> None:
        (tmp_path / "file").touch()
        monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
        monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "nowhere"))
        assert main.run(["ticket", "list"]) == 1
        assert "No report could be written" in capsys.readouterr().err
        assert not place.is_postgres
