"""Ending when the terminal does: told by a signal, or found out where none comes."""

from __future__ import annotations

import asyncio
import select
import signal
import sys
import threading
from collections.abc import Callable
from contextlib import suppress


def watch_terminal(told: Callable[[int], None]) -> None:
    """Say by which signal the program shall end.

    A terminal that is not the controlling one (in a container, behind `setsid`) goes without a signal; what reads from it
    would then find its end again and again, as fast as it can.
    """
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, told, number)

    def wait() -> None:
        hung_up = select.poll()
        hung_up.register(sys.__stdin__.fileno() if sys.__stdin__ else 0, 0)
        (happened,) = hung_up.poll()
        if happened[1] & select.POLLHUP:
            with suppress(RuntimeError):  # the program has ended by itself meanwhile
                loop.call_soon_threadsafe(told, signal.SIGHUP)

    threading.Thread(target=wait, name="terminal", daemon=True).start()
