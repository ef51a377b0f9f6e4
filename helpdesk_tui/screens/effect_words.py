"""What handing work over would do, in words for one line: what matters most stands first, and the rest goes where it is short."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import groupby

from helpdesk_tui.language import _, ngettext
from helpdesk_tui.screens.phrases import load_word, moment
from helpdesk_tui.store.queries.board import Effect, Extra, Share
from helpdesk_tui.terms import LoadState


def effect_words(told: Effect, away: Mapping[str, datetime], rest: str) -> tuple[str, ...]:
    """What would happen, the whole of it first, then shorter: `2 stay, ben does not belong there · anna +4: free → full`.

    Args:
        away: until when colleagues are absent. rest: what goes along beside the tickets, in words.
    """
    first = [_strangers(login, count) for login, count in told.strangers]
    first += [_to_the_absent(one, away.get(one.login)) for one in told.shares if one.before is LoadState.ABSENT]
    if told.to_queues:
        first.append(ngettext("{n} back to its queue", "{n} back to their queues", told.to_queues))
    here = [one for one in told.shares if one.before is not LoadState.ABSENT and one.count]
    last = [rest] if rest else []
    giver = _giver_words(told.giver)
    whole = [*first, *_with_room(here), *last, *giver]
    bare = [", ".join(map(_gain, here))] if here else []
    return tuple(" · ".join(words) for words in (whole, [*first, *_with_room(here), *last], [*first, *bare, *last]))


def rest_words(extras: Iterable[Extra], giver: str, to: str) -> str:
    """Where the calls and texts go that hang on no ticket of these: `2 calls, 1 text to anna`; "" where there are none."""
    kinds = [one.kind for one in extras]
    calls, texts = kinds.count("call"), len(kinds) - kinds.count("call")
    said = [
        ngettext("{n} call", "{n} calls", calls) if calls else "",
        ngettext("{n} text", "{n} texts", texts) if texts else "",
    ]
    what = ", ".join(filter(None, said))
    if to:
        return _("{what} to {login}").format(what=what, login=to) if what else ""
    to_team = _("{what} to the team").format(what=said[0]) if calls else ""
    stays = _("{what} with {login} still").format(what=said[1], login=giver) if texts else ""
    return ", ".join(filter(None, (to_team, stays)))


def extra_words(extra: Extra, now: datetime) -> str:
    """A call somebody is to make, or a text they have begun."""
    if extra.kind == "call":
        return _("☎ call {when} · #{number}").format(when=moment(extra.at, now), number=extra.ticket)
    if extra.ticket is None:
        return _("✎ unsent text of a new request")
    return _("✎ unsent text · #{number}").format(number=extra.ticket)


def until(day: datetime) -> str:
    """A day somebody is absent until."""
    return f"{day.astimezone():%a %d}"


def _strangers(login: str, count: int) -> str:
    words = ngettext("{n} stays, {login} does not belong there", "{n} stay, {login} does not belong there", count)
    return words.format(login=login)


def _to_the_absent(share: Share, day: datetime | None) -> str:
    if day is None:
        return _("{gain}, absent").format(gain=_gain(share))
    return _("{gain}, absent until {day}").format(gain=_gain(share), day=until(day))


def _with_room(shares: Sequence[Share]) -> list[str]:
    """`anna +11, ben +10: free → nearly full`: whoever goes the same way stands together."""
    said = []
    ways = sorted(shares, key=lambda one: (one.before, one.after))
    for (before, after), group in groupby(ways, key=lambda one: (one.before, one.after)):
        names = [_gain(one) for one in group]
        said.append(_way(", ".join(names), len(names), before, after))
    return said


def _way(names: str, count: int, before: LoadState, after: LoadState) -> str:
    if before is not after:
        return f"{names}: {load_word(before)} → {load_word(after)}"
    words = ngettext("{names} stays {state}", "{names} stay {state}", count)
    return words.format(names=names, state=load_word(before))


def _gain(share: Share) -> str:
    return f"{share.login} +{share.count}"


def _giver_words(share: Share | None) -> list[str]:
    if share is None or LoadState.ABSENT in (share.before, share.after):
        return []
    return [_way(share.login, 1, share.before, share.after)]
