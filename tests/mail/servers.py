"""What mailboxes are tested against: scripted servers that misbehave as no real one would, and changes on the way."""

from __future__ import annotations

import contextlib
import re
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from typing import Any, ClassVar

import pytest
import trustme

from helpdesk_tui.config import MailboxSettings
from helpdesk_tui.errors import HelpdeskError
from helpdesk_tui.mail.mailbox import Mailbox as AnyMailbox
from helpdesk_tui.terms import OutgoingMail
from tests.services.dovecot import Mailbox
from tests.services.hosting import wait_until

PASSWORD = "HELPDESK_TEST_IMAP_PASSWORD"
Answers = dict[str, bytes]


def settings_for(mailbox: Mailbox) -> MailboxSettings:
    """How the help desk reaches this mailbox; the password has to be in the environment."""
    return MailboxSettings(
        name="support",
        host=mailbox.host,
        port=mailbox.port,
        user=mailbox.user,
        password_env=PASSWORD,
        ca_file=str(mailbox.ca_file),
        read_seconds=10,
    )


def a_mail(number: int, size: int = 0) -> bytes:
    """A small mail that can be told from others."""
    return b"Subject: mail %d\r\nMessage-ID: <%d@example.org>\r\n\r\nHello.\r\n%s\r\n" % (number, number, b"x" * size)


def an_outgoing_mail(number: int = 1, **more: Any) -> OutgoingMail:
    """A mail to Anna, with lines that only dots start."""
    usual: dict[str, Any] = {
        "outbox_id": number,
        "envelope_from": "support@desk.example",
        "recipients": ("anna@customer.example",),
        "message_id": f"{number}@desk.example",
        "content": b"Message-ID: <%d@desk.example>\r\n\r\n.hidden dot\r\n..\r\nBye\r\n" % number,
    }
    return OutgoingMail(**{**usual, **more})


def settings_at(port: int, **more: Any) -> MailboxSettings:
    """How the help desk reaches a scripted server: on the same machine, so that no TLS is needed."""
    usual: dict[str, Any] = {"security": "none", "read_seconds": 1, "user": "anna", "password_env": PASSWORD}
    return MailboxSettings("support", host="127.0.0.1", port=port, **{**usual, **more})


def contents(box: AnyMailbox, uids: list[int] | None = None) -> list[bytes]:
    """What is in these mails, or in all."""
    return [mail.content for mails in box.fetch(box.uids() if uids is None else uids) for mail in mails]


