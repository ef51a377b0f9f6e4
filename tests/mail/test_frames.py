"""Frames carry a mail over a pipe whole, and nothing that only looks like one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import get_type_hints

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpdesk_tui.mail import frames
from helpdesk_tui.terms import IncomingFile, IncomingMail

MOMENTS = st.none() | st.datetimes(timezones=st.just(UTC))
#: A mail with any values in all of its fields, also in those that are added later.
MAILS = st.builds(
    IncomingMail,
    **{name: st.from_type(hint) for name, hint in get_type_hints(IncomingMail).items()} | {"sent_at": MOMENTS},
)


@settings(max_examples=200, deadline=None)
@given(MAILS)
def test_every_field_of_a_mail_survives_the_way(mail: IncomingMail) -> None:
    pieces = frames.framed(1, *frames.dumped(mail))
    received = bytearray(b"".join(pieces) + b"more")
    frame = frames.take(received)
    assert frame is not None
    assert frames.loaded(IncomingMail, frame.json, frame.blobs) == mail
    assert received == b"more"


def test_half_a_character_survives_as_well() -> None:
    file = IncomingFile("a\ud800b", "", b"")
    assert frames.loaded(IncomingFile, *_one(frames.dumped(file))) == file


def _one(dumped: tuple[bytes, list[bytes]]) -> tuple[bytes, bytes]:
    return dumped[0], b"".join(dumped[1])


def test_a_frame_may_come_in_pieces() -> None:
    whole = b"".join(frames.framed(7, b"[]", [b"ab", b"c"]))
    received = bytearray()
    for at in range(len(whole)):
        assert frames.take(received) is None
        received += whole[at : at + 1]
    assert frames.take(received) == (7, b"[]", b"abc")


@pytest.mark.parametrize(
    ("text", "blobs"),
    [
        (b"", b""),
        (b"{}", b""),
        (b"[]", b""),
        (b'"ab"', b""),
        (b'["a", "b", 1, false]', b"x"),
        (b'["a", "b", true, false]', b"x"),
        (b'["a", "b", 2, false]', b"x"),
        (b'["a", "b", -1, false]', b""),
        (b'["a", "b", 0, false]', b"x"),
        (b'["a", 1, 1, false]', b"x"),
        (b'["a", "b", 1, 0]', b"x"),
        (b'["a", "b", 1, false, 1]', b"x"),
        (b"[" * 100_000, b""),
        (b"\xff", b""),
    ],
)
def test_what_is_not_exactly_of_its_type_is_malformed(text: bytes, blobs: bytes) -> None:
    good = (b'["a","b",1,false]', b"x")
    assert frames.loaded(IncomingFile, *good) == IncomingFile("a", "b", b"x")
    if (json_like := text.replace(b" ", b"")) != good[0]:
        with pytest.raises(frames.Malformed):
            frames.loaded(IncomingFile, json_like, blobs)


def test_a_time_without_its_zone_is_malformed() -> None:
    with pytest.raises(frames.Malformed):
        frames.loaded(_Moment, b'["2026-01-01T00:00:00"]')


def test_programs_with_other_fields_know_each_other_apart() -> None:
    assert len({frames.shape(one) for one in (_Moment, _SameMoment, _Later, IncomingMail)}) == 3


@dataclass(frozen=True)
class _Moment:
    at: datetime


@dataclass(frozen=True)
class _SameMoment:
    at: datetime


@dataclass(frozen=True)
class _Later:
    at: datetime | None
