"""On one machine the app itself sends mail and runs timers, unless a poller does."""

from __future__ import annotations

import logging
import threading
import time

from helpdesk_tui.config import Settings
from helpdesk_tui.desk.door import Desk
from helpdesk_tui.errors import HelpdeskError
from helpdesk_tui.mail.copies import keep_copies
from helpdesk_tui.mail.duties import Duties
from helpdesk_tui.mail.ingest import PIPE, file_left_over
from helpdesk_tui.terms import SYSTEM

log = logging.getLogger(__name__)
#: How long to wait before looking again, in seconds.
_PAUSE = 1.0
_PAUSE_AFTER_TROUBLE = 10.0
#: How often one looks for mail of the pipe that was kept and not filed, in seconds.
_LOOKS_FOR_KEPT = 60.0


def keep_house(desk: Desk, settings: Settings, ended: threading.Event) -> None:
    """Send, run timers and file what was kept only, until `ended`; leaves the first two to a poller where there is one."""
    system = desk.acting_as(SYSTEM)
    threading.Thread(target=keep_copies, args=(system, settings, ended), name="copies", daemon=True).start()
    while not ended.is_set():
        try:
            with Duties(system, settings) as duties:
                _keep_house(system, duties, ended)
        except HelpdeskError as error:
            log.warning("%s %s", error.message, error.hint)
            ended.wait(_PAUSE_AFTER_TROUBLE)
        except Exception as error:  # noqa: BLE001  the edge: whatever broke, it is tried again
            log.error("housekeeping broke off: %s", type(error).__name__)
            ended.wait(_PAUSE_AFTER_TROUBLE)


def _keep_house(system: Desk, duties: Duties, ended: threading.Event) -> None:
    looks_at = time.monotonic()
    while not ended.is_set():
        duties.do()
        if time.monotonic() >= looks_at:
            file_left_over(system, PIPE)
            looks_at = time.monotonic() + _LOOKS_FOR_KEPT
        ended.wait(_PAUSE)
