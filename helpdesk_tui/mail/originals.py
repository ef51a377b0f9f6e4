"""Which mails a report is about: their Message-IDs, from what the report embeds, quotes and refers to."""

from __future__ import annotations

import re
from itertools import islice

from helpdesk_tui.mail.charsets import decode
from helpdesk_tui.mail.files import content
from helpdesk_tui.mail.headers import Headers, split_header
from helpdesk_tui.mail.ids import first_id, ids_in
from helpdesk_tui.mail.structure import Part, leaves

#: So much of a part is read, and so many parts.
READ_WITHIN = 64 * 1024
_MOST_PARTS = 40
_MOST_IDS = 20

_EMBEDDED = ("message/rfc822", "text/rfc822-headers", "message/global", "message/global-headers", "text/rfc822")
#: Relays that give a mail an id of their own keep the sender's in one of these.
_OWN_FIELDS = ("message-id", "x-original-message-id", "x-google-original-message-id", "x-gmail-original-message-id")
_QUOTED = re.compile(
    r"^[>| \t]*+(?:(?:x-)?(?:(?:google|gmail)-)?original-)?message-id[ \t]{0,3}:\s{0,3}(<[^<>\s]{1,900}>|[^<>\s]{1,300}@[^<>\s]{1,300})",
    re.I | re.M,
)
_QUOTED_JSON = re.compile(r'"name"\s?:\s?"Message-ID",\s?"value"\s?:\s?"(<[^<>\s"]{1,900}>)"', re.I)


def original(raw: bytes, root: Part) -> Headers | None:
    """The header of the first mail that a report embeds, whole or without its body."""
    part = next((leaf for leaf in islice(leaves(root), _MOST_PARTS) if leaf.kind in _EMBEDDED), None)
    return _header(raw, part) if part else None


def original_ids(raw: bytes, root: Part, text: str) -> tuple[str, ...]:
    """The Message-IDs a report is about, the surest last; of very many, those."""
    named: list[str] = []
    thread = [*ids_in(root.headers.end_of("references")), *ids_in(root.headers.first("in-reply-to"))]
    for leaf in islice(leaves(root), _MOST_PARTS):
        if leaf.kind in _EMBEDDED:
            headers = _header(raw, leaf)
            named += _named(headers)
            thread = [*ids_in(headers.end_of("references")), *ids_in(headers.first("in-reply-to")), *thread]
        elif leaf is not root:
            named += _named(leaf.headers) + (_quoted(_text(raw, leaf)) if _is_readable(leaf) else [])
    named += _quoted(text[:READ_WITHIN])
    return tuple(reversed(dict.fromkeys([*named, *reversed(thread)][:_MOST_IDS])))


def _header(raw: bytes, part: Part) -> Headers:
    embedded = content(raw, part)[:READ_WITHIN].lstrip()
    return split_header(embedded, 0, len(embedded))[0]


def _named(headers: Headers) -> list[str]:
    found = (first_id(headers.first(name)) for name in _OWN_FIELDS if name in headers)
    return [one for one in found if one]


def _is_readable(part: Part) -> bool:
    return part.kind.startswith(("text/", "message/"))


def _text(raw: bytes, part: Part) -> str:
    return decode(content(raw, part)[:READ_WITHIN]).replace("\r\n", "\n")


def _quoted(text: str) -> list[str]:
    found = (first_id(one[1]) for pattern in (_QUOTED, _QUOTED_JSON) for one in pattern.finditer(text))
    return [one for one, _count in zip(dict.fromkeys(filter(None, found)), range(_MOST_IDS), strict=False)]
