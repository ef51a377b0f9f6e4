"""`helpdesk callback …`: when teams call back, and the calls that are booked."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import typer

from helpdesk_tui.cli.invocation import BATCH, JSON, open_desk
from helpdesk_tui.cli.output import plain, print_json, print_outcome, print_table, say
from helpdesk_tui.errors import Usage
from helpdesk_tui.language import _
from helpdesk_tui.terms import CallOutcome, CallState

if TYPE_CHECKING:
    from helpdesk_tui.desk.door import Desk
    from helpdesk_tui.store.queries.callbacks import CallRow, PlanRow
    from helpdesk_tui.terms import Outcome

app = typer.Typer(help="Callbacks: customers who want to be called.", no_args_is_help=True)
pattern_app = typer.Typer(help="When a team calls back, week by week.", no_args_is_help=True)
exception_app = typer.Typer(help="Dates on which it is otherwise.", no_args_is_help=True)
app.add_typer(pattern_app, name="pattern")
app.add_typer(exception_app, name="exception")

TEAM = typer.Argument(..., metavar="TEAM")
TICKET = typer.Argument(..., metavar="TICKET")
DATE = typer.Argument(..., help="2026-12-24", metavar="DATE")
AT = typer.Option(None, "--at", help="The beginning of a slot, in the team's time zone: 2026-12-01T09:30.")
NEXT = typer.Option(False, "--next", help="The next slot that is free.")


@pattern_app.command(name="list")
def list_patterns(as_json: bool = JSON) -> None:
    """List when teams call back."""
    from helpdesk_tui.store.queries.callbacks import plans

    rows = open_desk().ask(plans)
    if as_json:
        print_json([_plan_json(row) for row in rows])
    else:
        heads = (_("team"), _("hours"), _("zone"), _("slot"), _("calls at a time"), _("exceptions"))
        print_table(heads, [_plan_line(row) for row in rows])


@pattern_app.command(name="set")
def set_pattern(
    team: str = TEAM,
    length: str | None = typer.Option(None, "--length", help="How long a slot is: 15m."),
    hours: str | None = typer.Option(None, "--hours", help="For example: mon-fri 09:00-12:00,13:00-17:00"),
    capacity: int | None = typer.Option(None, "--capacity", help="How many calls at the same time."),
    zone: str | None = typer.Option(None, "--zone", help="The team's time zone: Europe/Berlin."),
    horizon: str | None = typer.Option(None, "--horizon", help="How far ahead one can book: 30d."),
    notice: str | None = typer.Option(None, "--notice", help="How long before it begins, at the latest: 30m."),
    attempts: int | None = typer.Option(None, "--attempts", help="How often somebody who does not answer is tried."),
    batch: str | None = BATCH,
    as_json: bool = JSON,
) -> None:
    """Say when a team calls back; what is not named stays as it is."""
    from helpdesk_tui.desk.callback_plans import PlanFields, set_plan
    from helpdesk_tui.rules.slots import read_days, read_minutes

    fields = PlanFields(
        hours=hours,
        zone=zone,
        slot_minutes=_option("--length", read_minutes, length),
        capacity=capacity,
        horizon_days=_option("--horizon", read_days, horizon),
        notice_minutes=_option("--notice", read_minutes, notice),
        attempts=attempts,
    )
    print_outcome(open_desk(batch).do(set_plan, team, fields), as_json)


@pattern_app.command(name="apply")
def apply_patterns(as_json: bool = JSON) -> None:
    """Write what the configuration says of teams' callbacks into the store, which is what holds."""
    from helpdesk_tui.desk.callback_plans import apply_plan, differing

    desk = open_desk()
    outcomes = [desk.do(apply_plan, one) for one in desk.ask(differing, desk.settings)]
    if as_json:
        print_json([{"outcome": one.text, "batch": one.batch} for one in outcomes])
        return
    for one in outcomes:
        say(one.text)
    if not outcomes:
        say(_("Nothing to change: the store is as the configuration says."))


