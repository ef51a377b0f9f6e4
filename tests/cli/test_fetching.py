"""How far `poll --once` has come, as a person reads it on a terminal and in a file."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from helpdesk_tui.cli import fetching
from helpdesk_tui.cli.fetching import Lines, in_words
from tests.build import a_mail
from tests.mail.conftest import small_installation
from tests.mail.installation import Installation
from tests.services.dovecot import Mailbox
from tests.services.terminal import PtyProgram

__all__ = ["small_installation"]


@pytest.mark.parametrize(
    ("done", "total", "seconds", "words"),
    [
        (340, 10_000, 0.42, "340 of 10,000 · 12 s left"),
        (50, 10_000, 10, "50 of 10,000 · 33 min left"),
        (10_000, 10_000, 60, "10,000 of 10,000"),
        (0, 7, 1, "0 of 7"),
    ],
)
def test_it_is_said_in_words(done: int, total: int, seconds: float, words: str) -> None:
    assert in_words(done, total, seconds) == words


def test_a_bar_is_on_a_terminal_and_each_mail_is_stored_while_others_are_fetched(
    small_installation: Installation, mailbox: Mailbox
) -> None:
    small_installation.fetch_from(mailbox)
    for number in range(400):
        mailbox.put(a_mail(f"This is mail {number}."))
    argv = [sys.executable, "-m", "helpdesk_tui", *small_installation.argv("poll", "--once")]
    with PtyProgram(argv, 100, 12, env=small_installation.environment_of_a_process()) as program:
        screen = "\n".join(program.wait_for(re.compile(r"\d+ of 400 · \d+ s left"), 30))
        done = int(re.findall(r"(\d+) of 400", screen)[-1])
        stored = small_installation.sql("SELECT count(*) FROM raw_message WHERE disposition IS NOT NULL")[0][0]
        assert done <= stored
        program.wait_for("400 received, 0 sent", 60)
        assert program.wait() == 0


def test_a_file_gets_a_line_now_and_then(
    small_installation: Installation, mailbox: Mailbox, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = Lines()
    for done in range(0, 1001, 100):
        if done in (200, 700):
            lines._said_at -= fetching._EVERY_SECONDS
        lines.show("inbox", done, 1000)
    said = capsys.readouterr().err.splitlines()
    assert [line.partition(" · ")[0] for line in said] == ["inbox: 200 of 1,000", "inbox: 700 of 1,000"]


def test_a_short_round_says_nothing_of_it(small_installation: Installation, mailbox: Mailbox) -> None:
    small_installation.fetch_from(mailbox)
    mailbox.put(a_mail())
    done: subprocess.CompletedProcess[str] = small_installation.run("poll", "--once")
    assert (done.stdout, done.stderr) == ("1 received, 0 sent\n", "")
