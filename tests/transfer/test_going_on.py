"""A source may change between a kill and the next call: what stands before the old position is looked at again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from helpdesk_tui.desk.door import Desk
from helpdesk_tui.store.queries.transfer import imports
from helpdesk_tui.terms import SYSTEM
from helpdesk_tui.transfer.export import export_lines
from helpdesk_tui.transfer.maildir import Maildir
from helpdesk_tui.transfer.mbox import Mbox
from helpdesk_tui.transfer.source import Reader
from helpdesk_tui.transfer.table import Table
from helpdesk_tui.transfer.tickets import Tickets
from tests.build import Place, sql
from tests.transfer.samples import mail, maildir, mbox, take

pytestmark = pytest.mark.one_store

HEAD = "subject,requester_email,created_at"
Write = Callable[[Path, Sequence[int]], Path]


def a_mail_of(number: int) -> bytes:
    """A mail of somebody of their own."""
    return mail(number, sender=f"c{number}@x.example")


def a_table(folder: Path, numbers: Sequence[int]) -> Path:
    """A table with these rows."""
    rows = [f"s{number},c{number}@x.example,2026-11-01 10:00" for number in numbers]
    (folder / "a").write_text("\n".join([HEAD, *rows, ""]), encoding="utf-8")
    return folder / "a"


def an_mbox(folder: Path, numbers: Sequence[int]) -> Path:
    """A file with these mails."""
    return mbox(folder / "a", [a_mail_of(number) for number in numbers])


def a_maildir(folder: Path, numbers: Sequence[int]) -> Path:
    """A folder with these mails; others go."""
    for old in (folder / "a" / "cur").glob("*"):
        old.unlink()
    return maildir(folder / "a", {f"cur/170000000{number}.a:2,S": a_mail_of(number) for number in numbers})


READERS: dict[str, tuple[Write, Callable[[Path], Reader]]] = {
    "csv": (a_table, Table),
    "mbox": (an_mbox, Mbox),
    "maildir": (a_maildir, Maildir),
}


@pytest.fixture
def root(place: Place) -> Desk:
    """The admin."""
    return place.desk("root")


def break_off(place: Place) -> None:
    """Let imports stand as if they had been killed before their end."""
    sql(place.store(), "UPDATE import_run SET state = 'running'")


@pytest.mark.parametrize("format", READERS)
def test_a_source_that_has_only_grown_is_read_on(tmp_path: Path, format: str) -> None:
    write, reader = READERS[format]
    found = list(reader(write(tmp_path, [1, 2, 3])).read({}))
    grown = reader(write(tmp_path, [1, 2, 3, 4]))
    assert [one.position for one in grown.read(found[1].position)] == [one.position for one in grown.read({})][2:]
    assert len(list(grown.read(found[2].position))) == 1


@pytest.mark.parametrize("numbers", [[2, 3, 4, 5], [5, 1, 2, 3], [4, 5], [1, 3, 4, 5]], ids=str)
@pytest.mark.parametrize("format", READERS)
def test_one_that_was_changed_misses_nothing_and_doubles_nothing(
    place: Place, root: Desk, tmp_path: Path, format: str, numbers: list[int]
) -> None:
    write, _reader = READERS[format]
    take(root, format, write(tmp_path, [1, 2, 3]))
    break_off(place)
    done = take(root, format, write(tmp_path, numbers))
    assert (done.tickets, done.resumed) == (len({1, 2, 3, *numbers}), True)
    assert [one.tickets for one in root.acting_as(SYSTEM).ask(imports)] == [done.tickets]


def test_what_was_left_out_is_named_once(place: Place, root: Desk, tmp_path: Path) -> None:
    path = a_table(tmp_path, [1])
    path.write_text(path.read_text() + "x,nobody,2026-01-01\n")
    assert take(root, "csv", path).rejected == 1
    break_off(place)
    path.write_text(path.read_text().replace("s1", "s2"))
    assert take(root, "csv", path).rejected == 1


def test_lines_of_an_export_that_were_changed_are_read_again(place: Place, root: Desk, tmp_path: Path) -> None:
    take(root, "mbox", an_mbox(tmp_path, [1, 2, 3]))
    lines = list(export_lines(root))
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"".join(lines[:2]))
    last = list(Tickets(path).read({}))[-1]
    path.write_bytes(b"".join(lines))
    assert [one.place for one in Tickets(path).read(last.position)] == ["line 3"]
    path.write_bytes(b"".join(lines[1:]))
    assert [one.place for one in Tickets(path).read(last.position)] == ["line 1", "line 2"]
