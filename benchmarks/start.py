"""How long it takes from starting the program until its skeleton, and until the first ticket, stand on the screen."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.figures import Figure, Sample, against
from benchmarks.options import Options
from benchmarks.terminals import TICKET_ROW, program, seconds_until

TITLE = "Starting"
NOTE = (
    "From exec until the bytes have arrived at the terminal (80×24), warm caches. The floor is a Textual app with one "
    "line of text. All three are started in turns; the ratio is the median of the rounds."
)
_SKELETON = re.compile("opening …".encode())
_ROUNDS = 30


@dataclass(frozen=True, slots=True)
class _Round:
    """Milliseconds of one round: the bare app's line, the skeleton, the first ticket of a small desk and a full one."""

    bare: float
    skeleton: float
    few: float
    many: float


def main(options: Options) -> list[Figure]:
    """Skeleton against a bare app; first ticket with many tickets against few."""
    urls = [options.filled(count).url for count in (options.few, options.many)]
    count = 2 if options.is_quick else _ROUNDS + 1
    rounds = [_round(options, *urls) for _one in range(count)][1:]
    bare, skeleton, few, many = (
        Sample([getattr(one, name) for one in rounds], "ms") for name in ("bare", "skeleton", "few", "many")
    )
    return [
        against("skeleton painted; floor: a bare app's line", skeleton, bare, most=1.4),
        against(f"first ticket of {options.few:,} painted; floor: a bare app's line", few, bare),
        against(f"first ticket of {options.many:,} painted; floor: of {options.few:,}", many, few, most=1.15),
    ]


def _round(options: Options, few: str, many: str) -> _Round:
    (bare,) = _painted(options, few, "benchmarks.bare_app", [_SKELETON])
    skeleton, first_of_few = _painted(options, few, "helpdesk_tui", [_SKELETON, TICKET_ROW])
    _skeleton, first_of_many = _painted(options, many, "helpdesk_tui", [_SKELETON, TICKET_ROW])
    return _Round(bare, skeleton, first_of_few, first_of_many)


def _painted(options: Options, url: str, module: str, marks: Sequence[re.Pattern[bytes]]) -> list[float]:
    """Milliseconds from exec until each of these marks was on its way to the screen."""
    with program([sys.executable, "-m", module], options.environment(url)) as (terminal, started_at):
        return [seconds_until(terminal, mark, started_at) * 1000 for mark in marks]
