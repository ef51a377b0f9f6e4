"""Why something of a source cannot be taken in."""

from __future__ import annotations


class Unfit(Exception):
    """A row or line makes no sense; its text is the reason, clean and for people."""
