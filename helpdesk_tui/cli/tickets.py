"""`helpdesk ticket …`: list, show, and every verb on tickets."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any

import typer

from helpdesk_tui.cli.invocation import BATCH, JSON, open_desk
from helpdesk_tui.cli.output import plain, print_json, print_outcome, print_table, say, ticket_json
from helpdesk_tui.cli.reading import TEXT_FILE, numbers_from, text_from
from helpdesk_tui.errors import NotFound, Usage
from helpdesk_tui.language import _
from helpdesk_tui.terms import Channel, MessageKind, Priority, Status

if TYPE_CHECKING:
    from helpdesk_tui.desk.door import Desk
    from helpdesk_tui.store.queries.thread import EventRow, MessageRow
    from helpdesk_tui.store.queries.tickets import TicketRow
    from helpdesk_tui.terms import Outcome

app = typer.Typer(help="Tickets: list them, show one, and everything that can be done.", no_args_is_help=True)
_TICKET_AND_AGENT = 2
NUMBERS = typer.Argument(..., help="Ticket numbers.", metavar="NUMBER…")


@app.command(name="list", context_settings={"ignore_unknown_options": True, "help_option_names": ["--help"]})
def list_tickets(
    query: list[str] = typer.Argument(None, help="A query such as: is:unassigned queue:billing", metavar="[QUERY]"),
    limit: int = typer.Option(50, "--limit", min=0, help="How many at most; 0 is all."),
    as_json: bool = JSON,
) -> None:
    """List tickets, newest change first; ended ones only where the query names them."""
    from helpdesk_tui.rules.query import parse
    from helpdesk_tui.store.queries.tickets import Asker, ticket_ids, ticket_rows

    _refuse_options(query or (), "list")
    parsed = parse(" ".join(query or []))
    desk = open_desk()
    ids = desk.ask(ticket_ids, parsed, Asker(desk.actor, desk.clock()), limit=limit)
    rows = [row for at in range(0, len(ids), 500) for row in desk.ask(ticket_rows, ids[at : at + 500])]
    if as_json:
        print_json([ticket_json(row) for row in rows])
    else:
        heads = ("#", _("subject"), _("from"), _("queue"), _("status"), _("priority"), _("who"))
        print_table(heads, [_list_line(row) for row in rows])


@app.command()
def show(number: int = typer.Argument(..., metavar="NUMBER"), as_json: bool = JSON) -> None:
    """Show one ticket with its conversation and its history."""
    from helpdesk_tui.store.queries.thread import events, messages

    desk = open_desk()
    row = _ticket(desk, number)
    thread, history = desk.ask(messages, row.id), desk.ask(events, row.id)
    if as_json:
        print_json(_whole(row, thread, history))
    else:
        say(_as_text(row, thread, history, desk.clock()))


@app.command()
def new(
    subject: str = typer.Option(..., "--subject", help="What it is about, in a few words."),
    sender: str = typer.Option(
        "", "--from", help='Who asks: "Name <address>", a name or an address.', metavar="PERSON"
    ),
    phone: str = typer.Option("", "--phone", help="The number they call from."),
    queue: str = typer.Option("support", "--queue", help="Where it goes."),
    channel: Channel = typer.Option(Channel.PHONE, "--channel", help="How it came in."),
    priority: Priority = typer.Option(Priority.NORMAL, "--priority"),
    text_file: str | None = typer.Option(
        None, "--text-file", help="What was said; - reads standard input.", metavar="FILE|-"
    ),
    batch: str | None = BATCH,
    as_json: bool = JSON,
) -> None:
    """Make a ticket of a call or a visit."""
    from helpdesk_tui.desk.conversation import NewRequest, create
    from helpdesk_tui.rules.callers import read_caller

    caller = read_caller(sender)
    text = text_from(text_file) if text_file else ""
    desk = open_desk(batch)
    request = NewRequest(caller.person, subject, text, phone or caller.phone, queue, channel, priority)
    print_outcome(desk.do(create, request), as_json)


@app.command()
def assign(
    words: list[str] = typer.Argument(..., help="Ticket numbers, then the agent's login.", metavar="NUMBER… [LOGIN]"),
    take: bool = typer.Option(False, "--take", help="Take them yourself."),
    none: bool = typer.Option(False, "--none", help="Put them back into the queue."),
    batch: str | None = BATCH,
    as_json: bool = JSON,
) -> None:
    """Give tickets to an agent."""
    from helpdesk_tui.desk import assignment

    if take and none:
        raise Usage(_("--take and --none exclude each other."), _("Use one of them."))
    if not (take or none) and len(words) < _TICKET_AND_AGENT:
        raise Usage(_("Name tickets and an agent."), _("For example: helpdesk ticket assign 1042 anna"))
    numbers = numbers_from(words if take or none else words[:-1])
    desk = open_desk(batch)
    if take:
        outcome = desk.do(assignment.take, numbers)
    elif none:
        outcome = desk.do(assignment.unassign, numbers)
    else:
        outcome = desk.do(assignment.assign, numbers, words[-1])
    print_outcome(outcome, as_json)


@app.command(name="set")
def set_(
    numbers: list[int] = NUMBERS,
    status: Status | None = typer.Option(None, "--status"),
    priority: Priority | None = typer.Option(None, "--priority"),
    category: str | None = typer.Option(None, "--category", help='A category, or "" for none.'),
    queue: str | None = typer.Option(None, "--queue"),
    due: str | None = typer.Option(None, "--due", help="2026-12-01T15:00, 2026-12-01, +4h of working time, or none."),
    summary: str | None = typer.Option(None, "--summary"),
    resolution: str | None = typer.Option(None, "--resolution", help="What solved it, in a line."),
    requester: str | None = typer.Option(
        None, "--requester", help='Whose it is: an address or "Name <address>"; alone.', metavar="PERSON"
    ),
    batch: str | None = BATCH,
    as_json: bool = JSON,
) -> None:
    """Change fields of tickets; several fields at once are one step to undo."""
    from helpdesk_tui.desk.tickets import Fields, set_fields
    from helpdesk_tui.rules.promise import read_due

    desk = open_desk(batch)
    if requester is not None:
        others = (status, priority, category, queue, due, summary, resolution)
        print_outcome(_set_requester(desk, numbers, requester, is_alone=others == (None,) * len(others)), as_json)
        return
    due_at = read_due(due, desk.clock(), desk.settings.calendar) if due is not None else None
    fields = Fields(status, priority, category, queue, due_at, summary, resolution)
    print_outcome(desk.do(set_fields, numbers, fields), as_json)


@app.command()
def accept(
    number: int = typer.Argument(..., metavar="NUMBER"),
    address: str = typer.Argument("", help="Default is who wrote last.", metavar="[ADDRESS]"),
    batch: str | None = BATCH,
    as_json: bool = JSON,
) -> None:
    """Let somebody into a ticket: their mail belongs there, and they get answers as well."""
    from helpdesk_tui.desk.participants import accept as let_in

    print_outcome(open_desk(batch).do(let_in, number, address), as_json)


@app.command()
def merge(
    number: int = typer.Argument(..., metavar="NUMBER"),
    into: int = typer.Argument(..., help="The ticket it becomes part of.", metavar="INTO"),
    batch: str | None = BATCH,
    as_json: bool = JSON,
) -> None:
    """Merge a ticket into another: what was said on it stands there, and its mail lands there."""
    from helpdesk_tui.desk.merging import merge as merge_into

    print_outcome(open_desk(batch).do(merge_into, number, into), as_json)


@app.command(context_settings={"ignore_unknown_options": True, "help_option_names": ["--help"]})
def tag(
    words: list[str] = typer.Argument(..., help="Ticket numbers, then +tag and -tag.", metavar="NUMBER… +TAG -TAG"),
    batch: str | None = BATCH,
    as_json: bool = JSON,
) -> None:
    """Put tags on tickets and take others off."""
    from helpdesk_tui.desk.tickets import tag as tag_tickets

    _refuse_options(words, "tag")
    numbers = numbers_from([word for word in words if word[:1] not in "+-"])
    add = [word[1:] for word in words if word.startswith("+")]
    remove = [word[1:] for word in words if word.startswith("-")]
    if not numbers or not (add or remove):
        raise Usage(_("Name tickets and tags."), _("For example: helpdesk ticket tag 1042 +vpn -old"))
    print_outcome(open_desk(batch).do(tag_tickets, numbers, add=add, remove=remove), as_json)


@app.command()
def reply(
    number: int = typer.Argument(..., metavar="NUMBER"),
    text_file: str = TEXT_FILE,
    batch: str | None = BATCH,
    as_json: bool = JSON,
) -> None:
    """Answer the customer; the mail waits in the outbox until the poller sends it. The queue's signature stands below."""
    from helpdesk_tui.desk.conversation import reply as write_reply

    print_outcome(open_desk(batch).do(write_reply, number, text_from(text_file), is_signed=True), as_json)


