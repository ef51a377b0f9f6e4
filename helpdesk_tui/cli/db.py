"""`helpdesk db …` and `init`: the store, and setting everything up."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from helpdesk_tui.cli.checks import check_all
from helpdesk_tui.cli.confirming import ask_whether_to_confirm
from helpdesk_tui.cli.doctor import print_checks
from helpdesk_tui.cli.invocation import JSON, current, open_desk
from helpdesk_tui.cli.output import print_json, say, tell
from helpdesk_tui.cli.queues import CONFIRM, WITHIN
from helpdesk_tui.config import folder, refuse_password
from helpdesk_tui.errors import Refused, Usage
from helpdesk_tui.language import _, ngettext

if TYPE_CHECKING:
    from helpdesk_tui.desk.queue_mail import QueueMail

app = typer.Typer(help="The store: create, upgrade, look at its version.", no_args_is_help=True)


@app.command()
def upgrade(as_json: bool = JSON) -> None:
    """Bring the store to this program's schema; creates one that does not exist."""
    from helpdesk_tui.desk.identity import welcome_first
    from helpdesk_tui.store import schema
    from helpdesk_tui.store.engine import without_password

    settings = current.settings()
    store = schema.upgrade(settings.store)
    welcome_first(store, current.login)
    found, shown = schema.info(store), without_password(settings.store)
    if as_json:
        print_json({"store": shown, "schema": found.found})
    else:
        say(_("The store {url} has schema {schema}.").format(url=shown, schema=found.found))


@app.command()
def info(as_json: bool = JSON) -> None:
    """Show where the store is and which schema it has."""
    from helpdesk_tui.store import schema
    from helpdesk_tui.store.engine import open_store, without_password

    settings = current.settings()
    found = schema.info(open_store(settings.store))
    shown = without_password(settings.store)
    if as_json:
        print_json({"store": shown, "schema": found.found, "needed": found.needed, "fits": found.fits})
    else:
        say(f"{shown}\n{_('schema')} {found.found or _('none')}, {_('needed')} {found.needed}")


@app.command()
def reindex(as_json: bool = JSON) -> None:
    """Write the words anew by which tickets are found; nothing else changes, and colleagues may go on."""
    from helpdesk_tui.rules import permissions
    from helpdesk_tui.store import search
    from helpdesk_tui.terms import Verb

    desk = open_desk()
    if reason := permissions.refusal(desk.actor, Verb.CONFIGURE):
        raise Refused(reason, _("Ask somebody who may."))
    count = search.rebuild_all(desk.store)
    if as_json:
        print_json({"tickets": count})
    else:
        say(ngettext("{n} ticket can be found by its words.", "{n} tickets can be found by their words.", count))


def init(
    address: list[str] = typer.Option(None, "--address", help="An address of the first queue (support)."),
    display_name: str = typer.Option("", "--display-name", help="The name customers read, such as: Example Support"),
    imap_host: str = typer.Option("", "--imap-host", help="The mail server to fetch from (port 993, TLS)."),
    smtp_host: str = typer.Option("", "--smtp-host", help="The mail server to send through (port 587, STARTTLS)."),
    user: str = typer.Option("", "--user", help="The login at both servers."),
    password_command: str = typer.Option("", "--password-command", help='A command that prints it: "pass show desk"'),
    zone: str = typer.Option("", "--zone", help="Your time zone, such as Europe/Berlin."),
    confirm: bool | None = CONFIRM,
    within: str | None = WITHIN,
    as_json: bool = JSON,
) -> None:
    """Write a commented configuration, create the store, and check everything.

    On a terminal it shows how new requests would be confirmed, and asks whether they shall be; elsewhere it asks nothing.
    """
    from helpdesk_tui.cli.template import Answers, write_config
    from helpdesk_tui.desk.queue_mail import QueueMail

    path = current.config or Path(os.environ.get("HELPDESK_CONFIG") or folder("config") / "config.toml")
    if path.exists():
        raise Usage(
            _("There is a configuration already: {path}.").format(path=path), _("Edit it; `helpdesk doctor` checks it.")
        )
    store = _store_to_name()
    if confirm is None and not as_json and sys.stdin.isatty() and sys.stderr.isatty():
        confirm, within = ask_whether_to_confirm(display_name, zone, within)
    write_config(path, Answers(store, imap_host, smtp_host, user, password_command, zone))
    current.config = path
    try:
        _create(address or [], display_name, QueueMail(confirms=confirm, within=within))
    except Exception:
        path.unlink()  # so that the same call with better words works
        raise
    tell(_("Written: {path}").format(path=path))
    print_checks(check_all(current), as_json)


def _store_to_name() -> str:
    """The store that is named by option or environment, whole, since the file is read from any folder; "" for the usual one.

    Raises:
        Usage: its address has a password in it.
    """
    named = current.store or os.environ.get("HELPDESK_STORE") or ""
    refuse_password(named, _("The address of the store"))
    return named if "://" in named or not named else str(Path(named).expanduser().absolute())


def _create(addresses: list[str], display_name: str, mail: QueueMail) -> None:
    from helpdesk_tui.cli.invocation import open_desk
    from helpdesk_tui.desk import settings as desk_settings
    from helpdesk_tui.desk.identity import welcome_first
    from helpdesk_tui.desk.queue_mail import QueueMail
    from helpdesk_tui.rules.calendar import parse_calendar
    from helpdesk_tui.store.schema import FIRST_QUEUE, upgrade

    settings = current.settings()
    parse_calendar(settings.calendar.hours, settings.calendar.zone)
    store = upgrade(settings.store)
    welcome_first(store, current.login)
    if addresses or display_name or mail != QueueMail():
        open_desk().do(desk_settings.set_queue, FIRST_QUEUE, addresses or None, display_name or None, mail=mail)
