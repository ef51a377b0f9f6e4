"""Fetching while the mails before are being filed: a long line costs its time once, not in turns with the store."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

_T = TypeVar("_T")


def one_ahead(batches: Iterator[list[_T]], between: Callable[[], None]) -> Generator[list[_T], None, None]:
    """The same batches, each given out while the next one is fetched in a thread; close it to be sure of its end.

    Args:
        between: called whenever nothing is being fetched, so that the connection is free for something else.
    """
    with ThreadPoolExecutor(1, "fetching") as thread:
        coming: Future[list[_T]] = thread.submit(next, batches, [])
        while batch := coming.result():
            between()
            coming = thread.submit(next, batches, [])
            yield batch
    between()
