"""A real SMTP server that keeps what it gets and fails when a test tells it to."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import tempfile
import threading
import weakref
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, NamedTuple, NoReturn

import trustme
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

HOST = "127.0.0.1"
SIZE_LIMIT = 64 * 1024 * 1024

Tls = Literal["starttls", "implicit", "none"]
Refusing = Literal["AUTH", "MAIL", "RCPT", "DATA"]
Dropping = Literal["before DATA", "keep and drop", "lose and drop"]


class Received(NamedTuple):
    """A mail as the server got it."""

    mail_from: str
    rcpt_tos: tuple[str, ...]
    raw: bytes


@dataclass
class Fault:
    """What goes wrong at a step, how many more times, and for which address alone."""

    step: Refusing | Dropping
    times: int
    code: int = 0
    for_address: str | None = None

    def applies(self, step: Refusing | Dropping, addresses: list[str]) -> bool:
        """Say whether it is this fault's turn."""
        return self.step == step and self.times > 0 and (self.for_address is None or self.for_address in addresses)


@contextlib.contextmanager
def running_smtp(
    *,
    tls: Tls = "starttls",
    auth_required: bool = True,
    size_limit: int = SIZE_LIMIT,
    on_message: Callable[[Received], None] | None = None,
) -> Iterator[SmtpSink]:
    """Run an SMTP server until the block ends; `on_message` may pass each mail on, as a provider would.

    Where a password is required it is taken over TLS alone, so with `tls="none"` nobody gets in.
    """
    authority = trustme.CA()
    with tempfile.TemporaryDirectory(prefix="helpdesk-smtp-") as folder:
        ca_file = Path(folder) / "ca.pem"
        authority.cert_pem.write_to_path(ca_file)
        sink = SmtpSink(ca_file, tls, auth_required, size_limit, on_message, _server_context(authority))
        sink.start()
        try:
            yield sink
        finally:
            sink.stop()


@dataclass
class SmtpSink:
    """A mail server where all mail ends, unless it is told to fail."""

    ca_file: Path
    tls: Tls
    auth_required: bool
    size_limit: int
    on_message: Callable[[Received], None] | None
    context: ssl.SSLContext = field(repr=False)
    user: str = "helpdesk"
    password: str = "secret-helpdesk"
    host: str = HOST
    port: int = 0
    delay: float = 0
    _received: list[Received] = field(default_factory=list, repr=False)
    _faults: list[Fault] = field(default_factory=list, repr=False)
    _changed: threading.Condition = field(default_factory=threading.Condition, repr=False)
    _server: _ServerThread | None = field(default=None, repr=False)

    @property
    def messages(self) -> list[Received]:
        """All mail taken so far, oldest first."""
        with self._changed:
            return list(self._received)

    def wait_for(self, number: int, timeout: float = 10) -> list[Received]:
        """Return all mail as soon as there are that many."""
        with self._changed:
            if self._changed.wait_for(lambda: len(self._received) >= number, timeout):
                return list(self._received)
            raise AssertionError(f"{len(self._received)} of {number} mails after {timeout} s: {self._received!r}")

    def fail(self, step: Refusing, code: int, times: int = 1, for_address: str | None = None) -> None:
        """Answer a step with an error; after 421 the server also hangs up.

        Args:
            for_address: Only for this sender (MAIL), or this recipient (RCPT; DATA if it is among them).
        """
        self._plan(Fault(step, times, code, for_address))

    def drop_before_data(self, times: int = 1) -> None:
        """Hang up at the command DATA, before any of the mail was sent."""
        self._plan(Fault("before DATA", times))

    def drop_after_data(self, times: int = 1, *, stores: bool = True) -> None:
        """Hang up instead of saying 250, having kept the mail or lost it, which the client cannot tell."""
        self._plan(Fault("keep and drop" if stores else "lose and drop", times))

    def slow(self, seconds: float) -> None:
        """Keep each mail at once, but let the client wait that long for the answer."""
        self.delay = seconds

    def recover(self) -> None:
        """Forget all faults and answer quickly again."""
        with self._changed:
            self._faults.clear()
        self.delay = 0

    def start(self) -> None:
        """Listen, on the same port as before."""
        if self._server is not None:
            return
        self._server = _ServerThread(self)
        self.port = self._server.listen()

    def stop(self) -> None:
        """Stop listening and cut all connections; the mail taken so far is kept."""
        if self._server is not None:
            self._server.end()
            self._server = None

    def next_fault(self, step: Refusing | Dropping, addresses: list[str]) -> Fault | None:
        """Use up one turn of the first fault planned for this step."""
        with self._changed:
            fault = next((fault for fault in self._faults if fault.applies(step, addresses)), None)
            if fault is not None:
                fault.times -= 1
            return fault

    def keep(self, mail: Received) -> None:
        """Take a mail, then wake whoever waits for it."""
        with self._changed:
            self._received.append(mail)
            self._changed.notify_all()

    def _plan(self, fault: Fault) -> None:
        with self._changed:
            self._faults.append(fault)


