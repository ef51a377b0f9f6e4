"""How long a ticket takes to open, and how long after a key a thread has scrolled and a letter stands in the composer."""

from __future__ import annotations

import itertools
import random
import re
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks.figures import Figure, Sample, against
from benchmarks.options import Options
from benchmarks.terminals import NotPainted, Painted, press, program, seconds_until
from helpdesk_tui.desk.conversation import NewRequest, create
from helpdesk_tui.desk.door import Desk
from helpdesk_tui.desk.settings import set_queue
from helpdesk_tui.store.queries.tickets import ticket_by_number
from helpdesk_tui.store.statements import add_rows
from helpdesk_tui.store.tables import Message, Ticket
from helpdesk_tui.store.transaction import writing
from helpdesk_tui.terms import SYSTEM, MessageKind, Person
from tests.services.terminal import PtyProgram

TITLE = "Reading and writing a ticket"
NOTE = (
    "Opening: from Enter until the frame has arrived that shows the ticket. Scrolling and typing: from the key until "
    "its frame has arrived. The floor is a bare Textual view of the same text, and a bare text area, in a second "
    "terminal, which gets its key right after ours."
)
SIZES = ((80, 24), (200, 50))
_COUNTS, _FEW_COUNTS = (10, 200, 2_000), (10, 20)
_KEYS, _OPENINGS, _MOST_RATIO, _MOST_MS, _BOUND_COUNT = 300, 60, 1.5, 50.0, 200
_END = "ENDE DES TEXTES"
_ANYTHING = re.compile(rb"\x1b\[[0-9;]*H")
#: Letters that stand in no escape sequence of a frame.
_LETTERS = [b"Q", b"W", b"X", b"Z"]
_LINES = (
    "Guten Tag,",
    "seit heute früh druckt der Drucker im dritten Stock nur noch jede zweite Seite, und die Anzeige sagt nichts dazu.",
    "Wir haben ihn aus- und wieder eingeschaltet, das Papier gewechselt und die Klappe geöffnet.",
    "Was sollen wir noch tun?",
)


@dataclass(frozen=True, slots=True)
class _Thread:
    """A ticket with so many messages: its number, its subject, and what stands on it."""

    number: int
    subject: str
    count: int
    text: str


def main(options: Options) -> list[Figure]:
    """Opening, scrolling and typing, on a small and a large screen."""
    desk = options.desk(options.few)
    set_queue(desk, "support", ["support@desk.example"])
    sizes = SIZES[: 1 if options.is_quick else None]
    counts = _FEW_COUNTS if options.is_quick else _COUNTS
    threads = [(size, _made(desk, count, f"Faden{count}x{size[0]}")) for size in sizes for count in counts]
    url = options.filled(options.few).url
    desk.store.close()
    figures = []
    for size, thread in threads:
        figures += _on_screen(options, url, size, thread)
    return figures


def _made(desk: Desk, count: int, subject: str) -> _Thread:
    """A ticket with a conversation of so many mails; one for each screen, for what is typed there stays as a draft."""
    request = NewRequest(Person("Erika Beispiel", "erika@kunde.example"), subject, "\n".join(_LINES))
    (number,) = create(desk, request).tickets
    row = desk.ask(ticket_by_number, number)
    if row is None:
        raise AssertionError(number)
    first = datetime.now(UTC) - timedelta(minutes=count)
    texts = ["\n".join((*_LINES, f"Mail {n} von {count}.")) for n in range(2, count)]
    texts.append("\n".join((*_LINES, _END)))
    with writing(desk.store, SYSTEM) as session:
        queue = session.get_one(Ticket, row.id).queue_id
        messages = [_message(row.id, queue, n, text, first + timedelta(minutes=n)) for n, text in enumerate(texts)]
        add_rows(session, Message, messages)
    return _Thread(number, subject, count, "\n\n".join(texts))


def _message(ticket: int, queue: int, n: int, text: str, at: datetime) -> dict[str, object]:
    is_ours = n % 2 == 1
    return {
        "ticket_id": ticket,
        "queue_id": queue,
        "kind": MessageKind.OUTBOUND if is_ours else MessageKind.INBOUND,
        "from_name": "Anna" if is_ours else "Erika Beispiel",
        "from_address": "support@desk.example" if is_ours else "erika@kunde.example",
        "text": text,
        "quoted": "> zitiert\n> und noch einmal\n" * 4,
        "received_at": at,
    }


