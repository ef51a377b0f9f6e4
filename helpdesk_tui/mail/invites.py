"""A calendar entry in a few lines: who, what, when and where; it is never answered."""

from __future__ import annotations

import re
from datetime import date, timedelta

from helpdesk_tui.language import _, ngettext
from helpdesk_tui.mail.charsets import line

_READ_WITHIN = 64 * 1024
_MOST_PEOPLE = 5
_METHOD = re.compile(r"^METHOD:[ \t]*([A-Za-z]{1,20})", re.M)
_FIELD = re.compile(r"^([A-Z-]{1,40})((?:;(?:[^:;\"\n]|\"[^\"\n]{0,200}\"){0,300}){0,20}):([^\n]*)", re.M)
_SETTING = re.compile(r";(CN|TZID|PARTSTAT)=(?:\"([^\"\n]{0,200})\"|([^;:\"\n]{0,200}))", re.I)
_MOMENT = re.compile(r"(\d{4})(\d{2})(\d{2})(?:T(\d{2})(\d{2})\d{0,2}(Z?))?")
_DAY = re.compile(r"\d{8}")
_ESCAPED = re.compile(r"\\([\\;,nN])")
_LONGEST = {"SUMMARY": 300, "LOCATION": 300}

#: Each field of the first event: its settings and its value.
_Fields = dict[str, list[tuple[str, str]]]


def invitation(calendar: str) -> str:
    """What is to happen, when, where and with whom; "" where the calendar names no event."""
    text = calendar[:_READ_WITHIN].replace("\r\n", "\n").replace("\n ", "").replace("\n\t", "")
    before, _begin, rest = text.partition("BEGIN:VEVENT")
    event = _fields(rest.partition("END:VEVENT")[0].partition("BEGIN:VALARM")[0])
    if not event:
        return ""
    found = _METHOD.search(before)
    method = found[1].upper() if found else ""
    rows = [
        _title(method, event).format(what=_plain(event, "SUMMARY"), who=_answerer(event)),
        ", ".join(part for part in (_when(event), _plain(event, "LOCATION")) if part),
        _people(_("Organizer: {names}"), event.get("ORGANIZER", [])),
        _people(_("Invited: {names}"), event.get("ATTENDEE", []) if method != "REPLY" else []),
    ]
    return "\n".join(row.strip() for row in rows if row.strip())


def _fields(event: str) -> _Fields:
    fields: _Fields = {}
    for found in _FIELD.finditer(event):
        fields.setdefault(found[1], []).append((found[2], found[3]))
    return fields


def _title(method: str, event: _Fields) -> str:
    if method == "CANCEL" or _plain(event, "STATUS") == "CANCELLED":
        return _("Cancelled appointment: {what}")
    if method == "REPLY":
        return _answer(event)
    if method == "COUNTER":
        return _("{who} proposes another time: {what}")
    if _plain(event, "SEQUENCE").strip("0"):
        return _("Changed appointment: {what}")
    return _("Invitation: {what}")


def _answer(event: _Fields) -> str:
    settings = event.get("ATTENDEE", [("", "")])[0][0]
    answers = {
        "ACCEPTED": _("{who} accepted: {what}"),
        "DECLINED": _("{who} declined: {what}"),
        "TENTATIVE": _("{who} accepted tentatively: {what}"),
    }
    return answers.get(_setting(settings, "PARTSTAT").upper(), _("{who} answered: {what}"))


def _answerer(event: _Fields) -> str:
    people = event.get("ATTENDEE", [])
    return _person(*people[0]) if people else _("Somebody")


def _when(event: _Fields) -> str:
    moments = [_moment(*event["DTSTART"][0])] if "DTSTART" in event else []
    if "DTEND" in event:
        settings, end = event["DTEND"][0]
        moments.append(_moment(settings, _last_day(end) if _DAY.fullmatch(end.strip()) else end))
    when = " – ".join(dict.fromkeys(moments))
    return _("{when}, repeated").format(when=when) if when and "RRULE" in event else when


def _last_day(end: str) -> str:
    """The last day of an entry for whole days, whose end is the day behind it (RFC 5545 §3.6.1)."""
    try:
        return f"{date.fromisoformat(end.strip()) - timedelta(days=1):%Y%m%d}"
    except (ValueError, OverflowError):
        return end


def _people(title: str, people: list[tuple[str, str]]) -> str:
    if not people:
        return ""
    names = ", ".join(_person(*one) for one in people[:_MOST_PEOPLE])
    others = len(people) - _MOST_PEOPLE
    more = ngettext("and one more", "and {n} more", others) if others > 0 else ""
    return f"{title.format(names=names)} {more}".strip()


def _person(settings: str, value: str) -> str:
    """A person by name and address."""
    address = line(value.strip().removeprefix("mailto:").removeprefix("MAILTO:"), 100)
    name = line(_setting(settings, "CN"), 100)
    return f"{name} <{address}>" if name and name != address else address


def _plain(event: _Fields, name: str) -> str:
    value = event.get(name, [("", "")])[0][1]
    return line(_ESCAPED.sub(lambda mark: " " if mark[1] in "nN" else mark[1], value), _LONGEST.get(name, 40))


def _moment(settings: str, value: str) -> str:
    found = _MOMENT.match(value.strip())
    if found is None:
        return line(value, 40)
    year, month, day, hour, minute, is_utc = found.groups()
    zone = line(_setting(settings, "TZID"), 60)
    clock = f" {hour}:{minute}" if hour else ""
    return f"{year}-{month}-{day}{clock}" + (" UTC" if is_utc else f" ({zone})" if zone and clock else "")


def _setting(settings: str, name: str) -> str:
    for found in _SETTING.finditer(settings):
        if found[1].upper() == name:
            return found[2] or found[3] or ""
    return ""
