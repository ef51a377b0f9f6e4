"""By what a mail is known again, wherever it is met a second time; two that only look alike are two."""

from __future__ import annotations

import hashlib
import re

from helpdesk_tui.terms import IncomingMail

#: What mail programs write into the header of a mail that they keep, and change later.
_KEPT = re.compile(rb"^(?:x-)?(?:status|keywords|uid|mozilla-[a-z-]+|content-length|lines):.*\n", re.I | re.M)


def digest_of(mail: IncomingMail, content: bytes) -> str:
    """Knows a mail again, also where a mail program has changed its status lines; not one that only has its id.

    Args:
        content: its bytes, by which a mail is known that has neither a Message-ID nor a date: the next one from the same
            form or scanner says the same.
    """
    if not is_datable(mail):
        header, blank, body = content.replace(b"\r\n", b"\n").partition(b"\n\n")
        return hashlib.sha256(_KEPT.sub(b"", header + b"\n") + blank + body.rstrip()).hexdigest()
    said = (mail.message_id, mail.sender.address, str(mail.sent_at), mail.subject, mail.text, mail.quoted)
    files = (hashlib.sha256(file.content).hexdigest() for file in mail.files)
    return hashlib.sha256("\0".join((*said, *files)).encode("utf-8", "replace")).hexdigest()


def is_datable(mail: IncomingMail) -> bool:
    """True for a mail that says which one it is: by a Message-ID, or by its date."""
    return bool(mail.message_id or mail.sent_at)


def says_same(text: str, quoted: str, other_text: str, other_quoted: str) -> bool:
    """True where two mails have the same words; what is quoted may stand elsewhere in one of them.

    Signs of quoting do not count: an mbox puts one before a line that begins with `From `.
    """
    return _words(text, quoted) == _words(other_text, other_quoted)


def _words(text: str, quoted: str) -> list[str]:
    return sorted(filter(None, (word.lstrip(">") for word in f"{text}\n{quoted}".split())))
