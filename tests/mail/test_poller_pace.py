"""How often the poller comes, how soon it ends, and that nothing that was kept waits for ever."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from helpdesk_tui.desk import mailroom
from helpdesk_tui.desk.mailroom import ArrivedMail, keep
from helpdesk_tui.errors import HelpdeskError, Temporary
from helpdesk_tui.mail import housekeeping, poller
from helpdesk_tui.mail.housekeeping import keep_house
from helpdesk_tui.mail.imap import ImapMailbox
from helpdesk_tui.mail.ingest import PIPE, file_left_over, take_in
from helpdesk_tui.mail.reader import Job, Reader
from helpdesk_tui.store.queries.mail import mail_health
from tests.build import a_mail
from tests.mail.installation import Installation
from tests.mail.servers import PASSWORD, ImapFolder, ImapScript, serving, settings_at
from tests.mail.test_poller_troubles import running, tickets
from tests.services.hosting import wait_until

BIG = 99999999999999999999999


@pytest.fixture(autouse=True)
def _password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PASSWORD, "secret")


class Repeating(ImapFolder):
    """A folder in which the same mail arrives again each time somebody looks."""

    def answer(self, words: bytes, tag: bytes) -> None:
        if b"SEARCH" in self.heard[-1]:
            self.mails[len(self.mails) + 1] = self.mails[1]
        super().answer(words, tag)


class TestPace:
    @pytest.mark.parametrize(
        "idle",
        [b"+ idling\r\n* 1 EXISTS\r\n%W%T OK done\r\n", b"* 1 EXISTS\r\n+ idling\r\n%W* 2 EXISTS\r\n%T OK done\r\n"],
    )
    def test_a_server_that_announces_mail_again_and_again_is_not_stormed(
        self, small_installation: Installation, monkeypatch: pytest.MonkeyPatch, idle: bytes
    ) -> None:
        monkeypatch.setattr(poller, "QUIET_PAUSE", 0.2)
        folder = ImapFolder({})
        folder.answers["IDLE"] = idle
        with serving(folder) as port:
            small_installation.fetch_from_port(port, PASSWORD)
            begun = time.monotonic()
            with running(small_installation):
                wait_until(lambda: len(folder.commands("SEARCH")) >= 5, "it has looked five times")
                assert time.monotonic() - begun >= 4 * 0.2

    def test_what_is_only_known_again_is_nothing_new(
        self, small_installation: Installation, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(poller, "QUIET_PAUSE", 0.2)
        folder = Repeating({1: a_mail()})
        folder.answers["IDLE"] = b"+ idling\r\n* 1 EXISTS\r\n%W%T OK done\r\n"
        with serving(folder) as port:
            small_installation.fetch_from_port(port, PASSWORD)
            begun = time.monotonic()
            with running(small_installation):
                wait_until(lambda: len(folder.commands("SEARCH")) >= 6, "it has looked six times")
                assert time.monotonic() - begun >= 4 * 0.2
        assert tickets(small_installation) == 1

    def test_mail_that_follows_mail_is_fetched_at_once(
        self, small_installation: Installation, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(poller, "QUIET_PAUSE", 3600)
        folder = ImapFolder({1: a_mail("one")})
        folder.answers["IDLE"] = b"+ idling\r\n* 1 EXISTS\r\n%W%T OK done\r\n"
        wait = ImapMailbox.wait

        def wait_for_the_next(box: ImapMailbox, seconds: float) -> bool:
            folder.mails.setdefault(2, a_mail("two"))
            return wait(box, seconds)

        monkeypatch.setattr(ImapMailbox, "wait", wait_for_the_next)
        with serving(folder) as port:
            small_installation.fetch_from_port(port, PASSWORD)
            with running(small_installation):
                wait_until(lambda: tickets(small_installation) == 2, "both are in")


def test_who_is_told_to_end_does_so_after_the_batch_in_hand(
    small_installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = ImapFolder({uid: a_mail(f"This is mail {uid}.") for uid in range(1, 201)})
    file, may_go_on = mailroom.file_each, threading.Event()

    def file_slowly(*args: Any) -> Any:
        filed = file(*args)
        may_go_on.wait(20)
        return filed

    monkeypatch.setattr(mailroom, "file_each", file_slowly)
    with serving(folder) as port:
        small_installation.fetch_from_port(port, PASSWORD)
        small_installation.set_mailbox(batch_count=3)
        watched = poller.Poller(small_installation.system(), small_installation.settings, lambda _words: None)
        job = threading.Thread(target=watched.run)
        job.start()
        wait_until(lambda: tickets(small_installation) == 3, "it has begun")
        watched.stop()
        may_go_on.set()
        job.join(20)
        assert not job.is_alive()
        assert tickets(small_installation) == 3
        assert small_installation.poll_well() == {"new": 197}


class TestNumbersThatCannotBe:
    def test_of_a_mail(self, small_installation: Installation) -> None:
        folder = ImapFolder({1: a_mail("one"), BIG: a_mail("huge"), 2: a_mail("two")})
        with serving(folder) as port:
            small_installation.fetch_from_port(port, PASSWORD)
            assert small_installation.poll_well() == {"new": 2}
            words = small_installation.desk().ask(mail_health).poller_words or ""
        assert f"gives a mail the number {BIG}, which none can have" in words

    def test_of_a_folder(self) -> None:
        script = ImapScript({"SELECT": b"* 1 EXISTS\r\n* OK [UIDVALIDITY %d] valid\r\n" % BIG})
        with serving(script) as port:
            box = ImapMailbox(settings_at(port))
            with pytest.raises(HelpdeskError, match="no lasting numbers"), box:
                pass


class TestKeptMailOfThePipe:
    """A call that could store its mail and not file it leaves that to whoever runs."""

    @pytest.fixture
    def kept(self, small_installation: Installation) -> Iterator[Installation]:
        small_installation.send_into(small_installation.folder / "out")
        yield small_installation
        assert small_installation.sql("SELECT count(*) FROM raw_message WHERE disposition IS NULL")[0][0] == 0

    def put(self, installation: Installation, words: str) -> None:
        keep(installation.system(), PIPE, [ArrivedMail(a_mail(words), installation.clock())])

    def test_the_poller_looks_again(self, kept: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(poller, "LOOKS_FOR_KEPT", 0.1)
        with running(kept):
            for count in (1, 2):
                self.put(kept, f"mail {count}")
                wait_until(lambda count=count: tickets(kept) == count, "it is filed")  # type: ignore[misc]

    def test_the_app_looks_again(self, kept: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(housekeeping, "_LOOKS_FOR_KEPT", 0.1)
        monkeypatch.setattr(housekeeping, "_PAUSE", 0.1)
        ended = threading.Event()
        job = threading.Thread(target=keep_house, args=(kept.desk(), kept.settings, ended))
        job.start()
        try:
            for count in (1, 2):
                self.put(kept, f"mail {count}")
                wait_until(lambda count=count: tickets(kept) == count, "it is filed")  # type: ignore[misc]
        finally:
            ended.set()
            job.join(10)


class TestTooLittleMemory:
    """It passes, so the mail waits and is not put aside as one that cannot be read."""

    @pytest.fixture(params=["read", "file"])
    def shortage(self, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
        def fail(*_args: Any) -> None:
            raise MemoryError

        monkeypatch.setattr(*{"read": (Reader, "ask"), "file": (mailroom, "file")}[request.param], fail)
        return monkeypatch

    def test_a_mail_waits(self, small_installation: Installation, shortage: pytest.MonkeyPatch) -> None:
        desk = small_installation.system()
        with pytest.raises(Temporary, match="not enough memory"):
            take_in(desk, PIPE, [ArrivedMail(a_mail(), small_installation.clock())])
        assert file_left_over(desk, PIPE) == []
        shortage.undo()
        assert [one.disposition for one in file_left_over(desk, PIPE)] == ["new"]

    def test_it_holds_up_no_other(self, small_installation: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
        desk, ask = small_installation.system(), Reader.ask

        def ask_for_small(reader: Reader, job: Job) -> None:
            if b"large" in bytes(job.raw):
                raise MemoryError
            ask(reader, job)

        monkeypatch.setattr(Reader, "ask", ask_for_small)
        keep(desk, PIPE, [ArrivedMail(a_mail(words), small_installation.clock()) for words in ("large", "small")])
        assert [one.disposition for one in file_left_over(desk, PIPE)] == ["new"]
        assert small_installation.sql("SELECT count(*) FROM mail_quarantine")[0][0] == 0
