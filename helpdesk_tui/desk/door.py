"""The one door for changes: transaction, lock, permission, event, version, commit.

A verb is a plain function that opens the door and edits; everything that must not be forgotten happens here.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Concatenate, ParamSpec, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from helpdesk_tui.config import Settings
from helpdesk_tui.desk.membership import release
from helpdesk_tui.desk.merged_tickets import merged_among
from helpdesk_tui.desk.repeating import AlreadyDone, stop_if_done, used_otherwise
from helpdesk_tui.errors import NotFound, Refused
from helpdesk_tui.language import _
from helpdesk_tui.rules import permissions
from helpdesk_tui.store.engine import Store
from helpdesk_tui.store.sight import hand_over, sees
from helpdesk_tui.store.statements import add_rows, add_unless_there, is_among
from helpdesk_tui.store.tables import Batch, Event, Ticket
from helpdesk_tui.store.transaction import TELLS, reading, tried_again, writing
from helpdesk_tui.terms import Actor, Outcome, Verb

_P = ParamSpec("_P")
_T = TypeVar("_T")

#: The fields of a ticket whose changes are recorded, and which undo restores.
TRACKED = (
    "queue_id", "requester_id", "subject", "summary", "status", "priority", "category_id", "assignee_id", "team_id", "due_at",
    "due_kind", "waiting_for", "waiting_since", "snoozed_until", "merged_into", "linked_to", "is_spam", "closed_at",
    "resolution", "is_incident",
)  # fmt: skip
#: Of these, the ones that are instants.
INSTANTS = frozenset({"due_at", "waiting_since", "snoozed_until", "closed_at"})
#: Changes that may leave a ticket with somebody who cannot see it.
_MAY_PART = frozenset({"queue_id", "assignee_id"})
#: Verbs whose events are called after them, whatever they changed.
_BACKWARDS = (Verb.UNDO, Verb.REDO)
#: Verbs that leave a batch though they touch no ticket.
_WITHOUT_TICKETS = (Verb.CONFIGURE, Verb.PLAN, Verb.CUSTOMER, Verb.JOIN, Verb.SPLIT, Verb.TEXTS, Verb.SHARED_TEXTS)
_STORED_INSTANT = len("2026-01-01T00:00:00.000000Z")


def utc_now() -> datetime:
    """The present; the only clock there is, and it is passed in."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class Desk:
    """A store seen by one actor. Screens and commands hold one and hand it to verbs and questions."""

    store: Store
    actor: Actor
    settings: Settings
    clock: Callable[[], datetime] = utc_now
    batch_id: str | None = None

    def do(self, verb: Callable[Concatenate[Desk, _P], Outcome], *args: _P.args, **kwargs: _P.kwargs) -> Outcome:
        """Run a verb; with a batch id that was used before, give back the first outcome instead."""
        try:
            return tried_again(lambda: verb(self, *args, **kwargs))
        except AlreadyDone as done:
            return done.outcome

    def ask(self, question: Callable[Concatenate[Session, _P], _T], *args: _P.args, **kwargs: _P.kwargs) -> _T:
        """Put a question to the store."""
        with reading(self.store, self.actor) as session:
            return question(session, *args, **kwargs)

    def in_batch(self, batch_id: str) -> Desk:
        """The same desk, acting under an id that the caller made."""
        return replace(self, batch_id=batch_id)

    def acting_as(self, actor: Actor) -> Desk:
        """The same desk for another actor."""
        return replace(self, actor=actor)

    @contextmanager
    def change(self, verb: Verb, numbers: Sequence[int] = (), *, mail: int | None = None) -> Iterator[Changes]:
        """Open the door.

        Args:
            numbers: the tickets to change; they are locked in one order, and all must exist.
            mail: the mail it is about instead, which a batch id is tied to.
        Raises:
            Refused: this actor may not do this verb. NotFound: a ticket does not exist.
            AlreadyDone: this batch id was used before, for the same verb on the same tickets by the same actor.
        """
        if reason := permissions.refusal(self.actor, verb):
            raise Refused(reason, _("Ask somebody who may, or choose another way."))
        asked = list(numbers) if mail is None else [mail]
        with writing(self.store, self.actor) as session:
            session.connection()  # on SQLite this waits for the turn to write
            changes = Changes(session, self.actor, verb, self.clock(), self.batch_id or uuid.uuid4().hex)
            if self.batch_id:
                stop_if_done(session, self.batch_id, self.actor, verb, asked)
            changes.load(numbers)
            changes.leave_out(merged_among(session, verb, [change.ticket for change in changes]))
            changes.now = self.clock()  # what was waited for happened before
            yield changes
            changes.conclude(asked=asked if self.batch_id else None)
            _write_down(session, [changes])

    @contextmanager
    def change_each(self, verb: Verb) -> Iterator[Several]:
        """Open the door for several changes in one transaction, each with an outcome of its own.

        Raises:
            Refused: this actor may not do this verb.
        """
        if reason := permissions.refusal(self.actor, verb):
            raise Refused(reason, _("Ask somebody who may, or choose another way."))
        with writing(self.store, self.actor) as session:
            session.connection()  # on SQLite this waits for the turn to write
            several = Several(session, lambda: Changes(session, self.actor, verb, self.clock(), uuid.uuid4().hex))
            yield several
            several.write_down()


