"""What an agent writes, as simple HTML beside the plain text, where it is more than plain paragraphs.

Markdown is read by markdown-it-py (CommonMark, with tables); HTML in a text is shown as it is written, never taken for
HTML. What stands below an answer, a signature and what is quoted, is taken as plain text.
"""

from __future__ import annotations

from functools import cache
from html import escape
from itertools import groupby
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from markdown_it import MarkdownIt

#: What plain paragraphs consist of; a text of nothing else needs no HTML.
_PLAIN = frozenset({"paragraph_open", "paragraph_close", "inline", "text", "softbreak", "hardbreak"})
_STYLE = "font-family:sans-serif"


def as_html(text: str, quoted: str = "") -> str | None:
    """A text as an HTML document; None where it has nothing that plain text does not say as well."""
    tokens = _reader().parse(text)
    kinds = {token.type for token in tokens} | {child.type for token in tokens for child in token.children or ()}
    if kinds <= _PLAIN:
        return None
    body = _reader().renderer.render(tokens, _reader().options, {})
    return f'<!DOCTYPE html>\n<html><body style="{_STYLE}">\n{body}{_quoted(quoted)}</body></html>\n'


@cache
def _reader() -> MarkdownIt:
    from markdown_it import MarkdownIt

    # An underlined line is no heading here, and an indented one no code: both come up in plain letters.
    return (
        MarkdownIt("commonmark", {"html": False, "breaks": True})
        .enable(["table", "strikethrough"])
        .disable(["lheading", "code", "image"])
    )


def _quoted(text: str) -> str:
    """Lines with `>` in front as a quotation, all else as they stand."""
    if not text:
        return ""
    parts = []
    for is_quote, lines in groupby(text.split("\n"), key=lambda line: line.startswith(">")):
        words = [escape(line.removeprefix(">").removeprefix(" ") if is_quote else line) for line in lines]
        tag = "blockquote" if is_quote else "p"
        parts.append(f"<{tag}>{'<br>'.join(words)}</{tag}>\n")
    return "".join(parts)
