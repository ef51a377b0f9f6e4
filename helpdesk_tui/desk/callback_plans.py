"""When a team calls back: set by its leads. What is booked stays; coming slots get the room the plan has for them now."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from datetime import date

from sqlalchemy import delete, select
from sqlalchemy.orm import Session
from sqlmodel import col

from helpdesk_tui.config import CallbackTeamSettings, Settings
from helpdesk_tui.desk.callback_places import lock_plan, measure_anew
from helpdesk_tui.desk.door import Changes, Desk
from helpdesk_tui.errors import NotFound
from helpdesk_tui.language import _, ngettext
from helpdesk_tui.rules.slots import (
    DayException,
    Plan,
    check_exception,
    check_plan,
    read_days,
    read_exception,
    read_minutes,
)
from helpdesk_tui.rules.untrusted import clean_line
from helpdesk_tui.store.queries.callbacks import plans
from helpdesk_tui.store.statements import add_unless_there
from helpdesk_tui.store.tables import CallbackException, CallbackPlan, Team
from helpdesk_tui.terms import Outcome, Verb


@dataclass(frozen=True, slots=True)
class PlanFields:
    """What `set_plan` changes; None leaves a field as it is, or, of a new plan, as the working time or the usual is."""

    hours: str | None = None
    zone: str | None = None
    slot_minutes: int | None = None
    capacity: int | None = None
    horizon_days: int | None = None
    notice_minutes: int | None = None
    attempts: int | None = None


@dataclass(frozen=True, slots=True)
class Configured:
    """When a team calls back, as the configuration says it."""

    team: str
    plan: Plan
    exceptions: dict[date, DayException]


def set_plan(desk: Desk, team: str, fields: PlanFields) -> Outcome:
    """Say when a team calls back.

    Raises:
        NotFound: there is no such team. Usage: the plan cannot be kept.
    """
    with desk.change(Verb.PLAN) as changes:
        team_id = _hold(changes.session, team)
        known = next((row.plan for row in plans(changes.session) if row.team_id == team_id), None)
        given = {name: value for name, value in asdict(fields).items() if value is not None}
        _write_plan(changes.session, team_id, replace(known or _usual(desk.settings), **given))
        changes.say(_("Callbacks of {team} are planned.").format(team=team) + _measured(changes, team))
    return changes.outcome


def add_exception(desk: Desk, team: str, day: date, said: DayException) -> Outcome:
    """Let a team call at other hours, or with other people, on one date.

    Raises:
        NotFound: the team calls nobody back. Usage: the exception cannot be kept.
    """
    with desk.change(Verb.PLAN) as changes:
        row = lock_plan(changes.session, team, alone=True)
        _write_exception(changes.session, row.team_id, day, said, row.plan)
        what = words(said)
        changes.say(_("{team} on {day}: {what}").format(team=team, day=day, what=what) + _measured(changes, team))
    return changes.outcome


def remove_exception(desk: Desk, team: str, day: date) -> Outcome:
    """Let a date be like all others again.

    Raises:
        NotFound: there is no exception on it.
    """
    with desk.change(Verb.PLAN) as changes:
        row = lock_plan(changes.session, team, alone=True)
        if day not in row.exceptions:
            raise NotFound(
                _("{team} has no exception on {day}.").format(team=team, day=day),
                _("`helpdesk callback pattern list` shows them."),
            )
        _forget_exception(changes.session, row.team_id, day)
        changes.say(_("{team} on {day}: as usual").format(team=team, day=day) + _measured(changes, team))
    return changes.outcome


def apply_plan(desk: Desk, wanted: Configured) -> Outcome:
    """Make a team's plan and its exceptions what the configuration says.

    Raises:
        NotFound: there is no such team. Usage: the plan or an exception cannot be kept.
    """
    with desk.change(Verb.PLAN) as changes:
        session, team_id = changes.session, _hold(changes.session, wanted.team)
        _write_plan(session, team_id, wanted.plan)
        for day in lock_plan(session, wanted.team, alone=True).exceptions:
            _forget_exception(session, team_id, day)
        for day, said in wanted.exceptions.items():
            _write_exception(session, team_id, day, said, wanted.plan)
        done = _("Callbacks of {team} are as the configuration says.").format(team=wanted.team)
        changes.say(done + _measured(changes, wanted.team))
    return changes.outcome


def differing(session: Session, settings: Settings) -> list[Configured]:
    """What the configuration says and the store does not, by team.

    Raises:
        Usage: the configuration cannot be read.
    """
    there = {row.team: (row.plan, row.exceptions) for row in plans(session)}
    wanted = [_configured(one, settings) for one in settings.callback_teams]
    return [one for one in wanted if there.get(one.team) != (one.plan, one.exceptions)]


def words(said: DayException) -> str:
    """An exception as people say it."""
    if said.hours == "":
        return _("closed")
    room = ngettext("{n} call at a time", "{n} calls at a time", said.capacity) if said.capacity is not None else ""
    return ", ".join(part for part in (said.hours or "", room) if part)


def _configured(one: CallbackTeamSettings, settings: Settings) -> Configured:
    plan = Plan(
        hours=one.hours or settings.calendar.hours,
        zone=one.zone or settings.calendar.zone,
        slot_minutes=read_minutes(one.length),
        capacity=one.capacity,
        horizon_days=read_days(one.horizon),
        notice_minutes=read_minutes(one.notice),
        attempts=one.attempts,
    )
    check_plan(plan)
    exceptions = dict(read_exception(text) for text in one.exceptions)
    for said in exceptions.values():
        check_exception(said, plan)
    return Configured(one.name, plan, exceptions)


def _usual(settings: Settings) -> Plan:
    return Plan(hours=settings.calendar.hours, zone=settings.calendar.zone)


def _hold(session: Session, team: str) -> int:
    """The id of a team, with its plan locked where it has one.

    Raises:
        NotFound: there is no such team.
    """
    team_id = session.execute(select(col(Team.id)).where(col(Team.name) == team)).scalar_one_or_none()
    if team_id is None:
        name = clean_line(team, 80)
        raise NotFound(
            _("There is no team {name}.").format(name=name),
            _("`helpdesk team list` shows them; `helpdesk team add {name} --member LOGIN` makes it.").format(name=name),
        )
    session.execute(select(col(CallbackPlan.team_id)).where(col(CallbackPlan.team_id) == team_id).with_for_update())
    return team_id


def _write_plan(session: Session, team_id: int, plan: Plan) -> None:
    check_plan(plan)
    if not add_unless_there(session, CallbackPlan, {"team_id": team_id, **asdict(plan)}):
        held = session.get_one(CallbackPlan, team_id, populate_existing=True, with_for_update=True)
        for name, value in asdict(plan).items():
            setattr(held, name, value)
    session.flush()


def _write_exception(session: Session, team_id: int, day: date, said: DayException, plan: Plan) -> None:
    check_exception(said, plan)
    _forget_exception(session, team_id, day)
    add_unless_there(session, CallbackException, {"team_id": team_id, "day": day, **asdict(said)})


def _forget_exception(session: Session, team_id: int, day: date) -> None:
    there = delete(CallbackException).where(
        col(CallbackException.team_id) == team_id, col(CallbackException.day) == day
    )
    session.execute(there.execution_options(synchronize_session=False))


def _measured(changes: Changes, team: str) -> str:
    """Give coming slots their room anew; a sentence where that is not enough for what is booked."""
    over = measure_anew(changes.session, lock_plan(changes.session, team, alone=True), changes.now)
    said = ngettext("{n} slot is overbooked now", "{n} slots are overbooked now", over)
    return " · " + said + _(": helpdesk callback list shows which") if over else ""
