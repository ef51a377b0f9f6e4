"""The words of tickets: enums that are also the words on screen."""

from __future__ import annotations

from enum import StrEnum


class Status(StrEnum):
    """Where a ticket stands. People read `open` as "in progress"; overdue is derived, never stored."""

    NEW = "new"
    OPEN = "open"
    WAITING_CUSTOMER = "waiting_customer"
    WAITING_OTHER = "waiting_other"
    SNOOZED = "snoozed"
    SOLVED = "solved"
    CLOSED = "closed"
    CANCELLED = "cancelled"


#: Statuses in which somebody still has something to do.
ACTIVE = (Status.NEW, Status.OPEN, Status.WAITING_CUSTOMER, Status.WAITING_OTHER, Status.SNOOZED)
#: Statuses that end a ticket for good; lists leave them out unless asked.
ENDED = (Status.CLOSED, Status.CANCELLED)


class Priority(StrEnum):
    """How urgent a ticket is; `rank` orders them."""

    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"
    URGENT = "urgent"

    @property
    def rank(self) -> int:
        """0 for low to 3 for urgent; what the store keeps."""
        return list(Priority).index(self)

    @classmethod
    def of_rank(cls, rank: int) -> Priority:
        """The priority stored as this rank."""
        return list(cls)[rank]


class Channel(StrEnum):
    """How a request came in."""

    EMAIL = "email"
    PHONE = "phone"
    WALK_IN = "walk_in"
    IMPORT = "import"


class MessageKind(StrEnum):
    """What a contribution to a ticket is."""

    INBOUND = "inbound"
    OUTBOUND = "outbound"
    NOTE = "note"
    CALL = "call"


class LinkKind(StrEnum):
    """What another ticket is to one."""

    RELATED = "related"
    PARENT = "parent"
    DUPLICATE = "duplicate"


class NoticeKind(StrEnum):
    """Why an agent is to look at a ticket."""

    MENTION = "mention"
    HANDOVER = "handover"
    REMINDER = "reminder"
    WATCHED = "watched"


class ResolutionRule(StrEnum):
    """Whether an agent is asked what solved a ticket."""

    ASKED = "asked"
    REQUIRED = "required"
    SKIPPED = "skipped"


class DueKind(StrEnum):
    """What is owed at `due_at`."""

    AGREED = "agreed"
    FIRST_RESPONSE = "first_response"
    NEXT_RESPONSE = "next_response"
    RESOLUTION = "resolution"


class Party(StrEnum):
    """Whom a ticket waits for."""

    US = "us"
    THEM = "them"


class CallState(StrEnum):
    """Where a wish to be called stands."""

    OPEN = "open"
    DONE = "done"
    CANCELLED = "cancelled"


class CallDirection(StrEnum):
    """Who called whom: `in`, the customer us."""

    IN = "in"
    OUT = "out"


class CallOutcome(StrEnum):
    """How a call ended; the keys 1 to 5 of the call card, in this order."""

    REACHED = "reached"
    NO_ANSWER = "no_answer"
    VOICEMAIL = "voicemail"
    WRONG_NUMBER = "wrong_number"
    LATER = "later"


class ImportState(StrEnum):
    """How far an import has come."""

    RUNNING = "running"
    DONE = "done"
    UNDONE = "undone"


class LoadState(StrEnum):
    """How much room a colleague has: all that others are told of it."""

    FREE = "free"
    NEARLY_FULL = "nearly full"
    FULL = "full"
    ABSENT = "absent"


class IndividualStats(StrEnum):
    """Whose figures may be seen: nobody's, each person's own, or, where that was agreed on, those of all by leads."""

    OFF = "off"
    OWN = "own"
    AGREEMENT = "agreement"
