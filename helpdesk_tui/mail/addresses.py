"""Mailboxes as a mail names them, and whether a name can be trusted to mean what mail servers checked.

Other readers of `From: a@good.example <b@evil.example>` see the good address; here the angle brackets win, and the
field does not count as strict (see CVE-2023-27043, CVE-2025-1795).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from unicodedata import normalize

from helpdesk_tui.mail.charsets import line, lines
from helpdesk_tui.mail.words import decode_words
from helpdesk_tui.rules.routing import lower_ascii
from helpdesk_tui.terms import Person

MOST_ADDRESSES = 200
_LONGEST_ADDRESS = 254
LONGEST_NAME = 200
_LONGEST_LOCAL = 64

_TOKEN = re.compile(
    r'=\?[^?\s]{1,80}\?[bBqQ]\?[^?]*+\?=|"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)|[()<>,;:]'
    r'|(?:(?!=\?)[^"()<>,;:])++|["=]',
    re.S,
)
_ATOM = r"[\w!#$%&'*+/=?^`{|}~-]+"
#: Dots where none belong are common in Japan, and every reader sees the same address.
_STRICT = re.compile(
    rf"({_ATOM}(?:\.+{_ATOM})*\.*)@((?:[^\W_](?:[\w-]{{0,61}}[^\W_])?\.)+[^\W_](?:[\w-]{{0,61}}[^\W_])?)"
)
#: Names with one of these may hold another address in the eyes of some reader.
_HARMFUL = re.compile(r"[\\@＠﹫]")
_ENCODED = re.compile(r"=\?[\w.*-]+\?[bBqQ]\?[^?]*\?=", re.ASCII)
_LOOSE = re.compile(r"(?<![^\s<>()\[\],;:\"])[^\s<>()\[\],;:\"@]{1,64}+@[^\s<>()\[\],;:\"@]{1,190}+(?!@)")
_SIMPLE = re.compile(
    r"(?:(?P<name>[\w .'-]*+|\"[^\"\\@<>]*+\" ?)<)?"
    r"(?P<address>[A-Za-z0-9_+-]++(?:\.[A-Za-z0-9_+-]++)*+"
    r"@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,24})(?P<close>>?)"
)
_LONGEST_SIMPLE = 320
_ESCAPED = re.compile(r"\\(.)", re.S)


@dataclass(frozen=True, slots=True)
class Mailbox:
    """One mailbox of an address field; `is_strict` where every careful reader sees the same one.

    One without an address is the beginning of a name with a comma, and strict where nobody can take it for more.
    """

    person: Person
    is_strict: bool


def people(value: str) -> tuple[Person, ...]:
    """The people of an address field, at most `MOST_ADDRESSES`, each address once."""
    found: dict[str, Person] = {}
    for box in mailboxes(value):
        found.setdefault(lower_ascii(box.person.address) or box.person.name, box.person)
    return tuple(found.values())


def mailboxes(value: str) -> list[Mailbox]:
    """Every mailbox of an address field, groups dissolved, comments taken as names only where there is none."""
    if not value:
        return []
    simple = _simple(value) if len(value) <= _LONGEST_SIMPLE else None
    if simple:
        return [simple]
    cleaned = lines(value)
    reader = _Reader(is_sloppy=cleaned != value)
    for token in _TOKEN.finditer(cleaned):
        reader.take(token[0])
        if len(reader.boxes) >= MOST_ADDRESSES:
            return reader.boxes
    reader.close()
    return [Mailbox(box.person, False) for box in reader.boxes] if reader.is_sloppy else reader.boxes


def sender(values: list[str]) -> tuple[Person, bool]:
    """The person of the From fields, and whether there is exactly one strictly valid mailbox in exactly one."""
    boxes = mailboxes(values[0]) if values else []
    if not boxes:
        return Person("", ""), False
    named = next((index for index, box in enumerate(boxes) if box.person.address), 0)
    person = boxes[named].person
    if named:
        name = ", ".join(box.person.name for box in boxes[: named + 1] if box.person.name)
        person = Person(line(name, LONGEST_NAME), person.address)
    is_read = len(boxes) < MOST_ADDRESSES
    is_whole = (
        is_read and len(values) == 1 and named == len(boxes) - 1 and (not named or values[0].rstrip().endswith(">"))
    )
    return person, is_whole and bool(person.address) and all(box.is_strict for box in boxes)


def _simple(value: str) -> Mailbox | None:
    """The short way for `Name <a@b.example>`, which is nearly every field."""
    found = _SIMPLE.fullmatch(value)
    if found is None or (found["name"] is None) == bool(found["close"]):
        return None
    address = found["address"]
    if len(address) > _LONGEST_ADDRESS or address.find("@") > _LONGEST_LOCAL:
        return None
    name = _name(decode_words((found["name"] or "").strip().strip('"')))
    return Mailbox(Person("" if lower_ascii(name) == lower_ascii(address) else name, _lower_domain(address)), True)


class _Reader:
    """The state of reading one address field."""

    def __init__(self, *, is_sloppy: bool) -> None:
        self.boxes: list[Mailbox] = []
        self.is_sloppy = is_sloppy
        self._words: list[str] = []
        self._angle: list[str] = []
        self._comment: list[str] = []
        self._in_angle = self._has_angle = self._has_at = self._is_broken = False
        self._has_comment = self._is_split = False
        self._depth = 0
        self._begin()

    def take(self, token: str) -> None:
        """Read one token."""
        if self._depth or token in "()":
            self._take_comment(token)
        elif self._in_angle and token != ">":
            self._angle.append(token)
        elif token == "<":
            self._is_broken |= self._has_angle
            self._in_angle, self._has_angle = True, True
            self._angle = []
        elif token == ">":
            self._is_broken |= not self._in_angle
            self._in_angle = False
        else:
            self._take_outside(token)

    def close(self) -> None:
        """End the mailbox that is being read."""
        self._is_broken |= self._in_angle or self._depth > 0
        if self._has_angle or "".join(self._words).strip() or self._comment:
            self.boxes.append(self._mailbox())
        self._begin()

    def _begin(self) -> None:
        self._words, self._angle = [], []
        self._in_angle = self._has_angle = self._has_at = False
        self._has_comment = self._is_split = False
        self._is_broken = self.is_sloppy
        self._comment = []
        self._depth = 0

    def _take_comment(self, token: str) -> None:
        self._depth += (token == "(") - (token == ")")
        self._has_comment = True
        self._is_broken |= self._in_angle
        if self._depth < 0:
            self._depth, self._is_broken = 0, True
        elif token not in "()":
            self._comment.append(token)

    def _take_outside(self, token: str) -> None:
        if token in ",;":
            self.is_sloppy |= token == ";"
            self._is_broken |= token == ";"
            self.close()
        elif token == ":" and not self._has_at:
            self._words.clear()
            self.is_sloppy = self._is_broken = True
        else:
            self._is_broken |= self._has_angle and not token.isspace()
            self._is_split |= bool(self._words) and self._has_comment and not token.isspace()
            self._has_at |= "@" in token
            self._words.append(token)

    def _mailbox(self) -> Mailbox:
        words = "".join(self._words).strip()
        spec = ("".join(self._angle) if self._has_angle else words).strip()
        comment = " ".join(self._comment)
        name = words if self._has_angle else ""
        address = _address(spec) or (_address(decode_words(words)) if not self._has_angle else "")
        if not address and not name:
            name = words
        is_clear = self._is_clear(spec, address)
        is_whole = not self._is_broken and (self._has_angle or not self._is_split)
        is_strict = is_clear and is_whole and self._is_harmless(name, comment, address)
        return Mailbox(Person(_shown_name(name or comment, address), address), is_strict)

    def _is_clear(self, spec: str, address: str) -> bool:
        if not address:
            return not self._has_angle and not self._comment
        return _is_strict(spec) and not _looks_ascii(address)

    def _is_harmless(self, name: str, comment: str, address: str) -> bool:
        """True where no reader finds another address in the name or in a comment."""
        if _HARMFUL.search(comment) and _lower_domain(comment.strip()) != address:
            return False
        if not name:
            return True
        raw = "".join(token for token in self._words if not token.startswith('"')).strip()
        if not _HARMFUL.search(raw):
            return True
        shown = decode_words(raw) if _ENCODED.fullmatch(raw) else raw
        return _lower_domain(shown.strip()) == address


def _is_strict(spec: str) -> bool:
    found = _STRICT.fullmatch(spec) if len(spec) <= _LONGEST_ADDRESS else None
    return found is not None and len(found[1]) <= _LONGEST_LOCAL and line(spec) == spec


def _looks_ascii(address: str) -> bool:
    """True where a letter that is not ASCII may be taken for one that is, such as the Kelvin sign for a k."""
    return any(normalize("NFKC", one).casefold().isascii() for one in address if not one.isascii())


def _address(spec: str) -> str:
    """The address in a specification, "" where none can be read."""
    if _is_strict(spec):
        return _lower_domain(spec)
    if '"' in spec and spec.rfind('"') < spec.rfind("@"):
        quoted = re.fullmatch(r'("[^"\\]{1,80}")@([\w.-]{1,190})', spec)
        if quoted:
            return line(spec)
    if "@[" in spec and spec.endswith("]"):
        return line(spec, _LONGEST_ADDRESS)
    found = _LOOSE.findall(line(spec[-1000:], 1000))
    return _lower_domain(found[-1]) if found else ""


def _lower_domain(address: str) -> str:
    local, _at, domain = address.rpartition("@")
    return f"{local}@{lower_ascii(domain)}"


def _shown_name(raw: str, address: str) -> str:
    name = _name(decode_words(" ".join(_plain(token[0]) for token in _TOKEN.finditer(raw[:4000]))))
    return "" if lower_ascii(name) == lower_ascii(address) else name


def _plain(token: str) -> str:
    token = token.strip()
    if token.startswith('"'):
        token = token[1:-1] if token.endswith('"') and len(token) > 1 else token[1:]
        return _ESCAPED.sub(r"\1", token)
    return token


def _name(text: str) -> str:
    name = line(text, LONGEST_NAME)
    return name[1:-1].strip() if len(name) > 2 and name[0] == name[-1] == "'" else name
