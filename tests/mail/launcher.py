"""Runs the program and ends it as a power cut would, before or after a function was called a number of times.

    python -m tests.mail.launcher after helpdesk_tui.desk.mailroom:keep 2 -- poll --once

The program knows nothing of it: the function is wrapped from here before the program starts.
"""

from __future__ import annotations

import functools
import importlib
import itertools
import os
import signal
import sys
from typing import Any


def arm(when: str, target: str, number: int) -> None:
    """Let the process end `before` or `after` call `number` of the function `module:name` or `module:Class.name`."""
    module, _colon, path = target.partition(":")
    *classes, name = path.split(".")
    holder: Any = functools.reduce(getattr, classes, importlib.import_module(module))
    original = getattr(holder, name)
    calls = itertools.count(1)

    @functools.wraps(original)
    def counted(*args: Any, **kwargs: Any) -> Any:
        is_last = next(calls) == number
        if is_last and when == "before":
            end_at_once()
        outcome = original(*args, **kwargs)
        if is_last and when == "after":
            end_at_once()
        return outcome

    setattr(holder, name, counted)


def end_at_once() -> None:
    """End this process without a last word."""
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    when, target, number, _dashes, *words = sys.argv[1:]
    arm(when, target, int(number))
    sys.argv = ["helpdesk", *words]
    from helpdesk_tui.__main__ import main

    main()
