"""HTML as readable text: structure kept simply, link targets shown, nothing hidden, nothing fetched, linear time.

The reader of the standard library takes quadratic time on crafted input (CVE-2025-6069), so the tags are found here
with expressions that never step back.
"""

from __future__ import annotations

import re
from html import unescape

from helpdesk_tui.language import _
from helpdesk_tui.mail.tables import Tables
from helpdesk_tui.mail.visibility import Faintness, is_hidden

MOST_CHARACTERS = 3_000_000
MOST_TOKENS = 300_000
#: More text than is kept of a mail need not be written.
_MOST_WRITTEN = 1_000_000
_MOST_QUOTES = 20
_LONGEST_TARGET = 2_000

_TOKEN = re.compile(
    r"(?P<text>[^<]++)|<!--(?s:.*?)(?:-->|\Z)|<[!?][^>]*+>?"
    r"|<(?P<end>/?)(?P<name>[a-zA-Z][\w:.-]*+)(?P<settings>(?:[^<>\"']++|\"[^\"]*+\"|'[^']*+'|[\"'])*+)>?|<"
)
#: Begun only where a name begins: a long name without a value is not tried again from each of its letters.
_SETTING = re.compile(r"(?<![\w:-])([\w:-]++)\s*+=\s*+(?:\"([^\"]*+)\"|'([^']*+)'|([^\s\"'>]++))")
_BLANK = re.compile(r"[ \t\r\n\f\v]+")
_BLANK_LINES = re.compile(r"\n(?: *+\n){2,}+")
#: A link to write a mail may name them (RFC 6068).
_MORE_RECIPIENTS = re.compile(r"[?&](?:to|cc|bcc)=", re.I)
_LONG_NUMBER = re.compile(r"&#[xX]?[0-9a-fA-F]{8,};?")

