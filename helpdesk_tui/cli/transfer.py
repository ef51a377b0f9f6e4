"""`helpdesk import …`, `export …`: what other systems hold comes in, and everything goes out."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable, Iterable
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from helpdesk_tui.cli.invocation import JSON, open_desk
from helpdesk_tui.cli.output import plain, print_json, print_table, say, tell
from helpdesk_tui.errors import HelpdeskError, NotFound, Usage
from helpdesk_tui.language import _, ngettext

if TYPE_CHECKING:
    from helpdesk_tui.desk.door import Desk
    from helpdesk_tui.transfer.options import Options
    from helpdesk_tui.transfer.run import Imported

import_app = typer.Typer(help="Bring in what another system holds; give the same command again to go on.")
export_app = typer.Typer(help="Hand out everything, for another desk or for safe keeping.", no_args_is_help=True)
PATH = typer.Argument(..., metavar="PATH", show_default=False)
SYSTEM = typer.Option("", "--system", help="What the old system is called; its ids are known by it.", metavar="NAME")
QUEUE = typer.Option("", "--queue", help="Put everything here.", metavar="QUEUE")
MAPPING = typer.Option("", "--mapping", help="A TOML file that says what the old system's words mean.", metavar="FILE")
DRY = typer.Option(False, "--dry-run", help="Only count, and print a mapping file for unknown words.")
VERBOSE = typer.Option(False, "--verbose", help="Tell the progress also where stderr is no terminal.")
STATUS = typer.Option(
    "", "--status", help="Of all conversations; else by age, and by who spoke last.", metavar="STATUS"
)
SENT = typer.Option(False, "--sent", help="All of it was sent by us.")
GROUP = typer.Option(False, "--group-by-subject", help="Also put together what has subject and participants in common.")
TAG = typer.Option("", "--subject-tag", help='The old mark in subjects: "[Ticket#{number}]".', metavar="MARK")
ZONE = typer.Option("", "--zone", help="Where times without a zone are meant; else that of the configuration.")
DATES = typer.Option("", "--date-format", help='How dates are written: "%m/%d/%Y %H:%M".', metavar="FORMAT")
BATCH_ID = typer.Argument(..., metavar="BATCH", help="As `import list` shows it.", show_default=False)


@import_app.command(name="mbox")
def import_mbox(
    path: Path = PATH,
    queue: str = QUEUE,
    system: str = SYSTEM,
    mapping: str = MAPPING,
    status: str = STATUS,
    sent: bool = SENT,
    group_by_subject: bool = GROUP,
    subject_tag: str = TAG,
    dry_run: bool = DRY,
    verbose: bool = VERBOSE,
    as_json: bool = JSON,
) -> None:
    """Import the mails of an mbox file as conversations."""
    options = {"queue": queue, "system": system, "mapping": mapping, "status": status, "is_sent": sent}
    options |= {"groups_by_subject": group_by_subject, "subject_tag": subject_tag}
    _import("mbox", path, options, (dry_run, verbose, as_json))


@import_app.command(name="maildir")
def import_maildir(
    path: Path = PATH,
    queue: str = QUEUE,
    system: str = SYSTEM,
    mapping: str = MAPPING,
    status: str = STATUS,
    sent: bool = SENT,
    group_by_subject: bool = GROUP,
    subject_tag: str = TAG,
    dry_run: bool = DRY,
    verbose: bool = VERBOSE,
    as_json: bool = JSON,
) -> None:
    """Import the mails of a Maildir with its folders, or of a folder of .eml files, as conversations."""
    options = {"queue": queue, "system": system, "mapping": mapping, "status": status, "is_sent": sent}
    options |= {"groups_by_subject": group_by_subject, "subject_tag": subject_tag}
    _import("maildir", path, options, (dry_run, verbose, as_json))


@import_app.command(name="csv")
def import_csv(
    path: Path = PATH,
    queue: str = QUEUE,
    system: str = SYSTEM,
    mapping: str = MAPPING,
    subject_tag: str = TAG,
    zone: str = ZONE,
    date_format: str = DATES,
    dry_run: bool = DRY,
    verbose: bool = VERBOSE,
    as_json: bool = JSON,
) -> None:
    """Import tickets from a table; it has the columns subject, requester_email and created_at at least."""
    options = {"queue": queue, "system": system, "mapping": mapping, "subject_tag": subject_tag, "zone": zone}
    _import("csv", path, options | {"date_format": date_format}, (dry_run, verbose, as_json))


@import_app.command(name="jsonl")
def import_jsonl(
    path: Path = PATH,
    queue: str = QUEUE,
    system: str = SYSTEM,
    mapping: str = MAPPING,
    dry_run: bool = DRY,
    verbose: bool = VERBOSE,
    as_json: bool = JSON,
) -> None:
    """Import what `helpdesk export jsonl` wrote."""
    _import("jsonl", path, {"queue": queue, "system": system, "mapping": mapping}, (dry_run, verbose, as_json))


@import_app.command(name="list")
def list_imports(as_json: bool = JSON) -> None:
    """List the imports, with what came of each."""
    from helpdesk_tui.store.queries.transfer import imports

    rows = _admins_books().ask(imports)
    if as_json:
        names = ("batch", "format", "source", "system", "state", "tickets", "messages", "rejected", "started_at")
        print_json([{name: plain(getattr(row, name)) for name in names} for row in rows])
    else:
        heads = (_("batch"), _("format"), _("source"), _("state"), _("tickets"), _("messages"), _("rejected"))
        print_table(heads, [(r.batch, r.format, r.source, r.state, r.tickets, r.messages, r.rejected) for r in rows])


@import_app.command(name="rejects")
def list_rejects(batch: str = BATCH_ID, as_json: bool = JSON) -> None:
    """List what an import could not take in, and why."""
    from helpdesk_tui.store.queries.transfer import import_named, rejects

    desk = _admins_books()
    if desk.ask(import_named, batch) is None:
        raise NotFound(_("There is no import {id}.").format(id=batch), _("`helpdesk import list` shows them."))
    rows = desk.ask(rejects, batch)
    if as_json:
        print_json([{"place": row.place, "reason": row.reason} for row in rows])
    else:
        print_table((_("place"), _("reason")), [(row.place, row.reason) for row in rows])


@import_app.command(name="undo")
def undo_import(batch: str = BATCH_ID, verbose: bool = VERBOSE, as_json: bool = JSON) -> None:
    """Remove what an import brought, where nobody has touched it since."""
    from helpdesk_tui.desk.takeback import take_back
    from helpdesk_tui.store.queries.transfer import import_named
    from helpdesk_tui.transfer.progress import Progress

    run = _admins_books().ask(import_named, batch)
    progress = Progress(run.tickets if run else 0, "tickets", _progress(verbose))
    done = take_back(open_desk(), batch, progress.at)
    if as_json:
        counted = {"tickets": done.tickets, "messages": done.messages}
        print_json({"batch": batch, **counted, "kept": list(done.kept), "hidden": done.hidden})
        return
    tickets = ngettext("{n} ticket", "{n} tickets", done.tickets)
    messages = ngettext("{n} message", "{n} messages", done.messages)
    say(_("{tickets} and {messages} removed").format(tickets=tickets, messages=messages))
    left = [f"#{number}" for number in done.kept]
    if done.hidden:
        left.append(ngettext("{n} in queues you do not see", "{n} in queues you do not see", done.hidden))
    if left:
        say(_("Left alone, since somebody has touched them: {numbers}").format(numbers=", ".join(left)))


def _admins_books() -> Desk:
    """The desk that sees what imports are about; for admins alone."""
    from helpdesk_tui.desk.imports import refuse_others
    from helpdesk_tui.terms import SYSTEM

    desk = open_desk()
    refuse_others(desk)
    return desk.acting_as(SYSTEM)


def _import(format: str, path: Path, told: dict[str, Any], how: tuple[bool, bool, bool]) -> None:
    from helpdesk_tui.transfer.run import dry_run, run_import

    is_dry, is_verbose, as_json = how
    desk = open_desk()
    act = dry_run if is_dry else run_import
    imported = act(desk, format, path, _options(desk, format, told), _progress(is_verbose))
    if as_json:
        _print_json(imported, is_dry)
    elif is_dry:
        _say_dry(imported)
    else:
        _say(imported)


def _options(desk: Desk, format: str, told: dict[str, Any]) -> Options:
    from helpdesk_tui.terms import Status
    from helpdesk_tui.transfer.options import Options

    if told.get("status") and told["status"] not in list(Status):
        raise Usage(
            _("There is no status {name}.").format(name=told["status"]),
            _("Known are: {words}").format(words=", ".join(Status)),
        )
    usual = "mail" if format in ("mbox", "maildir") else format
    told = {**told, "system": told["system"] or usual, "zone": told.get("zone") or desk.settings.calendar.zone}
    return Options(**told)


def _progress(is_verbose: bool) -> Callable[[str], None] | None:
    is_seen = is_verbose or (sys.stderr is not None and sys.stderr.isatty())
    return tell if is_seen else None


def _print_json(imported: Imported, is_dry: bool) -> None:
    counted = ("batch", "tickets", "messages", "rejected", "resumed")
    document: dict[str, Any] = {name: getattr(imported, name) for name in counted}
    if is_dry:
        document["unmapped"] = imported.unmapped.words
        document["dropped"] = list(imported.dropped)
        document["rejects"] = [{"place": one.place, "reason": one.reason} for one in imported.rejects]
    print_json(document)


def _say(imported: Imported) -> None:
    say(f"{_counts(imported)} · {_('batch {id}').format(id=imported.batch)}")
    if imported.rejected:
        say(_("`helpdesk import rejects {id}` lists what was left out, and why.").format(id=imported.batch))


def _say_dry(imported: Imported) -> None:
    tell(_("Would import: {counts}").format(counts=_counts(imported)))
    for one in imported.rejects:
        tell(f"{one.place}: {one.reason}")
    if imported.dropped:
        tell(_("Columns that mean nothing here: {names}").format(names=", ".join(imported.dropped)))
    if imported.unmapped:
        tell(_("Some words mean nothing here. Fill this in, and give it with --mapping FILE:"))
        say(imported.unmapped.template())


def _counts(imported: Imported) -> str:
    said = [
        ngettext("{n} ticket", "{n} tickets", imported.tickets),
        ngettext("{n} message", "{n} messages", imported.messages),
        _("{n} left out").format(n=imported.rejected),
    ]
    return " · ".join([*said, _("resumed")] if imported.resumed else said)


@export_app.command(name="jsonl")
def export_jsonl(
    path: str = typer.Argument("-", metavar="[PATH|-]", help="Where to write; - is standard output."),
    verbose: bool = VERBOSE,
    as_json: bool = JSON,
) -> None:
    """Write everything, one ticket a line; `import jsonl` reads it again."""
    from helpdesk_tui.desk.imports import refuse_others
    from helpdesk_tui.store.queries.export import count_callbacks, count_unsent
    from helpdesk_tui.store.sight import hidden_queues
    from helpdesk_tui.transfer.export import export_lines

    desk = open_desk()
    if as_json and path == "-":
        raise Usage(_("--json and an export to standard output do not go together."), _("Name a file."))
    if path == "-" and sys.stdout.isatty():
        raise Usage(_("An export is not for a terminal."), _("Name a file, or send it on: … > desk.jsonl"))
    refuse_others(desk)
    if waiting := desk.ask(count_unsent):
        tell(
            ngettext(
                "{n} mail waits in the outbox; it is no part of an export.",
                "{n} mails wait in the outbox; they are no part of an export.",
                waiting,
            )
        )
    if callbacks := desk.ask(count_callbacks):
        tell(
            ngettext(
                "{n} callback is no part of an export; what was said of it is.",
                "{n} callbacks are no part of an export; what was said of them is.",
                callbacks,
            )
        )
    if hidden := desk.ask(hidden_queues, desk.actor):
        tell(_("Not exported, since you do not belong to it: {queues}").format(queues=", ".join(hidden)))
    tickets = _write(path, export_lines(desk, _progress(verbose)))
    if as_json:
        left = {"unsent": waiting, "callbacks": callbacks, "hidden": hidden}
        print_json({"path": path, "tickets": tickets, **left})
    elif path != "-":
        say(ngettext("{n} ticket", "{n} tickets", tickets) + f" · {path}")


def _write(path: str, lines: Iterable[bytes]) -> int:
    """Write all lines; a file appears under its name once it is whole, and is readable by its owner alone."""
    target = Path(path)
    if target.is_dir():
        raise Usage(_("{path} is a folder.").format(path=path), _("Name the file to write."))
    if path == "-" or (target.exists() and not target.is_file()):
        with nullcontext(sys.stdout.buffer) if path == "-" else open(target, "wb") as pipe:
            return sum(1 for line in lines if pipe.write(line))
    try:
        handle, draft = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")  # mode 0600
        try:
            with open(handle, "wb") as file:
                count = sum(1 for line in lines if file.write(line))
            os.replace(draft, target)
        finally:
            Path(draft).unlink(missing_ok=True)
    except OSError as error:
        raise HelpdeskError(
            _("{path} cannot be written: {words}.").format(path=path, words=error.strerror or type(error).__name__),
            _("Check the folder, its rights and its disk."),
        ) from error
    return count
