"""What every server of the tests needs: a folder, ports, an account and a process of its own."""

from __future__ import annotations

import contextlib
import grp
import itertools
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

PORTS_PER_PROCESS = 16
FIRST_PORT, LAST_PORT = 20_000, 32_000  # below the range from which systems pick ports for clients
POLL_SECONDS = 0.005

_port_steps = itertools.count()


@dataclass(frozen=True)
class Account:
    """The user and group a server runs as."""

    name: str
    group: str
    uid: int
    gid: int

    def owns(self, path: Path) -> None:
        """Give a file to this account, which changes nothing when it is our own."""
        if os.geteuid() == 0:
            os.chown(path, self.uid, self.gid)


def server_account(*preferred: str) -> Account:
    """Say who runs a server: ourselves, or (because servers refuse root) the first account that exists."""
    if os.geteuid() != 0:
        return _account(pwd.getpwuid(os.geteuid()))
    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    return _account(next(known[name] for name in (*preferred, "nobody") if name in known))


@contextlib.contextmanager
def own_folder(name: str, account: Account, parent: Path = Path("/tmp")) -> Iterator[Path]:
    """Lend a fresh folder that the account may enter.

    It lies directly in a /tmp: pytest's own folders are closed to other accounts, and sockets need short paths.
    """
    folder = Path(tempfile.mkdtemp(prefix=f"helpdesk-{name}-", dir=parent))
    account.owns(folder)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def free_port() -> int:
    """Find a port nobody listens on; processes side by side look in different places."""
    first = os.getpid() * PORTS_PER_PROCESS
    while True:
        port = FIRST_PORT + (first + next(_port_steps)) % (LAST_PORT - FIRST_PORT)
        if _is_free(port):
            return port


def start_process(
    argv: Sequence[str | Path], folder: Path, account: Account, *, is_dropping: bool = False
) -> subprocess.Popen[bytes]:
    """Start a server in its folder as its account, away from our Ctrl+C; it writes to `log` there.

    Args:
        is_dropping: what is started takes on the account by itself.
    """
    drops = os.geteuid() == 0 and not is_dropping
    with (folder / "log").open("ab") as log:
        account.owns(folder / "log")
        return subprocess.Popen(
            [str(word) for word in argv],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            user=account.uid if drops else None,
            group=account.gid if drops else None,
            extra_groups=[] if drops else None,
        )


def within_root(root: Path, account: Account) -> list[str | Path]:
    """The words before a command that runs as this account in another root folder; none where that is `/`."""
    return [] if root == Path("/") else ["chroot", f"--userspec={account.uid}:{account.gid}", "--groups=", root]


def stop_process(process: subprocess.Popen[bytes], how: signal.Signals, seconds: float = 10) -> None:
    """Ask a server to end and wait; after that many seconds it is killed."""
    if process.poll() is None:
        process.send_signal(how)
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        kill_group(process)


def kill_group(process: subprocess.Popen[bytes]) -> None:
    """Kill a server and all its children at once."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def wait_until(is_so: Callable[[], bool], what: str, seconds: float = 10) -> None:
    """Return as soon as something is so, or raise TimeoutError saying what did not happen."""
    deadline = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > deadline:
            raise TimeoutError(f"after {seconds} s still not so: {what}")
        time.sleep(POLL_SECONDS)


def wait_for_start(process: subprocess.Popen[bytes], folder: Path, is_ready: Callable[[], bool]) -> None:
    """Return when a server is ready; if it ended or hangs instead, raise with what it wrote to its log."""
    try:
        wait_until(lambda: process.poll() is not None or is_ready(), "the server answers", seconds=30)
    except TimeoutError:
        kill_group(process)
    if process.poll() is not None:
        log = (folder / "log").read_text(errors="replace")
        raise RuntimeError(f"{process.args!r} did not start:\n{log}")


def _account(entry: pwd.struct_passwd) -> Account:
    group = grp.getgrgid(entry.pw_gid).gr_name
    return Account(entry.pw_name, group, entry.pw_uid, entry.pw_gid)


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("", port))
        except OSError:
            return False
    return True
