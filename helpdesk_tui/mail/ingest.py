"""Taking mail in, the same way for every source: keep the bytes, read them, file them."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import islice

from helpdesk_tui.desk import mailroom
from helpdesk_tui.desk.door import Desk
from helpdesk_tui.desk.mailroom import ArrivedMail, KeptMail
from helpdesk_tui.errors import HelpdeskError, Temporary
from helpdesk_tui.language import _
from helpdesk_tui.mail.authenticity import NOBODY, Trust
from helpdesk_tui.mail.protocol import Ours
from helpdesk_tui.mail.reader import NoRoom, Reading, Unread
from helpdesk_tui.mail.readers import Readers, Readings, lent
from helpdesk_tui.store import search
from helpdesk_tui.store.transaction import Unstorable, tried_again
from helpdesk_tui.terms import Disposition, FiledMail, IncomingMail

log = logging.getLogger(__name__)
#: The source of mail that is handed over by command; a mail handed over twice is known by it.
PIPE = "pipe"
#: So many mails are filed in one transaction, as far as they have been read: others wait for as long as it takes. To wait
#: for more at first costs time on several processors, to wait for fewer makes more transactions on one.
_AT_LEAST, _AT_MOST = 8, 25
#: What is kept of the text of a mail that could not be filed whole, in characters.
_BAREST_TEXT = 64 * 1024


def take_in(
    desk: Desk,
    mailbox: str,
    mails: Sequence[ArrivedMail],
    queue: str = "",
    to_queue: str = "",
    readers: Readers | None = None,
) -> list[FiledMail]:
    """Keep these mails, commit, then file each; one that was there before is a duplicate of its first self.

    Args:
        queue: where mail goes that names no queue's address; to_queue: where it goes in any case.
        readers: who reads them; without any, some are started for this call.
    """
    filed: dict[int, FiledMail] = {}
    contents, how = (mail.content for mail in mails), {"trust": _trust(desk, mailbox), "ours": _ours(desk)}
    with lent(readers) as own, own.begun(contents, **how) as readings:
        kept = tried_again(lambda: mailroom.keep(desk, mailbox, mails, to_queue or queue, is_chosen=bool(to_queue)))
        new = _new(kept, readings)
        with _memory_in_words():
            while some := _some(new, readings):
                filed |= _file_some(desk, some)
    return [filed.pop(one.raw_id) if one.raw_id in filed else _again(desk, one.raw_id) for one in kept]


def _new(kept: Sequence[KeptMail], readings: Iterator[Reading]) -> Iterator[tuple[int, Reading]]:
    """The mails to be filed, each once; reading them has begun before anybody knew which are new."""
    done = {one.raw_id for one in kept if one.is_filed}
    for one, reading in zip(kept, readings, strict=True):
        if one.raw_id not in done:
            done.add(one.raw_id)
            yield one.raw_id, reading


def _some(new: Iterator[tuple[int, Reading]], readings: Readings) -> list[tuple[int, Reading]]:
    """The next mails to be filed together; while they are, others are read."""
    some = list(islice(new, _AT_LEAST))
    while len(some) < _AT_MOST and readings.has_come() and (one := next(new, None)):
        some.append(one)
    return some


def file_one(desk: Desk, kept: KeptMail, content: bytes, readers: Readers | None = None) -> FiledMail:
    """File a mail that was kept just now, or say where its first self is."""
    return _again(desk, kept.raw_id) if kept.is_filed else file_kept(desk, kept.raw_id, content, readers)


def file_kept(desk: Desk, raw_id: int, content: bytes, readers: Readers | None = None) -> FiledMail:
    """Read and file one mail that is kept already. Only a mail that cannot be read goes to quarantine."""
    return _file(desk, raw_id, read_kept(desk, raw_id, content, readers))


def read_kept(desk: Desk, raw_id: int, content: bytes, readers: Readers | None = None) -> Reading:
    """What a kept mail says, by the word of the border server that its mailbox names."""
    trust = _trust(desk, desk.ask(mailroom.mailbox_of, raw_id))
    with lent(readers) as own, _memory_in_words():
        (reading,) = own.read([content], trust=trust, ours=_ours(desk))
    return reading


def _trust(desk: Desk, mailbox: str) -> Trust:
    """Whose word about senders counts in mail of this source."""
    if mailbox == PIPE:
        return Trust.of(desk.settings.pipe)
    named = (Trust.of(one) for one in desk.settings.mailboxes if one.name == mailbox)
    return next(named, NOBODY)


def _ours(desk: Desk) -> Ours:
    return Ours(tuple(sorted(desk.ask(search.own_addresses))))


def _file_some(desk: Desk, readings: Sequence[tuple[int, Reading]]) -> dict[int, FiledMail]:
    """File these in one transaction; where one of them fails, each in its own."""
    readable = [(raw_id, mail) for raw_id, mail in readings if isinstance(mail, IncomingMail)]
    filed: dict[int, FiledMail] = {}
    if len(readable) > 1:
        try:
            each = tried_again(lambda: mailroom.file_each(desk, readable))
            filed = {raw_id: one for (raw_id, _mail), one in zip(readable, each, strict=True)}
        except Exception as error:  # noqa: BLE001  which of them it was shows where each is filed in its turn
            log.info("some mails are filed one by one: %s", type(error).__name__)
    return filed | {raw_id: _file(desk, raw_id, one) for raw_id, one in readings if raw_id not in filed}


def _file(desk: Desk, raw_id: int, mail: Reading) -> FiledMail:
    if isinstance(mail, Unread):
        return mailroom.quarantine(desk, raw_id, mail.reason)
    try:
        return tried_again(lambda: mailroom.file(desk, raw_id, mail))
    except Exception as error:  # noqa: BLE001  a fault of ours in one mail must not stop the next one
        words = _why_not(raw_id, error)
    try:
        return mailroom.file(desk, raw_id, _barest(mail, words))
    except Exception as error:  # noqa: BLE001  the same; what can be read of it is filed all the same
        return mailroom.quarantine(desk, raw_id, _why_not(raw_id, error))


def _barest(mail: IncomingMail, words: str) -> IncomingMail:
    """Who, about what, in which words, and whether a machine wrote it; nothing else that could be in the way."""
    return replace(
        mail,
        text=mail.text[:_BAREST_TEXT],
        quoted="",
        to=(),
        cc=(),
        files=(),
        message_id="",
        in_reply_to=(),
        references=(),
        report_ids=(),
        found_by=None,
        notes=(_("{words} (Only its subject and text stand here; the original has all of it.)").format(words=words),),
    )


class _TooLittleMemory(Temporary):
    """There is not enough memory now to read a mail or to file it."""


@contextmanager
def _memory_in_words() -> Iterator[None]:
    """Say it where the memory is too small to hand a mail over."""
    try:
        yield
    except MemoryError:
        raise _too_little_memory() from None


def _too_little_memory() -> _TooLittleMemory:
    return _TooLittleMemory(
        _("There is not enough memory to file a mail."),
        _("It is kept, and filed as soon as there is. Close what else runs on this machine."),
    )


def _why_not(raw_id: int, error: Exception) -> str:
    """Why a mail could not be filed, in words; raises the error where waiting will help."""
    if isinstance(error, MemoryError):
        raise _too_little_memory() from None
    if isinstance(error, HelpdeskError):
        if not isinstance(error, Unstorable):
            raise error
        return error.message
    log.error("mail %d could not be filed: %s", raw_id, type(error).__name__)
    return _("It could not be filed whole ({kind}).").format(kind=type(error).__name__)


def file_left_over(desk: Desk, mailbox: str | None = None, readers: Readers | None = None) -> list[FiledMail]:
    """File what was kept and not filed, because a process ended in between.

    A mail for which the memory is too small goes on waiting, and holds up no other.
    """
    filed = []
    with lent(readers) as own:
        for raw_id in desk.ask(mailroom.unfiled, mailbox):
            try:
                filed.append(file_kept(desk, raw_id, desk.ask(mailroom.raw_content, raw_id), own))
            except (MemoryError, _TooLittleMemory, NoRoom):
                log.warning("mail %d waits: there is not enough memory to file it", raw_id)
    return filed


def retry_quarantined(
    desk: Desk, raw_ids: Sequence[int] | None = None, readers: Readers | None = None
) -> list[FiledMail]:
    """Read again what could not be read: all, or these; the rest stays in quarantine, with its new reason.

    A mail leaves quarantine when what it says is at hand; a process that ends in between leaves it to `file_left_over`.
    """
    filed = []
    with lent(readers) as own:
        for raw_id in desk.ask(mailroom.quarantined, raw_ids):
            reading = read_kept(desk, raw_id, desk.ask(mailroom.raw_content, raw_id), own)
            mailroom.release(desk, raw_id)
            filed.append(_file(desk, raw_id, reading))
    return filed


def _again(desk: Desk, raw_id: int) -> FiledMail:
    first = desk.ask(mailroom.filed, raw_id)
    return FiledMail(
        Disposition.DUPLICATE,
        first.ticket,
        first.message,
        None,
        0,
        _("These very bytes were taken in before."),
        first.raw_id,
    )
