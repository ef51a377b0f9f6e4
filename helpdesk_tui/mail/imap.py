"""A mailbox on an IMAP server (RFC 3501, with IDLE, MOVE and UIDPLUS where the server has them)."""

from __future__ import annotations

import contextlib
import re
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from functools import partial
from types import TracebackType
from typing import Any, Self, TypeVar

import imapclient
from imapclient.exceptions import (
    IMAPClientAbortError,
    IMAPClientError,
    IMAPClientReadOnlyError,
    ProtocolError,
)

from helpdesk_tui.config import MailboxSettings
from helpdesk_tui.errors import HelpdeskError, Temporary
from helpdesk_tui.language import _
from helpdesk_tui.mail import tls
from helpdesk_tui.mail.imap_after import move
from helpdesk_tui.mail.imap_login import PASSING, log_in
from helpdesk_tui.mail.imap_wire import IdleRefused, ImapClient
from helpdesk_tui.mail.mailbox import (
    MAX_MAIL_BYTES,
    FetchedMail,
    RefusedForNow,
    folder_after,
    in_batches,
    moment_of,
    received_at,
    too_large,
)

__all__ = ["FetchedMail", "ImapMailbox"]

_T = TypeVar("_T")

#: What can be the number of a mail or of a folder: 32 bits in RFC 3501, 63 bits with servers that are generous.
_MOST = 2**63 - 1
_UIDS_IN_A_COMMAND = 500  # a longer list meets the line limit of servers
_IDLE_SECONDS = 60.0
#: Where IDLE ends the connection within so many seconds, so many times in a row, it is not used any more.
_EARLY_SECONDS = 5.0
_MOST_CUT_IDLES = 2
_LOGOUT_SECONDS = 2
#: So many connections lost one after the other, with no mail between them, are not the fault of a mail.
_MOST_LOSSES = 10
_BYTES_REPR = re.compile(r"b(['\"])(.*)\1", re.DOTALL)
#: What reading a senseless answer may end in, besides the errors of imapclient.
_NONSENSE = (ValueError, LookupError, TypeError, AttributeError, ArithmeticError, RecursionError)


