"""A crash report that can be shown to anybody: places in the code, no values."""

from __future__ import annotations

import os
import traceback
from datetime import UTC, datetime
from pathlib import Path

from helpdesk_tui.config import folder


def write_report(error: BaseException | None) -> Path:
    """Write where it broke into the state folder (0600); returns the file.

    The error's own words stay out: they may quote a customer or hold a password.
    """
    place = folder("state")
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = place / f"crash-{datetime.now(UTC):%Y%m%dT%H%M%S}.txt"
    with os.fdopen(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        while error is not None:
            file.write(f"{type(error).__module__}.{type(error).__qualname__}\n")
            for frame in traceback.extract_tb(error.__traceback__):
                file.write(f"  {frame.filename}:{frame.lineno} in {frame.name}\n")
            error = error.__cause__ or error.__context__
    return path
