"""Who may do what."""

from __future__ import annotations

import pytest

from helpdesk_tui.rules.permissions import TABLE, UNDOABLE, refusal
from helpdesk_tui.terms import SYSTEM, Actor, Role, Verb

ONLY_SYSTEM = {Verb.RECEIVE, Verb.DELIVERY, Verb.TIMER}
ONLY_ADMINS = {Verb.CONFIGURE, Verb.IMPORT}
ONLY_LEADS = {Verb.PLAN, Verb.HAND_OVER, Verb.SHARED_TEXTS}


def actor(role: Role) -> Actor:
    return SYSTEM if role is Role.SYSTEM else Actor(1, "anna", "Anna", role)


@pytest.mark.parametrize("verb", Verb)
def test_every_verb_has_a_row_and_somebody_who_may_do_it(verb: Verb) -> None:
    assert [role for role in Role if refusal(actor(role), verb) is None]


@pytest.mark.parametrize("verb", Verb)
@pytest.mark.parametrize("role", Role)
def test_the_table(verb: Verb, role: Role) -> None:
    may = {
        Role.SYSTEM: verb in ONLY_SYSTEM,
        Role.ADMIN: verb not in ONLY_SYSTEM,
        Role.LEAD: verb not in ONLY_SYSTEM | ONLY_ADMINS,
        Role.AGENT: verb not in ONLY_SYSTEM | ONLY_ADMINS | ONLY_LEADS,
    }[role]
    reason = refusal(actor(role), verb)
    assert (reason is None) is may
    assert may or reason


def test_the_table_names_nothing_else() -> None:
    assert set(TABLE) == set(Verb)


def test_what_the_program_does_is_not_undone() -> None:
    assert not UNDOABLE & (ONLY_SYSTEM | ONLY_ADMINS | {Verb.UNDO, Verb.REDO})
    assert UNDOABLE.issubset(TABLE)
