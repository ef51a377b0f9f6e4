"""Which queue a new mail goes to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping


def plain_address(address: str) -> str:
    """An address as customers are known by it: in lower case, and else as it is written."""
    return address.strip().lower()


def without_detail(address: str) -> str:
    """An address as queues are known by it: also without what stands behind a plus sign (RFC 5233)."""
    local, at, domain = plain_address(address).rpartition("@")
    return f"{local.partition('+')[0] or local}{at}{domain}"


def queue_of(addresses: Iterable[str], queues: Mapping[str, int]) -> int | None:
    """The queue whose address stands first among these.

    Args:
        addresses: those of Delivered-To, X-Original-To, To, Cc in this order.
        queues: id of a queue by each of its addresses, as `without_detail` writes them.
    """
    for address in addresses:
        if (queue := queues.get(without_detail(address))) is not None:
            return queue
    return None
