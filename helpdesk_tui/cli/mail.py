"""`helpdesk mail …`, `poll`, `outbox …`: mail in, mail out, and what became of it."""

from __future__ import annotations

import errno
import os
import signal
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import typer

from helpdesk_tui.cli.invocation import JSON, open_desk, open_system_desk
from helpdesk_tui.cli.output import error_json, heard_or_not, plain, print_error, print_json, print_table, say, tell
from helpdesk_tui.errors import HelpdeskError, NotFound, Temporary, Usage
from helpdesk_tui.language import _

if TYPE_CHECKING:
    from helpdesk_tui.desk.door import Desk
    from helpdesk_tui.mail.readers import Readers
    from helpdesk_tui.terms import FiledMail

app = typer.Typer(help="Mail: take it in, and see what became of each.", no_args_is_help=True)
outbox_app = typer.Typer(help="The outbox: what is to be sent, and what became of it.", no_args_is_help=True)
#: Where a path that leads nowhere ends; any other failure may pass.
_NO_FILE = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENAMETOOLONG)
_PIECE = 1 << 20


@app.command()
def receive(
    files: list[str] = typer.Argument(
        None, help="Mails, one a file; - reads one from standard input.", metavar="[FILE…|-]"
    ),
    queue: str = typer.Option("", "--queue", help="Put new tickets here, whatever address the mail names."),
    as_json: bool = JSON,
) -> None:
    """Take in mails from files or from a mail server's pipe (0: stored, 75: try again later).

    Whether this can be printed changes nothing of that. A mail of more than 150 MiB ends with 1, which a mail server
    returns to its sender at once: it will be no smaller later.
    """
    for name in files or ():
        _refuse_no_file(name)
    received: list[_Received] = []
    with _readers() as readers:
        with _later_where_not_stored():
            desk = open_system_desk()
        try:
            for name in files or ["-"]:
                received.append(_receive(desk, name, queue, readers))
        except HelpdeskError as error:
            if not received:
                raise
            _tell_received(received, as_json, error)
            raise typer.Exit(error.exit_code) from error
        _file_left_over(desk, readers)
    _tell_received(received, as_json)


@app.command()
def retry(
    mails: list[int] = typer.Argument(
        None, help="Their ids, as `mail list --disposition quarantined` gives them; without any, all.", metavar="[ID…]"
    ),
    as_json: bool = JSON,
) -> None:
    """Read again what could not be read, after an upgrade say; what still cannot stays in quarantine."""
    from helpdesk_tui.desk.mailroom import quarantined
    from helpdesk_tui.mail.ingest import retry_quarantined

    desk = open_system_desk()
    wanted = desk.ask(quarantined, mails or None)
    for missing in sorted({*(mails or ())} - {*wanted}):
        raise NotFound(
            _("Mail {id} is not in quarantine.").format(id=missing),
            _("`helpdesk mail list --disposition quarantined` lists those that are."),
        )
    filed = retry_quarantined(desk, wanted)
    received = [_Received(str(raw_id), raw_id, one, one.reason) for raw_id, one in zip(wanted, filed, strict=True)]
    _tell_received(received, as_json)


@app.command()
def raw(
    message: int = typer.Argument(..., help="Its id, as `mail list`, `mail receive` and `ticket show` give it."),
) -> None:
    """Print the bytes of a mail exactly as they were received or sent: also of robots, bounces and quarantined ones."""
    from helpdesk_tui.store.queries.thread import raw_of_message

    _write_bytes(open_desk(), raw_of_message, message)


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
        lines = [(r.message, r.mailbox, plain(r.received_at), r.disposition, r.ticket, r.reason) for r in rows]
        print_table(heads, lines)


def poll(once: bool = typer.Option(False, "--once", help="One round, then end."), as_json: bool = JSON) -> None:
    """Fetch mail from all mailboxes, send what waits in the outbox, run what falls due."""
    from helpdesk_tui.cli.fetching import shown_progress
    from helpdesk_tui.mail.poller import poll_once

    desk = open_system_desk()
    if not desk.settings.mailboxes and not desk.settings.has_smtp:
        raise Usage(
            _("No mailbox is set up."), _("Add [mailboxes.NAME] to the configuration; `helpdesk init` shows how.")
        )
    if not once:
        _poll_until_stopped(desk)
        return
    with shown_progress() as progress:
        done = poll_once(desk, desk.settings, progress)
    failures = [error_json(error) for error in done.failures]
    if as_json:
        print_json({"received": done.received, "sent": done.sent, "failures": failures})
    else:
        say(_("{received} received, {sent} sent").format(received=sum(done.received.values()), sent=done.sent))
        for remark in done.remarks:
            tell(remark)
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


@dataclass(frozen=True, slots=True)
class _Received:
    """A mail that is stored; `filed` is None where that has to wait."""

    name: str
    raw_id: int
    filed: FiledMail | None
    reason: str


def _readers() -> Readers:
    """Readers of which one starts while the store is opened; what it fails of is told when there is a mail for it."""
    from helpdesk_tui.mail.readers import Readers

    readers = Readers()
    with suppress(Temporary):
        readers.start()
    return readers


