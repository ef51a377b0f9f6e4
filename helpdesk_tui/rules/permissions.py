"""Who may do what: one row a verb."""

from __future__ import annotations

from helpdesk_tui.language import _
from helpdesk_tui.terms import Actor, Role, Verb

_EVERY_AGENT = frozenset({Role.AGENT, Role.LEAD, Role.ADMIN})
_LEADS = frozenset({Role.LEAD, Role.ADMIN})
_ADMINS = frozenset({Role.ADMIN})
_SYSTEM = frozenset({Role.SYSTEM})

#: The roles that may do a verb.
TABLE: dict[Verb, frozenset[Role]] = {
    Verb.RECEIVE: _SYSTEM,
    Verb.DELIVERY: _SYSTEM,
    Verb.TIMER: _SYSTEM,
    Verb.CREATE: _EVERY_AGENT,
    Verb.ASSIGN: _EVERY_AGENT,
    Verb.STATUS: _EVERY_AGENT,
    Verb.PRIORITY: _EVERY_AGENT,
    Verb.CATEGORY: _EVERY_AGENT,
    Verb.QUEUE: _EVERY_AGENT,
    Verb.TAG: _EVERY_AGENT,
    Verb.DUE: _EVERY_AGENT,
    Verb.SUMMARY: _EVERY_AGENT,
    Verb.REPLY: _EVERY_AGENT,
    Verb.NOTE: _EVERY_AGENT,
    Verb.RESEND: _EVERY_AGENT,
    Verb.RESOLUTION: _EVERY_AGENT,
    Verb.REMIND: _EVERY_AGENT,
    Verb.SNOOZE: _EVERY_AGENT,
    Verb.WATCH: _EVERY_AGENT,
    Verb.LINK: _EVERY_AGENT,
    Verb.FORWARD: _EVERY_AGENT,
    Verb.LOG_CALL: _EVERY_AGENT,
    Verb.UNMERGE: _EVERY_AGENT,
    Verb.PART: _EVERY_AGENT,
    Verb.TEXTS: _EVERY_AGENT,
    Verb.SHARED_TEXTS: _LEADS,
    Verb.MACRO: _EVERY_AGENT,
    Verb.UNDO: _EVERY_AGENT,
    Verb.REDO: _EVERY_AGENT,
    Verb.CONFIGURE: _ADMINS,
    Verb.CALLBACK: _EVERY_AGENT,
    Verb.ASIDE: _EVERY_AGENT,
    Verb.CALL: _EVERY_AGENT,
    Verb.PLAN: _LEADS,
    Verb.HAND_OVER: _LEADS,
    Verb.IMPORT: _ADMINS,
    Verb.REQUESTER: _EVERY_AGENT,
    Verb.ACCEPT: _EVERY_AGENT,
    Verb.MERGE: _EVERY_AGENT,
    Verb.CUSTOMER: _EVERY_AGENT,
    Verb.JOIN: _EVERY_AGENT,
    Verb.SPLIT: _EVERY_AGENT,
}

#: Verbs that `undo` takes back.
UNDOABLE = frozenset(
    {
        Verb.CREATE,
        Verb.ASSIGN,
        Verb.STATUS,
        Verb.PRIORITY,
        Verb.CATEGORY,
        Verb.QUEUE,
        Verb.TAG,
        Verb.DUE,
        Verb.SUMMARY,
        Verb.REPLY,
        Verb.NOTE,
        Verb.CALLBACK,
        Verb.CALL,
        Verb.HAND_OVER,
        Verb.REQUESTER,
        Verb.ACCEPT,
        Verb.MERGE,
        Verb.CUSTOMER,
        Verb.JOIN,
        Verb.SPLIT,
        Verb.ASIDE,
        Verb.RESOLUTION,
        Verb.REMIND,
        Verb.SNOOZE,
        Verb.WATCH,
        Verb.LINK,
        Verb.FORWARD,
        Verb.LOG_CALL,
        Verb.UNMERGE,
        Verb.PART,
        Verb.MACRO,
    }
)


def refusal(actor: Actor, verb: Verb) -> str | None:
    """Why this actor may not do this verb; None where they may."""
    if actor.role in TABLE[verb]:
        return None
    if TABLE[verb] == _ADMINS:
        return _("Only an admin may do this.")
    if TABLE[verb] == _LEADS:
        return _("Only a lead or an admin may do this.")
    return _("Only the program itself does this.")
