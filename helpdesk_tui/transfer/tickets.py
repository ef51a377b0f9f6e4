"""The lines of an export, one ticket each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from helpdesk_tui.language import _
from helpdesk_tui.mail.mbox_file import stretch_before
from helpdesk_tui.transfer.source import Found, refuse_no_file, unreadable, where_to_go_on

#: A longer line does not fit into memory beside what is made of it.
LONGEST_LINE = 200 * 1024 * 1024
_PIECE = 1 << 20


class Tickets:
    """A file of our own export; `total` and positions are bytes."""

    def __init__(self, path: Path) -> None:
        refuse_no_file(path)
        self._path = path
        self.total = path.stat().st_size

    def read(self, position: Mapping[str, Any]) -> Iterator[Found]:
        """The lines behind a position."""
        try:
            with open(self._path, "rb") as file:
                start = where_to_go_on(file, position)
                number = int(position["line"]) if start else 0
                file.seek(start)
                while line := file.readline(LONGEST_LINE):
                    number += 1
                    is_whole = line.endswith(b"\n") or len(line) < LONGEST_LINE
                    while not line.endswith(b"\n") and (rest := file.readline(_PIECE)):
                        line = rest
                    place, at = _("line {n}").format(n=number), file.tell()
                    position = {"byte": at, "line": number, "before": stretch_before(file, at)}
                    if not is_whole:
                        yield Found(place, position, at, None, _("The line is too long to be read."))
                    elif line.strip():
                        yield Found(place, position, at, line.strip())
        except OSError as error:
            raise unreadable(self._path, error) from error
