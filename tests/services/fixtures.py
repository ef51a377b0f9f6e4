"""Fixtures that give a test a real mailbox, mail server, database or terminal.

Where a machine has none, the tests are skipped and the run's last lines say so; CI does not let that pass.
Each process of a parallel run has servers of its own.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import NoReturn

import pytest

from tests.services.available import (
    DOVECOT,
    EXIM,
    OTHER_DOVECOT,
    POSTGRES,
    TMUX,
    Service,
    is_available,
    other_dovecot_root,
)
from tests.services.dovecot import DovecotServer, Mailbox, running_dovecot
from tests.services.exim import EximServer, running_exim
from tests.services.postgres import PostgresServer, running_postgres
from tests.services.smtp import SmtpSink, running_smtp
from tests.services.tmux import Tmux

__all__ = [
    "dovecot_server",
    "either_dovecot",
    "mailbox",
    "postgres_server",
    "pytest_configure",
    "pytest_terminal_summary",
    "require",
    "smtp_sink",
    "tmux",
]

NOT_TESTED = "NOT TESTED: "


def require(service: Service) -> None:
    """Skip the test if this machine lacks the service; fail it where that must not happen, as in CI."""
    if is_available(service):
        return
    if os.environ.get("CI") or os.environ.get("HELPDESK_REQUIRE_SERVICES"):
        pytest.fail(f"{NOT_TESTED}{service}", pytrace=False)
    pytest.skip(f"{NOT_TESTED}{service}")


@pytest.fixture(scope="session")
def dovecot_server() -> Iterator[DovecotServer]:
    """A Dovecot for the whole run."""
    require(DOVECOT)
    with running_dovecot() as server:
        yield server


@pytest.fixture(scope="session", params=["of this release", "of another release"])
def either_dovecot(request: pytest.FixtureRequest) -> Iterator[DovecotServer]:
    """A Dovecot before 2.4 and one after it, where this machine's own is one of them."""
    if request.param == "of this release":
        yield request.getfixturevalue("dovecot_server")
        return
    require(OTHER_DOVECOT)
    with running_dovecot(other_dovecot_root() or Path("/")) as server:
        yield server


@pytest.fixture
def mailbox(dovecot_server: DovecotServer) -> Mailbox:
    """An empty mailbox on a running Dovecot."""
    dovecot_server.start()
    return dovecot_server.new_mailbox()


@pytest.fixture
def smtp_sink() -> Iterator[SmtpSink]:
    """A mail server that wants STARTTLS and a password, and keeps all it gets."""
    with running_smtp() as sink:
        yield sink


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """A PostgreSQL for the whole run; each test makes databases of its own in it."""
    require(POSTGRES)
    with running_postgres() as server:
        yield server


@pytest.fixture(scope="session")
def exim() -> Iterator[EximServer]:
    """A mail transfer agent for the whole run, which takes no mail that is not as it should be."""
    require(EXIM)
    with running_exim() as server:
        yield server


@pytest.fixture
def tmux() -> Iterator[Tmux]:
    """A terminal of its own, empty as yet."""
    require(TMUX)
    with Tmux() as terminal:
        yield terminal


def pytest_configure() -> None:
    """Let a run that is told to end, by CI or `timeout`, stop its servers first, as Ctrl+C does.

    A run in a shell's background begins deaf to Ctrl+C, and so would be all that it starts.
    """
    signal.signal(signal.SIGTERM, _end_run)
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """End the run with a red line for each service that was missing."""
    reasons = {report.longrepr[2] for report in terminalreporter.stats.get("skipped", [])}
    for reason in sorted(reason for reason in reasons if NOT_TESTED in reason):
        terminalreporter.write_line(reason[reason.index(NOT_TESTED) :], red=True, bold=True)


def _end_run(number: int, _frame: FrameType | None) -> NoReturn:
    pytest.exit(f"ended by {signal.Signals(number).name}", returncode=128 + number)
