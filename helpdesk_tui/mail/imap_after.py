"""What is done on an IMAP server with mail that is stored: it is put into another folder, by what the server can do."""

from __future__ import annotations

from typing import Any

import imapclient
from imapclient.exceptions import IMAPClientError


def move(client: Any, uids: list[int], folder: str) -> bool:
    """Move mails of the open folder into another one, which is made where the server asks for it (RFC 3501 §6.4.7).

    Returns:
        False, with nothing changed, where the server has neither MOVE (RFC 6851) nor UIDPLUS (RFC 4315): a plain
        EXPUNGE would take away what others marked.
    """
    if not (client.has_capability("MOVE") or client.has_capability("UIDPLUS")):
        return False
    try:
        _put_into(client, uids, folder)
    except IMAPClientError as error:
        if "[TRYCREATE]" not in str(error):
            raise
        client.create_folder(folder)
        _put_into(client, uids, folder)
    return True


def _put_into(client: Any, uids: list[int], folder: str) -> None:
    if client.has_capability("MOVE"):
        client.move(uids, folder)
        return
    client.copy(uids, folder)
    client.add_flags(uids, [imapclient.DELETED], silent=True)
    client.uid_expunge(uids)
