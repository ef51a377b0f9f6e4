"""What the long run proved, written to `docs/measured.md`; loaded by `make test-long` alone.

A test says what it has seen with the fixture `proves`; the figures of one kind are added up over all tests that passed,
or, of what is at most so much, the greatest counts.
"""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from benchmarks.report import write_section

TITLE = "The long proofs"
#: How the name of a figure ends that is a bound.
MOST = "at most"
NOTE = """Written by `make test-long`: every test, the long proofs in full. The figures are of the tests that passed."""


@dataclass
class Proof:
    """What the tests of one file came to."""

    outcomes: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0
    figures: Counter[str] = field(default_factory=Counter)


class LongRun:
    """Adds up the reports of a whole run, also those of other processes."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._proofs: defaultdict[str, Proof] = defaultdict(Proof)
        self._since = time.monotonic()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take in how one step of a test went, and name a failed test at once: the end of the run is an hour away.

        A test without a failed step and with a call has passed.
        """
        proof = self._proofs[Path(report.nodeid.partition("::")[0]).stem.removeprefix("test_")]
        proof.seconds += report.duration
        if report.when == "call" or report.outcome != "passed":
            proof.outcomes[report.outcome] += 1
        if report.failed:
            terminal = self._config.pluginmanager.get_plugin("terminalreporter")
            assert isinstance(terminal, pytest.TerminalReporter)
            terminal.write_line(f"\nFAILED {report.nodeid}")
        if report.when == "call" and report.passed:
            for name, value in report.user_properties:
                seen, before = int(str(value)), proof.figures[name]
                proof.figures[name] = max(before, seen) if name.endswith(MOST) else before + seen

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Write the section, unless only some tests were asked for, or none was to be run."""
        asked = session.config.option
        if asked.keyword or asked.markexpr or asked.collectonly or session.config.args_source.name == "ARGS":
            return
        write_section("long", TITLE, f"{NOTE}\n\n{self._summary()}\n\n{self._table()}")

    def _summary(self) -> str:
        total: Counter[str] = Counter()
        for proof in self._proofs.values():
            total += proof.outcomes
        counts = " · ".join(f"{total[one]:,} {one}" for one in ("passed", "failed", "skipped"))
        return f"**{counts}** in {(time.monotonic() - self._since) / 60:.0f} minutes."

    def _table(self) -> str:
        rows = ["| proof | passed | failed | skipped | seen | s |", "|---|--:|--:|--:|---|--:|"]
        for name, proof in sorted(self._proofs.items()):
            seen = ", ".join(f"{value:,} {what}" for what, value in sorted(proof.figures.items()))
            counts = " | ".join(str(proof.outcomes[one]) for one in ("passed", "failed", "skipped"))
            rows.append(f"| {name.replace('_', ' ')} | {counts} | {seen} | {proof.seconds:.0f} |")
        return "\n".join(rows)


def pytest_configure(config: pytest.Config) -> None:
    """The process that gives out the tests adds them up."""
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(LongRun(config), "longrun-sums")
