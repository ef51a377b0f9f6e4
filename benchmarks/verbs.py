"""How fast verbs and questions are on a full desk."""

from __future__ import annotations

import itertools
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.orm import Session
from sqlmodel import col

from benchmarks.figures import Figure, Sample, against
from benchmarks.options import Options
from helpdesk_tui.desk import assignment, conversation, history, tickets
from helpdesk_tui.desk.door import Desk
from helpdesk_tui.rules.query import parse
from helpdesk_tui.rules.words import words as cut
from helpdesk_tui.screens.views import default_views
from helpdesk_tui.store.queries.tickets import BY_WORK, Asker, count_tickets, first_page, ticket_ids
from helpdesk_tui.store.tables import Batch, Event, Ticket
from helpdesk_tui.store.transaction import reading
from helpdesk_tui.terms import SYSTEM, Priority, Status, Verb

TITLE = "Verbs and questions"
NOTE = (
    "On SQLite, in one process. The floor of a verb is an update of the ticket and an insert of an event by SQLAlchemy "
    "Core with one durable commit; that of a question is plain SQL for the ids alone. Both take turns."
)
_TIMES = 300
_BULK_TIMES = 10
_PAGE = 64
_COUNT_UP_TO = 1_001
_ORDER = "ORDER BY priority DESC, waiting_for DESC, waiting_since, id"
_OPEN = "status NOT IN ('closed', 'cancelled')"


@dataclass(frozen=True, slots=True)
class _Question:
    """A question to the store, and the plain SQL that is its floor."""

    what: str
    ask: Callable[[Session, Asker], object]
    floor: str


@dataclass(frozen=True, slots=True)
class _Place:
    """A ticket, as plain SQL needs it."""

    id: int
    number: int
    queue_id: int


def main(options: Options) -> list[Figure]:
    """Questions to a small desk and a full one, then verbs on the full one."""
    figures: list[Figure] = []
    for count in (options.few, options.many):
        desk = options.desk(count)
        figures += _questions(options, desk, count)
        if count == options.many:
            figures += [*_verbs(options, desk), *_bulk(options, desk)]
        desk.store.close()
    return figures


def _questions(options: Options, desk: Desk, count: int) -> Iterator[Figure]:
    asker = Asker(desk.actor, datetime.now(UTC))
    for question in _all_questions():
        ours, bare = [], []
        for _time in range(options.times(_TIMES)):
            ours.append(_ms(partial(desk.ask, question.ask, asker)))
            bare.append(_ms(partial(desk.ask, _plain_sql, question.floor)))
        yield against(f"{count:,} tickets: {question.what}", Sample(ours, "ms"), Sample(bare, "ms"))


def _all_questions() -> list[_Question]:
    return [
        _Question(
            "all ids, in the order of work",
            lambda session, asker: ticket_ids(session, parse("is:any"), asker, order=BY_WORK),
            f"SELECT id FROM ticket {_ORDER}",
        ),
        _Question(
            "the first page of what is open",
            lambda session, asker: first_page(session, parse("is:open"), asker, _PAGE),
            f"SELECT id FROM ticket WHERE {_OPEN} {_ORDER} LIMIT {_PAGE}",
        ),
        _Question("the counts of all views", _counts, "SELECT status, count(*) FROM ticket GROUP BY status"),
        _search("a common word", "update"),
        _search("a rare word", "1234"),
        _search("two words", "Drucker Buchhaltung"),
    ]


def _search(what: str, words: str) -> _Question:
    quoted = " ".join(f'"{word}"' for word in cut(words))
    hits = f"SELECT rowid FROM ticket_search WHERE ticket_search MATCH '{quoted}'"
    return _Question(
        f"searching {what}, first page",
        lambda session, asker: first_page(session, parse(f"is:any {words}"), asker, _PAGE),
        f"{hits} ORDER BY rowid DESC LIMIT {_PAGE}",
    )


def _plain_sql(session: Session, statement: str) -> object:
    return session.connection().exec_driver_sql(statement).fetchall()


def _counts(session: Session, asker: Asker) -> list[int]:
    return [count_tickets(session, parse(view.query), asker, _COUNT_UP_TO) for view in default_views()]


def _verbs(options: Options, desk: Desk) -> Iterator[Figure]:
    """Verbs on one ticket, each beside the same number of bare changes to other tickets."""
    count = options.times(_TIMES)
    places = _open_tickets(desk, 2 * count)
    ours, others = [place.number for place in places[:count]], places[count:]
    priorities = itertools.cycle([Priority.LOW, Priority.HIGH])
    verbs: dict[str, Callable[[int], object]] = {
        "take": lambda number: assignment.take(desk, [number]),
        "priority": lambda number: tickets.set_priority(desk, [number], next(priorities)),
        "tag": lambda number: tickets.tag(desk, [number], add=["measured"]),
        "note": lambda number: conversation.note(desk, number, "The number on the sticker is hard to read."),
    }
    batch = _floor_batch(desk)
    for name, verb in verbs.items():
        done, bare = [], []
        for number, other in zip(ours, others, strict=False):
            done.append(1000 / _ms(partial(verb, number)))
            bare.append(1000 / _ms(partial(_change_bare, desk, batch, [other])))
        yield against(f"{name}, one ticket", Sample(done, "verbs/s"), Sample(bare, "verbs/s"))


def _bulk(options: Options, desk: Desk) -> Iterator[Figure]:
    """Solving many tickets at once, and taking it back."""
    count = options.few
    places = _open_tickets(desk, count)
    numbers = [place.number for place in places]
    batch = _floor_batch(desk)
    solved, undone, bare = [], [], []
    for _turn in range(2 if options.is_quick else _BULK_TIMES):
        solved.append(_ms(lambda: tickets.set_status(desk, numbers, Status.SOLVED)))
        undone.append(_ms(lambda: history.undo(desk)))
        bare.append(_ms(lambda: _change_bare(desk, batch, places)))
    yield against(f"solving {len(numbers):,} tickets", Sample(solved, "ms"), Sample(bare, "ms"))
    yield against(f"undoing that, {len(numbers):,} tickets", Sample(undone, "ms"), Sample(bare, "ms"))


def _open_tickets(desk: Desk, count: int) -> list[_Place]:
    asker = Asker(desk.actor, datetime.now(UTC))
    ids = desk.ask(ticket_ids, parse("is:new"), asker, limit=count)
    found = select(col(Ticket.id), col(Ticket.number), col(Ticket.queue_id)).where(col(Ticket.id).in_(ids))
    with reading(desk.store, SYSTEM) as session:
        return [_Place(*row) for row in session.execute(found)]


def _floor_batch(desk: Desk) -> str:
    """A batch that bare events belong to."""
    batch = uuid.uuid4().hex
    row: dict[str, object] = {"id": batch, "actor_id": None, "verb": Verb.TIMER, "at": desk.clock(), "outcome": {}}
    with desk.store.engine.begin() as connection:
        connection.execute(insert(Batch), row)
    return batch


def _change_bare(desk: Desk, batch: str, places: Sequence[_Place]) -> None:
    now = desk.clock()
    event = {"batch_id": batch, "actor_id": None, "verb": Verb.TIMER, "at": now, "changes": {"overdue": [None, True]}}
    changed = update(Ticket).where(col(Ticket.id) == bindparam("of")).values(updated_at=now)
    with desk.store.engine.begin() as connection:
        connection.execute(changed, [{"of": place.id} for place in places])
        connection.execute(
            insert(Event), [{**event, "ticket_id": place.id, "queue_id": place.queue_id} for place in places]
        )


def _ms(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return (time.perf_counter() - started) * 1000
