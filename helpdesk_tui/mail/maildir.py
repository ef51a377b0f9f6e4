"""A mailbox that is a Maildir on this machine, and one that outgoing mail is put into for trying things out."""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import os
import socket
import stat
import threading
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from helpdesk_tui.config import MailboxSettings
from helpdesk_tui.errors import HelpdeskError, Usage
from helpdesk_tui.language import _
from helpdesk_tui.mail.mailbox import MAX_MAIL_BYTES, FetchedMail, folder_after, in_batches, received_at, too_large
from helpdesk_tui.mail.smtp import SendResult
from helpdesk_tui.rules.untrusted import clean_line
from helpdesk_tui.terms import OutboxState, OutgoingMail

_LOOK_SECONDS = 0.2
#: A change within one tick of the file system's clock after another one does not show.
_TICK_NS = 100_000_000
_NAME = 200
_FOLDERS = ("new", "cur")
_numbers = itertools.count()


class MaildirMailbox:
    """A Maildir; nothing in it is changed but a stored mail's name, which gets the flag S (seen).

    The uid is made from the part of the file's name that stays when flags change. Whatever is not a plain, readable
    file is left alone and named in `problems`.
    """

    def __init__(self, settings: MailboxSettings) -> None:
        self.uidvalidity = 1
        self.problems: list[str] = []
        self.remarks: list[str] = []
        self._settings = settings
        self._path = Path(settings.path).expanduser()
        self._place = _("Mailbox {name}").format(name=settings.name)
        self._files: dict[int, Path] = {}
        self._stop = threading.Event()
        self._seen_change = -1
        if folder_after(settings):
            raise Usage(
                _("{place}: mail in a Maildir is not moved.").format(place=self._place),
                _('Set after = "seen" or "leave".'),
            )

    def __enter__(self) -> Self:
        for folder in _FOLDERS:
            if not (self._path / folder).is_dir():
                raise HelpdeskError(
                    _("{place}: {path} is not a Maildir, and no file.").format(place=self._place, path=self._path),
                    _("Set path to the folder that holds cur, new and tmp, or to an mbox file."),
                )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._files.clear()

    def uids(self) -> list[int]:
        """The mails that are there, oldest first."""
        self.problems.clear()
        begun, changed = time.time_ns(), self._last_change()
        self._seen_change = changed if abs(begun - changed) > _TICK_NS else -1
        return list(self._scan())

    def ages(self, uids: Sequence[int]) -> dict[int, datetime]:
        """Nothing: a name is given once."""
        return {}

    def fetch(self, uids: Sequence[int]) -> Iterator[list[FetchedMail]]:
        """These mails, within the limits of the settings."""
        limit = self._settings.batch_bytes
        for batch in in_batches(self._sizes(uids), self._settings.batch_count, limit):
            if mails := [mail for uid, _size in batch if (mail := self._read(uid))]:
                yield mails

    def done(self, uids: Sequence[int]) -> None:
        """Mark mails as seen, or leave them, as the settings say."""
        if self._settings.after == "leave":
            return
        for file in self._found(uids).values():
            self._mark_seen(file)

    def wait(self, seconds: float) -> bool:
        """Wait until `new` changes, or has changed since the last `uids()`."""
        ends_at = time.monotonic() + seconds
        while (left := ends_at - time.monotonic()) > 0:
            if self._stop.wait(min(_LOOK_SECONDS, left)) or self._last_change() != self._seen_change:
                break
        if self._stop.is_set():
            self._stop.clear()
            return False
        return self._last_change() != self._seen_change

    def stop_waiting(self) -> None:
        """End `wait` soon, from any thread."""
        self._stop.set()

    def _last_change(self) -> int:
        with self._reaching():
            return (self._path / "new").stat().st_mtime_ns

    def _scan(self) -> dict[int, Path]:
        """Look which files are there, by uid, oldest first. `new` comes first: mail moves from there to `cur`."""
        aged: dict[int, tuple[int, str, Path]] = {}
        for folder in _FOLDERS:
            with self._reaching(), os.scandir(self._path / folder) as entries:
                for entry in entries:
                    if not entry.name.startswith(".") and (age := self._age(entry)) is not None:
                        aged[_uid(entry.name)] = (age, entry.name, Path(entry.path))
        self._files = {uid: file for uid, (_age, _name, file) in sorted(aged.items(), key=lambda item: item[1])}
        return self._files

    def _age(self, entry: os.DirEntry[str]) -> int | None:
        try:
            about = entry.stat(follow_symlinks=False)
        except FileNotFoundError:
            return None
        if stat.S_ISREG(about.st_mode):
            return about.st_mtime_ns
        self._leave(entry.name, _("not a plain file"))
        return None

    def _found(self, uids: Sequence[int]) -> dict[int, Path]:
        """The files of these mails, wherever they are now."""
        if not all(uid in self._files and self._files[uid].exists() for uid in uids):
            self._scan()
        return {uid: self._files[uid] for uid in uids if uid in self._files}

    def _sizes(self, uids: Sequence[int]) -> Iterator[tuple[int, int]]:
        for uid in self._found(uids):
            file = self._files.get(uid)  # `done` may have renamed it since the batch before
            try:
                size = file.lstat().st_size if file else 0
            except OSError:
                continue
            if file and size > MAX_MAIL_BYTES:
                self.problems.append(f"{self._place}: " + too_large(clean_line(file.name, _NAME), size))
            else:
                yield uid, size

    def _read(self, uid: int) -> FetchedMail | None:
        """The mail, or nothing where it is gone or cannot be read; a link put in its place is not followed."""
        if not (file := self._files.get(uid)):
            return None
        try:
            handle = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
            with open(handle, "rb") as opened:
                if not stat.S_ISREG(os.fstat(handle).st_mode):
                    raise OSError(_("not a plain file"))
                arrived_at = received_at(_moment(os.fstat(handle).st_mtime))
                return FetchedMail(self.uidvalidity, uid, arrived_at, opened.read())
        except FileNotFoundError:
            return None
        except OSError as error:
            self._leave(file.name, error.strerror or str(error))
            return None

    def _mark_seen(self, file: Path) -> None:
        name, _colon, flags = file.name.partition(":")
        if flags and not flags.startswith("2,"):
            return
        target = self._path / "cur" / f"{name}:2,{''.join(sorted({*flags[2:], 'S'}))}"
        if target == file or target.exists():
            return
        with self._reaching(), contextlib.suppress(FileNotFoundError):
            file.rename(target)
        self._files[_uid(file.name)] = target

    def _leave(self, name: str, why: str) -> None:
        self.problems.append(
            _("{place}: {file} was left alone: {why}.").format(
                place=self._place, file=clean_line(name, _NAME), why=clean_line(why)
            )
        )

    @contextlib.contextmanager
    def _reaching(self) -> Iterator[None]:
        """Say it in our words where the Maildir cannot be read or written."""
        try:
            yield
        except OSError as error:
            why = error.strerror or str(error)
            raise HelpdeskError(
                _("{place}: {path}: {why}.").format(place=self._place, path=self._path, why=why),
                _("Check the folder, its rights and its disk."),
            ) from None


