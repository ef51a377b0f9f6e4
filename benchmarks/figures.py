"""What a benchmark finds: samples, the floor beside them, and the bound they must keep."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sample:
    """Measurements of one thing in one unit; a unit of "…/s" is better the higher it is, any other the lower."""

    values: Sequence[float]
    unit: str

    @property
    def p50(self) -> float:
        """The median."""
        return statistics.median(self.values) if self.values else math.nan

    @property
    def p99(self) -> float:
        """What 99 of 100 measurements keep to: the slow end, for rates as well."""
        if not self.values:
            return math.nan
        slow_last = sorted(self.values, reverse=self.unit.endswith("/s"))
        return slow_last[min(round(0.99 * (len(slow_last) - 1)), len(slow_last) - 1)]


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of a result. `ratio` is to the floor; `bound` says what must hold, "" where nothing must."""

    what: str
    sample: Sample
    floor: Sample | None = None
    ratio: float | None = None
    bound: str = ""
    is_kept: bool = True


def against(
    what: str, sample: Sample, floor: Sample, *, most: float | None = None, least: float | None = None
) -> Figure:
    """A figure beside its floor; its ratio is the median of the pairs where both were measured in turn.

    Args:
        most, least: what the ratio must not exceed, or must reach.
    """
    ratio = _ratio(sample, floor)
    if most is not None:
        return Figure(what, sample, floor, ratio, f"ratio ≤ {most:g}", ratio <= most)
    if least is not None:
        return Figure(what, sample, floor, ratio, f"ratio ≥ {least:g}", ratio >= least)
    return Figure(what, sample, floor, ratio)


def _ratio(sample: Sample, floor: Sample) -> float:
    if len(sample.values) != len(floor.values):
        return sample.p50 / floor.p50
    return statistics.median(ours / bare for ours, bare in zip(sample.values, floor.values, strict=True))
