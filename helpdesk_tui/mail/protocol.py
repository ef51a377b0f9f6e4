"""The words between the reader of a mail and its parent; how they are written is `frames`."""

from __future__ import annotations

from dataclasses import dataclass

from helpdesk_tui.mail import frames
from helpdesk_tui.mail.authenticity import Trust
from helpdesk_tui.terms import IncomingMail

#: What a child says: it is ready, what it read, or why it read nothing.
READY, READ, UNREADABLE, BROKEN, NO_MEMORY = range(5)
#: Added to the mark of the last answer of a child that ends by itself.
LAST = 0x80


@dataclass(frozen=True, slots=True)
class Limits:
    """What one mail may take: seconds of the processor, and bytes of memory beyond what a child has at its start."""

    seconds: float = 2.0
    memory: int = 256 << 20


@dataclass(frozen=True, slots=True)
class Ours:
    """The addresses of our queues, by which no mail is found."""

    addresses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Greeting:
    """The first word of a child.

    Args:
        shape: how it understands what is said (`spoken`); a parent of another version would not understand its answers,
            nor it what the parent asks.
        is_short: this machine or account gives it less memory than a mail may take.
    """

    shape: str
    is_short: bool


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a mail was not read: the words for people, or the kind of what broke."""

    words: str


def spoken() -> str:
    """Knows everything that both say to each other."""
    return frames.shape(IncomingMail, Trust, Ours, Greeting, Refusal)