_DROPPED = {"script", "style", "head", "title", "noscript", "template", "object", "svg", "iframe", "select"}
_VOID = {"br", "img", "hr", "input", "meta", "link", "area", "base", "col", "embed", "source", "wbr", "param"}
_PARAGRAPHS = {"p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "dl", "pre", "table", "blockquote"}
_LISTS = {"ul", "ol"}
_BLOCKS = {"div", "tr", "li", "dt", "dd", "section", "article", "header", "footer", "center", "form", "address", "body"}
_CELLS = {"td", "th"}
#: At the beginning of these a paragraph ends that was not closed.
_ENDING_P = (_PARAGRAPHS | _BLOCKS | {"hr"}) - {"tr", "body"}
_SCRIPTS = ("javascript", "vbscript", "data")


def read_html(html: str, most_characters: int = MOST_CHARACTERS, most_tokens: int = MOST_TOKENS) -> Page:
    """An HTML document as text; what is hidden is only shown where there is nothing else.

    Args:
        most_characters, most_tokens: what is left of the mail's own for this document.
    """
    page = Page()
    page.read(html, most_characters, most_tokens)
    if page.has_hidden and not page.text():
        page = Page(shows_hidden=True)
        page.read(html, most_characters, most_tokens)
    return page


class Page:
    """The text written so far, and where in the document we are.

    `has_hidden` says that something invisible was left out, `is_cut` that the document was too long, `tokens` how
    many tags and texts were read of it.
    """

    def __init__(self, *, shows_hidden: bool = False) -> None:
        self.has_hidden = self.is_cut = False
        self.tokens = self._written = 0
        self._shows_hidden = shows_hidden
        self._tables = Tables()
        self._faintness = Faintness(has_styles=False)
        self._line: list[str] = []
        self._has_words = self._is_new_item = False
        self._quotes = 0
        self._pre = 0
        self._lists: list[int] = []
        self._hidden: tuple[str, int] = ("", 0)
        self._link: tuple[str, int] | None = None
        self._unclosed: set[str] = set()

    def read(self, html: str, most_characters: int, most_tokens: int) -> None:
        """Take in a whole document, or so much of it."""
        self.is_cut = len(html) > most_characters
        html = html[:most_characters]
        self._faintness = Faintness(has_styles="background" in html and "<style" in html.lower())
        at = 0
        while at < len(html) and (token := _TOKEN.match(html, at)):
            if self.tokens >= most_tokens or self._written > _MOST_WRITTEN:
                self.is_cut = True
                break
            at = token.end()
            self.tokens += 1
            if token["text"] is not None:
                self._write(token["text"])
            elif token["name"]:
                at = self._tag(html, at, token)
            elif token[0] == "<":
                self._write("<")

    def text(self) -> str:
        """Everything written, without blank lines in a row."""
        self._break()
        self._tables.end_all(self._margin())
        kept: list[str] = []
        for text in self._tables.lines:
            if text.strip("> ") or (kept and kept[-1].strip("> ")):
                kept.append(text)
        while kept and not kept[-1].strip("> "):
            kept.pop()
        return "\n".join(kept).strip("\n")

    def _tag(self, html: str, at: int, token: re.Match[str]) -> int:
        """Act on one tag; returns where to go on, which is behind it or behind what it drops."""
        name = token["name"].lower()
        if name in _DROPPED and not token["end"]:
            return self._behind(html, at, name)
        if self._hidden[0] == "p" and name in _ENDING_P and not token["end"]:
            self._hidden = ("", 0)
        if self._hidden[0]:
            self._count_hidden(name, is_end=bool(token["end"]))
        elif token["end"]:
            self._end(name)
        else:
            self._begin(name, token["settings"])
        return at

    def _behind(self, html: str, at: int, name: str) -> int:
        """Where a dropped element ends; scripts and styles without an end drop all the rest, as browsers do."""
        if name not in self._unclosed:
            close = re.compile(rf"</{name}(?=[\s>/])[^>]*+>?", re.I).search(html, at)
            if close:
                return close.end()
            self._unclosed.add(name)
        return len(html) if name in ("script", "style", "title") else at

    def _count_hidden(self, name: str, *, is_end: bool) -> None:
        hidden, depth = self._hidden
        if name == hidden:
            depth += -1 if is_end else 1
            self._hidden = (hidden, depth) if depth else ("", 0)

    def _begin(self, name: str, raw_settings: str) -> None:
        settings = _settings(raw_settings) if raw_settings and not raw_settings.isspace() else {}
        if name not in _VOID and not self._shows_hidden:
            if is_hidden(raw_settings, settings):
                self._hidden = (name, 1)
                return
            self._faintness.begin(name, settings)
        if name == "br":
            self._break(is_kept=True)
        elif name == "a":
            self._end_link()
            self._link = (_target(settings.get("href", "")), len(self._line))
        elif name == "img":
            self._write_image(settings.get("alt", ""))
        elif name == "hr":
            self._break()
            self._tables.lines.append(self._margin() + "---")
        elif not (self._is_new_item and name in ("p", "div")):
            self._begin_block(name, settings)

    def _begin_block(self, name: str, settings: dict[str, str]) -> None:
        if name in _PARAGRAPHS:
            self._begin_paragraph(name, settings)
        elif name in _CELLS:
            self._begin_cell(is_head=name == "th")
        elif name in _BLOCKS:
            self._break()
            if name == "tr":
                self._tables.end_row(self._margin())
            elif name == "li":
                self._line.append(self._bullet())
                self._is_new_item = True

    def _begin_paragraph(self, name: str, settings: dict[str, str]) -> None:
        if name in _LISTS and self._lists:
            self._break()
        else:
            self._paragraph()
        self._pre += name == "pre"
        self._quotes += name == "blockquote"
        if name in _LISTS:
            self._lists.append(_first_number(settings.get("start", "")) if name == "ol" else 0)
        elif name == "table":
            self._tables.begin()

    def _begin_cell(self, *, is_head: bool) -> None:
        """A cell of a table; outside of one, only blanks hold it off what is before it."""
        has_words = self._has_words
        if self._line and self._tables.is_open:
            self._break()
        if not self._tables.begin_cell(is_head=is_head) and has_words:
            self._line.append("  ")

    def _end(self, name: str) -> None:
        self._faintness.end(name)
        if name == "a":
            self._end_link()
        elif name in _PARAGRAPHS:
            self._end_paragraph(name)
        elif name in _BLOCKS or (name in _CELLS and self._tables.is_open):
            self._break()
            if name == "tr":
                self._tables.end_row(self._margin())

    def _end_paragraph(self, name: str) -> None:
        self._break()
        self._pre = max(0, self._pre - (name == "pre"))
        self._quotes = max(0, self._quotes - (name == "blockquote"))
        if name in _LISTS and self._lists:
            self._lists.pop()
        elif name == "table":
            self._tables.end(self._margin())
        if not (name in _LISTS and self._lists):
            self._paragraph()

    def _bullet(self) -> str:
        indent = "  " * (min(len(self._lists), 10) - 1)
        if self._lists and self._lists[-1]:
            self._lists[-1] += 1
            return f"{indent}{self._lists[-1] - 1}. "
        return indent + "- "

    def _write(self, raw: str) -> None:
        text = plain(raw)
        if self._hidden[0] or (self._faintness.is_unseen and not self._shows_hidden):
            self.has_hidden = self.has_hidden or not text.isspace()
            return
        if not text.isspace():
            self._has_words, self._is_new_item = True, False
        if self._pre:
            self._write_lines(_BLANK_LINES.sub("\n\n", text))
            return
        text = _BLANK.sub(" ", text)
        is_after_blank = not self._line or self._line[-1].endswith(" ")
        self._line.append(text.lstrip(" ") if is_after_blank else text)

    def _write_lines(self, text: str) -> None:
        first, *others = text.split("\n")
        self._line.append(first)
        for other in others:
            if self._written > _MOST_WRITTEN:
                self.is_cut = True
                break
            self._break(is_kept=True)
            self._line.append(other)

    def _write_image(self, alt: str) -> None:
        alt = _BLANK.sub(" ", alt).strip()
        if alt and not self._hidden[0]:
            self._line.append(f"[{alt[:200]}]")

    def _end_link(self) -> None:
        """Write the real target behind the words of a link, where they do not say it themselves."""
        if self._link is None:
            return
        target, start = self._link
        self._link = None
        words = "".join(self._line[start:]).strip()
        if target.partition(":")[0].lower() in _SCRIPTS:
            self._line.append(" " + _("[a script, left out]"))
        elif target and _bare(words) != _bare(target):
            self._line.append(f" <{target}>" if words else f"<{target}>")

    def _margin(self) -> str:
        return "> " * min(self._quotes, _MOST_QUOTES)

    def _break(self, *, is_kept: bool = False) -> None:
        if self._line:
            self._end_link()
        text = "".join(self._line)
        self._line.clear()
        self._has_words = self._is_new_item = False
        if is_kept or text.strip():
            self._tables.lines.append(self._margin() + (text.rstrip() if not self._pre else text))
            self._written += len(self._tables.lines[-1]) + 1 if text else 0

    def _paragraph(self) -> None:
        self._break()
        if self._tables.lines and self._tables.lines[-1].strip("> "):
            self._tables.lines.append(self._margin())


def plain(raw: str) -> str:
    """Text with its character references resolved; absurdly long numbers are no characters."""
    if "&" not in raw:
        return raw
    return unescape(_LONG_NUMBER.sub("\ufffd", raw)).replace("\xa0", " ")


def _settings(raw: str) -> dict[str, str]:
    found = (setting.groups("") for setting in _SETTING.finditer(raw[:20_000]))
    return {name.lower(): plain(one or two or three) for name, one, two, three in found}


def _first_number(start: str) -> int:
    return int(start) if start.isdecimal() and 0 < len(start) < 7 else 1


def _target(href: str) -> str:
    """A link target as it is shown, "" for the ones that lead nowhere outside."""
    target = "".join(href.split())[:_LONGEST_TARGET]
    return "" if target.startswith(("#", "cid:", "CID:")) else target


def _bare(address: str) -> str:
    """An address as people write it: without scheme, and with its host in small letters. A path's case means something."""
    scheme, mark, rest = address.strip().rstrip("/").partition(":")
    if not mark or scheme.lower() not in ("https", "http", "tel", "mailto"):
        rest = address.strip().rstrip("/")
    if scheme.lower() == "mailto" and not _MORE_RECIPIENTS.search(rest):
        rest = rest.partition("?")[0]
    host, slash, path = rest.removeprefix("//").partition("/")
    return f"{host.lower()}{slash}{path}"
