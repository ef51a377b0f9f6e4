"""Mails of up to 150 MB: each is read in 2 seconds and 256 MB, and what is too large for that is named.

A process that only parses measures itself; the limits are the promise.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from helpdesk_tui.mail.files import MOST_CODED
from tests.build import Proves
from tests.mail.large_mails import CODED, KINDS, MB, a_picture, base64_of
from tests.mail.raw_mail import a_multipart, a_part, mail_of, read

ROOT = Path(__file__).parents[2]
MOST_SECONDS = 2.0
MOST_MEMORY_KB = 256 * 1024
CASES = [(kind, size) for kind in KINDS for size in (10, 25, 60, 150)]
#: The usual kind at every size, and at the last those that take the most.
FEW = [case for case in CASES if case[0] == "attachment"] + [
    (kind, 150) for kind in ("text", "many parts", "HTML", "header", "old Macintosh")
]


def measured(cases: list[tuple[str, int]]) -> Iterator[tuple[str, int, float, int]]:
    """Kind, size in MB, CPU seconds and KB of memory of each mail, read in a process of its own."""
    for kind, size in cases:
        command = [sys.executable, "-m", "tests.mail.large_mails", kind, str(size)]
        seconds, memory = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT).stdout.split()
        yield kind, size, float(seconds), int(memory)


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="NOT TESTED: memory (no /proc)")
@pytest.mark.parametrize(
    "cases", [FEW, pytest.param(CASES, marks=[pytest.mark.long, pytest.mark.timeout(900)])], ids=["some", "all"]
)
def test_a_large_mail_is_read_in_bounds(cases: list[tuple[str, int]], proves: Proves) -> None:
    figures = list(measured(cases))
    assert not [one for one in figures if one[2] > MOST_SECONDS or one[3] > MOST_MEMORY_KB]
    proves("MB of memory for a large mail, at most", max(memory for *_case, memory in figures) // 1024)


def test_a_file_that_is_too_large_is_named_and_a_smaller_one_behind_it_is_kept() -> None:
    large = a_part("application/zip; name=large.zip", base64_of(MOST_CODED + MB), CODED)
    mail = read(mail_of(a_multipart("mixed", a_part("text/plain", "Words"), large, a_picture(1_000))))
    assert (mail.text, [file.name for file in mail.files]) == ("Words", ["a.png"])
    assert mail.notes == ("large.zip (about 26 MB) is only in the original: the mail is too large.",)


def test_all_files_of_a_mail_share_one_limit_and_only_some_are_named() -> None:
    mail = read(mail_of(a_multipart("mixed", *[a_picture(MB)] * 60)))
    assert len(mail.files) == 25
    assert len(mail.notes) <= 21
    assert mail.notes[-1] == "More files are only in the original: the mail is too large."
