"""Who does something, what can be done, and what one is told of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What an agent may do beyond answering."""

    AGENT = "agent"
    LEAD = "lead"
    ADMIN = "admin"
    SYSTEM = "system"


class Verb(StrEnum):
    """Everything that can be done; each has one row in `rules.permissions`."""

    RECEIVE = "receive"
    CREATE = "create"
    ASSIGN = "assign"
    STATUS = "status"
    PRIORITY = "priority"
    CATEGORY = "category"
    QUEUE = "queue"
    TAG = "tag"
    DUE = "due"
    SUMMARY = "summary"
    REPLY = "reply"
    NOTE = "note"
    UNDO = "undo"
    REDO = "redo"
    DELIVERY = "delivery"
    RESEND = "resend"
    RESOLUTION = "resolution"
    REMIND = "remind"
    SNOOZE = "snooze"
    WATCH = "watch"
    LINK = "link"
    FORWARD = "forward"
    LOG_CALL = "log_call"
    UNMERGE = "unmerge"
    PART = "part"
    TEXTS = "texts"
    SHARED_TEXTS = "shared_texts"
    MACRO = "macro"
    TIMER = "timer"
    CONFIGURE = "configure"
    CALLBACK = "callback"
    CALL = "call"
    PLAN = "plan"
    HAND_OVER = "hand_over"
    IMPORT = "import"
    REQUESTER = "requester"
    ACCEPT = "accept"
    MERGE = "merge"
    CUSTOMER = "customer"
    JOIN = "join"
    SPLIT = "split"
    ASIDE = "aside"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who does something: an agent, or the system itself (poller, timers, rules)."""

    agent_id: int | None
    login: str
    name: str
    role: Role

    @property
    def is_system(self) -> bool:
        """True for poller, timers and rules."""
        return self.agent_id is None


SYSTEM = Actor(None, "system", "system", Role.SYSTEM)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a person is told after a verb.

    Args:
        text: one sentence; batch: what undo takes back; tickets: the numbers that were touched.
        is_final: whoever did it cannot take it back.
    """

    text: str
    batch: str
    tickets: tuple[int, ...] = ()
    is_final: bool = False
