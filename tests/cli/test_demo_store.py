"""The demo builds a desk of its own; a desk that somebody uses stays as it is."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from helpdesk_tui.demo.customer import Customer
from tests.build import a_mail
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


def test_its_queues_confirm_new_requests_and_nothing_old(bare: Helpdesk, home: Path) -> None:
    store = ["--store", str(home / "demo.db"), "--as", "anna"]
    built = bare.json("demo", "--headless", "--store", str(home / "demo.db"))
    assert (built["received"], built["accounted"], built["lost"], built["missing"], built["ok"]) == (60, 60, 0, 0, True)
    assert bare.json(*store, "outbox", "list") == []
    for queue in bare.json(*store, "queue", "list"):
        shown = bare.json(*store, "queue", "show", queue["name"])
        assert (shown["confirms"], shown["within"]) == (True, "4h")
    words = ["--from", "Ida <ida@customer.example>", "--subject", "Drucker druckt nicht"]
    assert bare.json(*store, "ticket", "new", *words)["outcome"].endswith("confirmed by mail")


def test_its_customer_answers_people_and_reads_confirmations(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("helpdesk_tui.demo.customer.READS_FOR", 0)
    monkeypatch.setattr("helpdesk_tui.demo.customer.WRITES_FOR", 0)
    for part in ("hers/new", "hers/cur", "ours/tmp", "ours/new"):
        (tmp_path / part).mkdir(parents=True)
    customer = Customer(tmp_path / "hers", tmp_path / "ours")
    (tmp_path / "hers/new/1").write_bytes(
        a_mail("It is here.", to="ida@customer.example", Auto_Submitted="auto-replied")
    )
    customer.look()
    assert ([one.text for one in customer.letters], list((tmp_path / "ours/new").iterdir())) == (["It is here."], [])
    (tmp_path / "hers/new/2").write_bytes(a_mail("Is it on?", to="ida@customer.example"))
    customer.look()
    assert len(list((tmp_path / "ours/new").iterdir())) == 1
