"""Settings: a TOML file and HELPDESK_* variables, read once into frozen values.

An error names file, key and line. A password never stands in the file: name what gives it (`credentials`).
"""

from __future__ import annotations

import os
import re
import stat
import tomllib
from collections.abc import Mapping
from dataclasses import MISSING, fields, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any, TypeVar, get_type_hints

from helpdesk_tui.errors import HelpdeskError, Usage
from helpdesk_tui.language import _
from helpdesk_tui.settings import (
    CalendarSettings,
    CallbackSettings,
    CallbackTeamSettings,
    MailboxSettings,
    PipeSettings,
    ReplySettings,
    Settings,
    SmtpSettings,
    UiSettings,
)

__all__ = [
    "APP_FOLDER",
    "CalendarSettings",
    "CallbackSettings",
    "CallbackTeamSettings",
    "MailboxSettings",
    "PipeSettings",
    "ReplySettings",
    "Settings",
    "SmtpSettings",
    "UiSettings",
    "default_store",
    "folder",
    "load",
    "refuse_password",
    "store_url",
]

APP_FOLDER = "helpdesk-tui"
_MAX_FILE_BYTES = 1_000_000
_T = TypeVar("_T")
#: A password before the host, or among the words behind the question mark.
_PASSWORD_IN_URL = re.compile(r"(?i)://[^/?#]*:[^/?#]*@|[?&](?:ssl)?password=")
#: The keys that take one of a few words.
_WORDS = {
    "security": ("tls", "starttls", "none"),
    "auth": ("password", "xoauth2", "oauthbearer"),
    "quotes": ("yes", "no"),
}
#: The keys that take 0 as well.
_FROM_ZERO = ("undo_seconds",)


_SECTIONS: Mapping[str, type] = {
    "pipe": PipeSettings,
    "smtp": SmtpSettings,
    "calendar": CalendarSettings,
    "callbacks": CallbackSettings,
    "ui": UiSettings,
    "replies": ReplySettings,
}


def folder(kind: str) -> Path:
    """The folder of this program for `config`, `data` or `state` (XDG base directories)."""
    default = {"config": ".config", "data": ".local/share", "state": ".local/state"}[kind]
    base = os.environ.get(f"XDG_{kind.upper()}_HOME") or str(_home() / default)
    return Path(base) / APP_FOLDER


def _home() -> Path:
    try:
        return Path.home()
    except RuntimeError as error:
        raise HelpdeskError(
            _("There is no home folder to keep the store in."), _("Set HOME or HELPDESK_STORE.")
        ) from error


def default_store() -> str:
    """The store used where none is named: an SQLite file in the data folder."""
    return f"sqlite:///{folder('data') / 'helpdesk.db'}"


def load(path: Path | None = None, store: str | None = None) -> Settings:
    """Read the settings.

    Args:
        path: the file; default HELPDESK_CONFIG, else config.toml in the configuration folder where it exists.
        store: overrides the store of file and environment.
    Raises:
        Usage: a value is of the wrong type, a key is unknown, a password stands in the file, or it is not TOML.
    """
    file = _file_to_read(path)
    settings = _read(file) if file else Settings(store="")
    settings = _with_environment(settings)
    url = store or os.environ.get("HELPDESK_STORE") or settings.store or default_store()
    return replace(settings, store=store_url(url), path=file)


def refuse_password(store: str, place: str) -> None:
    """A file holds no password, so the address of a store in it must not bring one.

    Raises:
        Usage: it does; `place` says where.
    """
    if _PASSWORD_IN_URL.search(store):
        raise Usage(
            _("{place} has a password in it, which does not belong into a file.").format(place=place),
            _(
                "Put it into ~/.pgpass (one line: host:port:database:login:password, chmod 600), and name the store without it."
            ),
        )


def store_url(text: str) -> str:
    """The address of a store; a plain path is that of an SQLite file."""
    if "://" in text:
        return text
    return f"sqlite:///{Path(text).expanduser().absolute()}"


def _file_to_read(path: Path | None) -> Path | None:
    named = path or (Path(os.environ["HELPDESK_CONFIG"]) if os.environ.get("HELPDESK_CONFIG") else None)
    if named is None:
        usual = folder("config") / "config.toml"
        return usual if usual.exists() else None
    if not named.exists():
        raise Usage(
            _("There is no configuration file {path}.").format(path=named),
            _("`helpdesk init` writes one, or name another with --config."),
        )
    return named


def _read(file: Path) -> Settings:
    if file.stat().st_size > _MAX_FILE_BYTES:
        raise Usage(_("{file} is too large for a configuration file.").format(file=file), _("Name the right file."))
    text = file.read_text(encoding="utf-8", errors="replace")
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise Usage(f"{file}: {error}", _("Mend this line; the format is TOML.")) from error
    return _Reader(file, text).settings(table)


