"""How long it takes until everything of a customer with 500 tickets stands there."""

from __future__ import annotations

import re
import sys
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta

from benchmarks.figures import Figure, Sample, against
from benchmarks.options import Options
from benchmarks.terminals import press, program, seconds_until
from helpdesk_tui.desk.conversation import NewRequest, create
from helpdesk_tui.desk.door import Desk
from helpdesk_tui.store.queries.tickets import ticket_by_number
from helpdesk_tui.store.statements import add_rows
from helpdesk_tui.store.tables import Message, Ticket
from helpdesk_tui.store.transaction import writing
from helpdesk_tui.terms import SYSTEM, MessageKind, Person

TITLE = "A customer's screen"
NOTE = (
    "From `i` until the frame has arrived that shows everything of a customer by time: 500 tickets with three messages "
    "each. The floor is a bare Textual view of the same lines, opened in a second terminal right after ours."
)
SIZES = ((80, 24), (200, 50))
_TICKETS, _FEW, _MESSAGES, _MOST_MS, _TIMES = 500, 10, 3, 150.0, 100
_END = "ENDE DES TEXTES"


def main(options: Options) -> list[Figure]:
    """Open it on a small and a large screen."""
    desk = options.desk(options.few)
    count = _FEW if options.is_quick else _TICKETS
    number = _furnish(desk, count)
    desk.store.close()
    lines = [f"{n:04} Frage {n % count}: Der Drucker im dritten Stock druckt nicht." for n in range(count * _MESSAGES)]
    file = options.folder / "customer.txt"
    file.write_text("\n".join([*lines, _END]), encoding="utf-8")
    url = options.filled(options.few).url
    return [_opened(options, url, number, count, size) for size in SIZES[: 1 if options.is_quick else None]]


def _furnish(desk: Desk, count: int) -> int:
    """A customer with so many tickets; the number of one of them."""
    person, numbers = Person("Viola Vielfrager", "viola@kunde.example"), []
    for n in range(count):
        numbers += create(desk, NewRequest(person, f"Frage {n}", "Der Drucker im dritten Stock druckt nicht.")).tickets
    rows = [desk.ask(ticket_by_number, number) for number in numbers]
    first = datetime.now(UTC) - timedelta(days=count)
    with writing(desk.store, SYSTEM) as session:
        queue = session.get_one(Ticket, rows[0].id if rows[0] else 0).queue_id
        messages = [
            {
                "ticket_id": row.id,
                "queue_id": queue,
                "kind": MessageKind.OUTBOUND if turn else MessageKind.INBOUND,
                "from_name": "Anna" if turn else person.name,
                "from_address": "support@desk.example" if turn else person.address,
                "text": f"Zu Frage {n}: bitte aus- und wieder einschalten.",
                "received_at": first + timedelta(days=n, hours=turn),
            }
            for n, row in enumerate(rows)
            for turn in range(_MESSAGES - 1)
            if row is not None
        ]
        add_rows(session, Message, messages)
    return numbers[-1]


def _opened(options: Options, url: str, number: int, count: int, size: tuple[int, int]) -> Figure:
    env = {**options.environment(url), "XDG_STATE_HOME": str(options.folder / f"state-customer-{size[0]}")}
    bare_argv = [sys.executable, "-m", "benchmarks.bare_thread", str(options.folder / "customer.txt")]
    everything = re.compile(f"everything {count * _MESSAGES:,}".encode())
    ours_ms, bare_ms = [], []
    with ExitStack() as programs:
        ours, at = programs.enter_context(program([sys.executable, "-m", "helpdesk_tui"], env, *size))
        bare, bare_at = programs.enter_context(program(bare_argv, env, *size))
        seconds_until(ours, re.compile(rb"[0-9] tickets?"), at)
        seconds_until(bare, re.compile(b"closed"), bare_at)
        ours.send(f"#{number}\r".encode())
        ours.wait_for(f"#{number} Frage")
        ours.settled(0.5)
        for _turn in range(options.times(_TIMES)):
            ours_ms.append(press(ours, b"i", everything).ms)
            bare_ms.append(press(bare, b"o", re.compile(_END.encode())).ms)
            for terminal in (ours, bare):
                terminal.send(b"q")
                terminal.settled(0.2)
    figure = against(f"{size[0]}×{size[1]}, {count} tickets", Sample(ours_ms, "ms"), Sample(bare_ms, "ms"))
    bound = f"p50 ≤ {_MOST_MS:.0f} ms"
    return Figure(figure.what, figure.sample, figure.floor, figure.ratio, bound, figure.sample.p50 <= _MOST_MS)
