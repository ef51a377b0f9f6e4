"""Which queue a new mail goes to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping


def plain_address(address: str) -> str:
    """An address as queues and customers are known by it: case-folded, without a plus part (RFC 5233)."""
    local, at, domain = address.strip().casefold().rpartition("@")
    return f"{local.partition('+')[0] or local}{at}{domain}"


def queue_of(addresses: Iterable[str], queues: Mapping[str, int]) -> int | None:
    """The queue whose address stands first among these.

    Args:
        addresses: those of Delivered-To, X-Original-To, To, Cc in this order.
        queues: id of a queue by each of its addresses, as `plain_address` writes them.
    """
    for address in addresses:
        if (queue := queues.get(plain_address(address))) is not None:
            return queue
    return None
