"""What became of a mail of ours, and how long a call was, in words."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from helpdesk_tui.language import _, ngettext
from helpdesk_tui.screens.phrases import delivery_word, moment
from helpdesk_tui.store.queries.thread import MessageRow
from helpdesk_tui.terms import CallDirection, OutboxState


def delivery_lines(message: MessageRow, now: datetime | None) -> list[str]:
    """What there is to say of a mail that not everybody has got: who has not and why, and when it is tried again."""
    said = [f"{one.address}: {delivery_word(one.state)}, {one.words}".rstrip(", ") for one in message.not_reached]
    if not said and message.delivery_words:
        said = [message.delivery_words]
    if message.delivery == OutboxState.QUEUED and message.delivery_words and message.leaves_at and now:
        said.append(_("tried again {when}").format(when=moment(message.leaves_at, now)))
    if message.delivery == OutboxState.UNSURE:
        said.append(_("the connection broke off as it left: it may have arrived"))
    if message.delivery in (OutboxState.FAILED, OutboxState.UNSURE):
        said.append(_("press ! to say what is done"))
    return said


def call_words(call: Mapping[str, str]) -> str:
    """A call in a line: `they called · +49 69 1234567 · 9:56 – 10:00, 4 min`."""
    began, ended = (datetime.fromisoformat(call[name]).astimezone() for name in ("started_at", "ended_at"))
    minutes = max(round((ended - began).total_seconds() / 60), 1)
    way = _("they called") if call["direction"] == CallDirection.IN else _("we called")
    length = ngettext("{n} min", "{n} min", minutes)
    return " · ".join(filter(None, (way, call["number"], f"{began:%H:%M} – {ended:%H:%M}, {length}")))
