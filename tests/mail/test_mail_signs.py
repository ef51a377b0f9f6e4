"""What people are told of mailboxes: how each is doing, what waits, and what is old mail."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from helpdesk_tui.desk.mailroom import ArrivedMail, keep
from helpdesk_tui.mail import intake
from helpdesk_tui.mail.ingest import take_in
from helpdesk_tui.mail.mailbox import is_backlog
from helpdesk_tui.store.queries.mail import MailHealth, mail_health
from helpdesk_tui.store.signs import Sign, put, sign_round, sign_trouble
from tests.build import MORNING, FrozenClock, a_mail
from tests.mail.installation import Installation
from tests.mail.servers import PASSWORD, ImapFolder, serving
from tests.services.dovecot import Mailbox


def health(installation: Installation) -> MailHealth:
    return installation.desk().ask(mail_health)


class TestHowMailboxesAreDoing:
    def test_a_failure_says_since_when_and_ends_with_a_good_round(
        self, installation: Installation, clock: FrozenClock
    ) -> None:
        store = installation.place.store("anna")
        sign_round(store, "inbox", clock())
        sign_round(store, "other", clock.advance(minutes=1))
        begun = clock.advance(minutes=1)
        for words in ("no such host", "password refused"):
            sign_trouble(store, "inbox", clock.advance(minutes=1), words)
        worst, other = health(installation).mailboxes
        assert (worst.name, worst.words, other.name, other.words) == ("inbox", "password refused", "other", "ok")
        assert worst.failing_since == begun + timedelta(minutes=1)
        assert worst.well_at == begun - timedelta(minutes=2)
        assert (worst.trouble_at, worst.trouble) == (clock(), "password refused")
        sign_round(store, "inbox", clock.advance(minutes=1))
        inbox = next(one for one in health(installation).mailboxes if one.name == "inbox")
        assert (inbox.words, inbox.failing_since, inbox.well_at) == ("ok", None, clock())
        assert inbox.trouble == "password refused"
        sign_trouble(store, "inbox", clock.advance(minutes=1), "again")
        assert health(installation).mailboxes[0].failing_since == clock()

    def test_what_was_left_alone_is_no_failure(self, installation: Installation, clock: FrozenClock) -> None:
        store = installation.place.store("anna")
        sign_round(store, "inbox", clock(), "UID 5 is too large")
        (inbox,) = health(installation).mailboxes
        assert (inbox.words, inbox.failing_since, inbox.well_at) == ("UID 5 is too large", None, clock())

    def test_a_mailbox_that_is_polled_no_more_is_forgotten(
        self, installation: Installation, clock: FrozenClock
    ) -> None:
        store = installation.place.store("anna")
        sign_trouble(store, "old", clock(), "no such host")
        assert health(installation).poller_words == "no such host"
        sign_round(store, "new", clock.advance(days=4))
        assert [one.name for one in health(installation).mailboxes] == ["new"]
        assert health(installation).poller_words == "ok"

    def test_a_round_that_fails_is_told_by_one_poll(
        self, small_installation: Installation, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("HELPDESK_TEST_WRONG", "wrong")
        small_installation.fetch_from(mailbox, password_env="HELPDESK_TEST_WRONG")
        small_installation.poll()
        (inbox,) = health(small_installation).mailboxes
        assert "refused the login" in inbox.words
        assert inbox.failing_since
        assert inbox.well_at is None


class TestWhatWaits:
    def test_mail_that_is_kept_only_waits_since_it_came(self, installation: Installation, clock: FrozenClock) -> None:
        assert health(installation).waiting_since is None
        keep(installation.system(), "pipe", [ArrivedMail(a_mail(), clock() - timedelta(minutes=14))])
        assert health(installation).waiting_since == clock() - timedelta(minutes=14)

    def test_old_mail_waits_since_somebody_polls(self, installation: Installation, clock: FrozenClock) -> None:
        put(installation.place.store("anna"), Sign.FIRST_ROUND, "inbox", clock(), clock())
        keep(installation.system(), "inbox", [ArrivedMail(a_mail(), clock() - timedelta(days=300))])
        assert health(installation).waiting_since == clock()

    def test_a_long_round_says_what_it_has_not_fetched_yet(
        self, small_installation: Installation, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv(PASSWORD, "secret")
        monkeypatch.setattr(intake, "_SIGNS_AGAIN", 0.0)
        seen: list[datetime | None] = []

        def look_and_take(*args: Any) -> Any:
            seen.append(health(small_installation).waiting_since)
            return take_in(*args)

        monkeypatch.setattr(intake, "take_in", look_and_take)
        with serving(ImapFolder({uid: a_mail(f"mail {uid}") for uid in range(1, 7)})) as port:
            small_installation.fetch_from_port(port, PASSWORD)
            small_installation.set_mailbox(batch_count=2)
            assert small_installation.poll_well() == {"new": 6}
        assert [one is not None for one in seen] == [False, True, True]
        assert health(small_installation).waiting_since is None


class TestOldMail:
    @pytest.mark.parametrize(
        ("received_at", "is_old"),
        [(MORNING - timedelta(seconds=1), True), (MORNING, False), (MORNING + timedelta(days=1), False)],
    )
    def test_it_was_there_before(self, received_at: datetime, is_old: bool) -> None:
        assert is_backlog(received_at, MORNING) is is_old

    @pytest.fixture
    def arrived(self, monkeypatch: pytest.MonkeyPatch) -> list[ArrivedMail]:
        """Every mail that is handed over for filing."""
        seen: list[ArrivedMail] = []

        def note(desk: Any, name: str, mails: Sequence[ArrivedMail], queue: str) -> Any:
            seen.extend(mails)
            return take_in(desk, name, mails, queue)

        monkeypatch.setattr(intake, "take_in", note)
        return seen

    def put_old(self, mailbox: Mailbox, words: str, days: float) -> None:
        with mailbox.session() as person:
            at = datetime.now(UTC) - timedelta(days=days)
            person.append("INBOX", "", f'"{at:%d-%b-%Y %H:%M:%S +0000}"', a_mail(words).replace(b"\n", b"\r\n"))

    def test_what_lay_there_before_the_first_round_is_old_and_what_comes_later_is_not(
        self, installation: Installation, mailbox: Mailbox, arrived: list[ArrivedMail]
    ) -> None:
        installation.fetch_from(mailbox)
        self.put_old(mailbox, "old", 300)
        assert installation.poll_well() == {"new": 1}
        self.put_old(mailbox, "new", -1 / 86_400)
        self.put_old(mailbox, "brought here from elsewhere", 2)
        assert installation.poll_well() == {"new": 2}
        assert [one.is_backlog for one in arrived] == [True, False, True]

    def test_the_first_round_counts_though_the_mailbox_was_empty(
        self, small_installation: Installation, mailbox: Mailbox, arrived: list[ArrivedMail]
    ) -> None:
        begun = datetime.now(UTC) - timedelta(days=3)
        small_installation.fetch_from(mailbox)
        small_installation.clock = lambda: begun
        assert small_installation.poll_well() == {}
        small_installation.clock = lambda: datetime.now(UTC)
        self.put_old(mailbox, "came two days ago, and nobody polled", 2)
        assert small_installation.poll_well() == {"new": 1}
        assert [one.is_backlog for one in arrived] == [False]

    def test_a_day_in_the_settings_goes_before(
        self, small_installation: Installation, mailbox: Mailbox, arrived: list[ArrivedMail]
    ) -> None:
        since = (datetime.now(UTC) - timedelta(days=10)).date()
        small_installation.fetch_from(mailbox)
        small_installation.mailboxes = (replace(small_installation.mailboxes[0], since=since),)
        for days in (300, 2):
            self.put_old(mailbox, f"{days} days old", days)
        assert small_installation.poll_well() == {"new": 2}
        assert [one.is_backlog for one in arrived] == [True, False]
        assert small_installation.settings.mailboxes[0].since == since
        assert isinstance(since, date)

    def test_a_mailbox_that_was_polled_before_this_was_remembered_has_none(
        self, small_installation: Installation, mailbox: Mailbox, arrived: list[ArrivedMail]
    ) -> None:
        small_installation.fetch_from(mailbox)
        keep(small_installation.system(), "inbox", [ArrivedMail(a_mail(), small_installation.clock(), 1, 1)])
        self.put_old(mailbox, "came while nobody polled", 2)
        small_installation.poll_well()
        assert [one.is_backlog for one in arrived] == [False]