def _receive(desk: Desk, name: str, queue: str, readers: Readers) -> _Received:
    """Store a mail, then file it; once it is stored, whoever brought it is not to bring it again."""
    with _later_where_not_stored():
        from helpdesk_tui.desk.mailroom import ArrivedMail, keep
        from helpdesk_tui.mail.ingest import PIPE, file_one

        content = _content(name)
        (kept,) = keep(desk, PIPE, [ArrivedMail(content, datetime.now(UTC))], queue, is_chosen=bool(queue))
    try:
        filed = file_one(desk, kept, content, readers)
    except Exception as error:  # noqa: BLE001  the edge: whatever broke, the mail is stored
        _complain(error)
        return _Received(name, kept.raw_id, None, _("It is stored, and will be filed with the next one."))
    return _Received(name, filed.raw_id or kept.raw_id, filed, filed.reason)


def _content(name: str) -> bytes:
    """The bytes of a mail, as many as one may have.

    Raises:
        _TooLarge: there are more. Temporary: they cannot be read.
    """
    from helpdesk_tui.mail.mailbox import MAX_MAIL_BYTES

    pieces: list[bytes] = []
    room = MAX_MAIL_BYTES
    try:
        with nullcontext(sys.stdin.buffer) if name == "-" else open(name, "rb") as source:
            while room >= 0 and (piece := source.read(_PIECE)):
                pieces.append(piece)
                room -= len(piece)
    except OSError as error:
        raise _unread(name, error) from error
    if room < 0:
        raise _too_large(name, MAX_MAIL_BYTES)
    return b"".join(pieces)


def _file_left_over(desk: Desk, readers: Readers) -> None:
    """File what an earlier call stored and could not file."""
    try:
        from helpdesk_tui.mail.ingest import PIPE, file_left_over

        file_left_over(desk, PIPE, readers)
    except Exception as error:  # noqa: BLE001  the edge: what this call brought is stored
        _complain(error)


def _complain(error: Exception) -> None:
    """Say what keeps stored mail from being filed."""
    words = _("A mail could not be filed ({kind}).").format(kind=type(error).__name__)
    with heard_or_not():
        tell(f"{error.message} {error.hint}".strip() if isinstance(error, HelpdeskError) else words)


def _refuse_no_file(name: str) -> None:
    """Refuse the whole call before anything is stored."""
    from helpdesk_tui.mail.mailbox import MAX_MAIL_BYTES

    if name == "-":
        return
    try:
        about = os.stat(name)
    except (OSError, ValueError) as error:
        if isinstance(error, OSError) and error.errno not in _NO_FILE:
            raise _unread(name, error) from error
        about = None
    if about is None or not stat.S_ISREG(about.st_mode):
        raise Usage(_("There is no mail in {path}.").format(path=name), _("Name a file with one mail, or -."))
    if about.st_size > MAX_MAIL_BYTES:
        raise _too_large(name, MAX_MAIL_BYTES)


class _TooLarge(HelpdeskError):
    """A mail that will never be taken in."""


def _too_large(name: str, limit: int) -> _TooLarge:
    return _TooLarge(
        _("{path} is larger than a mail may be ({limit} bytes).").format(path=name, limit=limit),
        _("It was not stored. Ask for the files in it by another way."),
    )


def _unread(name: str, error: OSError) -> Temporary:
    return Temporary(
        _("{path} cannot be read: {words}.").format(path=name, words=error.strerror or type(error).__name__),
        _("It was not stored. Check who may read it."),
    )


@contextmanager
def _later_where_not_stored() -> Iterator[None]:
    """A mail server keeps what it could not hand over when it hears 75, and sends it back at any other word."""
    try:
        yield
    except (Temporary, _TooLarge):
        raise
    except HelpdeskError as error:
        raise Temporary(error.message, error.hint) from error
    except Exception as error:
        raise Temporary(
            _("The mail was not stored: {kind}.").format(kind=type(error).__name__),
            _("`helpdesk doctor` looks into it."),
        ) from error


def _tell_received(received: list[_Received], as_json: bool, error: HelpdeskError | None = None) -> None:
    """Say what became of each mail, and what stopped the others; who hears it or not, it is stored."""
    with heard_or_not():
        if as_json:
            mails = [_received_json(one) for one in received]
            print_json({"error": error_json(error), "received": mails} if error else mails)
            return
        for one in received:
            ticket = f" #{one.filed.ticket}" if one.filed and one.filed.ticket else ""
            say(f"{one.name}: {one.filed.disposition if one.filed else _('kept')}{ticket} · {one.reason}")
    if error:
        print_error(error, as_json)


def _received_json(one: _Received) -> dict[str, Any]:
    filed = one.filed
    return {
        "file": one.name,
        "disposition": filed.disposition if filed else None,
        "ticket": filed.ticket if filed else None,
        "message": (filed.message if filed else None) or one.raw_id,
        "linked_to": filed.linked_to if filed else None,
        "why": {"row": filed.row if filed else None, "reason": one.reason},
    }


def _write_bytes(desk: Desk, question: Any, wanted: int) -> None:
    """Stream bytes to stdout; refused on a terminal, where a stranger's bytes could steer it."""
    from helpdesk_tui.store.transaction import reading

    if sys.stdout.isatty():
        raise Usage(_("A raw mail is not for a terminal."), _("Send it to a file or a pager: … > mail.eml"))
    with reading(desk.store, desk.actor) as session:
        for piece in question(session, wanted):
            sys.stdout.buffer.write(piece)
    sys.stdout.buffer.flush()


def _poll_until_stopped(desk: Desk) -> None:
    from helpdesk_tui.cli.fetching import Lines
    from helpdesk_tui.mail.poller import Poller

    poller = Poller(desk, desk.settings, tell, Lines().show)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_args: poller.stop())
    tell(_("polling {names}; ctrl+c ends").format(names=", ".join(m.name for m in desk.settings.mailboxes)))
    poller.run()