class _Handler:
    """Answers each step of a client's session as the sink wants it."""

    def __init__(self, sink: SmtpSink) -> None:
        self.sink = sink

    def authenticate(self, _server: SMTP, _session: Session, _envelope: Envelope, _how: str, who: Any) -> AuthResult:
        fault = self.sink.next_fault("AUTH", [])
        if fault is not None:
            return AuthResult(success=False, handled=False, message=_refusal(fault))
        known = LoginPassword(self.sink.user.encode(), self.sink.password.encode())
        return AuthResult(success=who == known, handled=False)

    async def handle_MAIL(
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if fault := self.sink.next_fault("MAIL", [address]):
            return _refusal(fault)
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if fault := self.sink.next_fault("RCPT", [address]):
            return _refusal(fault)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:
        if fault := self.sink.next_fault("DATA", envelope.rcpt_tos):
            return _refusal(fault)
        if self.sink.next_fault("lose and drop", envelope.rcpt_tos):
            _hang_up(server)
        await self._keep(envelope)
        if self.sink.next_fault("keep and drop", envelope.rcpt_tos):
            _hang_up(server)
        await asyncio.sleep(self.sink.delay)
        return "250 OK"

    async def _keep(self, envelope: Envelope) -> None:
        """Keep the mail and pass it on, which a client that leaves meanwhile must not undo."""
        mail = Received(envelope.mail_from or "", tuple(envelope.rcpt_tos), bytes(envelope.original_content or b""))
        self.sink.keep(mail)
        if self.sink.on_message is not None:
            await asyncio.to_thread(self.sink.on_message, mail)


class _Protocol(SMTP):
    """What aiosmtpd does not do by itself: hang up at DATA and after 421, swallow AUTH= in MAIL."""

    def __init__(self, sink: SmtpSink, handler: _Handler) -> None:
        super().__init__(
            handler,
            data_size_limit=sink.size_limit,
            enable_SMTPUTF8=True,
            hostname="sink.example",
            tls_context=sink.context if sink.tls == "starttls" else None,
            require_starttls=sink.tls == "starttls",
            auth_required=sink.auth_required,
            authenticator=handler.authenticate,
            auth_exclude_mechanism=["LOGIN"],  # so that a client tries once, and a planned failure counts once
        )
        self._sink = sink
        self._auth_require_tls = sink.tls != "implicit"  # as an argument it would warn, not seeing TLS around itself

    async def smtp_MAIL(self, arg: str | None) -> None:
        words = (arg or "").split(" ")
        await super().smtp_MAIL(" ".join(word for word in words if not word.upper().startswith("AUTH=")))

    async def smtp_DATA(self, arg: str) -> None:
        recipients = self.envelope.rcpt_tos if self.envelope else []
        if self._sink.next_fault("before DATA", recipients):
            _hang_up(self)
        await super().smtp_DATA(arg)

    async def push(self, status: Any) -> None:
        await super().push(status)
        if str(status).startswith("421") and self.transport is not None:
            self.transport.close()


class _ServerThread:
    """The event loop that serves a sink, in a thread of its own."""

    def __init__(self, sink: SmtpSink) -> None:
        self._sink = sink
        self._loop = asyncio.new_event_loop()
        self._protocols: weakref.WeakSet[SMTP] = weakref.WeakSet()
        self._thread = threading.Thread(target=self._loop.run_forever, name="smtp-sink", daemon=True)

    def listen(self) -> int:
        """Start to serve and say at which port."""
        self._thread.start()
        return asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result(30)

    def end(self) -> None:
        """Cut everything and wait until it is gone."""
        asyncio.run_coroutine_threadsafe(self._cut(), self._loop).result(30)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(30)
        self._loop.close()

    async def _listen(self) -> int:
        context = self._sink.context if self._sink.tls == "implicit" else None
        self._server = await self._loop.create_server(self._protocol, HOST, self._sink.port, ssl=context)
        port = self._server.sockets[0].getsockname()[1]
        return int(port)

    def _protocol(self) -> SMTP:
        protocol = _Protocol(self._sink, _Handler(self._sink))
        self._protocols.add(protocol)
        return protocol

    async def _cut(self) -> None:
        self._server.close()
        for protocol in self._protocols:
            if isinstance(protocol.transport, asyncio.WriteTransport):
                with contextlib.suppress(AttributeError):  # Python 3.11.2 has closed the inner transport already
                    protocol.transport.abort()
        ours = asyncio.all_tasks() - {asyncio.current_task()}
        for task in ours:
            task.cancel()
        await asyncio.gather(*ours, return_exceptions=True)
        await self._loop.shutdown_default_executor()


def _refusal(fault: Fault) -> str:
    return f"{fault.code} told to fail at {fault.step}"


def _hang_up(server: SMTP) -> NoReturn:
    """Cut the connection and end the client's task, so that nothing more is answered."""
    if isinstance(server.transport, asyncio.WriteTransport):
        server.transport.abort()
    raise asyncio.CancelledError


def _server_context(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert(HOST, "localhost").configure_cert(context)
    return context
