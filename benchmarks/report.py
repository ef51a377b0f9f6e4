"""What was measured, as lines for a person and as `docs/measured.md`."""

from __future__ import annotations

import os
import platform
import re
import sqlite3
import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from benchmarks.figures import Figure, Sample

_ROOT = Path(__file__).parent.parent
MEASURED = _ROOT / "docs" / "measured.md"
_HEAD = """# What was measured

Written by `make bench` and `make test-long`. Other machines give other figures; the ratios to a floor, which is measured in turns with ours
in the same run, should hold. p99 is the slow end: 99 of 100 are at least that good. A bound that is missed is marked.
"""
_COLUMNS = "| what | n | p50 | p99 | floor p50 | floor p99 | ratio | bound |\n|---|--:|--:|--:|--:|--:|--:|---|\n"


def as_line(figure: Figure) -> str:
    """A figure for the terminal."""
    _what, count, p50, p99, floor, _floor_p99, ratio, bound = _cells(figure)
    beside = f"  floor {floor}, ratio {ratio}" if figure.floor else ""
    said = f"  [{bound}]" if figure.bound else ""
    return f"  {figure.what}: p50 {p50}, p99 {p99} (n={count}){beside}{said}"


def write(name: str, title: str, note: str, figures: Sequence[Figure]) -> None:
    """Put the section of one question into docs/measured.md, in place of its last one."""
    rows = "".join(f"| {' | '.join(_cells(figure))} |\n" for figure in figures)
    write_section(name, title, f"{note}\n\n{_COLUMNS}{rows}")


def write_section(name: str, title: str, body: str) -> None:
    """Put a section into docs/measured.md in place of its last one, with time, commit and machine."""
    before = MEASURED.read_text(encoding="utf-8") if MEASURED.exists() else ""
    sections = {found[1]: found[0] for found in re.finditer(r"## .*\(`(\w+)`\)\n(?:(?!## ).*\n?)*", before)}
    sections[name] = f"## {title} (`{name}`)\n\n{body.rstrip()}\n\n{_where_and_when()}\n"
    text = "\n".join([_HEAD, *(sections[one].rstrip("\n") + "\n" for one in sections)])
    MEASURED.parent.mkdir(exist_ok=True)
    MEASURED.write_text(text, encoding="utf-8")


def _cells(figure: Figure) -> list[str]:
    floor = figure.floor
    ratio = f"{figure.ratio:.2f}" if figure.ratio is not None else "–"
    bound = figure.bound and f"{figure.bound}: {'kept' if figure.is_kept else '**missed**'}"
    beside = [_amount(floor, floor.p50), _amount(floor, floor.p99)] if floor else ["–", "–"]
    sample = figure.sample
    p99 = _amount(sample, sample.p99) if len(sample.values) > 1 else "–"
    return [figure.what, str(len(sample.values)), _amount(sample, sample.p50), p99, *beside, ratio, bound]


def _amount(sample: Sample, value: float) -> str:
    digits = 0 if value >= 100 or sample.unit == "B" else 1 if value >= 10 else 2
    return f"{value:,.{digits}f} {sample.unit}".strip()


def _where_and_when() -> str:
    now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M")
    versions = f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, Textual {version('textual')}"
    load = f"load {os.getloadavg()[0]:.1f}" + (f", nice {os.nice(0)}" if os.nice(0) else "")
    return f"{now} UTC · commit {_commit()} · {os.cpu_count()} cores ({load}), {platform.machine()} · {versions}"


def _commit() -> str:
    """The short hash, with a + where the files differ from it."""
    try:
        commit, changes = (
            subprocess.run(["git", *words], cwd=_ROOT, capture_output=True, text=True, check=True).stdout.strip()
            for words in (["rev-parse", "--short", "HEAD"], ["status", "--porcelain", "--untracked-files=no"])
        )
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return f"{commit}+" if [line for line in changes.splitlines() if "docs/measured.md" not in line] else commit
