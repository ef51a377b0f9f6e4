"""How a screen stood: kept on this machine, so that it stands the same after a restart or a crash.

It holds ids and queries, no word of a customer. Written at most twice a second, by replacing the file.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from helpdesk_tui.config import Settings, folder


@dataclass
class Place:
    """View, filter, cursor, marks and sizes of the list, and the open ticket."""

    view: int = 2
    filter: str = ""
    cursor: int | None = None
    marks: list[int] = field(default_factory=list)
    ticket: int | None = None
    writing: str = ""
    has_preview: bool = True
    preview_lines: int = 5
    has_side: bool = True


def state_folder(settings: Settings) -> Path:
    """Where this machine remembers how the screens stood, for one store."""
    return folder("state") / hashlib.sha256(settings.store.encode()).hexdigest()[:16]


def load_place(path: Path) -> Place:
    """The place as it was left; the default where there is none or it cannot be read."""
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        known = {name: found[name] for name in asdict(Place()) if name in found}
        return Place(**known)
    except (OSError, ValueError, TypeError, AttributeError):
        return Place()


def save_place(path: Path, place: Place) -> None:
    """Remember the place."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_suffix(f".{os.getpid()}")
    with os.fdopen(os.open(draft, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(json.dumps(vars(place)))  # at once: piece by piece it takes ten times as long
    draft.replace(path)
