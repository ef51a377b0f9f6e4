"""Every bad input by its name, through the store: kept byte for byte, filed once, clean, and the next mail as well."""

from __future__ import annotations

import ast
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from helpdesk_tui.desk.door import Desk
from helpdesk_tui.desk.mailroom import ArrivedMail
from helpdesk_tui.mail.ingest import take_in
from helpdesk_tui.mail.reader import Unread
from helpdesk_tui.mail.readers import Readers
from helpdesk_tui.rules.untrusted import is_clean
from helpdesk_tui.terms import SYSTEM, FiledMail, IncomingMail
from tests.build import FrozenClock, Place, Proves, a_mail, sql
from tests.mail.bad_inputs import BAD_INPUTS, ELSEWHERE, NUMBERS, number_of
from tests.mail.seen import Seen, fates, seen

TESTS = Path(__file__).parents[1]
#: Larger ones are compared between the stores in the long run alone.
SMALL = 64 * 1024


@pytest.fixture(scope="module")
def guarded() -> Iterator[Readers]:
    """A guarded reader as the program has them: 2 s and 256 MB for a mail."""
    with Readers(1) as guarded:
        yield guarded


@pytest.fixture(scope="module")
def filing(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """One store for all of them, one after the other."""
    file = tmp_path_factory.mktemp("desk", numbered=True) / "helpdesk.db"
    shutil.copy2(sqlite_template, file)
    with Place(lambda _login: f"sqlite:///{file}", False) as place:
        yield place.desk("anna").acting_as(SYSTEM)


def test_every_number_has_its_mail_or_its_test() -> None:
    there = {number_of(name) for name in BAD_INPUTS} | ELSEWHERE.keys()
    assert {f"B{number:02}" for number in NUMBERS} - there == set()


def test_what_is_proven_elsewhere_is_there() -> None:
    missing = [one for tests in ELSEWHERE.values() for one in tests if not _is_there(*one.split("::"))]
    assert missing == []


@pytest.mark.sample(150)
@pytest.mark.parametrize("case", BAD_INPUTS)
def test_a_bad_input_is_kept_and_filed_once_and_the_next_as_well(case: str, filing: Desk, guarded: Readers) -> None:
    raw, next_one = BAD_INPUTS[case].make(), a_mail(f"The one behind {case}")
    begun = time.process_time()
    first, second = _taken_in(filing, guarded, raw, next_one)
    assert time.process_time() - begun < 2  # beside what its reader took, which is ended after as much
    found = seen(filing, first.raw_id or 0)
    assert found.raw == raw
    assert fates(filing, raw) == [(found.disposition, found.disposition == "quarantined")]
    assert _wrong(case, found) == []
    assert seen(filing, second.raw_id or 0).text == f"The one behind {case}"
    assert sql(filing.store, "SELECT count(*) FROM outbox") == [(0,)]


@pytest.mark.timeout(900)
@pytest.mark.parametrize("most", [SMALL, pytest.param(1 << 40, marks=pytest.mark.long)])
def test_both_stores_keep_the_same_of_them(
    sqlite_place: Callable[[FrozenClock], Place],
    postgres_place: Callable[[FrozenClock], Place],
    guarded: Readers,
    most: int,
    proves: Proves,
) -> None:
    compared = 0
    with sqlite_place(FrozenClock()) as one_place, postgres_place(FrozenClock()) as other_place:
        one, other = (place.desk("anna").acting_as(SYSTEM) for place in (one_place, other_place))
        for case, bad in BAD_INPUTS.items():
            if len(raw := bad.make()) <= most:
                assert _seen_of(one, guarded, raw) == _seen_of(other, guarded, raw), case
                compared += 1
    proves("bad inputs alike on both stores", compared)


@pytest.mark.long
def test_all_of_them_at_once_lose_none(proves: Proves) -> None:
    mails = (made() for bad in BAD_INPUTS.values() for made in (bad.make, a_mail))
    with Readers(2) as guarded:
        readings = list(guarded.read(mails))
    unread = [case for case, one in zip(BAD_INPUTS, readings[::2], strict=True) if isinstance(one, Unread)]
    assert unread == [case for case, bad in BAD_INPUTS.items() if "quarantined" in bad.becomes]
    assert all(isinstance(one, IncomingMail) for one in readings[1::2])
    proves("bad inputs read", len(BAD_INPUTS))


def _taken_in(desk: Desk, readers: Readers, *mails: bytes) -> list[FiledMail]:
    """Take them in so long after those before that they are no flood."""
    assert isinstance(desk.clock, FrozenClock)
    now = desk.clock.advance(hours=2)
    return take_in(desk, "inbox", [ArrivedMail(raw, now) for raw in mails], readers=readers)


def _seen_of(desk: Desk, readers: Readers, raw: bytes) -> Seen:
    return seen(desk, _taken_in(desk, readers, raw)[0].raw_id or 0)


def _wrong(case: str, found: Seen) -> list[str]:
    """What is not as it should be."""
    expected = BAD_INPUTS[case]
    wrong = [f"not said: {words}" for words in expected.says if words not in found.said]
    wrong += [f"not clean: {text[:200]!r}" for text in found.texts() if not is_clean(text)]
    if found.disposition not in expected.becomes:
        wrong.append(f"{found.disposition}: {found.reason}")
    if not expected.holds(found):
        wrong.append(str(replace(found, raw=b"", text=found.text[:500]))[:3_000])
    return wrong


def _is_there(file: str, name: str) -> bool:
    tree = ast.parse((TESTS / file).read_text())
    return any(isinstance(node, ast.FunctionDef) and node.name == name for node in ast.walk(tree))