@app.command()
def note(
    number: int = typer.Argument(..., metavar="NUMBER"),
    text_file: str = TEXT_FILE,
    batch: str | None = BATCH,
    as_json: bool = JSON,
) -> None:
    """Write an internal note."""
    from helpdesk_tui.desk.conversation import note as write_note

    print_outcome(open_desk(batch).do(write_note, number, text_from(text_file)), as_json)


@app.command()
def undo(
    target: str | None = typer.Option(None, "--batch", help="The batch to undo; default your newest.", metavar="ID"),
    batch: str | None = BATCH,
    as_json: bool = JSON,
) -> None:
    """Take back your newest change."""
    from helpdesk_tui.desk.history import undo as take_back

    print_outcome(open_desk(batch).do(take_back, target), as_json)


@app.command()
def redo(batch: str | None = BATCH, as_json: bool = JSON) -> None:
    """Do again what you undid last."""
    from helpdesk_tui.desk.history import redo as do_again

    print_outcome(open_desk(batch).do(do_again), as_json)


def _set_requester(desk: Desk, numbers: list[int], requester: str, *, is_alone: bool) -> Outcome:
    from helpdesk_tui.desk.participants import set_requester
    from helpdesk_tui.rules.callers import read_caller

    if len(numbers) > 1 or not is_alone:
        raise Usage(_("--requester is set alone, and on one ticket."), _("Change the rest by a second command."))
    return desk.do(set_requester, numbers[0], read_caller(requester).person)


