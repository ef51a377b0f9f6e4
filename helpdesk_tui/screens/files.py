"""Attachments on this machine: saved under a safe name, or shown by a program where there is a display."""

from __future__ import annotations

import getpass
import os
import shlex
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from helpdesk_tui.errors import Refused
from helpdesk_tui.language import _
from helpdesk_tui.rules.links import may_be_opened
from helpdesk_tui.rules.safe_names import numbered, safe_name
from helpdesk_tui.rules.untrusted import clean_line

#: So many files of one name are told apart.
_MOST_ALIKE = 1000


class Openings:
    """What was handed to programs of the display; the files go when the app ends."""

    def __init__(self) -> None:
        self._folders: list[Path] = []

    def show(self, opener: str, name: str, pieces: Iterator[bytes]) -> None:
        """Hand a file to the opener, in a fresh folder of one's own; never by itself, only because a person asks.

        Raises:
            Refused: there is no display here, no place for a copy, or the opener cannot be started.
        """
        if reason := cannot_open():
            raise Refused(reason, "")
        try:
            folder = Path(tempfile.mkdtemp(prefix="helpdesk-"))  # 0700 by itself
            self._folders.append(folder)
            written = _written(folder, name, pieces, mode=0o400)
        except OSError as error:
            words = clean_line(error.strerror or str(error), 100)
            raise Refused(
                _("There is no place for a copy: {words}.").format(words=words), _("Save it elsewhere instead.")
            ) from error
        _start(opener, str(written))

    def close(self) -> None:
        """Remove what was shown."""
        for folder in self._folders:
            shutil.rmtree(folder, ignore_errors=True)
        self._folders.clear()


def open_link(opener: str, target: str) -> None:
    """Hand a link to the opener.

    Raises:
        Refused: it is no page and no address, there is no display here, or the opener cannot be started.
    """
    if not may_be_opened(target):
        raise Refused(_("Only pages (http, https) and addresses (mailto) are opened."), _("Copy it instead."))
    if reason := cannot_open():
        raise Refused(reason, _("Copy it instead."))
    _start(opener, target)


def cannot_open() -> str:
    """Why nothing can be shown by another program; "" where it can."""
    if os.environ.get("SSH_CONNECTION") or os.environ.get("SSH_TTY"):
        return _("You are on another machine (ssh), and its display is not yours.")
    has_display = os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY") or sys.platform == "darwin"
    return "" if has_display else _("There is no display here to open it on.")


def save(folder: str, name: str, pieces: Iterator[bytes]) -> Path:
    """Save a file under a name that is safe and that no file there has.

    Args:
        folder: "" is the one where the program was started.
    Raises:
        Refused: it cannot be written there.
    """
    try:
        return _written(Path(folder).expanduser() if folder else Path.cwd(), name, pieces, mode=0o600)
    except OSError as error:
        words = clean_line(error.strerror or str(error), 100)
        raise Refused(
            _("It cannot be saved in {folder}: {words}.").format(folder=clean_line(folder or ".", 100), words=words),
            _("Set downloads in [ui] to a folder of yours."),
        ) from error


def scp_line(path: Path) -> str:
    """A line that fetches a file from this machine, to be pasted into a shell on another one.

    It is quoted once: since OpenSSH 9.0 scp speaks SFTP, and no shell on this side reads the name (release notes, 2022).
    """
    return f"scp {shlex.quote(f'{getpass.getuser()}@{socket.gethostname()}:{path}')} ."


def _written(folder: Path, name: str, pieces: Iterator[bytes], *, mode: int) -> Path:
    """Write a new file; one that is there already, or a link of that name, is never written to."""
    wanted = safe_name(name)
    for number in range(1, _MOST_ALIKE):
        path = folder / numbered(wanted, number)
        try:
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        except FileExistsError:
            continue
        with os.fdopen(handle, "wb") as file:
            for piece in pieces:
                file.write(piece)
            os.fchmod(file.fileno(), mode)
        return path
    raise OSError(17, _("too many files of this name"))


def _start(opener: str, what: str) -> None:
    """Start a program that goes on by itself; a shell has no part in it."""
    command = shlex.split(opener)
    if not command:
        raise Refused(_("No opener is set."), _('Set opener in [ui], such as "xdg-open".'))
    no = subprocess.DEVNULL
    try:
        subprocess.Popen([*command, what], start_new_session=True, stdin=no, stdout=no, stderr=no)
    except OSError as error:
        words = clean_line(error.strerror or str(error), 100)
        raise Refused(_("{name} cannot be started: {words}.").format(name=command[0], words=words), "") from error
