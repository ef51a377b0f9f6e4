"""How commands print: JSON documents, tables and sentences. Everything passes the gate of `rules.untrusted`."""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from helpdesk_tui.errors import HelpdeskError
from helpdesk_tui.rules.untrusted import clean_line, clean_text
from helpdesk_tui.terms import Outcome

if TYPE_CHECKING:
    from helpdesk_tui.store.queries.tickets import TicketRow


def print_json(document: Any) -> None:
    """Print one JSON document on stdout; ASCII only, so that no byte of it can steer a terminal."""
    print(json.dumps(plain(document), indent=2))


def plain(value: Any) -> Any:
    """A value as JSON has it: times in UTC with Z, dataclasses as objects, tuples as lists, null for an empty text."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return None if value == "" else value


def print_outcome(outcome: Outcome, as_json: bool) -> None:
    """Print what a verb did."""
    if as_json:
        print_json({"outcome": outcome.text, "batch": outcome.batch, "tickets": list(outcome.tickets)})
    else:
        say(outcome.text)


def print_error(error: HelpdeskError, as_json: bool) -> None:
    """Print an error: for people on stderr, for programs as the one document on stdout."""
    if as_json:
        print_json({"error": {"message": error.message, "hint": error.hint}})
        return
    print(clean_line(error.message, 2000), file=sys.stderr)
    if error.hint:
        print(clean_line(error.hint, 2000), file=sys.stderr)


def say(text: str) -> None:
    """Print a text for people on stdout."""
    print(clean_text(text))


def tell(text: str) -> None:
    """Print a message or progress on stderr."""
    print(clean_line(text, 2000), file=sys.stderr, flush=True)


def print_table(heads: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Print a table for people; cells are cleaned and never interpreted."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold")
    for head in heads:
        table.add_column(head, overflow="fold")
    for row in rows:
        table.add_row(*(Text(clean_line(str(cell if cell is not None else ""), 300)) for cell in row))
    Console(highlight=False, markup=False).print(table)


def ticket_json(row: TicketRow) -> dict[str, Any]:
    """A ticket as every list of tickets prints it."""
    return {
        "number": row.number,
        "subject": row.raw_subject,
        "requester": plain(row.requester),
        "queue": row.queue,
        "status": row.status,
        "priority": row.priority,
        "category": row.category,
        "assignee": row.assignee,
        "tags": list(row.tags),
        "due_at": plain(row.due_at),
        "created_at": plain(row.created_at),
        "updated_at": plain(row.updated_at),
    }
