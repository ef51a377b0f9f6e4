"""Nothing a stranger writes reaches the terminal, becomes markup or runs an action, whatever screen shows it."""

from __future__ import annotations

import itertools
import os
import re
import time
from collections.abc import Collection, Mapping
from typing import Any

import pytest
from rich.cells import cell_len
from rich.segment import Segment
from textual.color import Color

from helpdesk_tui.screens.widgets.safe import Clean
from tests.build import Proves, everything
from tests.screens.hostile import fill_by_mail, keep_a_hostile_draft, overwrite_rows, set_up_by_verbs, tie
from tests.screens.payloads import MARKUP, PAYLOADS, STEERING
from tests.screens.stage import LARGE, PATIENCE, SMALL, OpenApp, Stage
from tests.services.escapes import forbidden_bytes

#: `make test` opens every fourth ticket, and those whose text has to stay as it is.
IS_LONG, STEP = bool(os.environ.get("HELPDESK_LONG")), 4
_HEAD = re.compile(r" #(\d+) ")


#: Walks of half a minute each.
WAYS = (
    pytest.param(True, SMALL, id="encoded-80x24"),
    pytest.param(False, SMALL, id="raw-80x24", marks=pytest.mark.long),
    pytest.param(True, LARGE, id="encoded-200x50", marks=pytest.mark.long),
    pytest.param(False, LARGE, id="raw-200x50", marks=pytest.mark.long),
)


@pytest.mark.parametrize(("is_encoded", "size"), WAYS)
def test_what_came_by_mail_is_read_as_it_was_written(
    stage: Stage, size: tuple[int, int], is_encoded: bool, proves: Proves
) -> None:
    numbers = fill_by_mail(stage, is_encoded=is_encoded)
    set_up_by_verbs(stage, numbers)
    tie(stage, list(numbers.values())[::5])
    before = _but_drafts(stage)
    with stage.app(size) as app:
        app.up().press("6")
        app.shows(f"{len(PAYLOADS) + len(MARKUP)} tickets")
        walk = Walk(app, {numbers[name]: _must_be_read(at, name) for at, name in enumerate(PAYLOADS)})
        walk.tickets(careful={numbers[name] for name in MARKUP})
        walk_dialogs(app)
        for number in _some(numbers):
            walk_ticket(app, number)
            walk_writing(app)
        assert _but_drafts(stage) == before
        do_some_verbs(app)
        assert app.quit() == 0
        assert forbidden_bytes(app.bytes_seen()) == []
    proves("hostile tickets read", walk.opened)


def _must_be_read(at: int, name: str) -> list[str]:
    """What of a mail has to stand on the screen: markup letter by letter, of all else what is around it."""
    if name not in MARKUP:
        return [f"Body{at:02}", f"Quote{at:02}"]
    payload = MARKUP[name]
    file = f"file{at:02} {payload}".rpartition("/")[2]
    return [f"{word}{at:02} {payload} end" for word in ("Kunde", "Body", "Quote")] + [f"{file} end.pdf"]


@pytest.mark.parametrize("size", [SMALL, pytest.param(LARGE, marks=pytest.mark.long)], ids=("80x24", "200x50"))
def test_what_slipped_into_the_tables_is_held_back_at_the_last_line(
    stage: Stage, size: tuple[int, int], proves: Proves
) -> None:
    numbers = fill_by_mail(stage, is_encoded=True)
    set_up_by_verbs(stage, numbers)
    tie(stage, list(numbers.values())[::5])
    overwrite_rows(stage)
    keep_a_hostile_draft(stage, "".join(PAYLOADS.values()))
    before = _but_drafts(stage)
    with stage.app(size) as app:
        app.up().press("1").press("6")
        app.shows(re.compile(r"^ \d+ tickets", re.MULTILINE))
        walk = Walk(app, {})
        walk.tickets()
        walk_dialogs(app)
        for number in _some(numbers):
            walk_ticket(app, number)
            app.press("q").shows(re.compile(r"^ ?\d+ tickets", re.MULTILINE))
        assert _but_drafts(stage) == before
        assert app.alive
        assert forbidden_bytes(app.bytes_seen()) == []
    proves("hostile tickets read", walk.opened)


