"""A chunk of rows as tickets: of a CSV file, or of the lines of an export.

A row is known again by its digest. One with a number that an earlier, other row had is left out and named: two systems
that count alike need two names.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from helpdesk_tui.desk.imports import Chunk, Link, Name, NewTicket, Reject
from helpdesk_tui.errors import Usage
from helpdesk_tui.language import _
from helpdesk_tui.rules.routing import is_address
from helpdesk_tui.rules.untrusted import clean_line, clean_text
from helpdesk_tui.store.finished import FinishedCustomer, FinishedMessage, FinishedTicket
from helpdesk_tui.store.queries.transfer import MESSAGE, NUMBER, ROW, known
from helpdesk_tui.store.schema import FIRST_QUEUE
from helpdesk_tui.terms import ENDED, Channel, MessageKind, Party, Person, Priority, Status
from helpdesk_tui.transfer import lines
from helpdesk_tui.transfer.mapping import Mapping as Words
from helpdesk_tui.transfer.moments import read_moment
from helpdesk_tui.transfer.options import Options
from helpdesk_tui.transfer.source import Found, RawMail
from helpdesk_tui.transfer.unfit import Unfit

_MOST_DIGITS = 19
_WAITS = {Status.WAITING_CUSTOMER: Party.THEM}


class RowImport:
    """Turns rows into chunks; `mapping` collects the words that mean nothing here."""

    def __init__(self, options: Options, mapping: Words, started_at: datetime, *, is_dry: bool = False) -> None:
        self.mapping = mapping
        #: The digests and numbers that a dry run has seen; the import finds them in the store.
        self._dry: tuple[set[str], set[str]] | None = (set(), set()) if is_dry else None
        self._options = options
        self._started_at = started_at
        self._zone = _zone(options.zone)
        self._queue = mapping.queue(options.queue) if options.queue else ""

    def chunk(self, session: Session, found: Sequence[Found]) -> Chunk:
        """What is to be written of these rows; those that are known are left out."""
        rejects: list[Reject] = []
        rows = [row for one in found if (row := self._row(one, rejects))]
        seen = set(known(session, self._options.system, ROW, [digest for _place, digest, _t, _links in rows]))
        numbers = set(known(session, self._options.system, NUMBER, [_number_there(row[2]) for row in rows]))
        if self._dry:
            self._dry[0].update(seen)
            self._dry[1].update(numbers)
            seen, numbers = self._dry
        tickets: list[NewTicket] = []
        links: list[Link] = []
        for place, digest, ticket, linked in rows:
            number = _number_there(ticket)
            if digest in seen:
                continue
            if number in numbers:
                rejects.append(Reject(place, _same_number(number)))
                continue
            seen.add(digest)
            numbers |= {number} - {""}
            links += [Link(len(tickets), field, other) for field, other in linked]
            tickets.append(ticket)
        return Chunk(found[-1].position, tickets, rejects=rejects, links=links)

    def _row(self, one: Found, rejects: list[Reject]) -> tuple[str, str, NewTicket, Sequence[tuple[str, int]]] | None:
        if one.thing is None or isinstance(one.thing, RawMail):
            rejects.append(Reject(one.place, one.reason))
            return None
        try:
            ticket, number, linked = self._read(one.thing)
        except Unfit as error:
            rejects.append(Reject(one.place, str(error)))
            return None
        digest = _digest(one.thing)
        names: list[Name] = [(ROW, digest)]
        names += [(NUMBER, number)] if number else []
        ids = tuple(((MESSAGE, said.message_id),) if said.message_id else () for said in ticket.messages)
        return one.place, digest, NewTicket(ticket, tuple(names), ids), linked

    def _read(self, thing: Mapping[str, str] | bytes) -> tuple[FinishedTicket, str, Sequence[tuple[str, int]]]:
        """The ticket, its number there, and the numbers of those it names."""
        if isinstance(thing, bytes):
            ticket, links = lines.read_line(thing, self.mapping, self._queue, self._started_at)
            return ticket, str(ticket.number), links
        return self._ticket(thing), clean_line(thing.get("number", ""), 60), ()

    def _ticket(self, row: Mapping[str, str]) -> FinishedTicket:
        """The ticket of a row of a table.

        Raises:
            Unfit: a cell makes no sense.
        """
        created_at, closed_at = self._moment(row, "created_at"), self._moment(row, "closed_at")
        if created_at is None:
            raise Unfit(_("created_at is empty."))
        person = _person(row)
        status = Status(self.mapping.find("status", row.get("status", "")) or _usual(closed_at))
        ended_at = (closed_at or created_at) if status in ENDED else None
        subject, body = clean_line(row["subject"]), clean_text(row.get("body", "")).strip()
        said = FinishedMessage(MessageKind.INBOUND, person, body, created_at, subject=subject)
        return FinishedTicket(
            subject=subject,
            requester=person,
            queue=self._queue or self.mapping.find("queue", row.get("queue", "")) or FIRST_QUEUE,
            created_at=created_at,
            updated_at=closed_at or created_at,
            messages=(said,) if body else (),
            number=_number(row.get("number", "").strip()),
            is_number_wished=True,
            status=status,
            priority=Priority(self.mapping.find("priority", row.get("priority", "")) or Priority.NORMAL),
            channel=Channel.IMPORT,
            category=self.mapping.find("category", row.get("category", "")),
            assignee=self.mapping.find("assignee", row.get("assignee", "")),
            tags=tuple(row.get("tags", "").replace(";", ",").split(",")),
            waiting_for=None if status in (*ENDED, Status.SOLVED) else _WAITS.get(status, Party.US),
            closed_at=ended_at,
            customer=FinishedCustomer(phones=tuple(filter(None, [clean_line(row.get("phone", ""), 60)]))),
        )

    def _moment(self, row: Mapping[str, str], column: str) -> datetime | None:
        cell = row.get(column, "").strip()
        found = read_moment(cell, self._zone, self._options.date_format) if cell else None
        if cell and found is None:
            raise Unfit(_("{column} is no date beyond doubt: {cell}.").format(column=column, cell=clean_line(cell, 60)))
        return found


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, LookupError) as error:
        raise Usage(
            _("{name} is no time zone.").format(name=clean_line(name, 60)), _("Use a name such as Europe/Berlin.")
        ) from error


def _usual(closed_at: datetime | None) -> Status:
    return Status.CLOSED if closed_at else Status.NEW


def _person(row: Mapping[str, str]) -> Person:
    address = clean_line(row["requester_email"], 320)
    if not is_address(address):
        raise Unfit(_("requester_email is no address: {cell}.").format(cell=address[:60] or "–"))
    return Person(clean_line(row.get("requester_name", ""), 200), address)


def _number(cell: str) -> int | None:
    """The number a ticket can keep here; others, such as INC-42, are only known as the old system's."""
    is_plain = cell.isascii() and cell.isdecimal() and len(cell) < _MOST_DIGITS and int(cell) > 0
    return int(cell) if is_plain else None


def _number_there(ticket: NewTicket) -> str:
    return next((name for kind, name in ticket.names if kind == NUMBER), "")


def _same_number(number: str) -> str:
    return _("Another ticket {number} was imported before; another system needs another name (--system).").format(
        number=number
    )


def _digest(thing: Mapping[str, str] | bytes) -> str:
    said = thing if isinstance(thing, bytes) else json.dumps(thing, sort_keys=True).encode()
    return hashlib.sha256(said).hexdigest()
