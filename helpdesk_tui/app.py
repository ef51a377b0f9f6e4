"""The app: a skeleton at once, then one desk, one database thread, one change feed.

Screens read with `app.read(question)` and act with `app.do(verb)`; both run in order in the database thread, so the
order of keys is the order of verbs, and a slow database never holds up a key.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import shutil
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Concatenate, ParamSpec, TypeVar, cast

from textual.app import App
from textual.css.query import NoMatches
from textual.events import Event, Key, Paste, Resize
from textual.geometry import Size
from textual.message import Message
from textual.timer import Timer
from textual.widget import MountError

from helpdesk_tui.config import Settings
from helpdesk_tui.errors import HelpdeskError
from helpdesk_tui.language import _
from helpdesk_tui.screens.ending import watch_terminal
from helpdesk_tui.screens.files import Openings
from helpdesk_tui.screens.listener import Listener
from helpdesk_tui.screens.skeleton import Skeleton
from helpdesk_tui.screens.typeahead import Typeahead
from helpdesk_tui.screens.undo_window import UndoWindow

if TYPE_CHECKING:
    from rich.console import RenderableType
    from sqlalchemy.orm import Session
    from textual.dom import DOMNode
    from textual.filter import LineFilter
    from textual.screen import Screen

    from helpdesk_tui.desk.door import Desk
    from helpdesk_tui.screens.drafts import DraftKeeper
    from helpdesk_tui.screens.seen import Seen
    from helpdesk_tui.screens.whereabouts import Whereabouts
    from helpdesk_tui.terms import Outcome

_P = ParamSpec("_P")
_T = TypeVar("_T")
_S = TypeVar("_S", bound="Screen[Any]")
log = logging.getLogger(__name__)
#: A terminal that has gone may hold up a farewell; so long it may take, in seconds.
_LAST_RESORT = 3.0
#: So long the last writes may take before one leaves without them, in seconds.
_LAST_WRITES = 5.0
_LOOK_AGAIN = 0.01
_SIZE_RESTS = 0.1  # a size that has stayed for so long is the one to be drawn, in seconds


class HelpdeskApp(App[None]):
    """The help desk on a terminal."""

    CSS_PATH = Path(__file__).parent / "screens" / "helpdesk.tcss"
    ENABLE_COMMAND_PALETTE = False
    TITLE = "helpdesk"
    BINDINGS: ClassVar[list[Any]] = []

    class TicketsChanged(Message):
        """Tickets changed, by our own hand or a colleague's; or colleagues opened or left some, or write there now."""

        def __init__(self, tickets: set[int], own: set[int], moved: set[int]) -> None:
            super().__init__()
            self.tickets = tickets
            self.own = own
            self.moved = moved

    def __init__(self, settings: Settings, login: str | None = None, begins_with: str = "") -> None:
        """Make the app; `begins_with` is an action of the list that is done at once, such as `board`."""
        super().__init__()
        self._begins_with = begins_with
        self.settings = settings
        self.failure: HelpdeskError | None = None
        self.is_stuck = False
        self.animation_level = "none"
        self.undo_window, self.openings = UndoWindow(settings.replies.undo_seconds), Openings()
        self._login = login
        self._desk: Desk | None = None
        self._drafts: DraftKeeper | None = None
        self._seen: Seen | None = None
        self._whereabouts: Whereabouts | None = None
        self._database = ThreadPoolExecutor(1, thread_name_prefix="database")
        self._ended = threading.Event()
        self._listener: Listener | None = None
        self._sizing: Timer | None = None
        self._clean: LineFilter | None = None
        self._quiet: set[asyncio.Task[None]] = set()
        self._typeahead = Typeahead(self, super().on_event, self._say_busy, self._dropped_keys)

    # -- what screens use

    @property
    def desk(self) -> Desk:
        """The desk; there is one once the store is open."""
        if self._desk is None:
            raise RuntimeError("the store is not open yet")
        return self._desk

    @property
    def drafts(self) -> DraftKeeper:
        """Where texts that are being written go; there is one once the store is open."""
        if self._drafts is None:
            raise RuntimeError("the store is not open yet")
        return self._drafts

    @property
    def whereabouts(self) -> Whereabouts:
        """What colleagues are told of where one is; there is one once the store is open."""
        if self._whereabouts is None:
            raise RuntimeError("the store is not open yet")
        return self._whereabouts

    @property
    def seen(self) -> Seen:
        """Which messages were read here; there is one once the store is open."""
        if self._seen is None:
            raise RuntimeError("the store is not open yet")
        return self._seen

    def read(
        self, question: Callable[Concatenate[Session, _P], _T], *args: _P.args, **kwargs: _P.kwargs
    ) -> Awaitable[_T]:
        """Put a question to the store; the answer comes from the database thread."""
        return self._in_database(lambda: self.desk.ask(question, *args, **kwargs))

    def do(
        self, verb: Callable[Concatenate[Desk, _P], Outcome], *args: _P.args, **kwargs: _P.kwargs
    ) -> Awaitable[Outcome]:
        """Run a verb after all earlier ones; the change arrives by the feed like anybody's."""
        return self._in_database(lambda: self._act(lambda: self.desk.do(verb, *args, **kwargs)))

    def keep(self, write: Callable[Concatenate[Desk, _P], _T], *args: _P.args, **kwargs: _P.kwargs) -> Awaitable[_T]:
        """Write something that is no verb (a draft, a file to be sent), in the same order."""
        return self._in_database(lambda: write(self.desk, *args, **kwargs))

    def spawn(self, job: Awaitable[Any]) -> None:
        """Let something run on; a failure becomes a notice on the screen, never a crash."""
        self._spawned(job)

    def opening(self, job: Awaitable[Any]) -> None:
        """Let something open that the next keys are meant for; they wait for it."""
        self._typeahead.wait_for(self._spawned(job))

    def kept(self, kind: type[_S]) -> _S:
        """A screen that stays made when it is left, since to make one takes longer than to fill it.

        While it is shown, another one.
        """
        name = kind.__name__
        if not self.is_screen_installed(name):
            self.install_screen(kind(), name)
        screen = cast("_S", self.get_screen(name))
        return kind() if screen in self.screen_stack else screen

    # -- opening and closing

    async def on_event(self, event: Event) -> None:
        """Let keys and pastes come one after the other; all else as ever."""
        if isinstance(event, Key | Paste) and not event.is_forwarded:
            if self._whereabouts is not None:
                self._whereabouts.touched()
            self._typeahead.take(event)
        else:
            await super().on_event(event)

    def get_line_filters(self) -> list[LineFilter]:
        """Every drawn line is cleaned last of all; always by the same filter, for a line remembers what came of it."""
        if self._clean is None:
            from helpdesk_tui.screens.widgets.safe import Clean

            self._clean = Clean()
        return [*super().get_line_filters(), self._clean]

    def on_mount(self) -> None:
        """Paint the skeleton, then open the store behind it."""
        self.theme = self.settings.ui.theme if self.settings.ui.theme in self.available_themes else "textual-dark"
        self.push_screen(Skeleton())
        self.call_after_refresh(self._start_opening)
        if not self.is_headless:
            watch_terminal(self._told_to_end)

    def on_resize(self) -> None:
        """The terminal has another size: see, when it rests, that the screen has it too."""
        if self._sizing is not None:
            self._sizing.stop()
        self._sizing = self.set_timer(_SIZE_RESTS, self._see_to_size)

    def _see_to_size(self) -> None:
        """Lay out anew what was laid out for an older size, or for one the terminal has had.

        Textual tells a screen of its last layout's size behind the terminal's next one, and the last to tell wins; of
        two signals close together, the first may be told of last.
        """
        self._sizing = None
        size = self.size if self.is_headless else Size(*shutil.get_terminal_size())
        if size != self.size:
            self.post_message(Resize(size, size))
        elif any(screen.outer_size != size for screen in self.screen_stack[1:]):
            for screen in self.screen_stack:
                screen.post_message(Resize(size, size))
            self.on_resize()

    def _told_to_end(self, number: int) -> None:
        """Leave the terminal as it was found, if it is still there."""
        self.exit(return_code=128 + number)
        last_resort = threading.Timer(_LAST_RESORT, os._exit, (128 + number,))
        last_resort.daemon = True
        last_resort.start()

    def _start_opening(self) -> None:
        self.spawn(self._open())

    async def _open(self) -> None:
        try:
            await self._in_database(self._open_store)
        except HelpdeskError as error:
            self.failure = error
            self.exit(return_code=error.exit_code)
            return
        gc.freeze()  # what was imported stays: looking through all of it again would hold up a key for 20 to 50 ms
        gc.enable()
        self.first_screen()
        if self._listener is not None:
            self._listener.start()
        self.whereabouts.start()
        self._start_housekeeping()

    def first_screen(self) -> None:
        """Show the first real screen."""
        from helpdesk_tui.screens.triage import TriageScreen

        self.switch_screen(TriageScreen(self._begins_with))

    def companion(self) -> list[Any]:
        """Widgets shown beside every screen; the demo has some."""
        return []

    def _open_store(self) -> None:
        """Import the store and the screens, open both; runs in the database thread."""
        import helpdesk_tui.screens.ticket
        import helpdesk_tui.screens.triage  # noqa: F401
        from helpdesk_tui.desk.door import Desk
        from helpdesk_tui.desk.identity import identify
        from helpdesk_tui.screens.drafts import DraftKeeper
        from helpdesk_tui.screens.place import state_folder
        from helpdesk_tui.screens.seen import Seen
        from helpdesk_tui.screens.whereabouts import Whereabouts
        from helpdesk_tui.store.feed import Feed
        from helpdesk_tui.store.schema import open_current

        store = open_current(self.settings.store)
        self._desk = Desk(store, identify(store, self._login), self.settings)
        self._drafts = DraftKeeper(self)
        self._seen = Seen(state_folder(self.settings) / f"{self._desk.actor.login}-read.json")
        self._whereabouts = Whereabouts(self._desk, self._ended)
        self._listener = Listener(self._desk, Feed(store, self._desk.actor), self._ended, self._changed)

    def _start_housekeeping(self) -> None:
        """On SQLite the app sends and runs timers itself where nobody polls."""
        if not self.desk.store.is_postgres:
            threading.Thread(target=self._keep_house, name="housekeeping", daemon=True).start()

    def _keep_house(self) -> None:
        """Import and run it in its own thread: no key waits for it."""
        from helpdesk_tui.mail.housekeeping import keep_house

        keep_house(self.desk, self.settings, self._ended)

    async def action_quit(self) -> None:
        """Leave; where something is being written the screen asks first, once."""
        asks = getattr(self.screen, "asks_before_quit", None)
        if asks is None or not asks():
            self.exit()

    async def run_action(
        self,
        action: Any,
        default_namespace: DOMNode | None = None,
        namespaces: Mapping[str, DOMNode] | None = None,
    ) -> bool:
        """Do what a key is for; the screen hears of it before."""
        if before := getattr(self.screen, "before", None):
            before(action if isinstance(action, str) else action[1])
        return await super().run_action(action, default_namespace, namespaces)

    def exit(self, result: None = None, return_code: int = 0, message: RenderableType | None = None) -> None:
        """Hand what is being written to the database thread, then leave."""
        if self._drafts is not None and not self._ended.is_set():
            for screen in self.screen_stack:
                if keep_text := getattr(screen, "keep_text", None):
                    with suppress(NoMatches):  # one that is only just opening holds no text
                        keep_text()
            self._drafts.flush()
        super().exit(result, return_code, message)

    async def on_unmount(self) -> None:
        """Let the last writes finish; a store that does not answer holds nobody up for long."""
        self._ended.set()
        self.openings.close()
        if self._whereabouts is not None:
            self._whereabouts.end()
        # A thread of its own: the loop would wait for one of its executors however long.
        last = threading.Thread(target=self._database.shutdown, name="last writes", daemon=True)
        last.start()
        give_up = time.monotonic() + _LAST_WRITES
        while last.is_alive() and time.monotonic() < give_up:
            await asyncio.sleep(_LOOK_AGAIN)
        self.is_stuck = last.is_alive()

    @property
    def _background_screens(self) -> list[Screen[Any]]:
        """Textual counts a screen under one that hides it as seen (measured: a new ticket beneath wrote 52 kB at 80x24)."""
        return [] if self.screen.styles.background.a == 1 else super()._background_screens

    def _handle_exception(self, error: Exception) -> None:
        """A screen that is only just opening when the program is to end gets nothing into it: that is no crash."""
        if not (self._exit and isinstance(error, NoMatches | MountError)):
            super()._handle_exception(error)

    def _fatal_error(self) -> None:
        """Say where it broke, without the values of variables: they may hold a customer's text or a password."""
        from helpdesk_tui.screens.crash import write_report

        report = write_report(sys.exc_info()[1] or self._exception)
        self.failure = HelpdeskError(
            _("The app has stopped: {kind}.").format(kind=type(self._exception).__name__),
            _("Drafts are saved. The report is in {path}").format(path=report),
        )
        self._close_messages_no_wait()

    # -- the database thread and the feed

    def _in_database(self, job: Callable[[], _T]) -> Awaitable[_T]:
        return asyncio.get_running_loop().run_in_executor(self._database, job)

    def _act(self, act: Callable[[], Outcome]) -> Outcome:
        outcome = act()
        if self._listener is not None:
            self._listener.echo()
        return outcome

    def _changed(self, tickets: set[int], own: set[int], moved: set[int]) -> None:
        self.post_message(self.TicketsChanged(tickets, own, moved))

    def on_helpdesk_app_tickets_changed(self, message: TicketsChanged) -> None:
        """Tell every screen that cares."""
        for screen in self.screen_stack:
            changed, moved = getattr(screen, "tickets_changed", None), getattr(screen, "others_moved", None)
            if changed and message.tickets:
                changed(message.tickets, message.own)
            if moved and message.moved - message.tickets:
                moved(message.moved - message.tickets)

    def _say_busy(self, is_over: bool) -> None:
        if say_busy := getattr(self.screen, "say_busy", None):
            say_busy(is_over=is_over)

    def _dropped_keys(self) -> None:
        self.tell(HelpdeskError(_("The store does not answer."), _("What was typed since then was not done.")))

    def tell(self, error: HelpdeskError) -> None:
        """Say what is wrong on the topmost screen that has a place for it."""
        told = [screen.refuse for screen in reversed(self.screen_stack) if hasattr(screen, "refuse")]
        if told:
            told[0](error)
        else:
            log.warning("%s %s", error.message, error.hint)

    def _spawned(self, job: Awaitable[Any]) -> asyncio.Task[None]:
        task = asyncio.ensure_future(self._watched(job))
        self._quiet.add(task)
        task.add_done_callback(self._quiet.discard)
        return task

    async def _watched(self, job: Awaitable[Any]) -> None:
        try:
            await job
        except HelpdeskError as error:
            self.tell(error)
        except NoMatches:
            log.info("an answer came after its screen was gone")
        except Exception as error:  # noqa: BLE001  nobody awaits this job: a fault of ours must not vanish
            if not self._ended.is_set():
                self._handle_exception(error)
