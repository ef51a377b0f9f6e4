"""Mails of a source are read by several readers at once, while what came before them is written."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import replace

from helpdesk_tui.errors import HelpdeskError
from helpdesk_tui.mail.readers import Readers
from helpdesk_tui.transfer.source import Found, RawMail


def read_ahead(found: Iterable[Found], readers: Readers) -> Iterator[Found]:
    """The same things in the same order, the mails among them with what they say.

    Raises:
        HelpdeskError: the source cannot be read on; what it held before that has come.
    """
    ahead: deque[Found] = deque()
    trouble: list[HelpdeskError] = []
    for reading in readers.read(_mails(found, ahead, trouble)):
        yield from _others(ahead)
        one = ahead.popleft()
        if isinstance(one.thing, RawMail):
            yield replace(one, thing=replace(one.thing, reading=reading))
    yield from _others(ahead)
    for error in trouble:
        raise error


def _mails(found: Iterable[Found], ahead: deque[Found], trouble: list[HelpdeskError]) -> Iterator[bytes]:
    """The bytes of the mails; what was found is kept in order in `ahead`, and why there is no more in `trouble`."""
    try:
        for one in found:
            ahead.append(one)
            if isinstance(one.thing, RawMail):
                yield one.thing.content
    except HelpdeskError as error:
        trouble.append(error)


def _others(ahead: deque[Found]) -> Iterator[Found]:
    """What stands before the next mail."""
    while ahead and not isinstance(ahead[0].thing, RawMail):
        yield ahead.popleft()
