"""The one gate for text from outside: what passes here cannot move a cursor, hide or reorder words.

Removes C0 and C1 controls, DEL, lone surrogates, bidirectional controls, zero-width and tag characters, line and
paragraph separators. It knows nothing of markup: widgets never interpret any.
"""

from __future__ import annotations

import re

#: U+200D joins emoji families and is needed by Indic scripts, U+200C by Persian; both are kept.
_FORBIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff"
    "\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f]"
)
#: What a terminal program writes around its words; taken out whole, so that no "[31m" stays behind.
_SEQUENCE = re.compile(
    "(?:\x1b\\[|\x9b)[0-?]*[ -/]*[@-~]"  # CSI
    "|(?:\x1b[\\]PX^_]|[\x9d\x90\x98\x9e\x9f])[^\x07\x1b\x90\x98\x9c-\x9f\n]{0,4096}(?:\x07|\x1b\\\\|\x9c)"  # OSC DCS SOS PM APC
    "|\x1b[ -/]*[0-~]"
)
_LINE_END = re.compile("\r\n?|\x0b|\x0c|\x85|\u2028|\u2029")
_BLANK = re.compile(r"\s+")


def clean_text(text: str) -> str:
    """A text of several lines, safe to show: line ends are \\n, tabs stay, nothing invisible is left."""
    return _FORBIDDEN.sub("", _SEQUENCE.sub("", _LINE_END.sub("\n", text)))


def clean_line(text: str, limit: int = 998) -> str:
    """One clean line of at most `limit` characters (RFC 5322 §2.1.1), runs of white space folded to one blank."""
    line = _BLANK.sub(" ", clean_text(text[: limit * 8])).strip()
    return line if len(line) <= limit else line[: limit - 1] + "…"


def is_clean(text: str) -> bool:
    """True where `clean_text` would change nothing."""
    return clean_text(text) == text
