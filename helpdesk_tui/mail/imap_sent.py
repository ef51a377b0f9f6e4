"""The Sent folder of a mailbox: what we sent is put there, and found there where a server puts it by itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import imapclient

from helpdesk_tui.config import MailboxSettings
from helpdesk_tui.errors import HelpdeskError
from helpdesk_tui.language import _
from helpdesk_tui.mail.imap import ImapMailbox

#: Instead of a name: the folder that the server calls `\Sent` (RFC 6154).
AUTO = "auto"
_SENT = b"\\Sent"


class SentFolder(ImapMailbox):
    """The folder `sent_folder` of a mailbox; used in `with`, errors as of any mailbox."""

    def __init__(self, settings: MailboxSettings) -> None:
        super().__init__(replace(settings, folder=settings.sent_folder, after="leave"))

    def holds(self, message_id: str) -> bool:
        """True where a mail with this Message-ID lies there; the server is asked anew each time."""
        with self._speaking(_("looking into the Sent folder")):
            self._client.noop()
            return bool(self._client.search(["HEADER", "Message-ID", f"<{message_id}>"]))

    def add(self, content: bytes, sent_at: datetime) -> None:
        """Put a mail there, as read."""
        with self._speaking(_("putting a copy into the Sent folder")):
            self._client.append(self._settings.folder, content, [imapclient.SEEN], sent_at)

    def _opened(self, folder: str) -> dict[bytes, Any]:
        if folder == AUTO:
            self._settings = replace(self._settings, folder=self._found())
        return super()._opened(self._settings.folder)

    def _found(self) -> str:
        name = self._client.find_special_folder(_SENT)
        if not name:
            raise HelpdeskError(
                _("{place}: {host} names no folder for sent mail.").format(place=self._place, host=self._settings.host),
                _('Write its name: sent_folder = "Sent".'),
            )
        return str(name)
