"""`helpdesk demo`: try everything out on a throw-away desk."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from helpdesk_tui.cli.invocation import JSON, current
from helpdesk_tui.cli.ledger import in_words, ledger_json
from helpdesk_tui.cli.output import print_json, say, tell
from helpdesk_tui.errors import Usage
from helpdesk_tui.language import _

if TYPE_CHECKING:
    from helpdesk_tui.demo.build import DemoCounts, DemoFiles
    from helpdesk_tui.demo.plug import PlugReport


def demo(
    headless: bool = typer.Option(False, "--headless", help="Build the desk and print the counts; open no screen."),
    pull_the_plug: bool = typer.Option(False, "--pull-the-plug", help="Kill everything in mid-sentence, and look."),
    tickets: int = typer.Option(0, "--tickets", min=0, help="Fill the store with this many invented tickets instead."),
    seed: int = typer.Option(1, "--seed", help="The same seed gives the same tickets."),
    as_json: bool = JSON,
) -> None:
    """Try everything out: a throw-away desk with sixty mails, and a customer who answers."""
    with _files() as files:
        if tickets:
            _synthetic(files, tickets, seed, as_json)
        elif pull_the_plug:
            _pull(files, headless, as_json)
        elif headless or as_json:
            _print_counts(files, as_json)
        else:
            _open(files)


@contextmanager
def _files() -> Iterator[DemoFiles]:
    """The demo's folder, thrown away at the end; the store stays where --store names one."""
    from helpdesk_tui.demo.build import DemoFiles

    folder = Path(tempfile.mkdtemp(prefix="helpdesk-demo-"))
    os.environ["XDG_STATE_HOME"] = str(folder / "state")
    try:
        demo_files = DemoFiles(folder, current.settings().store if current.store else "")
        demo_files.prepare()
        yield demo_files
    finally:
        _throw_away(folder)


def _throw_away(folder: Path) -> None:
    """Throw all of it away but the report of a crash: it has been said where that lies."""
    reports = set((folder / "state").glob("*/crash-*.txt"))
    if not reports:
        shutil.rmtree(folder, ignore_errors=True)
        return
    for path in list(folder.rglob("*")):
        if path not in reports and not path.is_dir():
            path.unlink(missing_ok=True)


def _print_counts(files: DemoFiles, as_json: bool) -> None:
    from helpdesk_tui.demo.run import build

    counts = build(files)
    if as_json:
        print_json({**ledger_json(counts.ledger), **_without_ledger(counts)})
    else:
        say("\n".join(in_words(counts.ledger)))


def _open(files: DemoFiles) -> None:
    from helpdesk_tui.demo.run import open_demo

    if not sys.stdout.isatty():
        raise Usage(_("The demo needs a terminal."), _("`helpdesk demo --headless` prints its counts."))
    code, counts = open_demo(files, tell)
    say("\n".join(in_words(counts.ledger)))
    raise typer.Exit(code)


def _pull(files: DemoFiles, headless: bool, as_json: bool) -> None:
    from helpdesk_tui.demo.plug import pull_the_plug

    report = pull_the_plug(files, is_shown=sys.stdout.isatty() and not (headless or as_json))
    if as_json:
        print_json({**ledger_json(report.ledger), **_without_ledger(report)})
    else:
        say("\n".join((report.in_words(), *in_words(report.ledger))))
    if not report.is_kept:
        raise typer.Exit(1)


def _without_ledger(found: DemoCounts | PlugReport) -> dict[str, Any]:
    return {one.name: getattr(found, one.name) for one in fields(found) if one.name != "ledger"}


def _synthetic(files: DemoFiles, count: int, seed: int, as_json: bool) -> None:
    from helpdesk_tui.demo.synthetic import fill_store

    if not current.store and not os.environ.get("HELPDESK_STORE"):
        raise Usage(_("--tickets fills a store that stays; name it."), _("helpdesk --store FILE demo --tickets 1000"))
    report = fill_store(current.settings(), count, seed, tell)
    if as_json:
        print_json(report)
    else:
        say(
            _("{tickets} tickets, {messages} messages, {rate} tickets/s").format(
                tickets=report.tickets, messages=report.messages, rate=report.tickets_per_second
            )
        )
