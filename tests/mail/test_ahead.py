"""Fetching one batch ahead: while one is filed, and never while the connection is wanted for something else."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing

import pytest

from helpdesk_tui.mail.ahead import one_ahead


class Source:
    """Batches that are fetched one after the other."""

    def __init__(self, count: int, breaks_at: int = 0) -> None:
        self.count = count
        self.breaks_at = breaks_at
        self.is_fetching = False
        self.fetched = threading.Semaphore(0)

    def batches(self) -> Iterator[list[int]]:
        for number in range(1, self.count + 1):
            self.is_fetching = True
            if number == self.breaks_at:
                raise ConnectionResetError
            self.is_fetching = False
            self.fetched.release()
            yield [number]


def test_the_next_batch_is_fetched_while_one_is_filed() -> None:
    source = Source(3)
    told: list[int] = []

    def tell() -> None:
        assert not source.is_fetching
        told.append(len(told))

    filed = []
    for number, batch in enumerate(one_ahead(source.batches(), tell), 1):
        for _batch in range(2 if number == 1 else 1):
            if number < 3:
                assert source.fetched.acquire(timeout=10), "it comes without being asked for"
        filed += batch
    assert filed == [1, 2, 3]
    assert len(told) == 4, "before each batch but the first there is something to tell, and at the end"


def test_a_connection_that_is_lost_is_told_behind_what_came_before() -> None:
    batches = one_ahead(Source(5, breaks_at=3).batches(), lambda: None)
    assert [next(batches), next(batches)] == [[1], [2]]
    with pytest.raises(ConnectionResetError):
        next(batches)


def test_who_ends_early_waits_for_the_fetch_under_way() -> None:
    source = Source(5)
    with closing(one_ahead(source.batches(), lambda: None)) as batches:
        next(batches)
    assert not source.is_fetching
    assert source.fetched.acquire(timeout=1)
    assert source.fetched.acquire(timeout=1)
    assert not source.fetched.acquire(timeout=0.1)
