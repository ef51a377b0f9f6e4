"""What is read from: things one after the other, each with its place, and where to go on behind it."""

from __future__ import annotations

import stat
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from helpdesk_tui.errors import HelpdeskError, Usage
from helpdesk_tui.language import _
from helpdesk_tui.mail.mbox_file import stretch_before
from helpdesk_tui.mail.reader import Reading, Unread

#: A chunk ends after so many things or bytes; it is written in one transaction, which others wait for.
CHUNK_COUNT = 200
CHUNK_BYTES = 8 * 1024 * 1024
#: How packed files begin.
_PACKED = {b"\x1f\x8b": "gzip", b"PK\x03\x04": "zip", b"BZh": "bzip2", b"\xfd7zXZ\x00": "xz", b"(\xb5/\xfd": "zstd"}
_LONGEST_MARK = 8
_NOT_YET = Unread("")


@dataclass(frozen=True, slots=True)
class RawMail:
    """A mail as a mailbox file holds it.

    Args:
        envelope_at: when it was put there, as far as the source says.
        folder: the folder's name, "" for a file; is_sent: what lies there was sent by us.
        reading: what it says, once it was read.
    """

    content: bytes
    envelope_at: datetime | None = None
    folder: str = ""
    is_sent: bool = False
    is_flagged: bool = False
    is_answered: bool = False
    reading: Reading = _NOT_YET


@dataclass(frozen=True, slots=True)
class Found:
    """One thing of a source, or why there is none.

    Args:
        place: where it stands, as people look for it; clean.
        position: where to go on behind it; done: how much of the source then lies behind.
        thing: a mail, or the values of a row by column, or the bytes of a line; None where it cannot be taken.
        reason: why it cannot.
    """

    place: str
    position: Mapping[str, Any]
    done: int
    thing: RawMail | Mapping[str, str] | bytes | None
    reason: str = ""

    @property
    def size(self) -> int:
        """About how many bytes it takes."""
        if isinstance(self.thing, RawMail):
            return len(self.thing.content)
        if isinstance(self.thing, bytes):
            return len(self.thing)
        return sum(map(len, self.thing.values())) if self.thing else 0


def where_to_go_on(file: BinaryIO, position: Mapping[str, Any]) -> int:
    """The byte that a position names; 0 where the file is another one before it, for it was changed or compacted."""
    at = int(position.get("byte", 0))
    return at if stretch_before(file, at) == position.get("before") else 0


class Reader(Protocol):
    """A source: how much there is (bytes, files or rows), and what stands in it from a position on."""

    total: int

    def read(self, position: Mapping[str, Any]) -> Iterator[Found]:
        """Everything behind a position (empty: everything), in an order that is the same each time.

        Where the source has changed before that position, everything as well: what is known is not taken in again.
        """


def chunks(found: Iterable[Found]) -> Iterator[list[Found]]:
    """Cut what is found into chunks: the same each time, wherever reading began at the end of one."""
    chunk: list[Found] = []
    size = 0
    for one in found:
        chunk.append(one)
        size += one.size
        if len(chunk) >= CHUNK_COUNT or size >= CHUNK_BYTES:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk


def refuse_no_file(path: Path) -> None:
    """Stop where a path leads to no plain file that can be read, or to one that is packed.

    Raises:
        Usage: it does. HelpdeskError: it cannot be read.
    """
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise Usage(_("{path} is no plain file.").format(path=path), _("Name the file to read."))
        with open(path, "rb") as file:
            head = file.read(_LONGEST_MARK)
    except FileNotFoundError as error:
        raise Usage(_("There is no file {path}.").format(path=path), _("Name the file to read.")) from error
    except OSError as error:
        raise unreadable(path, error) from error
    if kind := next((kind for mark, kind in _PACKED.items() if head.startswith(mark)), None):
        raise Usage(
            _("{path} is packed ({kind}).").format(path=path, kind=kind), _("Unpack it, and name what comes out.")
        )


def unreadable(path: Path, error: OSError) -> HelpdeskError:
    """A source cannot be read."""
    return HelpdeskError(
        _("{path} cannot be read: {words}.").format(path=path, words=error.strerror or type(error).__name__),
        _("Check who may read it; then give the same command, and it goes on where it ended."),
    )
