"""The parts of a mail as offsets into its bytes: found in one walk without recursion, with caps on depth and number."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from helpdesk_tui.language import _
from helpdesk_tui.mail.headers import Headers, parameters, split_header

DEEPEST = 60
MOST_PARTS = 500
#: What the header of one part may have, and of each further part once those of all parts have very many.
MOST_PART_FIELDS = 200
_FEW_FIELDS = 20
_MOST_FIELDS_OF_PARTS = 20_000
#: Lines that begin like a boundary but are none; behind so many of them no more are looked for.
_MOST_FALSE_MARKS = 20_000
#: Bytes searched for boundaries, each as often as multiparts lie around it.
_MOST_SEARCHED = 1_500 * 1024 * 1024
_LONGEST_BOUNDARY = 2_000
_GUESS_WITHIN = 64 * 1024

_KIND = re.compile(r"[a-z0-9!#$&^_.+-]{1,80}/[a-z0-9!#$&^_.+-]{1,120}")
_REST_OF_MARK = re.compile(rb"(--)?[ \t]*(?:\r?\n|\Z)")
_GUESS = re.compile(rb"(?:\A|\n)--([^\s][^\r\n]{0,400}+)\r?\n(?=[Cc][Oo][Nn][Tt][Ee][Nn][Tt]-)")


@dataclass(slots=True)
class Part:
    """One part of a mail.

    Args:
        kind: lower-case media type such as `text/plain`; settings: the parameters of Content-Type.
        start, end: where its content lies in the bytes of the mail, still transfer-encoded.
        parts: what a multipart holds.
    """

    headers: Headers
    kind: str
    settings: dict[str, str]
    start: int
    end: int
    parts: list[Part] = field(default_factory=list)


@dataclass(slots=True)
class Structure:
    """The whole mail as a tree of parts, and what was cut while reading it."""

    root: Part
    notes: list[str]


@dataclass(slots=True)
class _Walk:
    raw: bytes
    notes: list[str]
    parts: int = 0
    false_marks: int = 0
    unlisted: int = 0
    fields: int = 0
    searched: int = 0


def read_structure(raw: bytes, start: int, end: int | None = None) -> Structure:
    """The tree of parts of the mail that begins at `start` and goes on to `end`, or as far as the bytes do."""
    walk = _Walk(raw, [])
    end = len(raw) if end is None else end
    root = _typed(*split_header(raw, start, end), end, "text/plain")
    pending = [(root, 0)]
    while pending:
        part, depth = pending.pop()
        if not part.kind.startswith("multipart/"):
            continue
        walk.searched += part.end - part.start
        if depth >= DEEPEST or walk.parts >= 2 * MOST_PARTS or walk.searched > _MOST_SEARCHED:
            walk.notes.append(_("The structure of the mail is too deep; what lies deeper was not read."))
            part.kind = "application/octet-stream"
            continue
        _open(walk, part)
        pending += [(child, depth + 1) for child in reversed(part.parts)]
    if walk.unlisted:
        text = _("The mail has {n} parts; only the first {limit} were read.")
        walk.notes.append(text.format(n=walk.parts + walk.unlisted, limit=MOST_PARTS))
    return Structure(root, walk.notes)


def leaves(root: Part) -> Iterator[Part]:
    """The parts that hold no others, in the order of the mail."""
    pending = [root]
    while pending:
        part = pending.pop()
        pending += reversed(part.parts)
        if not part.parts:
            yield part


def _part(walk: _Walk, start: int, end: int, default: str) -> Part:
    most = MOST_PART_FIELDS if walk.fields < _MOST_FIELDS_OF_PARTS else _FEW_FIELDS
    headers, body = split_header(walk.raw, start, end, most_fields=most)
    walk.fields += len(headers)
    if headers.is_cut:
        walk.notes.append(_("The header of the mail is very long; its end was not read."))
    return _typed(headers, body, end, default)


def _typed(headers: Headers, start: int, end: int, default: str) -> Part:
    value = headers.first("content-type")
    if not value:
        return Part(headers, default, {}, start, end)
    kind, settings = parameters(value)
    kind = kind.split(maxsplit=1)[0] if kind else ""
    return Part(headers, kind if _KIND.fullmatch(kind) else "text/plain", settings, start, end)


def _open(walk: _Walk, part: Part) -> None:
    """Find the parts of a multipart; one without any becomes plain text."""
    boundary = part.settings.get("boundary", "").rstrip().encode("utf-8", "replace")[:_LONGEST_BOUNDARY]
    spans = _spans(walk, part, boundary) if boundary else []
    if not spans:
        guess = _GUESS.search(walk.raw, max(0, part.start - 1), min(part.end, part.start + _GUESS_WITHIN))
        spans = _spans(walk, part, guess[1].rstrip(b" \t").removesuffix(b"--")) if guess else []
    if not spans:
        part.kind = "text/plain"
        return
    default = "message/rfc822" if part.kind == "multipart/digest" else "text/plain"
    part.parts = [_part(walk, start, end, default) for start, end in spans]


def _spans(walk: _Walk, part: Part, boundary: bytes) -> list[tuple[int, int]]:
    """Where the parts between the boundary lines lie, without the line end that belongs to the boundary."""
    raw, mark = walk.raw, b"\n--" + boundary
    spans: list[tuple[int, int]] = []
    opened = -1
    at = part.start - 1 if raw.startswith(mark[1:], part.start, part.end) else raw.find(mark, part.start, part.end)
    while at >= 0 and walk.false_marks <= _MOST_FALSE_MARKS:
        rest = _REST_OF_MARK.match(raw, at + len(mark), part.end)
        if rest and opened >= 0:
            spans.append((opened, max(opened, at - raw.startswith(b"\r", max(at - 1, 0)))))
        if rest:
            opened = -1 if rest[1] else rest.end()
        else:
            walk.false_marks += 1
        if (rest and rest[1]) or len(spans) >= MOST_PARTS:
            break
        at = raw.find(mark, at + len(mark), part.end)
    if opened >= 0 and len(spans) < MOST_PARTS:
        spans.append((opened, part.end))
    elif opened >= 0:
        walk.unlisted += max(1, raw.count(mark, opened, part.end))
    walk.parts += len(spans)
    return spans
