"""Writing in $VISUAL or $EDITOR: the text goes out in a file of one's own and comes back; whatever fails changes nothing."""

from __future__ import annotations

import os
import shlex
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from textual.app import App, SuspendNotSupported

from helpdesk_tui.config import folder
from helpdesk_tui.errors import Refused
from helpdesk_tui.language import _
from helpdesk_tui.rules.untrusted import clean_line, clean_text


def edited(app: App[Any], text: str) -> str:
    """The text as it is after a person has edited it.

    Raises:
        Refused: the editor cannot be started, failed, or left nothing; the text is as it was.
    """
    try:
        with _file_of(text) as name:
            written = _edited(app, name)
    except (OSError, ValueError, SuspendNotSupported) as error:
        words = clean_line(str(error), 100)
        raise Refused(_("The editor cannot be started: {words}").format(words=words), "") from error
    if not written.strip() and text.strip():
        raise Refused(_("The editor ended without a text; what you had is still here."), "")
    return written.rstrip("\n")


def _edited(app: App[Any], name: str) -> str:
    """What the editor made of a file; "" where it failed.

    Raises:
        OSError, ValueError: there is no such editor, or its name cannot be read.
    """
    command = shlex.split(os.environ.get("VISUAL") or os.environ.get("EDITOR") or "") or ["vi"]
    failure: OSError | None = None
    with app.suspend():
        try:
            status = subprocess.run([*command, name], check=False).returncode
        except OSError as error:  # the screen comes back only where this block ends in peace
            failure = error
    if failure is not None:
        raise failure
    if status != 0 or not Path(name).is_file():
        return ""
    return clean_text(Path(name).read_bytes().decode("utf-8", "replace"))


@contextmanager
def _file_of(text: str) -> Iterator[str]:
    """A file of one's own with a text, for as long as an editor needs it.

    Raises:
        OSError: it cannot be written.
    """
    place = folder("state")
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix="draft-", suffix=".txt", dir=place)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        yield name
    finally:
        with suppress(OSError):
            Path(name).unlink()
