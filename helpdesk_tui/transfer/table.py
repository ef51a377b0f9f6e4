"""Rows of a CSV file: UTF-8, UTF-16 or Windows-1252; separated by comma, semicolon or tab."""

from __future__ import annotations

import codecs
import csv
import hashlib
import io
import itertools
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

from helpdesk_tui.errors import Usage
from helpdesk_tui.language import _
from helpdesk_tui.rules.untrusted import clean_line
from helpdesk_tui.transfer.source import Found, refuse_no_file, unreadable

REQUIRED = ("subject", "requester_email", "created_at")
OPTIONAL = (
    "number", "status", "priority", "category", "queue", "assignee", "tags", "body", "closed_at", "phone",
    "requester_name",
)  # fmt: skip
_SEPARATORS = ",;\t"
_LONGEST_CELL = 10 * 1024 * 1024
_PIECE = 1 << 20
_SAMPLE = 4096


class Table:
    """A CSV file; `total` is in bytes, positions are rows, of which the header is the first.

    `dropped` names the columns that mean nothing to us, as soon as the header was read.
    """

    def __init__(self, path: Path, columns: Mapping[str, str] | None = None) -> None:
        refuse_no_file(path)
        self._path = path
        self._columns = columns or {}
        self.dropped: list[str] = []
        self.total = path.stat().st_size

    def read(self, position: Mapping[str, Any]) -> Iterator[Found]:
        """The rows behind a position, as values by column.

        Raises:
            Usage: the header lacks a column, or has one twice. HelpdeskError: the file cannot be read.
        """
        csv.field_size_limit(_LONGEST_CELL)
        try:
            last = self._where_to_go_on(position)
            with open(self._path, "rb") as file:
                rows = _rows(_text(file))
                names = self._names(next(rows, []))
                before = hashlib.sha256()
                for row, cells in enumerate(rows, 2):
                    before.update(repr(cells).encode())
                    if row > last and cells:
                        position = {"row": row, "before": before.hexdigest()}
                        yield _found(position, file.tell(), names, cells)
        except OSError as error:
            raise unreadable(self._path, error) from error

    def _where_to_go_on(self, position: Mapping[str, Any]) -> int:
        """The row that a position names; the header's where the rows up to it are others than they were."""
        last, before = int(position.get("row", 1)), hashlib.sha256()
        with open(self._path, "rb") as file:
            for cells in itertools.islice(_rows(_text(file)), 1, last):
                before.update(repr(cells).encode())
        return last if before.hexdigest() == position.get("before") else 1

    def _names(self, header: Sequence[str] | str) -> list[str]:
        """Our names of the columns, "" for those that mean nothing to us."""
        heads = [clean_line(head, 200) for head in header] if not isinstance(header, str) else []
        ours = {self._columns.get(name, name).casefold(): name for name in (*REQUIRED, *OPTIONAL)}
        names = [ours.get(head.casefold(), "") for head in heads]
        self.dropped = [head for head, name in zip(heads, names, strict=True) if head and not name]
        known = [name for name in names if name]
        missing = [name for name in REQUIRED if name not in known]
        if missing:
            raise Usage(
                _("{path} has no column {names}.").format(path=self._path, names=", ".join(missing)),
                _("Its columns are: {heads}. [columns] of a mapping file says which is which.").format(
                    heads=clean_line(", ".join(heads), 500) or "–"
                ),
            )
        if len(set(known)) < len(known):
            twice = next(name for name in known if known.count(name) > 1)
            raise Usage(
                _("{path} has the column {name} twice.").format(path=self._path, name=twice), _("Rename one of them.")
            )
        return names


def _text(file: BinaryIO) -> io.TextIOWrapper:
    """The text of an open file from its beginning."""
    return io.TextIOWrapper(file, _encoding(file), errors="replace", newline="")


def _rows(text: io.TextIOWrapper) -> Iterator[list[str] | str]:
    """The cells of each row, or why it cannot be read."""
    first = text.readline(_PIECE)
    separator = max(_SEPARATORS, key=first.count)
    text.seek(0)
    reader = csv.reader(text, delimiter=separator, strict=True)
    while True:
        try:
            yield next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield _why_none(str(error))


def _why_none(words: str) -> str:
    """Why the csv module, which says these words, finds no row."""
    if "unexpected end" in words or "larger than" in words:
        return _("A quote is opened here that nothing closes, so that all behind it is one cell.")
    if "expected after" in words:
        return _("A quote is opened here and not closed, or stands in the middle of a cell.")
    return _("It is no row of a table: {words}.").format(words=clean_line(words, 200))


def _found(position: Mapping[str, Any], done: int, names: Sequence[str], cells: list[str] | str) -> Found:
    place = _("row {n}").format(n=position["row"])
    if isinstance(cells, str):
        return Found(place, position, done, None, cells)
    if len(cells) != len(names):
        said = _("It has {n} cells instead of {wanted}.").format(n=len(cells), wanted=len(names))
        return Found(place, position, done, None, said)
    return Found(place, position, done, {name: cell for name, cell in zip(names, cells, strict=True) if name})


def _encoding(file: BinaryIO) -> str:
    """How the text is encoded: by its byte order mark, by zero bytes, else UTF-8 where all of it is."""
    sample = file.read(_SAMPLE)
    file.seek(0)
    if sample.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if sample[1::2].count(0) > len(sample) // 3:
        return "utf-16-le"
    if sample[::2].count(0) > len(sample) // 3:
        return "utf-16-be"
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        while piece := file.read(_PIECE):
            decoder.decode(piece)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return "cp1252"
    finally:
        file.seek(0)
    return "utf-8-sig"
