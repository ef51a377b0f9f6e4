"""The field Authentication-Results as RFC 8601 §2.2 writes it: comments, quotes and all, in linear time.

A field that breaks the grammar says nothing at all: half of a forged one is still forged.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

LONGEST_FIELD = 16 * 1024
_MOST_STATEMENTS = 100
_MOST_PROPERTIES = 50

#: The id bare as every server writes it: what is quoted or behind a comment may have been missed by who strips it.
_BARE_ID = re.compile(r"[ \t]*([^\s;(]+)")
_TOKEN = re.compile(r'[ \t]++|[^\s\x00-\x1f\x7f"();=\\]++|"(?:[^"\\\x00-\x1f\x7f]|\\[^\x00-\x1f\x7f])*+"|[();=]')
_COMMENT = re.compile(r"[^()\\]++|\\.|[()]", re.S)
_ESCAPED = re.compile(r"\\(.)")
_METHOD = re.compile(r"([a-z0-9][a-z0-9-]*)(?:/[0-9]+)?", re.ASCII)
_WORD = re.compile(r"[a-z0-9][a-z0-9-]*", re.ASCII)
_PROPERTY = re.compile(r"[a-z0-9][a-z0-9._-]*", re.ASCII)


@dataclass(frozen=True, slots=True)
class MethodResult:
    """What one method came to: `dkim` `pass`, with properties such as `("header.d", "bank.example")`."""

    method: str
    result: str
    properties: tuple[tuple[str, str], ...] = ()

    def values(self, name: str) -> list[str]:
        """All values of that property."""
        return [value for key, value in self.properties if key == name]


def authserv_id(value: str) -> str:
    """The id with which a field begins, "" where it does not stand there bare."""
    found = _BARE_ID.match(value)
    return found[1] if found else ""


def read_results(value: str) -> tuple[MethodResult, ...] | None:
    """What a field says, None where it breaks the grammar or is longer than anything a server writes."""
    try:
        first, *rest = _statements(value)
        _check_id(first)
        return tuple(_method_result(one) for one in rest if one and one != ["none"])
    except _Malformed:
        return None


class _Malformed(Exception):
    """The field breaks the grammar."""


def _statements(value: str) -> list[list[str]]:
    """The tokens between the semicolons, each without white space at its ends."""
    if len(value) > LONGEST_FIELD:
        raise _Malformed
    statements: list[list[str]] = [[]]
    for token in _tokens(value):
        if token == ";":
            statements.append([])
        elif token != " " or (statements[-1] and statements[-1][-1] != " "):
            statements[-1].append(token)
    if len(statements) > _MOST_STATEMENTS:
        raise _Malformed
    return [one[:-1] if one and one[-1] == " " else one for one in statements]


def _tokens(value: str) -> Iterator[str]:
    """Words, quoted strings with their quotes, `;` and `=`; a comment is white space, which is one blank."""
    at = 0
    while at < len(value):
        found = _TOKEN.match(value, at)
        if found is None or found[0] == ")":
            raise _Malformed
        at = _behind_comment(value, found.end()) if found[0] == "(" else found.end()
        yield " " if found[0][0] in " \t(" else found[0]


def _behind_comment(value: str, at: int) -> int:
    depth = 1
    while depth:
        found = _COMMENT.match(value, at)
        if found is None:
            raise _Malformed
        depth += (found[0] == "(") - (found[0] == ")")
        at = found.end()
    return at


def _check_id(tokens: list[str]) -> None:
    """The id, and perhaps a version behind it."""
    version = tokens[1:]
    if not tokens or (version and (len(version) != 2 or version[0] != " " or not version[1].isdecimal())):
        raise _Malformed


def _method_result(tokens: list[str]) -> MethodResult:
    pairs = _pairs(tokens)
    method = _METHOD.fullmatch(pairs[0][0])
    result = pairs[0][1].lower()
    if method is None or not _WORD.fullmatch(result) or len(pairs) > _MOST_PROPERTIES:
        raise _Malformed
    if not all(_PROPERTY.fullmatch(key) for key, _value in pairs[1:]):
        raise _Malformed
    return MethodResult(method[1], result, tuple(pairs[1:]))


def _pairs(tokens: list[str]) -> list[tuple[str, str]]:
    """Keys in lower case with their values, in their order; at least one."""
    pairs: list[tuple[str, str]] = []
    at = 0
    while at < len(tokens):
        key, at = _key(tokens, at)
        value, at = _value(tokens, at)
        pairs.append((key, value))
    if not pairs:
        raise _Malformed
    return pairs


def _key(tokens: list[str], at: int) -> tuple[str, int]:
    """What stands before the next `=`: one word, or `header . from` with blanks around the dot."""
    words: list[str] = []
    while at < len(tokens) and tokens[at] != "=":
        words.append(tokens[at])
        at += 1
    parts = [word for word in words if word != " "]
    is_joined = all(one.endswith(".") or two.startswith(".") for one, two in pairwise(parts))
    if at == len(tokens) or not parts or not is_joined:
        raise _Malformed
    return "".join(parts).lower(), at + 1


def _value(tokens: list[str], at: int) -> tuple[str, int]:
    """What stands behind a `=` up to the next blank; it may hold more of them, and quoted parts."""
    at += at < len(tokens) and tokens[at] == " "
    parts: list[str] = []
    while at < len(tokens) and tokens[at] != " ":
        parts.append(_unquoted(tokens[at]))
        at += 1
    return "".join(parts), at + 1


def _unquoted(token: str) -> str:
    return _ESCAPED.sub(r"\1", token[1:-1]) if token.startswith('"') else token
