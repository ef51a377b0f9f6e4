"""A real IMAP server: Dovecot with its own folder and ports, and a mailbox for every test."""

from __future__ import annotations

import base64
import contextlib
import hmac
import imaplib
import itertools
import json
import os
import signal
import smtplib
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import trustme

from tests.services.available import DOVECOT, dovecot_program, dovecot_version
from tests.services.dovecot_config import HOME_ADDRESS, OTHER_ADDRESS, Layout, configuration, token_configuration
from tests.services.hosting import (
    free_port,
    kill_group,
    own_folder,
    server_account,
    start_process,
    wait_for_start,
    wait_until,
    within_root,
)

DOMAIN = "mail.example"
_TOKEN_KEY = b"the key of the tests, of no use anywhere else"

_delivery_numbers = itertools.count()


@contextlib.contextmanager
def running_dovecot(root: Path = Path("/")) -> Iterator[DovecotServer]:
    """Run a Dovecot of our own until the block ends, and leave nothing of it behind.

    Args:
        root: the folder in which another release of the system is unpacked that has the Dovecot to run.
    """
    program = dovecot_program() if root == Path("/") else root / "usr/sbin/dovecot"
    if program is None:
        raise RuntimeError(f"not installed: {DOVECOT}")
    account = server_account("dovecot")
    with own_folder("dovecot", account, root / "tmp") as folder:
        layout = Layout(folder, account, imap_port=free_port(), imaps_port=free_port(), root=root)
        _furnish(layout, program)
        server = DovecotServer(program, layout)
        server.start()
        try:
            yield server
        finally:
            server.stop()


@dataclass
class DovecotServer:
    """A Dovecot that listens on 127.0.0.1, and on 127.0.0.2, where it takes no password without TLS."""

    program: Path
    layout: Layout
    _process: subprocess.Popen[bytes] | None = field(default=None, repr=False)
    _user_numbers: Iterator[int] = field(default_factory=itertools.count, repr=False)

    @property
    def is_running(self) -> bool:
        """Whether it was started and has not ended."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start it, on the same ports and with the same mail as before."""
        if self.is_running:
            return
        layout = self.layout
        words: list[str | Path] = ["-F", "-c", layout.within(layout.folder / "dovecot.conf")]
        argv = [*within_root(layout.root, layout.account), layout.within(self.program), *words]
        self._process = start_process(argv, layout.folder, layout.account, is_dropping=layout.root != Path("/"))
        wait_for_start(self._process, self.layout.folder, self._answers)

    def stop(self) -> None:
        """End it at once, with all its sessions; asked politely, it would take a second."""
        if self._process is not None:
            kill_group(self._process)
            self._process = None
            wait_until(lambda: not self._answers(), "Dovecot has gone")

    def kill_sessions(self) -> None:
        """Cut every IMAP session without a word, as a crash would; the server goes on."""
        for pid in self._session_pids():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def new_mailbox(self) -> Mailbox:
        """Hand out a mailbox nobody has used yet."""
        return self.mailbox(f"u{next(self._user_numbers):04}")

    def mailbox(self, user: str) -> Mailbox:
        """Give access to the mailbox of a user; every name has one, with the password `secret-NAME`."""
        return Mailbox(self, user)

    @property
    def version(self) -> tuple[int, int]:
        """The program's version: 2.3, or 2.4 with another configuration."""
        return dovecot_version(self.program, self.layout.root)

    def log(self) -> str:
        """What Dovecot wrote to its log so far."""
        return (self.layout.folder / "log").read_text(errors="replace")

    def _answers(self) -> bool:
        with (
            contextlib.suppress(OSError),
            socket.create_connection((HOME_ADDRESS, self.layout.imap_port), 5) as probe,
        ):
            return probe.recv(4) == b"* OK"
        return False

    def _session_pids(self) -> list[int]:
        if self._process is None or not self.is_running:
            return []
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children").read_text().split()
        return [int(pid) for pid in children if _program_name(pid) == "imap"]


