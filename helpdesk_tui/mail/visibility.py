"""What a reader of an HTML mail would not see: hidden elements, text without size, text in the colour of its ground."""

from __future__ import annotations

import re
from collections.abc import Mapping

#: Sizes and colours in each other; beyond that no more are told apart.
_DEEPEST = 100

_HIDDEN = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse)|mso-hide\s*:\s*all|opacity\s*:\s*0(?![.\d]*[1-9])"
)
_NOTHING_HIGH = re.compile(r"(?<![\w-])(?:max-)?(?:height|width)\s*:\s*0(?![.\d]*[1-9])(?!\s*%)")
_CLIPPED = re.compile(r"overflow\s*:\s*hidden")
_SIZE = re.compile(r"(?<![\w-])font(?:-size)?\s*:\s*(0(?![.\d]*[1-9]))?")
_COLOUR = re.compile(r"(?<![\w-])color\s*:\s*([^;]{1,60})")
_GROUND = re.compile(r"(?<![\w-])background(?:-color|-image)?\s*:\s*([^;]{1,200})")
_QUOTED = re.compile(r"\"[^\"]*+\"|'[^']*+'")
_WORD_HIDDEN = re.compile(r"(?:^|\s)hidden(?:\s|=|/|$)")
_WHITE = {"white", "#fff", "#ffffff", "rgb(255,255,255)", "rgba(255,255,255,1)", "fff", "ffffff"}
_NO_GROUND = {"", "none", "transparent", "inherit", "initial"}
_LONGEST_SETTINGS = 20_000


def is_hidden(raw: str, settings: Mapping[str, str]) -> bool:
    """True where an element with these settings shows nothing of what it holds."""
    style = settings.get("style", "").lower()
    if style and (_HIDDEN.search(style) or (_CLIPPED.search(style) and _NOTHING_HIGH.search(style))):
        return True
    return "hidden" in raw and _WORD_HIDDEN.search(_QUOTED.sub("''", raw[:_LONGEST_SETTINGS])) is not None


class Faintness:
    """Whether the text at the place we are has a size, and another colour than what is behind it."""

    def __init__(self, *, has_styles: bool) -> None:
        self._sizes = _Inherited()
        self._colours = _Inherited()
        #: A ground that was set somewhere, or may be by a style sheet, may be dark.
        self._may_be_dark = has_styles

    def begin(self, name: str, settings: Mapping[str, str]) -> None:
        """An element begins, which is no void one."""
        style = settings.get("style", "").lower()
        size = _SIZE.search(style) if style else None
        self._sizes.begin(name, None if size is None else bool(size[1]))
        self._colours.begin(name, self._is_on_its_own_colour(style, settings))

    def end(self, name: str) -> None:
        """An element ends."""
        self._sizes.end(name)
        self._colours.end(name)

    @property
    def is_unseen(self) -> bool:
        """True where text that is written here cannot be seen."""
        return self._sizes.is_unseen or self._colours.is_unseen

    def _is_on_its_own_colour(self, style: str, settings: Mapping[str, str]) -> bool | None:
        """None where an element sets no colour."""
        ground = _value(_GROUND, style) or _plain(settings.get("bgcolor", ""))
        if ground not in _NO_GROUND and ground not in _WHITE:
            self._may_be_dark = True
        colour = _value(_COLOUR, style) or _plain(settings.get("color", ""))
        if not colour:
            return None
        if colour in _WHITE:
            return not self._may_be_dark
        return colour == ground


class _Inherited:
    """What an element hands down to those in it, until one of them sets another value."""

    def __init__(self) -> None:
        self._set: list[tuple[str, int, bool]] = []

    @property
    def is_unseen(self) -> bool:
        return bool(self._set) and self._set[-1][2]

    def begin(self, name: str, is_unseen: bool | None) -> None:
        if name == "p":
            self.end(name)
        if is_unseen is None:
            self._count(name, 1)
        elif (is_unseen or self._set) and len(self._set) < _DEEPEST:
            self._set.append((name, 1, is_unseen))

    def end(self, name: str) -> None:
        self._count(name, -1)

    def _count(self, name: str, by: int) -> None:
        if self._set and self._set[-1][0] == name:
            _name, depth, is_unseen = self._set.pop()
            if depth + by > 0:
                self._set.append((name, depth + by, is_unseen))


def _value(pattern: re.Pattern[str], style: str) -> str:
    found = pattern.search(style) if style else None
    return _plain(found[1]) if found else ""


def _plain(value: str) -> str:
    return "".join(value.lower().replace("!important", "").split())
