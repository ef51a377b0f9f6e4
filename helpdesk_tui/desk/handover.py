"""Handing work over: tickets, the calls on them and unsent texts, from one side to others, in one step to undo."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from helpdesk_tui.desk.door import Change, Changes, Desk, as_stored
from helpdesk_tui.desk.drafts import pass_on
from helpdesk_tui.desk.membership import CALLERS, belongs, record_caller
from helpdesk_tui.desk.tickets import name_tickets
from helpdesk_tui.errors import NotFound, Refused, Usage
from helpdesk_tui.language import _, ngettext
from helpdesk_tui.rules.sharing import rest_goes_to
from helpdesk_tui.rules.untrusted import clean_line
from helpdesk_tui.store.queries.board import Standing
from helpdesk_tui.store.sight import everything
from helpdesk_tui.store.statements import is_among
from helpdesk_tui.store.tables import Agent, CallbackRequest, Draft, Queue, TeamMember, Ticket
from helpdesk_tui.terms import CallState, Outcome, Verb

#: How many tickets that were left alone a sentence names.
_NAMED = 5
#: What an event calls the texts that went along, before and after: {kind of text: [agent, last touched]}.
TEXTS = "texts"
#: The kind of a text that lies on no ticket; the log keeps it with a ticket that goes in the same step.
_NEW = "new"


@dataclass
class _Handover:
    """What has gone along so far, and what was left alone, in words; `rest` gets all that hangs on no ticket of these."""

    giver: Agent | None
    takers: dict[str, Agent | None]
    rest: Agent | None = None
    calls: int = 0
    texts: int = 0
    kept: list[str] = field(default_factory=list)


def hand_over(
    desk: Desk,
    giver: str,
    shares: Mapping[str, Sequence[Standing]],
    *,
    with_all_else: bool = False,
) -> Outcome:
    """Give tickets to colleagues, or back to their queues, as they stood when it was decided.

    A ticket that somebody has changed since is named and left alone. The calls that the giver was to make on a ticket
    and their unsent texts on it go along; a call goes to whoever of its team is free where the new one is not in it.

    Args:
        giver: whose work it was; "" for what lay in a queue. shares: tickets by login; "" is their own queues.
        with_all_else: the giver's other calls and texts, on tickets of others and for new requests, go to one person
            of the shares as well (`rules.sharing.rest_goes_to`); without one calls go to their teams, and texts stay.
    """
    numbers = [one.number for share in shares.values() for one in share]
    if not numbers and not (with_all_else and giver and shares):
        raise Usage(_("No ticket is to be handed over."), _("Mark some first."))
    with desk.change(Verb.HAND_OVER) as changes:
        work = _begin(changes.session, giver, shares)
        changes.load(_known(changes.session, numbers))
        tickets = {change.ticket.number: change for change in changes}
        done = [
            one.number
            for login, share in shares.items()
            for one in share
            if _give(changes, work, tickets.get(one.number), one, work.takers[login])
        ]
        if with_all_else and work.giver is not None:
            _give_all_else(changes, work)
        if work.kept and not (done or work.calls or work.texts):
            raise Refused(
                _("Nothing was handed over: {what}.").format(what=_named(work.kept)),
                _("Look at them again, then decide."),
            )
        changes.say(_sentence(work, done))
    if work.texts and not changes.outcome.tickets:  # there is no ticket whose log could bring it back
        return replace(changes.outcome, text=_sentence(work, done), is_final=True)
    return changes.outcome


def restore(changes: Changes, change: Change, event: Mapping[str, Any], _later: object) -> list[str]:
    """Give the calls and texts of an event back to whose they were; says which were left alone, and why."""
    with changes.session.no_autoflush:  # the ticket may be on its way to where whoever moves it cannot write
        left = _restore_calls(changes.session, change, *event.get(CALLERS, ({}, {})))
    return left + _restore_texts(changes.session, change, *event.get(TEXTS, ({}, {})))


def _restore_calls(
    session: Session, change: Change, before: Mapping[str, int | None], after: Mapping[str, int | None]
) -> list[str]:
    left = []
    for key, agent_id in after.items():
        request = session.get_one(CallbackRequest, int(key))
        if reason := _why_call_stays(session, change.ticket, request, agent_id, before[key]):
            left.append(_("the call on #{number} ({reason})").format(number=change.ticket.number, reason=reason))
        else:
            record_caller(change, request, before[key])
    return left


def _why_call_stays(
    session: Session, ticket: Ticket, request: CallbackRequest, giver_id: int | None, taker_id: int | None
) -> str:
    """Why a call is not given from one to the other; "" where it is."""
    if request.state != CallState.OPEN:
        return _("it is over")
    if request.agent_id != giver_id:
        return _("somebody else makes it now")
    taker = session.get_one(Agent, taker_id) if taker_id is not None else None
    if taker is None:
        return ""
    if not belongs(session, ticket.queue_id, taker.id):
        return _("{login} does not belong there").format(login=taker.login)
    return (
        "" if _calls_for(session, request.team_id, taker) else _("{login} is not in its team").format(login=taker.login)
    )


def _restore_texts(session: Session, change: Change, had: Mapping[str, Any], has: Mapping[str, Any]) -> list[str]:
    left, back = [], []
    for kind, (giver_id, at) in has.items():
        taker = session.get_one(Agent, had[kind][0])
        ticket = None if kind == _NEW else change.ticket
        if ticket is not None and not belongs(session, ticket.queue_id, taker.id):
            left.append(_text_stays(ticket, _("{login} does not belong there").format(login=taker.login)))
        elif _pass_back(session, ticket, kind, giver_id, taker.id, datetime.fromisoformat(at)):
            back.append(kind)
        else:
            left.append(_text_stays(ticket, _("it was written on since")))
    if back:
        change.record(TEXTS, *({kind: texts[kind] for kind in back} for texts in (has, had)))
    return left


def _pass_back(
    session: Session, ticket: Ticket | None, kind: str, giver_id: int, taker_id: int, as_of: datetime
) -> bool:
    with everything(session) if ticket is None else nullcontext():
        return pass_on(session, ticket, kind, giver_id, taker_id, as_of=as_of)


def _text_stays(ticket: Ticket | None, reason: str) -> str:
    if ticket is None:
        return _("the text of a new request ({reason})").format(reason=reason)
    return _("the text on #{number} ({reason})").format(number=ticket.number, reason=reason)


def _begin(session: Session, giver: str, shares: Mapping[str, Sequence[Standing]]) -> _Handover:
    takers = {login: _agent(session, login) for login in shares}
    return _Handover(_agent(session, giver), takers, takers.get(rest_goes_to(shares)))


def _agent(session: Session, login: str) -> Agent | None:
    if not login:
        return None
    agent = session.execute(select(Agent).where(col(Agent.login) == login, col(Agent.is_active))).scalar_one_or_none()
    if agent is None:
        raise NotFound(
            _("There is no agent {login}.").format(login=clean_line(login, 80)), _("`helpdesk agent list` shows them.")
        )
    return agent


def _known(session: Session, numbers: Sequence[int]) -> list[int]:
    found = select(col(Ticket.number)).where(is_among(session, col(Ticket.number), numbers))
    return list(session.execute(found).scalars())


def _give(changes: Changes, work: _Handover, change: Change | None, seen: Standing, taker: Agent | None) -> bool:
    """Give one ticket away, with what hangs on it; False where it was left alone."""
    if change is None:
        work.kept.append(_("#{number} (no longer there)").format(number=seen.number))
        return False
    ticket = change.ticket
    if reason := _why_not(changes.session, ticket, seen, taker):
        work.kept.append(f"#{seen.number} ({reason})")
        return False
    ticket.assignee_id = taker.id if taker else None
    if work.giver is not None:
        _calls_along(changes, work, change, taker)
        _texts_along(changes, work, change, taker)
    return True


def _why_not(session: Session, ticket: Ticket, seen: Standing, taker: Agent | None) -> str:
    """Why a ticket is left alone: somebody was there before, or whoever shall have it could not see it."""
    has_it = session.get_one(Agent, ticket.assignee_id).login if ticket.assignee_id else ""
    if has_it != seen.assignee:
        return _("{login} has it now").format(login=has_it) if has_it else _("back in its queue meanwhile")
    queue = session.get_one(Queue, ticket.queue_id).name
    if queue != seen.queue:
        return _("moved to {queue} meanwhile").format(queue=queue)
    if ticket.status != seen.status:
        return _("{status} meanwhile").format(status=ticket.status)
    if taker is not None and not belongs(session, ticket.queue_id, taker.id):
        return _("{login} does not belong to {queue}").format(login=taker.login, queue=queue)
    return ""


def _calls_along(changes: Changes, work: _Handover, change: Change, taker: Agent | None) -> None:
    theirs = select(CallbackRequest).where(
        col(CallbackRequest.ticket_id) == change.ticket.id,
        col(CallbackRequest.agent_id) == (work.giver.id if work.giver else None),
        col(CallbackRequest.state) == CallState.OPEN,
    )
    for request in changes.session.execute(theirs.with_for_update()).scalars():
        is_member = taker is not None and _calls_for(changes.session, request.team_id, taker)
        record_caller(change, request, taker.id if taker and is_member else None)
        work.calls += 1


def _calls_for(session: Session, team_id: int, agent: Agent) -> bool:
    return session.get(TeamMember, (team_id, agent.id)) is not None


def _texts_along(changes: Changes, work: _Handover, change: Change, taker: Agent | None) -> None:
    """Unsent texts go to whoever has the ticket now; one that cannot stays with the giver, and is named."""
    passed = {}
    for kind, at in _texts_of(changes.session, work.giver, change.ticket):
        if reason := _pass_text(changes.session, work, change.ticket, kind, at, taker):
            work.kept.append(_text_stays(change.ticket, reason))
        else:
            passed[kind] = at
    _record_texts(change, work, taker, passed)


def _texts_of(session: Session, agent: Agent | None, ticket: Ticket | None) -> list[tuple[str, datetime]]:
    theirs = select(col(Draft.kind), col(Draft.updated_at)).where(
        col(Draft.ticket_id) == (ticket.id if ticket else None),
        col(Draft.text) != "",
        col(Draft.agent_id) == (agent.id if agent else None),
    )
    return [(kind, at) for kind, at in session.execute(theirs.order_by(col(Draft.kind)))]


def _pass_text(
    session: Session, work: _Handover, ticket: Ticket | None, kind: str, at: datetime, taker: Agent | None
) -> str:
    """Give a text to who has the ticket now; says why where it stays with the giver, "" where it has gone."""
    giver = work.giver
    if giver is None or taker is None:
        return _("{login} keeps it").format(login=giver.login if giver else "")
    if pass_on(session, ticket, kind, giver.id, taker.id, as_of=at):
        return ""
    return _("{login} is writing one there").format(login=taker.login)


def _record_texts(change: Change, work: _Handover, taker: Agent | None, passed: Mapping[str, datetime]) -> None:
    if not passed or work.giver is None or taker is None:
        return
    work.texts += len(passed)
    had, has = change.more.get(TEXTS, ({}, {}))
    before, after = ({kind: [who, as_stored(at)] for kind, at in passed.items()} for who in (work.giver.id, taker.id))
    change.record(TEXTS, {**had, **before}, {**has, **after})


def _give_all_else(changes: Changes, work: _Handover) -> None:
    """The giver's calls and texts on tickets that are not theirs; what the taker could not see stays."""
    loaded, taker = {change.ticket.id for change in changes}, work.rest
    changes.load_ids(_elsewhere(changes.session, work.giver, loaded))
    for change in changes:
        if change.ticket.id in loaded:
            continue
        if taker is not None and not belongs(changes.session, change.ticket.queue_id, taker.id):
            said = _("call and text on #{number} ({login} does not belong there)")
            work.kept.append(said.format(number=change.ticket.number, login=taker.login))
            continue
        _calls_along(changes, work, change, taker)
        _texts_along(changes, work, change, taker)
    _new_requests_along(changes, work)


