"""A line between a client and a server of the tests: it can be long, and it can go dead without a word."""

from __future__ import annotations

import contextlib
import queue
import socket
import threading
import time
from collections.abc import Iterator

_PIECE = 65_536


class Line:
    """Passes on all that is said to a port, as many seconds later as one way takes.

    Attributes:
        port: where clients connect, on 127.0.0.1.
        is_dead: nothing is passed on any more, and nobody is told: what a firewall that forgot the connection does.
    """

    def __init__(self, host: str, port: int, one_way: float = 0.0) -> None:
        self.is_dead = False
        self._to = (host, port)
        self._one_way = one_way
        self._sockets: list[socket.socket] = []
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._server.getsockname()[1])

    def serve(self) -> None:
        """Take clients until it is closed."""
        with contextlib.suppress(OSError):
            while True:
                client, _peer = self._server.accept()
                server = socket.create_connection(self._to)
                for one in (client, server):
                    one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    self._sockets.append(one)
                self._lay(client, server)
                self._lay(server, client)

    def cut(self) -> None:
        """End all connections; new ones are taken."""
        for one in self._sockets:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """End all, and take nobody any more."""
        with contextlib.suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        self.cut()

    def _lay(self, source: socket.socket, sink: socket.socket) -> None:
        """One direction of a connection: who reads does not wait for who writes."""
        under_way: queue.Queue[tuple[float, bytes]] = queue.Queue()
        threading.Thread(target=self._read, args=(source, under_way), daemon=True).start()
        threading.Thread(target=self._write, args=(sink, under_way), daemon=True).start()

    def _read(self, source: socket.socket, under_way: queue.Queue[tuple[float, bytes]]) -> None:
        piece = b"first"
        while piece:
            try:
                piece = source.recv(_PIECE)
            except OSError:
                piece = b""
            under_way.put((time.monotonic() + self._one_way, piece))

    def _write(self, sink: socket.socket, under_way: queue.Queue[tuple[float, bytes]]) -> None:
        with contextlib.suppress(OSError):
            while True:
                due_at, piece = under_way.get()
                time.sleep(max(0.0, due_at - time.monotonic()))
                if self.is_dead:
                    continue
                if not piece:
                    sink.shutdown(socket.SHUT_WR)
                    return
                sink.sendall(piece)


@contextlib.contextmanager
def laid_line(host: str, port: int, one_way: float = 0.0) -> Iterator[Line]:
    """A line for as long as the block."""
    line = Line(host, port, one_way)
    thread = threading.Thread(target=line.serve, daemon=True)
    thread.start()
    try:
        yield line
    finally:
        line.close()
        thread.join(5)
