"""Replies as mail programs write them, with the new text and what is folded away marked line by line.

In each file `= name` begins a mail. The lines that follow begin with what they are:

`:` a line of the header · `+` new text · `-` folded away, which for plain text together are the body in its order ·
`<` the HTML that the mail has instead; its `-` lines are only some of what is folded.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

_HERE = Path(__file__).parent


@dataclass(slots=True)
class Reply:
    """One mail and what is to be read of it."""

    name: str
    header: list[str] = field(default_factory=list)
    body: list[str] = field(default_factory=list)
    html: list[str] = field(default_factory=list)
    new: list[str] = field(default_factory=list)
    folded: list[str] = field(default_factory=list)

    @property
    def new_text(self) -> str:
        """The text that is shown, without blank lines at its ends."""
        return "\n".join(self.new).strip("\n")

    def raw(self) -> bytes:
        """The mail as it comes in."""
        kind = "html" if self.html else "plain"
        header = self.header or [f"Content-Type: text/{kind}; charset=utf-8"]
        head = ["From: Anna <anna@customer.example>", "Subject: Re: Printer", *header, ""]
        return "\n".join([*head, *(self.html or self.body)]).encode()


def replies(language: str) -> dict[str, Reply]:
    """The mails of one file by their names."""
    found: dict[str, Reply] = {}
    for row in (_HERE / f"{language}.txt").read_text(encoding="utf-8").splitlines():
        mark, text = row[:1], row[2:]
        if mark == "=":
            reply = found[text] = Reply(text)
            continue
        if mark in "+-":
            reply.body.append(text)
        {":": reply.header, "<": reply.html, "+": reply.new, "-": reply.folded}[mark].append(text)
    return found
