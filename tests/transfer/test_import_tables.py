"""Tickets from a table: any encoding and separator, unknown words before anything is written, bad rows by number."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from helpdesk_tui.desk import tickets
from helpdesk_tui.desk.door import Desk
from helpdesk_tui.desk.takeback import take_back
from helpdesk_tui.errors import Usage
from helpdesk_tui.store.queries.transfer import rejects
from helpdesk_tui.terms import SYSTEM, Priority, Status
from helpdesk_tui.transfer.moments import read_moment
from helpdesk_tui.transfer.options import Options
from helpdesk_tui.transfer.run import dry_run
from helpdesk_tui.transfer.table import Table
from tests.build import Place, listed, row, sql, thread
from tests.transfer.samples import counts, state, take, told

pytestmark = pytest.mark.one_store

HEAD = "number,subject,requester_email,created_at,status,priority,category,queue,assignee,tags,body,closed_at,phone"
FULL = '4711,Drucker,mira@customer.example,2026-11-20 09:00,open,high,technical,billing,Anna,"vpn, neu",Er brennt.,,+49 69 1'
DONE = "INC-7,VPN,otto@x.example,2026-11-01T10:00:00Z,closed,,,,,,,2026-11-02T10:00:00Z,"


@pytest.fixture
def root(place: Place) -> Desk:
    """The admin."""
    return place.desk("root")


def table(folder: Path, *rows: str, head: str = HEAD, encoding: str = "utf-8", name: str = "t.csv") -> Path:
    """Write a table."""
    path = folder / name
    path.write_bytes("\n".join([head, *rows, ""]).encode(encoding))
    return path


def left_out(root: Desk, batch: str | None) -> list[tuple[str, str]]:
    """Places and reasons."""
    return [(one.place, one.reason) for one in root.acting_as(SYSTEM).ask(rejects, batch or "")]


def test_all_columns(root: Desk, tmp_path: Path) -> None:
    done = take(root, "csv", table(tmp_path, FULL, DONE))
    assert (done.tickets, done.messages, done.rejected) == (2, 1, 0)
    ticket = row(root, 4711)
    assert (ticket.status, ticket.priority, ticket.category) == (Status.OPEN, Priority.HIGH, "technical")
    assert (ticket.queue, ticket.assignee, ticket.tags) == ("billing", "anna", ("neu", "vpn"))
    assert ticket.created_at == datetime(2026, 11, 20, 8, tzinfo=UTC)
    assert [one.text for one in thread(root, 4711)] == ["Er brennt."]
    other = told(root)[1]
    assert (other["status"], other["closed_at"], other["channel"]) == (
        "closed",
        "2026-11-02T10:00:00.000000Z",
        "import",
    )
    assert told(root)[0]["requester"]["phones"] == ["+49 69 1"]
    assert listed(root, "brennt is:any") == [4711]


def test_a_ticket_is_found_by_its_old_number_also_once_its_words_are_written_anew(root: Desk, tmp_path: Path) -> None:
    take(root, "csv", table(tmp_path, DONE))
    (number,) = listed(root, "INC-7 is:any")
    assert row(root, number).subject == "VPN"
    tickets.set_fields(root, [number], tickets.Fields(summary="Tunnel"))
    tickets.set_fields(root, [number], tickets.Fields(summary="Keys"))
    assert listed(root, "inc-7 keys is:any") == [number]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_encodings_and_separators(tmp_path: Path, encoding: str, separator: str) -> None:
    rows = [
        separator.join(one)
        for one in (("subject", "requester_email", "created_at"), ("Größe €", "a@b.example", "1.2.2026"))
    ]
    path = table(tmp_path, rows[1], head=rows[0], encoding=encoding)
    (found,) = Table(path).read({})
    assert found.thing == {"subject": "Größe €", "requester_email": "a@b.example", "created_at": "1.2.2026"}
    assert found.place == "row 2"


@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
def test_line_ends_and_lines_within_a_cell(tmp_path: Path, ends: str) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(
        ends.join(["Subject,requester_email,created_at,body", '"a","b@c.example",2026-01-01,"x\ny"', ""]).encode()
    )
    (found,) = Table(path).read({})
    assert found.thing == {
        "subject": "a", "requester_email": "b@c.example", "created_at": "2026-01-01", "body": "x\ny",
    }  # fmt: skip


def test_bad_rows_are_named_by_number_and_stop_nothing(root: Desk, tmp_path: Path) -> None:
    head = "subject,requester_email,created_at,body"
    path = table(
        tmp_path,
        "a,a@b.example,2026-01-01,ok",
        "b,nobody,2026-01-01,",
        "c,a@b.example,12/31/2026,",
        "d,a@b.example,2026-01-01",
        "e,a@b.example,,",
        'f,"a"@b.example,2026-01-01,',
        "g,a@b.example,2026-01-01,\x1b[31mred\x00",
        'h,a@b.example,2026-01-01,"no end',
        head=head,
    )
    done = take(root, "csv", path)
    assert (done.tickets, done.rejected) == (2, 6)
    places = left_out(root, done.batch)
    assert [place for place, _why in places] == [f"row {n}" for n in (3, 4, 5, 6, 7, 9)]
    for (_place, why), said in zip(
        places,
        (
            "no address", "no date beyond doubt", "3 cells", "created_at is empty", "in the middle of a cell",
            "that nothing closes",
        ),
        strict=True,
    ):  # fmt: skip
        assert said in why
    assert [one["messages"][0]["text"] for one in told(root)] == ["ok", "red"]


def test_unknown_words_stop_it_before_anything_is_written(place: Place, root: Desk, tmp_path: Path) -> None:
    head = "subject,requester_email,created_at,queue,status"
    rows = [f"s{n},a@b.example,2026-01-01,{'Helpdesk L1' if n % 2 else 'support'},Erledigt" for n in range(300)]
    path = table(tmp_path, *rows, head=head)
    before = counts(place)
    with pytest.raises(Usage, match="2 words of the source mean nothing here: queue, status") as refused:
        take(root, "csv", path)
    assert "--dry-run" in refused.value.hint
    assert (counts(place), state(place)["runs"]) == (before, [])
    dry = dry_run(root, "csv", path, Options("csv"))
    assert dry.unmapped.words == {"queue": {"Helpdesk L1": 150}, "status": {"Erledigt": 300}}
    filled = tmp_path / "map.toml"
    text = dry.unmapped.template()
    filled.write_text(text.replace('L1" = ""', 'L1" = "Billing"').replace('Erledigt" = ""', 'Erledigt" = "solved"'))
    done = take(root, "csv", path, mapping=str(filled))
    assert done.tickets == 300
    assert {one["queue"] for one in told(root)} == {"support", "billing"}
    assert {one["status"] for one in told(root)} == {"solved"}


def test_a_word_may_mean_nothing_where_a_ticket_may_have_none(root: Desk, tmp_path: Path) -> None:
    path = table(tmp_path, "a,a@b.example,2026-01-01,gone", head="subject,requester_email,created_at,assignee")
    mapping = tmp_path / "map.toml"
    mapping.write_text('[assignee]\n"gone" = ""\n')
    take(root, "csv", path, mapping=str(mapping))
    assert told(root)[0]["assignee"] is None
    mapping.write_text('[queue]\n"x" = ""\n')
    with pytest.raises(Usage, match="is none here"):
        take(root, "csv", path, mapping=str(mapping))


def test_columns_may_be_called_otherwise(root: Desk, tmp_path: Path) -> None:
    path = table(tmp_path, "x;a@b.example;1.2.2026 9:30", head="Betreff;From Email;Date Created")
    with pytest.raises(Usage, match="has no column subject, requester_email, created_at"):
        take(root, "csv", path)
    mapping = tmp_path / "map.toml"
    mapping.write_text(
        '[columns]\n"Betreff" = "subject"\n"From Email" = "requester_email"\n"Date Created" = "created_at"\n'
    )
    assert take(root, "csv", path, mapping=str(mapping)).tickets == 1


def test_a_column_that_is_said_to_be_nothing_we_know_is_refused(root: Desk, tmp_path: Path) -> None:
    path = table(tmp_path, "x,a@b.example,2026-01-01,high", head="subject,requester_email,created_at,Prio")
    mapping = tmp_path / "map.toml"
    mapping.write_text('[columns]\n"Prio" = "priorty"\n')
    with pytest.raises(Usage, match=r'\[columns\] "Prio" means "priorty", which is none here'):
        dry_run(root, "csv", path, Options("csv", mapping=str(mapping)))


def test_a_dry_run_names_the_columns_that_are_dropped(root: Desk, tmp_path: Path) -> None:
    path = table(tmp_path, "x,a@b.example,2026-01-01,high,1", head="Subject,requester_email,created_at,Prio,")
    assert dry_run(root, "csv", path, Options("csv")).dropped == ("Prio",)


def test_the_mapping_file_to_fill_in_can_be_read_whatever_the_words_are(root: Desk, tmp_path: Path) -> None:
    head = "subject,requester_email,created_at,status"
    path = table(tmp_path, 'x,a@b.example,2026-01-01,"Erledigt \U0001f600 ""ö"" \\ é"', head=head)
    mapping = tmp_path / "map.toml"
    template = dry_run(root, "csv", path, Options("csv")).unmapped.template()
    mapping.write_text(template.replace('= ""', '= "closed"'), encoding="utf-8")
    assert take(root, "csv", path, mapping=str(mapping)).tickets == 1


def test_a_dry_run_names_a_number_that_comes_twice(root: Desk, tmp_path: Path) -> None:
    """However far from each other, and a row that comes twice is one."""
    rows = [f"{5000 + n},s{n},c{n}@x.example,2026-11-01 10:00" for n in range(300)]
    path = table(
        tmp_path, *rows, "5001,other,z@x.example,2026-11-01", rows[0], head="number,subject,requester_email,created_at"
    )
    dry = dry_run(root, "csv", path, Options("old", zone="Europe/Berlin"))
    assert [one.place for one in dry.rejects] == ["row 302"]
    done = take(root, "csv", path)
    assert (dry.tickets, dry.rejected) == (done.tickets, done.rejected) == (300, 1)


@pytest.mark.parametrize(
    ("head", "said"),
    [
        ("subject,created_at", "has no column requester_email"),
        ("subject,requester_email,created_at,Subject", "has the column subject twice"),
        ("", "has no column"),
    ],
)
def test_a_head_that_will_not_do_is_refused(tmp_path: Path, head: str, said: str) -> None:
    with pytest.raises(Usage, match=said):
        list(Table(table(tmp_path, head=head)).read({}))


def test_a_table_without_rows_brings_nothing(root: Desk, tmp_path: Path) -> None:
    assert take(root, "csv", table(tmp_path)).tickets == 0


def test_a_second_run_changes_nothing_and_a_grown_table_brings_what_is_new(
    place: Place, root: Desk, tmp_path: Path
) -> None:
    take(root, "csv", table(tmp_path, FULL, DONE, "x,y"))
    before = state(place)
    assert take(root, "csv", tmp_path / "t.csv").tickets == 0
    assert state(place) == before
    more = "8000,Neu,mira@customer.example,2026-11-22,,,,,,,,,"
    assert take(root, "csv", table(tmp_path, FULL, DONE, "x,y", more)).tickets == 1
    assert row(root, 8000).status == Status.NEW


def test_the_same_number_for_something_else_is_left_out_and_named(root: Desk, tmp_path: Path) -> None:
    other = FULL.replace("Drucker", "Scanner")
    done = take(root, "csv", table(tmp_path, FULL, FULL, other))
    assert (done.tickets, done.rejected) == (1, 1)
    ((place, why),) = left_out(root, done.batch)
    assert (place, why.startswith("Another ticket 4711 was imported before")) == ("row 4", True)
    assert take(root, "csv", table(tmp_path, other, name="u.csv"), system="other").tickets == 1
    assert len(listed(root, "is:any")) == 2


def test_it_can_be_taken_back_with_its_tags_and_people(place: Place, root: Desk, tmp_path: Path) -> None:
    before = counts(place)
    batch = take(root, "csv", table(tmp_path, FULL, DONE, "x,y")).batch
    take_back(root, batch or "")
    assert counts(place) == before
    assert sql(place.store(), "SELECT * FROM import_reject") == []


BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("text", "more", "moment"),
    [
        ("2026-07-01 12:00", "", (2026, 7, 1, 10)),
        ("2026-07-01T12:00:00Z", "", (2026, 7, 1, 12)),
        ("2026/01/02", "", (2026, 1, 1, 23)),
        ("1.2.2026", "", (2026, 1, 31, 23)),
        ("31.12.2026 23:59:59", "", (2026, 12, 31, 22, 59, 59)),
        ("Mon, 23 Nov 2026 10:00:00 +0100", "", (2026, 11, 23, 9)),
        ("Mon, 23 Nov 2026 10:00:00", "", (2026, 11, 23, 9)),
        ("23 Nov 2026 10:00 CET (Berlin)", "", (2026, 11, 23, 9)),
        ("Mon Nov 23 10:00:00 2026", "", (2026, 11, 23, 9)),
        ("Mon Nov 23 10:00:00 UTC 2026", "", (2026, 11, 23, 10)),
        ("Mon, 23 Nov 2026 10:00:00 GMT", "", (2026, 11, 23, 10)),
        ("Mon, 23 Nov 2026 10:00:00 XYZ", "", None),
        ("23 Nov 2026 10:00 PM", "", None),
        ("12/31/2026 13:00", "%m/%d/%Y %H:%M", (2026, 12, 31, 12)),
        ("12/31/2026", "", None),
        ("2026-13-01", "", None),
        ("0001-01-01", "", None),
        ("9999-12-31", "", None),
        ("soon", "", None),
        ("31.2.2026", "", None),
        ("On 10:11 " + " " * 100_000 + "!", "", None),
        ("23 Nov 2026 10:00 +0100" + " " * 100_000, "", (2026, 11, 23, 9)),
    ],
)
def test_moments(text: str, more: str, moment: Any) -> None:
    assert read_moment(text, BERLIN, more) == (datetime(*moment, tzinfo=UTC) if moment else None)
