"""What an admin sets up: queues with their addresses, agents, teams, categories."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session
from sqlmodel import SQLModel, col

from helpdesk_tui.desk import queue_mail, queue_work
from helpdesk_tui.desk.door import Changes, Desk
from helpdesk_tui.desk.identity import let_in
from helpdesk_tui.desk.membership import change_queues, change_teams, open_to, open_to_all
from helpdesk_tui.desk.queue_mail import QueueMail
from helpdesk_tui.desk.queue_work import QueueWork
from helpdesk_tui.errors import NotFound, Refused, Usage
from helpdesk_tui.language import _
from helpdesk_tui.rules.routing import is_address, plain_address
from helpdesk_tui.rules.untrusted import clean_line
from helpdesk_tui.store.queries.staff import INDIVIDUAL_STATS
from helpdesk_tui.store.schema import AGENT_ROLE
from helpdesk_tui.store.statements import add_rows, add_unless_there
from helpdesk_tui.store.tables import Agent, Category, Queue, QueueAddress, Setting, Team, TeamMember
from helpdesk_tui.terms import IndividualStats, Outcome, Role, Verb

_NAME = re.compile(r"[\w.-]{1,60}")
#: The settings that stand in the store, and their values.
SETTINGS: Mapping[str, tuple[str, ...]] = {INDIVIDUAL_STATS: tuple(IndividualStats)}
_Row = TypeVar("_Row", bound=SQLModel)


def add_queue(
    desk: Desk, name: str, addresses: Sequence[str] = (), display_name: str = "", *, is_confidential: bool = False
) -> Outcome:
    """Make a queue; it answers from its first address.

    All agents belong to it; to a confidential one only who makes it, who then lets others in.

    Raises:
        Refused: it shall be confidential, and the store is an SQLite file.
    """
    if is_confidential:
        _refuse_confidential_file(desk)
    with desk.change(Verb.CONFIGURE) as changes:
        row = {"display_name": clean_line(display_name, 120), "is_confidential": is_confidential}
        queue_id = _add(changes.session, Queue, _checked(name), **row)
        _set_addresses(changes.session, queue_id, addresses)
        if is_confidential:
            open_to(changes.session, queue_id, desk.actor.agent_id or 0)
        else:
            open_to_all(changes.session, queue_id)
        changes.say(_("Queue {name} is there.").format(name=name))
    return changes.outcome


def set_queue(
    desk: Desk,
    name: str,
    addresses: Sequence[str] | None = None,
    display_name: str | None = None,
    *,
    is_confidential: bool | None = None,
    mail: QueueMail | None = None,
    work: QueueWork | None = None,
) -> Outcome:
    """Change a queue; addresses given replace the ones it had. Who belongs to it stays as it is.

    Raises:
        Refused: it shall be confidential, and the store is an SQLite file. Usage: `mail` or `work` cannot be as it is wanted.
    """
    if is_confidential:
        _refuse_confidential_file(desk)
    with desk.change(Verb.CONFIGURE) as changes:
        queue = _named(changes.session, Queue, name)
        if is_confidential is not None:
            queue.is_confidential = is_confidential
        if display_name is not None:
            queue.display_name = clean_line(display_name, 120)
        if addresses is not None:
            _set_addresses(changes.session, queue.id, addresses)
        if mail is not None:
            queue_mail.apply(queue, mail)
        if work is not None:
            queue_work.apply(queue, work)
        changes.say(_("Queue {name} is changed.").format(name=name))
    return changes.outcome


def _refuse_confidential_file(desk: Desk) -> None:
    if not desk.store.is_postgres:
        raise Refused(
            _("A store in a file has no confidential queues: whoever may read the file reads everything in it."),
            _("Keep such matters in a store on PostgreSQL, where the database itself decides who reads what."),
        )


def add_agent(
    desk: Desk, login: str, name: str = "", email: str = "", role: Role = Role.AGENT, *, queues: Sequence[str] = ()
) -> Outcome:
    """Make an agent, who belongs to all queues that are not confidential.

    On PostgreSQL the login must exist as a role, and gets the rights of an agent.

    Args:
        queues: more of them (`+hr`), or fewer (`-sales`).
    """
    checked = _checked(login)
    with desk.change(Verb.CONFIGURE) as changes:
        row = {
            "login": checked,
            "name": clean_line(name, 120) or checked,
            "email": clean_line(email, 320),
            "role": role,
        }
        if not let_in(changes.session, row):
            raise Refused(
                _("There is an agent {login} already.").format(login=checked), _("`helpdesk agent set` changes one.")
            )
        change_queues(changes, _agent_named(changes.session, checked), queues)
        if desk.store.is_postgres:
            _grant_agent(changes, checked)
        changes.say(_("Agent {login} may come in.").format(login=checked))
    return changes.outcome


def set_agent(
    desk: Desk,
    login: str,
    *,
    name: str | None = None,
    email: str | None = None,
    away_until: datetime | str | None = None,
    role: Role | None = None,
    capacity: int | None = None,
    queues: Sequence[str] = (),
    teams: Sequence[str] = (),
) -> Outcome:
    """Change an agent.

    Args:
        away_until: "" ends an absence. capacity: so many tickets that wait for us are a full load.
        queues, teams: `+NAME` lets them in, `-NAME` takes them out.
    Raises:
        Refused: it is the last admin, who would be none any more. Usage: the absence is over already.
    """
    with desk.change(Verb.CONFIGURE) as changes:
        agent = _agent_named(changes.session, login)
        agent.name = clean_line(name, 120) if name is not None else agent.name
        agent.email = clean_line(email, 320) if email is not None else agent.email
        agent.capacity = capacity if capacity is not None else agent.capacity
        if away_until is not None:
            agent.away_until = _to_come(away_until, changes.now)
        if role is not None:
            _set_role(changes.session, agent, role)
        gone_back = change_queues(changes, agent, queues)
        change_teams(changes.session, agent, teams)
        changes.say(" ".join(filter(None, (_("Agent {login} is changed.").format(login=login), gone_back))))
    return changes.outcome


def _to_come(until: datetime | str, now: datetime) -> datetime | None:
    if not isinstance(until, datetime):
        return None
    if until <= now:
        raise Usage(_("That absence is over already."), _("Name a time to come; none ends an absence."))
    return until


def _set_role(session: Session, agent: Agent, role: Role) -> None:
    others = select(col(Agent.id)).where(col(Agent.role) == Role.ADMIN, col(Agent.is_active), col(Agent.id) != agent.id)
    if agent.role == Role.ADMIN and role is not Role.ADMIN and session.execute(others).first() is None:
        raise Refused(
            _("{login} is the only admin.").format(login=agent.login),
            _("Make somebody else one first: helpdesk agent set LOGIN --role admin"),
        )
    agent.role = role


def _agent_named(session: Session, login: str) -> Agent:
    agent = session.execute(select(Agent).where(col(Agent.login) == login)).scalar_one_or_none()
    if agent is None:
        raise NotFound(
            _("There is no agent {login}.").format(login=clean_line(login, 80)), _("`helpdesk agent list` shows them.")
        )
    return agent


def add_team(desk: Desk, name: str, members: Sequence[str] = ()) -> Outcome:
    """Make a team of agents."""
    with desk.change(Verb.CONFIGURE) as changes:
        team_id = _add(changes.session, Team, _checked(name))
        for login in dict.fromkeys(members):
            agent = _agent_named(changes.session, login)
            add_rows(changes.session, TeamMember, [{"team_id": team_id, "agent_id": agent.id}])
        changes.say(_("Team {name} is there.").format(name=name))
    return changes.outcome


def add_category(desk: Desk, name: str) -> Outcome:
    """Make a category."""
    with desk.change(Verb.CONFIGURE) as changes:
        _add(changes.session, Category, _checked(name))
        changes.say(_("Category {name} is there.").format(name=name))
    return changes.outcome


def set_setting(desk: Desk, name: str, value: str) -> Outcome:
    """Set what holds for everybody who uses this store.

    Raises:
        Usage: there is no such setting, or it has no such value.
    """
    if name not in SETTINGS:
        raise Usage(
            _("There is no setting {name}.").format(name=clean_line(name, 80)),
            _("Known: {names}").format(names=", ".join(SETTINGS)),
        )
    if value not in SETTINGS[name]:
        raise Usage(
            _("{name} cannot be {value}.").format(name=name, value=clean_line(value, 80) or '""'),
            _("It is one of {values}.").format(values=", ".join(SETTINGS[name])),
        )
    with desk.change(Verb.CONFIGURE) as changes:
        changes.session.merge(Setting(name=name, value=value))
        changes.say(_("{name} is {value} now.").format(name=name, value=value))
    return changes.outcome


def _checked(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise Usage(
            _("{name} cannot be a name here.").format(name=clean_line(name, 80) or '""'),
            _("Use up to 60 letters, digits, dots, dashes and underscores."),
        )
    return name


def _add(session: Session, table: type[SQLModel], name: str, **values: Any) -> int:
    if not add_unless_there(session, table, {"name": name, **values}):
        raise Refused(_("There is {name} already.").format(name=name), _("Choose another name."))
    columns: Any = table
    return int(session.execute(select(columns.id).where(columns.name == name)).scalar_one())


def _named(session: Session, table: type[_Row], name: str) -> _Row:
    columns: Any = table
    row = session.execute(select(table).where(columns.name == name)).scalar_one_or_none()
    if row is None:
        raise NotFound(
            _("There is no {what} {name}.").format(what=table.__name__.lower(), name=clean_line(name, 80)),
            _("`list` shows what there is."),
        )
    return row


def _set_addresses(session: Session, queue_id: int, addresses: Sequence[str]) -> None:
    for row in session.execute(select(QueueAddress).where(col(QueueAddress.queue_id) == queue_id)).scalars():
        session.delete(row)
    session.flush()
    for position, address in enumerate(dict.fromkeys(addresses)):
        if not is_address(address):
            raise Usage(
                _("{address} is not an address.").format(address=clean_line(address, 80)), _("Use NAME@DOMAIN.")
            )
        row_values = {"address": plain_address(address), "queue_id": queue_id, "position": position}
        if not add_unless_there(session, QueueAddress, row_values):
            raise Refused(
                _("{address} belongs to another queue.").format(address=address),
                _("`helpdesk queue list` shows which."),
            )


def _grant_agent(changes: Changes, login: str) -> None:
    known = changes.session.execute(text("SELECT 1 FROM pg_roles WHERE rolname = :name"), {"name": login}).first()
    quoted = '"' + login.replace('"', '""') + '"'
    if known is None:
        raise Refused(
            _("PostgreSQL has no login {login}.").format(login=login),
            _("Its administrator runs: CREATE ROLE {login} LOGIN; then add the agent again.").format(login=quoted),
        )
    has_it = text("SELECT pg_has_role(:name, :role, 'member')")
    if changes.session.execute(has_it, {"name": login, "role": AGENT_ROLE}).scalar_one():
        return
    try:
        with changes.session.begin_nested():
            changes.session.execute(text(f"GRANT {AGENT_ROLE} TO {quoted}"))
    except DBAPIError as error:
        raise Refused(
            _("You may not give {login} the rights of an agent.").format(login=login),
            _("PostgreSQL's administrator runs: GRANT {role} TO {login}; then add the agent again.").format(
                role=AGENT_ROLE, login=quoted
            ),
        ) from error
