"""`helpdesk queue|agent|team|category …`: what an admin sets up."""

from __future__ import annotations

from datetime import UTC, datetime

import typer

from helpdesk_tui.cli.invocation import BATCH, JSON, open_desk
from helpdesk_tui.cli.output import print_json, print_outcome, print_table
from helpdesk_tui.errors import Usage
from helpdesk_tui.language import _

queue_app = typer.Typer(help="Queues: buckets of work with their own addresses.", no_args_is_help=True)
agent_app = typer.Typer(help="Agents: the people who answer.", no_args_is_help=True)
team_app = typer.Typer(help="Teams: sets of agents.", no_args_is_help=True)
category_app = typer.Typer(help="Categories: what tickets are about.", no_args_is_help=True)
NAME = typer.Argument(..., metavar="NAME")
ADDRESS = typer.Option(None, "--address", help="An address of the queue; the first is the one it answers from.")
DISPLAY_NAME = typer.Option(None, "--display-name", help="The name customers read.")


@queue_app.command(name="list")
def list_queues(as_json: bool = JSON) -> None:
    """List the queues."""
    from helpdesk_tui.store.queries.setup import queues

    rows = open_desk().ask(queues)
    if as_json:
        print_json([{"name": q.name, "display_name": q.display_name, "addresses": list(q.addresses)} for q in rows])
    else:
        print_table(
            (_("queue"), _("name"), _("addresses")), [(q.name, q.display_name, ", ".join(q.addresses)) for q in rows]
        )


@queue_app.command(name="add")
def add_queue(
    name: str = NAME,
    address: list[str] = ADDRESS,
    display_name: str = DISPLAY_NAME,
    batch: str | None = BATCH,
    as_json: bool = JSON,
) -> None:
    """Make a queue."""
    from helpdesk_tui.desk import settings

    print_outcome(open_desk(batch).do(settings.add_queue, name, address or (), display_name or ""), as_json)


@queue_app.command(name="set")
def set_queue(
    name: str = NAME,
    address: list[str] = ADDRESS,
    display_name: str = DISPLAY_NAME,
    batch: str | None = BATCH,
    as_json: bool = JSON,
) -> None:
    """Change a queue; addresses given replace the ones it has."""
    from helpdesk_tui.desk import settings

    print_outcome(open_desk(batch).do(settings.set_queue, name, address or None, display_name), as_json)


@agent_app.command(name="list")
def list_agents(as_json: bool = JSON) -> None:
    """List the agents."""
    from helpdesk_tui.store.queries.setup import agents

    rows = open_desk().ask(agents)
    if as_json:
        print_json(
            [
                {"login": a.login, "name": a.name, "email": a.email, "role": a.role, "away_until": a.away_until}
                for a in rows
            ]
        )
    else:
        heads = (_("login"), _("name"), _("address"), _("role"), _("away until"))
        print_table(heads, [(a.login, a.name, a.email, a.role, a.away_until) for a in rows])


@agent_app.command(name="add")
def add_agent(
    login: str = typer.Argument(..., metavar="LOGIN"),
    name: str = typer.Option("", "--name", help="The name customers read."),
    email: str = typer.Option("", "--email"),
    batch: str | None = BATCH,
    as_json: bool = JSON,
) -> None:
    """Let somebody in as an agent."""
    from helpdesk_tui.desk import settings

    print_outcome(open_desk(batch).do(settings.add_agent, login, name, email), as_json)


@agent_app.command(name="set")
def set_agent(
    login: str = typer.Argument(..., metavar="LOGIN"),
    name: str | None = typer.Option(None, "--name"),
    email: str | None = typer.Option(None, "--email"),
    away_until: str | None = typer.Option(None, "--away-until", help="2026-12-01 or 2026-12-01T09:00; none ends it."),
    batch: str | None = BATCH,
    as_json: bool = JSON,
) -> None:
    """Change an agent; while away, answers to their tickets also stand under Unassigned."""
    from helpdesk_tui.desk import settings

    away = _instant(away_until) if away_until is not None else None
    print_outcome(open_desk(batch).do(settings.set_agent, login, name=name, email=email, away_until=away), as_json)


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


def _instant(text: str) -> datetime | str:
    if text in ("", "none"):
        return ""
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise Usage(
            _("{text} is not a date.").format(text=text), _("Use 2026-12-01, 2026-12-01T09:00 or none.")
        ) from error