class Several:
    """Changes in one transaction that are written down together at its end."""

    def __init__(self, session: Session, make: Callable[[], Changes]) -> None:
        self.session = session
        self._make = make
        self._changes: list[Changes] = []

    def begin(self) -> Changes:
        """Begin the next one; it is to be concluded here before another one takes the same tickets in."""
        return self._make()

    def conclude(self, changes: Changes) -> None:
        """This one is done."""
        changes.conclude()
        self.session.flush()
        self._changes.append(changes)

    def write_down(self) -> None:
        """Keep what each of them did."""
        _write_down(self.session, self._changes)


@dataclass
class Change:
    """One ticket inside the door: its fields as they were, and what else is to be recorded about it."""

    ticket: Ticket
    before: Mapping[str, Any]
    more: dict[str, list[Any]] = field(default_factory=dict)

    def record(self, name: str, before: Any, after: Any) -> None:
        """Record a change that is not a field of the ticket (a message, its tags)."""
        self.more[name] = [before, after]


class Changes:
    """What one verb changes in one transaction."""

    def __init__(self, session: Session, actor: Actor, verb: Verb, now: datetime, batch_id: str) -> None:
        self.session = session
        self.actor = actor
        self.verb = verb
        self.now = now
        self.batch_id = batch_id
        self.undoes: str | None = None
        self.mail_leaves_at: datetime | None = None
        self.batch: dict[str, Any] | None = None
        self._changes: list[Change] = []
        self.events: list[dict[str, Any]] = []
        self.handed_over: dict[int, list[int]] = {}
        self.last: list[Callable[[], None]] = []
        self._text = ""
        self._left_out: list[int] = []
        self._noted: dict[str, Any] = {}
        self._outcome: Outcome | None = None

    def __iter__(self) -> Iterator[Change]:
        return iter(self._changes)

    def __len__(self) -> int:
        return len(self._changes)

    @property
    def only(self) -> Change:
        """The change of a verb that works on one ticket."""
        return self._changes[0]

    @property
    def numbers(self) -> list[int]:
        """The numbers of the tickets, in the order they were named."""
        return [change.ticket.number for change in self._changes]

    @property
    def outcome(self) -> Outcome:
        """What the person is told; there is one once the door has closed."""
        if self._outcome is None:
            raise RuntimeError("the door is still open")
        return self._outcome

    def load(self, numbers: Sequence[int]) -> None:
        """Lock these tickets and take them in."""
        if numbers:
            self._take(col(Ticket.number), list(dict.fromkeys(numbers)))

    def load_ids(self, ids: Sequence[int]) -> None:
        """Lock tickets by id and take them in."""
        self._take(col(Ticket.id), list(dict.fromkeys(ids)))

    def taken(self, ticket_id: int) -> Change:
        """The change of a ticket, which is locked and taken in where it is not yet."""
        known = next((one for one in self._changes if one.ticket.id == ticket_id), None)
        if known is None:
            self.load_ids([ticket_id])
        return known or self._changes[-1]

    def leave_out(self, tickets: Sequence[Ticket]) -> None:
        """Do nothing on these after all; it is said."""
        self._changes = [one for one in self._changes if one.ticket not in tickets]
        self._left_out = [one.number for one in tickets]

    def add(self, ticket: Ticket) -> Change:
        """Take in a new ticket; it gets its id here."""
        self.session.add(ticket)
        self.session.flush()
        change = Change(ticket, _fields(ticket))
        change.record("number", None, ticket.number)
        self._changes.append(change)
        return change

    def event(self, ticket_id: int, queue_id: int, changes: Mapping[str, Any]) -> None:
        """Record an event of a ticket that was written by plain statements."""
        self.events.append(self._event(ticket_id, queue_id, changes))

    def at_last(self, act: Callable[[], None]) -> None:
        """Do something once the events are written, in the same transaction."""
        self.last.append(act)

    def note(self, name: str, pair: list[Any]) -> None:
        """Write down with the batch what no event of a ticket tells: how it was, and how it is."""
        self._noted[name] = pair

    def say(self, text: str) -> None:
        """Set the sentence the person is told."""
        self._text = text

    def conclude(self, *, asked: list[int] | None = None) -> None:
        """Say what changed and raise versions; what is to be written down of it stands in `batch` and `events`.

        Args:
            asked: the numbers the caller named, who may ask again by the batch's id; then the outcome is kept even
                where nothing changed.
        """
        if parted := [change for change in self._changes if _MAY_PART & _difference(change).keys()]:
            self._text = " · ".join(filter(None, (self._text, *release(self.session, parted))))
        if self._left_out and self._text:
            numbers_out = ", ".join(f"#{one}" for one in self._left_out)
            self._text += _(" · left alone: {tickets}, part of another ticket").format(tickets=numbers_out)
        touched = [change for change in self._changes if self._conclude(change)]
        numbers = tuple(change.ticket.number for change in touched)
        has_done = bool(self.events or self.undoes or self._noted) or self.verb in _WITHOUT_TICKETS
        text = self._text if has_done else _("Nothing to change: it is so already.")
        self._outcome = Outcome(text, self.batch_id, numbers, is_final=bool(self.handed_over))
        if has_done or asked is not None:
            more = {**self._noted, **({} if asked is None else {"asked": asked})}
            self.batch = self._batch({"text": text, "tickets": list(numbers), **more})

    def _batch(self, outcome: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "id": self.batch_id,
            "actor_id": self.actor.agent_id,
            "verb": self.verb,
            "at": self.now,
            "outcome": outcome,
            "undoes": self.undoes,
        }

    def _conclude(self, change: Change) -> bool:
        ticket = change.ticket
        changed = {**_difference(change), **change.more}
        if not changed:
            return False
        ticket.updated_at = self.now
        if "number" not in changed:
            ticket.version += 1
        if "queue_id" in changed and not sees(self.session, ticket.queue_id):
            # Written while it still can be, and out of sight last of all.
            self.handed_over.setdefault(ticket.queue_id, []).append(ticket.id)
            ticket.queue_id = change.before["queue_id"]
        way, rest = _apart(changed)
        if rest:
            self.event(ticket.id, ticket.queue_id, rest)
        if way:
            verb = self.verb if self.verb in _BACKWARDS else Verb.QUEUE
            self.events.append(self._event(ticket.id, ticket.queue_id, way) | {"verb": verb})
        return True

    def _event(self, ticket_id: int, queue_id: int, changes: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "ticket_id": ticket_id,
            "queue_id": queue_id,
            "batch_id": self.batch_id,
            "actor_id": self.actor.agent_id,
            "verb": self.verb,
            "at": self.now,
            "changes": dict(changes),
        }

    def _take(self, key: Any, wanted: list[int]) -> None:
        named = select(Ticket).where(is_among(self.session, key, wanted))
        locked = named.order_by(col(Ticket.id)).with_for_update(key_share=True)
        # What the session has read before it waited for the lock may be old by now.
        rows = self.session.execute(locked, execution_options={"populate_existing": True}).scalars()
        found = {getattr(ticket, key.key): ticket for ticket in rows}
        for one in wanted:
            if one not in found:
                raise NotFound(_("There is no ticket #{number}.").format(number=one), _("Check the number."))
            self._changes.append(Change(found[one], _fields(found[one])))