@exception_app.command(name="add")
def add_exception(
    team: str = TEAM,
    day: str = DATE,
    closed: str = typer.Argument("", help="The word closed: nobody is called on that date.", metavar="[closed]"),
    hours: str | None = typer.Option(None, "--hours", help="The hours of that date: 09:00-12:00,13:00-15:00"),
    capacity: int | None = typer.Option(None, "--capacity", help="How many calls at the same time."),
    batch: str | None = BATCH,
    as_json: bool = JSON,
) -> None:
    """Let a team call at other hours, or with other people, on one date."""
    from helpdesk_tui.desk.callback_plans import add_exception as add
    from helpdesk_tui.rules.slots import DayException, read_date

    if closed not in ("", "closed") or (closed and (hours is not None or capacity is not None)):
        raise Usage(
            _("It is either closed, or it has hours or a capacity."), _("Write: closed, --hours or --capacity.")
        )
    said = DayException(hours="") if closed else DayException(hours or None, capacity)
    print_outcome(open_desk(batch).do(add, team, read_date(day), said), as_json)


@exception_app.command(name="remove")
def remove_exception(team: str = TEAM, day: str = DATE, batch: str | None = BATCH, as_json: bool = JSON) -> None:
    """Let a date be like all others again."""
    from helpdesk_tui.desk.callback_plans import remove_exception as remove
    from helpdesk_tui.rules.slots import read_date

    print_outcome(open_desk(batch).do(remove, team, read_date(day)), as_json)


@app.command()
def slots(
    team: str = TEAM,
    first: str | None = typer.Option(None, "--from", help="The first day; default today.", metavar="DATE"),
    days: int = typer.Option(7, "--days", min=1, max=400, help="How many days."),
    as_json: bool = JSON,
) -> None:
    """List a team's slots, and which of them can be booked."""
    from helpdesk_tui.desk.callback_places import when
    from helpdesk_tui.rules.slots import read_date
    from helpdesk_tui.store.queries.callbacks import week

    desk = open_desk()
    found = desk.ask(week, team, desk.clock(), read_date(first) if first else None, days)
    if as_json:
        print_json([{"team": team, **plain(offer)} for offer in found.offers])
    else:
        heads = (_("begins ({zone})").format(zone=found.zone), _("state"), _("free"), _("of"))
        lines = [(when(one.start, found.zone), one.state, one.free, one.capacity) for one in found.offers]
        print_table(heads, lines)


@app.command()
def book(
    ticket: int = TICKET,
    team: str = typer.Option(
        "", "--team", help="Who calls; default the ticket's team, its assignee's, yours, or the only one."
    ),
    at: str | None = AT,
    is_next: bool = NEXT,
    number: str = typer.Option("", "--number", help="Where to call; default the number in the mail, or the known one."),
    asked: str = typer.Option("", "--about", help="What it is about, in a few words."),
    batch: str | None = BATCH,
    as_json: bool = JSON,
) -> None:
    """Book a call to the customer, and tell them by mail with a calendar entry."""
    from helpdesk_tui.desk import callbacks

    wish = callbacks.Wish(team, _at(at, is_next=is_next), number, asked)
    desk = open_desk(batch)
    _print(desk, ticket, desk.do(callbacks.book, ticket, wish), as_json)


@app.command()
def move(
    ticket: int = TICKET,
    at: str | None = AT,
    is_next: bool = NEXT,
    team: str = typer.Option("", "--team", help="Another team that shall call."),
    batch: str | None = BATCH,
    as_json: bool = JSON,
) -> None:
    """Give a booked call another time; where that is not free it keeps the one it has."""
    from helpdesk_tui.desk.callbacks import move_booking

    desk = open_desk(batch)
    _print(desk, ticket, desk.do(move_booking, ticket, _at(at, is_next=is_next), team), as_json)


@app.command()
def cancel(ticket: int = TICKET, batch: str | None = BATCH, as_json: bool = JSON) -> None:
    """Give up a call; its place is free again."""
    from helpdesk_tui.desk.callbacks import cancel_booking

    desk = open_desk(batch)
    _print(desk, ticket, desk.do(cancel_booking, ticket), as_json)


