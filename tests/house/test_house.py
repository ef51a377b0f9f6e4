"""The house itself: what may import what, how long a file may be, and that every text for people can be translated."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "helpdesk_tui"
FILES = sorted(path for path in PACKAGE.rglob("*.py") if "versions" not in path.parts)
MOST_LINES = 400
#: What prints or raises words for people; the arguments that are words must be translated.
FOR_PEOPLE = {
    "HelpdeskError", "Usage", "Temporary", "NotFound", "Refused", "MailUnreadable", "QueryError", "Busy", "Check",
    "say", "tell", "print_table",
}  # fmt: skip
TRANSLATED = {"_", "ngettext"}
_WORD = re.compile(r"[A-Za-zÄÖÜäöüß]{2,}")


def name(path: Path) -> str:
    """A file of the package as people name it."""
    return str(path.relative_to(PACKAGE))


def tree(path: Path) -> ast.Module:
    """The syntax tree of a file."""
    return ast.parse(path.read_text(encoding="utf-8"))


def test_imports_point_downwards_only() -> None:
    program = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([program, "--no-cache"], capture_output=True, text=True, cwd=ROOT, timeout=60)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("module", ["helpdesk_tui.cli.main", "helpdesk_tui.__main__"])
def test_the_command_line_loads_no_heavy_library(module: str) -> None:
    heavy = ("textual", "sqlmodel", "sqlalchemy", "alembic", "psycopg", "imapclient", "pydantic", "snowballstemmer")
    heavy += ("phonenumbers", "icalendar")
    asked = f"import sys, {module}; print(*(name for name in {heavy!r} if name in sys.modules))"
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, cwd=ROOT, timeout=60)
    assert (done.stdout, done.stderr) == ("\n", "")


def test_no_file_is_too_long() -> None:
    lengths = {name(path): len(path.read_text(encoding="utf-8").splitlines()) for path in FILES}
    assert {file: length for file, length in lengths.items() if length > MOST_LINES} == {}


@pytest.mark.parametrize("word", ["utils", "helpers", "common", "manager", "base", "misc", "tools"])
def test_no_file_is_called_by_a_word_that_says_nothing(word: str) -> None:
    assert [name(path) for path in FILES if word in (path.stem, path.parent.name)] == []


@pytest.mark.parametrize("path", FILES, ids=name)
def test_every_module_and_public_function_says_what_it_is_for(path: Path) -> None:
    module = tree(path)
    silent = [] if ast.get_docstring(module) else ["the module"]
    silent += [node.name for node in _public(module) if not ast.get_docstring(node)]
    assert silent == []


def _public(module: ast.Module | ast.ClassDef) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef]:
    for node in module.body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)) and not node.name.startswith("_"):
            yield node


@pytest.mark.parametrize("path", FILES, ids=name)
def test_every_text_for_people_can_be_translated(path: Path) -> None:
    bare = [
        f"line {call.lineno}: {text!r}"
        for call in ast.walk(tree(path))
        if isinstance(call, ast.Call) and _called(call) in FOR_PEOPLE
        for text in _untranslated(call)
    ]
    assert bare == []


def _called(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def _untranslated(call: ast.Call) -> Iterator[str]:
    """Words among the arguments that do not pass `_()`; a call within may have words of its own."""
    waiting: list[ast.AST] = [*call.args, *(word.value for word in call.keywords)]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Call):
            inner = node.func
            waiting += [inner.value] if isinstance(inner, ast.Attribute) and inner.attr in ("format", "join") else []
        elif isinstance(node, ast.Constant):
            if isinstance(node.value, str) and _WORD.search(node.value):
                yield node.value
        elif not isinstance(node, (ast.Lambda, ast.Subscript, ast.Compare)):
            waiting += ast.iter_child_nodes(node)


@pytest.mark.parametrize(
    ("code", "count"),
    [
        ('say("Nothing there")', 1),
        ('say(f"{n} tickets")', 1),
        ('raise Usage("No such {x}".format(x=1), _("Look again"))', 1),
        ('raise Usage(_("No such {x}").format(x="smtp"), "")', 0),
        ('say(f"{_(word)}: {one.words}")', 0),
        ('say(_("one") if x == "one" else _("two"))', 0),
        ('changes.say(ngettext("{n} mail", "{n} mails", 2))', 0),
        ('print_table(("#", "subject"), rows["subject"])', 1),
    ],
)
def test_the_rule_about_texts_finds_what_it_should(code: str, count: int) -> None:
    found = [call for call in ast.walk(ast.parse(code)) if isinstance(call, ast.Call) and _called(call) in FOR_PEOPLE]
    assert sum(len(list(_untranslated(call))) for call in found) == count


def test_nothing_is_committed_outside_the_store() -> None:
    """Only `store` ends transactions; everybody else uses its two context managers."""
    ends = {
        name(path)
        for path in FILES
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in ("commit", "rollback")
    }
    assert {file for file in ends if not file.startswith("store/")} == set()


def test_the_clock_is_read_at_the_edges_only() -> None:
    """Rules are told the time; the store and the desk get a clock passed in."""
    reads = {
        name(path)
        for path in FILES
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Attribute)
        and node.attr in ("now", "utcnow", "today")
        and isinstance(node.value, ast.Name)
        and node.value.id in ("datetime", "date")
    }
    assert {file for file in reads if file.startswith(("rules/", "store/", "desk/"))} == {"desk/door.py"}
