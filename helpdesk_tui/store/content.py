"""Bytes kept once by their SHA-256: raw mails and attachments."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from helpdesk_tui.store.statements import add_rows, add_rows_unless_there, add_unless_there
from helpdesk_tui.store.tables import Content, ContentChunk

#: Size of a piece in bytes; what is longer is written and read in pieces.
PIECE = 1 << 20


def digest(content: bytes) -> str:
    """The SHA-256 of these bytes, hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def keep_all(session: Session, contents: Mapping[str, bytes]) -> None:
    """Store these bytes, by their digests, unless they are there already.

    In one order: two who keep the same do not wait for each other.
    """
    in_order = sorted(contents.items())
    small = [{"sha256": key, "size": len(one), "body": one} for key, one in in_order if len(one) <= PIECE]
    add_rows_unless_there(session, Content, small)
    for _key, one in in_order:
        if len(one) > PIECE:
            keep(session, one)


def keep(session: Session, content: bytes) -> str:
    """Store the bytes unless they are there already; returns their digest."""
    sha256 = digest(content)
    row = {"sha256": sha256, "size": len(content), "body": content[:PIECE]}
    if add_unless_there(session, Content, row) and len(content) > PIECE:
        starts = range(PIECE, len(content), PIECE)
        pieces = [{"sha256": sha256, "seq": n, "body": content[at : at + PIECE]} for n, at in enumerate(starts, 1)]
        add_rows(session, ContentChunk, pieces)
    return sha256


def pieces(session: Session, sha256: str) -> Iterator[bytes]:
    """The bytes in pieces of at most 1 MiB.

    Raises:
        KeyError: nothing is stored under this digest.
    """
    row = session.execute(
        select(col(Content.size), col(Content.body)).where(col(Content.sha256) == sha256)
    ).one_or_none()
    if row is None:
        raise KeyError(sha256)
    yield row.body
    for seq in range(1, -(-row.size // PIECE)):
        yield session.execute(
            select(col(ContentChunk.body)).where(col(ContentChunk.sha256) == sha256, col(ContentChunk.seq) == seq)
        ).scalar_one()


def whole(session: Session, sha256: str) -> bytes:
    """All the bytes at once."""
    return b"".join(pieces(session, sha256))
