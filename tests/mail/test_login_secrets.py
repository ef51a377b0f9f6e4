"""A server that repeats what was said to it at the login does not get the password shown, in no form."""

from __future__ import annotations

import base64
import json

import pytest

from helpdesk_tui.config import SmtpSettings
from helpdesk_tui.errors import HelpdeskError, Temporary
from helpdesk_tui.mail.imap import ImapMailbox
from helpdesk_tui.mail.mailbox import LoginRefused
from helpdesk_tui.mail.smtp import SmtpTransport
from helpdesk_tui.mail.tls import login_code
from helpdesk_tui.store.queries.mail import mail_health
from tests.mail.installation import Installation
from tests.mail.servers import PASSWORD, ImapScript, SmtpScript, an_outgoing_mail, serving, settings_at

PASSWORDS = ["s3cretCANARY", 's3c"ret\\CANARY', "s3c  retCANARY", "sécretCANARY"]
WAYS = {"LOGIN": b"IMAP4rev1", "PLAIN": b"IMAP4rev1 AUTH=PLAIN"}
ECHOES = {
    "not understood": b"%T BAD unknown command: ",
    "refused": b"%T NO wrong: ",
    "goodbye": b"* BYE wrong: ",
    "an echo": b"",
    "a remark": b"* NO [ALERT] ",
}


def forms(password: str) -> list[bytes]:
    """What a server may repeat: the words as they were sent, and in base64."""
    quoted = password.replace("\\", "\\\\").replace('"', '\\"')
    plain = base64.b64encode(f"\0anna\0{password}".encode())
    return [password.encode(), quoted.encode(), b" ".join(quoted.encode().split()), plain, plain + b" " + plain[8:]]


def leaks(words: str) -> bool:
    return "CANARY" in words or any(len(word) > 20 and "QU5BUl" in word for word in words.split())


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("echo", ECHOES)
@pytest.mark.parametrize("password", PASSWORDS)
def test_imap(monkeypatch: pytest.MonkeyPatch, password: str, echo: str, way: str) -> None:
    monkeypatch.setenv(PASSWORD, password)
    for form in forms(password):
        ends = b"\r\n%T NO no\r\n" if echo == "a remark" else b"\r\n%H"
        said = ECHOES[echo] + form + ends
        script = ImapScript({"CAPABILITY": b"* CAPABILITY " + WAYS[way] + b"\r\n", "LOGIN": said})
        script.answers["AUTHENTICATE"] = b"+ \r\n%W" + said
        with pytest.raises(HelpdeskError) as caught, serving(script) as port, ImapMailbox(settings_at(port)):
            pass
        words = caught.value.message + caught.value.hint + "".join(map(str, caught.value.args))
        assert form.decode() not in words
        assert not leaks(words), words


def test_the_code_of_a_refusal_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PASSWORD, "secret")
    for answer, kind, words in (
        (b"%T NO [AUTHENTICATIONFAILED] no\r\n", LoginRefused, "refused the login: [AUTHENTICATIONFAILED]."),
        (b"%T NO [UNAVAILABLE] later\r\n", Temporary, "refused the login: [UNAVAILABLE]."),
        (b"%T NO go away\r\n", LoginRefused, "refused the login: without a reason that is safe to repeat."),
        (b"* BYE [UNAVAILABLE] secret\r\n%H", Temporary, "hung up: during the login [UNAVAILABLE]."),
    ):
        script = ImapScript({"LOGIN": answer})
        with pytest.raises(HelpdeskError) as caught, serving(script) as port, ImapMailbox(settings_at(port)):
            pass
        assert isinstance(caught.value, kind)
        assert words in caught.value.message


@pytest.mark.parametrize("way", [b"PLAIN", b"LOGIN"])
@pytest.mark.parametrize("password", PASSWORDS)
def test_smtp(monkeypatch: pytest.MonkeyPatch, password: str, way: bytes) -> None:
    monkeypatch.setenv(PASSWORD, password)
    secret = base64.b64encode(password.encode())
    plain = base64.b64encode(f"\0anna\0{password}".encode())
    for form in (password.encode(), b" ".join(password.encode().split()), secret, plain):
        refusal = b"535-5.7.8 unknown: " + form + b'\r\n535 5.7.8 "AUTH ' + form + b'"\r\n'
        script = SmtpScript({"EHLO": b"250-hi\r\n250 AUTH " + way + b"\r\n", secret.decode().upper(): refusal})
        script.answers["AUTH"] = refusal if way == b"PLAIN" else b"334 VXNlcm5hbWU6\r\n"
        with script.serving() as port:
            settings = SmtpSettings("127.0.0.1", port, "none", "anna", password_env=PASSWORD)
            with SmtpTransport(settings) as transport:
                words = transport.send(an_outgoing_mail()).words
        assert words == "Sending mail: 127.0.0.1 refused the login: 535 5.7.8."


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("login failed: [AUTHENTICATIONFAILED] secret", "[AUTHENTICATIONFAILED]"),
        ("[WEBALERT https://provider.example/secret] secret", "[WEBALERT]"),
        ("[s3cret] no", ""),
        ("5.7.8 Error: authentication failed: secret", "5.7.8"),
        ("no 5.7.8", ""),
        ("secret", ""),
        ("", ""),
    ],
)
def test_a_code_is_one_of_those_known(words: str, code: str) -> None:
    assert login_code(words) == code


def test_it_reaches_neither_the_terminal_nor_the_store(
    small_installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(PASSWORD, "s3cretCANARY")
    script = ImapScript({"LOGIN": b'* BYE wrong: LOGIN anna "s3cretCANARY"\r\n%H'})
    with serving(script) as port:
        small_installation.fetch_from_port(port, PASSWORD)
        once = small_installation.run("poll", "--once")
        document = small_installation.run("poll", "--once", "--json")
        with small_installation.polling() as poller:
            assert poller.stderr
            said = [poller.stderr.readline(), poller.stderr.readline()]
    assert "hung up" in said[1]
    assert "hung up" in once.stderr
    assert "hung up" in json.loads(document.stdout)["failures"][0]["message"]
    words = small_installation.desk().ask(mail_health).poller_words or ""
    assert "CANARY" not in "".join([*said, once.stdout, once.stderr, document.stdout, document.stderr, words])
