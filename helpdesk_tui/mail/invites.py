"""A calendar invitation in a few lines, for a mail that says nothing else; it is never answered."""

from __future__ import annotations

import re

from helpdesk_tui.language import _
from helpdesk_tui.mail.charsets import line

_READ_WITHIN = 64 * 1024
_FIELD = re.compile(r"^(SUMMARY|DTSTART|DTEND|LOCATION|ORGANIZER|METHOD)((?:;[^:\n]{0,200})?):(.*)$", re.M)
_MOMENT = re.compile(r"(\d{4})(\d{2})(\d{2})(?:T(\d{2})(\d{2})\d{0,2}(Z?))?")
_ESCAPED = re.compile(r"\\([\\;,nN])")
_ZONE = re.compile(r"TZID=\"?([^;:\"]{1,60})")


def invitation(calendar: str) -> str:
    """What is to happen, when and where; "" where the calendar names no event."""
    text = calendar[:_READ_WITHIN].replace("\r\n", "\n").replace("\n ", "").replace("\n\t", "")
    event = text.partition("BEGIN:VEVENT")
    fields: dict[str, tuple[str, str]] = {}
    for found in _FIELD.finditer(event[2]):
        fields.setdefault(found[1], (found[2], found[3]))
    if not fields:
        return ""
    cancelled = "METHOD:CANCEL" in event[0]
    title = _("Cancelled appointment: {what}") if cancelled else _("Invitation: {what}")
    when = " – ".join(_moment(*fields[name]) for name in ("DTSTART", "DTEND") if name in fields)
    place = _plain(fields["LOCATION"][1]) if "LOCATION" in fields else ""
    rows = [
        title.format(what=_plain(fields.get("SUMMARY", ("", ""))[1])),
        ", ".join(part for part in (when, place) if part),
    ]
    return "\n".join(row.strip() for row in rows if row.strip())


def _plain(value: str) -> str:
    return line(_ESCAPED.sub(lambda mark: " " if mark[1] in "nN" else mark[1], value), 300)


def _moment(settings: str, value: str) -> str:
    found = _MOMENT.match(value.strip())
    if found is None:
        return line(value, 40)
    year, month, day, hour, minute, is_utc = found.groups()
    zone = _ZONE.search(settings)
    clock = f" {hour}:{minute}" if hour else ""
    return f"{year}-{month}-{day}{clock}" + (" UTC" if is_utc else f" ({line(zone[1], 60)})" if zone and clock else "")
