"""Starting the program again and again: a process that has read its modules forks for each start.

The app costs a quarter of a second instead of nearly one, a command 20 ms. What starts is the program itself, in a process
and on files of its own, with nothing but the variables it is given; on a terminal in a session of its own. Only the reading
of its modules and those of the libraries it stands on is done once. Run as a module this is the process that forks; `start`
and `run` ask it.
"""

from __future__ import annotations

import array
import atexit
import contextlib
import fcntl
import functools
import gc
import importlib
import io
import json
import os
import pkgutil
import runpy
import select
import signal
import socket
import subprocess
import sys
import tempfile
import termios
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile
from typing import IO, Any, NamedTuple, NoReturn

_REPOSITORY = Path(__file__).parents[2]
#: The program as one is used to starting it; any other way of starting it is done as it is said.
PROGRAM = [sys.executable, "-m", "helpdesk_tui"]
_WITHOUT_EFFECT = {"PYTHONPATH", "PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED", "PYTHONHASHSEED"}
_STATUS_BYTES = 4
_LONGEST = 60.0


class Ended(NamedTuple):
    """How a command ended, and what it wrote."""

    code: int
    out: bytes
    err: bytes


class Started:
    """A program that was started by the process that forks; what `subprocess.Popen` knows of one of its own.

    Attributes:
        returncode: Its exit status, None as long as it runs, -15 where SIGTERM ended it.
    """

    def __init__(self, pid: int, ended: int) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._ended = ended
        self._lock = threading.Lock()

    def poll(self) -> int | None:
        """Its exit status if it has ended."""
        with self._lock:
            if self.returncode is None and select.select([self._ended], [], [], 0)[0]:
                status = os.read(self._ended, _STATUS_BYTES)
                os.close(self._ended)
                assert status, "the process that forks is gone"
                self.returncode = os.waitstatus_to_exitcode(int.from_bytes(status, "big"))
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Its exit status as soon as it has ended; raises `subprocess.TimeoutExpired`."""
        deadline = None if timeout is None else time.monotonic() + timeout
        while (status := self.poll()) is None:
            left = 0.5 if deadline is None else min(0.5, deadline - time.monotonic())
            if left <= 0:
                raise subprocess.TimeoutExpired(PROGRAM, timeout or 0)
            with contextlib.suppress(ValueError, OSError):  # another thread has read it
                select.select([self._ended], [], [], left)
        return status

    def send_signal(self, number: int) -> None:
        """Send it a signal, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)


def can_start(argv: Sequence[str | os.PathLike[str]], env: Mapping[str, str]) -> bool:
    """Whether this way of starting the program can be had from the process that forks.

    How Python reads its locale and its own variables is settled when it starts.
    """
    settled = {name for name in env if name.startswith(("PYTHON", "TEXTUAL_"))} - _WITHOUT_EFFECT
    is_plain = env.get("LC_ALL") == "C.UTF-8" and not settled
    return list(argv[: len(PROGRAM)]) == PROGRAM and is_plain


def start(argv: Sequence[str | os.PathLike[str]], terminal: int, env: Mapping[str, str]) -> Started:
    """Start the program on a terminal (an open file), with nothing but these variables."""
    words = [str(word) for word in argv[len(PROGRAM) :]]
    return _the_one_that_forks(os.getpid()).start(words, [terminal] * 3, env, os.getcwd(), is_on_a_terminal=True)


def run(words: Sequence[str | bytes], env: Mapping[str, str], folder: Path, said: bytes = b"") -> Ended:
    """Run a command of the program to its end, in a folder, with nothing but these variables."""
    with TemporaryFile() as stdin, TemporaryFile() as out, TemporaryFile() as err:
        stdin.write(said)
        stdin.seek(0)
        files = [one.fileno() for one in (stdin, out, err)]
        started = _the_one_that_forks(os.getpid()).start([os.fsdecode(word) for word in words], files, env, folder)
        try:
            code = started.wait(_LONGEST)
        finally:
            started.send_signal(signal.SIGKILL)
        return Ended(code, _all_of(out), _all_of(err))


def _all_of(file: IO[bytes]) -> bytes:
    file.seek(0)
    return file.read()


@functools.cache
def _the_one_that_forks(_of_process: int) -> _Starter:
    return _Starter()