@pytest.mark.parametrize(("name", "payload"), PAYLOADS.items(), ids=list(PAYLOADS))
def test_the_last_line_keeps_every_character_where_it_was(name: str, payload: str) -> None:
    line = Clean().apply([Segment("ab "), Segment(f"  x{payload}y  "), Segment("cd")], Color(0, 0, 0))
    written = "".join(segment.text for segment in line)
    assert forbidden_bytes(written.encode()) == []
    assert "\n" not in written
    assert "\t" not in written
    assert written.startswith("ab   x")
    assert written.endswith("cd")
    assert cell_len(written) == cell_len(f"ab   x{payload}y  cd")
    if name in MARKUP:
        assert written == f"ab   x{payload}y  cd"


def _but_drafts(stage: Stage) -> dict[str, list[Any]]:
    """All that a walk must not change; what was typed into a form stays as a draft, as it should."""
    return {table: rows for table, rows in everything(stage.desk().store).items() if table != "draft"}


class Walk:
    """A way through all tickets of the list, reading each with its quotes unfolded.

    Attributes:
        opened: How many were read.
    """

    def __init__(self, app: OpenApp, wanted: Mapping[int, list[str]]) -> None:
        """`wanted` is what has to be read of a ticket, by its number."""
        self.app = app
        self.opened = 0
        self._wanted = wanted

    def tickets(self, careful: Collection[int] = ()) -> None:
        """Go from one to the next; `make test` leaves some out, but none of the careful ones."""
        self.app.press("j", "j", "j", "j").settled(0.2)
        self.app.press("P", "P", "g", "enter")
        shown = _number(self.app.until(_number, "a ticket is open"))
        while shown:
            self._read(set(self._wanted.get(shown, ())))
            self.opened += 1
            shown = _next(self.app, shown, 1 if IS_LONG or shown + STEP >= min(careful, default=10**9) else STEP)
        _click_everywhere(self.app)
        self.app.press("P").settled(0.2)  # a narrow screen shows in a dialog what stands beside
        while not any(re.match(r" ?\d+ tickets", line) for line in self.app.screen()):
            self.app.press("q").settled(0.3)

    def _read(self, unread: set[str]) -> None:
        """Page through a ticket until all that has to be read was."""
        self.app.press("g", "enter").settled(0.03)
        unread -= self._seen(unread)
        self.app.press("space").settled(0.03)
        unread -= self._seen(unread)
        deadline = time.monotonic() + PATIENCE
        for key in itertools.cycle(("space", "space", "space", "g")):
            if not unread:
                return
            assert time.monotonic() < deadline, (unread, self.app.screen())
            self.app.press(key).settled(0.15)
            unread -= self._seen(unread)

    def _seen(self, wanted: set[str]) -> set[str]:
        page = re.sub(r"\s+", " ", "\n".join(self.app.screen()))
        return {text for text in wanted if text in page}


def walk_dialogs(app: OpenApp) -> None:
    """Open every dialog, and put payloads into every field that can be typed into."""
    hostile = "".join(STEERING.values()).replace("\x1b", "")  # a terminal keeps ESC out of what it pastes
    for key, title in (("a", "Who has it"), ("C", "Category"), ("M", "Move to queue"), (":", "What to do")):
        app.press(key)
        app.shows(title)
        app.press("down").paste("[")
        app.settled(0.05)
        app.paste(hostile).press("escape")
        app.gone(title)
    app.press("t").shows("Tags", "puts on, -vpn")
    app.paste(hostile).press("escape").gone("puts on, -vpn")
    app.press("#").shows("Ticket number")
    app.write("7[/]").paste(hostile).press("enter").shows("There is no ticket #7[/]")
    _walk_filter(app, hostile)
    _walk_new_request(app, hostile)


def _some(numbers: Mapping[str, int]) -> list[int]:
    """Tickets whose every dialog is opened: two in `make test`, else every fifth."""
    return list(numbers.values())[:: 5 if IS_LONG else 25]


