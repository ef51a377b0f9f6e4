"""One's own editor: the text goes there and comes back, and nothing an editor does can lose it."""

from __future__ import annotations

import stat
import sys
from pathlib import Path

import pytest

from tests.build import sql, thread
from tests.screens.stage import OpenApp, Stage, wait_until
from tests.services.escapes import final_modes

EDITORS = {
    "fails": "sys.exit(3)",
    "empties the file": "path.write_text('')",
    "leaves blanks": "path.write_text('  \\n \\n')",
    "removes the file": "path.unlink()",
    "is killed": "os.kill(os.getpid(), 9)",
}
HAD = "What I had written."


def test_a_text_goes_to_the_editor_and_back(morning: Stage) -> None:
    editor = _editor(
        morning,
        "seen.write_text(path.read_text() + oct(path.stat().st_mode)); path.write_text('Grüße aus\\ndem Editor\\n')",
    )
    with _writing(morning, f"{editor} --wait") as app:
        app.press("ctrl+g").shows("dem Editor")
        app.settled(0.5)
        assert any("Taken over from the editor." in line for line in app.screen()), (
            "it stands there until a key is typed"
        )
        assert (morning.folder / "seen").read_text().startswith(HAD)
        assert (morning.folder / "seen").read_text().endswith(oct(stat.S_IFREG | 0o600))
        app.press("ctrl+s").shows("is on its way to")
        assert app.quit() == 0
    assert thread(morning.desk(), 1002)[-1].text == "Grüße aus\ndem Editor"
    assert not list(morning.state.glob("**/draft-*"))


@pytest.mark.parametrize("does", EDITORS.values(), ids=list(EDITORS))
def test_an_editor_that_fails_loses_nothing(morning: Stage, does: str) -> None:
    with _writing(morning, _editor(morning, does)) as app:
        app.press("ctrl+g").shows("what you had is still here", HAD)
        app.write(" More.").shows(f"{HAD} More.", "draft saved")
        wait_until(lambda: _draft(morning) == f"{HAD} More.", "the draft is saved")
        assert app.quit() == 0
    assert not list(morning.state.glob("**/draft-*"))


def test_an_editor_that_does_not_exist_is_named(morning: Stage) -> None:
    with _writing(morning, "/nowhere/at-all") as app:
        app.press("ctrl+g").shows("The editor cannot be started:", "/nowhere", HAD)
        assert app.quit() == 0


def test_an_editor_whose_name_cannot_be_read_is_no_crash(morning: Stage) -> None:
    with _writing(morning, "'unfinished") as app:
        app.press("ctrl+g").shows("The editor cannot be started: No closing quotation", HAD)
        assert app.quit() == 0


def test_what_an_editor_writes_is_cleaned(morning: Stage) -> None:
    with _writing(morning, _editor(morning, "path.write_bytes(b'a\\x1b]52;c;eA==\\x07b\\xffc\\x00d [/]')")) as app:
        app.press("ctrl+g").shows("Taken over from the editor.")
        app.press("ctrl+s").shows("is on its way to")
        assert app.quit() == 0
    assert thread(morning.desk(), 1002)[-1].text == "ab\ufffdcd [/]"


def test_the_editor_has_the_terminal_as_a_shell_would(morning: Stage) -> None:
    editor = _editor(morning, "seen.write_text(os.popen('stty -a').read()); path.write_text('x')")
    with _writing(morning, editor) as app:
        before = len(app.bytes_seen())
        app.press("ctrl+g").shows("Taken over from the editor.")
        written = app.bytes_seen()[before:]
    handed_over = written[: written.index(b"\x1b[?1049h")]
    assert final_modes(handed_over).items() >= {1049: False, 25: True, 1000: False, 2004: False}.items()
    assert " icanon" in (morning.folder / "seen").read_text()
    assert " echo " in (morning.folder / "seen").read_text()


def _writing(stage: Stage, editor: str) -> OpenApp:
    app = stage.app(env={"EDITOR": editor, "VISUAL": ""})
    app.up().press("r").shows("then:")
    app.write(HAD).shows(HAD, "draft saved")
    return app


def _editor(stage: Stage, does: str) -> str:
    """A program that does this to `path`, the file it is called with last."""
    script = stage.folder / "editor"
    here = Path(sys.executable)
    script.write_text(
        f"#!{here}\nimport os, sys\nfrom pathlib import Path\n"
        f"path, seen = Path(sys.argv[-1]), Path({str(stage.folder / 'seen')!r})\n{does}\n"
    )
    script.chmod(0o755)
    return str(script)


def _draft(stage: Stage) -> str:
    rows = sql(stage.desk().store, "SELECT text FROM draft WHERE kind = 'reply'")
    return str(rows[0][0]) if rows else ""