class ImapScript:
    """An IMAP server that says what it is told to.

    In an answer `%T` is the tag, `%W` waits for the client's next line, `%P` for a moment; `%H` hangs up, `%S` says
    nothing more. Where none of `%T`, `%H` and `%S` is said, a tagged OK follows.
    """

    USUAL: ClassVar[Answers] = {
        "CAPABILITY": b"* CAPABILITY IMAP4rev1 IDLE UIDPLUS MOVE\r\n",
        "AUTHENTICATE": b"+ \r\n%W%T OK done\r\n",
        "SELECT": b"* 1 EXISTS\r\n* OK [UIDVALIDITY 7] valid\r\n",
        "EXAMINE": b"* 1 EXISTS\r\n* OK [UIDVALIDITY 7] valid\r\n",
        "SEARCH": b"* SEARCH 1\r\n",
        "RFC822.SIZE": b"* 1 FETCH (UID 1 RFC822.SIZE 10)\r\n",
        "BODY.PEEK": b"* 1 FETCH (UID 1 BODY[] {10}\r\n0123456789)\r\n",
        "IDLE": b"+ idling\r\n%W%T OK done\r\n",
    }

    def __init__(
        self,
        answers: Answers | None = None,
        greeting: bytes = b"* OK hello\r\n",
        *,
        seconds_per_byte: float = 0,
        certificate: trustme.LeafCert | None = None,
    ) -> None:
        self.answers = {**self.USUAL, **(answers or {})}
        self.greeting = greeting
        self.seconds_per_byte = seconds_per_byte
        self.certificate = certificate
        self.heard: list[bytes] = []
        self.sent = 0
        self.over = threading.Event()

    def commands(self, word: str) -> list[bytes]:
        return [line for line in self.heard if word.encode() in line.split()]

    def play(self, client: socket.socket) -> None:
        """Talk to one client."""
        self.client = client
        try:
            self.say(self.greeting)
            while line := self.listen():
                tag, _blank, command = line.partition(b" ")
                word = next((word for word in self.answers if word.encode() in command), "")
                self.answer(self.answers.get(word, b""), tag)
                if word == "STARTTLS" and self.certificate:
                    self.encrypt(self.certificate)
        finally:
            self.client.close()

    def answer(self, words: bytes, tag: bytes) -> None:
        if not re.search(rb"%[THS]", words):
            words += b"%T OK done\r\n"
        for part in re.split(rb"(%[TWPHS])", words):
            match part:
                case b"%W":
                    self.listen()
                case b"%P":
                    self.over.wait(0.3)
                case b"%H":
                    raise ConnectionAbortedError
                case b"%S":
                    self.over.wait()
                case _:
                    self.say(tag if part == b"%T" else part)

    def say(self, words: bytes) -> None:
        step = 1 if self.seconds_per_byte else 65_536
        for start in range(0, len(words), step):
            self.client.sendall(words[start : start + step])
            self.sent += step
            if self.seconds_per_byte and self.over.wait(self.seconds_per_byte):
                return

    def listen(self) -> bytes:
        line = b""
        while not line.endswith(b"\n") and (more := self.client.recv(1)):
            line += more
        self.heard.append(line.strip())
        return line.strip()

    def encrypt(self, certificate: trustme.LeafCert) -> None:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        certificate.configure_cert(context)
        self.client = context.wrap_socket(self.client, server_side=True)


class ImapFolder(ImapScript):
    """An IMAP server with a folder of mails, of which it will not hand over some.

    Args:
        troubles: what it says in place of a mail, by uid: see `ImapScript`.
        words: the commands about mails in which it says so.
        is_passing: it says so once.
    """

    def __init__(
        self, mails: dict[int, bytes], troubles: dict[int, bytes] | None = None, words: bytes = b"BODY.PEEK"
    ) -> None:
        super().__init__()
        self.is_passing = False
        self.mails = mails
        self.troubles = troubles or {}
        self.words = words

    def answer(self, words: bytes, tag: bytes) -> None:
        command = self.heard[-1]
        if b"SEARCH" in command:
            words = b"* SEARCH " + b" ".join(b"%d" % uid for uid in self.mails) + b"\r\n"
        elif found := re.search(rb"UID FETCH ([\d,:]+) ", command):
            words = b"".join(self._fetched(command, _uids_in(found[1])))
        super().answer(words, tag)

    @property
    def logins(self) -> int:
        return len(self.commands("LOGIN"))

    def asked_for(self) -> list[list[int]]:
        """The uids of each command for mails."""
        return [_uids_in(line.split()[3]) for line in self.heard if b"BODY.PEEK" in line]

    def _fetched(self, command: bytes, uids: list[int]) -> Iterator[bytes]:
        for uid in uids:
            mail = self.mails[uid]
            if uid in self.troubles and self.words in command:
                trouble = self.troubles.pop(uid) if self.is_passing else self.troubles[uid]
                yield trouble
                if b"%" in trouble:
                    return
            elif b"BODY.PEEK" in command:
                yield b"* %d FETCH (UID %d BODY[] {%d}\r\n" % (uid, uid, len(mail)) + mail + b")\r\n"
            else:
                yield b"* %d FETCH (UID %d RFC822.SIZE %d)\r\n" % (uid, uid, len(mail))


