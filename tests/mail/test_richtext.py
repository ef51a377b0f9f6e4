"""What is written with signs for bold, lists and links leaves as plain text and as simple HTML that says the same."""

from __future__ import annotations

import pytest

from helpdesk_tui.mail.richtext import as_html


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("This is **important**.", "<strong>important</strong>"),
        ("- one\n- two", "<li>one</li>"),
        ("1. one\n2. two", "<ol>"),
        ("See [our page](https://desk.example/help).", '<a href="https://desk.example/help">our page</a>'),
        ("| a | b |\n|---|---|\n| 1 | 2 |", "<td>1</td>"),
        ("**x** <script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"),
        ("**x** [y](javascript:alert)", "[y](javascript:alert)"),
        ("**x** ![y](https://evil.example/pixel.png)", "!"),
    ],
)
def test_it_becomes_html(text: str, html: str) -> None:
    made = as_html(text) or ""
    assert html in made
    assert "<script" not in made
    assert "<img" not in made
    assert 'href="javascript' not in made


@pytest.mark.parametrize(
    "text", ["Hello,\n\nnothing here.", "a * b * c", "2 < 3 & 4", "Grüße\nAnna\n======", "    four"]
)
def test_plain_paragraphs_need_none(text: str) -> None:
    assert as_html(text) is None


def test_what_is_quoted_stays_what_it_is() -> None:
    made = as_html("**Yes**", "Anna wrote:\n> **No** <b>\n> two") or ""
    assert "<blockquote>**No** &lt;b&gt;<br>two</blockquote>" in made
    assert "<p>Anna wrote:</p>" in made
