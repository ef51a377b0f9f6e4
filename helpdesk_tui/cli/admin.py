"""`helpdesk agent|team|category|setting …`: what an admin sets up beside queues."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING, Any

import typer

from helpdesk_tui.cli.invocation import BATCH, JSON, open_desk
from helpdesk_tui.cli.output import plain, print_json, print_outcome, print_table
from helpdesk_tui.errors import Usage
from helpdesk_tui.language import _
from helpdesk_tui.terms import Role

if TYPE_CHECKING:
    from helpdesk_tui.store.queries.staff import ColleagueRow


class AgentRole(StrEnum):
    """The roles an agent may have."""

    AGENT = "agent"
    LEAD = "lead"
    ADMIN = "admin"


agent_app = typer.Typer(help="Agents: the people who answer.", no_args_is_help=True)
team_app = typer.Typer(help="Teams: sets of agents.", no_args_is_help=True)
setting_app = typer.Typer(help="Settings that hold for everybody who uses this store.", no_args_is_help=True)
category_app = typer.Typer(help="Categories: what tickets are about.", no_args_is_help=True)
NAME = typer.Argument(..., metavar="NAME")
BELONGS = typer.Option(None, "--queue", help="+NAME lets them into a queue, -NAME takes them out.", metavar="+Q|-Q")


@agent_app.command(name="list")
def list_agents(as_json: bool = JSON) -> None:
    """List the agents, with what they belong to and how much room they have; `load` only where it is yours to know."""
    from helpdesk_tui.store.queries.staff import colleagues

    desk = open_desk()
    rows = desk.ask(colleagues, desk.actor, desk.clock())
    if as_json:
        print_json([{name: value for name, value in plain(row).items() if name != "id"} for row in rows])
    else:
        heads = (_("login"), _("name"), _("address"), _("role"), _("state"), _("away until"), _("queues"), _("teams"))
        print_table(heads, [_agent_line(row) for row in rows])


@agent_app.command(name="add")
def add_agent(
    login: str = typer.Argument(..., metavar="LOGIN"),
    name: str = typer.Option("", "--name", help="The name customers read."),
    email: str = typer.Option("", "--email"),
    role: AgentRole = typer.Option(AgentRole.AGENT, "--role"),
    queue: list[str] = BELONGS,
    batch: str | None = BATCH,
    as_json: bool = JSON,
) -> None:
    """Let somebody in as an agent, who belongs to all queues that are not confidential."""
    from helpdesk_tui.desk import settings

    print_outcome(open_desk(batch).do(settings.add_agent, login, name, email, Role(role), queues=queue or ()), as_json)


@agent_app.command(name="set")
def set_agent(
    login: str = typer.Argument(..., metavar="LOGIN"),
    name: str | None = typer.Option(None, "--name"),
    email: str | None = typer.Option(None, "--email"),
    away_until: str | None = typer.Option(None, "--away-until", help="2026-12-01 or 2026-12-01T09:00; none ends it."),
    role: AgentRole | None = typer.Option(None, "--role"),
    capacity: int | None = typer.Option(None, "--capacity", min=1, help="How many tickets are a full load."),
    queue: list[str] = BELONGS,
    team: list[str] = typer.Option(None, "--team", help="+NAME puts them into a team, -NAME takes them out."),
    batch: str | None = BATCH,
    as_json: bool = JSON,
) -> None:
    """Change an agent; while away, answers to their tickets also stand under Unassigned."""
    from helpdesk_tui.desk import settings

    change = partial(
        settings.set_agent,
        name=name,
        email=email,
        away_until=_instant(away_until) if away_until is not None else None,
        role=Role(role) if role else None,
        capacity=capacity,
        queues=queue or (),
        teams=team or (),
    )
    print_outcome(open_desk(batch).do(change, login), as_json)


@setting_app.command(name="list")
def list_settings(as_json: bool = JSON) -> None:
    """List the settings of the store."""
    from helpdesk_tui.store.queries.staff import INDIVIDUAL_STATS, individual_stats

    rows = [{"name": INDIVIDUAL_STATS, "value": str(open_desk().ask(individual_stats))}]
    if as_json:
        print_json(rows)
    else:
        print_table((_("setting"), _("value")), [(row["name"], row["value"]) for row in rows])


@setting_app.command(name="set")
def set_setting(
    name: str = NAME,
    value: str = typer.Argument(..., metavar="VALUE"),
    batch: str | None = BATCH,
    as_json: bool = JSON,
) -> None:
    """Set what holds for everybody: individual_stats off, own or agreement."""
    from helpdesk_tui.desk import settings

    print_outcome(open_desk(batch).do(settings.set_setting, name, value), as_json)


@team_app.command(name="list")
def list_teams(as_json: bool = JSON) -> None:
    """List the teams."""
    from helpdesk_tui.store.queries.setup import teams

    rows = open_desk().ask(teams)
    if as_json:
        print_json([{"name": team.name, "members": list(team.members)} for team in rows])
    else:
        print_table((_("team"), _("members")), [(team.name, ", ".join(team.members)) for team in rows])


@team_app.command(name="add")
def add_team(
    name: str = NAME,
    member: list[str] = typer.Option(None, "--member", help="An agent's login.", metavar="LOGIN"),
    batch: str | None = BATCH,
    as_json: bool = JSON,
) -> None:
    """Make a team."""
    from helpdesk_tui.desk import settings

    print_outcome(open_desk(batch).do(settings.add_team, name, member or ()), as_json)


@category_app.command(name="list")
def list_categories(as_json: bool = JSON) -> None:
    """List the categories."""
    from helpdesk_tui.store.queries.setup import categories

    rows = open_desk().ask(categories)
    if as_json:
        print_json([{"name": name} for name in rows])
    else:
        print_table((_("category"),), [(name,) for name in rows])


@category_app.command(name="add")
def add_category(name: str = NAME, batch: str | None = BATCH, as_json: bool = JSON) -> None:
    """Make a category."""
    from helpdesk_tui.desk import settings

    print_outcome(open_desk(batch).do(settings.add_category, name), as_json)


def _agent_line(row: ColleagueRow) -> tuple[Any, ...]:
    belongs = ", ".join(row.queues), ", ".join(row.teams)
    return row.login, row.name, row.email, row.role, row.state, plain(row.away_until), *belongs


def _instant(text: str) -> datetime | str:
    if text in ("", "none"):
        return ""
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise Usage(
            _("{text} is not a date.").format(text=text), _("Use 2026-12-01, 2026-12-01T09:00 or none.")
        ) from error
