"""What parent and child say to each other over a pipe: frames of one byte, JSON and raw bytes.

A frame is a mark, the lengths of both (4 bytes each, big endian), the JSON, then the raw bytes. Values are written by
the type hints of their dataclasses: a field more needs no change here. Nothing that comes in is believed: what is not
exactly of the type that is expected is `Malformed`.
"""

from __future__ import annotations

import hashlib
import json
import struct
import types
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from typing import Any, NamedTuple, TypeVar, Union, get_args, get_origin, get_type_hints

HEAD = struct.Struct("!BII")
#: A longer frame is no answer of ours: JSON, then raw bytes.
MOST_JSON = 32 << 20
MOST_BYTES = 64 << 20
_PLAIN = (str, int, bool, float)
_T = TypeVar("_T")


class Malformed(ValueError):
    """A frame is not what it has to be."""


class Frame(NamedTuple):
    """One frame; what kind it is says the mark, from 0 to 255."""

    mark: int
    json: bytes
    blobs: bytes


def framed(mark: int, text: bytes, blobs: list[bytes]) -> list[bytes]:
    """The pieces of a frame; large ones are not copied."""
    return [HEAD.pack(mark, len(text), sum(map(len, blobs))) + text, *blobs]


def take(received: bytearray) -> Frame | None:
    """Take the first whole frame out of what was received; None where there is none yet.

    Raises:
        Malformed: it announces more than a frame may have.
    """
    if len(received) < HEAD.size:
        return None
    mark, text, blobs = HEAD.unpack_from(received)
    if text > MOST_JSON or blobs > MOST_BYTES:
        raise Malformed("the frame is too long")
    start, end = HEAD.size + text, HEAD.size + text + blobs
    if len(received) < end:
        return None
    with memoryview(received) as view:
        frame = Frame(mark, bytes(view[HEAD.size : start]), bytes(view[start:end]))
    del received[:end]
    return frame


def dumped(value: object) -> tuple[bytes, list[bytes]]:
    """A dataclass as JSON, and the raw bytes in it."""
    blobs: list[bytes] = []
    kind: Any = type(value)
    plain = _writer(kind)(value, blobs)
    return json.dumps(plain, separators=(",", ":")).encode("ascii"), blobs


def loaded(kind: type[_T], text: bytes, blobs: bytes = b"") -> _T:
    """The dataclass that `dumped` wrote.

    Raises:
        Malformed: it is not one, or not of this type.
    """
    rest = _Blobs(blobs)
    hint: Any = kind
    try:
        value: _T = _reader(hint)(json.loads(text), rest)
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError) as error:
        raise Malformed(f"no {kind.__name__}: {type(error).__name__}") from None
    if rest.at != len(blobs):
        raise Malformed("the raw bytes do not belong to it")
    return value


@lru_cache
def shape(*kinds: type) -> str:
    """Knows these types with everything in them: two programs that agree on it understand each other."""
    return hashlib.sha256("\n".join(map(_described, kinds)).encode()).hexdigest()


def _described(hint: Any) -> str:
    if not is_dataclass(hint):
        inner = ", ".join(map(_described, get_args(hint)))
        values = ", ".join(hint) if isinstance(hint, type) and issubclass(hint, StrEnum) else ""
        return f"{getattr(hint, '__name__', hint)}[{inner}{values}]"
    hints = get_type_hints(hint)
    return ", ".join(f"{one.name}: {_described(hints[one.name])}" for one in fields(hint))


class _Blobs:
    """Raw bytes that are taken from the front."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self.at = 0

    def take(self, size: Any) -> bytes:
        if type(size) is not int or not 0 <= size <= len(self._content) - self.at:
            raise Malformed("raw bytes are missing")
        self.at += size
        return self._content[self.at - size : self.at]


_Write = Callable[[Any, list[bytes]], Any]
_Read = Callable[[Any, _Blobs], Any]


@lru_cache
def _writer(hint: Any) -> _Write:
    """How a value of this type becomes one that JSON has; raw bytes become their length."""
    origin, inner = get_origin(hint), get_args(hint)
    if is_dataclass(hint) and isinstance(hint, type):
        hints = get_type_hints(hint)
        parts = [(one.name, _writer(hints[one.name])) for one in fields(hint)]
        return lambda value, blobs: [write(getattr(value, name), blobs) for name, write in parts]
    if origin in (Union, types.UnionType):
        write = _writer(_optional(hint))
        return lambda value, blobs: None if value is None else write(value, blobs)
    if origin is tuple:
        return _tuple_writer(inner)
    if hint is bytes:
        return _set_apart
    if hint is datetime:
        return lambda value, _blobs: value.isoformat()
    if hint in _PLAIN or _is_enum(hint):
        return lambda value, _blobs: value
    raise TypeError(f"no frame holds {hint}")


def _tuple_writer(inner: tuple[Any, ...]) -> _Write:
    if _is_endless(inner):
        if inner[0] is str:
            return lambda value, _blobs: value
        write = _writer(inner[0])
        return lambda value, blobs: [write(one, blobs) for one in value]
    writers = [_writer(one) for one in inner]
    return lambda value, blobs: [write(one, blobs) for write, one in zip(writers, value, strict=True)]


def _set_apart(value: bytes, blobs: list[bytes]) -> int:
    blobs.append(value)
    return len(value)


@lru_cache
def _reader(hint: Any) -> _Read:
    """How such a value is read, and nothing else."""
    origin, inner = get_origin(hint), get_args(hint)
    if is_dataclass(hint) and isinstance(hint, type):
        hints = get_type_hints(hint)
        readers = [_reader(hints[one.name]) for one in fields(hint)]
        return lambda value, blobs: hint(*_each(readers, value, blobs))
    if origin in (Union, types.UnionType):
        read = _reader(_optional(hint))
        return lambda value, blobs: None if value is None else read(value, blobs)
    if origin is tuple:
        return _tuple_reader(inner)
    if hint is bytes:
        return lambda value, blobs: blobs.take(value)
    if hint is datetime:
        return lambda value, _blobs: _instant(value)
    if _is_enum(hint):
        return lambda value, _blobs: hint(value)
    if hint in _PLAIN:
        return lambda value, _blobs: _exactly(hint, value)
    raise TypeError(f"no frame holds {hint}")


def _tuple_reader(inner: tuple[Any, ...]) -> _Read:
    readers = [_reader(one) for one in inner if one is not Ellipsis]
    if _is_endless(inner):
        (read,) = readers
        return lambda value, blobs: tuple([read(one, blobs) for one in _exactly(list, value)])
    return lambda value, blobs: tuple(_each(readers, value, blobs))


def _each(readers: list[_Read], values: Any, blobs: _Blobs) -> list[Any]:
    return [read(one, blobs) for read, one in zip(readers, _exactly(list, values), strict=True)]


def _instant(value: Any) -> datetime:
    at = datetime.fromisoformat(value)
    if at.tzinfo is None:
        raise Malformed("a time without its zone")
    return at


def _exactly(kind: type[_T], value: Any) -> _T:
    if type(value) is not kind:
        raise Malformed(f"no {kind.__name__}")
    return value


def _is_enum(hint: Any) -> bool:
    return isinstance(hint, type) and issubclass(hint, StrEnum)


def _is_endless(inner: tuple[Any, ...]) -> bool:
    return len(inner) == 2 and inner[1] is Ellipsis


def _optional(hint: Any) -> Any:
    """The type of a value that may be None; there are no other unions."""
    (one,) = [one for one in get_args(hint) if one is not type(None)]
    return one
