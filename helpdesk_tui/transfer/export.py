"""Handing everything out: one ticket a line, in the order of ids, one ticket in memory at a time."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

from helpdesk_tui.desk import imports
from helpdesk_tui.desk.door import Desk
from helpdesk_tui.store.queries.export import count_to_export, documents, ticket_ids_after
from helpdesk_tui.transfer.progress import Progress

#: So many ids are looked up at once.
_AT_ONCE = 500


def export_lines(desk: Desk, tell: Callable[[str], None] | None = None) -> Iterator[bytes]:
    """The lines of an export; what is written while it runs may be in it or not, each ticket whole.

    Raises:
        Refused: this actor may not export.
    """
    imports.refuse_others(desk)
    progress = Progress(desk.ask(count_to_export), "tickets", tell)
    done = last = 0
    while ids := desk.ask(ticket_ids_after, last, _AT_ONCE):
        for ticket_id in ids:
            for document in desk.ask(documents, [ticket_id]):
                yield json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
            done += 1
            progress.at(done)
        last = ids[-1]
