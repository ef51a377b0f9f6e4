"""The poller that runs: whatever breaks, each mailbox is looked after again, and no server is stormed."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from helpdesk_tui.mail import imap, poller
from helpdesk_tui.mail.poller import Poller
from helpdesk_tui.store.queries.mail import mail_health
from tests.build import a_mail
from tests.mail.installation import Installation
from tests.mail.servers import PASSWORD, ImapFolder, serving
from tests.services.dovecot import Mailbox
from tests.services.hosting import wait_until


@contextmanager
def running(installation: Installation, tell: Callable[[str], None] = lambda _words: None) -> Iterator[None]:
    """A poller in this process for as long as the block."""
    watched = Poller(installation.system(), installation.settings, tell)
    job = threading.Thread(target=watched.run)
    job.start()
    try:
        yield
    finally:
        watched.stop()
        job.join(20)
        assert not job.is_alive()


def tickets(installation: Installation) -> int:
    return int(installation.sql("SELECT count(*) FROM ticket")[0][0])


@pytest.mark.parametrize("is_closed", [False, True])
def test_words_that_nobody_hears_end_nothing(
    small_installation: Installation, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch, is_closed: bool
) -> None:
    monkeypatch.setattr(poller, "FIRST_PAUSE", 0.1)
    reader, writer = os.pipe()
    os.close(reader)
    small_installation.fetch_from(mailbox)
    with open(writer, "w", buffering=1) as broken:
        if is_closed:
            broken.close()
        with running(small_installation, lambda words: print(words, file=broken, flush=True)):
            for number in range(1, 4):
                mailbox.put(a_mail(f"This is mail {number}."))
                wait_until(lambda number=number: tickets(small_installation) == number, f"mail {number} is in")  # type: ignore[misc]
        if not is_closed:
            with pytest.raises(BrokenPipeError):
                broken.close()


def test_a_store_that_breaks_while_a_failure_is_told_ends_nothing(
    small_installation: Installation, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(poller, "FIRST_PAUSE", 0.1)
    small_installation.fetch_from(mailbox)
    mailbox.put(a_mail())
    faults = iter([ZeroDivisionError(), RuntimeError(), ZeroDivisionError()])
    say = poller.clean_line

    def stumble(words: str) -> str:
        for fault in faults:
            raise fault
        return say(words)

    monkeypatch.setattr(poller, "clean_line", stumble)
    monkeypatch.setattr(poller, "in_words", stumble)
    with running(small_installation):
        wait_until(lambda: tickets(small_installation) == 1, "the mail is in")
        mailbox.put(a_mail("Another one."))
        wait_until(lambda: tickets(small_installation) == 2, "the next mail is in")


@pytest.fixture
def cutting(
    small_installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Installation, ImapFolder]]:
    """A server that ends the connection as soon as somebody waits."""
    monkeypatch.setenv(PASSWORD, "secret")
    monkeypatch.setattr(poller, "FIRST_PAUSE", 0.1)
    folder = ImapFolder({})
    folder.answers["IDLE"] = b"+ idling\r\n%H"
    small_installation.poll_seconds = 1
    with serving(folder) as port:
        small_installation.fetch_from_port(port, PASSWORD)
        yield small_installation, folder


def test_where_waiting_is_cut_at_once_nobody_waits_that_way_again(
    cutting: tuple[Installation, ImapFolder],
) -> None:
    installation, folder = cutting
    with running(installation):
        wait_until(lambda: len(folder.commands("SEARCH")) >= 5, "it has looked five times")
        assert folder.logins == 3
        assert len(folder.commands("IDLE")) == 2


def test_each_wait_that_fails_makes_the_pause_longer(
    cutting: tuple[Installation, ImapFolder], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imap, "_EARLY_SECONDS", 0.0, raising=False)
    installation, folder = cutting
    begun = time.monotonic()
    with running(installation):
        wait_until(lambda: folder.logins >= 4, "it has come four times")
        assert time.monotonic() - begun > 0.1 + 0.2 + 0.4


def test_a_mail_that_is_not_handed_over_is_told_with_the_state_of_its_mailbox(
    small_installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(PASSWORD, "secret")
    folder = ImapFolder({uid: a_mail(f"This is mail {uid}.") for uid in (1, 2, 3)}, {2: b"%H"})
    with serving(folder) as port:
        small_installation.fetch_from_port(port, PASSWORD)
        for received in ({"new": 2}, {}):
            assert small_installation.poll_well() == received
            words = small_installation.desk().ask(mail_health).poller_words
            assert "UID 2 was not handed over" in words
        folder.troubles.clear()
        assert small_installation.poll_well() == {"new": 1}
        assert small_installation.desk().ask(mail_health).poller_words == "ok"
