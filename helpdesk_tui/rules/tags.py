"""What a tag is called, however it is typed."""

from __future__ import annotations

from helpdesk_tui.rules.untrusted import clean_line

_LONGEST = 50


def tag_name(text: str) -> str:
    """The name of a tag: one clean word in lower case, blanks are dashes; "" where nothing is left."""
    return clean_line(text, _LONGEST).casefold().replace(" ", "-")