class _Starter:
    """Asks the process that forks, which goes with us."""

    def __init__(self) -> None:
        from helpdesk_tui.__main__ import FRAMES_PER_SECOND  # the process that forks runs this module, and reads it not

        self._lock = threading.Lock()
        self._line, its = socket.socketpair()
        as_always = {"LC_ALL": "C.UTF-8", "TEXTUAL_FPS": FRAMES_PER_SECOND}  # settled when the modules are read
        variables = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
        with its:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.services.starter", str(its.fileno())],
                cwd=_REPOSITORY,
                env={**variables, **as_always, "PYTHONPATH": str(_REPOSITORY)},
                pass_fds=[its.fileno()],
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
        atexit.register(self._end)

    def start(
        self,
        words: Sequence[str],
        files: Sequence[int],
        env: Mapping[str, str],
        folder: str | Path,
        *,
        is_on_a_terminal: bool = False,
    ) -> Started:
        """Start the program; `files` become its stdin, stdout and stderr."""
        ended, tells = os.pipe()
        order = {"words": [*words], "env": {**env}, "folder": str(folder), "is_on_a_terminal": is_on_a_terminal}
        request = json.dumps(order).encode()
        with self._lock:
            socket.send_fds(self._line, [len(request).to_bytes(4, "big")], [*files, tells])
            self._line.sendall(request)
            os.close(tells)
            pid = int.from_bytes(_read(self._line, 4), "big")
        return Started(pid, ended)

    def _end(self) -> None:
        self._line.close()
        self._process.wait(10)


def _read(line: socket.socket, count: int) -> bytes:
    """That many bytes; raises EOFError where the other side has gone."""
    read = b""
    while len(read) < count:
        if not (more := line.recv(count - len(read))):
            raise EOFError
        read += more
    return read


# -- in the process that forks


def _serve(line: socket.socket) -> None:
    """Fork as often as asked, and say how each one ended; until the other side goes."""
    tells: dict[int, int] = {}
    wakes, woken = os.pipe()
    os.set_blocking(woken, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(woken)
    while True:
        ready = select.select([line, wakes], [], [])[0]
        if wakes in ready:
            os.read(wakes, 4096)
            _tell_of_the_ended(tells)
        if line in ready:
            size, files = _request(line)
            if not size:
                return
            request = json.loads(_read(line, size))
            stands, begun = os.pipe()
            pid = os.fork()
            if not pid:
                _become(request, files[:3], begun)
            os.close(begun)
            os.read(stands, 1)  # who kills its session right away finds one
            os.close(stands)
            for file in files[:3]:
                os.close(file)
            tells[pid] = files[3]
            line.sendall(pid.to_bytes(4, "big"))


def _request(line: socket.socket) -> tuple[int, list[int]]:
    """How long a request is, 0 where the other side has gone, and the files that came with it."""
    files = array.array("i")
    size, beside, _flags, _address = line.recvmsg(4, socket.CMSG_SPACE(4 * files.itemsize))
    for _level, _kind, data in beside:
        files.frombytes(data[: 4 * files.itemsize])
    return int.from_bytes(size, "big"), list(files)


def _tell_of_the_ended(tells: dict[int, int]) -> None:
    while tells:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if not pid:
            return
        told = tells.pop(pid)
        with contextlib.suppress(BrokenPipeError):  # nobody wants to know any more
            os.write(told, status.to_bytes(_STATUS_BYTES, "big"))
        os.close(told)


def _become(request: dict[str, Any], files: Sequence[int], begun: int) -> NoReturn:
    """Be the program from here to the end, on these files alone."""
    code = 70
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        if request["is_on_a_terminal"]:
            os.setsid()
            fcntl.ioctl(files[0], termios.TIOCSCTTY, 0)
        os.write(begun, b".")
        for number, file in enumerate(files):
            os.dup2(file, number)
        os.closerange(3, 256)
        os.environ.clear()
        os.environ.update(request["env"])
        time.tzset()
        tempfile.tempdir = None  # it was looked up with the variables of the process that forks
        os.chdir(request["folder"])
        sys.stdin, sys.stdout, sys.stderr = open(0), open(1, "w"), open(2, "w", errors="backslashreplace")  # noqa: SIM115
        sys.__stdin__, sys.__stdout__, sys.__stderr__ = sys.stdin, sys.stdout, sys.stderr
        sys.argv = ["helpdesk", *request["words"]]
        code = _run()
    finally:
        os._exit(code)


def _run() -> int:
    """The program's exit status, with all that Python does at its end."""
    code = 0
    try:
        runpy.run_module("helpdesk_tui", run_name="__main__", alter_sys=False)
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    except BaseException:  # noqa: BLE001 (as Python itself does with whatever nobody catches)
        sys.excepthook(*sys.exc_info())
        code = 1
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError):  # the terminal has gone
            stream.flush()
    return code


def _read_all_modules() -> None:
    """Read them, and let the commands that need most of the libraries run once."""
    import helpdesk_tui

    for found in pkgutil.walk_packages(helpdesk_tui.__path__, "helpdesk_tui."):
        if not any(part in found.name for part in (".__main__", ".migrations", ".demo")):
            importlib.import_module(found.name)
    from helpdesk_tui.cli.main import run as run_command

    with TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
        for words in (["db", "upgrade"], ["ticket", "list", "x"], ["ticket", "new", "--subject", "x", "--from", "y"]):
            run_command(["--store", f"{folder}/helpdesk.db", *words])
    gc.collect()
    gc.freeze()


if __name__ == "__main__":
    _read_all_modules()
    _serve(socket.socket(fileno=int(sys.argv[1])))
