"""A crash report that can be shown to anybody: places in the code, no values."""

from __future__ import annotations

import os
import tempfile
import traceback
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from helpdesk_tui.config import folder
from helpdesk_tui.errors import HelpdeskError


def write_report(error: BaseException | None) -> Path:
    """Write where it broke (0600) into the state folder, or among the temporary files where that takes none.

    The error's own words stay out: they may quote a customer or hold a password.

    Raises:
        OSError: neither takes it.
    """
    words = "".join(_places(error))
    try:
        place = folder("state")
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = place / f"crash-{datetime.now(UTC):%Y%m%dT%H%M%S}.txt"
        _write(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), words)
    except (OSError, HelpdeskError):
        handle, name = tempfile.mkstemp(prefix="helpdesk-crash-", suffix=".txt")
        _write(handle, words)
        path = Path(name)
    return path


def _places(error: BaseException | None) -> Iterator[str]:
    while error is not None:
        yield f"{type(error).__module__}.{type(error).__qualname__}\n"
        for frame in traceback.extract_tb(error.__traceback__):
            yield f"  {frame.filename}:{frame.lineno} in {frame.name}\n"
        error = error.__cause__ or error.__context__


def _write(handle: int, words: str) -> None:
    with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace") as file:
        file.write(words)
