"""What `helpdesk init` asks about confirming new requests, on a terminal."""

from __future__ import annotations

from datetime import UTC, datetime

import typer

from helpdesk_tui.cli.output import tell
from helpdesk_tui.config import CalendarSettings
from helpdesk_tui.errors import Usage
from helpdesk_tui.language import _
from helpdesk_tui.rules.untrusted import clean_text


def ask_whether_to_confirm(display_name: str, zone: str, within: str | None) -> tuple[bool, str]:
    """Show how a new request would be confirmed, and ask; returns whether it shall be, and by when an answer is promised.

    Raises:
        Usage: the zone is none.
    """
    promised = within if within is not None else _ask_within()
    typer.echo(clean_text(_confirmation(display_name, zone, promised)), err=True)
    return typer.confirm(_("Shall every new request be confirmed like this?"), default=True, err=True), promised


def _ask_within() -> str:
    from helpdesk_tui.rules.acknowledgement import working_time

    while True:
        said = typer.prompt(
            _("By when do you answer, in working time (4h, 2d; empty promises none)"),
            default="",
            show_default=False,
            err=True,
        ).strip()
        try:
            working_time(said)
        except Usage as error:
            tell(f"{error.message} {error.hint}")
        else:
            return str(said)


def _confirmation(display_name: str, zone: str, within: str) -> str:
    from helpdesk_tui.rules.acknowledgement import LANGUAGES, Wording, letter, working_time
    from helpdesk_tui.rules.calendar import due_at, parse_calendar
    from helpdesk_tui.store.schema import FIRST_QUEUE

    office = CalendarSettings(zone=zone) if zone else CalendarSettings()
    calendar, promise = parse_calendar(office.hours, office.zone), working_time(within)
    until = due_at(datetime.now(UTC), promise, calendar) if promise else None
    wording = Wording(display_name or FIRST_QUEUE, {}, until, office.zone, None)
    letters = [letter(wording, language) for language in LANGUAGES]
    return "\n\n".join(f"── {subject}\n{text}" for subject, text in letters)
