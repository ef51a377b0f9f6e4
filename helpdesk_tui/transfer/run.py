"""An import from its source to its end: read, place, write a chunk at a time; go on where a call before ended."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Protocol

from sqlalchemy.orm import Session

from helpdesk_tui.desk import imports
from helpdesk_tui.desk.door import Desk
from helpdesk_tui.desk.imports import Chunk, Reject, Source
from helpdesk_tui.errors import Usage
from helpdesk_tui.language import _, ngettext
from helpdesk_tui.mail.readers import Readers
from helpdesk_tui.store.locks import Hold
from helpdesk_tui.store.queries.transfer import ImportRow
from helpdesk_tui.store.transaction import Unstorable
from helpdesk_tui.terms import SYSTEM, ImportState
from helpdesk_tui.transfer.ahead import read_ahead
from helpdesk_tui.transfer.maildir import Maildir
from helpdesk_tui.transfer.mails import MailImport
from helpdesk_tui.transfer.mapping import Mapping, Unmapped
from helpdesk_tui.transfer.mbox import Mbox
from helpdesk_tui.transfer.options import Options
from helpdesk_tui.transfer.progress import Progress
from helpdesk_tui.transfer.rows import RowImport
from helpdesk_tui.transfer.source import Found, Reader, chunks
from helpdesk_tui.transfer.table import Table
from helpdesk_tui.transfer.tickets import Tickets

FORMATS = ("mbox", "maildir", "csv", "jsonl")
_MAILS = ("mbox", "maildir")
#: What the total of a format counts.
_UNITS = {"mbox": "bytes", "maildir": "files", "csv": "bytes", "jsonl": "bytes"}
Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Imported:
    """What came of an import; `batch` takes it back, None where nothing was written (a dry run).

    Args:
        tickets, messages, rejected: of the whole import; of one that had been finished before, what this call added.
        resumed: it went on where an earlier call was broken off.
        unmapped: words that mean nothing here; dropped: columns of a table that do. Only a dry run has any.
    """

    batch: str | None
    tickets: int
    messages: int
    rejected: int
    resumed: bool
    unmapped: Unmapped = field(default_factory=lambda: Unmapped({}))
    rejects: tuple[Reject, ...] = ()
    dropped: tuple[str, ...] = ()


class Interpreter(Protocol):
    """Turns what was found into what is to be written; that of a dry run remembers what nobody writes."""

    def chunk(self, session: Session, found: Sequence[Found]) -> Chunk:
        """What is to be written of these things; what is known is left out."""


def run_import(desk: Desk, format: str, path: Path, options: Options, tell: Tell | None = None) -> Imported:
    """Import a source, or go on with it.

    Raises:
        Usage: words of the source mean nothing here; nothing was written. Refused: this actor may not.
        Busy: another process imports from this system.
    """
    name = os.fsencode(os.path.realpath(path)).decode("utf-8", "backslashreplace")
    source = Source(format, name, options.system, options.as_stored())
    with imports.importing(desk, options.system) as hold:
        reader = _reader(desk, format, path, options)
        if unmapped := _look_through(desk, format, path, options, desk.clock(), tell).unmapped:
            raise _unknown(unmapped)
        run, is_resumed = imports.begin(desk, source)
        base = run if run.state is ImportState.DONE else None
        run = _read_on(_Work(desk, hold, reader, _progress(format, reader, tell)), format, options, run)
        run = imports.finish(desk, run)
    return Imported(
        run.batch,
        run.tickets - (base.tickets if base else 0),
        run.messages - (base.messages if base else 0),
        run.rejected - (base.rejected if base else 0),
        is_resumed,
    )


def dry_run(desk: Desk, format: str, path: Path, options: Options, tell: Tell | None = None) -> Imported:
    """What an import of this source would come to; writes nothing."""
    imports.refuse_others(desk)
    now = desk.clock()
    if format not in _MAILS:
        return _look_through(desk, format, path, options, now, tell)
    return _count(desk, format, path, options, now, tell)


@dataclass(frozen=True, slots=True)
class _Work:
    desk: Desk
    hold: Hold
    reader: Reader
    progress: Progress


def _read_on(work: _Work, format: str, options: Options, run: ImportRow) -> ImportRow:
    """Take in everything behind the position of a run; all of a source that was read to its end before."""
    interpreter = work.desk.acting_as(SYSTEM).ask(_interpreter, format, options, run.started_at)
    position = {} if run.state is ImportState.DONE else run.position
    with Readers() as readers:
        for found in chunks(_found(format, work.reader.read(position), readers)):
            work.hold()
            run = _take(work.desk, interpreter, run, found)
            work.progress.at(found[-1].done)
    return run


def _take(desk: Desk, interpreter: Interpreter, run: ImportRow, found: Sequence[Found]) -> ImportRow:
    """Write what was found; where the store cannot hold one thing of it, all the others."""
    try:
        return imports.take_in(desk, run, desk.acting_as(SYSTEM).ask(interpreter.chunk, found))
    except Unstorable as error:
        if len(found) == 1:
            return imports.take_in(desk, run, Chunk(found[0].position, rejects=[Reject(found[0].place, error.message)]))
    half = len(found) // 2
    return _take(desk, interpreter, _take(desk, interpreter, run, found[:half]), found[half:])


def _look_through(desk: Desk, format: str, path: Path, options: Options, now: datetime, tell: Tell | None) -> Imported:
    """Read a table to its end for the words it uses; mails use none."""
    if format in _MAILS:
        desk.acting_as(SYSTEM).ask(_interpreter, format, options, now)  # refuses options that will not do
        return Imported(None, 0, 0, 0, False)
    return _count(desk, format, path, options, now, tell)


def _count(desk: Desk, format: str, path: Path, options: Options, now: datetime, tell: Tell | None) -> Imported:
    reader = _reader(desk, format, path, options)
    interpreter = desk.acting_as(SYSTEM).ask(_interpreter, format, options, now, is_dry=True)
    progress = _progress(format, reader, tell)
    tickets = messages = 0
    rejects: list[Reject] = []
    with Readers() as readers:
        for found in chunks(_found(format, reader.read({}), readers)):
            chunk = desk.acting_as(SYSTEM).ask(interpreter.chunk, found)
            tickets += len(chunk.tickets)
            messages += sum(len(one.ticket.messages) for one in chunk.tickets)
            messages += sum(len(one.more.messages) for one in chunk.more)
            rejects += chunk.rejects
            progress.at(found[-1].done)
    unmapped = interpreter.mapping.unmapped if isinstance(interpreter, RowImport) else Unmapped({})
    dropped = tuple(reader.dropped) if isinstance(reader, Table) else ()
    return Imported(None, tickets, messages, len(rejects), False, unmapped, tuple(rejects), dropped)


def _found(format: str, found: Iterator[Found], readers: Readers) -> Iterator[Found]:
    """What a source holds, mails with what they say."""
    return read_ahead(found, readers) if format in _MAILS else found


def _progress(format: str, reader: Reader, tell: Tell | None) -> Progress:
    return Progress(reader.total, _UNITS[format], tell)


def _reader(desk: Desk, format: str, path: Path, options: Options) -> Reader:
    columns = desk.acting_as(SYSTEM).ask(Mapping, options.mapping).columns
    if format == "mbox":
        return Mbox(path, is_sent=options.is_sent)
    if format == "maildir":
        return Maildir(path, is_sent=options.is_sent)
    return Table(path, columns) if format == "csv" else Tickets(path)


def _interpreter(
    session: Session, format: str, options: Options, started_at: datetime, *, is_dry: bool = False
) -> MailImport | RowImport:
    mapping = Mapping(session, options.mapping)
    if format in _MAILS:
        return MailImport(session, options, mapping, started_at, is_dry=is_dry)
    return RowImport(options, mapping, started_at, is_dry=is_dry)


def _unknown(unmapped: Unmapped) -> Usage:
    count = sum(map(len, unmapped.words.values()))
    said = ngettext("{n} word of the source means nothing here", "{n} words of the source mean nothing here", count)
    return Usage(
        _("{said}: {kinds}.").format(said=said, kinds=", ".join(unmapped.words)),
        _("Nothing was imported. `--dry-run` prints a mapping file to fill in; then give it with --mapping FILE."),
    )
