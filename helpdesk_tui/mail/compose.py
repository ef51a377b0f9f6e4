"""Writing a mail: the same letter always gives the same bytes, 7 bit, with CRLF line ends.

The fields of its head are written here and not by `email`: that decodes what looks like an encoded word (RFC 2047) in
a name or a subject, so that a line end hidden in one would start a field of its own, and it encodes long Message-IDs.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from email.header import Header
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, formataddr

from helpdesk_tui.desk.delivery import Letter
from helpdesk_tui.errors import Refused
from helpdesk_tui.language import _
from helpdesk_tui.mail.richtext import as_html
from helpdesk_tui.rules.untrusted import clean_line, clean_text
from helpdesk_tui.terms import Person

_POLICY = SMTP.clone(cte_type="7bit", max_line_length=78)
_LINE = 78
_LONGEST_ID = 900  # a line may have 998 characters, and an id cannot be folded
_PLAIN_TYPE = re.compile(r"(?!message/|multipart/)([\w.+-]+)/([\w.+-]+)((?:; (?:method|charset)=[\w-]+)*)", re.ASCII)
_ID = re.compile(r"[!-;=?-~]+")


def compose(letter: Letter) -> bytes:
    """The bytes of a mail.

    Raises:
        Refused: an address cannot stand in a mail.
    """
    fields = [("From", _people((letter.sender,))), ("To", _people(letter.to))]
    if letter.cc:
        fields.append(("Cc", _people(letter.cc)))
    fields += [
        ("Subject", _text(clean_line(letter.subject))),
        ("Date", [format_datetime(letter.written_at)]),
        ("Message-ID", [f"<{letter.message_id}>"]),
        *_thread(letter.references),
    ]
    if letter.reply_to:
        fields.append(("Reply-To", _people((letter.reply_to,))))
    if letter.is_automatic:
        what = "auto-replied" if letter.is_confirmation else "auto-generated"  # RFC 3834 §5
        fields += [("Auto-Submitted", [what]), ("X-Auto-Response-Suppress", ["All"])]
    return "".join(_folded(name, words) for name, words in fields).encode("ascii") + _body(letter)


def _thread(references: tuple[str, ...]) -> Iterator[tuple[str, list[str]]]:
    """Name the ancestors, so that the customer's mail program shows one conversation (RFC 5322 §3.6.4)."""
    if ids := [f"<{one}>" for one in references if _ID.fullmatch(one) and len(one) <= _LONGEST_ID]:
        yield "In-Reply-To", ids[-1:]
        yield "References", ids


def _people(people: Iterable[Person]) -> list[str]:
    """An address field in words that are not broken."""
    words: list[str] = []
    for person in people:
        if words:
            words[-1] += ","
        address = _address(person.address)
        name = clean_line(person.name, 200).replace("=?", "=_")  # some programs would decode it a second time
        if _is_plain(name) and len(name) < _LINE // 2:
            words.append(formataddr((name, address)) if name else address)
        else:
            words += [*_text(name, is_encoded=True), f"<{address}>"]
    return words


def _text(text: str, *, is_encoded: bool = False) -> list[str]:
    """A text in words; as encoded words where it has to be."""
    if not is_encoded and _is_plain(text):
        return text.split(" ")
    return Header(text, "utf-8", maxlinelen=_LINE - 3, header_name=" " * 12).encode(linesep="\n").split("\n ")


def _is_plain(text: str) -> bool:
    return text.isascii() and "=?" not in text and all(len(word) < _LINE for word in text.split(" "))


def _folded(name: str, words: list[str]) -> str:
    """A field, with line ends between words where it gets too long."""
    lines = [f"{name}:"]
    for word in words:
        if len(lines[-1]) + len(word) < _LINE or lines == [f"{name}:"]:
            lines[-1] += f" {word}"
        else:
            lines.append(f" {word}")
    return "\r\n".join(lines) + "\r\n"


def _body(letter: Letter) -> bytes:
    """The text and the files, with the fields that describe them."""
    mail = EmailMessage(_POLICY)
    text, quoted = clean_text(letter.text), clean_text(letter.quoted)
    mail.set_content("\n\n".join(filter(None, (text, quoted))) + "\n")
    if not letter.is_automatic and (page := as_html(text, quoted)):
        mail.add_alternative(page, subtype="html")
    for name, content_type, content in letter.files:
        found = _PLAIN_TYPE.fullmatch(content_type)
        maintype, subtype, more = found.groups() if found else ("application", "octet-stream", "")
        told = dict(one.split("=") for one in more.split("; ")[1:])
        file_name = clean_line(name, 200).replace("=?", "=_")  # as an encoded word it might bring line ends
        mail.add_attachment(content, maintype=maintype, subtype=subtype, filename=file_name, params=told)
    for number, part in enumerate(mail.walk()):
        if part.is_multipart():
            part.set_boundary(f"=_{number}_{letter.message_id.partition('.')[0]}")
    return mail.as_bytes()


def _address(address: str) -> str:
    try:
        Address(addr_spec=clean_line(address, 320))
        address.encode("ascii")
    except Exception as error:  # the library stumbles over odd addresses in ways of its own
        raise Refused(
            _("{address} cannot be written to.").format(address=clean_line(address, 80) or "<>"),
            _("Correct the address, then try again."),
        ) from error
    return clean_line(address, 320)
