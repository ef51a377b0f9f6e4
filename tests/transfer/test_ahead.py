"""Mails are read ahead of what is written: nothing changes its place, and what went before a trouble comes first."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from helpdesk_tui.errors import HelpdeskError
from helpdesk_tui.mail.reader import Unread
from helpdesk_tui.mail.readers import Readers
from helpdesk_tui.transfer.ahead import read_ahead
from helpdesk_tui.transfer.source import Found, RawMail
from tests.build import a_mail

#: m is a mail, u one that cannot be read, x something that is none.
ORDERS = ("", "m", "x", "mx", "xm", "xxmmxuxmmxx", "m" * 300 + "x" + "u" * 3)


def found(order: str) -> Iterator[Found]:
    for place, kind in enumerate(order):
        thing = None if kind == "x" else RawMail(a_mail(f"Mail {place}") if kind == "m" else b"")
        yield Found(str(place), {"n": place}, place, thing, "no mail" if kind == "x" else "")


def told(one: Found) -> str:
    if not isinstance(one.thing, RawMail):
        return "x"
    reading = one.thing.reading
    if isinstance(reading, Unread):
        return "u"
    assert reading.text == f"Mail {one.place}"
    return "m"


@pytest.mark.parametrize("order", ORDERS)
def test_everything_keeps_its_place(order: str) -> None:
    with Readers(2) as readers:
        ahead = list(read_ahead(found(order), readers))
    assert "".join(map(told, ahead)) == order
    assert [one.place for one in ahead] == [str(place) for place in range(len(order))]


def test_what_stands_before_a_trouble_comes_first() -> None:
    def broken() -> Iterator[Found]:
        yield from found("mxm")
        raise HelpdeskError("the disk is gone")

    come: list[str] = []
    with Readers(1) as readers, pytest.raises(HelpdeskError, match="the disk is gone"):
        come.extend(told(one) for one in read_ahead(broken(), readers))
    assert come == ["m", "x", "m"]
