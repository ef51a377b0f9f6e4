"""What is to be read of a mail: the best of its alternatives as clean text; all else becomes files."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from helpdesk_tui.language import _
from helpdesk_tui.mail import enclosed, tnef
from helpdesk_tui.mail.charsets import line, lines
from helpdesk_tui.mail.files import MOST_CODED, Found, content, declared_name, is_attached
from helpdesk_tui.mail.headers import skip_envelope
from helpdesk_tui.mail.structure import Part, read_structure
from helpdesk_tui.mail.texts import Spent, capped, plain_text, read_text, without_blank_ends

_PLACEHOLDER = re.compile(
    r"\bhtml\b.{0,200}\b(?:client|viewer|reader|program\w*|browser|support\w*|unterst\w+|anzeig\w+)", re.I | re.S
)
_LONGEST_PLACEHOLDER = 400
_LONGEST_BLANK = 8_000
_MOST_NAMED = 20
_MOST_STREAMS = 3
#: What is decoded of the files in one attached mail, whose words alone are shown.
_CODED_IN_MAILS = 2 * 1024 * 1024
_NEVER_TEXT = ("text/calendar", "text/vcard", "text/x-vcard", "text/csv", "text/rtf", "text/rfc822-headers")
_CALENDARS = ("text/calendar", "application/ics")
_MAILS = ("message/rfc822", "message/global")
_SEALED = ("application/pkcs7-mime", "application/x-pkcs7-mime")
_PACKED = ("application/ms-tnef", "application/vnd.ms-tnef")


@dataclass(slots=True)
class Body:
    """What a mail says and holds.

    Args:
        text: its words, clean; enclosed: what is read below them, a block each.
        files: the parts that are no words; notes: what was cut or could not be read.
        depth: in how many attached mails it lies; coded: what may still be decoded as files, in bytes.
    """

    text: str = ""
    enclosed: list[str] = field(default_factory=list)
    files: list[Part | Found] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    depth: int = 0
    coded: int = MOST_CODED
    _spent: Spent = field(default_factory=Spent)
    _texts: list[str] = field(default_factory=list)
    _packed: tnef.Unpacked | None = None
    _too_large: int = 0
    _cuts: dict[str, None] = field(default_factory=dict)

    def read(self, raw: bytes, root: Part) -> None:
        """Take in the words of the parts below `root`, and the rest as files."""
        pending = [(root, True)]
        while pending:
            part, is_first = pending.pop()
            if part.kind == "multipart/alternative":
                chosen = _chosen(raw, part)
                for leaf in (leaf for child in part.parts if child is not chosen for leaf in _files_in(child)):
                    self._attach(raw, leaf)
                pending += [(chosen, is_first)] if chosen else []
            elif part.parts:
                self._note_seal(part)
                pending += [(child, is_first and child is part.parts[0]) for child in reversed(part.parts)]
            elif _is_text(part, is_first):
                self._texts.append(read_text(raw, part, self._spent, self.files, self.notes))
            else:
                self._attach(raw, part)
        self.text = capped("\n\n".join(text for text in self._texts if text), self.notes)
        if self._packed and not self.text:
            self.text = without_blank_ends(lines(tnef.words(self._packed)))

    def _note_seal(self, part: Part) -> None:
        if part.kind == "multipart/signed":
            self.notes.append(_("The mail is signed; the signature was not verified."))
        elif part.kind == "multipart/encrypted":
            self.notes.append(_("The mail is encrypted with PGP; its content is kept as a file."))

    def _attach(self, raw: bytes, part: Part) -> None:
        """Take in a part as a file, or as what it encloses."""
        if not self._has_room(part):
            return
        if part.kind in _MAILS:
            self.files.append(part)
            self._enclose_mail(raw, part)
        elif part.kind in _PACKED or declared_name(part).lower() == "winmail.dat":
            self._unpack(raw, part)
        elif part.kind in _SEALED:
            self._unseal(raw, part)
        elif part.kind in _CALENDARS:
            self._enclose_calendar(raw, part)
        else:
            self.files.append(part)
            if part.kind in ("message/partial", "message/external-body"):
                self.notes.append(_("The mail holds only a piece or a reference; nothing was fetched."))

    def _has_room(self, part: Part) -> bool:
        """True where a file is decoded; one that is too large is named, and stays in the original."""
        size = part.end - part.start
        if size <= self.coded:
            self.coded -= size
            return True
        self._too_large += 1
        if self._too_large <= _MOST_NAMED:
            name = line(declared_name(part), 200) or part.kind
            text = _("{name} (about {n} MB) is only in the original: the mail is too large.")
            self.notes.append(text.format(name=name, n=max(1, round(size / 1024 / 1024))))
        elif self._too_large == _MOST_NAMED + 1:
            self.notes.append(_("More files are only in the original: the mail is too large."))
        return False

    def _enclose_mail(self, raw: bytes, part: Part) -> None:
        """Read the words of an attached mail; its own files stay in it."""
        if self.depth >= enclosed.DEEPEST or self._spent.mails >= enclosed.MOST_MAILS:
            self._cuts[_("Attached mails lie too deep or are too many; some are only kept as files.")] = None
            return
        self._spent.mails += 1
        if part.headers.first("content-transfer-encoding").strip().lower() in ("base64", "quoted-printable"):
            raw = content(raw, part)
            structure = read_structure(raw, skip_envelope(raw))
        else:
            structure = read_structure(raw, part.start, part.end)
        self._cuts |= dict.fromkeys(_("In an attached mail: {note}").format(note=note) for note in structure.notes)
        inner = self._inner(_CODED_IN_MAILS)
        inner.read(raw, structure.root)
        self.enclosed += [enclosed.attached_mail(structure.root.headers, inner.text), *inner.enclosed]

    def _inner(self, coded: int) -> Body:
        """What lies one deeper, within the limits of the whole mail."""
        return Body(depth=self.depth + 1, coded=coded, _spent=self._spent, _cuts=self._cuts)

    def _unpack(self, raw: bytes, part: Part) -> None:
        """Take in the files and messages that Outlook packed into one file."""
        self._spent.streams += 1
        stream = content(raw, part)
        unpacked = tnef.unpack(stream) if self._spent.streams <= _MOST_STREAMS else tnef.Unpacked(is_whole=False)
        if not unpacked.is_whole:
            self.files.append(Found(declared_name(part) or "winmail.dat", part.kind, stream))
            self.notes.append(_("Outlook packed the files of this mail into one; it is kept as winmail.dat."))
        self.files += unpacked.files
        self.enclosed += [enclosed.attached_message(one.sender, one.subject, one.words) for one in unpacked.messages]
        self._packed = self._packed or unpacked

    def _unseal(self, raw: bytes, part: Part) -> None:
        """Read the mail inside of opaque signed data; what is encrypted is kept as a file."""
        from helpdesk_tui.mail.sealed import signed_content

        der = content(raw, part)
        inside = signed_content(der)
        if not inside or self.depth >= enclosed.DEEPEST:
            self.files.append(Found(declared_name(part), part.kind, der))
            self.notes.append(_("The mail is signed or encrypted as a whole; its content is kept as a file."))
            return
        self.notes.append(_("The mail is signed; the signature was not verified."))
        inner = self._inner(self.coded)
        inner.read(inside, read_structure(inside, skip_envelope(inside)).root)
        self._texts.append(inner.text)
        self.enclosed += inner.enclosed
        self.notes += inner.notes
        self.files += [_taken_out(inside, file) for file in inner.files]

    def _enclose_calendar(self, raw: bytes, part: Part) -> None:
        calendar = content(raw, part)
        self.files.append(Found(declared_name(part), part.kind, calendar))
        summary = enclosed.calendar_summary(calendar, part.settings.get("charset", ""))
        if summary and summary not in self.enclosed:
            self.enclosed.append(summary)


def read_body(raw: bytes, root: Part) -> Body:
    """The words and the files of a mail."""
    body = Body()
    body.read(raw, root)
    body.notes += body._cuts
    return body


def _chosen(raw: bytes, part: Part) -> Part | None:
    """The alternative to read: plain text that says something, else HTML, else any text."""
    readable = [(child, _first_text(child)) for child in part.parts]
    plain = next((child for child, text in readable if text and text.kind == "text/plain"), None)
    html = next((child for child, text in readable if text and text.kind == "text/html"), None)
    if plain and (html is None or _says_something(raw, plain)):
        return plain
    return html or next((child for child, text in readable if text), None)


def _first_text(part: Part) -> Part | None:
    """The text that a reader of this alternative sees first."""
    while part.parts:
        part = next((child for child in part.parts if child.parts or child.kind.startswith("text/")), part.parts[0])
    return part if _is_text(part, True) else None


def _says_something(raw: bytes, part: Part) -> bool:
    text_part = _first_text(part)
    if text_part is None or text_part.end - text_part.start > _LONGEST_BLANK:
        return text_part is not None
    text = plain_text(raw, text_part, [], [])
    return bool(text) and not (len(text) <= _LONGEST_PLACEHOLDER and _PLACEHOLDER.search(text))


def _files_in(part: Part) -> list[Part]:
    """The parts below an alternative that was not chosen which are no other wording of the same."""
    files, pending = [], [part]
    while pending:
        part = pending.pop()
        pending += reversed(part.parts)
        if not part.parts and (not _is_text(part, True) or part.kind not in ("text/plain", "text/html")):
            files.append(part)
    return files


def _is_text(part: Part, is_first: bool) -> bool:
    if not part.kind.startswith("text/") or part.kind in _NEVER_TEXT or is_attached(part):
        return False
    return is_first or not declared_name(part)


def _taken_out(raw: bytes, file: Part | Found) -> Found:
    return file if isinstance(file, Found) else Found(declared_name(file), file.kind, content(raw, file))
