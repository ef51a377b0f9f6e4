"""What is to be read of a mail: the best of its alternatives as clean text; all else becomes files."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from helpdesk_tui.language import _
from helpdesk_tui.mail import charsets
from helpdesk_tui.mail.files import content, declared_name, is_attached
from helpdesk_tui.mail.structure import Part

MOST_CHARACTERS = 1_000_000

_PLACEHOLDER = re.compile(
    r"\bhtml\b.{0,200}\b(?:client|viewer|reader|program\w*|browser|support\w*|unterst\w+|anzeig\w+)", re.I | re.S
)
_LONGEST_PLACEHOLDER = 400
_LONGEST_BLANK = 8_000
_META_CHARSET = re.compile(rb"<meta[^>]{1,200}?charset\s*=\s*[\"']?([\w:-]{1,40})", re.I)
_NEVER_TEXT = ("text/calendar", "text/vcard", "text/x-vcard", "text/csv", "text/rtf", "text/rfc822-headers")
_SEALED = ("application/pkcs7-mime", "application/x-pkcs7-mime", "application/pgp-encrypted")


@dataclass(slots=True)
class _Spent:
    """What was read of all texts of a mail: they share one limit, or a mail of many parts would take many times as long.

    Args:
        characters: of the texts as they are shown; html_characters, tokens: of HTML as it came.
    """

    characters: int = 0
    html_characters: int = 0
    tokens: int = 0


@dataclass(slots=True)
class Body:
    """What a mail says and holds.

    Args:
        text: its words, clean; files: the parts that are no words; notes: what was cut or could not be read.
    """

    text: str = ""
    files: list[Part] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def read_body(raw: bytes, root: Part) -> Body:
    """The words and the files of a mail."""
    body = Body()
    if root.kind == "text/plain" and not is_attached(root):
        texts = [plain_text(raw, root, body.notes)]
    else:
        texts = _texts(raw, root, body)
    body.text = _capped("\n\n".join(text for text in texts if text), body.notes)
    return body


def plain_text(raw: bytes, part: Part, notes: list[str]) -> str:
    """A text part as clean text."""
    text = charsets.lines(_capped(_decoded(raw, part, notes), notes))
    if part.settings.get("format", "").lower() == "flowed":
        from helpdesk_tui.mail.flowed import unflow

        text = unflow(text, drops_space=part.settings.get("delsp", "").lower() == "yes")
    return _without_blank_ends(text)


def _texts(raw: bytes, root: Part, body: Body) -> list[str]:
    """Every text to show, in order; the other parts are noted as files."""
    texts: list[str] = []
    spent = _Spent()
    pending = [(root, True)]
    while pending:
        part, is_first = pending.pop()
        if part.kind == "multipart/alternative":
            chosen = _chosen(raw, part)
            body.files += [leaf for child in part.parts if child is not chosen for leaf in _files_in(child)]
            pending += [(chosen, is_first)] if chosen else []
        elif part.parts:
            pending += [(child, is_first and child is part.parts[0]) for child in reversed(part.parts)]
        elif _is_text(part, is_first):
            texts.append(_read(raw, part, spent, body.notes))
        else:
            _attach(body, part)
    return texts


def _attach(body: Body, part: Part) -> None:
    body.files.append(part)
    if part.kind in _SEALED:
        body.notes.append(_("The mail is signed or encrypted as a whole; its content is kept as a file."))
    elif part.kind == "application/ms-tnef":
        body.notes.append(_("Outlook packed the files of this mail into one; it is kept as winmail.dat."))
    elif part.kind in ("message/partial", "message/external-body"):
        body.notes.append(_("The mail holds only a piece or a reference; nothing was fetched."))


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
    text = plain_text(raw, text_part, [])
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


def _read(raw: bytes, part: Part, spent: _Spent, notes: list[str]) -> str:
    """The words of a part; none once those before it fill the text that is kept."""
    if spent.characters >= MOST_CHARACTERS:
        notes.append(_("The text of the mail is very long; its end is only in the original."))
        return ""
    if part.kind == "text/html":
        text = _html_text(raw, part, spent, notes)
        spent.characters += len(text)
    else:
        text = plain_text(raw, part, notes)
        # What a text loses when it is cleaned has been read too.
        spent.characters += max(len(text), min(MOST_CHARACTERS, part.end - part.start) // 4)
    return text


def _html_text(raw: bytes, part: Part, spent: _Spent, notes: list[str]) -> str:
    from helpdesk_tui.mail import html

    source = _decoded(raw, part, notes)
    page = html.read_html(source, html.MOST_CHARACTERS - spent.html_characters, html.MOST_TOKENS - spent.tokens)
    spent.html_characters += min(len(source), html.MOST_CHARACTERS - spent.html_characters)
    spent.tokens += page.tokens
    if page.is_cut:
        notes.append(_("The HTML text of the mail is very long; its end was not read."))
    if page.has_hidden:
        notes.append(_("Text that the sender made invisible was left out."))
    return _without_blank_ends(charsets.lines(page.text()))


def _decoded(raw: bytes, part: Part, notes: list[str]) -> str:
    data = content(raw, part)
    label = part.settings.get("charset", "")
    if not label and part.kind == "text/html":
        meta = _META_CHARSET.search(data[:2_000])
        label = meta[1].decode("ascii", "ignore") if meta else ""
    if label and not charsets.is_known(label):
        text = _("The character set {name} is unknown; the text was read as UTF-8 or Windows-1252.")
        notes.append(text.format(name=charsets.line(label, 40)))
        label = ""
    return charsets.decode(data, label)


def _without_blank_ends(text: str) -> str:
    """The text without blank lines at its ends; the first line keeps its indent."""
    text = text.rstrip()
    start = len(text) - len(text.lstrip())
    return text[text.rfind("\n", 0, start) + 1 :]


def _capped(text: str, notes: list[str]) -> str:
    if len(text) <= MOST_CHARACTERS:
        return text
    notes.append(_("The text of the mail is very long; its end is only in the original."))
    return text[:MOST_CHARACTERS]
