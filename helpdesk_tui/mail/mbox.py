"""A mailbox that is an mbox file on this machine; it is read, and never written to."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import stat
import threading
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, NamedTuple, Self

from helpdesk_tui.config import MailboxSettings
from helpdesk_tui.errors import HelpdeskError, Temporary, Usage
from helpdesk_tui.language import _
from helpdesk_tui.mail.dates import sent_at
from helpdesk_tui.mail.mailbox import FetchedMail, folder_after, in_batches, received_at, too_large
from helpdesk_tui.mail.mbox_file import MboxMail, NotMbox, mails_in, stretch_before

_LOOK_SECONDS = 0.2
#: What was written so lately may not be whole yet, where the writer takes no lock.
_FRESH_SECONDS = 2.0
#: So long one waits for who has the lock; a lock file of that age was forgotten by who made it.
_LOCK_SECONDS, _FORGOTTEN_SECONDS = 10.0, 300.0


class _Place(NamedTuple):
    start: int
    size: int


class MboxMailbox:
    """An mbox file, read on from where it was read to, and anew where it is another one before that place.

    A mail's uid is made from its content, so that it is the same wherever in the file it stands.
    """

    def __init__(self, settings: MailboxSettings) -> None:
        self.uidvalidity = 1
        self.problems: list[str] = []
        self.remarks: list[str] = []
        self._settings = settings
        self._path = Path(settings.path).expanduser()
        self._place = _("Mailbox {name}").format(name=settings.name)
        self._stop = threading.Event()
        self._seen: object = None
        self._forget()
        if folder_after(settings):
            raise Usage(
                _("{place}: mail in an mbox file is not moved.").format(place=self._place),
                _('Set after = "leave": the file is not written to.'),
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None

    def uids(self) -> list[int]:
        """The mails in the file, in its order."""
        self.problems.clear()
        self.remarks.clear()
        with self._opened() as file:
            about = os.fstat(file.fileno())
            self._seen = _state(about)
            if stretch_before(file, self._read_to) != self._before:
                self._forget()
                text = _("{place}: {path} is another file than before; it was read from its beginning.")
                self.remarks.append(text.format(place=self._place, path=self._path))
            try:
                self._read_on(file, about)
            except NotMbox:
                self._forget()
                self._read_on(file, about)
        return list(self._places)

    def ages(self, uids: Sequence[int]) -> dict[int, datetime]:
        """Nothing: a uid is what a mail says."""
        return {}

    def fetch(self, uids: Sequence[int]) -> Iterator[list[FetchedMail]]:
        """These mails, within the limits of the settings."""
        sizes = [(uid, self._places[uid].size) for uid in uids if uid in self._places]
        for batch in in_batches(sizes, self._settings.batch_count, self._settings.batch_bytes):
            with self._opened() as file:
                mails = [mail for uid, _size in batch if (mail := self._read(file, uid))]
            if mails:
                yield mails

    def done(self, uids: Sequence[int]) -> None:
        """Nothing: the file belongs to whoever writes it."""

    def wait(self, seconds: float) -> bool:
        """Wait until the file changes, or has changed since the last `uids()`."""
        ends_at = time.monotonic() + seconds
        while (left := ends_at - time.monotonic()) > 0:
            if self._stop.wait(min(_LOOK_SECONDS, left)) or self._has_changed():
                break
        if self._stop.is_set():
            self._stop.clear()
            return False
        return self._has_changed()

    def stop_waiting(self) -> None:
        """End `wait` soon, from any thread."""
        self._stop.set()

    def _forget(self) -> None:
        self._places: dict[int, _Place] = {}
        self._read_to = 0
        self._before = hashlib.sha256(b"").hexdigest()

    def _read_on(self, file: BinaryIO, about: os.stat_result) -> None:
        """Note where each mail stands behind what was read; the last one may have to wait until it is whole."""
        is_fresh = abs(time.time() - about.st_mtime) < _FRESH_SECONDS
        for mail in mails_in(file, self._read_to):
            if is_fresh and mail.end >= about.st_size:
                self._seen = None
                return
            if mail.content is None:
                self.problems.append(f"{self._place}: " + too_large(_("byte {n}").format(n=mail.start), mail.size))
            else:
                self._places.setdefault(_uid(mail.content), _Place(mail.start, len(mail.content)))
            self._read_to, self._before = mail.end, stretch_before(file, mail.end)

    def _read(self, file: BinaryIO, uid: int) -> FetchedMail | None:
        """The mail, or nothing where the file has another one in its place by now."""
        with contextlib.suppress(NotMbox):
            found = next(mails_in(file, self._places[uid].start), None)
            if found and found.content is not None and _uid(found.content) == uid:
                return FetchedMail(self.uidvalidity, uid, _arrived_at(found), found.content)
        return None

    def _has_changed(self) -> bool:
        with self._reaching():
            now = self._path.stat()
        if self._seen is None:
            return abs(time.time() - now.st_mtime) >= _FRESH_SECONDS
        return _state(now) != self._seen

    @contextlib.contextmanager
    def _opened(self) -> Iterator[BinaryIO]:
        """The file, while nobody writes to it who takes a lock."""
        with self._reaching():
            handle = os.open(self._path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with open(handle, "rb") as file:
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                raise self._wrong(_("not a plain file"))
            self._lock(handle)
            with self._reaching():
                try:
                    yield file
                except NotMbox:
                    raise self._wrong(_("it does not begin as an mbox file does")) from None

    def _lock(self, handle: int) -> None:
        """Lock it for reading; the file's end ends the lock.

        Raises:
            Temporary: somebody else has it.
        """
        ends_at = time.monotonic() + _LOCK_SECONDS
        while time.monotonic() < ends_at:
            with contextlib.suppress(BlockingIOError, PermissionError):
                fcntl.lockf(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
                if not self._is_locked_by_file():
                    return
                fcntl.lockf(handle, fcntl.LOCK_UN)
            if self._stop.wait(_LOOK_SECONDS):
                break
        raise Temporary(
            _("{place}: {path} is locked by another program.").format(place=self._place, path=self._path),
            _("It is tried again."),
        )

    def _is_locked_by_file(self) -> bool:
        with contextlib.suppress(OSError):
            return time.time() - os.stat(f"{self._path}.lock").st_mtime < _FORGOTTEN_SECONDS
        return False

    @contextlib.contextmanager
    def _reaching(self) -> Iterator[None]:
        """Say it in our words where the file cannot be read."""
        try:
            yield
        except OSError as error:
            raise self._wrong(error.strerror or str(error)) from None

    def _wrong(self, why: str) -> HelpdeskError:
        return HelpdeskError(
            _("{place}: {path}: {why}.").format(place=self._place, path=self._path, why=why),
            _("Check path, and who may read it."),
        )


def _uid(content: bytes) -> int:
    """63 bits of the digest of a mail: the same in every run."""
    return int.from_bytes(hashlib.sha256(content).digest()[:8]) >> 1 or 1


def _arrived_at(mail: MboxMail) -> datetime:
    """What the envelope says; it has no zone, and is taken to be in UTC as RFC 4155 wants it."""
    moment = sent_at(mail.envelope.decode("latin-1"))
    return received_at(moment if moment is None or moment.tzinfo else moment.replace(tzinfo=UTC))


def _state(about: os.stat_result) -> object:
    return about.st_dev, about.st_ino, about.st_size, about.st_mtime_ns, about.st_ctime_ns
