"""Who is meant by `@name` in a note."""

from __future__ import annotations

import re

#: A login after an at sign that ends no word: `a@b.example` is an address, not a mention.
_MENTION = re.compile(r"(?<![\w.@/-])@([A-Za-z0-9](?:[\w.-]{0,62}[\w])?)")
#: So many people are asked in one note.
MOST = 20


def mentioned(text: str) -> tuple[str, ...]:
    """The logins that a text calls by `@name`, each once, in their order; at most `MOST`."""
    return tuple(dict.fromkeys(found[1].casefold() for found in _MENTION.finditer(text)))[:MOST]
