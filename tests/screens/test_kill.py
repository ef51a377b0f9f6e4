"""A machine that fails in mid-sentence costs a second of typing; screens, marks and cursor stand as before."""

from __future__ import annotations

import os
import pty
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.build import row, sql, thread
from tests.screens.stage import LARGE, SMALL, OpenApp, Stage, wait_until
from tests.services.escapes import final_modes

SENTENCE = "Guten Tag, wir erstatten Ihnen den Betrag heute noch."
#: A fast typist's, in seconds; 20 characters a second.
PAUSE = 0.05
ENDS = {"kill -9": signal.SIGKILL, "hang up": signal.SIGHUP, "terminate": signal.SIGTERM}
RESTORED = {1049: False, 25: True, 1000: False, 1003: False, 2004: False, 7: True}


SAMPLED = {("reply", "kill -9"), ("note", "terminate")}
#: Key, kind and end; the long run takes them all.
ALL_ENDS = [
    pytest.param(key, kind, how, id=f"{kind}-{name}", marks=() if (kind, name) in SAMPLED else pytest.mark.long)
    for key, kind in (("r", "reply"), ("c", "note"))
    for name, how in ENDS.items()
]


@pytest.mark.parametrize(("key", "kind", "how"), ALL_ENDS)
def test_an_answer_in_mid_sentence(morning: Stage, key: str, kind: str, how: signal.Signals) -> None:
    with morning.app() as app:
        app.up().press("6", "j", "space", "space", "k")
        wait_until(lambda: len(morning.place().get("marks", [])) == 2, "two marks are remembered")
        app.press("enter")
        app.shows(re.compile("^ #1003", re.MULTILINE))
        app.press(key).shows("then:" if kind == "reply" else "stays in the house")
        wait_until(lambda: morning.place().get("writing") == kind, "what is being written is remembered")
        before = morning.place()
        typed = _type_slowly(app, SENTENCE)
        app.kill(how)
        app.wait()
    kept = _draft(morning, kind)
    assert typed.startswith(kept)
    assert len(typed) - len(kept) <= 1 / PAUSE, kept
    assert morning.place() == before
    with morning.app() as app:
        app.shows(re.compile("^ #1003", re.MULTILINE), kept[:40])
        app.shows("then:" if kind == "reply" else "stays in the house")
        app.write("!!").shows(f"{kept[-4:].lstrip()}!!")
        app.leave_composer().shows("r reply")
        app.press("q").shows("2 marked tickets")
        assert morning.place()["cursor"] == before["cursor"]
        assert morning.place()["marks"] == before["marks"]
        assert app.quit() == 0


def test_how_a_mail_was_to_be_sent_is_there_again_too(morning: Stage) -> None:
    """Whom it is passed on to, what goes along, what happens then: with the draft, and sent as it was meant."""
    (morning.folder / "angebot.txt").write_text("40 Plätze")
    with morning.app() as app:
        app.up().press("#").shows("Ticket number")
        app.write("1002").press("enter").shows("#1002 Rechnung")
        app.press("f").shows("Who gets it")
        app.write("Lieferant <toner@liefer.example>").press("enter").settled(0.3)
        app.press("ctrl+s").shows("Forward to Lieferant <toner@liefer.example>")
        app.press("ctrl+f").shows("Attach a file")
        app.write(str(morning.folder / "angebot.txt")).press("enter").shows("angebot.txt 10 B")
        app.press("ctrl+o").shows("What happens after sending")
        app.write("waiting for others, back in 3").press("enter").shows(
            "then: waiting for others, back in 3 working days"
        )
        app.write("Bitte prüfen.").shows("draft saved")
        wait_until(lambda: _draft(morning, "forward") == "Bitte prüfen.", "it is kept")
        app.kill(signal.SIGKILL)
        app.wait()
    (morning.folder / "angebot.txt").unlink()
    with morning.app() as app:
        app.shows("Forward to Lieferant <toner@liefer.example>", "file: angebot.txt", "Bitte prüfen.")
        app.shows("then: waiting for others, back in 3 working days")
        app.press("ctrl+s").shows("It goes to a new address: Lieferant")
        app.settled(0.6)
        app.press("ctrl+s").shows("is passed on to Lieferant")
        assert app.quit() == 0
    sent = thread(morning.desk(), 1002)[-1]
    assert ([one.address for one in sent.to], sent.cc) == (["toner@liefer.example"], ())
    assert [one.name for one in sent.files] == ["angebot.txt"]
    assert row(morning.desk(), 1002).status == "waiting_other"


