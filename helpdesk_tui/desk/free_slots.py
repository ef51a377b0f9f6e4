"""The next free windows in which a customer can be called, as a letter names them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from helpdesk_tui.config import Settings
from helpdesk_tui.desk.callback_numbers import likely_numbers
from helpdesk_tui.desk.callbacks import likely_team
from helpdesk_tui.errors import Refused
from helpdesk_tui.language import _
from helpdesk_tui.rules.acknowledgement import WEEKDAYS
from helpdesk_tui.rules.phones import zone_of
from helpdesk_tui.rules.slots import Offer
from helpdesk_tui.store.queries.callbacks import next_free, plans
from helpdesk_tui.store.tables import Ticket
from helpdesk_tui.terms import Actor

_LINES = {
    "de": "{n}) {day}, {at:%d.%m.%Y}, {at:%H:%M}–{end:%H:%M} Uhr",
    "en": "{n}) {day}, {at:%Y-%m-%d}, {at:%H:%M}–{end:%H:%M}",
}


@dataclass(frozen=True, slots=True)
class Writer:
    """Who writes, under which settings, and when."""

    actor: Actor
    settings: Settings
    now: datetime


def free_slots(session: Session, ticket: Ticket, writer: Writer, count: int, language: str) -> str:
    """So many free windows of the team that would call, one a line, in the customer's time where it is known.

    Raises:
        Refused: no team calls back, or nothing is free.
    """
    row = likely_team(session, plans(session), ticket, None, writer.actor)
    if row is None:
        raise Refused(_("No team calls back here, so no free slot can be named."), _("Take {{free_slots}} out."))
    found: list[Offer] = []
    now = writer.now
    while len(found) < count and (offer := next_free(session, row, now, found[-1].start if found else None)):
        found.append(offer)
    if not found:
        raise Refused(_("No call can be booked in the time to come."), _("Take {{free_slots}} out."))
    numbers = likely_numbers(session, ticket, writer.settings.callbacks.region)
    zone = ZoneInfo((zone_of(numbers[0], now) if len(numbers) == 1 else "") or row.plan.zone)
    return "\n".join(_line(number, offer, zone, language) for number, offer in enumerate(found, 1))


def _line(number: int, offer: Offer, zone: ZoneInfo, language: str) -> str:
    at, end = offer.start.astimezone(zone), offer.end.astimezone(zone)
    return _LINES[language].format(n=number, day=WEEKDAYS[language][at.weekday()], at=at, end=end)