@dataclass(frozen=True)
class Mailbox:
    """One user's mail on the server, as the help desk reaches it and as the test looks at it."""

    server: DovecotServer = field(repr=False)
    user: str
    host: str = HOME_ADDRESS
    other_host: str = OTHER_ADDRESS

    @property
    def port(self) -> int:
        """The port that speaks TLS from the first byte."""
        return self.server.layout.imaps_port

    @property
    def plain_port(self) -> int:
        """The port that starts in clear text and offers STARTTLS."""
        return self.server.layout.imap_port

    @property
    def password(self) -> str:
        """The user's password."""
        return f"secret-{self.user}"

    @property
    def address(self) -> str:
        """The mail address that delivers here."""
        return f"{self.user}@{DOMAIN}"

    @property
    def ca_file(self) -> Path:
        """The certificate a client has to trust."""
        return self.server.layout.ca_file

    @property
    def maildir(self) -> Path:
        """Where Dovecot keeps this user's mail."""
        return self.server.layout.homes / self.user / "Maildir"

    def token(self, lasts_for: float = 600) -> str:
        """A token that the server takes for this user (a JSON Web Token, RFC 7519), for so many seconds."""
        now = time.time()
        claims = {"sub": self.user, "iat": int(now - 3600), "exp": int(now + lasts_for)}
        parts = [{"alg": "HS256", "typ": "JWT", "kid": "tests"}, claims]
        signed = b".".join(_unpadded(json.dumps(part).encode()) for part in parts)
        return (signed + b"." + _unpadded(hmac.digest(_TOKEN_KEY, signed, "sha256"))).decode()

    def deliver(self, raw: bytes, detail: str = "") -> None:
        """Deliver a mail through LMTP, optionally to the address with `+detail`."""
        to = f"{self.user}+{detail}@{DOMAIN}" if detail else self.address
        with smtplib.LMTP(str(self.server.layout.lmtp_socket), timeout=10) as lmtp:
            lmtp.sendmail("customer@elsewhere.example", [to], raw)

    def put(self, raw: bytes, folder: str = "INBOX") -> None:
        """Put a mail into a folder quickly and as it is, by writing into its Maildir.

        The folder is made if need be. IMAP hands it out with CRLF at the ends of lines and 0x80 for each NUL.
        """
        maildir = self._folder_path(folder)
        self._make_maildir(maildir)
        now = time.time_ns()
        name = f"{now // 10**9}.M{now // 1000 % 10**6:06}Q{next(_delivery_numbers):08}P{os.getpid()}.test"
        written = maildir / "tmp" / name
        written.write_bytes(raw)
        self.server.layout.account.owns(written)
        written.rename(maildir / "new" / name)

    def messages(self, folder: str = "INBOX") -> list[tuple[int, tuple[bytes, ...], bytes]]:
        r"""Look at a folder over TLS, without marking anything as read.

        Each message is (uid, flags without \Recent, raw); they are in the order of their uids.
        """
        with self.session() as imap:
            imap.noop()
            imap.select(f'"{folder}"', readonly=True)
            _, fetched = imap.uid("FETCH", "1:*", "(UID FLAGS BODY.PEEK[])")
            return sorted(_message(part) for part in fetched if isinstance(part, tuple))

    def folders(self) -> list[str]:
        """Name the folders that exist, sorted."""
        with self.session() as imap:
            _, lines = imap.list()
            return sorted(line.decode().rpartition(' "." ')[2].strip('"') for line in lines if isinstance(line, bytes))

    def uidvalidity(self, folder: str = "INBOX") -> int:
        """Say under which number the folder's uids hold."""
        with self.session() as imap:
            imap.select(f'"{folder}"', readonly=True)
            _, (number,) = imap.response("UIDVALIDITY")
            return int(number)

    def recreate_inbox(self) -> None:
        """Make the server forget its uids, as after a restore: same mail, new uids, new UIDVALIDITY.

        Open sessions are cut. `dovecot-uidvalidity` stays: it keeps Dovecot from giving the old number again.
        """
        self.server.kill_sessions()
        for pattern in ("dovecot-uidlist*", "dovecot.index*"):
            for path in self.maildir.glob(pattern):
                path.unlink()

    @contextlib.contextmanager
    def session(self) -> Iterator[imaplib.IMAP4_SSL]:
        """Log in with Python's own IMAP client, for a look that does not depend on the client under test."""
        trust = ssl.create_default_context(cafile=self.ca_file)
        imap = imaplib.IMAP4_SSL(self.host, self.port, ssl_context=trust, timeout=10)
        try:
            imap.login(self.user, self.password)
            yield imap
        finally:
            _log_out(imap)

    def _folder_path(self, folder: str) -> Path:
        return self.maildir if folder == "INBOX" else self.maildir / f".{folder}"

    def _make_maildir(self, maildir: Path) -> None:
        if (maildir / "new").exists():
            return
        for path in (
            self.maildir.parent,
            self.maildir,
            maildir,
            *(maildir / name for name in ("cur", "tmp", "new")),
        ):
            path.mkdir(mode=0o700, exist_ok=True)
            self.server.layout.account.owns(path)


def _furnish(layout: Layout, program: Path) -> None:
    """Lay out everything Dovecot reads or writes, owned by its account."""
    authority = trustme.CA()
    server = authority.issue_cert(HOME_ADDRESS, "localhost")
    authority.cert_pem.write_to_path(layout.ca_file)
    layout.certificate.write_bytes(b"".join(part.bytes() for part in server.cert_chain_pems))
    server.private_key_pem.write_to_path(layout.key)
    key = layout.keys / "default/HS256/tests"
    key.parent.mkdir(parents=True)
    key.write_bytes(base64.b64encode(_TOKEN_KEY))
    layout.token_file.write_text(token_configuration(layout))
    (layout.folder / "dovecot.conf").write_text(configuration(layout, dovecot_version(program, layout.root)))
    layout.homes.mkdir()
    for path in layout.folder.rglob("*"):
        layout.account.owns(path)


def _unpadded(content: bytes) -> bytes:
    return base64.urlsafe_b64encode(content).rstrip(b"=")


def _log_out(imap: imaplib.IMAP4_SSL) -> None:
    """End a session, which may be dead already."""
    try:
        imap.logout()
    except (imaplib.IMAP4.error, OSError):
        with contextlib.suppress(OSError):
            imap.shutdown()


def _program_name(pid: str) -> str:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/comm").read_text().strip()
    return ""


def _message(part: tuple[bytes, bytes]) -> tuple[int, tuple[bytes, ...], bytes]:
    head, raw = part
    uid = int(head.partition(b"UID ")[2].split()[0])
    return uid, tuple(flag for flag in imaplib.ParseFlags(head) if flag != rb"\Recent"), raw
