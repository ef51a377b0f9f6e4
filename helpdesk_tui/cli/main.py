"""The command line: global options, the groups of commands, and one place where errors are printed."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import NoReturn

import typer
from typer.main import get_command

from helpdesk_tui.cli import (
    admin,
    aside,
    callback,
    conversation,
    customer,
    db,
    demo,
    doctor,
    handover,
    ledger,
    mail,
    prepared,
    queues,
    tickets,
    transfer,
    why,
)
from helpdesk_tui.cli.invocation import current
from helpdesk_tui.cli.output import NotPrinted, flush, heard_or_not, print_error, print_what_can_be
from helpdesk_tui.errors import HelpdeskError, Usage
from helpdesk_tui.language import _

_GLOBAL = frozenset({"--store", "--config", "--as"})

app = typer.Typer(
    help="A help desk that lives in the terminal. Without a command it opens the app.",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
conversation.add_to(tickets.app, mail.outbox_app)
app.add_typer(tickets.app, name="ticket")
mail.app.command(name="ledger")(ledger.ledger)
mail.app.command(name="aside")(aside.list_aside)
mail.app.command(name="ticket")(aside.ticket)
mail.app.command(name="dismiss")(aside.dismiss)
app.add_typer(mail.app, name="mail")
app.add_typer(why.app, name="why")
app.add_typer(mail.outbox_app, name="outbox")
app.command(name="poll")(mail.poll)
app.add_typer(callback.app, name="callback")
app.add_typer(prepared.canned_app, name="canned")
app.add_typer(prepared.macro_app, name="macro")
app.add_typer(customer.app, name="customer")
app.add_typer(db.app, name="db")
app.command(name="init")(db.init)
app.command(name="doctor")(doctor.doctor)
app.add_typer(queues.app, name="queue")
admin.agent_app.command(name="hand-over")(handover.hand_over)
app.add_typer(admin.agent_app, name="agent")
app.add_typer(admin.team_app, name="team")
app.add_typer(admin.category_app, name="category")
app.add_typer(admin.setting_app, name="setting")
app.add_typer(transfer.import_app, name="import")
app.add_typer(transfer.export_app, name="export")
app.command(name="demo")(demo.demo)


@app.callback(invoke_without_command=True)
def start(
    context: typer.Context,
    store: str | None = typer.Option(
        None, "--store", help="The store: a file, sqlite:///FILE or postgresql://…", metavar="URL"
    ),
    config: Path | None = typer.Option(None, "--config", help="The configuration file.", metavar="FILE"),
    login: str | None = typer.Option(None, "--as", help="Act as this agent (SQLite only).", metavar="LOGIN"),
) -> None:
    """Take in what stands before the command; without one, open the app."""
    current.store, current.config, current.login = store, config, login
    if context.invoked_subcommand is None:
        _open()


@app.command()
def board() -> None:
    """Open the board: hand work over, share it out (leads and admins)."""
    _open("board")


def run(words: list[str]) -> int:
    """Run one command; returns its exit code. Every failure is printed here, as the caller asked for it."""
    print_what_can_be()
    code = 0
    try:
        code = _run(words, "--json" in words)
        flush()
    except BrokenPipeError:
        return code or 1
    except NotPrinted as error:
        print_error(error, as_json=False)
        return code or error.exit_code
    return code


def _run(words: list[str], as_json: bool) -> int:
    try:
        result = _command()(args=_global_first(words), standalone_mode=False)
    except (BrokenPipeError, NotPrinted):
        raise
    except HelpdeskError as error:
        print_error(error, as_json)
        return error.exit_code
    except typer.TyperException as error:
        return _refuse_words(error, as_json)
    except typer.Abort:
        return 1
    except KeyboardInterrupt:
        return 130
    except Exception as error:  # noqa: BLE001  the edge: a fault of ours is said like any other
        print_error(_our_fault(error), as_json)
        return 1
    return result if isinstance(result, int) else 0


@cache
def _command() -> Callable[..., object]:
    """All commands, put together once: that takes longer than most of them."""
    return get_command(app)


def _open(begins_with: str = "") -> NoReturn:
    """Open the app; in a pipe nobody would see it, and nobody could leave it."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise Usage(_("The desk needs a terminal."), _("Commands do without one: helpdesk --help"))
    from helpdesk_tui.launch import open_app

    raise typer.Exit(open_app(current.settings, current.login, begins_with))


def _our_fault(error: Exception) -> HelpdeskError:
    hint = _("No report could be written: neither the state folder nor one for temporary files takes any.")
    with suppress(OSError):
        from helpdesk_tui.screens.crash import write_report

        hint = _("The report, without any value, is in {path}").format(path=write_report(error))
    return HelpdeskError(_("The program has a fault: {kind}.").format(kind=type(error).__name__), hint)


def _global_first(words: list[str]) -> list[str]:
    """Put --store, --config and --as in front, wherever they stand: people write them last."""
    first: list[str] = []
    rest = list(words)
    at = 0
    while at < len(rest) and rest[at] != "--":
        name, equals, _value = rest[at].partition("=")
        if name not in _GLOBAL:
            at += 1
            continue
        length = 1 if equals else 2
        first += rest[at : at + length]
        del rest[at : at + length]
    return [*first, *rest]


def _refuse_words(error: typer.TyperException, as_json: bool) -> int:
    words = getattr(error, "format_message", lambda: str(error))()
    if not words and hasattr(error, "ctx"):
        with heard_or_not():
            print(error.ctx.get_help())
        return 2
    print_error(Usage(words, _("`helpdesk COMMAND --help` shows how it is called.")), as_json)
    return int(getattr(error, "exit_code", 2))