class ImapMailbox:
    """One folder on an IMAP server; after an error it can be entered again, and remembers what went wrong with it.

    A mail that the server will not hand over stops no other: it is asked for again alone, after all others, and
    named in `problems` where that is no use either. A lost connection is made anew for it.

    Raises, from every method:
        Temporary: the server cannot be reached, hung up, is too slow or talks nonsense.
        HelpdeskError: it refused (password, folder, flag), or its certificate is not accepted.
    """

    def __init__(self, settings: MailboxSettings) -> None:
        self.uidvalidity = 0
        self.problems: list[str] = []
        self.remarks: list[str] = []
        self._settings = settings
        self._target = folder_after(settings)
        self._place = _("Mailbox {name}").format(name=settings.name)
        self._stop = threading.Event()
        self._is_read_only = False
        self._certificate = ""
        self._can_idle = False
        self._cut_idles = 0
        self._suspects: dict[int, int] = {}
        self._left_out: set[int] = set()
        self._losses = 0
        self._client: Any = None

    def __enter__(self) -> Self:
        tls.check_address(self._place, self._settings.host, self._settings.port)
        context = tls.context(self._settings.ca_file)
        try:
            with self._speaking(_("connecting")):
                self._client = ImapClient(self._settings, context)
                if self._settings.security == "starttls":
                    self._client.starttls(context)
                tls.refuse_clear_text(self._client.wire.sock, self._place)
                self._certificate = tls.certificate_of(self._client.wire.sock)
                log_in(self._client, self._settings, self._place)
                self._can_idle = self._cut_idles < _MOST_CUT_IDLES and self._client.has_capability("IDLE")
            self._select()
        except BaseException as error:
            self.__exit__(type(error), error, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        client, self._client = self._client, None
        if client is None:
            return
        with contextlib.suppress(OSError, IMAPClientError, *_NONSENSE):
            if kind is None:
                client.wire.patience = _LOGOUT_SECONDS
                client.logout()
        with contextlib.suppress(OSError):
            client.shutdown()

    def uids(self) -> list[int]:
        """The mails in the folder now, ascending; opens it anew, for a folder made anew would look empty."""
        self.problems.clear()
        self.remarks.clear()
        self._select()
        listed = self._listed()
        text = _("{place}: the server gives a mail the number {uid}, which none can have; it was left where it is.")
        self.problems += [text.format(place=self._place, uid=uid) for uid in listed if not _can_be(uid)]
        return [uid for uid in listed if _can_be(uid)]

    def ages(self, uids: Sequence[int]) -> dict[int, datetime]:
        """When the server took each of these mails, as far as it says so."""
        aged: dict[int, datetime] = {}
        for some in _slices(uids):
            with self._speaking(_("asking for dates")):
                found = self._client.fetch(some, ["INTERNALDATE"])
                said = {uid: found[uid].get(b"INTERNALDATE") for uid in some if uid in found}
            aged.update((uid, at) for uid, moment in said.items() if (at := moment_of(moment)))
        return aged

    def fetch(self, uids: Sequence[int]) -> Iterator[list[FetchedMail]]:
        """These mails as the server holds them, within the limits of the settings; marks nothing as read."""
        self._losses = 0
        self._left_out.clear()
        self._suspects = {uid: self._suspects[uid] for uid in uids if uid in self._suspects}
        calm = [uid for uid in uids if uid not in self._suspects]
        for batch in in_batches(self._sizes(calm), self._settings.batch_count, self._settings.batch_bytes):
            if mails := self._twice([uid for uid, _size in batch], partial(self._fetch_batch, batch)):
                yield mails
        for uid in sorted(self._suspects, key=lambda uid: (self._suspects[uid], uid)):
            if mails := self._fetch_alone(uid):
                yield mails
        self._name_left_out()

    def done(self, uids: Sequence[int]) -> None:
        """Mark mails as read, move them, or leave them, as the settings say."""
        if self._settings.after == "leave" or self._is_read_only:
            return
        doing = _("marking mail as read")
        if self._target:
            doing = _("moving mail to {folder}").format(folder=self._target)
        for some in _slices(uids):
            with self._speaking(doing):
                if not (self._target and move(self._client, some, self._target)):
                    self._client.add_flags(some, [imapclient.SEEN], silent=True)
                    self._remark_unmoved()

    def wait(self, seconds: float) -> bool:
        """Wait for mail with IDLE, a minute at most; a server without IDLE gets a pause, and then may have some."""
        with self._speaking(_("waiting for mail")):
            has_news = self._client.wire.forget_news() or self._pause(seconds)
        if self._stop.is_set():
            self._stop.clear()
            return False
        return has_news

    def stop_waiting(self) -> None:
        """End `wait` soon, from any thread."""
        self._stop.set()

    def _select(self) -> None:
        folder = self._settings.folder
        with self._speaking(_("opening folder {folder}").format(folder=folder)):
            found = self._opened(folder)
            self._client.wire.forget_news()
        if not _can_be(found.get(b"UIDVALIDITY")):
            raise HelpdeskError(
                _("{place}: the server gives no lasting numbers to the mails in {folder}.").format(
                    place=self._place, folder=folder
                ),
                _("Choose another folder: without UIDVALIDITY mail would come in twice."),
            )
        if self.uidvalidity != found[b"UIDVALIDITY"]:
            self._suspects.clear()
        self.uidvalidity = found[b"UIDVALIDITY"]

    def _opened(self, folder: str) -> dict[bytes, Any]:
        """Open the folder to change it; one that can only be read is read (RFC 3501 §6.3.1)."""
        self._is_read_only = False
        if self._settings.after != "leave":
            with contextlib.suppress(IMAPClientReadOnlyError):
                return dict(self._client.select_folder(folder))
            self._is_read_only = True
            text = _("{place}: {folder} can only be read, so mail stays in it as it is.")
            self.remarks.append(text.format(place=self._place, folder=folder))
        return dict(self._client.select_folder(folder, readonly=True))

    def _remark_unmoved(self) -> None:
        text = _("{place}: {host} has neither MOVE nor UIDPLUS, so mail is marked as read and stays where it is.")
        words = text.format(place=self._place, host=self._settings.host)
        if self._target and words not in self.remarks:
            self.remarks.append(words)

    def _listed(self) -> list[int]:
        with self._speaking(_("looking for mail")):
            self._client.noop()
            self._client.wire.forget_news()
            return sorted(set(self._client.search(["ALL"])))

    def _sizes(self, uids: Sequence[int]) -> Iterator[tuple[int, int]]:
        for some in _slices(uids):
            yield from self._twice(some, partial(self._sizes_of, some))

    def _sizes_of(self, uids: list[int]) -> list[tuple[int, int]]:
        """Uid and size of those that are not too large."""
        with self._speaking(_("asking for sizes")):
            found = self._client.fetch(uids, ["RFC822.SIZE"])
            sizes = [(uid, int(found[uid][b"RFC822.SIZE"])) for uid in uids if self._has(found, uid, b"RFC822.SIZE")]
        for uid, size in sizes:
            if size > MAX_MAIL_BYTES:
                self.problems.append(f"{self._place}: " + too_large(f"UID {uid}", size))
        return [(uid, size) for uid, size in sizes if size <= MAX_MAIL_BYTES]

    def _fetch_batch(self, batch: list[tuple[int, int]]) -> list[FetchedMail]:
        uids = [uid for uid, _size in batch]
        announced = sum(size for _uid, size in batch)
        with self._speaking(_("fetching mail")), self._client.wire.expecting(2 * announced):
            found = self._client.fetch(uids, ["INTERNALDATE", "BODY.PEEK[]"])
            mails = [
                FetchedMail(self.uidvalidity, uid, received_at(found[uid].get(b"INTERNALDATE")), found[uid][b"BODY[]"])
                for uid in uids
                if self._has(found, uid, b"BODY[]")
            ]
        self._losses = 0
        return mails

    def _fetch_alone(self, uid: int) -> list[FetchedMail]:
        """A mail that came to grief together with others, or by itself; named where it does so again."""
        try:
            mails = self._fetch_batch(sizes) if (sizes := self._sizes_of([uid])) else []
        except HelpdeskError as error:
            text = _("{place}: UID {uid} was not handed over; it is asked for again later. {words}")
            self.problems.append(text.format(place=self._place, uid=uid, words=error.message))
            self._suspects[uid] += 1
            self._go_on_after(error)
            return []
        del self._suspects[uid]
        return mails

    def _twice(self, uids: Sequence[int], ask: Callable[[], list[_T]]) -> list[_T]:
        """Ask for something of these mails, at once again where that fails: so mails keep their order.

        Nothing, where that is no use either; then each of them is asked for alone, after all others.
        """
        for is_last in (False, True):
            try:
                return ask()
            except HelpdeskError as error:
                trouble = error
            if is_last:
                self._suspects.update((uid, self._suspects.get(uid, 0)) for uid in uids)
            self._go_on_after(trouble)
        return []

    def _go_on_after(self, error: HelpdeskError) -> None:
        """Make a lost connection anew, unless that is no use or we end; after a plain refusal it is as good as before."""
        if not isinstance(error, Temporary):
            return
        self._losses += 1
        if self._losses >= _MOST_LOSSES or self._stop.is_set():
            raise error
        before = self.uidvalidity
        self.__exit__(type(error), error, None)
        self.__enter__()
        if self.uidvalidity != before:
            raise Temporary(
                _("{place}: the folder has changed meanwhile.").format(place=self._place), _("It is tried again.")
            )

    def _has(self, found: dict[int, dict[bytes, Any]], uid: int, item: bytes) -> bool:
        """True where the server sent this item of a mail: it leaves out what is gone, and some other mails too."""
        is_there = found.get(uid, {}).get(item) is not None
        if not is_there:
            self._left_out.add(uid)
        return is_there

    def _name_left_out(self) -> None:
        """Name the mails that were left out although they are there."""
        if self._left_out:
            text = _("{place}: UID {uid} was left out by the server; it is asked for again later.")
            still_there = self._left_out.intersection(self._listed())
            self.problems += [text.format(place=self._place, uid=uid) for uid in sorted(still_there)]

    def _pause(self, seconds: float) -> bool:
        if self._can_idle:
            try:
                return self._idle(min(seconds, _IDLE_SECONDS))
            except IdleRefused:
                self._can_idle = False
        return not self._stop.wait(seconds)

    def _idle(self, seconds: float) -> bool:
        """Wait with IDLE, and count how often in a row that ended the connection at once."""
        begun = time.monotonic()
        try:
            has_news = bool(self._client.wire.wait_idle(seconds, self._stop))
        except (OSError, IMAPClientAbortError):
            self._cut_idles += time.monotonic() - begun < _EARLY_SECONDS
            raise
        self._cut_idles = 0
        return has_news

    @contextlib.contextmanager
    def _speaking(self, doing: str) -> Iterator[None]:
        """Turn whatever the network or the server does wrong into one of our errors."""
        try:
            yield
        except (OSError, IMAPClientError, *_NONSENSE) as error:
            raise self._explained(error, doing) from None

    def _explained(self, error: Exception, doing: str) -> HelpdeskError:
        host, words = self._settings.host, _words(error)
        if isinstance(error, OSError):
            return tls.explain(error, self._place, host, self._settings.port, self._certificate)
        said = {"place": self._place, "host": host, "doing": doing, "words": words}
        if isinstance(error, IMAPClientAbortError):
            return Temporary(_("{place}: {host} hung up: {words}.").format(**said), _("It is tried again."))
        if isinstance(error, ProtocolError) or not isinstance(error, IMAPClientError):
            return Temporary(_("{place}: {host} gave an answer without sense.").format(**said), _("It is tried again."))
        kind = RefusedForNow if any(code in words for code in PASSING) else HelpdeskError
        return kind(
            _("{place}: {doing}: {host} refused: {words}.").format(**said),
            _("Check the settings of this mailbox, and the rights of its account."),
        )


def _slices(uids: Sequence[int]) -> Iterator[list[int]]:
    return (list(uids[start : start + _UIDS_IN_A_COMMAND]) for start in range(0, len(uids), _UIDS_IN_A_COMMAND))


def _can_be(number: object) -> bool:
    return isinstance(number, int) and 0 < number <= _MOST


def _words(error: BaseException) -> str:
    """The server's words in an error of imapclient, which may quote them as bytes."""
    words = tls.words_of(error)
    quoted = _BYTES_REPR.fullmatch(words)
    return quoted[2] if quoted else words
