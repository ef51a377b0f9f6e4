"""`helpdesk canned …` and `helpdesk macro …`: prepared texts, and several verbs under one name."""

from __future__ import annotations

import typer

from helpdesk_tui.cli.invocation import BATCH, JSON, open_desk
from helpdesk_tui.cli.output import print_json, print_outcome, print_table, say
from helpdesk_tui.cli.reading import numbers_from, text_from
from helpdesk_tui.errors import NotFound
from helpdesk_tui.language import _
from helpdesk_tui.rules.untrusted import clean_line

canned_app = typer.Typer(help="Canned replies: prepared texts, by folder.", no_args_is_help=True)
macro_app = typer.Typer(help="Macros: several verbs under one name.", no_args_is_help=True)

SHARED = typer.Option(False, "--shared", help="For everybody; a lead or an admin may.")
TOML = typer.Option(False, "--toml", help="As `apply` reads it.")
FILE = typer.Argument(..., help="A TOML file; - reads standard input.", metavar="FILE|-")
QUEUE = typer.Option("", "--queue", help="Those for this queue, and those for all.", metavar="NAME")


@canned_app.command(name="list")
def list_texts(queue: str = QUEUE, as_toml: bool = TOML, as_json: bool = JSON) -> None:
    """List the canned replies you may use, and how often each went out."""
    from helpdesk_tui.desk.texts_file import write_texts
    from helpdesk_tui.store.queries.texts import canned_replies

    desk = open_desk()
    rows = desk.ask(canned_replies, desk.actor, queue)
    if as_json:
        print_json(rows)
    elif as_toml:
        say(write_texts(rows).rstrip())
    else:
        heads = (_("name"), _("queue"), _("language"), _("whose"), _("uses"), _("text"))
        lines = [
            (one.path, one.queue, one.language, _whose(one.is_shared), one.uses, clean_line(one.text, 60))
            for one in rows
        ]
        print_table(heads, lines)


@canned_app.command(name="apply")
def apply_texts(file: str = FILE, shared: bool = SHARED, batch: str | None = BATCH, as_json: bool = JSON) -> None:
    """Keep the canned replies of a file, all or none; one of the same folder and name is replaced."""
    from helpdesk_tui.desk.texts import keep_text
    from helpdesk_tui.desk.texts_file import read_texts

    wanted = read_texts(text_from(file), is_shared=shared)
    print_outcome(open_desk(batch).do(keep_text, *wanted), as_json)


@canned_app.command(name="remove")
def remove_text(
    path: str = typer.Argument(..., help="FOLDER/NAME, as `canned list` shows it.", metavar="NAME"),
    shared: bool = SHARED,
    batch: str | None = BATCH,
    as_json: bool = JSON,
) -> None:
    """Throw a canned reply away."""
    from helpdesk_tui.desk.texts import drop_text
    from helpdesk_tui.store.queries.texts import canned_replies

    desk = open_desk(batch)
    ids = [one.id for one in desk.ask(canned_replies, desk.actor) if one.path == path and one.is_shared == shared]
    print_outcome(desk.do(drop_text, _only(ids, path, "canned")), as_json)


@macro_app.command(name="list")
def list_macros(queue: str = QUEUE, as_toml: bool = TOML, as_json: bool = JSON) -> None:
    """List the macros you may use, and how often each was done."""
    from helpdesk_tui.desk.texts_file import write_macros
    from helpdesk_tui.store.queries.texts import macros

    desk = open_desk()
    rows = desk.ask(macros, desk.actor, queue)
    if as_json:
        print_json(rows)
    elif as_toml:
        say(write_macros(rows).rstrip())
    else:
        heads = (_("key"), _("name"), _("queue"), _("whose"), _("uses"), _("steps"))
        lines = [
            (one.digit, one.name, one.queue, _whose(one.is_shared), one.uses, clean_line(" · ".join(one.steps), 80))
            for one in rows
        ]
        print_table(heads, lines)


@macro_app.command(name="apply")
def apply_macros(file: str = FILE, shared: bool = SHARED, batch: str | None = BATCH, as_json: bool = JSON) -> None:
    """Keep the macros of a file, all or none; one of the same name is replaced."""
    from helpdesk_tui.desk.texts import keep_macro
    from helpdesk_tui.desk.texts_file import read_macros

    wanted = read_macros(text_from(file), is_shared=shared)
    print_outcome(open_desk(batch).do(keep_macro, *wanted), as_json)


@macro_app.command(name="remove")
def remove_macro(
    name: str = typer.Argument(..., metavar="NAME"),
    shared: bool = SHARED,
    batch: str | None = BATCH,
    as_json: bool = JSON,
) -> None:
    """Throw a macro away."""
    from helpdesk_tui.desk.texts import drop_macro
    from helpdesk_tui.store.queries.texts import macros

    desk = open_desk(batch)
    ids = [one.id for one in desk.ask(macros, desk.actor) if one.name == name and one.is_shared == shared]
    print_outcome(desk.do(drop_macro, _only(ids, name, "macro")), as_json)


@macro_app.command(name="run")
def run(
    name: str = typer.Argument(..., metavar="NAME"),
    numbers: list[str] = typer.Argument(..., metavar="NUMBER…"),
    batch: str | None = BATCH,
    as_json: bool = JSON,
) -> None:
    """Do a macro on tickets; one undo takes all of it back. One's own comes before everybody's of that name."""
    from helpdesk_tui.desk.macro import run_macro
    from helpdesk_tui.store.queries.texts import macros

    desk, tickets = open_desk(batch), numbers_from(numbers)
    found = sorted((one for one in desk.ask(macros, desk.actor) if one.name == name), key=lambda one: one.is_shared)
    print_outcome(desk.do(run_macro, tickets, _only([one.id for one in found], name, "macro")), as_json)


def _whose(is_shared: bool) -> str:
    return _("everybody's") if is_shared else _("yours")


def _only(ids: list[int], name: str, group: str) -> int:
    if not ids:
        raise NotFound(
            _("There is no {name}.").format(name=clean_line(name, 120)),
            _("`helpdesk {group} list` shows all; --shared names everybody's.").format(group=group),
        )
    return ids[0]
