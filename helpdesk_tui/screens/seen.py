"""Which messages somebody has read, for their own eyes: kept on this machine alone, and not when it was."""

from __future__ import annotations

import json
import os
from pathlib import Path

#: So many tickets are remembered, those read last.
_MOST = 5_000


class Seen:
    """The newest message that was read of each ticket; a file that cannot be read or written costs the marks only."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._until: dict[int, int] = self._load()

    def until(self, ticket_id: int) -> int | None:
        """The id of the newest message that was read; None where the ticket was never open here."""
        return self._until.get(ticket_id)

    def read(self, ticket_id: int, message_id: int) -> None:
        """All messages up to this one have been read."""
        if self._until.get(ticket_id, 0) >= message_id:
            return
        self._until.pop(ticket_id, None)
        self._until[ticket_id] = message_id
        while len(self._until) > _MOST:
            del self._until[next(iter(self._until))]
        self._save()

    def _load(self) -> dict[int, int]:
        try:
            found = json.loads(self._path.read_text(encoding="utf-8"))
            return {int(ticket): int(message) for ticket, message in found.items()}
        except (OSError, ValueError, TypeError, AttributeError):
            return {}

    def _save(self) -> None:
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            draft = self._path.with_suffix(f".{os.getpid()}")
            with os.fdopen(os.open(draft, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w") as file:
                file.write(json.dumps(self._until))
            draft.replace(self._path)
        except OSError:
            return  # a full disk is told of where it matters; what is read twice does no harm
