"""What is known of mail: what it says, what others say of it, where it ends up."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from helpdesk_tui.terms.people import UNNAMED, Person


class Disposition(StrEnum):
    """The one visible fate of a mail."""

    NEW = "new"
    APPENDED = "appended"
    LINKED = "linked"
    DUPLICATE = "duplicate"
    OWN_COPY = "own_copy"
    ROBOT = "robot"
    BOUNCE = "bounce"
    FOLDED = "folded"
    QUARANTINED = "quarantined"


class MailGroupKind(StrEnum):
    """Why mails stand together as one entry."""

    BACKSCATTER = "backscatter"
    ROBOT = "robot"
    ALERT = "alert"
    FLOOD = "flood"


class Authenticity(StrEnum):
    """What the border server says about the sender (RFC 8601)."""

    PASS = "pass"
    NONE = "none"
    FAIL = "fail"


class OutboxState(StrEnum):
    """How far an outgoing mail has come; `withdrawn` is one that its sender took back in time."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    UNSURE = "unsure"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class IncomingFile:
    """An attachment of an incoming mail; `name` and `content_type` are cleaned, `content` is not."""

    name: str
    content_type: str
    content: bytes
    has_shorter_name: bool = False


class DeliveryAction(StrEnum):
    """What became of a mail on its way to one recipient (RFC 3464 §2.3.3), the worst first."""

    FAILED = "failed"
    DELAYED = "delayed"
    DELIVERED = "delivered"


@dataclass(frozen=True, slots=True)
class RecipientReport:
    """What a delivery report says of one recipient.

    Args:
        address: the one that was written to, also where a later one failed; may be empty.
        status: the enhanced status code (RFC 3463) such as `5.1.1`; may be empty.
        diagnostic: the server's words, cleaned; may be empty.
    """

    address: str
    action: DeliveryAction
    status: str = ""
    diagnostic: str = ""

    @property
    def is_permanent(self) -> bool:
        """True where no further attempt will be made."""
        return self.action is DeliveryAction.FAILED


@dataclass(frozen=True, slots=True)
class DeliveryReport:
    """What a delivery status notification says (RFC 3464): of the worst off recipient, and of each.

    Args:
        is_permanent: True for action `failed`, False for `delayed` and the like.
        recipient: the address that could not be reached; may be empty.
        status: the enhanced status code such as `5.1.1`; may be empty.
        diagnostic: the server's words, cleaned; may be empty.
        recipients: all that are told of, in the order of the report; empty where no address can be read.
    """

    is_permanent: bool
    recipient: str
    status: str
    diagnostic: str
    recipients: tuple[RecipientReport, ...] = ()

    @property
    def is_delivered(self) -> bool:
        """True where the mail has reached every recipient told of: such a report calls for nothing."""
        return bool(self.recipients) and all(one.action is DeliveryAction.DELIVERED for one in self.recipients)


@dataclass(frozen=True, slots=True)
class IncomingMail:
    """What `mail.parse` read from the bytes of one mail; every text is cleaned (`rules.untrusted`).

    Args:
        sender: the From mailbox; empty address where none can be read.
        has_strict_sender: From holds exactly one strictly valid mailbox (else it counts as unauthenticated).
        text: the new text; `quoted`: what was folded away (quote, signature), never lost.
        message_id, in_reply_to, references: without angle brackets, oldest ancestor first.
        delivered_to: addresses of Delivered-To and X-Original-To, then `to`, then `cc` decide the queue.
        sent_at: the sender's claim (aware, UTC), None where unreadable.
        auto_submitted: value of Auto-Submitted, lower case, without parameters; "" where missing.
        robot_signs: names of other headers that mark a robot (RFC 3834 and common practice).
        report: set where the mail is a delivery report.
        report_ids: the Message-IDs that a report or notice is about, the surest last: of the mails it embeds or
            quotes, behind those that these and the report itself refer to.
        notes: what was cut or could not be read, one sentence each.
        authenticity: what our own border server says about the sender; NONE where it says nothing.
        notice: `complaint` (RFC 5965) or `receipt` (RFC 8098) where the mail is one, else "".
        written_by: the Sender mailbox, who wrote in the name of another; resent_by: that of Resent-From, who passed the
            mail on unchanged (RFC 5322 §3.6.6). Both empty where missing.
        found_by: the words for the search, where its reader has cut them already (`rules.findable`).
    """

    sender: Person
    has_strict_sender: bool
    reply_to: tuple[Person, ...]
    to: tuple[Person, ...]
    cc: tuple[Person, ...]
    delivered_to: tuple[str, ...]
    subject: str
    text: str
    quoted: str
    message_id: str
    in_reply_to: tuple[str, ...]
    references: tuple[str, ...]
    sent_at: datetime | None
    auto_submitted: str
    robot_signs: tuple[str, ...]
    is_list: bool
    importance: str
    report: DeliveryReport | None
    report_ids: tuple[str, ...]
    files: tuple[IncomingFile, ...]
    notes: tuple[str, ...] = ()
    authenticity: Authenticity = Authenticity.NONE
    notice: str = ""
    written_by: Person = UNNAMED
    resent_by: Person = UNNAMED
    found_by: tuple[str, str, str] | None = None

    @property
    def ancestors(self) -> tuple[str, ...]:
        """The ids it goes on from, the oldest first: many programs name their parent in In-Reply-To alone (RFC 5322 §3.6.4)."""
        return (*self.references, *(one for one in self.in_reply_to if one not in self.references))


class Refusal(NamedTuple):
    """A recipient whom the mail server did not take: for good (5xx), or for now (4xx); `words` are its own."""

    address: str
    words: str
    is_final: bool


@dataclass(frozen=True, slots=True)
class OutgoingMail:
    """One mail as handed to a mail server; `content` is complete and ends in CRLF.

    `recipients` are those it has still to be handed over for: who has it already is not among them.
    """

    outbox_id: int
    envelope_from: str
    recipients: tuple[str, ...]
    message_id: str
    content: bytes


@dataclass(frozen=True, slots=True)
class FiledMail:
    """Where a mail ended up, and why.

    Args:
        ticket: number of the ticket it belongs to, None where it has none; linked_to: number of the other one.
        row, reason: the row of the decision table that decided, and its words; message: its id in the ticket's thread.
    """

    disposition: Disposition
    ticket: int | None
    message: int | None
    linked_to: int | None
    row: int
    reason: str
    raw_id: int | None = field(default=None)
