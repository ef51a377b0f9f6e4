"""Replies of many mail programs, read as a whole mail: the new text is exact and the rest is folded."""

from __future__ import annotations

import pytest

from tests.mail.raw_mail import read
from tests.mail.replies import Reply, replies

ALL = {
    f"{name}: {one}": reply
    for name in ("german", "german_html", "english", "others")
    for one, reply in replies(name).items()
}


@pytest.mark.parametrize("name", ALL)
def test_the_new_text_is_exact_and_the_rest_is_folded(name: str) -> None:
    reply = ALL[name]
    mail = read(reply.raw())
    assert _shown(mail.text, reply) == _shown(reply.new_text, reply)
    assert _holds(mail.quoted, reply)


def test_there_are_enough_german_ones() -> None:
    assert len(replies("german")) >= 40


def _shown(text: str, reply: Reply) -> str:
    """The text to compare; which paragraphs of an HTML mail are blank lines apart is for the reader of HTML to say."""
    return "\n".join(row for row in text.split("\n") if row.strip("> ")) if reply.html else text


def _holds(quoted: str, reply: Reply) -> bool:
    """True where the folded text is exactly the marked lines, or, for HTML, has each of them."""
    folded = [row.rstrip() for row in quoted.split("\n") if row.strip()]
    marked = [row.replace("\ufeff", "").rstrip() for row in reply.folded if row.strip()]
    return all(any(one in row for row in folded) for one in marked) if reply.html else folded == marked
