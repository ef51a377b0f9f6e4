"""What commands read: ticket numbers, and texts from files or standard input."""

from __future__ import annotations

import sys
from pathlib import Path

import typer

from helpdesk_tui.errors import Usage
from helpdesk_tui.language import _

TEXT_FILE = typer.Option("-", "--text-file", help="The text; - reads standard input.", metavar="FILE|-")


def numbers_from(words: list[str]) -> list[int]:
    """The ticket numbers that are named.

    Raises:
        Usage: a word is none, or there is none.
    """
    wrong = next((word for word in words if not word.lstrip("#").isdecimal()), None)
    if wrong is not None or not words:
        raise Usage(_("{word} is not a ticket number.").format(word=wrong or '""'), _("Name at least one number."))
    return [int(word.lstrip("#")) for word in words]


def text_from(source: str) -> str:
    """The text in a file, or on standard input.

    Raises:
        Usage: there is no such file.
    """
    if source == "-":
        return sys.stdin.buffer.read().decode("utf-8", "replace")
    path = Path(source)
    if not path.is_file():
        raise Usage(_("There is no file {path}.").format(path=path), _("Name a text file, or - for standard input."))
    return path.read_bytes().decode("utf-8", "replace")
