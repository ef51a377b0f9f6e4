"""The terminals of the tests show what a person would see, and find what must not be written to one."""

from __future__ import annotations

import re
import signal
import sys
import time
from importlib.metadata import version
from pathlib import Path

import pytest

from tests.services.escapes import final_modes, forbidden_bytes
from tests.services.hosting import wait_until
from tests.services.starter import PROGRAM
from tests.services.terminal import PtyProgram
from tests.services.tmux import Tmux

WRONG_USAGE = 2

SMALL_APP = """
from textual.app import App
from textual.widgets import Header, Input, Static

class Small(App):
    def compose(self):
        yield Header()
        yield Static("Grüße 漢字 👩‍🚀")
        yield Input()

Small().run()
"""


def test_tmux_shows_what_a_program_shows(tmux: Tmux) -> None:
    tmux.start(["cat"], 60, 10)
    tmux.type("Grüße; 漢字;")
    tmux.keys("Enter")
    tmux.wait_for(re.compile(r"Grüße; 漢字;\nGrüße; 漢字;"))
    tmux.resize(40, 5)
    assert len(tmux.wait_until(lambda screen: len(screen) == 5)) == 5
    assert tmux.alive
    tmux.keys("C-d")
    assert tmux.exit_status() == 0
    assert not tmux.alive


@pytest.mark.parametrize(("last_words", "status"), [("exit 3", 3), ("kill -TERM $$", -signal.SIGTERM)])
def test_tmux_tells_how_a_program_ended(tmux: Tmux, last_words: str, status: int) -> None:
    tmux.start(["sh", "-c", last_words])
    assert tmux.exit_status() == status


def test_tmux_passes_variables_and_styles(tmux: Tmux) -> None:
    tmux.start(["sh", "-c", r'printf "\033[31m$WORD\033[0m"; cat'], env={"WORD": "rot"})
    tmux.wait_for("rot")
    assert "\x1b[31mrot" in tmux.screen_ansi()[0]
    with pytest.raises(AssertionError, match=r"\|rot"):
        tmux.wait_for("blau", timeout=0)


@pytest.mark.parametrize("answers", [True, False])
def test_a_real_app_writes_nothing_forbidden_and_leaves_the_terminal_as_it_was(answers: bool) -> None:
    with PtyProgram([sys.executable, "-c", SMALL_APP], 60, 12, answers=answers) as program:
        program.wait_for("Grüße 漢字")
        program.send(b"abc\x1b[<35;5;7M")
        program.wait_for("abc")
        program.resize(50, 10)
        program.settled()
        assert len(program.screen()) == 10
        program.send(b"\x11")
        assert program.wait() == 0
        written = program.bytes_seen()
    assert forbidden_bytes(written) == []
    assert (b"\x1b[?2026h" in written) is answers
    assert final_modes(written).items() >= {1049: False, 25: True, 1000: False, 2004: False}.items()


def test_a_program_has_a_terminal_of_its_own() -> None:
    with PtyProgram(["sh", "-c", "trap 'stty size' WINCH; stty size; while :; do sleep 0.01; done"], 77, 11) as program:
        program.wait_for("11 77")
        program.resize(66, 12)
        program.wait_for("12 66")
        # A shell that has just begun another command may not be the one to hear it.
        wait_until(lambda: _ended_by_ctrl_c(program), "ctrl+c ends it")
        assert program.wait() == -signal.SIGINT
        assert program.chunks[0][0] < program.chunks[-1][0] < time.perf_counter()


def _ended_by_ctrl_c(program: PtyProgram) -> bool:
    program.send(b"\x03")
    return not program.alive


def test_a_program_is_told_where_its_cursor_is() -> None:
    asks = r"printf 'ab\n  \033[6n'; IFS=';' read -rs -d R row column; echo; echo at ${row#??} $column"
    with PtyProgram(["bash", "-c", asks]) as program:
        program.wait_for("at 2 3")


@pytest.mark.parametrize("is_read_anew", [False, True])
def test_however_it_is_started_our_program_is_the_same(tmp_path: Path, is_read_anew: bool) -> None:
    """Its words, its exit status, its variables and its end by a signal."""
    with _started(tmp_path, is_read_anew, "--version") as program:
        assert program.wait() == 0
        program.wait_for(version("helpdesk-tui"))
    with _started(tmp_path, is_read_anew, "ticket", "shwo") as program:
        assert program.wait() == WRONG_USAGE
        program.wait_for("No such command 'shwo'")
    with _started(tmp_path, is_read_anew, "--store", "sqlite:////proc/no.db", "ticket", "list") as program:
        assert program.wait() != 0
        program.wait_for("/proc/no.db")
    with _started(tmp_path, is_read_anew, "demo") as program:
        program.wait_for("Unassigned")
        assert program.alive
        program.kill(signal.SIGTERM)
        ended = {0, -signal.SIGTERM, 128 + signal.SIGTERM}
        assert program.wait() in ended, "\n".join(program.screen())


