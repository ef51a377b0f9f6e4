"""On one machine the app itself sends mail and runs timers, unless a poller does."""

from __future__ import annotations

import logging
import threading

from helpdesk_tui.config import Settings
from helpdesk_tui.desk.delivery import doubt_interrupted
from helpdesk_tui.desk.door import Desk
from helpdesk_tui.desk.timers import run_due
from helpdesk_tui.errors import HelpdeskError
from helpdesk_tui.mail.outbox import SENDER, open_transport, send_all
from helpdesk_tui.store.locks import Busy, alone
from helpdesk_tui.terms import SYSTEM

log = logging.getLogger(__name__)
#: How long to wait before looking again, in seconds.
_PAUSE = 1.0
_PAUSE_WHILE_OTHERS_DO_IT = 10.0


def keep_house(desk: Desk, settings: Settings, ended: threading.Event) -> None:
    """Send and run timers until `ended`; leaves it to a poller where there is one."""
    system = desk.acting_as(SYSTEM)
    while not ended.is_set():
        try:
            with alone(desk.store, SENDER):
                doubt_interrupted(system)
                _send_until(system, settings, ended)
        except Busy:
            ended.wait(_PAUSE_WHILE_OTHERS_DO_IT)
        except HelpdeskError as error:
            log.warning("%s %s", error.message, error.hint)
            ended.wait(_PAUSE_WHILE_OTHERS_DO_IT)
        except Exception as error:  # noqa: BLE001  the edge: whatever broke, it is tried again
            log.error("housekeeping broke off: %s", type(error).__name__)
            ended.wait(_PAUSE_WHILE_OTHERS_DO_IT)


def _send_until(desk: Desk, settings: Settings, ended: threading.Event) -> None:
    while not ended.is_set():
        if settings.has_smtp:
            with open_transport(settings.smtp) as transport:
                send_all(desk, transport)
        run_due(desk, desk.clock())
        ended.wait(_PAUSE)
