"""Texts on their way into the store: the newest one counts, and what could not be saved is tried again."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from helpdesk_tui.desk.drafts import save_draft
from helpdesk_tui.errors import HelpdeskError
from helpdesk_tui.language import _

if TYPE_CHECKING:
    from helpdesk_tui.app import HelpdeskApp

#: How long after a failure a text is tried again, in seconds.
_AGAIN = 2.0
_Key = tuple[int | None, str]


@dataclass(frozen=True, eq=False, slots=True)
class _Text:
    words: str
    fields: Mapping[str, Any] = field(default_factory=dict)


class DraftKeeper:
    """Writes drafts in the order they are handed over, whatever becomes of the screen they came from."""

    def __init__(self, app: HelpdeskApp) -> None:
        self._app = app
        self._unsaved: dict[_Key, _Text] = {}

    def put(
        self,
        ticket_id: int | None,
        kind: str,
        words: str,
        told: Callable[[bool], None],
        fields: Mapping[str, Any] | None = None,
    ) -> None:
        """Save a text; on its way when this returns.

        Args:
            told: hears whether it was saved; after a failure again.
        """
        key, text = (ticket_id, kind), _Text(words, fields or {})
        self._unsaved[key] = text
        self._app.spawn(self._see_through(key, text, self._write(key, text), told))

    def unsaved(self, ticket_id: int | None, kind: str) -> tuple[str, Mapping[str, Any]] | None:
        """A text that is newer than the store's and what was kept with it, None where there is none."""
        text = self._unsaved.get((ticket_id, kind))
        return (text.words, text.fields) if text else None

    def let_go(self, ticket_id: int | None, kind: str) -> None:
        """Do not try this one again: it is being sent."""
        self._unsaved.pop((ticket_id, kind), None)

    def flush(self) -> None:
        """Try all that is not saved once more: the program ends."""
        for key, text in self._unsaved.items():
            self._app.spawn(self._write(key, text))

    def _write(self, key: _Key, text: _Text) -> Awaitable[None]:
        return self._app.keep(save_draft, *key, text.words, text.fields)

    async def _see_through(
        self, key: _Key, text: _Text, writing: Awaitable[None], told: Callable[[bool], None]
    ) -> None:
        while self._unsaved.get(key) is text:
            try:
                await writing
            except HelpdeskError as error:
                told(False)
                self._app.tell(HelpdeskError(_("Your draft is not saved yet, it is tried again."), error.message))
                await asyncio.sleep(_AGAIN)
                writing = self._write(key, text) if self._unsaved.get(key) is text else writing
            else:
                if self._unsaved.get(key) is text:
                    del self._unsaved[key]
                    told(True)
