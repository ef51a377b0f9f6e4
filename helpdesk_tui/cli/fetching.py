"""How far `poll` has come with mail that waits: a bar on a terminal, a line now and then anywhere else."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from helpdesk_tui.cli.output import heard_or_not, tell
from helpdesk_tui.language import _

if TYPE_CHECKING:
    from helpdesk_tui.mail.intake import Progress

#: So many seconds pass between two lines, and before the first one: a short round says nothing.
_EVERY_SECONDS = 5.0


@contextmanager
def shown_progress() -> Iterator[Progress]:
    """What is told how many mails are stored, and shows it for as long as the block."""
    if not sys.stderr.isatty():
        yield Lines().show
        return
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn
    from rich.progress import Progress as Bars

    console = Console(stderr=True, highlight=False)
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), TextColumn("{task.fields[words]}"))
    with Bars(*columns, console=console, transient=True) as bars:
        begun = time.monotonic()
        tasks = {}

        def show(mailbox: str, done: int, total: int) -> None:
            if mailbox not in tasks:
                tasks[mailbox] = bars.add_task(mailbox, total=total, words="")
            words = in_words(done, total, time.monotonic() - begun)
            bars.update(tasks[mailbox], completed=done, words=words)

        yield show


class Lines:
    """Says it in plain lines, seldom."""

    def __init__(self) -> None:
        self._begun: dict[str, float] = {}
        self._said_at = time.monotonic()

    def show(self, mailbox: str, done: int, total: int) -> None:
        """Say how far a mailbox is, if that was not said just now; nobody has to hear it."""
        now = time.monotonic()
        begun = self._begun.setdefault(mailbox, self._said_at)
        if now >= self._said_at + _EVERY_SECONDS and done < total:
            self._said_at = now
            with heard_or_not():
                tell(f"{mailbox}: {in_words(done, total, now - begun)}")


def in_words(done: int, total: int, seconds: float) -> str:
    """How far it is: `340 of 10,000 · 12 s left`."""
    said = _("{done} of {total}").format(done=f"{done:,}", total=f"{total:,}")
    if not 0 < done < total:
        return said
    left = seconds * (total - done) / done
    minutes = _("{n} min left").format(n=round(left / 60))
    return f"{said} · {_('{n} s left').format(n=round(left)) if left < 100 else minutes}"
