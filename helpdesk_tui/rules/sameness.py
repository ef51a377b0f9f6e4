"""By what a mail is known again, wherever it is met a second time."""

from __future__ import annotations

import hashlib

from helpdesk_tui.terms import IncomingMail


def digest_of(mail: IncomingMail) -> str:
    """Knows a mail again, also where a mail program has changed its status lines; not one that only has its id."""
    said = (mail.message_id, mail.sender.address, str(mail.sent_at), mail.subject, mail.text, mail.quoted)
    return hashlib.sha256("\0".join(said).encode("utf-8", "replace")).hexdigest()
