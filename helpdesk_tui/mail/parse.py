"""One mail from its bytes: pure, linear, and with an answer to every input.

Only where neither a sender nor a word nor a file can be read does it refuse; whatever else was cut or could not be
read is said in `IncomingMail.notes`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from helpdesk_tui.errors import MailUnreadable
from helpdesk_tui.language import _
from helpdesk_tui.mail import addresses, ids, notices, originals, reports, robots
from helpdesk_tui.mail.authenticity import NOBODY, Trust, authenticity
from helpdesk_tui.mail.body import Body, read_body
from helpdesk_tui.mail.charsets import decode, is_shortened, line, lines
from helpdesk_tui.mail.dates import sent_at
from helpdesk_tui.mail.files import MOST_CODED, incoming_files
from helpdesk_tui.mail.headers import LONGEST_VALUE, Headers, skip_envelope
from helpdesk_tui.mail.quotes import is_forward, split_quote
from helpdesk_tui.mail.structure import Part, read_structure
from helpdesk_tui.mail.texts import MOST_CHARACTERS
from helpdesk_tui.mail.words import decode_words
from helpdesk_tui.terms import DeliveryReport, IncomingFile, IncomingMail, Person

#: Within so many bytes a mail has its first line end.
_FIRST_LINES = 4_096
_MOST_BARE = 64 * 1024
_LONGEST_CLAIM = 60
#: A field shorter than this holds no more than the addresses or ids that are kept.
_SURELY_WHOLE = 1_500


@dataclass(frozen=True, slots=True)
class _Report:
    """What a mail says about another one, and the ids of that one."""

    told: DeliveryReport | None
    notice: str
    ids: tuple[str, ...]


def parse(raw: bytes, trust: Trust = NOBODY) -> IncomingMail:
    """What one mail says.

    Args:
        trust: whose word about the sender counts; nobody's by default.
    Raises:
        MailUnreadable: neither a sender nor any text can be read.
    """
    raw = _with_line_feeds(raw)
    structure = read_structure(raw, skip_envelope(raw))
    body = read_body(raw, structure.root)
    if not (body.text or body.files or body.enclosed):
        body.text = _bare_text(raw, structure.root)
    notes = structure.notes + body.notes + _cuts(structure.root.headers)
    mail = _mail(raw, structure.root, body, notes, trust)
    if not (mail.sender.address or mail.sender.name or mail.text or mail.quoted or mail.subject or mail.files):
        raise MailUnreadable(
            _("This mail has neither a sender nor any text that can be read."),
            _("Look at the original on the mail server; it was kept unchanged."),
        )
    return mail


def _mail(raw: bytes, root: Part, body: Body, notes: list[str], trust: Trust) -> IncomingMail:
    headers = root.headers
    subject = line(decode_words(headers.first("subject")))
    sender, has_strict_sender = _sender(headers, notes)
    files = incoming_files(raw, body.files) if body.files else ()
    about = _report(raw, root, sender, subject, body.text)
    message_id, claimed_at = ids.first_id(headers.first("message-id")), sent_at(headers.first("date"))
    notes += _shortened(headers, subject, sender, files) + _unreadable(headers, message_id, claimed_at)
    is_whole = about.told or about.notice or is_forward(subject)
    text, quoted = (body.text, "") if is_whole else split_quote(body.text)
    if about.notice == notices.COMPLAINT:
        text = "\n\n".join(filter(None, (notices.complaint(raw, root, body.text), text)))
    enclosed = [] if about.told or about.notice or root.kind == "multipart/report" else body.enclosed
    return IncomingMail(
        sender=sender,
        has_strict_sender=has_strict_sender,
        reply_to=_people(headers, "reply-to"),
        to=_people(headers, "to"),
        cc=_people(headers, "cc"),
        delivered_to=_delivered_to(headers),
        subject=subject,
        text="\n\n".join(part for part in (text, *enclosed) if part)[:MOST_CHARACTERS],
        quoted=quoted,
        message_id=message_id,
        in_reply_to=ids.ids_in(headers.first("in-reply-to")),
        references=ids.ids_in(headers.end_of("references")),
        sent_at=claimed_at,
        auto_submitted=robots.auto_submitted(headers),
        robot_signs=robots.robot_signs(headers, subject),
        is_list=robots.is_list(headers),
        importance=robots.importance(headers),
        report=about.told,
        report_ids=about.ids,
        files=files,
        notes=tuple(dict.fromkeys(notes)),
        notice=about.notice,
        authenticity=authenticity(headers, sender.address, is_strict=has_strict_sender, trust=trust),
        written_by=_person(headers, "sender"),
        resent_by=_person(headers, "resent-from"),
    )


def _bare_text(raw: bytes, root: Part) -> str:
    """What stands below the header, for a mail whose structure holds no words at all."""
    return lines(decode(raw[root.start : min(root.end, root.start + _MOST_BARE)])).strip() if root.parts else ""


def _with_line_feeds(raw: bytes) -> bytes:
    """Old Macintosh mails end their lines in bare CR; all others stay as they are."""
    head = raw[:_FIRST_LINES]
    return raw[:MOST_CODED].replace(b"\r", b"\n") if b"\r" in head and b"\n" not in head else raw


def _sender(headers: Headers, notes: list[str]) -> tuple[Person, bool]:
    sender, is_strict = addresses.sender(headers.every("from"))
    if headers.length("from") > LONGEST_VALUE:
        is_strict = False  # nobody knows who else is named behind what was read
    if headers.count("from") > 1:
        notes.append(_("The mail has more than one From line; the first was read."))
        is_strict = False
    if sender.address or sender.name:
        return sender, is_strict
    for name in ("Sender", "Return-Path"):
        sender, _is_strict = addresses.sender(headers.every(name.lower()))
        if sender.address:
            notes.append(_("The mail names no readable sender; {name} was read instead.").format(name=name))
            return sender, False
    return sender, False


def _person(headers: Headers, name: str) -> Person:
    return addresses.sender(headers.every(name))[0] if name in headers else Person("", "")


def _people(headers: Headers, name: str) -> tuple[Person, ...]:
    return addresses.people(_listed(headers, name)) if name in headers else ()


def _delivered_to(headers: Headers) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for name in ("delivered-to", "x-original-to"):
        room = LONGEST_VALUE
        for value in headers.every(name):
            room -= len(value)
            boxes = addresses.mailboxes(value) if room >= 0 else []
            found |= dict.fromkeys(box.person.address for box in boxes if box.person.address)
    return tuple(found)


def _listed(headers: Headers, name: str) -> str:
    """All values of an address field as one, without what is behind `LONGEST_VALUE` and the address cut there."""
    values = headers.every(name)
    text = values[0] if len(values) == 1 else ", ".join(values)
    if headers.total(name) <= LONGEST_VALUE:
        return text
    whole, comma, _rest = text[:LONGEST_VALUE].rpartition(",")
    return whole if comma else text[:LONGEST_VALUE]


def _report(raw: bytes, root: Part, sender: Person, subject: str, text: str) -> _Report:
    told = reports.delivery_report(raw, root, sender, subject, text)
    notice = "" if told else notices.notice(raw, root, sender, subject, text)
    is_about_a_mail = told is not None or bool(notice) or root.kind == "multipart/report"
    return _Report(told, notice, originals.original_ids(raw, root, text) if is_about_a_mail else ())


def _shortened(headers: Headers, subject: str, sender: Person, files: tuple[IncomingFile, ...]) -> list[str]:
    """One sentence for each name or line that is kept shorter than it came."""
    notes = []
    if is_shortened(subject) or headers.length("subject") > LONGEST_VALUE:
        notes.append(_("The subject is very long; the original has all of it."))
    if is_shortened(sender.name, addresses.LONGEST_NAME) or headers.length("from") > LONGEST_VALUE:
        notes.append(_("The sender's name is very long; the original has all of it."))
    if any(one.has_shorter_name for one in files):
        notes.append(_("A file's name is very long; the original has all of it."))
    return notes


def _unreadable(headers: Headers, message_id: str, claimed_at: datetime | None) -> list[str]:
    """One sentence for each field that is there and makes no sense; its claim is shown."""
    notes = []
    if not message_id and headers.first("message-id").strip("<> \t"):
        notes.append(_("The mail's own id cannot be kept; an answer that names nothing else will not find it."))
    if claimed_at is None and (claim := line(headers.first("date"), _LONGEST_CLAIM)):
        notes.append(_("The mail's date makes no sense: {claim}").format(claim=claim))
    return notes


def _cuts(headers: Headers) -> list[str]:
    """One sentence for everything in the header that is longer than what was read of it."""
    notes = [_("The header of the mail is very long; its end was not read.")] if headers.is_cut else []
    for name in ("To", "Cc", "Reply-To", "Delivered-To", "X-Original-To"):
        notes += _cut_of_addresses(headers, name) if headers.total(name.lower()) > _SURELY_WHOLE else []
    if headers.length("references") > _SURELY_WHOLE and headers.marks("references", "<") > ids.MOST_IDS:
        notes.append(_("References lists very many mails; only the last {limit} were read.").format(limit=ids.MOST_IDS))
    return notes


def _cut_of_addresses(headers: Headers, name: str) -> list[str]:
    count = headers.marks(name.lower(), ",") + headers.count(name.lower())
    if count > addresses.MOST_ADDRESSES:
        text = _("{name} lists about {n} addresses; only the first {limit} were read.")
        return [text.format(name=name, n=count, limit=addresses.MOST_ADDRESSES)]
    is_cut = headers.total(name.lower()) > LONGEST_VALUE
    return [_("{name} is very long; its end was not read.").format(name=name)] if is_cut else []
