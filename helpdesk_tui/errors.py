"""What can go wrong, said to a person: what happened, and what to do about it."""

from __future__ import annotations


class HelpdeskError(Exception):
    """A failure that is part of the interface.

    Args:
        message: one sentence that says what is wrong and where.
        hint: one sentence that says what to do.
    """

    exit_code = 1

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class Usage(HelpdeskError):
    """The words of a command, a query or a setting are off."""

    exit_code = 2


class Temporary(HelpdeskError):
    """It may work later (EX_TEMPFAIL of sysexits.h): an MTA keeps the mail and tries again."""

    exit_code = 75


class NotFound(HelpdeskError):
    """The thing named does not exist, or the asker may not know that it does."""


class Refused(HelpdeskError):
    """The verb cannot be done here and now; nothing was changed."""


class MailUnreadable(HelpdeskError):
    """Neither a sender nor any text can be read from a mail."""


class QueryError(Usage):
    """A query cannot be understood.

    Args:
        position: offset in characters of the word that is wrong, from 0.
    """

    def __init__(self, message: str, hint: str, position: int) -> None:
        super().__init__(message, hint)
        self.position = position


class Overtaken(Refused):
    """Somebody else was there first; what was to be done would have been done without knowing that."""


class CannotUndo(Refused):
    """What was done last cannot be taken back; `batch` is its id, so that one can step over it."""

    def __init__(self, message: str, hint: str, batch: str) -> None:
        super().__init__(message, hint)
        self.batch = batch
