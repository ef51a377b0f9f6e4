"""Whose figures may be seen: how much a person has to do is theirs, and no tool to watch them.

A system that is suited to watch staff is a matter of co-determination (BetrVG § 87 (1) no. 6), so one setting decides,
for lists, queries, commands and views alike. A ticket says who has it in any case.
"""

from __future__ import annotations

from helpdesk_tui.language import _
from helpdesk_tui.terms import Actor, IndividualStats, LoadState, Role

#: From this part of a full load on somebody is nearly full.
_NEARLY = 0.8


def refusal_of_figures(asker: Actor, login: str, allowed: IndividualStats) -> str | None:
    """Why `asker` may not count, group, sort or list by the person with this login; None where they may.

    One's own list is one's work and always there.
    """
    if asker.is_system or asker.login == login:
        return None
    if allowed is not IndividualStats.AGREEMENT:
        return _("Who has how much is not listed by person here (individual_stats = {value}).").format(value=allowed)
    return None if asker.role in (Role.LEAD, Role.ADMIN) else _("Only leads list by person.")


def shows_load(asker: Actor, login: str, allowed: IndividualStats) -> bool:
    """True where the figure itself may be shown; else the state has to do. With `off` not even one's own is."""
    return allowed is not IndividualStats.OFF and refusal_of_figures(asker, login, allowed) is None


def load_state(load: int, capacity: int, *, is_away: bool) -> LoadState:
    """How much room somebody has, in a word.

    Args:
        load: the tickets with them that wait for us. capacity: how many are a full load.
    """
    if is_away:
        return LoadState.ABSENT
    if load >= capacity:
        return LoadState.FULL
    return LoadState.NEARLY_FULL if load >= capacity * _NEARLY else LoadState.FREE
