"""Who is kept informed of a ticket without having it: watchers, and colleagues who are asked in a note."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import delete, func, select
from sqlmodel import col

from helpdesk_tui.desk.door import Change, Changes, Desk
from helpdesk_tui.desk.membership import belongs
from helpdesk_tui.desk.notices import give_notice
from helpdesk_tui.desk.tickets import name_tickets
from helpdesk_tui.language import _
from helpdesk_tui.rules.mentions import mentioned
from helpdesk_tui.store.parts import parts_of
from helpdesk_tui.store.statements import add_unless_there
from helpdesk_tui.store.tables import Agent, Ticket, Watcher
from helpdesk_tui.terms import NoticeKind, Outcome, Verb

#: The name, in an event, of an agent who watches: [None, login].
WATCHER = "watcher"


def watch(desk: Desk, tickets: Sequence[int]) -> Outcome:
    """Be told when somebody writes on these tickets."""
    with desk.change(Verb.WATCH, tickets) as changes:
        for change in changes:
            if _put(changes, change.ticket, desk.actor.agent_id or 0):
                change.record(WATCHER, None, desk.actor.login)
        changes.say(_("{tickets}: you are told what is new").format(tickets=name_tickets(changes.numbers)))
    return changes.outcome


def unwatch(desk: Desk, tickets: Sequence[int]) -> Outcome:
    """Be told no more."""
    with desk.change(Verb.WATCH, tickets) as changes:
        for change in changes:
            if _take(changes, change.ticket, desk.actor.agent_id or 0):
                change.record(WATCHER, desk.actor.login, None)
        changes.say(_("{tickets}: you are told no more").format(tickets=name_tickets(changes.numbers)))
    return changes.outcome


def restore(changes: Changes, change: Change, was: Mapping[str, list[Any]], _later: list[dict[str, Any]]) -> list[str]:
    """Let somebody watch again, or no more."""
    before, after = was[WATCHER]
    agent = changes.session.execute(select(Agent).where(col(Agent.login) == (after or before))).scalar_one()
    (_take if after else _put)(changes, change.ticket, agent.id)
    change.record(WATCHER, after, before)
    return []


def ask_colleagues(changes: Changes, ticket: Ticket, message_id: int, text: str) -> tuple[list[int], str]:
    """Tell the colleagues whom a note calls by name; nobody gets the ticket by that.

    Returns:
        Their ids, and what the writer is told of it: who hears of it, and who does not and why.
    """
    told: dict[int, str] = {}
    said: list[str] = []
    for login in mentioned(text):
        called = (
            select(Agent)
            .where(func.lower(col(Agent.login)) == login, col(Agent.is_active))
            .order_by((col(Agent.login) == login).desc())
        )
        agent = changes.session.execute(called).scalars().first()
        if agent is None:
            said.append(_("there is no colleague {login}").format(login=login))
        elif not belongs(changes.session, ticket.queue_id, agent.id):
            said.append(_("{login} does not belong here and is not told").format(login=login))
        elif agent.id != changes.actor.agent_id:
            give_notice(changes, ticket, agent.id, NoticeKind.MENTION, message_id)
            told[agent.id] = agent.login
    if told:
        said.insert(0, _("{names} is told").format(names=", ".join(told.values())))
    return list(told), " · ".join(said)


def _put(changes: Changes, ticket: Ticket, agent_id: int) -> bool:
    return add_unless_there(
        changes.session, Watcher, {"ticket_id": ticket.id, "queue_id": ticket.queue_id, "agent_id": agent_id}
    )


def _take(changes: Changes, ticket: Ticket, agent_id: int) -> bool:
    parts = parts_of(changes.session, ticket.id)
    theirs = delete(Watcher).where(col(Watcher.ticket_id).in_(parts), col(Watcher.agent_id) == agent_id)
    done: Any = changes.session.execute(theirs.execution_options(synchronize_session=False))
    return bool(done.rowcount)
