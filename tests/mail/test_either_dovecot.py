"""The IMAP mailbox on Dovecot before 2.4 and after: logging in, fetching, what is done with mail, IDLE, new numbers."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from helpdesk_tui.config import MailboxSettings
from helpdesk_tui.mail.imap import ImapMailbox
from helpdesk_tui.mail.mailbox import LoginRefused
from tests.mail.servers import PASSWORD, a_mail, contents, settings_for, waiting
from tests.services.dovecot import DovecotServer, Mailbox

TOKENS = ("xoauth2", "oauthbearer")
Giving = Callable[..., tuple[str, ...]]


@pytest.fixture
def mailbox(either_dovecot: DovecotServer) -> Mailbox:
    either_dovecot.start()
    return either_dovecot.new_mailbox()


@pytest.fixture
def settings(mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch) -> MailboxSettings:
    monkeypatch.setenv(PASSWORD, mailbox.password)
    return settings_for(mailbox)


@pytest.fixture
def giving(tmp_path: Path) -> Giving:
    """A command that prints one token after the other, the last one for ever; `asked` tells how often it was run."""

    def command(*tokens: str) -> tuple[str, ...]:
        for number, token in enumerate(tokens):
            (tmp_path / f"token{number}").write_text(token)
        script = tmp_path / "token.sh"
        script.write_text(
            f"cd {tmp_path}; n=$(cat asked 2>/dev/null || echo 0); echo $((n + 1)) > asked\n"
            f"[ -e token$n ] || n={len(tokens) - 1}; cat token$n\n"
        )
        return "sh", str(script)

    return command


def asked(folder: Path) -> int:
    return int((folder / "asked").read_text())


def test_they_are_of_both_kinds(either_dovecot: DovecotServer, request: pytest.FixtureRequest) -> None:
    assert either_dovecot.version[0] == 2
    if "another" in request.node.name:
        own = request.getfixturevalue("dovecot_server").version
        assert (own >= (2, 4)) is not (either_dovecot.version >= (2, 4))


class TestLoggingIn:
    @pytest.mark.parametrize("kind", TOKENS)
    def test_a_token_opens_the_mailbox(
        self, settings: MailboxSettings, mailbox: Mailbox, giving: Giving, kind: str, tmp_path: Path
    ) -> None:
        mailbox.put(a_mail(1))
        with ImapMailbox(replace(settings, auth=kind, token_command=giving(mailbox.token()))) as box:
            assert contents(box) == [a_mail(1)]
        assert asked(tmp_path) == 1

    @pytest.mark.parametrize("kind", TOKENS)
    def test_one_that_ran_out_is_asked_for_anew_once(
        self, settings: MailboxSettings, mailbox: Mailbox, giving: Giving, kind: str, tmp_path: Path
    ) -> None:
        command = giving(mailbox.token(-60), mailbox.token())
        with ImapMailbox(replace(settings, auth=kind, token_command=command)) as box:
            assert box.uids() == []
        assert asked(tmp_path) == 2

    @pytest.mark.parametrize("kind", TOKENS)
    @pytest.mark.parametrize("which", ["ran out", "somebody else's", "forged"])
    def test_one_that_is_refused_is_not_shown_again_and_never_told(
        self, settings: MailboxSettings, mailbox: Mailbox, giving: Giving, kind: str, which: str, tmp_path: Path
    ) -> None:
        token = {
            "ran out": mailbox.token(-60),
            "somebody else's": mailbox.server.new_mailbox().token(),
            "forged": mailbox.token()[:-6] + "abcdef",
        }[which]
        before = mailbox.server.log()
        with (
            pytest.raises(LoginRefused, match="refused the login") as caught,
            ImapMailbox(replace(settings, auth=kind, token_command=giving(token))),
        ):
            pass
        assert token not in caught.value.message + caught.value.hint
        assert "token_command" in caught.value.hint
        assert asked(tmp_path) == 2
        assert mailbox.server.log()[len(before) :].count("Disconnected") <= 1

    def test_a_password(self, settings: MailboxSettings, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch) -> None:
        for port, security in ((mailbox.port, "tls"), (mailbox.plain_port, "starttls")):
            with ImapMailbox(replace(settings, port=port, security=security)) as box:
                assert box.uids() == []
        monkeypatch.setenv(PASSWORD, "wrong")
        with pytest.raises(LoginRefused, match=r"\[AUTHENTICATIONFAILED\]"), ImapMailbox(settings):
            pass


def test_mails_come_byte_for_byte_and_are_marked(settings: MailboxSettings, mailbox: Mailbox) -> None:
    mails = [a_mail(number, 1000 * number) for number in range(60)]
    for mail in mails:
        mailbox.put(mail)
    with ImapMailbox(settings) as box:
        assert contents(box) == mails
        assert len(box.ages(box.uids())) == 60
        box.done(box.uids()[:30])
    assert [flags for _uid, flags, _raw in mailbox.messages()] == [(rb"\Seen",)] * 30 + [()] * 30


def test_mails_are_moved(settings: MailboxSettings, mailbox: Mailbox) -> None:
    for number in range(3):
        mailbox.put(a_mail(number))
    with ImapMailbox(replace(settings, after="move:Done")) as box:
        box.done(box.uids()[:2])
        assert contents(box) == [a_mail(2)]
    assert [raw for *_rest, raw in mailbox.messages("Done")] == [a_mail(0), a_mail(1)]


def test_mail_that_arrives_ends_the_wait(settings: MailboxSettings, mailbox: Mailbox) -> None:
    with ImapMailbox(settings) as box:
        box.uids()
        with waiting(box, 30) as outcome:
            mailbox.deliver(a_mail(1))
        assert outcome == [True]
        for number in range(2, 6):
            box.uids()
            mailbox.deliver(a_mail(number))
            started = time.monotonic()
            assert box.wait(30)
            assert time.monotonic() - started < 5


def test_new_numbers_are_noticed(settings: MailboxSettings, mailbox: Mailbox) -> None:
    mailbox.put(a_mail(1))
    with ImapMailbox(settings) as box:
        before = box.uidvalidity
    mailbox.recreate_inbox()
    with ImapMailbox(settings) as box:
        assert contents(box) == [a_mail(1)]
        assert box.uidvalidity != before
