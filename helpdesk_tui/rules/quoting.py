"""What an answer or a forward brings along of the mail before it, in words of German or English."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from helpdesk_tui.rules.untrusted import clean_line, clean_text
from helpdesk_tui.terms import Person

#: So many lines of it are brought along.
MOST_LINES = 400
_WROTE = {"de": "Am {at:%d.%m.%Y} um {at:%H:%M} schrieb {name}:", "en": "On {at:%Y-%m-%d} at {at:%H:%M} {name} wrote:"}
_FORWARDED = {
    "de": ("Weitergeleitete Nachricht", "Von", "Datum", "Betreff", "An"),
    "en": ("Forwarded message", "From", "Date", "Subject", "To"),
}


@dataclass(frozen=True, slots=True)
class Quoted:
    """A message as it is brought along; `zone` is an IANA name."""

    sender: Person
    at: datetime
    subject: str
    text: str
    to: tuple[Person, ...]
    zone: str


def quote(said: Quoted, language: str) -> str:
    """The message with `>` before each line, and a line that says whose it is."""
    at = said.at.astimezone(ZoneInfo(said.zone))
    first = _WROTE[language].format(at=at, name=clean_line(said.sender.called, 120))
    return "\n".join([first, *(f"> {line}".rstrip() for line in _lines(said.text))])


def forwarded(said: Quoted, language: str) -> str:
    """The message as it is passed on, under a head that says from whom and to whom it was."""
    title, *names = _FORWARDED[language]
    at = said.at.astimezone(ZoneInfo(said.zone))
    values = (
        said.sender.whole,
        f"{at:%Y-%m-%d %H:%M}",
        said.subject,
        ", ".join(person.whole for person in said.to[:20]),
    )
    head = [f"{name}: {clean_line(value, 400)}" for name, value in zip(names, values, strict=True) if value]
    return "\n".join([f"-------- {title} --------", *head, "", *_lines(said.text)])


def _lines(text: str) -> list[str]:
    lines = clean_text(text).strip().split("\n")
    return lines if len(lines) <= MOST_LINES else [*lines[:MOST_LINES], "…"]
