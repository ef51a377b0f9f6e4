"""Mails from an mbox file of any kind, in constant memory (`mail.mbox_file` reads it)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

from helpdesk_tui.errors import Usage
from helpdesk_tui.language import _
from helpdesk_tui.mail.dates import sent_at
from helpdesk_tui.mail.ids import first_id
from helpdesk_tui.mail.mailbox import too_large
from helpdesk_tui.mail.mbox_file import MboxMail, NotMbox, mails_in, stretch_before
from helpdesk_tui.transfer.source import Found, RawMail, refuse_no_file, unreadable, where_to_go_on

_ID = re.compile(rb"^message-id[ \t]*:[ \t]*([^\r\n]{0,400})", re.I | re.M)


class Mbox:
    """An mbox file; `total` and positions are bytes.

    Raises:
        Usage: the file does not begin as an mbox does.
    """

    def __init__(self, path: Path, *, is_sent: bool = False) -> None:
        refuse_no_file(path)
        self._path = path
        self._is_sent = is_sent
        self.total = path.stat().st_size
        with open(path, "rb") as file:
            self._is_any(file)

    def read(self, position: Mapping[str, Any]) -> Iterator[Found]:
        """The mails behind a position.

        Raises:
            HelpdeskError: the file cannot be read.
        """
        try:
            with open(self._path, "rb") as file:
                for mail in mails_in(file, where_to_go_on(file, position)):
                    yield self._found(file, mail)
        except NotMbox:
            raise self._no_mbox() from None
        except OSError as error:
            raise unreadable(self._path, error) from error

    def _found(self, file: BinaryIO, mail: MboxMail) -> Found:
        position = {"byte": mail.end, "before": stretch_before(file, mail.end)}
        place = _place(mail)
        if mail.content is None:
            return Found(place, position, mail.end, None, too_large(place, mail.size))
        at = sent_at(mail.envelope.decode("latin-1"))
        return Found(place, position, mail.end, RawMail(mail.content, at, is_sent=self._is_sent))

    def _is_any(self, file: BinaryIO) -> None:
        try:
            next(mails_in(file), None)
        except NotMbox:
            raise self._no_mbox() from None

    def _no_mbox(self) -> Usage:
        return Usage(
            _("{path} is no mbox file: it does not begin with `From `.").format(path=self._path),
            _("A single mail is taken in by `helpdesk mail receive`, a folder of mails by `import maildir`."),
        )


def _place(mail: MboxMail) -> str:
    found = _ID.search(mail.header)
    message_id = first_id(found[1].decode("latin-1")) if found else ""
    at = _("byte {n}").format(n=mail.start)
    return f"{at} (<{message_id}>)" if message_id else at
