"""Words in drawn lines, also where a line was broken between them."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

#: What stands before a line's words and is none of them.
_MARGIN = " │"


class Mark(NamedTuple):
    """Cells of one line that belong to a place: the line's number, from where, to where (in characters)."""

    line: int
    start: int
    end: int


class _Piece(NamedTuple):
    """The words of one line within the text of their block: where they begin in it, and in the line.

    Args:
        origins: of each folded letter its place among the words, where letters fold into several (`ß`); else empty.
    """

    offset: int
    line: int
    margin: int
    length: int
    origins: tuple[int, ...]


class _Block(NamedTuple):
    text: str
    pieces: list[_Piece]


class Finder:
    """Lines put together again as far as they belong together, to look for words in them."""

    def __init__(self, lines: Sequence[str], owners: Sequence[int]) -> None:
        """Take lines in.

        Args:
            owners: what each line belongs to; below zero it stands alone.
        """
        self._blocks = [_block(lines, numbers) for numbers in _runs(owners)]

    def find(self, words: str) -> list[list[Mark]]:
        """All places that have these words, from the top, each with the lines it is on; case and blanks do not count."""
        wanted = " ".join(words.casefold().split())
        return [list(marks) for block in self._blocks for marks in _places(block, wanted)] if wanted else []


def _runs(owners: Sequence[int]) -> Iterator[list[int]]:
    """The numbers of lines that belong together."""
    for _owner, run in groupby(enumerate(owners), key=lambda one: (one[1], one[0] if one[1] < 0 else -1)):
        yield [number for number, _owner in run]


def _block(lines: Sequence[str], numbers: Sequence[int]) -> _Block:
    parts, pieces, offset = [], [], 0
    for number in numbers:
        line = lines[number]
        words = line.lstrip(_MARGIN)
        margin, words = len(line) - len(words), words.rstrip()
        folded = words.casefold()
        origins = () if len(folded) == len(words) else tuple(n for n, one in enumerate(words) for _ in one.casefold())
        pieces.append(_Piece(offset, number, margin, len(folded), origins))
        parts.append(folded)
        offset += len(folded) + 1
    return _Block(" ".join(parts), pieces)


def _places(block: _Block, wanted: str) -> Iterator[Iterator[Mark]]:
    offsets = [piece.offset for piece in block.pieces]
    at = block.text.find(wanted)
    while at >= 0:
        end = at + len(wanted)
        first = bisect_right(offsets, at) - 1
        yield _marks(block.pieces[first:], at, end)
        at = block.text.find(wanted, end)


def _marks(pieces: Sequence[_Piece], start: int, end: int) -> Iterator[Mark]:
    for piece in pieces:
        if piece.offset >= end:
            return
        left, right = max(start - piece.offset, 0), min(end - piece.offset, piece.length)
        if left >= right:
            continue
        if piece.origins:
            left, right = piece.origins[left], piece.origins[right - 1] + 1
        yield Mark(piece.line, piece.margin + left, piece.margin + right)
