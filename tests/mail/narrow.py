"""Polls in a process whose files cannot grow beyond a size, as on a disk that is full."""

from __future__ import annotations

import multiprocessing
import os
import resource
import sys
from collections.abc import Mapping

from helpdesk_tui.config import Settings
from helpdesk_tui.desk.door import Desk
from helpdesk_tui.desk.identity import identify
from helpdesk_tui.errors import HelpdeskError
from helpdesk_tui.mail.poller import poll_once
from helpdesk_tui.store.engine import open_store
from helpdesk_tui.terms import SYSTEM
from tests.mail.installation import SECONDS, Installation

#: How the process ends where something failed, and where nothing did.
FAILED, WELL = 75, 0
#: Forks a process that has loaded all this and has no store open, which is much faster than starting one.
_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload([__name__])


def poll_with_room(installation: Installation, most_bytes: int | None = None) -> bool:
    """Poll once, with no file larger than so many bytes; True where nothing failed."""
    words = (installation.place.url_of("anna"), installation.settings, most_bytes, dict(os.environ))
    process = _context.Process(target=_poll, args=words)
    process.start()
    process.join(SECONDS)
    assert process.exitcode in (FAILED, WELL), f"it ended with {process.exitcode}"
    return process.exitcode == WELL


def _poll(url: str, settings: Settings, most_bytes: int | None, environment: Mapping[str, str]) -> None:
    os.environ.update(environment)
    if most_bytes is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, most_bytes))
    try:
        store = open_store(url)
        failures = poll_once(Desk(store, identify(store, "anna"), settings).acting_as(SYSTEM), settings).failures
        store.close()
    except HelpdeskError as error:
        failures = [error]
    sys.exit(FAILED if failures else WELL)
