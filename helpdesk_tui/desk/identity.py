"""Who is asking: on SQLite the person at the keyboard, on PostgreSQL the database login, never a name sent along."""

from __future__ import annotations

import os
import pwd
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session
from sqlmodel import col

from helpdesk_tui.errors import HelpdeskError, Usage
from helpdesk_tui.language import _
from helpdesk_tui.rules.untrusted import clean_line
from helpdesk_tui.store.engine import Store
from helpdesk_tui.store.statements import add_rows, add_unless_there
from helpdesk_tui.store.tables import Agent, Queue, QueueMember
from helpdesk_tui.store.transaction import reading, writing
from helpdesk_tui.terms import SYSTEM, Actor, Role


def identify(store: Store, claimed: str | None = None) -> Actor:
    """The actor of this process.

    Args:
        claimed: the login given with --as; only SQLite knows it.
    Raises:
        Usage: --as on PostgreSQL. HelpdeskError: nobody of this login is an agent here.
    """
    if store.is_postgres and claimed:
        raise Usage(
            _("--as is refused on PostgreSQL: the agent is whoever logs in to the database."),
            _("Name the login in the store's address: postgresql://LOGIN@HOST/DATABASE."),
        )
    with reading(store, SYSTEM) as session:
        login = _login(session, store, claimed)
        agent = session.execute(select(Agent).where(col(Agent.login) == login)).scalar_one_or_none()
    if agent is None or not agent.is_active:
        raise HelpdeskError(
            _("{login} is no agent of this help desk.").format(login=clean_line(login, 80)),
            _("An admin runs: helpdesk agent add {login}").format(login=clean_line(login, 80)),
        )
    return Actor(agent.id, agent.login, agent.name or agent.login, Role(agent.role))


def welcome_first(store: Store, claimed: str | None = None) -> None:
    """Make whoever sets the store up its first agent and admin; does nothing where there is an agent."""
    with writing(store, SYSTEM) as session:
        if session.execute(select(func.count()).select_from(Agent)).scalar_one():
            return
        login = _login(session, store, None if store.is_postgres else claimed)
        let_in(session, {"login": login, "name": _full_name(login), "email": "", "role": Role.ADMIN})


def let_in(session: Session, agent: dict[str, Any]) -> bool:
    """Add an agent, who belongs to every queue that is not confidential; False where the login is there already."""
    if not add_unless_there(session, Agent, {**agent, "is_active": True}):
        return False
    agent_id = session.execute(select(col(Agent.id)).where(col(Agent.login) == agent["login"])).scalar_one()
    open_queues = session.execute(select(col(Queue.id)).where(col(Queue.is_confidential).is_(False))).scalars()
    add_rows(session, QueueMember, [{"queue_id": queue_id, "agent_id": agent_id} for queue_id in open_queues])
    return True


def os_login() -> str:
    """The operating system's name of the user; what the environment says of it anybody can set.

    Raises:
        HelpdeskError: it has none.
    """
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError as error:
        raise HelpdeskError(
            _("The operating system does not say who you are."), _("Say it yourself: --as LOGIN")
        ) from error


def _login(session: Session, store: Store, claimed: str | None) -> str:
    if store.is_postgres:
        return str(session.execute(text("SELECT session_user")).scalar_one())
    return claimed or os_login()


def _full_name(login: str) -> str:
    """The name the operating system knows this user by, else the login with a capital."""
    gecos = pwd.getpwuid(os.getuid()).pw_gecos if login == os_login() else ""
    return clean_line(gecos.split(",")[0]) or login.capitalize()
