"""F39, F41: PostgreSQL goes away, takes no writing, or gives a transaction up, while mail comes in."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest

from helpdesk_tui.errors import Temporary
from tests.build import Proves
from tests.conftest import DATABASE
from tests.mail.installation import Installation
from tests.mail.places import COMMIT, IMAP, MAILROOM, Step, more_cases
from tests.mail.twenty_mails import (
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
from tests.services.postgres import PostgresServer
from tests.services.smtp import SmtpSink

WAY = (
    Step("fetched", "after", f"{IMAP}._fetch_batch", (1,)),
    Step("keeping", "after", f"{MAILROOM}:_mark", (2,)),
    Step("kept", "after", f"{MAILROOM}:keep", (1,)),
    Step("filing", "after", f"{MAILROOM}:_file_in_turn", (2, 20)),
    Step("filed", "after", f"{MAILROOM}:file_each", (2,)),
    Step("told", "after", f"{IMAP}.done", (1, 4)),
    Step("before a commit", "before", COMMIT, (1, 2, 3)),
    Step("after a commit", "after", COMMIT, (1, 2, 3)),
)


def ended_well(installation: Installation, mailbox: Mailbox, undisturbed: dict[str, Any]) -> None:
    """One more round, and all is as if nothing had been."""
    assert_told_nothing_too_early(installation, flagged(mailbox))
    installation.poll_well()
    assert_complete(installation, the_day())
    assert end_state(installation) == undisturbed


class TestAway:
    """F39."""

    @pytest.mark.parametrize(
        "is_crash", [pytest.param(False, marks=pytest.mark.long, id="restarted"), pytest.param(True, id="crashed")]
    )
    @pytest.mark.parametrize(
        ("place", "step", "turn"), more_cases(WAY, ("postgres", "filing", 2), ["postgres"]), indirect=["place"]
    )
    def test_it_is_started_again_at_once(
        self,
        installation: Installation,
        mailbox: Mailbox,
        undisturbed: dict[str, Any],
        postgres_server: PostgresServer,
        smtp_sink: SmtpSink,
        step: Step,
        turn: int,
        is_crash: bool,
        proves: Proves,
    ) -> None:
        expect_the_day(installation, mailbox)
        deliver_the_day(mailbox)
        installation.look_anew()
        with installation.halted(step.when, step.target, turn) as poller:
            postgres_server.restart(immediate=is_crash)
        assert poller.returncode in (0, 75), poller
        assert "Traceback" not in poller.said
        ended_well(installation, mailbox, undisturbed)
        assert_confirmed_once(installation, smtp_sink)
        proves("restarts", 1)

    @pytest.mark.parametrize("place", ["postgres"], indirect=True)
    def test_it_stays_away_for_a_while(
        self,
        installation: Installation,
        mailbox: Mailbox,
        undisturbed: dict[str, Any],
        postgres_server: PostgresServer,
    ) -> None:
        expect_the_day(installation, mailbox)
        deliver_the_day(mailbox)
        installation.look_anew()
        try:
            with installation.halted("after", f"{MAILROOM}:_file_in_turn", 7) as poller:
                postgres_server.stop(immediate=True)
        finally:
            postgres_server.start()
        assert poller.returncode == 75, poller
        ended_well(installation, mailbox, undisturbed)

    @pytest.mark.parametrize(
        ("place", "step", "turn"),
        more_cases((WAY[0], WAY[2]), ("postgres", "kept", 1), ["postgres"]),
        indirect=["place"],
    )
    def test_the_one_that_takes_over_takes_no_writing_yet(
        self,
        installation: Installation,
        mailbox: Mailbox,
        undisturbed: dict[str, Any],
        postgres_server: PostgresServer,
        step: Step,
        turn: int,
    ) -> None:
        """As a standby until it is promoted: the connections are new, and reading goes on."""
        expect_the_day(installation, mailbox)
        deliver_the_day(mailbox)
        installation.look_anew()
        try:
            with installation.halted(step.when, step.target, turn) as poller:
                command(postgres_server, "ALTER SYSTEM SET default_transaction_read_only = on")
                postgres_server.restart(immediate=True)
        finally:
            command(postgres_server, "ALTER SYSTEM RESET default_transaction_read_only")
            command(postgres_server, "SELECT pg_reload_conf()")
        assert poller.returncode == 75, poller
        assert "another server may be taking over" in poller.said
        ended_well(installation, mailbox, undisturbed)


#: A sequence counts on where a transaction is given up.
FAULTS = """
CREATE SCHEMA faults;
CREATE SEQUENCE faults.met;
CREATE FUNCTION faults.refuse() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN
  IF nextval('faults.met') <= TG_ARGV[0]::int THEN
    RAISE EXCEPTION 'not now' USING ERRCODE = TG_ARGV[1];
  END IF;
  RETURN NEW;