class _Reader:
    """Turns the tables of one file into settings, and knows where each key stands."""

    def __init__(self, file: Path, text: str) -> None:
        self.file = file
        self.lines = text.splitlines()
        self.begins = 0

    def settings(self, table: dict[str, Any]) -> Settings:
        values: dict[str, Any] = {}
        for key, value in table.items():
            if key == "mailboxes":
                values["mailboxes"] = self._named(MailboxSettings, key, self._table(key, value))
            elif key == "callbacks":
                values |= self._callbacks(key, self._table(key, value))
            elif key in _SECTIONS:
                values[key] = self._section(_SECTIONS[key], key, self._table(key, value))
            elif key == "store":
                values[key] = self._typed(str, key, value)
                refuse_password(value, self._place(key))
            elif key == "poll_seconds":
                values[key] = self._typed(int, key, value)
            else:
                raise self._wrong(key, _("unknown key"))
        return Settings(**{"store": "", **values})

    def _named(self, kind: type[_T], section: str, table: dict[str, Any]) -> tuple[_T, ...]:
        """Sections that are called by a name of their own, as `[mailboxes.support]`."""
        return tuple(
            self._section(kind, f"{section}.{name}", self._table(name, value), name=name)
            for name, value in table.items()
        )

    def _callbacks(self, section: str, table: dict[str, Any]) -> dict[str, Any]:
        """What holds for all teams, and a section for each team."""
        teams = {name: value for name, value in table.items() if isinstance(value, dict)}
        rest = {name: value for name, value in table.items() if name not in teams}
        return {
            "callbacks": self._section(CallbackSettings, section, rest),
            "callback_teams": self._named(CallbackTeamSettings, section, teams),
        }

    def _section(self, kind: type[_T], section: str, table: dict[str, Any], **given: Any) -> _T:
        hints = get_type_hints(kind)
        self.begins = self._line_of(section.rpartition(".")[2])
        values = dict(given)
        for key, value in table.items():
            if key not in hints and ("password" in key or "token" in key):
                self._refuse_password(key)
            if key not in hints or key in given:
                raise self._wrong(key, _("unknown key in [{section}]").format(section=section))
            values[key] = self._typed(hints[key], key, value)
        for key, words in _WORDS.items():
            if values.get(key, words[0]) not in words:
                raise self._wrong(key, _("must be one of {words}").format(words=", ".join(words)))
        if values.get("auth", "password") != "password" and not values.get("token_command"):
            raise self._wrong("auth", _("needs token_command, which prints a token"))
        self.begins = 0
        return kind(**values)

    def _refuse_password(self, key: str) -> None:
        mode = stat.S_IMODE(self.file.stat().st_mode)
        readable = _(" and others may read the file") if mode & 0o077 else ""
        raise Usage(
            _("{place}: a password does not belong here{readable}.").format(place=self._place(key), readable=readable),
            _('Use password_command = ["pass", "show", "…"] or password_env = "NAME", and change that password.'),
        )

    def _typed(self, kind: Any, key: str, value: Any) -> Any:
        if kind is int and isinstance(value, int) and not isinstance(value, bool) and value >= _least(key):
            return value
        if kind is str and isinstance(value, str):
            return value
        if kind == tuple[str, ...] and isinstance(value, list) and all(isinstance(v, str) for v in value):
            return tuple(value)
        if kind == date | None and isinstance(value, date) and not isinstance(value, datetime):
            return value
        wanted = {int: _("a whole number above 0"), str: _("a text"), date | None: _("a day, as 2026-11-27")}.get(
            kind, _("a list of texts")
        )
        raise self._wrong(key, _("must be {wanted}").format(wanted=wanted))

    def _table(self, key: str, value: Any) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise self._wrong(key, _("must be a section"))
        return value

    def _wrong(self, key: str, why: str) -> Usage:
        return Usage(f"{self._place(key)}: {key}: {why}.", _("Mend or remove this line."))

    def _place(self, key: str) -> str:
        line = (self._line_of(key, self.begins) or self._line_of(key)) + 1
        return _("{file}, line {line}").format(file=self.file, line=line)

    def _line_of(self, key: str, begins: int = 0) -> int:
        """Where a key or a section stands, counted from 0; the same key may stand in several sections."""
        pattern = re.compile(rf'^\s*\[?[\w.\-"]*{re.escape(key)}"?\s*[\]=]')
        return next((n for n, text in enumerate(self.lines) if n >= begins and pattern.match(text)), 0)


def _least(key: str) -> int:
    """The least number a key may have."""
    return 0 if key.endswith(_FROM_ZERO) else 1


def _with_environment(settings: Settings) -> Settings:
    """Overlay HELPDESK_<SECTION>_<KEY> variables for the sections that exist once."""
    for section, kind in _SECTIONS.items():
        values = {}
        for item in fields(kind):
            raw = os.environ.get(f"HELPDESK_{section}_{item.name}".upper())
            if raw is not None:
                values[item.name] = _from_variable(item.default, f"HELPDESK_{section}_{item.name}".upper(), raw)
        if values:
            settings = replace(settings, **{section: replace(getattr(settings, section), **values)})
    return settings


def _from_variable(default: Any, name: str, raw: str) -> Any:
    if isinstance(default, bool) or default is MISSING:
        return raw
    if isinstance(default, int):
        if not (raw.isdecimal() and int(raw) >= _least(name.lower())):
            raise Usage(_("{name} must be a whole number above 0.").format(name=name), _("Mend or unset the variable."))
        return int(raw)
    if isinstance(default, tuple):
        return tuple(raw.split())
    return raw
