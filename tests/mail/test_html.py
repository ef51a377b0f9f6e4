"""HTML as text: tables, lists, links with their real target, and what a reader would not have seen."""

from __future__ import annotations

import time

import pytest

from helpdesk_tui.mail.html import read_html

PAGES = {
    "cells with paragraphs": (
        "<table><tr><td><p>A</p></td><td><p>1</p></td></tr><tr><td><p>B</p></td><td><p>2</p></td></tr></table>",
        "A  1\nB  2",
    ),
    "head and empty cell": (
        "<table><tr><th>Item<th>Note<th>Sum<tr><td>Ink<td><td>5</table>Thanks",
        "Item | Note | Sum\nInk |  | 5\n\nThanks",
    ),
    "layout": (
        "<table><tr><td><table><tr><td>Logo</table><tr><td></td></tr><tr><td><p>One.</p><p>Two.</p><td>Side</table>",
        "Logo\nOne.\n\nTwo.\n\nSide",
    ),
    "long cells": (f"<table><tr><td>{'a' * 90}<td>b</table>", f"{'a' * 90}\n\nb"),
    "quoted table": ("<blockquote><table><tr><td>a<td>b</table></blockquote>", "> a  b"),
    "cells without a table": ("<tr><td>a</td><td>b</td></tr>", "a  b"),
    "nested lists": (
        "<ul><li>a<ul><li>b<li>c<ol><li>d</ol></ul><li>e</ul>f",
        "- a\n  - b\n  - c\n    1. d\n- e\n\nf",
    ),
    "list that goes on": ("<ol start=3><li>x<li>y</ol>", "3. x\n4. y"),
    "paragraphs in a list": ("<ul><li><p>one</p></li><li><div>two</div></li></ul>", "- one\n\n- two"),
    "headings": ("<h1>Head</h1>text<h2>Sub</h2>more", "Head\n\ntext\n\nSub\n\nmore"),
    "telephone": ('<a href="tel:+49301">+49301</a>', "+49301"),
    "telephone of another": ('<a href="tel:+49302">+49301</a>', "+49301 <tel:+49302>"),
    "letter with more recipients": (
        '<a href="mailto:x@y.example?subject=a&cc=e@z.example">x@y.example</a>',
        "x@y.example <mailto:x@y.example?subject=a&cc=e@z.example>",
    ),
    "path in other letters": (
        '<a href="https://Y.example/ABC">https://y.example/abc</a>',
        "https://y.example/abc <https://Y.example/ABC>",
    ),
    "host in other letters": ('<a href="https://Y.example/abc">https://y.example/abc</a>', "https://y.example/abc"),
    "letter": ('<a href="mailto:x@y.example">write</a>', "write <mailto:x@y.example>"),
    "script": ('<a href="JavaScript:alert(1)">click</a>', "click [a script, left out]"),
    "page in the link": ('<a href="data:text/html,x">click</a>', "click [a script, left out]"),
    "part of the mail": ('<a href="cid:1">click</a>', "click"),
}


@pytest.mark.parametrize("case", PAGES)
def test_a_page_is_readable(case: str) -> None:
    source, text = PAGES[case]
    page = read_html(source)
    assert (page.text(), page.has_hidden) == (text, False)


UNSEEN = {
    "no size": '<div style="font-size:0">x</div>',
    "no size at all": '<div style="font:0/0 a">x</div>',
    "clear": '<div style="opacity:0">x</div>',
    "no height": '<div style="max-height:0px;overflow:hidden">x</div>',
    "no width": '<div style="overflow:hidden;width:0">x</div>',
    "collapsed": '<div style="visibility:collapse">x</div>',
    "white on white": '<div style="color:#FFF">x</div>',
    "white by an old tag": "<font color=white>x</font>",
    "on its own colour": '<div style="color:#123456;background:#123456">x</div>',
    "on its own colour by attribute": '<td bgcolor="#000"><td bgcolor=red style="color:red">x</td>',
    "hidden cell": "<table><tr><td hidden>x</td></tr></table>",
}


@pytest.mark.parametrize("case", UNSEEN)
def test_what_cannot_be_seen_is_left_out(case: str) -> None:
    page = read_html(f"Before {UNSEEN[case]}<p>After")
    assert "x" not in page.text().split()
    assert page.has_hidden
    assert page.text().endswith("After")


SEEN = {
    "clear by half": '<div style="opacity:0.5">x</div>',
    "white on a dark cell": '<td bgcolor="#000"><a style="color:#ffffff">x</a></td>',
    "white where a style sheet may darken": '<style>.b{background:#000}</style><a class=b style="color:#fff">x</a>',
    "size set again": '<td style="font-size:0px"><div style="font-size:13px">x</div></td>',
    "colour set again": '<div style="color:#fff"><span style="color:#000">x</span></div>',
    "narrow on purpose": '<div style="overflow:hidden;width:0.5em">x</div>',
    "behind an unclosed paragraph": '<p style="font-size:0"> <p>x',
    "blanks hidden": '<div style="display:none">&nbsp; </div>x',
}


@pytest.mark.parametrize("case", SEEN)
def test_what_can_be_seen_is_kept(case: str) -> None:
    page = read_html(SEEN[case])
    assert page.text() == "x"
    assert not page.has_hidden


def test_a_hidden_paragraph_that_is_not_closed_hides_nothing_behind_it() -> None:
    page = read_html('<p>Hi<p style="display:none">y<div>x</div></p><p>After')
    assert (page.text().split(), page.has_hidden) == (["Hi", "x", "After"], True)


@pytest.mark.parametrize(
    "piece", ["<td style='font-size:0'>", "<table><tr><td>a", "<div style='color:red'>", "<ol><li>"]
)
def test_a_page_of_one_piece_is_read_in_linear_time(piece: str) -> None:
    begun = time.process_time()
    read_html(piece * 60_000).text()
    assert time.process_time() - begun < 3
