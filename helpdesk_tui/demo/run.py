"""Running the demo: build the desk, start a poller beside the app, clean up."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from helpdesk_tui.demo.build import (
    VISITOR,
    DemoCounts,
    DemoFiles,
    begin_the_day,
    counts,
    deliver,
    open_demo_store,
    sample_mails,
    take_in_all,
)
from helpdesk_tui.desk.door import Desk, utc_now
from helpdesk_tui.language import _


def build(demo: DemoFiles) -> DemoCounts:
    """Build the desk with all sample mails taken in."""
    desk = open_demo_store(demo)
    deliver(demo, sample_mails(), utc_now())
    take_in_all(desk)
    begin_the_day(desk)
    return counts(desk)


def open_demo(demo: DemoFiles, tell: Callable[[str], None]) -> tuple[int, DemoCounts]:
    """Build the desk, open the app on it with a poller beside; returns the exit code and the final counts."""
    from helpdesk_tui.demo.app import DemoApp
    from helpdesk_tui.launch import run_app
    from helpdesk_tui.store.schema import open_current

    tell(_("taking in the sample mailbox …"))
    build(demo)
    with polling(demo):
        code = run_app(DemoApp(demo))
    store = open_current(demo.settings.store)
    from helpdesk_tui.terms import SYSTEM

    return code, counts(Desk(store, SYSTEM, demo.settings))


@contextmanager
def polling(demo: DemoFiles) -> Iterator[subprocess.Popen[bytes]]:
    """A poller of the demo's mailbox, in a process of its own, as an admin would run it."""
    poller = start_poller(demo)
    try:
        yield poller
    finally:
        poller.send_signal(signal.SIGTERM)
        try:
            poller.wait(timeout=5)
        except subprocess.TimeoutExpired:
            poller.kill()
            poller.wait()


def start_poller(demo: DemoFiles) -> subprocess.Popen[bytes]:
    """Start a poller; what it says goes into a file of the demo's folder."""
    login = [] if demo.settings.store.startswith("postgres") else ["--as", VISITOR]
    command = [sys.executable, "-m", "helpdesk_tui", "--config", str(demo.config), *login, "poll"]
    with open(demo.folder / "poller.log", "ab") as log:
        return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=dict(os.environ))
