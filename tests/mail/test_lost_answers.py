"""F40: the line to PostgreSQL is cut at a commit, whose answer nobody hears: nothing is filed twice, sent twice or lost."""

from __future__ import annotations

import random
from collections import Counter
from typing import Any

import psycopg
import pytest

from tests.build import Proves
from tests.mail.installation import Installation
from tests.mail.postgres_line import ALL_CUT, NOT_ARRIVED, UNANSWERED, cut_line
from tests.mail.twenty_mails import (
    THREADS,
    assert_complete,
    assert_confirmed_once,
    assert_told_nothing_too_early,
    deliver_the_day,
    end_state,
    expect_the_day,
    flagged,
    the_day,
)
from tests.services.dovecot import Mailbox
from tests.services.hosting import wait_until
from tests.services.postgres import PostgresServer
from tests.services.smtp import SmtpSink

pytestmark = pytest.mark.one_store

#: A round of the day has so many commits, and sending its confirmations takes more than so many.
COMMITS, SENDING = 13, 12
MATRIX = [(how, number) for how in (NOT_ARRIVED, UNANSWERED, ALL_CUT) for number in range(1, COMMITS + 1)]
DRAWN = random.Random(40).sample(MATRIX, 4)


def cases(matrix: list[tuple[str, int]], drawn: list[tuple[str, int]]) -> list[Any]:
    """Every commit and every way; those that were not drawn take long in all."""
    marks = {case: () if case in drawn else (pytest.mark.long,) for case in matrix}
    return [pytest.param("postgres", *case, marks=marks[case], id=f"{case[0]}-{case[1]}") for case in matrix]


@pytest.mark.parametrize(("place", "how", "number"), cases(MATRIX, DRAWN), indirect=["place"])
def test_a_commit_of_mail_that_comes_in(
    installation: Installation,
    mailbox: Mailbox,
    undisturbed: dict[str, Any],
    postgres_server: PostgresServer,
    smtp_sink: SmtpSink,
    how: str,
    number: int,
    proves: Proves,
) -> None:
    expect_the_day(installation, mailbox)
    deliver_the_day(mailbox)
    poll_over_a_cut_line(installation, postgres_server, number, how)
    assert_told_nothing_too_early(installation, flagged(mailbox))
    installation.poll_well()
    assert_complete(installation, the_day())
    assert end_state(installation) == undisturbed
    assert_confirmed_once(installation, smtp_sink)
    proves("cut commits", 1)


SENT = [(how, number) for how in (NOT_ARRIVED, UNANSWERED) for number in range(1, SENDING + 1)]
DRAWN_SENT = random.Random(40).sample(SENT, 2)


@pytest.mark.parametrize(("place", "how", "number"), cases(SENT, DRAWN_SENT), indirect=["place"])
def test_a_commit_of_mail_that_goes_out(
    installation: Installation,
    mailbox: Mailbox,
    postgres_server: PostgresServer,
    smtp_sink: SmtpSink,
    how: str,
    number: int,
    proves: Proves,
) -> None:
    """What was handed over, and not written down, is in doubt; a person decides about that one."""
    expect_the_day(installation, mailbox)
    deliver_the_day(mailbox)
    installation.poll_well()
    installation.send_through(smtp_sink)
    poll_over_a_cut_line(installation, postgres_server, number, how)
    installation.poll_well()
    installation.poll_well()
    states = Counter(row.state for row in installation.sql("SELECT state FROM outbox"))
    sent = Counter(address for mail in smtp_sink.messages for address in mail.rcpt_tos)
    assert states.total() == THREADS
    assert states["unsure"] <= 1
    assert states["sent"] == THREADS - states["unsure"]
    assert set(sent.values()) == {1}
    assert states["sent"] <= len(sent) <= THREADS
    proves("cut commits of the sender", 1)


def poll_over_a_cut_line(installation: Installation, server: PostgresServer, number: int, how: str) -> None:
    """Poll once over a line that is cut there, and wait until the server has noticed it too."""
    with cut_line(server, number, how) as (port, line):
        url = installation.place.url_of
        with installation.on(lambda login: url(login).replace(f":{server.port}/", f":{port}/")) as disturbed:
            disturbed.poll()
    assert line.commits >= number, "it has been cut"
    wait_until(lambda: not sessions(installation, server), "the server has noticed it")


def sessions(installation: Installation, server: PostgresServer) -> int:
    """How many sessions of Anna's the server has."""
    installation.look_anew()
    with psycopg.connect(server.superuser_url()) as connection:
        found = connection.execute("SELECT count(*) FROM pg_stat_activity WHERE usename = 'anna'").fetchone()
    return int(found[0]) if found else 0
