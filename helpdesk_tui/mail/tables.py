"""The tables of an HTML document as lines: a row of short cells is one line, cells with paragraphs stand below each other."""

from __future__ import annotations

from dataclasses import dataclass, field

#: Tables in tables beyond that are read as if they were none; what is nested costs its depth.
DEEPEST = 30
#: A cell with more in it belongs to the layout of a page.
_LONGEST_CELL = 80


@dataclass(slots=True)
class _Table:
    outer: list[str]
    cells: list[list[str]] = field(default_factory=list)
    has_head: bool = False


class Tables:
    """The tables that are open; `lines` is where the next line belongs."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._open: list[_Table] = []
        self._passed = 0

    @property
    def is_open(self) -> bool:
        """True where a cell that begins is one of a table."""
        return bool(self._open) and not self._passed

    def begin(self) -> None:
        """A table begins."""
        if len(self._open) >= DEEPEST:
            self._passed += 1
        else:
            self._open.append(_Table(self.lines))

    def begin_cell(self, *, is_head: bool) -> bool:
        """A cell begins; False where it is in no table that is read as one."""
        if not self.is_open:
            return False
        table = self._open[-1]
        table.has_head = table.has_head or is_head
        table.cells.append([])
        self.lines = table.cells[-1]
        return True

    def end_row(self, margin: str) -> None:
        """The cells so far become lines; `margin` stands before each of them already."""
        if self.is_open:
            table = self._open[-1]
            table.outer += _row(table.cells, margin, has_head=table.has_head)
            table.cells.clear()
            self.lines = table.outer

    def end(self, margin: str) -> None:
        """A table ends."""
        if self._passed:
            self._passed -= 1
        elif self._open:
            self.end_row(margin)
            self._open.pop()

    def end_all(self, margin: str) -> None:
        """The document ends, whatever is still open."""
        self._passed = 0
        while self._open:
            self.end(margin)


def _row(cells: list[list[str]], margin: str, *, has_head: bool) -> list[str]:
    trimmed = [_trimmed(cell) for cell in cells]
    filled = [cell for cell in trimmed if cell]
    longest = max((len(cell[0]) for cell in filled), default=0)
    if all(len(cell) == 1 for cell in filled) and (has_head or longest <= _LONGEST_CELL):
        texts = [cell[0].removeprefix(margin) if cell else "" for cell in (trimmed if has_head else filled)]
        return [margin + (" | " if has_head else "  ").join(texts).rstrip()] if filled else []
    rows: list[str] = []
    for cell in filled:
        rows += [margin, *cell] if rows else cell
    return rows


def _trimmed(cell: list[str]) -> list[str]:
    """The lines of a cell without empty ones at its ends."""
    start, end = 0, len(cell)
    while start < end and not cell[start].strip("> "):
        start += 1
    while end > start and not cell[end - 1].strip("> "):
        end -= 1
    return cell[start:end]