class MaildirTransport:
    """Puts outgoing mail into a Maildir (made where missing), to try the program without a mail server."""

    def __init__(self, path: str) -> None:
        self._path = Path(path).expanduser()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None

    def send(self, mail: OutgoingMail) -> SendResult:
        """Write the mail to `tmp`, then show it in `new`; a full disk is a reason to try again."""
        name = f"{time.time_ns()}.P{os.getpid()}Q{next(_numbers)}.{_host()}"
        try:
            for folder in ("tmp", *_FOLDERS):
                (self._path / folder).mkdir(mode=0o700, parents=True, exist_ok=True)
            _write_durably(self._path / "tmp" / name, self._path / "new" / name, mail.content)
        except OSError as error:
            return SendResult(OutboxState.QUEUED, clean_line(f"{self._path}: {error.strerror or error}"))
        return SendResult(OutboxState.SENT)


def _uid(name: str) -> int:
    """63 bits of the digest of a file's lasting name: the same in every run."""
    digest = hashlib.sha256(os.fsencode(name.partition(":")[0])).digest()
    return int.from_bytes(digest[:8]) >> 1 or 1


def _moment(seconds: float) -> datetime | None:
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _host() -> str:
    return socket.gethostname().replace("/", r"\057").replace(":", r"\072")


def _write_durably(draft: Path, shown: Path, content: bytes) -> None:
    with open(draft, "xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.rename(shown)
    folder = os.open(shown.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
