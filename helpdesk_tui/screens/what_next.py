"""What happens after sending: the ways that are offered, and the words beside *send*."""

from __future__ import annotations

from helpdesk_tui.desk.followups import USUAL_DAYS
from helpdesk_tui.language import _, ngettext
from helpdesk_tui.screens.phrases import status_word
from helpdesk_tui.terms import Status

#: The usual one first; None leaves the status as it is.
_STATUSES = (Status.WAITING_CUSTOMER, Status.SOLVED, Status.WAITING_OTHER, None)


def answer(then: Status | None, remind_in: int) -> str:
    """A way as a picker answers it: `solved/0`; `/3` leaves the status, and the ticket is back in 3 working days."""
    return f"{then or ''}/{remind_in}"


def taken(answered: str) -> tuple[Status | None, int]:
    """The status and the working days that an answer means."""
    status, _slash, days = answered.partition("/")
    return (Status(status) if status else None), int(days)


def statuses() -> list[tuple[str, str]]:
    """Every status that is usual, alone."""
    return [(answer(one, 0), _words(one)) for one in _STATUSES]


def coming_back() -> list[tuple[str, str]]:
    """Every such status with the usual numbers of working days."""
    return [(answer(one, days), f"{_words(one)}, {_back(days)}") for days in USUAL_DAYS for one in _STATUSES]


def then_words(then: Status | None, remind_in: int) -> str:
    """What is chosen: `then: waiting for the customer, back in 3 working days`."""
    return _("then: {then}").format(then=", ".join([_words(then), *([_back(remind_in)] if remind_in else [])]))


def _words(then: Status | None) -> str:
    return status_word(then) if then else _("unchanged")


def _back(days: int) -> str:
    return ngettext("back in {n} working day", "back in {n} working days", days)
