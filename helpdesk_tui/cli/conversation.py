"""`helpdesk ticket forward`, `call`, `snooze`, `link` …: what the conversation's keys do."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import typer

from helpdesk_tui.cli.invocation import BATCH, JSON, open_desk
from helpdesk_tui.cli.output import print_outcome
from helpdesk_tui.cli.reading import TEXT_FILE, numbers_from, text_from
from helpdesk_tui.errors import Usage
from helpdesk_tui.language import _
from helpdesk_tui.terms import CallDirection, LinkKind

if TYPE_CHECKING:
    from helpdesk_tui.terms import Person

NUMBER = typer.Argument(..., metavar="NUMBER")


def forward(
    number: int = NUMBER,
    message: int = typer.Argument(..., help="The mail's id, as `ticket show` gives it.", metavar="MESSAGE"),
    to: list[str] = typer.Option(..., "--to", help="An address, or Name <address>; several are possible."),
    text_file: str = TEXT_FILE,
    batch: str | None = BATCH,
    as_json: bool = JSON,
) -> None:
    """Pass a mail on to somebody, with its files; their answer comes back to the ticket."""
    from helpdesk_tui.desk.free_slots import Writer
    from helpdesk_tui.desk.outreach import forward as pass_on
    from helpdesk_tui.desk.sending import Sending
    from helpdesk_tui.desk.wording import below_forward

    desk, people = open_desk(batch), [_person(one) for one in to]
    quoted = desk.ask(below_forward, message, Writer(desk.actor, desk.settings, desk.clock()))
    words = text_from(text_file)
    print_outcome(desk.do(pass_on, number, message, words, people, sending=Sending(quoted=quoted)), as_json)


def call(
    number: int = NUMBER,
    text_file: str = TEXT_FILE,
    direction: CallDirection = typer.Option(CallDirection.IN, "--direction", help="in: they called; out: we did."),
    phone: str = typer.Option("", "--number", help="The phone number."),
    started: str = typer.Option("", "--started", help="When it began, such as 2026-12-01T09:30; default now."),
    ended: str = typer.Option("", "--ended", help="When it ended; default now."),
    batch: str | None = BATCH,
    as_json: bool = JSON,
) -> None:
    """Write down a call."""
    from helpdesk_tui.desk.outreach import LoggedCall, log_call

    desk = open_desk(batch)
    now = desk.clock()
    logged = LoggedCall(direction, phone, _instant(started, now), _instant(ended, now))
    print_outcome(desk.do(log_call, number, text_from(text_file), logged), as_json)


def snooze(
    numbers: list[str] = typer.Argument(..., metavar="NUMBER…"),
    until: str = typer.Option(
        "", "--until", help="14:00, tomorrow 9:00, mon, 1.12., +4h; without it until they answer."
    ),
    batch: str | None = BATCH,
    as_json: bool = JSON,
) -> None:
    """Put tickets away until a time, or until they answer."""
    from helpdesk_tui.desk.followups import snooze as put_away
    from helpdesk_tui.rules.promise import read_later

    desk = open_desk(batch)
    at = read_later(until, desk.clock(), desk.settings.calendar) if until else None
    print_outcome(desk.do(put_away, numbers_from(numbers), at if isinstance(at, datetime) else None), as_json)


def remind(
    number: int = NUMBER,
    days: int = typer.Argument(..., help="After so many working days.", metavar="DAYS"),
    batch: str | None = BATCH,
    as_json: bool = JSON,
) -> None:
    """Let a ticket come back after some working days."""
    from helpdesk_tui.desk.followups import remind as come_back

    print_outcome(open_desk(batch).do(come_back, number, days), as_json)


def watch(
    numbers: list[str] = typer.Argument(..., metavar="NUMBER…"),
    stop: bool = typer.Option(False, "--stop", help="Be told no more."),
    batch: str | None = BATCH,
    as_json: bool = JSON,
) -> None:
    """Be told what is new on tickets."""
    from helpdesk_tui.desk.watching import unwatch
    from helpdesk_tui.desk.watching import watch as be_told

    print_outcome(open_desk(batch).do(unwatch if stop else be_told, numbers_from(numbers)), as_json)


def link(
    number: int = NUMBER,
    other: int = typer.Argument(..., metavar="OTHER"),
    way: LinkKind = typer.Option(
        LinkKind.RELATED, "--kind", help="What the other one is: related, its parent, or what it repeats."
    ),
    remove: bool = typer.Option(False, "--remove", help="Take the link away."),
    batch: str | None = BATCH,
    as_json: bool = JSON,
) -> None:
    """Say what another ticket is to this one."""
    from helpdesk_tui.desk.relations import link as tie
    from helpdesk_tui.desk.relations import unlink

    desk = open_desk(batch)
    outcome = desk.do(unlink, number, other) if remove else desk.do(tie, number, other, way)
    print_outcome(outcome, as_json)


def incident(
    number: int = NUMBER,
    end: bool = typer.Option(False, "--end", help="It is none any more."),
    answer_file: str = typer.Option("", "--answer-file", help="Answer it and all its tickets, and solve them."),
    batch: str | None = BATCH,
    as_json: bool = JSON,
) -> None:
    """Make a ticket an incident that others are offered to, end that, or answer it and all that hangs on it."""
    from helpdesk_tui.desk.answering import answer_incident
    from helpdesk_tui.desk.relations import end_incident, make_incident

    desk = open_desk(batch)
    if answer_file:
        outcome = desk.do(answer_incident, number, text_from(answer_file))
    else:
        outcome = desk.do(end_incident if end else make_incident, number)
    print_outcome(outcome, as_json)


def split(
    message: int = typer.Argument(..., help="Its id, as `ticket show` gives it.", metavar="MESSAGE"),
    batch: str | None = BATCH,
    as_json: bool = JSON,
) -> None:
    """Make a ticket of one message."""
    from helpdesk_tui.desk.parting import split as split_off

    print_outcome(open_desk(batch).do(split_off, message), as_json)


def unmerge(number: int = NUMBER, batch: str | None = BATCH, as_json: bool = JSON) -> None:
    """Let a merged ticket be one of its own again, with the mail that came since."""
    from helpdesk_tui.desk.parting import unmerge as part

    print_outcome(open_desk(batch).do(part, number), as_json)


def send_again(
    message: int = typer.Argument(..., help="The mail's id, as `ticket show` gives it.", metavar="MESSAGE"),
    unsure: bool = typer.Option(False, "--though-unsure", help="Though it may have arrived already."),
    batch: str | None = BATCH,
    as_json: bool = JSON,
) -> None:
    """Send a mail again to those who have not got it."""
    from helpdesk_tui.desk import resending

    verb = resending.send_though_unsure if unsure else resending.send_again
    print_outcome(open_desk(batch).do(verb, message), as_json)


def take_as_sent(
    message: int = typer.Argument(..., help="The mail's id, as `ticket show` gives it.", metavar="MESSAGE"),
    batch: str | None = BATCH,
    as_json: bool = JSON,
) -> None:
    """Say that a mail in doubt has arrived."""
    from helpdesk_tui.desk.resending import take_as_sent as count_as_sent

    print_outcome(open_desk(batch).do(count_as_sent, message), as_json)


def edit_instead(
    message: int = typer.Argument(..., help="The mail's id, as `ticket show` gives it.", metavar="MESSAGE"),
    batch: str | None = BATCH,
    as_json: bool = JSON,
) -> None:
    """Take a mail back that failed with everybody: its text is a draft again."""
    from helpdesk_tui.desk.resending import edit_instead as take_back

    print_outcome(open_desk(batch).do(take_back, message), as_json)


def add_to(ticket: typer.Typer, outbox: typer.Typer) -> None:
    """Hang the commands where they are looked for."""
    for command in (forward, call, snooze, remind, watch, link, incident, split, unmerge):
        ticket.command()(command)
    outbox.command(name="again")(send_again)
    outbox.command(name="sent")(take_as_sent)
    outbox.command(name="edit")(edit_instead)


def _person(words: str) -> Person:
    from helpdesk_tui.rules.callers import read_caller
    from helpdesk_tui.rules.routing import is_address

    person = read_caller(words).person
    if not is_address(person.address):
        raise Usage(_("{words} is no address.").format(words=words), _("Write NAME@DOMAIN, or Name <NAME@DOMAIN>."))
    return person


def _instant(words: str, now: datetime) -> datetime:
    if not words:
        return now
    try:
        return datetime.fromisoformat(words).astimezone(UTC)
    except ValueError as error:
        raise Usage(_("{words} is not a time.").format(words=words), _("Use 2026-12-01T09:30.")) from error
