"""How commands print: JSON documents, tables and sentences. Everything passes the gate of `rules.untrusted`."""

from __future__ import annotations

import dataclasses
import io
import json
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TextIO

from helpdesk_tui.errors import HelpdeskError
from helpdesk_tui.language import _
from helpdesk_tui.rules.untrusted import clean_line, clean_text
from helpdesk_tui.terms import Outcome

if TYPE_CHECKING:
    from helpdesk_tui.store.queries.tickets import TicketRow


#: How wide a table may be where no terminal limits it, in cells.
_IN_A_PIPE = 10_000


class NotPrinted(HelpdeskError):
    """What was to be printed cannot be written."""


def print_what_can_be() -> None:
    """From now on a letter that the locale does not have is a question mark, and no failure."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


@contextmanager
def heard_or_not() -> Iterator[None]:
    """Print in this block what changes nothing where it cannot be printed, on a full disk or to nobody."""
    with suppress(OSError, ValueError, NotPrinted):
        yield
    with suppress(OSError, NotPrinted):
        flush()


def flush() -> None:
    """Give away what was printed, now; else Python would do so at its very end, with an exit code of its own.

    Raises:
        BrokenPipeError, NotPrinted: it cannot be written. It is dropped, like all that follows.
    """
    troubles = [trouble for stream in (sys.stdout, sys.stderr) if (trouble := _trouble_of(stream))]
    with _printing():
        if troubles:
            raise troubles[0]


def print_json(document: Any) -> None:
    """Print one JSON document on stdout; ASCII only, so that no byte of it can steer a terminal."""
    text = json.dumps(plain(document), indent=2)
    with _printing():
        print(text)


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
    """Print an error, where that can be: for people on stderr, for programs as the one document on stdout."""
    with heard_or_not():
        if as_json:
            print_json({"error": error_json(error)})
            return
        tell(error.message)
        if error.hint:
            tell(error.hint)


def error_json(error: HelpdeskError) -> dict[str, str]:
    """An error as every document shows it."""
    return {"message": error.message, "hint": error.hint}


def say(text: str) -> None:
    """Print a text for people on stdout."""
    with _printing():
        print(clean_text(text))


def tell(text: str) -> None:
    """Print a message or progress on stderr."""
    if sys.stderr is not None:  # where it is closed, print would take stdout
        print(clean_line(text, 2000), file=sys.stderr, flush=True)


def print_table(heads: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Print a table for people; cells are cleaned and never interpreted."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold")
    for place, head in enumerate(heads):
        table.add_column(head, overflow="fold", no_wrap=place == 0)  # what is typed again stays in one piece
    for row in rows:
        table.add_row(*(Text(clean_line(str(cell if cell is not None else ""), 300)) for cell in row))
    with _printing():
        Console(highlight=False, markup=False, width=None if sys.stdout.isatty() else _IN_A_PIPE).print(table)


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


@contextmanager
def _printing() -> Iterator[None]:
    """Tell a disk that is full from a fault; a reader that went away stays what it is."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise NotPrinted(
            _("What was to be printed could not be written: {words}.").format(
                words=error.strerror or type(error).__name__
            ),
            _("Only its words are lost; what the command changed is changed."),
        ) from error


def _trouble_of(stream: TextIO | None) -> OSError | None:
    """Flush a stream; where that fails, lead it to nowhere, so that it does not fail again."""
    if stream is None or stream.closed:
        return None
    try:
        stream.flush()
    except OSError as error:
        with suppress(OSError):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, stream.fileno())
            os.close(nowhere)
        return error
    return None
