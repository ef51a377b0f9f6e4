"""Text with format=flowed (RFC 3676) joined to the paragraphs that its writer saw."""

from __future__ import annotations

SIGNATURE = "-- "


def unflow(text: str, *, drops_space: bool) -> str:
    """Lines that end in a blank joined with the next one of the same quote depth; stuffed blanks taken out."""
    joined: list[str] = []
    paragraph: list[str] = []
    depth = 0
    for line in text.split("\n"):
        content = line.lstrip(">")
        quotes = len(line) - len(content)
        content = content.removeprefix(" ")
        if paragraph and (quotes != depth or content == SIGNATURE):
            joined.append(_quoted(depth, paragraph))
        depth = quotes
        if content.endswith(" ") and content != SIGNATURE:
            paragraph.append(content[:-1] if drops_space else content)
        else:
            paragraph.append(content)
            joined.append(_quoted(depth, paragraph))
    if paragraph:
        joined.append(_quoted(depth, paragraph))
    return "\n".join(joined)


def _quoted(depth: int, paragraph: list[str]) -> str:
    """One paragraph as a line behind its quote marks; empties the paragraph."""
    text = "".join(paragraph)
    paragraph.clear()
    return f"{'>' * depth} {text}" if depth else text
