"""What happened to a ticket, from its line in an export: each value is looked at, for who reads the log trusts it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from helpdesk_tui.rules.untrusted import clean_line, clean_text
from helpdesk_tui.store.finished import HERE_ALONE, OF_MESSAGES, FinishedEvent
from helpdesk_tui.terms import CallOutcome, CallState, DueKind, OutboxState, Party, Priority, Status, Verb

_LARGEST = 2**63
#: So many characters of a name or an address are kept.
_LONGEST_NAME = 320
#: Clocks and zones can be reckoned with in these.
_YEARS = range(2, 9999)
_INSTANTS = ("_at", "_since", "_until")


def read_event(told: Mapping[str, Any]) -> FinishedEvent:
    """What one verb changed.

    Raises:
        ValueError, TypeError, LookupError, AttributeError, OverflowError: something in it is nothing an event has.
    """
    named = ((clean_line(name, 60), pair) for name, pair in told["changes"].items())
    changes = {name: pair for name, pair in named if name not in HERE_ALONE}
    read = {name: _pair(_reader(name), pair) for name, pair in changes.items()}
    return FinishedEvent(known_moment(told["at"]), text_of(told["actor"] or ""), Verb(told["verb"]), read)


def known_moment(told: str) -> datetime:
    """An instant in UTC.

    Raises:
        ValueError, TypeError, OverflowError: it is none, or one that no clock shows.
    """
    found = datetime.fromisoformat(told).astimezone(UTC)
    if found.year not in _YEARS:
        raise ValueError(told)
    return found


def text_of(told: Any) -> str:
    """A clean text.

    Raises:
        TypeError: it is something else.
    """
    if not isinstance(told, str):
        raise TypeError(type(told).__name__)
    return clean_text(told)


def _reader(name: str) -> Callable[[Any], Any]:
    """What reads the values of a field."""
    if name.endswith(_INSTANTS):
        return _instant
    if name in OF_MESSAGES:
        return _place
    return _READERS.get(name.removesuffix("_id"), _plain)


def _pair(read: Callable[[Any], Any], told: Any) -> list[Any]:
    if not isinstance(told, list):
        raise TypeError(type(told).__name__)
    before, after = told
    return [None if value is None else read(value) for value in (before, after)]


def _word(kind: type[StrEnum]) -> Callable[[Any], str]:
    return lambda told: kind(told).value


def _instant(told: Any) -> str:
    at = known_moment(told)
    return at.isoformat(timespec="microseconds").replace("+00:00", "Z")


def _whole(told: Any) -> int:
    if not isinstance(told, int):
        raise TypeError(type(told).__name__)
    if abs(told) >= _LARGEST:
        raise ValueError(_LARGEST)
    return told


def _place(told: Any) -> int:
    """A message's place in its ticket, from 1."""
    if _whole(told) < 1:
        raise ValueError(told)
    return int(told)


def _plain(told: Any) -> Any:
    """A text, a number or a list of such."""
    if isinstance(told, list):
        return [_plain(one) for one in told]
    return text_of(told) if isinstance(told, str) else _whole(told)


def _person(told: Any) -> list[str]:
    """A name and an address, each in a line."""
    name, address = told
    return [clean_line(text_of(one), _LONGEST_NAME) for one in (name, address)]


def _picture(told: Any) -> dict[str, Any]:
    """A call as the thread tells of it; its ids are those of another desk, and not among it."""
    found: dict[str, Any] = {name: text_of(told[name]) for name in ("number", "zone", "asked", "team", "team_zone")}
    found |= {name: _whole(told[name]) for name in ("sequence", "attempt", "attempts")}
    found |= {name: _instant(told[name]) if told[name] else None for name in ("start", "end")}
    outcomes = {_whole(int(number)): (bool(holds), outcome) for number, (holds, outcome) in told["bookings"].items()}
    bookings = {str(number): [holds, _outcome(outcome)] for number, (holds, outcome) in outcomes.items()}
    ended = {"state": CallState(told["state"]).value, "outcome": _outcome(told["outcome"])}
    return {**found, **ended, "bookings": bookings}


def _outcome(told: Any) -> str | None:
    return None if told is None else CallOutcome(told).value


_READERS: Mapping[str, Callable[[Any], Any]] = {
    "status": _word(Status),
    "priority": lambda rank: Priority.of_rank(rank).rank,
    "waiting_for": _word(Party),
    "due_kind": _word(DueKind),
    "delivery": _word(OutboxState),
    "callback": _picture,
    "participant": _person,
    **dict.fromkeys(("callers", "texts", "is_incident"), bool),
    **dict.fromkeys(("queue", "category", "assignee", "team", "subject", "summary", "resolution"), text_of),
    **dict.fromkeys(("merged_into", "split_from", "linked_to", "number"), _whole),
}
