"""The last line of defence: no byte that steers a terminal leaves a segment, whatever widget drew it."""

from __future__ import annotations

from collections.abc import Iterable

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.text import Text
from textual.color import Color
from textual.filter import LineFilter

from helpdesk_tui.rules.untrusted import clean_line, clean_text

_NO_BREAKS = str.maketrans("\n\t", "  ")


class Clean(LineFilter):
    """Takes out of every drawn line what `rules.untrusted` forbids."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """The same line, clean."""
        if all(segment.text.isascii() and segment.text.isprintable() for segment in segments):
            return segments
        return list(_cleaned(segments))


def shown(text: str, style: str = "") -> Text:
    """A text from outside as a widget may have it: one clean line, never markup."""
    return Text(clean_line(text), style=style)


def _cleaned(segments: Iterable[Segment]) -> Iterable[Segment]:
    for segment in segments:
        words = segment.text if segment.control else clean_text(segment.text).translate(_NO_BREAKS)
        if words == segment.text:
            yield segment
        else:
            # As wide as the terminal was told it is, so that what stands to the right stays there.
            yield Segment(set_cell_size(words, cell_len(segment.text)), segment.style)
