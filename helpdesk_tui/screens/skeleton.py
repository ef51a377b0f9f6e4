"""What stands on the screen before the store is open: the same lines, without tickets."""

from __future__ import annotations

from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.screen import Screen
from textual.widgets import Static

from helpdesk_tui.language import _


class Skeleton(Screen[None]):
    """The frame of the list."""

    BINDINGS: ClassVar = [("q", "app.quit", ""), ("ctrl+q", "app.quit", "")]

    def compose(self) -> ComposeResult:
        """The lines of the list's screen."""
        yield Static(Text(_(" 1 Mine  2 Unassigned  3 Waiting  4 Due  5 New"), "dim"), id="tabs", markup=False)
        yield Static(Text(_("  opening …"), "dim"), id="waiting", markup=False)
