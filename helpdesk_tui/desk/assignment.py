"""Who has a ticket."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlmodel import col

from helpdesk_tui.desk.door import Change, Changes, Desk
from helpdesk_tui.desk.letters import own_message
from helpdesk_tui.desk.membership import refuse_strangers
from helpdesk_tui.desk.notices import give_notice, settle
from helpdesk_tui.desk.tickets import name_tickets
from helpdesk_tui.errors import NotFound, Refused
from helpdesk_tui.language import _
from helpdesk_tui.rules.untrusted import clean_line, clean_text
from helpdesk_tui.store.tables import Agent
from helpdesk_tui.terms import MessageKind, NoticeKind, Outcome, Verb


def assign(desk: Desk, tickets: Sequence[int], to: str, note: str = "") -> Outcome:
    """Give tickets to the agent with this login.

    Args:
        note: what they should know, written on each of them; it is the first thing they see there.
    """
    said = clean_text(note).strip()
    with desk.change(Verb.ASSIGN, tickets) as changes:
        agent = agent_named(changes, to)
        refuse_strangers(changes.session, (change.ticket for change in changes), agent)
        mine = agent.id == desk.actor.agent_id
        for change in changes:
            change.ticket.assignee_id = agent.id
            if not mine:
                settle(changes, change.ticket)
            if said:
                _leave_note(changes, change, agent, said)
        words = _("{tickets}: yours now") if mine else _("{tickets}: {name} has it now")
        changes.say(words.format(tickets=name_tickets(changes.numbers), name=agent.name or agent.login))
    return changes.outcome


def take(desk: Desk, tickets: Sequence[int]) -> Outcome:
    """Give tickets to oneself."""
    return assign(desk, tickets, desk.actor.login)


def unassign(desk: Desk, tickets: Sequence[int]) -> Outcome:
    """Put tickets back into their queue, with no assignee."""
    with desk.change(Verb.ASSIGN, tickets) as changes:
        for change in changes:
            change.ticket.assignee_id = None
        changes.say(_("{tickets}: back in the queue").format(tickets=name_tickets(changes.numbers)))
    return changes.outcome


def _leave_note(changes: Changes, change: Change, agent: Agent, text: str) -> None:
    message = own_message(changes, change.ticket, MessageKind.NOTE, text)
    change.record("message", None, message.id)
    if agent.id != changes.actor.agent_id:
        give_notice(changes, change.ticket, agent.id, NoticeKind.HANDOVER, message.id)


def agent_named(changes: Changes, login: str) -> Agent:
    """The agent with this login.

    Raises:
        NotFound: there is none. Refused: they answer no more.
    """
    agent = changes.session.execute(select(Agent).where(col(Agent.login) == login)).scalar_one_or_none()
    if agent is None:
        raise NotFound(
            _("There is no agent {login}.").format(login=clean_line(login, 80)), _("`helpdesk agent list` shows them.")
        )
    if not agent.is_active:
        raise Refused(_("{login} no longer answers tickets.").format(login=login), _("Choose another agent."))
    return agent
