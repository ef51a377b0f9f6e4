"""Opening the app from a shell, and saying there how it ended."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

from helpdesk_tui.app import HelpdeskApp
from helpdesk_tui.config import Settings, load
from helpdesk_tui.errors import HelpdeskError
from helpdesk_tui.language import _, speak


def open_app(settings: Callable[[], Settings] = load, login: str | None = None, begins_with: str = "") -> int:
    """Open the app, or one of its other screens by the name of its action; returns its exit code."""
    try:
        chosen = settings()
    except HelpdeskError as error:
        print(f"{error.message}\n{error.hint}".strip(), file=sys.stderr)
        return error.exit_code
    speak(chosen.ui.language)
    return run_app(HelpdeskApp(chosen, login, begins_with))


def run_app(app: HelpdeskApp) -> int:
    """Run an app to its end; says on stderr what stopped it, without anything a customer wrote."""
    app.run()
    code = app.return_code or 0
    if app.failure is not None:
        print(f"{app.failure.message}\n{app.failure.hint}".strip(), file=sys.stderr)
        code = app.failure.exit_code
    if app.is_stuck:
        print(_("The store does not answer; what was done last may be missing."), file=sys.stderr, flush=True)
        os._exit(code or 1)  # threads that wait for it would hold up any other end
    return code
