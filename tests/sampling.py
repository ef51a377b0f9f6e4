"""What `make test` leaves to `make test-long`.

Tests that watch whole processes run on one kind of store: the mark `one_store` says so. Of a test with very many cases some
run: the mark `sample(n)` says how many of those that bear it. Which ones is drawn by the test's name, so that it is the
same on every machine and in every worker.
"""

from __future__ import annotations

import os
import random
from collections import defaultdict

import pytest

IS_LONG = bool(os.environ.get("HELPDESK_LONG"))
#: The fixture whose parameter is a kind of store.
_STORE = "place"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what the short run does not draw."""
    if IS_LONG:
        return
    out = {*_not_drawn(items), *_not_sampled(items)}
    config.hook.pytest_deselected(items=[item for item in items if item in out])
    items[:] = [item for item in items if item not in out]


def _not_drawn(items: list[pytest.Item]) -> list[pytest.Item]:
    """Of each case that is there for several kinds of store all but one; what is long is left out anyway."""
    kinds: defaultdict[str, dict[str, pytest.Item]] = defaultdict(dict)
    for item in items:
        kind = _kind(item)
        if kind and item.get_closest_marker("one_store") and not item.get_closest_marker("long"):
            kinds[item.nodeid.replace(kind, "*")][kind] = item
    return [item for case, found in kinds.items() for item in _others(case, found)]


def _not_sampled(items: list[pytest.Item]) -> list[pytest.Item]:
    """Of each test's cases that are marked so all but as many as the mark says."""
    cases: defaultdict[str, list[pytest.Item]] = defaultdict(list)
    for item in items:
        if item.get_closest_marker("sample"):
            cases[item.nodeid.partition("[")[0]].append(item)
    return [item for test, found in cases.items() for item in _left_out(test, found)]


def _left_out(test: str, found: list[pytest.Item]) -> list[pytest.Item]:
    mark = found[0].get_closest_marker("sample")
    drawn = random.Random(test).sample(found, min(mark.args[0], len(found))) if mark else found
    return [item for item in found if item not in drawn]


def _others(case: str, found: dict[str, pytest.Item]) -> list[pytest.Item]:
    drawn = random.Random(case).choice(sorted(found))
    return [item for kind, item in found.items() if kind != drawn]


def _kind(item: pytest.Item) -> str:
    return str(item.callspec.params.get(_STORE, "")) if hasattr(item, "callspec") else ""
