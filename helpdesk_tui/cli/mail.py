"""`helpdesk mail …`, `poll`, `outbox …`: mail in, mail out, and what became of it."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from helpdesk_tui.cli.invocation import JSON, open_desk, open_system_desk
from helpdesk_tui.cli.output import plain, print_json, print_table, say, tell
from helpdesk_tui.errors import HelpdeskError, Temporary, Usage
from helpdesk_tui.language import _

if TYPE_CHECKING:
    from helpdesk_tui.desk.door import Desk
    from helpdesk_tui.terms import FiledMail

app = typer.Typer(help="Mail: take it in, and see what became of each.", no_args_is_help=True)
outbox_app = typer.Typer(help="The outbox: what is to be sent, and what became of it.", no_args_is_help=True)


@app.command()
def receive(
    files: list[str] = typer.Argument(
        None, help="Mails, one a file; - reads one from standard input.", metavar="[FILE…|-]"
    ),
    queue: str = typer.Option("", "--queue", help="Put new tickets here, whatever address the mail names."),
    as_json: bool = JSON,
) -> None:
    """Take in mails from files or from a mail server's pipe (0: stored, 75: try again later)."""
    from helpdesk_tui.mail.ingest import PIPE, file_left_over

    for name in files or ():
        _refuse_no_file(name)
    with _later_where_not_stored():
        desk = open_system_desk()
        file_left_over(desk, PIPE)
        filed = [(name, _receive(desk, name, queue)) for name in files or ["-"]]
    if as_json:
        print_json([_filed_json(name, one) for name, one in filed])
        return
    for name, one in filed:
        ticket = f" #{one.ticket}" if one.ticket else ""
        say(f"{name}: {one.disposition}{ticket} · {one.reason}")


@app.command()
def raw(message: int = typer.Argument(..., help="The message's id, as `ticket show --json` gives it.")) -> None:
    """Print the bytes of a mail exactly as they were received or sent."""
    from helpdesk_tui.store.queries.thread import raw_of_message

    _write_bytes(open_desk(), raw_of_message, message)


@app.command()
def kept(mail: int = typer.Argument(..., help="The mail's id, as `mail list` gives it.")) -> None:
    """Print the bytes of any kept mail: also of robots, bounces and quarantined ones."""
    from helpdesk_tui.store.queries.thread import raw_mail

    _write_bytes(open_desk(), raw_mail, mail)


@app.command(name="list")
def list_mails(
    disposition: str | None = typer.Option(None, "--disposition", help="Only these: robot, bounce, quarantined, …"),
    limit: int = typer.Option(50, "--limit", min=0, help="How many at most; 0 is all."),
    as_json: bool = JSON,
) -> None:
    """List mails as they were kept, newest first, with what became of each and why."""
    from helpdesk_tui.store.queries.mail import kept_mails

    rows = open_desk().ask(kept_mails, disposition, limit)
    if as_json:
        print_json(rows)
    else:
        heads = (_("id"), _("mailbox"), _("received"), _("became"), "#", _("because"))
        lines = [(r.raw_id, r.mailbox, plain(r.received_at), r.disposition, r.ticket, r.reason) for r in rows]
        print_table(heads, lines)


def poll(once: bool = typer.Option(False, "--once", help="One round, then end."), as_json: bool = JSON) -> None:
    """Fetch mail from all mailboxes, send what waits in the outbox, run what falls due."""
    from helpdesk_tui.mail.poller import poll_once

    desk = open_system_desk()
    if not desk.settings.mailboxes and not desk.settings.has_smtp:
        raise Usage(
            _("No mailbox is set up."), _("Add [mailboxes.NAME] to the configuration; `helpdesk init` shows how.")
        )
    if not once:
        _poll_until_stopped(desk)
        return
    done = poll_once(desk, desk.settings)
    failures = [{"message": error.message, "hint": error.hint} for error in done.failures]
    if as_json:
        print_json({"received": done.received, "sent": done.sent, "failures": failures})
    else:
        say(_("{received} received, {sent} sent").format(received=sum(done.received.values()), sent=done.sent))
        for error in done.failures:
            tell(f"{error.message} {error.hint}")
    if done.failures:
        raise typer.Exit(max(error.exit_code for error in done.failures))


@outbox_app.command(name="list")
def list_outbox(as_json: bool = JSON) -> None:
    """List outgoing mails and how far each has come."""
    from helpdesk_tui.store.queries.mail import outbox

    rows = open_desk().ask(outbox)
    if as_json:
        print_json(
            [
                {
                    "id": row.id,
                    "ticket": row.ticket,
                    "from": plain(row.sender),
                    "to": plain(row.to),
                    "cc": plain(row.cc),
                    "subject": row.subject,
                    "state": row.state,
                    "message_id": row.message_id,
                    "words": row.words or None,
                }
                for row in rows
            ]
        )
    else:
        heads = (_("id"), "#", _("to"), _("subject"), _("state"), _("the server's words"))
        lines = [(r.id, r.ticket, ", ".join(p.address for p in r.to), r.subject, r.state, r.words) for r in rows]
        print_table(heads, lines)


def _receive(desk: Desk, name: str, queue: str) -> FiledMail:
    from helpdesk_tui.desk.mailroom import ArrivedMail
    from helpdesk_tui.mail.ingest import PIPE, take_in

    content = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
    return take_in(desk, PIPE, [ArrivedMail(content, datetime.now(UTC))], to_queue=queue)[0]


def _refuse_no_file(name: str) -> None:
    """Refuse the whole call before anything is stored."""
    if name != "-" and not Path(name).is_file():
        raise Usage(_("There is no mail in {path}.").format(path=name), _("Name a file with one mail, or -."))


@contextmanager
def _later_where_not_stored() -> Iterator[None]:
    """A mail server keeps what it could not hand over when it hears 75; a wrong word of the command stays 2."""
    try:
        yield
    except (Usage, Temporary):
        raise
    except HelpdeskError as error:
        raise Temporary(error.message, error.hint) from error


def _filed_json(name: str, one: FiledMail) -> dict[str, Any]:
    return {
        "file": name,
        "disposition": one.disposition,
        "ticket": one.ticket,
        "message": one.message,
        "linked_to": one.linked_to,
        "why": {"row": one.row, "reason": one.reason},
        "mail": one.raw_id,
    }


def _write_bytes(desk: Desk, question: Any, wanted: int) -> None:
    """Stream bytes to stdout; refused on a terminal, where a stranger's bytes could steer it."""
    from helpdesk_tui.store.transaction import reading

    if sys.stdout.isatty():
        raise Usage(_("A raw mail is not for a terminal."), _("Send it to a file or a pager: … > mail.eml"))
    with reading(desk.store) as session:
        for piece in question(session, wanted):
            sys.stdout.buffer.write(piece)
    sys.stdout.buffer.flush()


def _poll_until_stopped(desk: Desk) -> None:
    from helpdesk_tui.mail.poller import Poller

    poller = Poller(desk, desk.settings, tell)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_args: poller.stop())
    tell(_("polling {names}; ctrl+c ends").format(names=", ".join(m.name for m in desk.settings.mailboxes)))
    poller.run()
