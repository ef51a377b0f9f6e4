"""A help desk as an admin sets it up: a store, a configuration file, passwords in the environment, and its processes."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from helpdesk_tui.config import MailboxSettings, Settings, SmtpSettings, load
from helpdesk_tui.desk.door import Desk, utc_now
from helpdesk_tui.mail.intake import Polled
from helpdesk_tui.mail.poller import poll_once
from helpdesk_tui.store.engine import Store
from helpdesk_tui.terms import SYSTEM
from tests.build import Place, sql
from tests.services import starter
from tests.services.dovecot import Mailbox
from tests.services.smtp import SmtpSink

REPOSITORY = Path(__file__).parents[2]
SMTP_PASSWORD = "HELPDESK_TEST_SMTP_PASSWORD"
SECONDS = 60


@dataclass
class Halted:
    """A process that stood still; once it has ended, how it ended and what it said."""

    pid: int
    returncode: int | None = None
    said: str = ""


@dataclass
class Installation:
    """The help desk of Anna: what she runs is run by a login that owns nothing."""

    place: Place
    folder: Path
    environment: pytest.MonkeyPatch
    mailboxes: tuple[MailboxSettings, ...] = ()
    smtp: SmtpSettings = field(default_factory=SmtpSettings)
    poll_seconds: int = 60
    clock: Callable[[], datetime] = utc_now
    _onlooker: Store | None = None

    def fetch_from(self, mailbox: Mailbox, name: str = "inbox", **more: Any) -> MailboxSettings:
        """Add a mailbox to those that are polled; small batches, so that a few mails are several of them."""
        self.environment.setenv(password_of(mailbox), mailbox.password)
        usual: dict[str, Any] = {
            "host": mailbox.host,
            "port": mailbox.port,
            "user": mailbox.user,
            "password_env": password_of(mailbox),
            "ca_file": str(mailbox.ca_file),
            "batch_count": 5,
            "connect_seconds": 5,
            "read_seconds": 10,
        }
        added = MailboxSettings(name, **{**usual, **more})
        self.mailboxes = (*self.mailboxes, added)
        return added

    def fetch_from_port(self, port: int, password_env: str) -> None:
        """Add a mailbox on a scripted server, which speaks no TLS."""
        settings: dict[str, Any] = {
            "host": "127.0.0.1",
            "port": port,
            "security": "none",
            "user": "anna",
            "read_seconds": 2,
        }
        self.mailboxes = (*self.mailboxes, MailboxSettings("inbox", password_env=password_env, **settings))

    def send_through(self, sink: SmtpSink, **more: Any) -> None:
        """Let outgoing mail leave through this server."""
        self.environment.setenv(SMTP_PASSWORD, sink.password)
        usual = {"user": sink.user, "password_env": SMTP_PASSWORD, "ca_file": str(sink.ca_file), "timeout_seconds": 5}
        self.smtp = SmtpSettings(host=sink.host, port=sink.port, **{**usual, **more})

    def send_through_untrusted(self) -> None:
        """Forget whose certificates are trusted."""
        self.smtp = replace(self.smtp, ca_file="")

    def send_into(self, folder: Path) -> None:
        """Let outgoing mail end in a folder."""
        self.smtp = SmtpSettings(path=str(folder))

    def set_mailbox(self, name: str = "inbox", **changes: Any) -> None:
        """Change the settings of a mailbox."""
        self.mailboxes = tuple(replace(one, **changes) if one.name == name else one for one in self.mailboxes)

    @property
    def settings(self) -> Settings:
        """What the program reads from the configuration file."""
        return load(self.written())

    def desk(self, login: str = "anna") -> Desk:
        """The desk of an agent in this process, at the present time."""
        return replace(self.place.desk(login), settings=self.settings, clock=self.clock)

    def system(self) -> Desk:
        """The desk of the program itself, as Anna runs it."""
        return self.desk().acting_as(SYSTEM)

    def written(self, name: str = "config") -> Path:
        """The configuration file as it has to be now."""
        lines = [f"store = {quoted(self.place.url_of('anna'))}", f"poll_seconds = {self.poll_seconds}"]
        for mailbox in self.mailboxes:
            lines += [f"[mailboxes.{mailbox.name}]", *_keys(mailbox)]
        file = self.folder / f"{name}.toml"
        file.write_text("\n".join([*lines, "[smtp]", *_keys(self.smtp), ""]))
        return file

    def argv(self, *words: str, name: str = "config") -> list[str]:
        """The words that stand before a command and the command."""
        who = [] if self.place.is_postgres else ["--as", "anna"]
        return ["--config", str(self.written(name)), *who, *words]

    def run(self, *words: str, said: str = "") -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        argv = self.argv(*words)
        done = starter.run(argv, self.environment_of_a_process(), self.folder, said.encode())
        return subprocess.CompletedProcess(argv, done.code, done.out.decode(), done.err.decode())

    def answer(self, *words: str, said: str = "") -> Any:
        """Run a command that has to succeed; gives its JSON."""
        done = self.run(*words, "--json", said=said)
        assert done.returncode == 0, done
        return json.loads(done.stdout)

    def poll(self) -> Polled:
        """Poll once in this process."""
        return poll_once(self.system(), self.settings)

    def poll_well(self) -> dict[str, int]:
        """Poll once with nothing going wrong; how many mails went which way."""
        done = self.poll()
        assert not done.failures, [error.message for error in done.failures]
        return done.received

    def killed(self, when: str, target: str, number: int, *words: str) -> None:
        """Run a command that is killed on the way (see `launcher`)."""
        ended = self._run(self._launched(when, target, number, "end", *words))
        assert ended.returncode == -signal.SIGKILL, f"it was not killed {when} {target} ({number}): {ended}"

    def disturbed(self, when: str, target: str, number: int) -> bool:
        """Poll once in a process that is killed on the way if it gets there; True where it was."""
        return self._run(self._launched(when, target, number, "end")).returncode == -signal.SIGKILL

    def orphaned(self, when: str, target: str, number: int) -> subprocess.CompletedProcess[str]:
        """Poll once in a process whose children are killed on the way."""
        return self._run(self._launched(when, target, number, "orphan"))

    @contextlib.contextmanager
    def halted(self, when: str, target: str, number: int) -> Iterator[Halted]:
        """Poll once in a process that stands still on the way for the block, then goes on to its end."""
        with (self.folder / "said").open("w+") as said:
            poller = subprocess.Popen(
                [sys.executable, *self._launched(when, target, number, "halt")],
                cwd=self.folder,
                env=self.environment_of_a_process(),
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
            )
            halted = Halted(poller.pid)
            try:
                how = os.waitid(os.P_PID, poller.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)
                assert how is not None
                assert how.si_code == os.CLD_STOPPED, f"it did not get there: {when} {target} ({number})"
                yield halted
                poller.send_signal(signal.SIGCONT)
                halted.returncode = poller.wait(SECONDS)
            finally:
                poller.kill()
                poller.wait()
                said.seek(0)
                halted.said = said.read()

    @contextlib.contextmanager
    def polling(self) -> Iterator[subprocess.Popen[str]]:
        """A poller that runs as long as the block."""
        with self.start("poll") as poller:
            try:
                yield poller
            finally:
                poller.kill()
                poller.wait()

    def start(self, *words: str, name: str = "config") -> subprocess.Popen[str]:
        """Start a command; it goes on by itself."""
        return subprocess.Popen(
            [sys.executable, "-m", "helpdesk_tui", *self.argv(*words, name=name)],
            cwd=self.folder,
            env=self.environment_of_a_process(),
            text=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def sql(self, statement: str, **values: Any) -> list[Any]:
        """Ask the store as Bob, who looks on."""
        if self._onlooker is None:
            self._onlooker = self.place.store("bob")
        return sql(self._onlooker, statement, **values)

    def look_anew(self) -> None:
        """Close all that this process has open of the store, and open it again when it is looked at next."""
        self.place.close()
        self._onlooker = None

    @property
    def store_file(self) -> Path:
        """The file of a store on SQLite."""
        return Path(self.place.url_of("anna").removeprefix("sqlite:///"))

    @contextlib.contextmanager
    def on(self, url_of: Callable[[str], str]) -> Iterator[Installation]:
        """The same help desk on another store of this kind, or by another way, as long as the block."""
        with Place(url_of, self.place.is_postgres) as place:
            yield replace(self, place=place, _onlooker=None)

    def _launched(self, when: str, target: str, number: int, deed: str, *words: str) -> list[str]:
        command = self.argv(*(words or ("poll", "--once")))
        return ["-m", "tests.mail.launcher", when, target, str(number), deed, "--", *command]

    def _run(self, words: Sequence[str]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, *words],
            cwd=self.folder,
            env=self.environment_of_a_process(),
            stdin=subprocess.DEVNULL,
            text=True,
            capture_output=True,
            timeout=SECONDS,
            check=False,
        )

    def environment_of_a_process(self) -> dict[str, str]:
        """The variables that a command of this help desk runs with."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("HELPDESK_", "XDG_"))}
        ours = {name: value for name, value in os.environ.items() if name.startswith("HELPDESK_TEST_")}
        return {**kept, **ours, "HOME": str(self.folder), "PYTHONPATH": str(REPOSITORY)}


def password_of(mailbox: Mailbox) -> str:
    """The variable that holds the password of a mailbox."""
    return f"HELPDESK_TEST_IMAP_{mailbox.user.upper()}"


def quoted(text: str) -> str:
    """A text as TOML writes it."""
    return json.dumps(text)


def _keys(section: MailboxSettings | SmtpSettings) -> list[str]:
    """The lines of a section: what differs from the default."""
    defaults = {one.name: one.default for one in fields(section)}
    values = {name: value for name, value in asdict(section).items() if name != "name" and value != defaults[name]}
    return [f"{name} = {value if isinstance(value, date) else json.dumps(value)}" for name, value in values.items()]