class SmtpScript:
    """An SMTP server that says what it is told to; the answer to a mail's content goes by the name of `.`."""

    def __init__(
        self, answers: dict[str, bytes] | None = None, greeting: bytes = b"220 hello\r\n", *, is_slow: bool = False
    ) -> None:
        usual = {"DATA": b"354 go on\r\n", "EHLO": b"250-hi\r\n250-SIZE\r\n250 8BITMIME\r\n", "QUIT": b"221 bye\r\n"}
        self.answers = {**usual, **(answers or {})}
        self.greeting = greeting
        self.is_slow = is_slow
        self.verbs: list[str] = []

    def heard(self, line: bytes) -> None:
        """Take note of what a client says, before it is answered."""

    def serving(self, address: str = "127.0.0.1") -> contextlib.AbstractContextManager[int]:
        """Say it to everybody who connects; gives the port."""
        return listening(self.play, address)

    def play(self, client: socket.socket) -> None:
        """Talk to one client."""
        say: Callable[[bytes], None] = client.sendall
        if self.is_slow:
            client.settimeout(0.02)
            for byte in self.greeting:
                say(bytes([byte]))
                with contextlib.suppress(TimeoutError):
                    client.recv(1)
        say(self.greeting)
        lines = client.makefile("rb")
        while line := lines.readline():
            self.heard(line)
            verb = line.split()[0].decode().upper() if line.strip() else ""
            self.verbs.append(verb)
            say(self.answers.get(verb, b"250 ok\r\n"))
            if verb == "DATA" and self.answers["DATA"].startswith(b"354"):
                while lines.readline() not in (b".\r\n", b""):
                    pass
                say(self.answers.get(".", b"250 ok\r\n"))


@contextlib.contextmanager
def serving(script: ImapScript, address: str = "127.0.0.1") -> Iterator[int]:
    """Play a script to everybody who connects; gives the port."""
    with listening(lambda client: script.play(client), address) as port:
        try:
            yield port
        finally:
            script.over.set()


@contextlib.contextmanager
def listening(talk: Callable[[socket.socket], None], address: str = "127.0.0.1") -> Iterator[int]:
    """Run a server that talks to one client after the other."""
    clients: list[socket.socket] = []

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _peer = server.accept()
                client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                clients.append(client)
                with contextlib.suppress(OSError), client:
                    talk(client)

    with socket.create_server((address, 0)) as server:
        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        try:
            yield server.getsockname()[1]
        finally:
            for busy in [server, *clients]:
                with contextlib.suppress(OSError):
                    busy.shutdown(socket.SHUT_RDWR)
            thread.join(10)


@contextlib.contextmanager
def changed_on_the_way(mailbox: Mailbox, changes: dict[bytes, bytes]) -> Iterator[int]:
    """A port that leads to Dovecot's plain one, where some words of the server become others of the same length."""

    def pass_on(client: socket.socket) -> None:
        with socket.create_connection((mailbox.host, mailbox.plain_port)) as server:
            threading.Thread(target=pump, args=(client, server, {}), daemon=True).start()
            pump(server, client, changes)

    def pump(source: socket.socket, sink: socket.socket, changes: dict[bytes, bytes]) -> None:
        with contextlib.suppress(OSError):
            while piece := source.recv(65_536):
                for old, new in changes.items():
                    piece = piece.replace(old, new)
                sink.sendall(piece)
            sink.shutdown(socket.SHUT_WR)

    with listening(pass_on) as port:
        yield port


@contextlib.contextmanager
def waiting(box: AnyMailbox, seconds: float) -> Iterator[list[bool | HelpdeskError]]:
    """Let the mailbox wait in a thread; afterwards the list holds what came of it."""
    outcome: list[bool | HelpdeskError] = []

    def wait() -> None:
        try:
            outcome.append(box.wait(seconds))
        except HelpdeskError as error:
            outcome.append(error)

    thread = threading.Thread(target=wait)
    thread.start()
    yield outcome
    thread.join(seconds)
    wait_until(lambda: bool(outcome), "the wait has ended")


def _uids_in(numbers: bytes) -> list[int]:
    ranges = [[int(one) for one in part.split(b":")] for part in numbers.split(b",")]
    return [uid for ends in ranges for uid in range(ends[0], ends[-1] + 1)]


def own_address() -> str:
    """An address of this machine that is not only for itself."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            pytest.skip("this machine has no network")
        return str(probe.getsockname()[0])
