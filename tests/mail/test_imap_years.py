"""What changes under a poller over the years: the line, the certificate, the password, the folder, its numbers, rights."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import trustme

from helpdesk_tui.errors import HelpdeskError, Temporary
from helpdesk_tui.mail import imap, poller, telling
from helpdesk_tui.mail.imap import ImapMailbox
from helpdesk_tui.mail.mailbox import LoginRefused
from helpdesk_tui.store.queries.mail import mail_health
from tests.build import a_mail
from tests.mail.installation import Installation
from tests.mail.servers import PASSWORD, ImapFolder, ImapScript, serving, settings_at
from tests.mail.test_poller_troubles import running, tickets
from tests.services.dovecot import DovecotServer, Mailbox
from tests.services.hosting import free_port, wait_until
from tests.services.line import laid_line


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pauses in which a person would wait are short."""
    monkeypatch.setenv(PASSWORD, "secret")
    monkeypatch.setattr(poller, "FIRST_PAUSE", 0.1)
    monkeypatch.setattr(poller, "REFUSED_PAUSE", 0.3)


def state_of(installation: Installation, name: str = "inbox") -> str:
    """What is said of a mailbox."""
    rows = installation.sql("SELECT words FROM lease WHERE name = :name", name=f"mailbox {name}")
    return rows[0].words if rows else ""


def wait_for_words(installation: Installation, words: str, name: str = "inbox") -> None:
    wait_until(lambda: words in state_of(installation, name), f"{words!r} is said of {name}", 20)


class TestALineThatDies:
    """F15: nobody says goodbye; IDLE is renewed every minute, and an answer is awaited for no longer than another."""

    def test_the_limits_together_stay_below_five_minutes(self) -> None:
        assert imap._IDLE_SECONDS + settings_at(1, read_seconds=60).read_seconds < 5 * 60
        assert imap._IDLE_SECONDS < 29 * 60

    @pytest.mark.parametrize("is_waiting", [True, False])
    def test_it_is_noticed_and_the_next_one_is_good(
        self, small_installation: Installation, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch, is_waiting: bool
    ) -> None:
        monkeypatch.setattr(imap, "_IDLE_SECONDS", 0.5)
        with laid_line(mailbox.host, mailbox.port) as line:
            small_installation.fetch_from(mailbox, port=line.port, read_seconds=1, connect_seconds=1)
            small_installation.poll_seconds = 60
            if not is_waiting:
                monkeypatch.setattr(ImapMailbox, "_pause", lambda _box, _seconds: time.sleep(0.1))
            with running(small_installation):
                wait_for_words(small_installation, "ok")
                line.is_dead = True
                wait_for_words(small_installation, "does not answer in time")
                mailbox.put(a_mail())
                line.is_dead = False
                wait_until(lambda: tickets(small_installation) == 1, "the mail is in", 20)
                wait_for_words(small_installation, "ok")


@contextmanager
def with_certificate(certificate: trustme.LeafCert) -> Iterator[int]:
    """A server that shows this certificate after STARTTLS; gives its port."""
    script = ImapScript(
        {"CAPABILITY": b"* CAPABILITY IMAP4rev1 STARTTLS\r\n", "STARTTLS": b"%T OK go\r\n"}, certificate=certificate
    )
    with serving(script) as port:
        yield port


class TestACertificateThatChanges:
    """F23: refused, with words that say what was there before."""

    @pytest.mark.parametrize("change", ["another authority", "another name", "it ran out"])
    def test_it_is_refused_and_what_was_accepted_is_named(self, tmp_path: Path, change: str) -> None:
        authority, other = trustme.CA(organization_name="Old Trust"), trustme.CA(organization_name="New Trust")
        authority.cert_pem.write_to_path(tmp_path / "ca.pem")
        old = authority.issue_cert("127.0.0.1")
        now, words = {
            "another authority": (other.issue_cert("127.0.0.1"), "unable to get local issuer certificate"),
            "another name": (authority.issue_cert("mail.example"), "IP address mismatch"),
            "it ran out": (expired(authority), "certificate has expired"),
        }[change]
        with with_certificate(old) as port:
            box = ImapMailbox(settings_at(port, security="starttls", ca_file=str(tmp_path / "ca.pem")))
            with box:
                assert box.uids() == [1]
        with with_certificate(now) as port:
            box._settings = settings_at(port, security="starttls", ca_file=str(tmp_path / "ca.pem"))
            with pytest.raises(HelpdeskError, match=words) as caught, box:
                pass
        assert not isinstance(caught.value, Temporary)
        assert "Until now it was one that is issued by Old Trust, valid until " in caught.value.message