def walk_ticket(app: OpenApp, number: int) -> None:
    """Read a ticket's customer, files, originals, relations and history, and the macros."""
    app.press("#").shows("Ticket number")
    app.write(str(number)).press("enter").until(lambda screen: _number(screen) == number, "it is open")
    app.press("i").shows("everything ")
    app.press("tab").shows("assignee")
    app.press("d").shows("Take away")
    app.press("escape").gone("Take away")
    app.press("q").gone("everything ")
    app.press("o").shows("Files and links")
    app.press("enter").shows("show it as text")
    app.press("down", "enter").settled(0.3)
    app.press("q").gone("q closes")
    app.press("g", "v").shows("Original of message")
    app.press("G").settled(0.1)
    app.press("q").gone("Original of message")
    for key, title in (("L", "Relations"), ("z", "Macro"), ("m", "becomes part"), ("E", "Whose request")):
        app.press(key).shows(title)
        app.press("down").settled(0.05)
        app.press("escape").gone(title)
    app.press("W").shows("where the time went")
    app.press("down", "enter").shows("Where the time went")
    app.press("q").gone("Where the time went")


def walk_writing(app: OpenApp) -> None:
    """Whom an answer goes to, prepared texts, and what is passed on; nothing of it is sent."""
    for key, words in (("r", "then:"), ("c", "stays in the house"), ("F", "call")):
        app.press(key).shows(words, "Esc leave")
        app.press("ctrl+t").shows("Canned reply")
        app.press("down").settled(0.05)
        app.press("escape").gone("Canned reply")
        app.settled(0.2)
        app.leave_composer()
    app.press("R").shows("Esc leave")
    app.press("ctrl+r").shows("Who gets it")
    app.press("down").settled(0.05)
    app.press("escape").gone("Who gets it")
    app.settled(0.2)
    app.leave_composer()
    app.press("q").shows(re.compile(r"^ ?\d+ tickets", re.MULTILINE))


def do_some_verbs(app: OpenApp) -> None:
    """Verbs whose notices quote what customers and admins wrote."""
    app.press("C").shows("Category")
    app.write("[/nope]").press("enter")
    app.shows(re.compile(r"category category\d+ A\[/nope\]B"))
    app.press("t").shows("Tags")
    app.write("[@click=app.quit]x[/]").press("enter")
    app.shows("tags +[@click=app.quit]x[/]")
    app.press("/").write("A[/nope]B").press("enter")
    app.shows("/A[/nope]B")
    app.press("enter").until(_number, "a ticket is open")
    app.press("r").shows("then:")
    app.write("Thanks").press("ctrl+s")
    app.shows("is on its way to")
    app.press("q").shows("/A[/nope]B · 2 tickets")


def _walk_filter(app: OpenApp, hostile: str) -> None:
    app.press("/")
    app.write("is:[/] ").paste(hostile).press("enter")
    app.shows("is:[/] is unknown")
    app.press("/").write("[@click=app.quit]x[/] ").paste(hostile).press("enter")
    app.settled(0.2)
    app.press("q", "q")
    app.shows("q once more leaves")
    app.press("6").shows(re.compile(r"^ ?\d+ tickets", re.MULTILINE))


def _walk_new_request(app: OpenApp, hostile: str) -> None:
    app.press("n").shows("New request")
    app.settled(0.2)
    app.press("ctrl+u").write("kun")
    app.settled(0.3)
    app.press("down", "enter")
    app.settled(0.2)
    app.press("down", "down", "enter")
    app.settled(0.6)
    if "New request" in "\n".join(app.screen()):
        app.paste(hostile).press("tab").paste(hostile)
        app.settled(0.1)
        app.press("escape")
    else:
        app.press("q")
    app.shows(re.compile(r"^ ?\d+ tickets", re.MULTILINE))


def _number(screen: list[str]) -> int:
    """The number of the ticket that is open; 0 where none is."""
    found = _HEAD.match(screen[0])
    return int(found[1]) if found else 0


def _next(app: OpenApp, shown: int, step: int) -> int:
    """The number of a ticket further on, as soon as it is on the screen; 0 where there was no next one."""
    app.press(*"J" * step)
    screen = app.until(lambda s: _is_last(s) or _number(s) not in (0, *range(shown, shown + step)), "the next one")
    return 0 if _is_last(screen) else _number(screen)


def _is_last(screen: list[str]) -> bool:
    return "the last one of the list" in "\n".join(screen)


def _click_everywhere(app: OpenApp) -> None:
    for y in range(1, len(app.screen())):
        for x in (2, 8, 20, 30, 40, 60):
            app.send(f"\x1b[<0;{x};{y}M\x1b[<0;{x};{y}m".encode())
    app.settled(0.2)
    assert app.alive
