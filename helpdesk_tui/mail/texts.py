"""One text part of a mail as clean text, and what all texts of a mail may use together."""

from __future__ import annotations

import re
from dataclasses import dataclass

from helpdesk_tui.language import _
from helpdesk_tui.mail import charsets
from helpdesk_tui.mail.files import Found, content
from helpdesk_tui.mail.structure import Part
from helpdesk_tui.mail.uuencode import split_blocks

MOST_CHARACTERS = 1_000_000
#: Of a longer part no more is read; a letter takes up to nine bytes where it is quoted-printable.
MOST_CODED_TEXT = 12 * 1024 * 1024
_MOST_BYTES = 4 * MOST_CHARACTERS

_META_CHARSET = re.compile(rb"<meta[^>]{1,200}?charset\s*=\s*[\"']?([\w:-]{1,40})", re.I)


@dataclass(slots=True)
class Spent:
    """What was read of a whole mail: its parts share one limit, or a mail of many parts would take many times as long.

    Args:
        characters: of the texts as they are shown; html_characters, tokens: of HTML as it came.
        mails, streams: attached mails, and files into which Outlook packed others.
    """

    characters: int = 0
    html_characters: int = 0
    tokens: int = 0
    mails: int = 0
    streams: int = 0


def read_text(raw: bytes, part: Part, spent: Spent, files: list[Part | Found], notes: list[str]) -> str:
    """The words of a part; none once those before it fill the text that is kept.

    Args:
        files: takes in what stands between the words as uuencode or behind PGP armour; notes: what was cut.
    """
    if spent.characters >= MOST_CHARACTERS:
        notes.append(_("The text of the mail is very long; its end is only in the original."))
        return ""
    if part.kind == "text/html":
        text = _html_text(raw, part, spent, notes)
        spent.characters += len(text)
    else:
        text = plain_text(raw, part, notes, files)
        # What a text loses when it is cleaned has been read too.
        spent.characters += max(len(text), min(MOST_CHARACTERS, part.end - part.start) // 4)
    return text


def plain_text(raw: bytes, part: Part, notes: list[str], files: list[Part | Found]) -> str:
    """A text part as clean text; the files that stand in it are added to `files`."""
    words, blocks = split_blocks(_bytes(raw, part, notes))
    text = charsets.lines(capped(_decoded(words, part, notes), notes))
    files += [Found(charsets.decode(name), "application/octet-stream", inner) for name, inner in blocks]
    if part.settings.get("format", "").lower() == "flowed":
        from helpdesk_tui.mail.flowed import unflow

        text = unflow(text, drops_space=part.settings.get("delsp", "").lower() == "yes")
    if "-----BEGIN PGP " in text:
        text = _unarmoured(text, notes, files)
    return without_blank_ends(text)


def without_blank_ends(text: str) -> str:
    """The text without blank lines at its ends; the first line keeps its indent."""
    text = text.rstrip()
    start = len(text) - len(text.lstrip())
    return text[text.rfind("\n", 0, start) + 1 :]


def capped(text: str, notes: list[str]) -> str:
    """As much of the text as is kept of a mail."""
    if len(text) <= MOST_CHARACTERS:
        return text
    notes.append(_("The text of the mail is very long; its end is only in the original."))
    return text[:MOST_CHARACTERS]


def _html_text(raw: bytes, part: Part, spent: Spent, notes: list[str]) -> str:
    from helpdesk_tui.mail import html

    source = _decoded(_bytes(raw, part, notes), part, notes)
    page = html.read_html(source, html.MOST_CHARACTERS - spent.html_characters, html.MOST_TOKENS - spent.tokens)
    spent.html_characters += min(len(source), html.MOST_CHARACTERS - spent.html_characters)
    spent.tokens += page.tokens
    if page.is_cut:
        notes.append(_("The HTML text of the mail is very long; its end was not read."))
    if page.has_hidden:
        notes.append(_("Text that the sender made invisible was left out."))
    return without_blank_ends(charsets.lines(page.text()))


def _unarmoured(text: str, notes: list[str], files: list[Part | Found]) -> str:
    from helpdesk_tui.mail.sealed import read_armour

    opened = read_armour(text)
    files += opened.files
    if opened.is_signed:
        notes.append(_("The mail is signed; the signature was not verified."))
    if opened.is_encrypted:
        notes.append(_("The mail is encrypted with PGP; its content is kept as a file."))
    return opened.text


def _bytes(raw: bytes, part: Part, notes: list[str]) -> bytes:
    if part.end - part.start > MOST_CODED_TEXT:
        notes.append(_("The text of the mail is very long; its end is only in the original."))
    return content(raw, part, MOST_CODED_TEXT)


def _decoded(words: bytes, part: Part, notes: list[str]) -> str:
    label = part.settings.get("charset", "")
    if not label and part.kind == "text/html":
        meta = _META_CHARSET.search(words[:2_000])
        label = meta[1].decode("ascii", "ignore") if meta else ""
    if label and not charsets.is_known(label):
        text = _("The character set {name} is unknown; the text was read as UTF-8 or Windows-1252.")
        notes.append(text.format(name=charsets.line(label, 40)))
        label = ""
    return charsets.decode(words[:_MOST_BYTES], label)
