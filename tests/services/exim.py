"""A real mail transfer agent that looks hard at what it is given: Exim, which keeps everything in its own folder."""

from __future__ import annotations

import contextlib
import signal
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.services.available import exim_program
from tests.services.hosting import free_port, own_folder, server_account, start_process, stop_process, wait_for_start

HOST = "127.0.0.1"
#: It takes mail for anybody, and refuses what RFC 5322 does not allow: fields, addresses, letters, lengths of lines.
_CONFIGURATION = """
primary_hostname = mta.example
daemon_smtp_ports = {port}
local_interfaces = 127.0.0.1
spool_directory = {folder}/spool
log_file_path = {folder}/%slog
pid_file_path = {folder}/exim.pid
tls_advertise_hosts =
queue_only = true
never_users =
message_size_limit = 60M
acl_smtp_rcpt = take
acl_smtp_data = look
begin acl
take:
  accept
look:
  deny !verify = header_syntax
       message = header: $acl_verify_message
  deny !verify = header_names_ascii
       message = header names
  deny condition = ${{if >{{$max_received_linelength}}{{998}}}}
       message = line of $max_received_linelength
  accept
begin routers
keep:
  driver = accept
  transport = nowhere
begin transports
nowhere:
  driver = appendfile
  file = /dev/null
"""


@dataclass(frozen=True, slots=True)
class EximServer:
    """An Exim that is running; it wants neither TLS nor a password."""

    port: int
    folder: Path
    host: str = HOST

    @property
    def refusals(self) -> list[str]:
        """What it refused, in its own words."""
        log = self.folder / "rejectlog"
        return log.read_text(errors="replace").splitlines() if log.exists() else []

    @property
    def taken(self) -> int:
        """How many mails it has taken."""
        return len(list((self.folder / "spool" / "input").glob("*-H")))


@contextlib.contextmanager
def running_exim() -> Iterator[EximServer]:
    """Run an Exim of our own until the block ends, and leave nothing of it behind."""
    program = exim_program()
    if program is None:
        raise RuntimeError("not installed: Exim")
    account = server_account("Debian-exim")
    with own_folder("exim", account) as folder:
        port = free_port()
        (folder / "spool").mkdir()
        account.owns(folder / "spool")
        configuration = folder / "exim.conf"
        configuration.write_text(_CONFIGURATION.format(port=port, folder=folder))
        process = start_process([program, "-C", configuration, "-bdf"], folder, account)
        try:
            wait_for_start(process, folder, lambda: _answers(port))
            yield EximServer(port, folder)
        finally:
            stop_process(process, signal.SIGTERM)


def _answers(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection((HOST, port), timeout=1) as connection:
        return connection.recv(3) == b"220"
    return False
