"""Prepared texts and macros as a TOML file: what `helpdesk canned` and `helpdesk macro` read and print."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable
from typing import Any

import tomli_w

from helpdesk_tui.desk.texts import CannedText, MacroText
from helpdesk_tui.errors import Usage
from helpdesk_tui.language import _
from helpdesk_tui.rules.untrusted import clean_line
from helpdesk_tui.store.queries.texts import CannedRow, MacroRow

_WORDS = {"text": ("name", "text", "folder", "queue", "language"), "macro": ("name", "steps", "digit", "queue")}


def read_texts(toml: str, *, is_shared: bool) -> list[CannedText]:
    """The prepared texts of a file: `[[text]]` with name, text, and perhaps folder, queue and language.

    Raises:
        Usage: it is no TOML, or an entry is wrong; it names the entry by its number.
    """
    return _read(toml, "text", lambda entry: CannedText(**entry, is_shared=is_shared))


def read_macros(toml: str, *, is_shared: bool) -> list[MacroText]:
    """The macros of a file: `[[macro]]` with name, steps (a list), and perhaps digit and queue.

    Raises:
        Usage: it is no TOML, or an entry is wrong; it names the entry by its number.
    """
    return _read(
        toml, "macro", lambda entry: MacroText(**{**entry, "steps": tuple(entry["steps"])}, is_shared=is_shared)
    )


def write_texts(rows: Iterable[CannedRow]) -> str:
    """These texts as `read_texts` takes them."""
    return _write("text", rows)


def write_macros(rows: Iterable[MacroRow]) -> str:
    """These macros as `read_macros` takes them."""
    return _write("macro", rows)


def _write(kind: str, rows: Iterable[CannedRow] | Iterable[MacroRow]) -> str:
    entries = []
    for row in rows:
        given = {name: getattr(row, name) for name in _WORDS[kind]}
        entries.append(
            {name: list(value) if isinstance(value, tuple) else value for name, value in given.items() if value}
        )
    return tomli_w.dumps({kind: entries}, multiline_strings=True) if entries else ""


def _read(toml: str, kind: str, made: Callable[[dict[str, Any]], Any]) -> list[Any]:
    try:
        given = tomllib.loads(toml)
    except tomllib.TOMLDecodeError as error:
        raise Usage(
            _("The file is no TOML: {words}.").format(words=clean_line(str(error), 200)), _example(kind)
        ) from error
    entries = given.get(kind)
    if set(given) != {kind} or not isinstance(entries, list) or not entries:
        raise Usage(_("The file holds no [[{kind}]], or something else as well.").format(kind=kind), _example(kind))
    for number, entry in enumerate(entries, 1):
        if reason := _wrong(entry, kind):
            raise Usage(
                _("[[{kind}]] number {n}: {reason}.").format(kind=kind, n=number, reason=reason), _example(kind)
            )
    return [made(entry) for entry in entries]


def _wrong(entry: Any, kind: str) -> str:
    """What is wrong with one entry; "" where nothing is."""
    needed = _WORDS[kind][:2]
    if not isinstance(entry, dict):
        return _("it is no table")
    for name, value in entry.items():
        if name not in _WORDS[kind]:
            return _("{word} is unknown; there are {words}").format(
                word=clean_line(name, 40), words=", ".join(_WORDS[kind])
            )
        parts = value if name == "steps" and isinstance(value, list) else [value]
        if (name == "steps") != isinstance(value, list) or not all(isinstance(one, str) for one in parts):
            return (_("{word} is to be a list of texts") if name == "steps" else _("{word} is to be a text")).format(
                word=name
            )
    missing = next((name for name in needed if not entry.get(name)), "")
    return _("{word} is missing").format(word=missing) if missing else ""


def _example(kind: str) -> str:
    if kind == "text":
        return '[[text]] name = "Password" folder = "Accounts" text = "Hello {{customer}}, …"'
    return '[[macro]] name = "Thanks" digit = "1" steps = ["reply Thank you.", "status solved"]'