def expired(authority: trustme.CA) -> trustme.LeafCert:
    """A certificate that was good once."""
    return authority.issue_cert("127.0.0.1", not_after=datetime.now(UTC) - timedelta(days=1))


class TestAPasswordThatChanges:
    """F22: seen at once, tried seldom, and good again as soon as the new one is known."""

    def test_it_is_told_tried_seldom_and_found_again(
        self, small_installation: Installation, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        folder = ImapFolder({1: a_mail("one")})
        with serving(folder) as port:
            small_installation.fetch_from_port(port, PASSWORD)
            small_installation.poll_seconds = 1
            with running(small_installation):
                wait_until(lambda: tickets(small_installation) == 1, "the first mail is in")
                folder.answers["LOGIN"] = b"%T NO [AUTHENTICATIONFAILED] changed\r\n"
                before = folder.logins
                folder.client.shutdown(2)
                wait_for_words(small_installation, "refused the login")
                time.sleep(1.0)
                assert folder.logins - before <= 3, "0, 0.3 and 0.9 s after it was refused first"
                folder.mails[2] = a_mail("two")
                del folder.answers["LOGIN"]
                wait_until(lambda: tickets(small_installation) == 2, "the second mail is in", 20)

    def test_the_first_pause_after_a_refusal_is_a_minute(
        self, small_installation: Installation, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.undo()
        assert poller.LONGEST_PAUSE == 300
        watched = poller.Poller(small_installation.system(), small_installation.settings, lambda _words: None)
        mailbox = settings_at(1)
        pauses = [watched._pause_after(mailbox, LoginRefused("no", "")) for _try in range(5)]
        assert pauses == [60, 120, 240, 300, 300]


class TestAFolderThatPeopleChange:
    """F20, on a real server."""

    def test_it_is_deleted_and_made_again(self, small_installation: Installation, mailbox: Mailbox) -> None:
        small_installation.fetch_from(mailbox, folder="Desk")
        old = a_mail("one")
        mailbox.put(old, "Desk")
        small_installation.poll_seconds = 1
        with running(small_installation):
            wait_until(lambda: tickets(small_installation) == 1, "the first mail is in")
            with mailbox.session() as person:
                person.delete("Desk")
                wait_for_words(small_installation, "opening folder Desk")
                person.create("Desk")
                person.append("Desk", "", "", as_held(old))
                person.append("Desk", "", "", a_mail("two"))
            wait_until(lambda: tickets(small_installation) == 2, "the second mail is in", 30)
            wait_for_words(small_installation, "ok")
        assert small_installation.sql("SELECT count(*) FROM raw_message")[0][0] == 2

    def test_it_is_renamed_and_renamed_back(self, small_installation: Installation, mailbox: Mailbox) -> None:
        small_installation.fetch_from(mailbox, folder="Desk")
        mailbox.put(a_mail("one"), "Desk")
        assert small_installation.poll_well() == {"new": 1}
        with mailbox.session() as person:
            person.rename("Desk", "Table")
            (failure,) = small_installation.poll().failures
            assert "opening folder Desk" in failure.message
            person.append("Table", "", "", a_mail("two"))
            person.rename("Table", "Desk")
        assert small_installation.poll_well() == {"new": 1}
        assert tickets(small_installation) == 2

    def test_it_is_emptied(self, small_installation: Installation, mailbox: Mailbox) -> None:
        small_installation.fetch_from(mailbox)
        for number in range(3):
            mailbox.put(a_mail(f"mail {number}"))
        assert small_installation.poll_well() == {"new": 3}
        with mailbox.session() as person:
            person.select()
            person.store("1:*", "+FLAGS", r"(\Deleted)")
            person.expunge()
        assert small_installation.poll_well() == {}
        mailbox.put(a_mail("another"))
        assert small_installation.poll_well() == {"new": 1}
        assert tickets(small_installation) == 4


class TestAFolderThatCanOnlyBeRead:
    """F21: taken in, said once, not tried again for ever."""

    def test_on_a_real_server(self, small_installation: Installation, mailbox: Mailbox) -> None:
        small_installation.fetch_from(mailbox, folder="Kept")
        mailbox.put(a_mail("one"), "Kept")
        folder = mailbox.maildir / ".Kept"
        with mailbox.session() as owner:
            owner.select("Kept")
        for part in ("cur", "new", "."):
            (folder / part).chmod(0o555)
        done = small_installation.poll()
        assert done.received == {"new": 1}
        assert [words.partition(", so")[0] for words in done.remarks] == ["Mailbox inbox: Kept can only be read"]
        again = small_installation.poll()
        assert (again.received, again.remarks, again.failures) == ({}, [], [])
        assert state_of(small_installation) == "ok"


class TestAServerThatRefusesToBeTold:
    """F21: the ticket is made, the refusal is shown, and the pauses between two tries grow."""

    def test_it_is_tried_again_each_time_later(
        self, small_installation: Installation, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(telling, "FIRST_PAUSE", 0.4)
        monkeypatch.setattr(poller, "QUIET_PAUSE", 0.05)
        folder = ImapFolder({1: a_mail("one")})
        folder.answers["STORE"] = b"%T NO [OVERQUOTA] full\r\n"
        folder.answers["IDLE"] = b"+ idling\r\n* 1 EXISTS\r\n%W%T OK done\r\n"
        with serving(folder) as port:
            small_installation.fetch_from_port(port, PASSWORD)
            with running(small_installation):
                wait_for_words(small_installation, "[OVERQUOTA]")
                assert tickets(small_installation) == 1
                begun, looked = time.monotonic(), len(folder.commands("SEARCH"))
                wait_until(lambda: len(folder.commands("STORE")) == 3, "it was told three times", 20)
                assert time.monotonic() - begun > 0.4 + 0.8 - 0.3
                assert len(folder.commands("SEARCH")) > looked + 5, "mail is looked for meanwhile"
                assert "[OVERQUOTA]" in state_of(small_installation)
                del folder.answers["STORE"]
                wait_for_words(small_installation, "ok")
        assert [row.is_done for row in small_installation.sql("SELECT is_done FROM mail_seen")] == [1]

    def test_what_the_user_may_not_move_stays_on_a_real_server(
        self, small_installation: Installation, mailbox: Mailbox
    ) -> None:
        small_installation.fetch_from(mailbox, after="move:Locked")
        mailbox.put(a_mail("old"), "Locked")
        for part in ("cur", "new", "tmp", "."):
            (mailbox.maildir / ".Locked" / part).chmod(0o555)
        mailbox.put(a_mail("new"))
        done = small_installation.poll()
        assert (done.received, done.failures) == ({"new": 1}, [])
        assert "moving mail to Locked" in state_of(small_installation)
        assert len(mailbox.messages()) == 1
        for part in (".", "cur", "new", "tmp"):
            (mailbox.maildir / ".Locked" / part).chmod(0o755)
        assert small_installation.poll_well() == {}
        assert mailbox.messages() == []
        assert state_of(small_installation) == "ok"


class TestNumbersThatAreGivenTwice:
    """F19: the server keeps its UIDVALIDITY and gives a uid to another mail, as after a bad restore."""

    def test_the_new_mail_comes_in_and_nothing_twice(self, small_installation: Installation, mailbox: Mailbox) -> None:
        small_installation.fetch_from(mailbox)
        old = [a_mail(f"mail {number}") for number in range(3)]
        for mail in old:
            mailbox.put(mail)
        assert small_installation.poll_well() == {"new": 3}
        restore(mailbox, [old[0], a_mail("another"), old[2], a_mail("last")])
        assert small_installation.poll_well() == {"new": 2, "duplicate": 2}
        assert small_installation.poll_well() == {}
        assert tickets(small_installation) == 5
        assert [flags for _uid, flags, _raw in mailbox.messages()] == [(rb"\Seen",)] * 4
        restore(mailbox, [old[0], a_mail("very last")])
        assert small_installation.poll_well() == {"new": 1, "duplicate": 1}
        assert small_installation.poll_well() == {}

    def test_a_poller_that_runs_looks_at_each_connection(
        self, small_installation: Installation, mailbox: Mailbox
    ) -> None:
        small_installation.fetch_from(mailbox)
        mailbox.put(a_mail("one"))
        with running(small_installation):
            wait_until(lambda: tickets(small_installation) == 1, "the first mail is in")
            restore(mailbox, [a_mail("two")])
            wait_until(lambda: tickets(small_installation) == 2, "the second mail is in", 20)

    def test_a_server_that_says_no_date_is_believed(self, small_installation: Installation) -> None:
        folder = ImapFolder({1: a_mail("one")})
        with serving(folder) as port:
            small_installation.fetch_from_port(port, PASSWORD)
            assert small_installation.poll_well() == {"new": 1}
            assert small_installation.poll_well() == {}
            assert len(folder.asked_for()) == 1


def as_held(mail: bytes) -> bytes:
    """A mail as a server holds it, with CRLF at the ends of lines."""
    return mail.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def restore(mailbox: Mailbox, mails: list[bytes]) -> None:
    """Put other mail under the same numbers, from 1 on, received a day later."""
    uidvalidity = mailbox.uidvalidity()
    mailbox.recreate_inbox()
    for folder in ("cur", "new"):
        for file in (mailbox.maildir / folder).iterdir():
            file.unlink()
    begun = time.time_ns()
    for mail in mails:
        mailbox.put(mail)
    names = sorted(file.name for file in (mailbox.maildir / "new").iterdir())
    lines = [f"3 V{uidvalidity} N{len(names) + 1} G{begun:032x}"]
    lines += [f"{number} :{name}" for number, name in enumerate(names, 1)]
    listed = mailbox.maildir / "dovecot-uidlist"
    listed.write_text("\n".join(lines) + "\n")
    mailbox.server.layout.account.owns(listed)
    later = time.time() + 86_400 + len(names)
    for file in (mailbox.maildir / "new").iterdir():
        os.utime(file, (later, later))
    assert mailbox.uidvalidity() == uidvalidity


def test_a_mailbox_in_trouble_stops_no_other(
    small_installation: Installation,
    mailbox: Mailbox,
    dovecot_server: DovecotServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A wrong password, a dead host, a bad certificate and a good mailbox, polled by one process."""
    monkeypatch.setenv("HELPDESK_TEST_WRONG", "wrong-canary")
    others: dict[str, dict[str, Any]] = {
        "wrong": {"password_env": "HELPDESK_TEST_WRONG"},
        "dead": {"port": free_port()},
        "untrusted": {"ca_file": ""},
    }
    for name, trouble in others.items():
        small_installation.fetch_from(dovecot_server.new_mailbox(), name, **trouble)
    small_installation.fetch_from(mailbox, "good")
    with running(small_installation):
        words = {"wrong": "refused the login", "dead": "no server listens", "untrusted": "is not accepted"}
        for name, said in words.items():
            wait_for_words(small_installation, said, name)
        for number in range(1, 4):
            mailbox.put(a_mail(f"mail {number}"))
            wait_until(lambda number=number: tickets(small_installation) == number, "it is in")  # type: ignore[misc]
        assert state_of(small_installation, "good") == "ok"
    assert "canary" not in str(small_installation.sql("SELECT words FROM lease"))
    assert small_installation.desk().ask(mail_health).poller_words != "ok"
