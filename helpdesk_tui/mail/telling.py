"""Telling a mail server what is filed, with patience where it refuses."""

from __future__ import annotations

import time

from helpdesk_tui.desk import mailroom
from helpdesk_tui.desk.door import Desk
from helpdesk_tui.errors import HelpdeskError, Temporary
from helpdesk_tui.mail.mailbox import Mailbox, RefusedForNow

#: Pauses after a refusal, in seconds: doubled each time up to the longest.
FIRST_PAUSE = 60.0
LONGEST_PAUSE = 3600.0


class Telling:
    """Flags or moves what is filed; a server that refuses is told again later, each time later.

    Mail comes in all the same, and the refusal stays among the problems of the mailbox until it is over.
    """

    def __init__(self, desk: Desk, mailbox: str) -> None:
        self._desk = desk
        self._mailbox = mailbox
        self._refusal = ""
        self._pause = FIRST_PAUSE
        self._again_at = float("-inf")

    def tell(self, box: Mailbox, numbering: int, uids: list[int]) -> None:
        """Tell the server of these mails, and remember that it was told.

        Args:
            numbering: under which number the store knows their uids.
        Raises:
            Temporary: the connection was lost.
        """
        if not uids:
            return
        if time.monotonic() >= self._again_at:
            self._try(box, uids)
        if self._refusal:
            if self._refusal not in box.problems:
                box.problems.append(self._refusal)
            return
        mailroom.mark_done(self._desk, self._mailbox, numbering, uids)

    def _try(self, box: Mailbox, uids: list[int]) -> None:
        try:
            box.done(uids)
        except HelpdeskError as error:
            if isinstance(error, Temporary) and not isinstance(error, RefusedForNow):
                raise
            self._refusal = f"{error.message} {error.hint}"
            self._again_at = time.monotonic() + self._pause
            self._pause = min(self._pause * 2, LONGEST_PAUSE)
        else:
            self._refusal, self._pause = "", FIRST_PAUSE
