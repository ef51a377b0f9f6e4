"""The example of a service: systemd takes it, and it starts a command that there is."""

from __future__ import annotations

import configparser
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
UNIT = ROOT / "contrib" / "helpdesk-poll.service"


@pytest.fixture
def service() -> configparser.SectionProxy:
    unit = configparser.ConfigParser(interpolation=None, delimiters=("=",), comment_prefixes=("#",))
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read(UNIT)
    return unit["Service"]


def test_it_starts_a_command_of_ours(service: configparser.SectionProxy) -> None:
    program, *words = service["ExecStart"].split()
    assert Path(program).name == "helpdesk"
    assert words[-1] == "poll"
    done = subprocess.run(
        [sys.executable, "-m", "helpdesk_tui", *words, "--help"], capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "--once" in done.stdout


def test_it_is_started_again_and_may_do_little(service: configparser.SectionProxy) -> None:
    assert service["Restart"] == "always"
    assert service["NoNewPrivileges"] == "yes"
    assert service["CapabilityBoundingSet"] == ""
    assert int(service["UMask"], 8) == 0o077


def test_systemd_takes_it(tmp_path: Path, service: configparser.SectionProxy) -> None:
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("this machine has no systemd-analyze")
    unit = tmp_path / UNIT.name
    unit.write_text(UNIT.read_text().replace(service["ExecStart"].split()[0], sys.executable))
    done = subprocess.run(
        [program, "verify", "--man=no", str(unit)], capture_output=True, text=True, check=False, timeout=60
    )
    about_ours = [line for line in (done.stdout + done.stderr).splitlines() if UNIT.name in line]
    assert about_ours == []


def test_the_readme_names_it() -> None:
    assert f"contrib/{UNIT.name}" in (ROOT / "README.md").read_text(encoding="utf-8")