def as_stored(value: Any) -> Any:
    """A value as an event keeps it."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    return value


def from_stored(name: str, value: Any) -> Any:
    """A value as the ticket holds it, from what an event kept."""
    if name in INSTANTS and value is not None:
        whole = value.zfill(_STORED_INSTANT)  # years before 1000 were once kept with fewer digits
        return datetime.strptime(whole, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)
    return value


def _fields(ticket: Ticket) -> dict[str, Any]:
    return {name: getattr(ticket, name) for name in TRACKED}


def _difference(change: Change) -> dict[str, list[Any]]:
    now = _fields(change.ticket)
    return {
        name: [as_stored(before), as_stored(now[name])] for name, before in change.before.items() if before != now[name]
    }


def _apart(changed: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The way of a ticket from one queue to another, which those it leaves still see, and what they see no more."""
    if "queue_id" not in changed or "number" in changed:
        return {}, dict(changed)
    way = {
        name: pair for name, pair in changed.items() if name == "queue_id" or (name, pair[1]) == ("assignee_id", None)
    }
    return way, {name: pair for name, pair in changed.items() if name not in way}


def _write_down(session: Session, several: Sequence[Changes]) -> None:
    """Write batches and events; last of all goes what its writer no longer sees then."""
    session.flush()
    done = [changes for changes in several if changes.batch is not None]
    batches = [changes.batch for changes in done if changes.batch]
    if len(batches) > 1:
        add_rows(session, Batch, batches)
    elif batches and not add_unless_there(session, Batch, batches[0]):
        raise used_otherwise(done[0].batch_id)  # by somebody whose batches one does not see
    add_rows(session, Event, [one for changes in done for one in changes.events])
    for changes in done:
        for queue_id, ids in changes.handed_over.items():
            hand_over(session, ids, queue_id)
        for act in changes.last:
            act()
    if done:
        session.info[TELLS] = True
