"""What `store.bulk` appends: tickets and messages as they shall stand, with names instead of ids."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from helpdesk_tui.terms import (
    Channel,
    DueKind,
    IncomingFile,
    MessageKind,
    Party,
    Person,
    Priority,
    Status,
    Verb,
)

#: Fields of a history's changes that name a message of the ticket.
OF_MESSAGES = frozenset({"message", "delivery_of", "letter", "note_left", "thanks"})
#: What says something of customers, messages and mail by their ids here, and means nothing elsewhere.
HERE_ALONE = frozenset(
    {
        "requester_id",
        "customer",
        "join",
        "merge",
        "merged",
        "aside",
        "link",
        "linked",
        "written",
        "split_off",
        "watcher",
        "opened",
        "reminder",
    }
)
#: For `FinishedMessage.sent_at`: it was sent when it was received.
AS_RECEIVED = datetime.max.replace(tzinfo=UTC)


def goes_along(told: Mapping[str, Any] | bool) -> bool:
    """True where calls or texts are somebody's: by whose each is, or, in what another desk handed out, by that word."""
    return told if isinstance(told, bool) else any(told.values())


@dataclass(frozen=True, slots=True)
class FinishedMail:
    """The bytes behind a message, kept as the mailroom keeps them. `mailbox` names where they are from."""

    content: bytes
    mailbox: str
    disposition: str
    received_at: datetime
    why_row: int | None = None
    why_reason: str = ""


@dataclass(frozen=True, slots=True)
class FinishedMessage:
    """A message as it shall stand; `token` is the one in its Message-ID, where it is a mail of this program."""

    kind: MessageKind
    sender: Person
    text: str
    at: datetime
    agent: str = ""
    subject: str = ""
    quoted: str = ""
    to: tuple[Person, ...] = ()
    message_id: str = ""
    references: tuple[str, ...] = ()
    files: tuple[IncomingFile, ...] = ()
    cc: tuple[Person, ...] = ()
    remarks: tuple[str, ...] = ()
    is_automatic: bool = False
    sent_at: datetime | None = AS_RECEIVED
    raw: FinishedMail | None = None
    token: str = ""
    call: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FinishedCustomer:
    """What is known of a requester beside name and address; written where they are new."""

    addresses: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    organization: str = ""
    fields: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class FinishedEvent:
    """What happened to a ticket elsewhere, to be read here.

    Args:
        changes: with names instead of ids; what names a message (OF_MESSAGES) counts the ticket's messages from 1.
    """

    at: datetime
    actor: str
    verb: str
    changes: Mapping[str, Sequence[Any]]


@dataclass(frozen=True, slots=True)
class FinishedTicket:
    """A ticket as it shall stand.

    Args:
        number: None draws one; with `is_number_wished` one is drawn also where it is taken.
        number_there: what another system called it; it is found by it.
        has_reminder: a timer watches over its due date.
    """

    subject: str
    requester: Person
    queue: str
    created_at: datetime
    updated_at: datetime
    messages: tuple[FinishedMessage, ...]
    number: int | None = None
    status: Status = Status.NEW
    priority: Priority = Priority.NORMAL
    channel: Channel = Channel.EMAIL
    category: str = ""
    assignee: str = ""
    tags: tuple[str, ...] = ()
    due_at: datetime | None = None
    waiting_for: Party | None = Party.US
    waiting_since: datetime | None = None
    closed_at: datetime | None = None
    summary: str | None = None
    is_number_wished: bool = False
    has_reminder: bool = True
    team: str = ""
    due_kind: DueKind = DueKind.AGREED
    snoozed_until: datetime | None = None
    is_spam: bool = False
    fields: tuple[tuple[str, str], ...] = ()
    customer: FinishedCustomer = FinishedCustomer()
    history: tuple[FinishedEvent, ...] = ()
    number_there: str = ""
    resolution: str | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a ticket stands after messages were appended to it."""

    status: Status
    waiting_for: Party | None
    waiting_since: datetime
    closed_at: datetime | None
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class MoreMessages:
    """Messages for a ticket that is there; `standing` None leaves it as it stands."""

    ticket_id: int
    messages: tuple[FinishedMessage, ...]
    standing: Standing | None = None


@dataclass(frozen=True, slots=True)
class Signed:
    """Under what a batch is written down: its id, whose it is, the verb of its events, and when."""

    batch_id: str
    actor_id: int | None
    verb: Verb
    now: datetime


@dataclass(frozen=True, slots=True)
class Appended:
    """What became of a finished ticket, or of messages for an old one: ids and number.

    Args:
        customer: the id of the requester where that is new with this ticket.
    """

    ticket_id: int
    number: int
    message_ids: tuple[int, ...]
    customer: int | None = None