@app.command()
def outcome(
    ticket: int = TICKET,
    ended: CallOutcome = typer.Argument(..., metavar="|".join(CallOutcome)),
    note: str = typer.Option("", "--note", help="What was said, for the thread (reached)."),
    at: str | None = typer.Option(None, "--at", help="When to call instead (later); default the next free slot."),
    batch: str | None = BATCH,
    as_json: bool = JSON,
) -> None:
    """Write down how a call ended; after no answer and voicemail the next free slot is booked."""
    from helpdesk_tui.desk.calls import Ended, record_outcome

    if at and ended is not CallOutcome.LATER:
        raise Usage(
            _("--at goes with later only."), _("Move the call instead: helpdesk callback move TICKET --at TIME")
        )
    if note and ended is not CallOutcome.REACHED:
        raise Usage(_("--note goes with reached only."), _("Write a note: helpdesk ticket note TICKET"))
    desk = open_desk(batch)
    _print(desk, ticket, desk.do(record_outcome, ticket, Ended(ended, note, at)), as_json)


@app.command(name="list")
def list_calls(
    everything: bool = typer.Option(False, "--all", help="Also the ones that are done or cancelled."),
    as_json: bool = JSON,
) -> None:
    """List who wants to be called: those without a booking first, then by time."""
    from helpdesk_tui.store.queries.callbacks import calls

    rows = open_desk().ask(calls, state=None if everything else CallState.OPEN)
    if as_json:
        print_json([_call_json(row) for row in rows])
    else:
        heads = ("#", _("customer"), _("number"), _("begins"), _("team"), _("who"), _("try"), _("last"))
        print_table(heads, [_call_line(row) for row in rows])


def _print(desk: Desk, ticket: int, done: Outcome, as_json: bool) -> None:
    if not as_json:
        print_outcome(done, as_json)
        return
    from helpdesk_tui.store.queries.callbacks import latest_call

    call = desk.ask(latest_call, ticket)
    told = {"outcome": done.text, "batch": done.batch, "tickets": list(done.tickets)}
    print_json({**told, "callback": _call_json(call) if call else None})


def _call_json(row: CallRow) -> dict[str, Any]:
    return {
        "ticket": row.number,
        "team": row.team,
        "state": row.state,
        "start": plain(row.start),
        "end": plain(row.end),
        "zone": row.zone,
        "customer": row.customer,
        "phone": row.phone,
        "phone_zone": plain(row.phone_zone),
        "about": row.asked or row.subject,
        "agent": row.agent,
        "attempt": row.attempt,
        "attempts": row.attempts,
        "last_outcome": row.last_outcome,
        "overbooked": row.is_overbooked,
    }


def _call_line(row: CallRow) -> tuple[Any, ...]:
    from helpdesk_tui.desk.callback_places import when
    from helpdesk_tui.rules.phones import shown

    begins = when(row.start, row.zone) if row.start else _("no call is booked")
    if row.is_overbooked:
        begins += " " + _("(overbooked)")
    tries = f"{row.attempt}/{row.attempts}"
    return row.number, row.customer, shown(row.phone), begins, row.team, row.agent or "–", tries, row.last_outcome


def _plan_json(row: PlanRow) -> dict[str, Any]:
    exceptions = [
        {"date": day.isoformat(), "closed": said.hours == "", "hours": said.hours or None, "capacity": said.capacity}
        for day, said in row.exceptions.items()
    ]
    return {"team": row.team, **plain(row.plan), "exceptions": exceptions}


def _plan_line(row: PlanRow) -> tuple[Any, ...]:
    from helpdesk_tui.desk.callback_plans import words

    said = "; ".join(f"{day} {words(what)}" for day, what in row.exceptions.items())
    plan = row.plan
    return row.team, plan.hours, plan.zone, f"{plan.slot_minutes} min", plan.capacity, said


def _at(at: str | None, *, is_next: bool) -> str | None:
    if (at is None) == (not is_next):
        raise Usage(_("Say when: --at TIME or --next."), _("`helpdesk callback slots TEAM` lists what is free."))
    return at


def _option(name: str, read: Callable[[str], int], text: str | None) -> int | None:
    """An option as it is read; where it cannot be, the refusal names it."""
    try:
        return None if text is None else read(text)
    except Usage as error:
        raise Usage(f"{name}: {error.message}", error.hint) from error
