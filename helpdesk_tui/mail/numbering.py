"""Whether a server still gives its uids to the mails it gave them to (RFC 3501 §2.3.1.1 says that it must)."""

from __future__ import annotations

import logging
from collections.abc import Collection

from helpdesk_tui.desk.door import Desk
from helpdesk_tui.mail.mailbox import Mailbox
from helpdesk_tui.store.queries.mail import newest_numbering, received_by_uid

log = logging.getLogger(__name__)

#: So many of the newest known mails are looked at: what is given again are the uids given last.
_LOOKED_AT = 500


def numbering_of(desk: Desk, mailbox: str, box: Mailbox, uids: Collection[int]) -> int:
    """The number under which the store knows the uids of a folder; asks the server for dates, once a connection.

    It is the folder's UIDVALIDITY, or one above it that no server gives: where a uid stands for a mail of another
    date than before, all of them count as given anew. What was taken in before is then known by its content.
    """
    numbering = desk.ask(newest_numbering, mailbox, box.uidvalidity)
    known = desk.ask(received_by_uid, mailbox, numbering, sorted(uids)[-_LOOKED_AT:])
    if not known:
        return numbering
    now_there = box.ages(list(known))
    if all(known[uid] == received_at for uid, received_at in now_there.items()):
        return numbering
    log.warning("%s: the server gave numbers of mails to other mails; all are looked at anew", mailbox)
    return numbering + (1 << 32)
