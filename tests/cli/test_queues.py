"""How a queue confirms, and what it does with machines' mail, as an admin sets and sees it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.build import Place, a_mail, sql
from tests.cli.conftest import Helpdesk

pytestmark = pytest.mark.one_store

on_sqlite = pytest.mark.parametrize("place", ["sqlite"], indirect=True)


def test_a_queue_begins_undecided_and_shows_what_it_would_write(helpdesk: Helpdesk) -> None:
    shown = helpdesk.json("queue", "show", "support")
    assert [shown[name] for name in ("confirms", "within", "with_number", "robots", "plus_addresses")] == [
        None, None, False, "aside", False,
    ]  # fmt: skip
    assert [(one["language"], one["is_own"]) for one in shown["confirmations"]] == [("de", False), ("en", False)]
    said = helpdesk("queue", "show", "support").out.decode()
    assert "confirms new requests: nobody has decided" in said
    assert all(one["text"] in said and one["subject"] in said for one in shown["confirmations"])


def test_what_is_set_is_shown_and_goes_out(
    as_root: Helpdesk, place: Place, a_file: Callable[[str | bytes], str]
) -> None:
    own = a_file("Hallo,\nNummer {number}, Antwort {until}.\n{queue}\n")
    as_root("queue", "set", "support", "--confirm", "--confirm-within", "2D", "--confirm-with-number")
    as_root("queue", "set", "support", "--confirm-text-de", own, "--robots", "ticket", "--plus-addresses")
    shown = as_root.json("queue", "show", "support")
    assert [shown[name] for name in ("confirms", "within", "with_number", "robots", "plus_addresses")] == [
        True, "2d", True, "ticket", True,
    ]  # fmt: skip
    german, english = shown["confirmations"]
    assert (german["is_own"], english["is_own"]) == (True, False)
    (got,) = as_root.json("mail", "receive", stdin=a_mail("Der Drucker druckt nicht mehr, bitte helfen Sie."))
    ((text,),) = sql(place.store(), "SELECT text FROM message WHERE is_automatic")
    now = german["text"].replace("4711", str(got["ticket"])).partition("Antwort")[0]
    assert text.startswith(now)
    assert text.endswith("Example Support")


def test_names_addresses_and_mail_are_one_change(as_root: Helpdesk) -> None:
    words = ["queue", "set", "support", "--display-name", "Shop", "--confirm", "--batch-id", "one"]
    assert as_root.json(*words) == as_root.json(*words)
    shown = as_root.json("queue", "show", "support")
    assert (shown["display_name"], shown["confirms"]) == ("Shop", True)


def test_each_setting_can_be_taken_back(as_root: Helpdesk) -> None:
    as_root("queue", "set", "support", "--confirm", "--confirm-within", "4h", "--confirm-text-en", "Hello there")
    words = [
        "--no-confirm",
        "--confirm-within",
        "none",
        "--confirm-text-en",
        "",
        "--no-plus-addresses",
        "--robots",
        "aside",
    ]
    as_root("queue", "set", "support", *words)
    shown = as_root.json("queue", "show", "support")
    assert [shown[name] for name in ("confirms", "within", "plus_addresses", "robots")] == [False, None, False, "aside"]
    assert not any(one["is_own"] for one in shown["confirmations"])


@on_sqlite
@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--confirm-within", "soon"], "length of working time"),
        (["--confirm-text-de", "Hello {subject}"], "{subject}"),
        (["--confirm-text-en", "No {number} is told"], "--confirm-with-number"),
        (["--confirm-text-en", "mistyped.txt"], "no file mistyped.txt"),
        (["--confirm-text-en", "a b" * 2_000], "too long"),
        (["--robots", "eat"], "eat"),
        (["--display-name", "Other", "--confirm-within", "0h"], "0h"),
    ],
)
def test_what_cannot_be_changes_nothing(as_root: Helpdesk, words: list[str], said: str) -> None:
    before = as_root.json("queue", "show", "support")
    done = as_root("queue", "set", "support", *words, code=1 if "no file" in said else 2)
    assert said.encode() in done.err
    assert as_root.json("queue", "show", "support")["display_name"] == before["display_name"]


@on_sqlite
def test_a_file_that_is_no_text_is_refused(as_root: Helpdesk, a_file: Callable[[str | bytes], str]) -> None:
    as_root("queue", "set", "support", "--confirm-text-en", a_file(b"\xff\xfe\x00"), code=2)


@on_sqlite
def test_an_agent_sets_nothing_and_a_queue_that_is_not_there_is_none(helpdesk: Helpdesk) -> None:
    helpdesk("queue", "set", "support", "--confirm", code=1)
    assert b"no queue nowhere" in helpdesk("queue", "show", "nowhere", code=1).err