def test_a_program_that_is_ended_right_away_is_ended(tmp_path: Path) -> None:
    for _again in range(20):
        with _started(tmp_path, False, "demo") as program:
            assert program.pid
        assert not program.alive


def _started(folder: Path, is_read_anew: bool, *words: str) -> PtyProgram:
    home = {"HOME": str(folder), "XDG_STATE_HOME": str(folder / "state"), "TMPDIR": str(folder)}
    return PtyProgram([*PROGRAM, *words], env=home, is_read_anew=is_read_anew)


def test_waiting_for_a_program_that_ended_says_what_it_showed() -> None:
    with PtyProgram(["echo", "Tschüss"]) as program, pytest.raises(AssertionError, match=r"\|Tschüss"):
        program.wait_for("Hallo")


@pytest.mark.parametrize(
    ("raw", "names"),
    [
        pytest.param("漢字 👩\u200d🚀 é\r\n\x1b[0;38;2;1;2;3mx\x1b[0m\x1b[12;1H".encode(), [], id="legitimate"),
        pytest.param(b"\x1b]52;c;eA==\x07", ["OSC 52"], id="clipboard"),
        pytest.param(b"\x1b]52;c;eA==\x1b\\", ["OSC 52"], id="clipboard, other end"),
        pytest.param(b"\x1b]52;c;eA==", ["ESC ]"], id="clipboard, no end"),
        pytest.param(b"\x1b]8;;http://x\x1b\\x\x1b]8;;\x1b\\", ["OSC 8", "OSC 8"], id="link"),
        pytest.param(b"\x1b]0;x\x07", ["OSC 0"], id="title"),
        pytest.param(b"\x1bPq\x1b\\\x1b_x\x1b\\\x1b^x\x1b\\\x1bXx\x1b\\", ["DCS", "APC", "PM", "SOS"], id="strings"),
        pytest.param(b"\x1bc\x1b(0\x1b[2J\x1b[6n", ["ESC c", "ESC (0", "CSI 2J", "CSI 6n"], id="escapes"),
        pytest.param(b"\0\x07\x08\t\x0b\x0c\rx", ["NUL", "BEL", "BS", "TAB", "VT", "FF", "CR"], id="control bytes"),
        pytest.param(b"\x0e\x0f\x7f\x1c", ["SO", "SI", "DEL", "C0 0x1C"], id="more control bytes"),
        pytest.param("\x9b2J\x85".encode(), ["C1 U+009B", "C1 U+0085"], id="C1"),
        pytest.param(b"\x9b2J\xff", ["not UTF-8", "not UTF-8"], id="raw C1"),
        pytest.param("\u202e\u2066".encode(), ["bidi U+202E", "bidi U+2066"], id="bidi"),
        pytest.param("\u2028\u200b".encode(), ["separator U+2028", "zero width U+200B"], id="invisible"),
        pytest.param("\U000e0041".encode(), ["tag U+E0041"], id="tag"),
    ],
)
def test_what_is_forbidden_in_a_terminal(raw: bytes, names: list[str]) -> None:
    found = forbidden_bytes(b"before" + raw + b"after")
    assert [forbidden.name for forbidden in found] == names
    assert all((b"before" + raw)[f.offset :].startswith(f.raw) and f.raw in f.context for f in found)
    assert forbidden_bytes(raw, allow={name.split()[0] for name in names} | {"zero width", "not UTF-8"}) == []


@pytest.mark.parametrize("cut", [b"\x1b", b"\x1b[38;2", b"\x1b]22;poi", "漢".encode()[:2], "👩".encode()[:3]])
def test_what_is_cut_off_at_the_end_is_not_forbidden(cut: bytes) -> None:
    assert forbidden_bytes(b"x" + cut) == []


def test_a_frame_is_seen_when_it_is_whole_or_nobody_is_left_to_end_it() -> None:
    begins, ends = r"\033[?2026h", r"\033[?2026l"
    writes = f"printf 'one {begins}two '; read go; printf 'three {ends}{begins}four '; read go"
    with PtyProgram(["sh", "-c", f"stty -echo; {writes}"]) as program:
        program.wait_for("one")
        program.settled(0.2)
        assert program.screen()[0] == "one"
        program.send(b"\n")
        program.wait_for("one two three")
        program.settled(0.2)
        assert program.screen()[0] == "one two three"
        program.send(b"\n")
        program.wait()
        assert program.screen()[0] == "one two three four"
