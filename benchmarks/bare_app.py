"""The floor of starting: a Textual app with one line of text."""

from __future__ import annotations

from textual.app import App, ComposeResult
from textual.widgets import Static


class BareApp(App[None]):
    """An app that does nothing."""

    def compose(self) -> ComposeResult:
        """The line."""
        yield Static("  opening …", markup=False)


if __name__ == "__main__":
    BareApp().run()
