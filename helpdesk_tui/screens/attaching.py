"""Files that go along with a mail: read from this machine, kept in the store until it is sent."""

from __future__ import annotations

import asyncio
import mimetypes
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from helpdesk_tui.desk.sending import MOST_BYTES, KeptFile, keep_file
from helpdesk_tui.errors import Refused
from helpdesk_tui.language import _
from helpdesk_tui.rules.untrusted import clean_line

if TYPE_CHECKING:
    from helpdesk_tui.app import HelpdeskApp


def as_fields(files: Iterable[KeptFile]) -> list[list[Any]]:
    """Files as a draft keeps them."""
    return [[one.name, one.content_type, one.size, one.sha256] for one in files]


def from_fields(kept: Iterable[Sequence[Any]]) -> tuple[KeptFile, ...]:
    """Files that a draft kept."""
    return tuple(KeptFile(*one) for one in kept)


def without(files: tuple[KeptFile, ...], answer: str) -> tuple[KeptFile, ...] | None:
    """What is left where an answer of `AttachDialog` takes a file away; None where it adds one."""
    word, _blank, rest = answer.partition(" ")
    return (*files[: int(rest)], *files[int(rest) + 1 :]) if word == "drop" else None


async def kept(app: HelpdeskApp, answer: str) -> KeptFile:
    """The file that an answer of `AttachDialog` adds.

    Raises:
        Refused: the file cannot be read, or is too large for a mail.
    """
    path = Path(answer.partition(" ")[2]).expanduser()
    try:
        if path.stat().st_size > MOST_BYTES:
            raise Refused(
                _("{name} is too large for a mail.").format(name=clean_line(path.name, 80)),
                _("{n} MB is the most; send a link instead.").format(n=MOST_BYTES // 1_000_000),
            )
        body = await asyncio.to_thread(path.read_bytes)
    except OSError as error:
        words = clean_line(error.strerror or str(error), 100)
        name = clean_line(str(path), 100)
        raise Refused(_("{path} cannot be read: {words}.").format(path=name, words=words), "") from error
    kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return await app.keep(keep_file, path.name, kind, body)
