"""`helpdesk doctor`: what is wrong, and what to do about it."""

from __future__ import annotations

from collections.abc import Sequence

import typer

from helpdesk_tui.cli.checks import Check, State, check_all
from helpdesk_tui.cli.invocation import JSON, current
from helpdesk_tui.cli.output import print_json, say

_SIGNS = {State.OK: "✓", State.ADVICE: "·", State.WARN: "!", State.FAIL: "✗"}


def doctor(as_json: bool = JSON) -> None:
    """Check configuration, store, mailboxes and sending; says what to do about what is wrong."""
    print_checks(check_all(current), as_json)


def print_checks(checks: Sequence[Check], as_json: bool) -> None:
    """Print how checks came out; ends with 1 where one failed."""
    if as_json:
        print_json({"checks": checks, "ok": all(one.state is not State.FAIL for one in checks)})
    else:
        for one in checks:
            say(f"{_SIGNS[one.state]} {one.what}: {one.words}" + (f"\n  → {one.hint}" if one.hint else ""))
    if any(one.state is State.FAIL for one in checks):
        raise typer.Exit(1)
