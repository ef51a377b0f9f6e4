"""The demo builds a desk of its own; a desk that somebody uses stays as it is."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.cli.conftest import Helpdesk


def test_a_desk_in_use_is_left_alone(bare: Helpdesk, sqlite_template: Path, home: Path) -> None:
    store = home / "own.db"
    shutil.copy2(sqlite_template, store)
    bare("--store", str(store), "--as", "root", "ticket", "new", "--subject", "x", "--from", "Ida")
    before = bare.json("--store", str(store), "--as", "root", "agent", "list")
    for _ in range(2):
        refused = bare("demo", "--headless", "--json", "--store", str(store), code=1)
        assert b"is in use" in refused.out
    assert bare.json("--store", str(store), "--as", "root", "agent", "list") == before


def test_a_desk_that_was_only_set_up_is_left_alone(bare: Helpdesk, sqlite_template: Path, home: Path) -> None:
    store = home / "own.db"
    shutil.copy2(sqlite_template, store)
    before = store.read_bytes()
    bare("demo", "--headless", "--json", "--store", str(store), code=1)
    assert store.read_bytes() == before
