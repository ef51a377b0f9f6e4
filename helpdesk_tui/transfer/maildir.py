"""Mails from a Maildir with all its folders, or from a folder of `.eml` files; nothing in it is changed.

Folders are those of Maildir++ (`.Sub.folder`, in modified UTF-7 as IMAP servers write them) and plain ones below; flags
are R (answered), F (flagged), D (draft), T (trashed): drafts and trash are left out and named, and so is a folder that
is a link or cannot be read.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import stat
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from imapclient.imap_utf7 import decode

from helpdesk_tui.errors import Usage
from helpdesk_tui.language import _
from helpdesk_tui.mail.mailbox import MAX_MAIL_BYTES, too_large
from helpdesk_tui.rules.untrusted import clean_line
from helpdesk_tui.transfer.source import Found, RawMail, unreadable

_DELIVERED = re.compile(r"\d{9,11}(?=[.,_])")
#: What folders are called, as `_folded` writes them.
_SENT = frozenset(
    {"sent", "sent items", "sent messages", "sent mail", "gesendet", "gesendete elemente", "gesendete objekte"}
)
_UNWANTED = frozenset({"trash", "deleted items", "deleted messages", "papierkorb", "gelöschte elemente", "drafts"})
_UNWANTED |= {"gelöschte objekte", "entwürfe", "junk", "junk email", "junk e mail", "spam"}
_INBOX = "INBOX"
_NAME = 200


@dataclass(frozen=True, slots=True, order=True)
class _File:
    """A mail's file, in the order of arrival; `name` is the part that stays when flags change.

    Args:
        place: where it stands, by its lasting name; problem: why it cannot be read, of a whole folder too.
    """

    seconds: int
    folder: str
    name: str
    path: str
    flags: str
    place: str
    problem: str = ""

    @property
    def key(self) -> bytes:
        """Knows the file again."""
        return repr((self.seconds, self.folder, self.name)).encode()


class Maildir:
    """A Maildir; `total` and positions count its files in the order of their arrival."""

    def __init__(self, path: Path, *, is_sent: bool = False) -> None:
        try:
            is_folder = path.is_dir()
        except OSError as error:
            raise unreadable(path, error) from error
        if not is_folder:
            raise Usage(_("There is no folder {path}.").format(path=path), _("Name a Maildir: it holds cur and new."))
        self._is_sent = is_sent
        try:
            os.scandir(path).close()
            self._files = sorted(_files(path))
        except OSError as error:
            raise unreadable(path, error) from error
        self.total = len(self._files)
        if not self._files and not _is_maildir(path):
            raise Usage(
                _("{path} is no Maildir, and holds no .eml files.").format(path=path),
                _("Name the folder that holds cur and new."),
            )

    def read(self, position: Mapping[str, Any]) -> Iterator[Found]:
        """The mails behind a position, the oldest first."""
        start = int(position.get("files", 0))
        start = start if _knows(self._files[:start]).hexdigest() == position.get("before") else 0
        before = _knows(())
        for done, file in enumerate(self._files, 1):
            before.update(file.key)
            if done > start:
                thing, reason = self._thing(file)
                yield Found(file.place, {"files": done, "before": before.hexdigest()}, done, thing, reason)

    def _thing(self, file: _File) -> tuple[RawMail | None, str]:
        """The mail, or why there is none."""
        if file.problem:
            return None, file.problem
        parts = {_folded(part) for part in re.split(r"[./]", file.folder)}
        if "T" in file.flags or "D" in file.flags or parts & _UNWANTED:
            return None, _("It is a draft, or was thrown away.")
        try:
            content = _content(file.path)
        except OSError as error:
            return None, _("It cannot be read: {words}.").format(words=error.strerror or clean_line(str(error)))
        if content is None:
            return None, too_large(clean_line(file.name, _NAME), os.path.getsize(file.path))
        mail = RawMail(
            content,
            datetime.fromtimestamp(file.seconds, UTC) if file.seconds else None,
            file.folder,
            is_sent=self._is_sent or bool(parts & _SENT),
            is_flagged="F" in file.flags,
            is_answered="R" in file.flags,
        )
        return mail, ""


def _knows(files: Iterable[_File]) -> hashlib._Hash:
    return hashlib.sha256(b"".join(file.key for file in files))


def _is_maildir(path: Path) -> bool:
    return (path / "cur").is_dir() or (path / "new").is_dir()


def _files(root: Path) -> Iterator[_File]:
    """All mails below a folder, and the folders that were not looked into; links are not followed."""
    unread: list[OSError] = []
    for folder, below, names in os.walk(root, onerror=unread.append):
        below[:] = [name for name in below if name != "tmp"]
        where = Path(folder)
        links = [where / name for name in below if (where / name).is_symlink()]
        yield from (_closed(root, link, _("It is a link to a folder, which is not followed.")) for link in links)
        if where.name in ("cur", "new") and _is_maildir(where.parent):
            yield from (_file(root, where.parent, where / name) for name in names if name[:1] != ".")
        else:
            yield from (_file(root, where, where / name) for name in names if name.lower().endswith(".eml"))
    for error in unread:
        reason = _("The folder cannot be read: {words}.").format(words=error.strerror or type(error).__name__)
        yield _closed(root, Path(error.filename), reason)


def _file(root: Path, mailbox: Path, path: Path) -> _File:
    lasting, _colon, info = path.name.partition(":")
    delivered = _DELIVERED.match(path.name)
    seconds = int(delivered[0]) if delivered else int(max(os.lstat(path).st_mtime, 0))
    flags = info[2:] if info.startswith("2,") else ""
    place = _relative(root, mailbox / lasting)
    return _File(seconds, _folder(root, mailbox), _storable(lasting), str(path), flags, place)


def _closed(root: Path, path: Path, problem: str) -> _File:
    """A folder that is not looked into."""
    return _File(0, _folder(root, path), "", str(path), "", _relative(root, path), problem)


def _folder(root: Path, mailbox: Path) -> str:
    """A folder as people call it."""
    name = os.path.relpath(mailbox, root).lstrip(".") or _INBOX
    with contextlib.suppress(ValueError):  # it is no modified UTF-7, and called as it is written
        name = decode(name.encode("ascii"))
    return _storable(name)


def _relative(root: Path, path: Path) -> str:
    return clean_line(os.path.relpath(path, root), _NAME)


def _folded(name: str) -> str:
    """A folder's name as the lists above have it, whoever wrote it."""
    return unicodedata.normalize("NFC", name.replace("_", " ").replace("-", " ").casefold())


def _storable(part: str) -> str:
    """A part of a name without what no column holds."""
    return part.encode("utf-8", "backslashreplace").decode()


def _content(path: str) -> bytes | None:
    """The bytes of a plain file, None where they are more than a mail may have; a link is not followed."""
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with open(handle, "rb") as opened:
        about = os.fstat(handle)
        if not stat.S_ISREG(about.st_mode):
            raise OSError(_("not a plain file"))
        return None if about.st_size > MAX_MAIL_BYTES else opened.read()
