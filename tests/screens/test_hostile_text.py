"""Nothing a stranger writes reaches the terminal, becomes markup or runs an action, whatever screen shows it."""

from __future__ import annotations

import os
import re
from collections.abc import Collection
from typing import Any

import pytest
from rich.cells import cell_len
from rich.segment import Segment
from textual.color import Color

from helpdesk_tui.screens.widgets.safe import Clean
from tests.build import everything
from tests.screens.hostile import fill_by_mail, keep_a_hostile_draft, overwrite_rows, set_up_by_verbs
from tests.screens.payloads import MARKUP, PAYLOADS, STEERING
from tests.screens.stage import LARGE, SMALL, OpenApp, Stage
from tests.services.escapes import forbidden_bytes

#: `make test` opens every fourth ticket, and those that are read with care.
IS_LONG, STEP = bool(os.environ.get("HELPDESK_LONG")), 4
_HEAD = re.compile(r" #(\d+) ")


#: Walks of half a minute each.
WAYS = (
    pytest.param(False, SMALL, id="raw-80x24", marks=pytest.mark.long),
    pytest.param(True, LARGE, id="encoded-200x50", marks=pytest.mark.long),
    pytest.param(False, LARGE, id="raw-200x50", marks=pytest.mark.long),
    pytest.param(True, SMALL, id="encoded-80x24", marks=pytest.mark.long),
)


@pytest.mark.parametrize(("is_encoded", "size"), WAYS)
def test_what_came_by_mail_is_read_as_it_was_written(stage: Stage, size: tuple[int, int], is_encoded: bool) -> None:
    numbers = fill_by_mail(stage, is_encoded=is_encoded)
    set_up_by_verbs(stage, numbers)
    before = _but_drafts(stage)
    with stage.app(size) as app:
        app.up().press("6")
        app.shows(f"{len(PAYLOADS) + len(MARKUP)} tickets")
        seen = walk_tickets(app, {numbers[name] for name in MARKUP})
        for name, payload in MARKUP.items():
            at = list(PAYLOADS).index(name)
            for word in (f"Kunde{at:02}", f"Body{at:02}", f"Quote{at:02}"):
                assert f"{word} {payload} end" in seen, (word, name)
            assert f"{f'file{at:02} {payload}'.rpartition('/')[2]} end.pdf" in seen, name
        walk_dialogs(app)
        assert _but_drafts(stage) == before
        do_some_verbs(app)
        assert app.quit() == 0
        assert forbidden_bytes(app.bytes_seen()) == []


@pytest.mark.parametrize("size", [SMALL, pytest.param(LARGE, marks=pytest.mark.long)], ids=("80x24", "200x50"))
def test_what_slipped_into_the_tables_is_held_back_at_the_last_line(stage: Stage, size: tuple[int, int]) -> None:
    numbers = fill_by_mail(stage, is_encoded=True)
    set_up_by_verbs(stage, numbers)
    overwrite_rows(stage)
    keep_a_hostile_draft(stage, "".join(PAYLOADS.values()))
    before = _but_drafts(stage)
    with stage.app(size) as app:
        app.up().press("1").press("6")
        app.shows(re.compile(r"^ \d+ tickets", re.MULTILINE))
        walk_tickets(app)
        walk_dialogs(app)
        assert _but_drafts(stage) == before
        assert app.alive
        assert forbidden_bytes(app.bytes_seen()) == []


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


def walk_tickets(app: OpenApp, careful: Collection[int] = ()) -> str:
    """Look at every ticket of the list, with its quotes unfolded; the whole text of those that are read with care."""
    seen = []
    for _step in range(4):
        app.press("j")
        app.settled(0.2)
    app.press("P", "P", "g", "enter")
    shown = _number(app.until(_number, "a ticket is open"))
    while shown:
        app.press("g", "enter")
        app.settled(0.15 if shown in careful else 0.03)
        seen.append("\n".join(app.screen()))
        app.press("space")
        app.settled(0.15 if shown in careful else 0.03)
        seen.append("\n".join(app.screen()))
        shown = _next(app, shown, 1 if IS_LONG or shown + STEP >= min(careful, default=10**9) else STEP)
    _click_everywhere(app)
    app.press("P", "q")
    app.shows(re.compile(r"^ ?\d+ tickets", re.MULTILINE))
    return "\n".join(re.sub(r"\s+", " ", page) for page in seen)


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
    app.settled(0.1)
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