def _ticket(desk: Desk, number: int) -> TicketRow:
    from helpdesk_tui.store.queries.tickets import ticket_by_number

    row = desk.ask(ticket_by_number, number)
    if row is None:
        raise NotFound(
            _("There is no ticket #{number}.").format(number=number), _("`helpdesk ticket list` shows them.")
        )
    return row


def _refuse_options(words: Iterable[str], command: str) -> None:
    """Words with one dash in front mean something here, so that options have to be told apart by hand."""
    for word in words:
        if word.startswith("--"):
            raise Usage(
                _("There is no option {word}.").format(word=word),
                _("`helpdesk ticket {command} --help` shows them.").format(command=command),
            )


def _list_line(row: TicketRow) -> tuple[Any, ...]:
    who = row.requester.called
    return row.number, row.subject, who, row.queue, row.status, row.priority, row.assignee or "–"


def _whole(row: TicketRow, thread: list[MessageRow], history: list[EventRow]) -> dict[str, Any]:
    return {
        **ticket_json(row),
        "summary": row.summary,
        "resolution": row.resolution,
        "channel": row.channel,
        "merged_into": row.merged_into,
        "linked_to": row.linked_to,
        "is_spam": row.is_spam,
        "messages": [_message(message) for message in thread],
        "events": [_event(event) for event in history],
    }


def _message(message: MessageRow) -> dict[str, Any]:
    return {
        "id": message.id,
        "kind": message.kind,
        "is_automatic": message.is_automatic,
        "from": plain(message.sender),
        "to": plain(message.to),
        "cc": plain(message.cc),
        "subject": message.subject,
        "text": message.text,
        "quoted": message.quoted,
        "remarks": list(message.remarks),
        "sent_at": plain(message.sent_at),
        "received_at": plain(message.received_at),
        "message_id": message.message_id,
        "delivery": message.delivery,
        "attachments": [
            {"name": f.name, "content_type": f.content_type, "size": f.size, "sha256": f.sha256} for f in message.files
        ],
    }


def _event(event: EventRow) -> dict[str, Any]:
    return {
        "id": event.id,
        "batch": event.batch,
        "at": plain(event.at),
        "actor": event.actor,
        "verb": event.verb,
        "changes": event.changes,
    }


def _as_text(row: TicketRow, thread: list[MessageRow], history: list[EventRow], now: datetime) -> str:
    from helpdesk_tui.screens.event_words import event_words, says_something
    from helpdesk_tui.screens.recipients import went_to

    who = row.requester.called
    lines = [
        f"#{row.number} {row.subject}",
        f"{who} · {row.queue} · {row.status} · {row.priority} · {row.assignee or _('nobody')}",
    ]
    for message in thread:
        mark = {MessageKind.NOTE: "▪ ", MessageKind.CALL: "☎ "}.get(message.kind, "")
        name = message.sender.whole
        lines += ["", f"{mark}{name} · {plain(message.received_at)} · {message.kind}"]
        lines += [*filter(None, [went_to(message, {row.requester.address})]), message.text]
        lines += [f"+ {one.name} ({one.size} B)" for one in message.files]
    lines += ["", *(f"○ {event_words(event, now)}" for event in history if says_something(event))]
    return "\n".join(lines)
