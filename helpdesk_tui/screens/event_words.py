"""How what happened to a ticket is said: who, what from, what to, and when."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from helpdesk_tui.language import _
from helpdesk_tui.screens.call_words import call_change
from helpdesk_tui.screens.phrases import delivery_word, moment, priority_word, status_word
from helpdesk_tui.store.finished import goes_along
from helpdesk_tui.store.queries.thread import EventRow
from helpdesk_tui.terms import LinkKind, Person, Priority, Status

#: Fields whose change says nothing to a person, or is said by another line.
_SILENT = frozenset(
    {
        "waiting_for",
        "waiting_since",
        "message",
        "number",
        "closed_at",
        "due_kind",
        "delivery_of",
        "letter",
        "opened",
        "note_left",
    }
)


#: Names of what was written, of which the text itself speaks.
_WRITTEN = frozenset({"message", "note_left"})


def says_something(event: EventRow) -> bool:
    """True for an event that is worth a line."""
    return bool(event.changes.keys() - _SILENT) or event.verb in ("undo", "redo")


def event_words(event: EventRow, now: datetime | None) -> str:
    """An event in a line: `anna: status new → open · today 9:06`; without a present its own day is today."""
    at = now or event.at
    said = ", ".join(_change(name, pair, at, event.verb) for name, pair in event.changes.items() if name not in _SILENT)
    verb = {"undo": _("undid: "), "redo": _("did again: ")}.get(event.verb, "")
    if verb and not said:
        said = _("what was written here") if event.changes.keys() & _WRITTEN else _("what was done here")
    when = moment(event.at, at)
    return f"{event.actor}: {verb}{said} · {when}"


def _change(name: str, pair: list[Any], at: datetime, verb: str) -> str:
    if name == "reminder":
        return _reminder_words(*pair, has_come=verb == "timer")
    if name == "callback":
        return call_change(pair[0], pair[1], at)
    if name == "callers":
        return _("its call goes along") if goes_along(pair[1]) else _("its call is anybody's of the team")
    if name in _PICTURED:
        return _PICTURED[name](*pair)
    before, after = (_value(name, value, at) for value in pair)
    if name == "delivery":
        return _("mail {state}").format(state=after)
    if name in _WHOLE:
        return _WHOLE[name]()
    return f"{_field_words().get(name, name)} {before} → {after}"


#: What is said in a word of its own, whatever it was before.
_WHOLE: dict[str, Callable[[], str]] = {
    "overdue": lambda: _("is overdue"),
    "thanks": lambda: _("they only say thank you: it stays solved"),
    "texts": lambda: _("the unsent text goes along"),
    "aside": lambda: _("taken from the mail that was kept aside"),
}


def _customer_words(before: dict[str, Any], after: dict[str, Any]) -> str:
    """What became of a customer: `customer: +erika@home.example`."""
    listed = [(name, set(before[name]), set(after[name])) for name in ("addresses", "phones")]
    said = [f"+{one}" for _name, had, has in listed for one in sorted(has - had)]
    said += [f"-{one}" for _name, had, has in listed for one in sorted(had - has)]
    said += [
        f"{before[one] or '–'} → {after[one] or '–'}" for one in ("name", "organization") if before[one] != after[one]
    ]
    return _("customer: {what}").format(what=", ".join(said))


def _join_words(_before: int | None, after: int | None) -> str:
    return _("two customers are one") if after is not None else _("one customer is two again")


def _merged_words(before: int | str | None, after: int | str | None) -> str:
    return (_("takes {other} in") if after else _("lets {other} go")).format(other=_other(after or before))


def _other(number: int | str | None) -> str:
    return f"#{number}" if isinstance(number, int) else _("another ticket")


def _participant_words(before: list[str] | None, after: list[str] | None) -> str:
    if after:
        return _("{person} belongs here").format(person=Person(*after).whole)
    return _("{person} belongs here no more").format(person=Person(*(before or ["", ""])).whole)


def _reminder_words(before: str | None, after: str | None, *, has_come: bool) -> str:
    if after:
        return _("comes back {when}").format(when=_moment_of(after))
    return _("came back as it was to") if has_come else _("need not come back any more") if before else ""


def _split_words(before: dict[str, Any] | None, after: dict[str, Any] | None) -> str:
    told = after or before or {}
    words = _("a message became {other}") if after else _("a message came back from {other}")
    return words.format(other=_other(told.get("number")))


def _watcher_words(before: str | None, after: str | None) -> str:
    return (
        _("{login} watches it").format(login=after) if after else _("{login} watches it no more").format(login=before)
    )


def _link_words(before: list[Any] | None, after: list[Any] | None) -> str:
    """What another ticket is to this one, from now on or no more."""
    words = {
        LinkKind.RELATED: _("has to do with {other}"),
        LinkKind.PARENT: _("is part of {other}"),
        LinkKind.DUPLICATE: _("is a duplicate of {other}"),
    }
    return _linked(words, before, after)


def _linked_words(before: list[Any] | None, after: list[Any] | None) -> str:
    """The same, said at the other end."""
    words = {
        LinkKind.RELATED: _("has to do with {other}"),
        LinkKind.PARENT: _("{other} is part of it"),
        LinkKind.DUPLICATE: _("{other} is a duplicate of it"),
    }
    return _linked(words, before, after)


def _linked(words: dict[LinkKind, str], before: list[Any] | None, after: list[Any] | None) -> str:
    number, kind = after or before or (None, LinkKind.RELATED)
    said = words[LinkKind(kind)].format(other=_other(number))
    return said if after else _("no more: {what}").format(what=said)


def _moment_of(stored: str) -> str:
    return f"{datetime.fromisoformat(stored).astimezone():%a %d.%m. %H:%M}"


#: What is told from a picture of it before and after.
_PICTURED: dict[str, Callable[[Any, Any], str]] = {
    "customer": _customer_words,
    "join": _join_words,
    "merge": lambda _before, after: _("all that was said goes along") if after else _("all that was said comes back"),
    "merged": _merged_words,
    "participant": _participant_words,
    "split_off": _split_words,
    "watcher": _watcher_words,
    "link": _link_words,
    "linked": _linked_words,
    "is_incident": lambda _before, after: _("is an incident") if after else _("is no incident any more"),
}


def _field_words() -> dict[str, str]:
    return {
        "assignee": _("assignee"),
        "category": _("category"),
        "due_at": _("due"),
        "linked_to": _("says it belongs to"),
        "merged_into": _("part of"),
        "priority": _("priority"),
        "queue": _("queue"),
        "requester": _("requester"),
        "status": _("status"),
        "subject": _("subject"),
        "summary": _("summary"),
        "tags": _("tags"),
        "resolution": _("resolution"),
        "snoozed_until": _("snoozed until"),
    }


def _value(name: str, value: Any, at: datetime) -> str:
    if value is None or value == []:
        return "–"
    if name == "status":
        return status_word(Status(value))
    if name == "priority":
        return priority_word(Priority(value))
    if name == "delivery":
        return delivery_word(value)
    if name.endswith(("_at", "_until")):
        return moment(datetime.fromisoformat(value), at)
    if isinstance(value, list):
        return " ".join(map(str, value))
    return str(value)
