"""`python -m benchmarks [NAME ...]`: measure, compare with the floors, write docs/measured.md; 1 where a bound is missed."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType

from benchmarks import cursor, customer, fill, imap, imports, ingest, report, start, storm, thread, verbs
from benchmarks.figures import Figure
from benchmarks.options import Options

QUESTIONS: dict[str, ModuleType] = {
    "start": start,
    "cursor": cursor,
    "thread": thread,
    "customer": customer,
    "ingest": ingest,
    "imap": imap,
    "storm": storm,
    "imports": imports,
    "fill": fill,
    "verbs": verbs,
}


def main(words: Sequence[str]) -> int:
    """Ask the questions that are named, or all."""
    asked = _parser().parse_args(words)
    for name in [name for name in os.environ if name.startswith("HELPDESK_")]:
        del os.environ[name]
    missed = False
    with tempfile.TemporaryDirectory(prefix="helpdesk-bench-") as folder:
        os.environ["XDG_STATE_HOME"] = os.environ["XDG_CONFIG_HOME"] = folder
        options = Options(Path(folder), is_quick=asked.quick)
        for name in asked.names or QUESTIONS:
            missed |= _ask(name, options)
    return int(missed and not (asked.no_check or asked.quick))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure how fast everything is.")
    parser.add_argument("names", nargs="*", choices=[*QUESTIONS, []], metavar="NAME", help=", ".join(QUESTIONS))
    parser.add_argument("--quick", action="store_true", help="only see that it runs; checks and writes nothing")
    parser.add_argument("--no-check", action="store_true", help="end with 0 though a bound is missed")
    return parser


def _ask(name: str, options: Options) -> bool:
    """Answer one question; True where it misses a bound."""
    question = QUESTIONS[name]
    answer: Callable[[Options], list[Figure]] = question.main
    print(f"{question.TITLE} ({name})", flush=True)
    figures = answer(options)
    for figure in figures:
        print(report.as_line(figure), flush=True)
    if not options.is_quick:
        report.write(name, question.TITLE, question.NOTE, figures)
    return not all(figure.is_kept for figure in figures)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