def _elsewhere(session: Session, giver: Agent | None, loaded: Collection[int]) -> list[int]:
    """The tickets that can be seen, beside those that are loaded, on which the giver has a call to make or a text."""
    giver_id = giver.id if giver else None
    calls = select(col(CallbackRequest.ticket_id)).where(
        col(CallbackRequest.agent_id) == giver_id, col(CallbackRequest.state) == CallState.OPEN
    )
    texts = select(col(Draft.ticket_id)).where(
        col(Draft.agent_id) == giver_id, col(Draft.text) != "", col(Draft.ticket_id).is_not(None)
    )
    wanted = {*session.execute(calls).scalars(), *session.execute(texts).scalars()}.difference(loaded)
    visible = select(col(Ticket.id)).where(is_among(session, col(Ticket.id), [one for one in wanted if one]))
    return list(session.execute(visible).scalars())


def _new_requests_along(changes: Changes, work: _Handover) -> None:
    """What the giver was writing down for a new request, which is hidden from all but its writer."""
    passed = {}
    with everything(changes.session):
        for kind, at in _texts_of(changes.session, work.giver, None):
            if reason := _pass_text(changes.session, work, None, kind, at, work.rest):
                work.kept.append(_text_stays(None, reason))
            else:
                passed[kind] = at
    carrier = next((one for one in changes if one.more or one.ticket.assignee_id != one.before["assignee_id"]), None)
    if carrier is not None:
        _record_texts(carrier, work, work.rest, passed)
    else:
        work.texts += len(passed)


def _sentence(work: _Handover, done: Sequence[int]) -> str:
    nobody = _("their queues") if done else _("their teams")
    people = [login or nobody for login in work.takers]
    along = [
        ngettext("{n} call", "{n} calls", work.calls) if work.calls else "",
        ngettext("{n} unsent text", "{n} unsent texts", work.texts) if work.texts else "",
    ]
    words = [
        _("{what} handed over to {people}").format(
            what=", ".join(filter(None, (_what(done), *along))), people=_and(people)
        )
    ]
    if work.kept:  # first, since the line may be short
        words.insert(0, _("left alone: {what}").format(what=_named(work.kept)))
    return " · ".join(words)


def _named(kept: Sequence[str]) -> str:
    more = len(kept) - _NAMED
    return "; ".join(kept[:_NAMED]) + (ngettext(" and {n} more", " and {n} more", more) if more > 0 else "")


def _what(done: Sequence[int]) -> str:
    return name_tickets(done) if done else _("no ticket")


def _and(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else _("{some} and {last}").format(some=", ".join(names[:-1]), last=names[-1])