END $$;
GRANT USAGE ON SCHEMA faults TO PUBLIC;
"""
#: What the server may say, as SQLSTATE, and whether the same is tried again at once.
REFUSALS = {
    "a failed serialization": ("40001", True),
    "a deadlock": ("40P01", True),
    "a statement that takes too long": ("57014", False),
    "a lock that is waited for too long": ("55P03", False),
    "a disk without room": ("53100", False),
    "too little memory": ("53200", False),
    "an error of the disk": ("58030", False),
    "no writing": ("25006", False),
}
#: Where it says so: at a statement of keeping, of filing (two of them), and of noting what the server knows.
STATEMENTS = {
    "keeping": "INSERT ON raw_message",
    "filing": "INSERT ON message",
    "confirming": "INSERT ON outbox",
    "noting": "UPDATE OF is_done ON mail_seen",
}
AGAIN = [(name, where) for name, (_code, is_again) in REFUSALS.items() if is_again for where in STATEMENTS]
EVERY = [(name, where) for name in REFUSALS for where in STATEMENTS]


def refusals(matrix: list[tuple[str, str]], few: tuple[tuple[str, str], ...]) -> list[Any]:
    """Every refusal at every statement; few of them are for every day."""
    return [
        pytest.param("postgres", *case, marks=() if case in few else pytest.mark.long, id=" - ".join(case))
        for case in matrix
    ]


class TestRefusing:
    """F41: the server gives a transaction up."""

    @pytest.mark.parametrize(
        ("place", "refusal", "where"), refusals(AGAIN, (("a deadlock", "filing"),)), indirect=["place"]
    )
    def test_three_times_is_tried_again_at_once(
        self,
        installation: Installation,
        mailbox: Mailbox,
        undisturbed: dict[str, Any],
        postgres_server: PostgresServer,
        refusal: str,
        where: str,
        proves: Proves,
    ) -> None:
        expect_the_day(installation, mailbox)
        deliver_the_day(mailbox)
        with refusing(postgres_server, STATEMENTS[where], REFUSALS[refusal][0], 3) as met:
            installation.poll_well()
            assert met() > 3
        assert_complete(installation, the_day())
        assert end_state(installation) == undisturbed
        proves("refusals", 3)

    @pytest.mark.parametrize(
        ("place", "refusal", "where"),
        refusals(
            EVERY,
            (("a disk without room", "keeping"), ("no writing", "noting"), ("a failed serialization", "confirming")),
        ),
        indirect=["place"],
    )
    def test_all_the_time_leaves_the_mail_kept_or_on_the_server(
        self,
        installation: Installation,
        mailbox: Mailbox,
        undisturbed: dict[str, Any],
        postgres_server: PostgresServer,
        refusal: str,
        where: str,
        proves: Proves,
    ) -> None:
        expect_the_day(installation, mailbox)
        deliver_the_day(mailbox)
        with refusing(postgres_server, STATEMENTS[where], REFUSALS[refusal][0], 1000) as met:
            done = installation.poll()
            assert 1 <= met() <= 8, "a group is tried four times, then its first mail alone"
        assert [type(error) for error in done.failures if not isinstance(error, Temporary)] == []
        assert len(done.failures) == 1
        kept = installation.sql("SELECT count(*) FROM raw_message")[0][0]
        assert kept == (0 if where == "keeping" else 5)
        ended_well(installation, mailbox, undisturbed)
        proves("refusals without end", 1)

    @pytest.mark.parametrize("place", ["postgres"], indirect=True)
    def test_a_statement_that_waits_for_another_too_long(
        self, installation: Installation, mailbox: Mailbox, undisturbed: dict[str, Any], postgres_server: PostgresServer
    ) -> None:
        expect_the_day(installation, mailbox)
        deliver_the_day(mailbox)
        installation.look_anew()
        with (
            setting(postgres_server, "statement_timeout", "300ms"),
            psycopg.connect(database(postgres_server)) as other,
        ):
            other.execute("LOCK TABLE message IN SHARE MODE")
            done = installation.poll()
            other.rollback()
        assert [error.message for error in done.failures] == [
            "The store cannot be used now: canceling statement due to statement timeout"
        ]
        installation.look_anew()
        ended_well(installation, mailbox, undisturbed)

    @pytest.mark.parametrize("place", ["postgres"], indirect=True)
    def test_a_real_deadlock(
        self, installation: Installation, mailbox: Mailbox, undisturbed: dict[str, Any], postgres_server: PostgresServer
    ) -> None:
        """Somebody has the log of events and wants the second mail, which the poller has, who wants to write events."""
        expect_the_day(installation, mailbox)
        deliver_the_day(mailbox)
        installation.look_anew()
        second = "SELECT id FROM raw_message ORDER BY id LIMIT 1 OFFSET 1"
        with setting(postgres_server, "deadlock_timeout", "10ms"), psycopg.connect(database(postgres_server)) as other:
            other.execute("SET deadlock_timeout = '1h'")
            with installation.halted("after", f"{MAILROOM}:_file_in_turn", 2) as poller:
                other.execute("LOCK TABLE event IN ACCESS EXCLUSIVE MODE")

                def want_the_second() -> None:
                    other.execute(f"SELECT 1 FROM raw_message WHERE id = ({second}) FOR UPDATE")
                    other.commit()

                wanting = threading.Thread(target=want_the_second)
                wanting.start()
            wanting.join()
        assert (poller.returncode, poller.said) == (0, "20 received, 0 sent\n")
        assert "deadlock detected" in (postgres_server.folder / "log").read_text(errors="replace")
        assert end_state(installation) == undisturbed


@contextmanager
def refusing(server: PostgresServer, statement: str, code: str, times: int) -> Iterator[Callable[[], int]]:
    """So many such statements are refused with this SQLSTATE; gives how many there were."""
    with psycopg.connect(database(server), autocommit=True) as owner:
        owner.execute(FAULTS)
        owner.execute(
            f"CREATE TRIGGER a_refusal BEFORE {statement} FOR EACH ROW EXECUTE FUNCTION faults.refuse({times}, '{code}')"
        )
        try:
            yield lambda: int(owner.execute("SELECT last_value FROM faults.met").fetchone()[0])  # type: ignore[index]
        finally:
            owner.execute("DROP SCHEMA faults CASCADE")


@contextmanager
def setting(server: PostgresServer, name: str, value: str) -> Iterator[None]:
    """Anna's new sessions begin with this setting."""
    command(server, f"ALTER ROLE anna SET {name} = '{value}'")
    try:
        yield
    finally:
        command(server, f"ALTER ROLE anna RESET {name}")


def command(server: PostgresServer, words: str) -> None:
    """Do something that only a superuser may."""
    with psycopg.connect(server.superuser_url(), autocommit=True) as connection:
        connection.execute(words)


def database(server: PostgresServer) -> str:
    """The store as a superuser reaches it."""
    return server.superuser_url(DATABASE)
