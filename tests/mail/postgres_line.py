"""A line to PostgreSQL that is cut at a commit: before it arrives, or after it was done and before its answer arrives."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

from tests.mail.servers import listening
from tests.services.postgres import HOST, PostgresServer

#: A COMMIT as a simple query: its kind, its length, its words.
_COMMIT = b"Q\x00\x00\x00\x0bCOMMIT\x00"
NOT_ARRIVED, UNANSWERED, ALL_CUT = "not arrived", "unanswered", "unanswered, all cut"


@dataclass
class CutLine:
    """Passes on all up to commit `number` (from 1, over all connections), at which the line is cut as `how` says."""

    server: PostgresServer
    number: int = 0
    how: str = UNANSWERED
    commits: int = 0
    _ends: list[socket.socket] = field(default_factory=list)
    _unheard: set[socket.socket] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def lead(self, client: socket.socket) -> None:
        """Lead one more client to the server."""
        client, server = client.dup(), socket.create_connection((HOST, self.server.port))
        self._ends += [client, server]
        for pump in (self._ask, self._answer):
            threading.Thread(target=pump, args=(client, server), daemon=True).start()

    def cut(self, *ends: socket.socket) -> None:
        """Cut these ends of lines, or all there are."""
        for end in ends or self._ends:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Cut all there is, and give it back."""
        self.cut()
        for end in self._ends:
            end.close()

    def _ask(self, client: socket.socket, server: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while piece := client.recv(65_536):
                if piece.endswith(_COMMIT) and self._is_to_be_cut():
                    if self.how == NOT_ARRIVED:
                        break
                    self._unheard.add(server)
                server.sendall(piece)
        self.cut(client, server)

    def _answer(self, client: socket.socket, server: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while piece := server.recv(65_536):
                if server in self._unheard:
                    break
                client.sendall(piece)
        is_all = server in self._unheard and self.how == ALL_CUT
        self.cut(*([] if is_all else [client, server]))

    def _is_to_be_cut(self) -> bool:
        with self._lock:
            self.commits += 1
            return self.commits == self.number


@contextlib.contextmanager
def cut_line(server: PostgresServer, number: int = 0, how: str = UNANSWERED) -> Iterator[tuple[int, CutLine]]:
    """Such a line, and the port at which it begins."""
    line = CutLine(server, number, how)
    with listening(line.lead) as port:
        try:
            yield port, line
        finally:
            line.close()
