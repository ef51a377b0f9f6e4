"""Starts `helpdesk` as a process of its own without loading Python anew each time.

It loads the program once and forks for every command: a command costs 20 ms instead of a second.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import io
import json
import os
import pkgutil
import subprocess
import sys
import time
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple, NoReturn


class Ended(NamedTuple):
    """How a process ended, and what it wrote."""

    code: int
    out: bytes
    err: bytes


class Starter:
    """The process that waits, with everything loaded."""

    def __init__(self, process: subprocess.Popen[str], folder: Path) -> None:
        self._process = process
        self._folder = folder

    def run(self, words: Sequence[str | bytes], variables: dict[str, str], cwd: Path, stdin: bytes) -> Ended:
        """Run one command to its end."""
        assert self._process.stdin
        assert self._process.stdout
        (self._folder / "0").write_bytes(stdin)
        argv = [os.fsdecode(word) for word in words]
        order = {"argv": argv, "variables": variables, "cwd": str(cwd), "folder": str(self._folder)}
        print(json.dumps(order), file=self._process.stdin, flush=True)
        code = int(self._process.stdout.readline())
        return Ended(code, (self._folder / "1").read_bytes(), (self._folder / "2").read_bytes())


@contextmanager
def running_starter() -> Iterator[Starter]:
    """Load the program in a process that waits for commands until the block ends."""
    argv = [sys.executable, "-m", "tests.cli.starter"]
    with (
        TemporaryDirectory(prefix="helpdesk-cli-") as folder,
        subprocess.Popen(
            argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]
        ) as process,
    ):
        yield Starter(process, Path(folder))
        assert process.stdin
        process.stdin.close()


def serve() -> None:
    """Fork for every line on stdin; answer with the exit code."""
    _load_everything()
    gc.collect()
    gc.freeze()
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            _become(json.loads(line))
        _pid, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


def _load_everything() -> None:
    import helpdesk_tui

    for found in pkgutil.walk_packages(helpdesk_tui.__path__, "helpdesk_tui."):
        if not any(part in found.name for part in (".__main__", ".app", ".screens", ".migrations", ".demo")):
            importlib.import_module(found.name)
    from helpdesk_tui.cli.main import run

    with TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
        for words in (["db", "upgrade"], ["ticket", "list", "x"], ["ticket", "new", "--subject", "x", "--from", "y"]):
            run(["--store", f"{folder}/helpdesk.db", *words])


def _become(order: dict[str, Any]) -> NoReturn:
    code = 1
    try:
        for number, flags in enumerate((os.O_RDONLY, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, os.O_WRONLY | os.O_CREAT)):
            opened = os.open(f"{order['folder']}/{number}", flags | (os.O_TRUNC if number else 0), 0o600)
            os.dup2(opened, number)
            os.close(opened)
        sys.stdin, sys.stdout, sys.stderr = (
            io.TextIOWrapper(io.BufferedReader(io.FileIO(0))),
            io.TextIOWrapper(io.BufferedWriter(io.FileIO(1, "w"))),
            io.TextIOWrapper(io.BufferedWriter(io.FileIO(2, "w")), errors="backslashreplace"),
        )
        os.chdir(order["cwd"])
        os.environ.clear()
        os.environ.update(order["variables"])
        time.tzset()
        code = _main(order["argv"])
    except BaseException:  # noqa: BLE001  whatever it is, the test shall see it
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _main(words: list[str]) -> int:
    from helpdesk_tui.__main__ import main

    sys.argv = ["helpdesk", *words]
    try:
        main()
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    return 0


if __name__ == "__main__":
    serve()