def test_a_call_in_mid_sentence(morning: Stage) -> None:
    with morning.app() as app:
        app.up().press("#").shows("Ticket number")
        app.write("1002").press("enter").shows("#1002 Rechnung")
        app.press("F").shows("Call from")
        app.press("ctrl+o").shows("Call to")
        typed = _type_slowly(app, SENTENCE[:30])
        app.kill(signal.SIGKILL)
        app.wait()
    kept = _draft(morning, "call")
    assert typed.startswith(kept)
    assert len(typed) - len(kept) <= 1 / PAUSE
    with morning.app() as app:
        app.shows("Call to", kept.rstrip())
        assert app.quit() == 0


@pytest.mark.parametrize(
    "how", [signal.SIGKILL, pytest.param(signal.SIGHUP, marks=pytest.mark.long)], ids=["kill -9", "hang up"]
)
def test_a_new_request_in_mid_sentence(morning: Stage, how: signal.Signals) -> None:
    with morning.app(LARGE) as app:
        app.up().press("n").shows("New request")
        app.write("Erika B").press("tab").write("Neue Frage").press("tab")
        typed = _type_slowly(app, SENTENCE)
        app.kill(how)
        app.wait()
    kept = _rows(morning, "SELECT fields FROM draft WHERE kind = 'new'")[0][0]
    assert '"who": "Erika B"' in kept
    assert '"subject": "Neue Frage"' in kept
    text = re.search(r'"text": "([^"]*)"', kept)
    assert text is not None
    assert len(typed) - len(text[1]) <= 1 / PAUSE
    with morning.app(LARGE) as app:
        app.up().press("n").shows("Erika B", "Neue Frage", text[1][:30])
        assert app.alive


@pytest.mark.parametrize("is_writing", [True, False], ids=["writing", "reading"])
def test_a_terminal_that_goes_away(morning: Stage, is_writing: bool) -> None:
    app = morning.app()
    app.up().press("enter").shows("#1002 Rechnung")
    if is_writing:
        app.press("r").shows("then:")
        typed = _type_slowly(app, SENTENCE[:30])
    os.close(os.dup(app._terminal))
    process = app._process
    os.close(app._terminal)
    wait_until(lambda: process.poll() is not None, "the app notices that its terminal has gone", 5)
    app._terminal = os.open(os.devnull, os.O_RDWR)
    app.close()
    if is_writing:
        assert len(typed) - len(_draft(morning, "reply")) <= 1 / PAUSE
    assert not list(morning.state.glob("crash*")), [path.read_text() for path in morning.state.glob("crash*")]


def test_the_terminal_is_as_before_after_every_end_that_can_be_noticed(morning: Stage) -> None:
    with morning.app() as app:
        app.up().quit()
        assert final_modes(app.bytes_seen()).items() >= RESTORED.items()


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGHUP], ids=["terminate", "hang up"])
def test_the_terminal_is_as_before_when_told_to_end(morning: Stage, how: signal.Signals) -> None:
    with morning.app() as app:
        app.up().kill(how)
        app.wait()
        assert final_modes(app.bytes_seen()).items() >= RESTORED.items()


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGHUP], ids=["terminate", "hang up"])
def test_who_ends_it_while_it_is_only_just_opening_sees_no_crash(morning: Stage, how: signal.Signals) -> None:
    """From the first paint on a screen is made in some forty milliseconds; it is told to end at moments within them."""
    for moment in range(12):
        with morning.app() as app:
            app.wait_for("Unassigned")
            time.sleep(moment * 0.004)
            app.kill(how)
            assert app.wait() == 128 + how, moment
    assert not list(morning.state.glob("crash*"))


def test_a_fault_of_ours_ends_the_app_with_a_report_that_quotes_nobody(morning: Stage) -> None:
    secret = "\x1b]52;c;ZXZpbA==\x07 Passw0rd"
    with OpenApp([sys.executable, "-c", _BROKEN, secret], *SMALL, morning.environment) as app:
        app.up().press("P")
        assert app.wait() == 1
        written = app.bytes_seen()
    assert final_modes(written).items() >= RESTORED.items()
    assert b"The app has stopped: ZeroDivisionError" in written
    (report,) = morning.state.glob("crash-*.txt")
    assert report.stat().st_mode & 0o777 == 0o600
    for text in (written.decode(), report.read_text()):
        assert "Passw0rd" not in text
        assert "]52;" not in text
    assert (
        "triage.py" in report.read_text() or "list_screen.py" in report.read_text() or "<string>" in report.read_text()
    )


def test_the_report_of_a_crash_outlives_the_demo_and_nothing_else_does(morning: Stage, tmp_path: Path) -> None:
    lent = {**morning.environment, "TMPDIR": str(tmp_path / "lent")}
    (tmp_path / "lent").mkdir()
    with OpenApp([sys.executable, "-c", _BROKEN.replace('"--as", "anna"', '"demo"'), "-"], *SMALL, lent) as app:
        app.shows("39 tickets")
        app.press("P")
        assert app.wait() == 1
        said = app.bytes_seen().decode()
    (report,) = (path for path in (tmp_path / "lent").rglob("*") if path.is_file())
    assert report.name.startswith("crash-")
    assert str(report) in re.sub(r"\s", "", said)


