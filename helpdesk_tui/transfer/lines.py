"""A ticket from its line in an export; the shape is told in docs/transfer.md, and written by `transfer.export`."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from helpdesk_tui.language import _
from helpdesk_tui.rules.untrusted import clean_line, clean_text
from helpdesk_tui.store.content import digest
from helpdesk_tui.store.finished import FinishedCustomer, FinishedMail, FinishedMessage, FinishedTicket
from helpdesk_tui.store.schema import FIRST_QUEUE
from helpdesk_tui.terms import (
    CallDirection,
    Channel,
    DueKind,
    IncomingFile,
    MessageKind,
    Party,
    Person,
    Priority,
    Status,
)
from helpdesk_tui.transfer.happened import known_moment, read_event, text_of
from helpdesk_tui.transfer.mapping import Mapping as Words
from helpdesk_tui.transfer.unfit import Unfit

#: What a ticket may say of others.
LINKS = ("merged_into", "split_from", "linked_to")
_FORMAT = 1


def read_line(
    line: bytes, words: Words, queue: str, started_at: datetime
) -> tuple[FinishedTicket, Sequence[tuple[str, int]]]:
    """The ticket of a line, and the numbers of the tickets it names.

    Args:
        queue: where it goes; "" where the line says so.
    Raises:
        Unfit: the line is none of an export, or what it says does not fit together.
    """
    try:
        told = json.loads(line, parse_constant=_refuse)
        if not isinstance(told, dict) or told.get("format") != _FORMAT:
            raise Unfit(_("It is no line of an export (format {n}).").format(n=_FORMAT))
        return _ticket(told, words, queue, started_at), [(name, told[name]) for name in LINKS if told.get(name)]
    except Unfit:
        raise
    except (ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RecursionError) as error:
        said = clean_line(f"{type(error).__name__}: {error}", 200)
        raise Unfit(_("It is no whole line of an export: {words}.").format(words=said)) from error


def _ticket(told: Mapping[str, Any], words: Words, queue: str, started_at: datetime) -> FinishedTicket:
    contents = _contents(told["contents"])
    requester = told["requester"]
    addresses = tuple(clean_line(one, 320) for one in requester["addresses"])
    due_at = _moment(told["due_at"])
    return FinishedTicket(
        subject=clean_line(told["subject"]),
        requester=Person(clean_line(requester["name"], 200), addresses[0] if addresses else ""),
        queue=queue or words.find("queue", told["queue"] or "") or FIRST_QUEUE,
        created_at=known_moment(told["created_at"]),
        updated_at=known_moment(told["updated_at"]),
        messages=tuple(_message(one, words, contents) for one in told["messages"]),
        number=int(told["number"]),
        status=Status(words.find("status", told["status"]) or Status.NEW),
        priority=Priority(words.find("priority", told["priority"]) or Priority.NORMAL),
        channel=Channel(told["channel"]),
        category=words.find("category", told["category"] or ""),
        assignee=words.find("assignee", told["assignee"] or ""),
        tags=tuple(map(text_of, told["tags"])),
        due_at=due_at,
        waiting_for=Party(told["waiting_for"]) if told["waiting_for"] else None,
        waiting_since=_moment(told["waiting_since"]),
        closed_at=_moment(told["closed_at"]),
        summary=clean_text(told["summary"]) if told["summary"] is not None else None,
        resolution=clean_line(told["resolution"], 300) if told.get("resolution") else None,
        is_number_wished=True,
        has_reminder=due_at is not None and due_at > started_at,
        team=words.find("team", told["team"] or ""),
        due_kind=DueKind(told["due_kind"] or DueKind.AGREED),
        snoozed_until=_moment(told["snoozed_until"]),
        is_spam=bool(told["is_spam"]),
        fields=_fields(told["fields"]),
        customer=FinishedCustomer(
            addresses,
            tuple(clean_line(one, 60) for one in requester["phones"]),
            clean_line(requester["organization"] or ""),
            _fields(requester["fields"]),
        ),
        history=tuple(map(read_event, told["history"])),
    )


def _message(told: Mapping[str, Any], words: Words, contents: Mapping[str, bytes]) -> FinishedMessage:
    mail = told["mail"]
    return FinishedMessage(
        kind=MessageKind(told["kind"]),
        sender=_person(told["from"]),
        text=clean_text(told["text"]),
        at=known_moment(told["received_at"]),
        agent=words.find("assignee", told["agent"] or ""),
        subject=clean_line(told["subject"]),
        quoted=clean_text(told["quoted"]),
        to=tuple(map(_person, told["to"])),
        message_id=clean_line(told["message_id"]),
        references=tuple(clean_line(one) for one in told["references"]),
        files=tuple(_file(one, contents) for one in told["files"]),
        cc=tuple(map(_person, told["cc"])),
        remarks=tuple(clean_text(one) for one in told["remarks"]),
        is_automatic=bool(told["is_automatic"]),
        sent_at=_moment(told["sent_at"]),
        raw=_mail(mail, contents) if mail else None,
        token=clean_line(told["token"] or "", 60),
        call=_call(told.get("call")),
    )


def _call(told: Mapping[str, Any] | None) -> dict[str, str]:
    """The facts of a call that was written down; {} for any other message."""
    if not told:
        return {}
    began, ended = (known_moment(told[name]).isoformat() for name in ("started_at", "ended_at"))
    direction = CallDirection(told["direction"]).value
    return {"direction": direction, "number": clean_line(told["number"], 60), "started_at": began, "ended_at": ended}


def _mail(told: Mapping[str, Any], contents: Mapping[str, bytes]) -> FinishedMail:
    return FinishedMail(
        content=contents[told["content"]],
        mailbox=clean_line(told["mailbox"], 200),
        disposition=clean_line(told["disposition"], 60),
        received_at=known_moment(told["received_at"]),
        why_row=int(told["why_row"]) if told["why_row"] is not None else None,
        why_reason=clean_line(told["why_reason"]),
    )


def _person(told: Sequence[str]) -> Person:
    name, address = told
    return Person(clean_line(name), clean_line(address))


def _file(told: Mapping[str, Any], contents: Mapping[str, bytes]) -> IncomingFile:
    return IncomingFile(clean_line(told["name"]), clean_line(told["content_type"]), contents[told["content"]])


def _contents(told: Mapping[str, str]) -> dict[str, bytes]:
    contents = {sha256: base64.b64decode(encoded, validate=True) for sha256, encoded in told.items()}
    if any(digest(kept) != sha256 for sha256, kept in contents.items()):
        raise Unfit(_("The bytes of a file or mail are not those that were exported."))
    return contents


def _fields(told: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    fields = {clean_line(name, 200): clean_text(value) for name, value in told.items()}
    if len(fields) < len(told):
        raise Unfit(_("It has a field twice."))
    return tuple(fields.items())


def _moment(told: str | None) -> datetime | None:
    return known_moment(told) if told else None


def _refuse(word: str) -> None:
    """NaN and Infinity, which no column holds."""
    raise ValueError(word)
