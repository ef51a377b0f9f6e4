"""Keys take effect one after the other: what is typed while a screen opens waits, and goes where it was meant for.

Without it, fast typing or a slow line would send the first letters of an answer to the list, where they are verbs.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any
from weakref import WeakSet

from textual.app import App
from textual.dom import DOMNode
from textual.events import Event, Key
from textual.message_pump import MessagePump
from textual.screen import Screen

#: For so long a new screen may take to know where its keys go, in seconds.
_PATIENCE = 0.5
_LOOK_AGAIN = 0.004
_LEAVES = "ctrl+q"
#: So long after a key nobody looks whether it has had its effect, unless the next one is there: it paints first. Seconds.
_PAINTS_FIRST = 0.03
#: So long keys wait for an answer of the store; then verbs are dropped, for nobody knows what they would hit. Seconds.
LONGEST_WAIT = 10.0
#: After so long a person is told that keys would wait, in seconds.
_LONG_WAIT = 1.0


class Typeahead:
    """The keys on their way into an app, in order."""

    def __init__(
        self,
        app: App[Any],
        deliver: Callable[[Event], Awaitable[None]],
        waits: Callable[[bool], None] = lambda _is_over: None,
        gave_up: Callable[[], None] = lambda: None,
    ) -> None:
        """Begin.

        Args:
            deliver: does what a key is meant to do.
            waits: is told (False) when an answer of the store is long in coming, and (True) when it is there.
            gave_up: is told when keys were dropped since what they waited for did not come.
        """
        self._app = app
        self._deliver = deliver
        self._waits = waits
        self._gave_up = gave_up
        self._typed: deque[Event] = deque()
        self._openings: set[asyncio.Future[Any]] = set()
        self._known: WeakSet[Screen[Any]] = WeakSet()
        self._task: asyncio.Task[None] | None = None
        self._effect: asyncio.Future[None] | None = None
        self._next_is_there = asyncio.Event()
        self._leaving: asyncio.Future[None] | None = None

    def take(self, event: Event) -> None:
        """Take in a key or a paste; its turn comes when the one before has had its effect.

        Whoever wants to leave waits for no store.
        """
        if isinstance(event, Key) and event.key == _LEAVES and self._openings:
            self._leaving = asyncio.ensure_future(self._deliver(event))
            return
        self._typed.append(event)
        if self._task is None or self._task.done():
            self._task = asyncio.ensure_future(self._type())

    def wait_for(self, opening: asyncio.Future[Any]) -> None:
        """Let the keys wait until something has opened, or failed to."""
        self._openings.add(opening)
        opening.add_done_callback(self._openings.discard)
        asyncio.get_running_loop().call_later(_LONG_WAIT, self._say_that_it_lasts, opening)

    def _say_that_it_lasts(self, opening: asyncio.Future[Any]) -> None:
        if not opening.done():
            self._waits(False)
            opening.add_done_callback(lambda _done: self._waits(True))

    async def _type(self) -> None:
        while self._typed and self._app.is_running:
            await self._until_open()
            if self._effect is not None:
                self._next_is_there.set()
                await asyncio.wait({self._effect}, timeout=LONGEST_WAIT)
                self._effect = None
            await self._until_open()
            if not self._typed:
                return
            target = self._app.focused or self._app.screen
            self._next_is_there.clear()
            await self._deliver(self._typed.popleft())
            self._effect = asyncio.ensure_future(self._until_it_has_its_effect(target))

    async def _until_it_has_its_effect(self, target: DOMNode) -> None:
        """Wait until a key has had its effect; the next one waits for that, be the machine ever so busy.

        A key goes from its widget up to the app; what it made the widget say goes the same way behind it. Screens
        beneath the one on top are not asked: Textual would paint everything anew.
        """
        with suppress(TimeoutError):
            await asyncio.wait_for(self._next_is_there.wait(), _PAINTS_FIRST)
        for _key_then_words in range(2):
            for node in dict.fromkeys((*target.ancestors_with_self, self._app.screen, self._app)):
                await _has_passed(node)

    def _now(self) -> float:
        return asyncio.get_running_loop().time()

    async def _until_open(self) -> None:
        """Wait for what is opening, and for the focus of a screen that is new."""
        longest = self._now() + LONGEST_WAIT
        while self._openings and self._now() < longest:
            await asyncio.wait(self._openings, timeout=longest - self._now())
            await _has_passed(self._app)
        if self._openings:
            self._give_up()
        give_up = self._now() + _PATIENCE
        while not self._is_ready() and self._now() < give_up:
            await asyncio.sleep(_LOOK_AGAIN)
        self._known.add(self._app.screen)

    def _give_up(self) -> None:
        """Drop what was typed; letters on their way into a text are kept, for they can hit nothing else."""
        from textual.widgets import Input, TextArea  # not sooner: the skeleton is painted without them

        self._openings.clear()
        if not isinstance(self._app.focused, Input | TextArea):
            self._typed.clear()
            self._gave_up()

    def _is_ready(self) -> bool:
        """A screen gives its focus away once, when it is new; later on it may well have none."""
        screen = self._app.screen
        return screen in self._known or (screen.is_mounted and (screen.focused is not None or not screen.focus_chain))


async def _has_passed(node: MessagePump) -> None:
    """Wait until a node has done all that waits for it now."""
    passed = asyncio.Event()
    if not node.is_running or not node.call_later(passed.set):
        return
    while node.is_running and not passed.is_set():
        with suppress(TimeoutError):
            await asyncio.wait_for(passed.wait(), _LOOK_AGAIN * 5)
