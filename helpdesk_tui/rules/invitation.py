"""What a customer is told about a call: a letter in their language, and an entry for their calendar (RFC 5545, 5546).

The languages are those customers write in, not that of the screens: a new one is one more row.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from helpdesk_tui.rules.untrusted import clean_line
from helpdesk_tui.terms import Person

#: How the entry travels in a mail (RFC 6047 §2.4).
CALENDAR_TYPE = "text/calendar; method={method}; charset=utf-8"
FILE_NAME = "callback.ics"
#: So many last digits of a number are written into a mail: the customer knows it again, nobody else learns it.
_TOLD_DIGITS = 3
_READ = 4000
_WORD = re.compile(r"[^\W\d_]+")


class News(StrEnum):
    """What became of a call."""

    BOOKED = "booked"
    MOVED = "moved"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Appointment:
    """A call as the customer is told of it.

    Args:
        uid, sequence: the entry in the customer's calendar, and how often it was changed (RFC 5545 §3.8.4.7, §3.8.7.4).
        zone: the team's; customer_zone: that of the customer's number, "" where it is not known.
        organizer: the queue's display name and address; caller: who calls, "" where it is whoever is free.
        phone: E.164.
    """

    uid: str
    sequence: int
    start: datetime
    end: datetime
    zone: str
    customer_zone: str
    organizer: Person
    customer: Person
    caller: str
    phone: str


@dataclass(frozen=True, slots=True)
class _Words:
    """The words of one language; `signs` are small words by which a text in it is known."""

    signs: str
    days: tuple[str, ...]
    date: str
    hello: str
    news: dict[News, str]
    there: str
    somebody: str
    caller: str
    number: str
    move: str
    again: str
    bye: str
    title: str


_GERMAN = _Words(
    signs="ich sie wir und der die das nicht bitte ist mit für auf ein eine um mir zu im den dem von",
    days=("Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag"),
    date="{day}, {at:%d.%m.%Y}, {at:%H:%M} bis {end:%H:%M} Uhr ({zone})",
    hello="Guten Tag {name},",
    news={
        News.BOOKED: "wir rufen Sie an:",
        News.MOVED: "unser Anruf bei Ihnen hat eine neue Zeit:",
        News.CANCELLED: "unser Anruf bei Ihnen entfällt:",
    },
    there="Bei Ihnen ist es dann {day}, {at:%H:%M} Uhr ({zone}).",
    somebody="Es ruft an, wer von uns gerade frei ist.",
    caller="Es ruft an: {name}.",
    number="Wir wählen die Nummer, die auf {digits} endet.",
    move="Passt es nicht, oder ist es eine andere Nummer? Antworten Sie einfach auf diese Mail.",
    again="Soll es doch ein Anruf sein? Antworten Sie einfach auf diese Mail.",
    bye="Mit freundlichen Grüßen",
    title="Anruf von {name}",
)
_ENGLISH = _Words(
    signs="i you we and the is not please with for on a an to me my of in it are your can call",
    days=("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
    date="{day}, {at:%Y-%m-%d}, {at:%H:%M} to {end:%H:%M} ({zone})",
    hello="Hello {name},",
    news={
        News.BOOKED: "we will call you:",
        News.MOVED: "our call to you has a new time:",
        News.CANCELLED: "our call to you is cancelled:",
    },
    there="Where you are it will be {day}, {at:%H:%M} ({zone}).",
    somebody="Whoever of us is free will call.",
    caller="{name} will call.",
    number="We dial the number that ends in {digits}.",
    move="Does that not suit you, or is it another number? Just answer this mail.",
    again="Shall we call after all? Just answer this mail.",
    bye="Kind regards",
    title="Call from {name}",
)
_LANGUAGES = {"de": _GERMAN, "en": _ENGLISH}


def language_of(text: str, otherwise: str = "en") -> str:
    """The language of what a customer wrote, by its small words; `otherwise` where that says nothing."""
    said = _WORD.findall(text[:_READ].lower())
    counts = {name: sum(word in words.signs.split() for word in said) for name, words in _LANGUAGES.items()}
    best = max(counts, key=lambda name: counts[name])
    is_clear = list(counts.values()).count(counts[best]) == 1
    return best if is_clear else otherwise if otherwise in _LANGUAGES else "en"


def letter(news: News, call: Appointment, language: str) -> str:
    """What the mail says: day, time and zone, who calls, and how to move it. It names no number of ours."""
    words = _LANGUAGES[language]
    said = [
        words.hello.format(name=clean_line(call.customer.name, 120) or call.customer.address),
        f"{words.news[news]}\n\n{_when(words, call, call.zone)}",
        *([] if news is News.CANCELLED else [_how(words, call)]),
        words.again if news is News.CANCELLED else words.move,
        f"{words.bye}\n{clean_line(call.organizer.called, 120)}",
    ]
    return "\n\n".join(said)


def entry(news: News, call: Appointment, language: str, written_at: datetime) -> tuple[str, bytes]:
    """The calendar entry: how it travels (a content type), and its bytes.

    The customer need not answer it; a cancelled call is taken out of their calendar.
    """
    from icalendar import Calendar, Event, vCalAddress

    method = "CANCEL" if news is News.CANCELLED else "REQUEST"
    organizer, attendee = (
        vCalAddress(f"mailto:{call.organizer.address}"),
        vCalAddress(f"mailto:{call.customer.address}"),
    )
    organizer.params["CN"] = _quotable(call.organizer)
    attendee.params.update(CN=_quotable(call.customer), PARTSTAT="ACCEPTED", RSVP="FALSE", ROLE="REQ-PARTICIPANT")
    event = Event()
    event.add("uid", call.uid)
    event.add("sequence", call.sequence)
    event.add("dtstamp", written_at.replace(microsecond=0))
    event.add("dtstart", call.start)
    event.add("dtend", call.end)
    event.add("summary", _LANGUAGES[language].title.format(name=clean_line(call.organizer.called, 120)))
    event.add("status", "CANCELLED" if news is News.CANCELLED else "CONFIRMED")
    event.add("organizer", organizer)
    event.add("attendee", attendee)
    calendar = Calendar()
    calendar.add("prodid", "-//helpdesk-tui//callbacks//EN")
    calendar.add("version", "2.0")
    calendar.add("method", method)
    calendar.add_component(event)
    return CALENDAR_TYPE.format(method=method), calendar.to_ical()


def _how(words: _Words, call: Appointment) -> str:
    name = clean_line(call.caller, 120)
    lines = [
        _there(words, call),
        words.caller.format(name=name) if name else words.somebody,
        words.number.format(digits=call.phone[-_TOLD_DIGITS:]),
    ]
    return "\n".join(line for line in lines if line)


def _when(words: _Words, call: Appointment, zone: str) -> str:
    at, end = (moment.astimezone(ZoneInfo(zone)) for moment in (call.start, call.end))
    return words.date.format(day=words.days[at.weekday()], at=at, end=end, zone=zone)


def _there(words: _Words, call: Appointment) -> str:
    """The time where the customer is, where clocks show another one."""
    if not call.customer_zone or not differs(call.start, call.zone, call.customer_zone):
        return ""
    at = call.start.astimezone(ZoneInfo(call.customer_zone))
    return words.there.format(day=words.days[at.weekday()], at=at, zone=call.customer_zone)


def differs(at: datetime, zone: str, other: str) -> bool:
    """True where clocks in two zones show different times at this instant."""
    return at.astimezone(ZoneInfo(zone)).utcoffset() != at.astimezone(ZoneInfo(other)).utcoffset()


def _quotable(person: Person) -> str:
    """A name as a parameter holds it: it may have no quote in it (RFC 5545 §3.2)."""
    return clean_line(person.called, 120).replace('"', "'")
