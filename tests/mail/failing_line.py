"""A line to Dovecot on which one command of the client fails: it is refused, not understood, or the connection ends."""

from __future__ import annotations

import contextlib
import re
import socket
import threading
from collections.abc import Iterator

from tests.mail.servers import listening
from tests.services.dovecot import Mailbox

#: What is said in place of the server; nothing where the line is cut.
ANSWERS = {
    "NO": b"%s NO [CANNOT] not that one\r\n",
    "BAD": b"%s BAD what do you mean?\r\n",
    "BYE": b"* BYE for maintenance\r\n",
    "cut": b"",
}
_COMMAND = re.compile(rb"([A-Za-z]+\d+) ([A-Za-z]+(?: [A-Za-z]+)?)")


class FailingLine:
    """Passes on all but command `number` (from 1, over all connections), which fails as `how` says.

    Attributes:
        commands: what the client asked for so far, in one or two words each.
    """

    def __init__(self, mailbox: Mailbox, number: int = 0, how: str = "cut") -> None:
        self.commands: list[str] = []
        self._mailbox = mailbox
        self._number = number
        self._how = how

    def pass_on(self, client: socket.socket) -> None:
        """Lead one client to the server."""
        with socket.create_connection((self._mailbox.host, self._mailbox.plain_port)) as server:
            threading.Thread(target=self._answers, args=(server, client), daemon=True).start()
            with contextlib.suppress(OSError):
                for line in client.makefile("rb"):
                    if self._is_to_fail(line):
                        if answer := ANSWERS[self._how]:
                            client.sendall(answer % line.split()[0] if b"%s" in answer else answer)
                        if self._how in ("BYE", "cut"):
                            client.shutdown(socket.SHUT_RDWR)
                            return
                    else:
                        server.sendall(line)

    def _is_to_fail(self, line: bytes) -> bool:
        if not (found := _COMMAND.match(line)):
            return False
        self.commands.append(found[2].decode())
        return len(self.commands) == self._number

    def _answers(self, server: socket.socket, client: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while piece := server.recv(65_536):
                client.sendall(piece)


@contextlib.contextmanager
def failing_line(mailbox: Mailbox, number: int = 0, how: str = "cut") -> Iterator[tuple[int, FailingLine]]:
    """The port of such a line for as long as the block, and the line."""
    line = FailingLine(mailbox, number, how)
    with listening(line.pass_on) as port:
        yield port, line
