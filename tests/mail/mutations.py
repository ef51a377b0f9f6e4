"""Mails made worse, the same way for the same seed: as broken transport, broken programs and malice do it."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence

#: A part that is blown up is repeated to about so many bytes.
_BLOWN_UP = 200_000


def mutated(mails: Sequence[bytes], count: int, seed: int) -> Iterator[bytes]:
    """So many mails, each made from one of these by one to three changes."""
    chance = random.Random(seed)
    for _number in range(count):
        raw = chance.choice(mails)
        for _change in range(chance.randint(1, 3)):
            raw = chance.choice(KINDS)(raw, chance, mails)
        yield raw


def flip(raw: bytes, chance: random.Random, _mails: Sequence[bytes]) -> bytes:
    """Some bytes become others."""
    changed = bytearray(raw)
    for _flip in range(min(chance.randint(1, 40), len(raw))):
        changed[chance.randrange(len(changed))] = chance.randrange(256)
    return bytes(changed)


def cut(raw: bytes, chance: random.Random, _mails: Sequence[bytes]) -> bytes:
    """A part is missing."""
    start, end = _stretch(raw, chance)
    return raw[:start] + raw[end:]


def double(raw: bytes, chance: random.Random, _mails: Sequence[bytes]) -> bytes:
    """A part stands there twice."""
    start, end = _stretch(raw, chance)
    return raw[:end] + raw[start:]


def splice(raw: bytes, chance: random.Random, mails: Sequence[bytes]) -> bytes:
    """One mail goes over into another."""
    other = chance.choice(mails)
    return raw[: chance.randint(0, len(raw))] + other[chance.randint(0, len(other)) :]


def swap_fields(raw: bytes, chance: random.Random, mails: Sequence[bytes]) -> bytes:
    """Lines of the header change places, and some come from another mail."""
    head, gap, body = raw.partition(b"\n\n" if b"\n\n" in raw else b"\r\n\r\n")
    lines = head.split(b"\n")
    lines += chance.choice(mails)[:4_000].split(b"\n")[: chance.randint(0, 12)]
    chance.shuffle(lines)
    return b"\n".join(lines) + gap + body


def blow_up(raw: bytes, chance: random.Random, _mails: Sequence[bytes]) -> bytes:
    """A short part is repeated very often."""
    start = chance.randint(0, len(raw))
    part = raw[start : start + chance.choice((1, 2, 8, 80))] or b"x"
    return raw[:start] + part * (_BLOWN_UP // len(part)) + raw[start:]


def _stretch(raw: bytes, chance: random.Random) -> tuple[int, int]:
    start = chance.randint(0, len(raw))
    return start, min(len(raw), start + chance.randint(1, 1 + len(raw) // 3))


KINDS: tuple[Callable[[bytes, random.Random, Sequence[bytes]], bytes], ...] = (
    flip, cut, double, splice, swap_fields, blow_up,
)  # fmt: skip
