"""Runs the program and ends it as a power cut would, before or after a function was called a number of times.

    python -m tests.mail.launcher after helpdesk_tui.desk.mailroom:keep 2 end -- poll --once

Instead of ending it may stand still (`halt`, until somebody sends SIGCONT), or lose the children it has (`orphan`).
The program knows nothing of it: the function is wrapped from here before the program starts.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
import itertools
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any


def arm(when: str, target: str, number: int, deed: Callable[[], None]) -> None:
    """Do the deed `before` or `after` call `number` of the function `module:name` or `module:Class.name`."""
    module, _colon, path = target.partition(":")
    *classes, name = path.split(".")
    holder: Any = functools.reduce(getattr, classes, importlib.import_module(module))
    original = getattr(holder, name)
    calls = itertools.count(1)

    @functools.wraps(original)
    def counted(*args: Any, **kwargs: Any) -> Any:
        is_last = next(calls) == number
        if is_last and when == "before":
            deed()
        outcome = original(*args, **kwargs)
        if is_last and when == "after":
            deed()
        return outcome

    setattr(holder, name, counted)


def end_at_once() -> None:
    """End this process without a last word."""
    os.kill(os.getpid(), signal.SIGKILL)


def stand_still() -> None:
    """Do nothing more, in no thread, until SIGCONT."""
    os.kill(os.getpid(), signal.SIGSTOP)


def lose_children() -> None:
    """Kill every child of this process; there has to be one."""
    children = [int(pid) for one in Path("/proc/self/task").glob("*/children") for pid in one.read_text().split()]
    if not children:
        sys.exit("there was no child to be killed")
    for pid in children:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


DEEDS = {"end": end_at_once, "halt": stand_still, "orphan": lose_children}

if __name__ == "__main__":
    when, target, number, deed, _dashes, *words = sys.argv[1:]
    arm(when, target, int(number), DEEDS[deed])
    sys.argv = ["helpdesk", *words]
    from helpdesk_tui.__main__ import main

    main()
