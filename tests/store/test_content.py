"""Bytes are kept whole, in pieces, and once."""

from __future__ import annotations

import hashlib
import random

import pytest

from helpdesk_tui.desk.door import Desk
from helpdesk_tui.store import content
from helpdesk_tui.store.content import PIECE
from helpdesk_tui.store.engine import Store
from helpdesk_tui.store.transaction import reading
from helpdesk_tui.terms import SYSTEM
from tests.build import session_of, sql


@pytest.fixture
def store(admin: Desk) -> Store:
    """The owner's: nobody else reads bytes that no mail and no file of theirs has."""
    return admin.store


SIZES = [0, 1, PIECE - 1, PIECE, PIECE + 1, 2 * PIECE, 3 * PIECE + 17]


@pytest.mark.parametrize("size", SIZES)
def test_bytes_come_back_in_pieces_of_a_mebibyte(store: Store, size: int) -> None:
    given = random.Random(size).randbytes(size)
    with session_of(store) as session:
        sha256 = content.keep(session, given)
    assert sha256 == hashlib.sha256(given).hexdigest()
    with reading(store, SYSTEM) as session:
        pieces = list(content.pieces(session, sha256))
    assert b"".join(pieces) == given
    assert max(map(len, pieces)) <= PIECE
    assert len(pieces) == max(1, -(-size // PIECE))


def test_the_same_bytes_are_kept_once(store: Store) -> None:
    given = b"x" * (2 * PIECE + 1)
    for _ in range(2):
        with session_of(store) as session:
            content.keep(session, given)
            content.keep(session, given)
    assert sql(store, "SELECT count(*) FROM content") == [(1,)]
    assert sql(store, "SELECT count(*) FROM content_chunk") == [(2,)]


def test_what_was_never_kept_is_not_found(store: Store) -> None:
    with reading(store, SYSTEM) as session, pytest.raises(KeyError):
        content.whole(session, "0" * 64)
