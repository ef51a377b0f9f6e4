"""Passwords and tokens: where they come from, what is said where they do not, and that nobody else reads them."""

from __future__ import annotations

import base64
import importlib.util
import logging
from dataclasses import replace
from pathlib import Path

import pytest

from helpdesk_tui.config import MailboxSettings, SmtpSettings, load
from helpdesk_tui.credentials import credential
from helpdesk_tui.errors import HelpdeskError, Usage
from helpdesk_tui.mail.smtp import SmtpTransport
from helpdesk_tui.terms import OutboxState
from tests.mail.installation import Installation
from tests.mail.servers import SmtpScript, an_outgoing_mail
from tests.mail.test_imap_years import state_of, wait_for_words
from tests.mail.test_poller_troubles import running, tickets
from tests.services.dovecot import Mailbox
from tests.services.hosting import wait_until

KEYRING = """
import sys
entries = {("mail", "anna"): "s3cret ring", ("imap.example/desk", "anna@b.example"): "other"}
found = entries.get(tuple(sys.argv[2:4]))
print(found) if found else sys.exit(1)
"""


@pytest.fixture
def keyring(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A keyring that answers as the package of that name does."""
    (tmp_path / "keyring").mkdir()
    (tmp_path / "keyring/__init__.py").write_text("")
    (tmp_path / "keyring/__main__.py").write_text(KEYRING)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))


class TestPasswords:
    def test_one_comes_from_a_command_or_a_variable(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("OWN", "geheim")
        assert credential(SmtpSettings(password_command=("printf", "a b\\nc")), "smtp") == "a b"
        assert credential(SmtpSettings(password_env="OWN"), "smtp") == "geheim"

    @pytest.mark.parametrize(
        "command", [(), ("false",), ("/nowhere",), ("true",), ("printf", "\\n"), ("printf", "\\nsecond line")]
    )
    def test_one_that_is_not_to_be_had_is_told(self, command: tuple[str, ...]) -> None:
        with pytest.raises(HelpdeskError, match="smtp") as caught:
            credential(SmtpSettings(password_command=command, password_env="NOT_SET"), "smtp")
        assert caught.value.hint

    @pytest.mark.parametrize(
        ("entry", "found"), [("mail/anna", "s3cret ring"), ("imap.example/desk/anna@b.example", "other")]
    )
    def test_one_comes_from_the_keyring(self, keyring: None, entry: str, found: str) -> None:
        assert credential(MailboxSettings("inbox", password_keyring=entry), "inbox") == found

    @pytest.mark.parametrize("entry", ["mail/bob", "mail", "/", "mail/anna/"])
    def test_an_entry_that_is_not_there_is_named(self, keyring: None, entry: str) -> None:
        with pytest.raises(HelpdeskError, match=f"keyring gives no password for inbox: {entry}"):
            credential(MailboxSettings("inbox", password_keyring=entry), "inbox")

    def test_without_the_package_it_is_said_how_to_get_it(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
        with pytest.raises(HelpdeskError, match="keyring is not installed") as caught:
            credential(MailboxSettings("inbox", password_keyring="mail/anna"), "inbox")
        assert "pip install 'helpdesk-tui[keyring]'" in caught.value.hint


class TestSettings:
    @pytest.mark.parametrize(
        ("lines", "words"),
        [
            ('auth = "kerberos"', "line 2: auth: must be one of password, xoauth2, oauthbearer"),
            ('auth = "xoauth2"', "line 2: auth: needs token_command"),
            ('token = "canary"', "line 2: a password does not belong here"),
            ('auth = "xoauth2"\ntoken_command = "cat"', "line 3: token_command: must be a list of texts"),
            ('since = "yesterday"', "line 2: since: must be a day, as 2026-11-27"),
            ("since = 2026-11-27T10:00:00", "line 2: since: must be a day, as 2026-11-27"),
        ],
    )
    def test_what_cannot_be_is_named_with_its_line(self, tmp_path: Path, lines: str, words: str) -> None:
        file = tmp_path / "config.toml"
        file.write_text(f"[mailboxes.inbox]\n{lines}\n")
        with pytest.raises(Usage) as caught:
            load(file)
        assert words in caught.value.message
        assert "canary" not in caught.value.message

    def test_a_token_and_a_day_are_read(self, tmp_path: Path) -> None:
        file = tmp_path / "config.toml"
        file.write_text(
            '[mailboxes.inbox]\nauth = "oauthbearer"\ntoken_command = ["oama", "access"]\nsince = 2026-11-27\n'
        )
        (mailbox,) = load(file).mailboxes
        assert (mailbox.auth, mailbox.token_command, str(mailbox.since)) == (
            "oauthbearer",
            ("oama", "access"),
            "2026-11-27",
        )


class TestTokensForSending:
    def settings(self, port: int, folder: Path, kind: str, *tokens: str) -> SmtpSettings:
        (folder / "tokens").write_text("\n".join(tokens) + "\n")
        command = ("sh", "-c", f"cd {folder}; head -n 1 tokens; sed -i '1{{$!d}}' tokens")
        return SmtpSettings("127.0.0.1", port, "none", "anna", auth=kind, token_command=command)

    @pytest.mark.parametrize(
        ("kind", "said"),
        [("xoauth2", b"user=anna\1auth=Bearer good\1\1"), ("oauthbearer", b"n,a=anna,\1auth=Bearer good\1\1")],
    )
    def test_a_token_is_shown_as_the_server_wants_it(self, tmp_path: Path, kind: str, said: bytes) -> None:
        script = TokenScript({said})
        with script.serving() as port, SmtpTransport(self.settings(port, tmp_path, kind, "good")) as transport:
            assert transport.send(an_outgoing_mail()).state is OutboxState.SENT

    def test_a_fresh_one_is_tried_once(self, tmp_path: Path) -> None:
        script = TokenScript({b"user=anna\1auth=Bearer good\1\1"})
        settings = self.settings(0, tmp_path, "xoauth2", "old", "good")
        with script.serving() as port, SmtpTransport(replace(settings, port=port)) as transport:
            assert transport.send(an_outgoing_mail()).state is OutboxState.SENT
        assert len(script.shown) == 2

    def test_a_refused_one_is_not_shown_again_and_never_told(
        self, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.DEBUG)
        script = TokenScript(set())
        with script.serving() as port, SmtpTransport(self.settings(port, tmp_path, "xoauth2", "CANARY")) as transport:
            outcome = transport.send(an_outgoing_mail())
            assert transport.send(an_outgoing_mail(2)) == outcome
        assert outcome.state is OutboxState.QUEUED
        assert outcome.words == "Sending mail: 127.0.0.1 refused the login: 535 5.7.8."
        assert len(script.shown) == 1
        assert "CANARY" not in caplog.text


class TokenScript(SmtpScript):
    """A submission server that takes some tokens, and explains each refusal before it is one."""

    def __init__(self, good: set[bytes]) -> None:
        super().__init__({"EHLO": b"250-hi\r\n250 AUTH XOAUTH2 OAUTHBEARER\r\n"})
        self.good = good
        self.shown: list[bytes] = []
        self.answers["AUTH"] = b"334 eyJzdGF0dXMiOiI0MDEifQ==\r\n"

    def heard(self, line: bytes) -> None:
        words = line.split() or [b""]
        if words[0].upper() == b"AUTH":
            self.shown.append(base64.b64decode(words[2]))
            is_good = self.shown[-1] in self.good
            self.answers["AUTH"] = b"235 welcome\r\n" if is_good else b"334 eyJzdGF0dXMiOiI0MDEifQ==\r\n"
        elif words[0].upper() not in (b"EHLO", b"MAIL", b"RCPT", b"DATA", b"QUIT", b"RSET"):
            self.answers[words[0].decode().upper()] = b"535 5.7.8 CANARY is no good\r\n"


def test_a_token_that_runs_out_while_the_poller_runs_is_seen_within_one_poll(
    small_installation: Installation, mailbox: Mailbox, tmp_path: Path
) -> None:
    """F22, on a real server: what is refused is told at once, and a new token ends it."""
    token = tmp_path / "token"
    token.write_text(mailbox.token())
    small_installation.fetch_from(mailbox, auth="xoauth2", token_command=("cat", str(token)))
    small_installation.environment.setattr("helpdesk_tui.mail.poller.REFUSED_PAUSE", 0.5)
    with running(small_installation):
        wait_for_words(small_installation, "ok")
        token.write_text(mailbox.token(-60))
        mailbox.server.kill_sessions()
        wait_for_words(small_installation, "refused the login")
        assert mailbox.token(-60)[:20] not in state_of(small_installation)
        mailbox.put(b"From: a@b.example\r\n\r\nHello")
        token.write_text(mailbox.token())
        wait_until(lambda: tickets(small_installation) == 1, "the mail is in", 20)
        wait_for_words(small_installation, "ok")
