"""What `make test` leaves to `make test-long`: a fixed draw of the cases that are many and slow.

Two marks say so. `one_store`: whole processes are watched here, on each kind of store alike; the short run draws one kind
for each test. `sampled(cases)`: so many cases stand for all. The draw hangs on the test's name alone, so that it is the same
on every machine and in every worker.
"""

from __future__ import annotations

import os
import random
from collections import defaultdict

import pytest

IS_LONG = bool(os.environ.get("HELPDESK_LONG"))
STORES = "place"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what the short run does not draw."""
    if IS_LONG:
        return
    out = {*_other_stores(items)}
    out |= {*_unsampled([item for item in items if item not in out])}
    if out:
        config.hook.pytest_deselected(items=[item for item in items if item in out])
        items[:] = [item for item in items if item not in out]


def _other_stores(items: list[pytest.Item]) -> list[pytest.Item]:
    """The cases marked `one_store` on the kind of store that was not drawn."""
    groups: defaultdict[str, list[pytest.Item]] = defaultdict(list)
    for item in items:
        kind = _params(item).get(STORES)
        if kind is not None and item.get_closest_marker("one_store"):
            groups[item.nodeid.replace(str(kind), "*")].append(item)
    return [item for name, group in groups.items() for item in _not_drawn(name, group, 1)]


def _unsampled(items: list[pytest.Item]) -> list[pytest.Item]:
    """The cases marked `sampled` that were not drawn."""
    groups: defaultdict[str, list[pytest.Item]] = defaultdict(list)
    for item in items:
        if item.get_closest_marker("sampled"):
            groups[item.nodeid.partition("[")[0]].append(item)
    out = []
    for name, group in groups.items():
        mark = group[0].get_closest_marker("sampled")
        assert mark is not None
        out += _not_drawn(name, group, mark.args[0])
    return out


def _not_drawn(name: str, group: list[pytest.Item], cases: int) -> list[pytest.Item]:
    group = sorted(group, key=lambda item: item.nodeid)
    drawn = random.Random(name).sample(group, min(cases, len(group)))
    return [item for item in group if item not in drawn]


def _params(item: pytest.Item) -> dict[str, object]:
    return item.callspec.params if isinstance(item, pytest.Function) and hasattr(item, "callspec") else {}
