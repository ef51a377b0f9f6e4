"""Real mails of others through `helpdesk mail receive`, in one process: none stops it, none is lost, none is changed."""

from __future__ import annotations

import csv
import itertools
import json
import random
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from helpdesk_tui.desk.mailroom import raw_content
from helpdesk_tui.mail.reader import Unread
from helpdesk_tui.mail.readers import Readers
from helpdesk_tui.store.transaction import reading
from helpdesk_tui.terms import SYSTEM, Disposition
from tests.build import Proves
from tests.mail.installation import Installation
from tests.mail.test_parse_corpus import FOLDER, messages, pytestmark
from tests.mail.watched import Peaks, watched

__all__ = ["pytestmark"]

SAMPLE = 150
MB = 1 << 20
#: What a reader may have, and the seconds on the processor that one mail may take.
MOST_MEMORY, MOST_SECONDS = 256 * MB, 2.0
NOTHING_TO_READ = "This mail has neither a sender nor any text that can be read."
LONG = pytest.mark.long
_ENVELOPE = re.compile(rb"^From (?:-|\d+@xxx)", re.M)


def test_the_boxes_are_taken_apart(tmp_path: Path) -> None:
    assert len(boxed(tmp_path)) > 10


@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    ("place", "count"),
    [("sqlite", SAMPLE), pytest.param("sqlite", None, marks=LONG), pytest.param("postgres", None, marks=LONG)],
    indirect=["place"],
)
def test_real_mail_is_received_by_one_command(
    installation: Installation, tmp_path: Path, count: int | None, proves: Proves
) -> None:
    files = [*(FOLDER / name for name in messages()), *boxed(tmp_path)]
    if count:
        files = random.Random(7).sample(files, count)
    said, peaks = received(installation, files)
    fates = Counter(one["disposition"] for one in said)
    assert [one["file"] for one in said] == [str(file) for file in files]
    assert fates.keys() <= set(Disposition)
    assert {one["why"]["reason"] for one in said if one["disposition"] == "quarantined"} <= {NOTHING_TO_READ}
    assert kept(installation) == {sha256(file.read_bytes()).hexdigest() for file in files}
    assert 0 < peaks.largest_child <= MOST_MEMORY
    proves("mails received by one command", len(files))
    proves("MB that a reader had, at most", peaks.largest_child // MB)
    proves("MB that the command had, at most", peaks.own // MB)
    for fate, number in fates.items():
        proves(fate, number)


@LONG
@pytest.mark.timeout(900)
def test_no_real_mail_takes_two_seconds(proves: Proves) -> None:
    slowest = 0.0
    with Readers(1) as readers:
        for name in messages():
            seconds, reading = timed(readers, (FOLDER / name).read_bytes())
            assert not isinstance(reading, Unread) or reading.reason == NOTHING_TO_READ, (name, reading)
            slowest = max(slowest, seconds)
    assert slowest <= MOST_SECONDS
    proves("ms of the processor for one mail, at most", round(slowest * 1000))


def boxed(folder: Path) -> list[Path]:
    """Each mail of the mbox files as a file of its own."""
    with (FOLDER / "MANIFEST.tsv").open() as rows:
        boxes = [
            FOLDER / row["group"] / row["file"] for row in csv.DictReader(rows, delimiter="\t") if row["role"] == "mbox"
        ]
    return [file for box in boxes for file in _taken_apart(box, folder)]


def received(installation: Installation, files: Sequence[Path]) -> tuple[list[Mapping[str, Any]], Peaks]:
    """What one command says of all these mails, and the memory it had."""
    process = installation.start("mail", "receive", "--json", *map(str, files))
    with watched(process.pid) as peaks:
        out, err = process.communicate()
    assert (process.returncode, err) == (0, "")
    return json.loads(out), peaks


def kept(installation: Installation) -> set[str]:
    """What the bytes hash to that come back from the store, each filed once."""
    rows = installation.sql("SELECT id, sha256, disposition FROM raw_message")
    assert len({digest for _id, digest, _fate in rows}) == len(rows)
    assert {fate for *_row, fate in rows} <= set(Disposition)
    with reading(installation.system().store, SYSTEM) as session:
        return {sha256(raw_content(session, raw_id)).hexdigest() for raw_id, *_rest in rows}


def timed(readers: Readers, raw: bytes) -> tuple[float, object]:
    """How long a reader had the processor for a mail, in seconds, and what it read."""
    readers.start()
    before = _worked(readers)
    (reading,) = readers.read([raw])
    return max(_worked(readers) - before, 0.0), reading


def _worked(readers: Readers) -> float:
    return sum(child._work_so_far() for child in readers._children) / 100


def _taken_apart(box: Path, folder: Path) -> Iterator[Path]:
    """As its writer parted them: without a date in the envelope, by which ours would know one."""
    content = box.read_bytes()
    starts = sorted({0, *(found.start() for found in _ENVELOPE.finditer(content)), len(content)})
    for start, end in itertools.pairwise(starts):
        taken = folder / f"{start}-{box.name}.eml"
        taken.write_bytes(content[start:end])
        yield taken