def test_a_hundred_sizes_in_a_row(morning: Stage) -> None:
    with morning.app() as app:
        app.up().press("enter").shows("#1002 Rechnung")
        for n in range(100):
            app.resize(20 + n * 7 % 190, 5 + n * 3 % 60)
        app.resize(*LARGE)
        app.shows(re.compile(r"Rechnung doppelt abgebucht.*"), "erika@kunde.example", "Erika Beispiel")
        for n in range(50):
            app.resize(30 + n * 7 % 190, 8 + n * 3 % 60)
        app.resize(*SMALL)
        app.until(lambda screen: "A take" in screen[-1], "the keys stand on the last line")
        app.press("q").shows("5 tickets")
        assert app.quit() == 0


def test_ctrl_z_leaves_for_the_shell_and_fg_comes_back(morning: Stage) -> None:
    program = f"{sys.executable} -m helpdesk_tui --as anna"
    with OpenApp(["bash", "--norc", "-i"], *SMALL, {**morning.environment, "PS1": "shell> "}) as shell:
        shell.shows("shell>")
        shell.write(f"{program}\n").up()
        for _time in range(2):
            _waits_for(shell, lambda: shell.press("ctrl+z"), "Stopped", "shell> ")
            _waits_for(shell, lambda: shell.write("echo in the $((1 + 1))nd\n"), "in the 2nd", "shell> ")
            assert final_modes(shell.bytes_seen()).items() >= {1049: False, 25: True}.items()
            _waits_for(shell, lambda: shell.write("fg\n"), "\x1b[?1049h", "5 tickets", "? keys")
        shell.press("j").until(lambda screen: any("▌●‼  1005" in line for line in screen), "j moved to the next ticket")
        _waits_for(shell, lambda: shell.press("ctrl+q"), "\x1b[?1049l", "shell> ")


def test_ctrl_z_leaves_for_the_shell_from_a_text_as_well_and_takes_nothing_of_it(morning: Stage) -> None:
    program = f"{sys.executable} -m helpdesk_tui --as anna"
    with OpenApp(["bash", "--norc", "-i"], *SMALL, {**morning.environment, "PS1": "shell> "}) as shell:
        shell.shows("shell>")
        shell.write(f"{program}\n").up()
        shell.press("enter").shows("r reply")
        shell.press("r").shows("then:")
        shell.write("Guten Tag").shows("Guten Tag")
        _waits_for(shell, lambda: shell.press("ctrl+z"), "Stopped", "shell> ")
        _waits_for(shell, lambda: shell.write("fg\n"), "\x1b[?1049h", "Guten Tag")
        shell.send(b"\x1f")
        shell.gone("Guten Tag")


def _waits_for(program: OpenApp, act: Callable[[], object], *wanted: str) -> None:
    """Do something and wait until, after it, these texts have been written in this order."""
    before = len(program.bytes_seen())
    act()

    def are_written() -> bool:
        at, written = 0, program.bytes_seen()[before:].decode(errors="replace")
        for text in wanted:
            at = written.find(text, at) + 1
            if not at:
                return False
        return True

    wait_until(are_written, f"written in this order: {wanted}")


def _type_slowly(app: OpenApp, text: str) -> str:
    """Type as a fast typist does: a character every twentieth of a second."""
    at = time.monotonic()
    for letter in text:
        app.write(letter)
        at += PAUSE
        wait_until(lambda: time.monotonic() >= at, "the next letter", 5)  # noqa: B023
    return text


def _draft(stage: Stage, kind: str) -> str:
    rows = _rows(stage, f"SELECT text FROM draft WHERE kind = '{kind}' AND text != ''")
    return str(rows[0][0]) if rows else ""


def _rows(stage: Stage, statement: str) -> list[Any]:
    return sql(stage.desk().store, statement)


_BROKEN = """
import subprocess
import sys
from helpdesk_tui.screens.triage import TriageScreen
secret, sys.argv = sys.argv[1], ["helpdesk", "--as", "anna"]

def broken(self):
    password = secret
    try:
        raise ValueError(password)
    finally:
        1 / 0

TriageScreen.action_preview = broken
from helpdesk_tui.__main__ import main
main()
"""


def test_a_terminal_that_goes_without_a_signal_takes_the_program_with_it(morning: Stage) -> None:
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "helpdesk_tui", "--as", "anna"]
    ends = dict.fromkeys(("stdin", "stdout", "stderr"), theirs)
    with subprocess.Popen(command, **ends, env=morning.environment, start_new_session=True) as program:
        os.close(theirs)
        seen = b""
        while b"5 tickets" not in seen:
            seen += os.read(ours, 65536)
        os.close(ours)
        assert program.wait(timeout=20) == 128 + signal.SIGHUP
