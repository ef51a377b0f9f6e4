"""Which queue a new mail goes to."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Mapping

#: The fields that say to whom a mail was brought, in the order in which they count.
_TO = ("delivered-to", "x-original-to", "to", "cc")
_FIELD = re.compile(rb"^([!-9;-~]+)[ \t]*:((?:[^\n]*(?:\n[ \t][^\n]*)*))", re.M)
_LONGEST_HEADER = 64 * 1024
#: It begins where a word begins: tried inside of one as well, a long word would take the square of its length.
_ADDRESS = re.compile(r"(?<![^\s@<>,;\"])[^\s@<>,;\"]+@[^\s@<>,;\"]+")
_LOWER = {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}


def is_address(text: str) -> bool:
    """True for one bare address, such as people type it."""
    return bool(_ADDRESS.fullmatch(text))


def plain_address(address: str) -> str:
    """An address as customers are known by it: in lower case, and else as it is written."""
    return lower_ascii(address.strip())


def lower_ascii(text: str) -> str:
    """Text with A to Z in lower case: `str.lower` also makes a k of the Kelvin sign, which is another address."""
    return text.translate(_LOWER)


def without_detail(address: str) -> str:
    """An address without what stands behind a plus sign (RFC 5233): the mailbox is the same."""
    local, at, domain = plain_address(address).rpartition("@")
    return f"{local.partition('+')[0] or local}{at}{domain}"


def is_own(address: str, queues: Container[str]) -> bool:
    """True where a mail to this address comes to one of our queues."""
    return plain_address(address) in queues or without_detail(address) in queues


def queue_of(addresses: Iterable[str], queues: Mapping[str, int]) -> int | None:
    """The queue whose address stands first among these.

    Args:
        addresses: those of Delivered-To, X-Original-To, To, Cc in this order.
        queues: id of a queue by each of its addresses, as `plain_address` writes them. One with a detail of its own
            (`sales+eu@`) is its queue's alone; any other detail leads to the queue of the address without it.
    """
    for address in addresses:
        for known_as in (plain_address(address), without_detail(address)):
            if (queue := queues.get(known_as)) is not None:
                return queue
    return None


def queue_in_header(content: bytes, queues: Mapping[str, int]) -> int | None:
    """The queue whose address stands first in a mail that nobody has read yet, by its bytes alone.

    Good enough to say who may look at a mail until it is filed, or where it cannot be; `queue_of` is for a mail that
    was read.
    """
    header = content[:_LONGEST_HEADER].replace(b"\r\n", b"\n").partition(b"\n\n")[0]
    said: dict[str, list[str]] = {name: [] for name in _TO}
    for name, value in _FIELD.findall(header):
        if (field := name.decode("ascii").lower()) in said:
            said[field] += _ADDRESS.findall(value.decode("utf-8", "replace"))
    return queue_of((address for name in _TO for address in said[name]), queues)
