"""What is written down of a call beside its words: the number, and from when to when it was."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from helpdesk_tui.errors import HelpdeskError, Usage
from helpdesk_tui.language import _
from helpdesk_tui.rules.untrusted import clean_line
from helpdesk_tui.screens.dialogs.dialog import OneLine

_CLOCK = re.compile(r"(\d{1,2})[:.](\d{2})")


@dataclass(frozen=True, slots=True)
class CallFacts:
    """A number as it was typed, and when the call began and ended; None is the moment it is written down."""

    number: str
    started_at: datetime
    ended_at: datetime | None


class CallFactsDialog(ModalScreen[CallFacts | None]):
    """Answers with what is so; what cannot be is said, and stays to be mended."""

    BINDINGS: ClassVar = [("escape", "leave", ""), ("ctrl+s", "take", "")]

    def __init__(self, facts: CallFacts, now: datetime) -> None:
        super().__init__()
        self._facts, self._now = facts, now

    def compose(self) -> ComposeResult:
        """Three lines and a word of help."""
        ended = f"{self._facts.ended_at.astimezone():%H:%M}" if self._facts.ended_at else ""
        lines = (
            ("number", _("Number"), self._facts.number, ""),
            ("started", _("From"), f"{self._facts.started_at.astimezone():%H:%M}", "9:30"),
            ("ended", _("To"), ended, _("empty is now")),
        )
        with Vertical(id="dialog"):
            yield Static(Text(_("The call")), classes="title", markup=False)
            for name, label, value, hint in lines:
                with Horizontal(classes="field"):
                    yield Static(Text(label), classes="field-label", markup=False)
                    yield OneLine(value, id=f"call-{name}", placeholder=hint, select_on_focus=False)
            yield Static("", classes="help", id="call-help", markup=False)

    def on_mount(self) -> None:
        """Begin with the number."""
        self.query_one(Input).focus()
        self.on_input_changed()

    def on_input_changed(self) -> None:
        """Whoever mends it has read what was wrong."""
        self.query_one("#call-help", Static).update(Text(_("Tab goes on · Enter takes it · Esc leaves it as it was")))

    def on_input_submitted(self) -> None:
        """That is it."""
        self.action_take()

    def action_take(self) -> None:
        """That is it, if it can be."""
        number, started, ended = (self.query_one(f"#call-{one}", Input).value.strip() for one in _FIELDS)
        try:
            facts = CallFacts(
                clean_line(number, 60),
                read_moment(started, self._now) if started else self._facts.started_at,
                read_moment(ended, self._now) if ended else None,
            )
            if (facts.ended_at or self._now) < facts.started_at:
                raise Usage(_("The call ended before it began."), _("Mend the times."))
        except HelpdeskError as error:
            words = clean_line(f"{error.message} {error.hint}", 200)
            self.query_one("#call-help", Static).update(Text(words, "bold reverse"))
        else:
            self.dismiss(facts)

    def action_leave(self) -> None:
        """Leave it as it was."""
        self.dismiss(None)


_FIELDS = ("number", "started", "ended")


def read_moment(text: str, now: datetime) -> datetime:
    """When something was: `9:30` is the last time a clock showed that; or `2026-12-01T09:30`.

    Raises:
        Usage: it is neither, or it is to come.
    """
    here = now.astimezone()
    try:
        if found := _CLOCK.fullmatch(text):
            at = datetime.combine(here.date(), time(int(found[1]), int(found[2]))).astimezone()
            return at if at <= now else at - timedelta(days=1)
        at = datetime.fromisoformat(text).astimezone()
    except ValueError as error:
        words = _("{text} is no time.").format(text=clean_line(text, 40))
        raise Usage(words, _("Use 9:30 or 2026-12-01T09:30.")) from error
    if at > now:
        raise Usage(_("That is still to come."), _("A call is written down once it was made."))
    return at