def _on_screen(options: Options, url: str, size: tuple[int, int], thread: _Thread) -> Iterator[Figure]:
    own = {"XDG_STATE_HOME": str(options.folder / f"state-{thread.count}-{size[0]}")}
    env = {**options.environment(url), **own}
    file = options.folder / f"thread-{thread.count}.txt"
    file.write_text(thread.text, encoding="utf-8")
    where = f"{size[0]}×{size[1]}, {thread.count:,} messages"
    with ExitStack() as programs:
        ours, at = programs.enter_context(program([sys.executable, "-m", "helpdesk_tui"], env, *size))
        bare, bare_at = programs.enter_context(program(_bare(file), env, *size))
        seconds_until(ours, re.compile(rb"[0-9] tickets?"), at)
        seconds_until(bare, re.compile(b"closed"), bare_at)
        ours.settled(1.0)
        ours.send(b"6")
        ours.settled(0.5)
        ours.send(f"/{thread.subject}\r".encode())
        ours.wait_for("1 ticket")
        ours.settled(0.5)
        try:
            yield _opening(options, where, ours, bare, thread)
            yield from _scrolling_and_typing(options, where, ours, bare, thread)
        except NotPainted as error:
            print(error)
            yield Figure(where, Sample([], "ms"), bound="what was waited for is painted", is_kept=False)


def _bare(file: Path) -> list[str]:
    return [sys.executable, "-m", "benchmarks.bare_thread", str(file)]


def _opening(options: Options, where: str, ours: PtyProgram, bare: PtyProgram, thread: _Thread) -> Figure:
    is_bound = thread.count == _BOUND_COUNT
    pairs = []
    for _turn in range(options.times(_KEYS if is_bound else _OPENINGS)):
        pairs.append((_opened(ours, thread), press(bare, b"o", re.compile(_END.encode()))))
        ours.send(b"q")
        bare.send(b"q")
        ours.settled(0.2)
    figure = _compared(f"{where}: opening", pairs)
    if not is_bound:
        return figure
    p50 = figure.sample.p50
    bound = f"p50 ≤ {_MOST_MS:.0f} ms"
    return Figure(figure.what, figure.sample, figure.floor, figure.ratio, bound, p50 <= _MOST_MS)


def _opened(ours: PtyProgram, thread: _Thread) -> Painted:
    """Open the ticket under the cursor: its head and its last message are there."""
    return press(ours, b"\r", re.compile(f"#{thread.number} {thread.subject}.*{_END}".encode(), re.DOTALL))


def _scrolling_and_typing(
    options: Options, where: str, ours: PtyProgram, bare: PtyProgram, thread: _Thread
) -> Iterator[Figure]:
    _opened(ours, thread)
    press(bare, b"o", re.compile(_END.encode()))
    ours.send(b"G")
    for terminal in (ours, bare):
        terminal.settled(0.5)
    keys = itertools.cycle([b"k"] * 2 + [b"j"] * 2)  # ten mails are hardly longer than a large screen
    pairs = _in_turns(options, ours, bare, lambda: next(keys), lambda _key: _ANYTHING)
    yield _compared(f"{where}: scrolling", pairs, most=_MOST_RATIO)
    press(ours, b"r", re.compile(b"To Erika"))
    bare.send(b"qw")
    for terminal in (ours, bare):
        terminal.settled(0.5)
    letters = itertools.cycle(_LETTERS)
    pairs = _in_turns(options, ours, bare, lambda: next(letters), re.compile)
    yield _compared(f"{where}: typing", pairs, most=_MOST_RATIO)


def _in_turns(
    options: Options,
    ours: PtyProgram,
    bare: PtyProgram,
    key: Callable[[], bytes],
    mark: Callable[[bytes], re.Pattern[bytes]],
) -> list[tuple[Painted, Painted]]:
    chance, pairs = random.Random(1), []
    for _turn in range(options.times(_KEYS)):
        one = key()
        painted = press(ours, one, mark(one))
        time.sleep(chance.uniform(0.02, 0.04))
        pairs.append((painted, press(bare, one, mark(one))))
        time.sleep(chance.uniform(0.02, 0.04))
    return pairs


def _compared(what: str, pairs: list[tuple[Painted, Painted]], most: float | None = None) -> Figure:
    ours, floor = (Sample([pair[side].ms for pair in pairs], "ms") for side in (0, 1))
    return against(what, ours, floor, most=most)
