"""Polling mailboxes: what the server is told, what comes in again, and whose trouble is nobody else's."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pytest

from helpdesk_tui.desk import inbound
from helpdesk_tui.desk.mailroom import ArrivedMail, keep
from helpdesk_tui.errors import Temporary
from helpdesk_tui.mail.imap import ImapMailbox
from helpdesk_tui.mail.ingest import take_in
from helpdesk_tui.mail.mailbox import FetchedMail
from helpdesk_tui.store.locks import Busy, alone
from helpdesk_tui.store.queries.mail import mail_account, mail_health
from helpdesk_tui.terms import Disposition
from tests.build import a_mail
from tests.mail.installation import Installation
from tests.mail.servers import PASSWORD, ImapScript, serving
from tests.services.dovecot import DovecotServer, Mailbox
from tests.services.hosting import free_port

pytestmark = pytest.mark.one_store


def tickets(installation: Installation) -> int:
    return int(installation.sql("SELECT count(*) FROM ticket")[0][0])


def fates(installation: Installation) -> Counter[str]:
    return Counter(row.fate for row in installation.sql("SELECT fate FROM mail_seen"))


def flags(mailbox: Mailbox) -> list[tuple[bytes, ...]]:
    return [flags for _uid, flags, _raw in mailbox.messages()]


def put(mailbox: Mailbox, count: int) -> list[bytes]:
    mails = [a_mail(f"This is mail {number}.") for number in range(count)]
    for mail in mails:
        mailbox.put(mail)
    return mails


class TestWhatTheServerIsTold:
    def test_filed_mail_is_marked_as_read_and_stays(self, installation: Installation, mailbox: Mailbox) -> None:
        installation.fetch_from(mailbox)
        put(mailbox, 7)
        assert installation.poll_well() == {"new": 7}
        assert flags(mailbox) == [(rb"\Seen",)] * 7
        assert installation.poll_well() == {}

    def test_filed_mail_is_moved(self, installation: Installation, mailbox: Mailbox) -> None:
        installation.fetch_from(mailbox, after="move:Done")
        mails = put(mailbox, 7)
        assert installation.poll_well() == {"new": 7}
        assert mailbox.messages() == []
        assert sorted(raw for *_rest, raw in mailbox.messages("Done")) == sorted(mails)
        assert installation.poll_well() == {}
        assert fates(installation) == {"new": 7}

    def test_filed_mail_is_left_as_it_was(self, installation: Installation, mailbox: Mailbox) -> None:
        installation.fetch_from(mailbox, after="leave")
        put(mailbox, 7)
        assert installation.poll_well() == {"new": 7}
        assert flags(mailbox) == [()] * 7
        assert installation.poll_well() == {}
        assert tickets(installation) == 7

    def test_mail_that_somebody_has_read_already_comes_in_all_the_same(
        self, installation: Installation, mailbox: Mailbox
    ) -> None:
        installation.fetch_from(mailbox)
        put(mailbox, 2)
        with mailbox.session() as colleague:
            colleague.select()
            colleague.store("1:2", "+FLAGS", r"(\Seen)")
        assert installation.poll_well() == {"new": 2}

    def test_who_reads_or_unreads_filed_mail_makes_no_ticket(
        self, installation: Installation, mailbox: Mailbox
    ) -> None:
        installation.fetch_from(mailbox)
        put(mailbox, 2)
        installation.poll_well()
        with mailbox.session() as colleague:
            colleague.select()
            colleague.store("1:2", "-FLAGS", r"(\Seen)")
        assert installation.poll_well() == {}
        assert flags(mailbox) == [()] * 2, "the server is told once"

    def test_a_server_that_refuses_is_told_again_and_new_mail_comes_in(
        self, small_installation: Installation, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        script = ImapScript({**holding(1), "STORE": b"%T NO [NOPERM] you may only read\r\n"})
        with polled(small_installation, script, monkeypatch):
            assert small_installation.poll_well() == {"new": 1}
            script.answers.update(holding(1, 2))
            assert small_installation.poll_well() == {"new": 1}
            assert [row.is_done for row in small_installation.sql("SELECT is_done FROM mail_seen")] == [0, 0]
            assert len(script.commands("STORE")) == 2, "once a round"
            script.answers["STORE"] = b"%T OK done\r\n"
            assert small_installation.poll_well() == {}
            assert b"1:2" in script.commands("STORE")[-1] or b"1,2" in script.commands("STORE")[-1]
        assert [row.is_done for row in small_installation.sql("SELECT is_done FROM mail_seen")] == [1, 1]
        assert fates(small_installation) == {"new": 2}

    def test_a_server_that_hangs_up_at_the_flag_is_told_in_the_next_round(
        self, small_installation: Installation, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        script = ImapScript({**holding(1), "STORE": b"%H"})
        with polled(small_installation, script, monkeypatch):
            (failure,) = small_installation.poll().failures
            assert isinstance(failure, Temporary)
            script.answers["STORE"] = b"%T OK done\r\n"
            assert small_installation.poll_well() == {}
        assert fates(small_installation) == {"new": 1}
        assert [row.is_done for row in small_installation.sql("SELECT is_done FROM mail_seen")] == [1]


class TestWhatComesInAgain:
    def test_a_folder_with_new_numbers_makes_no_ticket_twice(
        self, installation: Installation, mailbox: Mailbox
    ) -> None:
        installation.fetch_from(mailbox)
        put(mailbox, 7)
        installation.poll_well()
        before = mailbox.uidvalidity()
        mailbox.recreate_inbox()
        assert mailbox.uidvalidity() != before
        put(mailbox, 1)
        assert installation.poll_well() == {"duplicate": 7, "new": 1}
        assert installation.poll_well() == {}
        assert tickets(installation) == 8
        assert fates(installation) == {"new": 8, "duplicate": 7}
        assert {flag for one in flags(mailbox) for flag in one} == {rb"\Seen"}

    def test_the_same_bytes_twice_in_a_mailbox_are_one_ticket(
        self, installation: Installation, mailbox: Mailbox
    ) -> None:
        installation.fetch_from(mailbox)
        mail = a_mail()
        for _copy in range(3):
            mailbox.put(mail)
        assert installation.poll_well() == {"new": 1, "duplicate": 2}
        assert flags(mailbox) == [(rb"\Seen",)] * 3
        mailbox.put(mail)
        assert installation.poll_well() == {"duplicate": 1}
        assert tickets(installation) == 1

    def test_the_same_mail_in_two_mailboxes_is_kept_and_accounted_for_in_each(
        self, installation: Installation, mailbox: Mailbox, dovecot_server: DovecotServer
    ) -> None:
        other = dovecot_server.new_mailbox()
        installation.fetch_from(mailbox, "first")
        installation.fetch_from(other, "second")
        mail = a_mail()
        mailbox.put(mail)
        other.put(mail)
        assert installation.poll_well() == {"new": 1, "linked": 1}
        kept = installation.sql("SELECT mailbox, disposition FROM raw_message ORDER BY id")
        assert [tuple(row) for row in kept] == [("first", "new"), ("second", "linked")]
        assert installation.sql("SELECT count(*) FROM content")[0][0] == 1
        assert flags(mailbox) == flags(other) == [(rb"\Seen",)]

    def test_a_mail_handed_over_again_because_it_was_kept_only_is_filed_now(self, installation: Installation) -> None:
        mail = ArrivedMail(a_mail(), installation.clock())
        keep(installation.system(), "pipe", [mail])
        (filed,) = take_in(installation.system(), "pipe", [mail])
        assert filed.disposition is Disposition.NEW
        (again,) = take_in(installation.system(), "pipe", [mail])
        assert (again.disposition, again.ticket) == (Disposition.DUPLICATE, filed.ticket)

    def test_mail_that_a_dead_poller_kept_is_filed_even_after_the_server_forgot_it(
        self, installation: Installation, mailbox: Mailbox
    ) -> None:
        installation.fetch_from(mailbox)
        keep(installation.system(), "inbox", [ArrivedMail(a_mail(), installation.clock(), 1, 1)])
        assert installation.poll_well() == {"new": 1}
        assert tickets(installation) == 1


class TestManyAndOdd:
    def test_three_hundred_waiting_mails_come_in_at_one_go(
        self, small_installation: Installation, mailbox: Mailbox
    ) -> None:
        small_installation.fetch_from(mailbox, batch_count=50)
        put(mailbox, 300)
        assert small_installation.poll_well() == {"new": 300}
        assert flags(mailbox) == [(rb"\Seen",)] * 300
        health = small_installation.desk().ask(mail_account)
        assert (health.received, health.accounted, health.lost) == (300, 300, 0)

    def test_mail_that_goes_away_between_looking_and_fetching_is_no_trouble(
        self, installation: Installation, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        installation.fetch_from(mailbox)
        put(mailbox, 7)
        look = ImapMailbox.uids

        def look_and_lose(box: ImapMailbox) -> list[int]:
            found = look(box)
            with mailbox.session() as colleague:
                colleague.select()
                colleague.store("2,4:7", "+FLAGS", r"(\Deleted)")
                colleague.expunge()
            return found

        monkeypatch.setattr(ImapMailbox, "uids", look_and_lose)
        assert installation.poll_well() == {"new": 2}

    def test_mail_that_goes_away_between_filing_and_marking_is_no_trouble(
        self, installation: Installation, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        installation.fetch_from(mailbox)
        put(mailbox, 3)
        mark = ImapMailbox.done

        def lose_and_mark(box: ImapMailbox, uids: Sequence[int]) -> None:
            with mailbox.session() as colleague:
                colleague.select()
                colleague.store("1:2", "+FLAGS", r"(\Deleted)")
                colleague.expunge()
            mark(box, uids)

        monkeypatch.setattr(ImapMailbox, "done", lose_and_mark)
        assert installation.poll_well() == {"new": 3}
        assert flags(mailbox) == [(rb"\Seen",)]

    def test_hostile_mail_is_accounted_for_and_holds_up_nobody(
        self, installation: Installation, mailbox: Mailbox
    ) -> None:
        installation.fetch_from(mailbox)
        chosen = random.Random(1)
        wild = "".join(chr(chosen.randrange(0x4E00, 0x9FFF)) for _letter in range(900))
        many = " ".join(f"w{chosen.randrange(10**12)}" for _word in range(60_000))
        hostile = [
            b"",
            b"\0\0\0\0",
            b"no head at all",
            b"From: \xff\xfe <>\r\n\r\n",
            a_mail().replace(b"Message-ID: <", b"Message-ID: <" + wild.encode()),
            a_mail(many),
            a_mail(sender=f"{'x' * 60}@{'y' * 60}.example", subject="s" * 900),
            a_mail("nul \0 and \x1b[2J"),
            a_mail().replace(b"2026", b"99999"),
        ]
        for mail in hostile:
            mailbox.put(mail)
        good = put(mailbox, 1)
        done = installation.poll()
        assert [error.message for error in done.failures] == []
        assert sum(done.received.values()) == len(hostile) + len(good)
        assert "stored" not in fates(installation)
        last = installation.sql("SELECT disposition FROM raw_message ORDER BY id DESC LIMIT 1")
        assert last[0].disposition == "new"

    def test_what_a_database_will_never_take_is_left_out(
        self, installation: Installation, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(inbound, "_LONGEST_ID", 10**6)
        installation.fetch_from(mailbox)
        chosen = random.Random(1)
        too_long_for_an_index = "".join(chr(chosen.randrange(0x4E00, 0x9FFF)) for _letter in range(950))
        mailbox.put(a_mail().replace(b"Message-ID: <", b"Message-ID: <" + too_long_for_an_index.encode()))
        put(mailbox, 1)
        assert installation.poll_well() == {"new": 2}
        if installation.place.is_postgres:
            ((remarks,),) = installation.sql("SELECT remarks FROM message ORDER BY id LIMIT 1")
            assert "the original has all of it" in remarks[0]

    def test_a_fault_of_ours_in_one_mail_does_not_stop_the_next(
        self, installation: Installation, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        installation.fetch_from(mailbox)
        for words in ("One", "DO: break", "Two"):
            mailbox.put(a_mail(words))
        monkeypatch.setattr("helpdesk_tui.mail.reader.CHILD", "tests.mail.odd_child")
        assert installation.poll_well() == {"new": 2, "quarantined": 1}
        (row,) = installation.sql("SELECT reason FROM mail_quarantine")
        assert "ZeroDivisionError" in row.reason


class TestWhoseTroubleItIs:
    @pytest.mark.parametrize(
        ("trouble", "words", "is_passing"),
        [
            ({"password_env": "HELPDESK_TEST_WRONG"}, "refused the login", False),
            ({"password_env": "HELPDESK_TEST_UNSET"}, "There is no password", False),
            ({"port": 1}, "no server listens", True),
            ({"ca_file": ""}, "is not accepted", False),
            ({"folder": "Nowhere"}, "Nowhere", False),
            ({"queue": "nowhere"}, "There is no queue nowhere", False),
            ({"after": "move:"}, "after cannot be", False),
        ],
    )
    def test_a_mailbox_in_trouble_says_why_and_the_others_go_on(
        self,
        small_installation: Installation,
        mailbox: Mailbox,
        dovecot_server: DovecotServer,
        monkeypatch: pytest.MonkeyPatch,
        trouble: dict[str, object],
        words: str,
        is_passing: bool,
    ) -> None:
        monkeypatch.setenv("HELPDESK_TEST_WRONG", "wrong-canary")
        if "port" in trouble:
            trouble = {"port": free_port()}
        small_installation.fetch_from(mailbox, "bad", **trouble)
        put(mailbox, 1)
        other = dovecot_server.new_mailbox()
        small_installation.fetch_from(other, "good")
        put(other, 2)
        done = small_installation.poll()
        assert done.received == {"new": 2}
        (failure,) = done.failures
        assert words in failure.message
        assert "canary" not in failure.message + failure.hint
        assert failure.hint
        assert isinstance(failure, Temporary) is is_passing
        assert flags(mailbox) == [()]

    def test_a_mailbox_that_breaks_in_an_unforeseen_way_stops_no_other(
        self, small_installation: Installation, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        small_installation.fetch_from(mailbox, "bad")
        small_installation.fetch_from(mailbox, "good")
        put(mailbox, 1)
        look = ImapMailbox.uids
        calls: Iterator[bool] = iter([True, False])

        def look_or_break(box: ImapMailbox) -> list[int]:
            if next(calls):
                raise ZeroDivisionError
            return look(box)

        monkeypatch.setattr(ImapMailbox, "uids", look_or_break)
        done = small_installation.poll()
        assert [error.message for error in done.failures] == ["Polling broke off (ZeroDivisionError)."]
        assert done.received == {"new": 1}

    def test_a_mailbox_that_another_poller_has_is_left_alone(
        self, installation: Installation, mailbox: Mailbox
    ) -> None:
        installation.fetch_from(mailbox)
        put(mailbox, 1)
        with alone(installation.place.store("bob"), "mailbox inbox"):
            (failure,) = installation.poll().failures
            assert isinstance(failure, Busy)
        assert tickets(installation) == 0
        assert installation.poll_well() == {"new": 1}

    def test_a_connection_cut_in_the_middle_loses_nothing(
        self, installation: Installation, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        installation.fetch_from(mailbox)
        put(mailbox, 12)
        fetch = ImapMailbox._fetch_batch
        rounds = iter(range(9))

        def fetch_once(box: ImapMailbox, batch: list[tuple[int, int]]) -> list[FetchedMail]:
            if next(rounds) == 1:
                mailbox.server.kill_sessions()
            return fetch(box, batch)

        monkeypatch.setattr(ImapMailbox, "_fetch_batch", fetch_once)
        assert installation.poll_well() == {"new": 12}
        assert tickets(installation) == 12

    def test_a_healthy_round_is_signed(self, installation: Installation, mailbox: Mailbox) -> None:
        installation.fetch_from(mailbox)
        installation.poll_well()
        health = installation.desk().ask(mail_health)
        assert health.poller_words == "ok"
        assert health.poller_at is not None


@contextmanager
def polled(installation: Installation, script: ImapScript, environment: pytest.MonkeyPatch) -> Iterator[None]:
    """A mailbox on a scripted server for as long as the block."""
    environment.setenv(PASSWORD, "secret")
    with serving(script) as port:
        installation.fetch_from_port(port, PASSWORD)
        yield


def holding(*uids: int) -> dict[str, bytes]:
    """What a scripted server says that holds these mails, of which it hands out the last."""
    mail = a_mail(f"This is mail {uids[-1]}.")
    numbers = b" ".join(b"%d" % uid for uid in uids)
    head = b"* %d FETCH (UID %d " % (uids[-1], uids[-1])
    return {
        "SEARCH": b"* SEARCH " + numbers + b"\r\n",
        "RFC822.SIZE": head + b"RFC822.SIZE %d)\r\n" % len(mail),
        "BODY.PEEK": head + b"BODY[] {%d}\r\n" % len(mail) + mail + b")\r\n",
    }
