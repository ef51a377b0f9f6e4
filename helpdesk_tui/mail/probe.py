"""Proves that our border server strips what strangers write in its name (RFC 8601 §5), by a mail that tries it."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime

from helpdesk_tui.errors import Usage
from helpdesk_tui.language import _
from helpdesk_tui.mail.authenticity import Trust, own_fields
from helpdesk_tui.mail.headers import Headers, skip_envelope, split_header
from helpdesk_tui.rules.routing import is_address

_SUBJECT = "helpdesk probe "
_TOKEN = re.compile(re.escape(_SUBJECT) + r"([0-9a-f]{32})")
_WORD = re.compile(r"[!-~]+", re.ASCII)
_FIELD = "Authentication-Results"
#: A domain that nobody owns (RFC 2606): no server can have verified it.
_NOBODY = "probe.invalid"


@dataclass(frozen=True, slots=True)
class ProbeVerdict:
    """What a probe has shown, in words; `is_safe` is None where it shows nothing."""

    is_safe: bool | None
    words: str


def forged_probe(address: str, authserv_id: str) -> bytes:
    """A mail to `address` with forged fields in the name of our border server, in every form that `parse` believes.

    It has to reach the border server as a stranger's mail does: from outside, straight to the MX.

    Raises:
        Usage: the address or the id cannot stand in a mail.
    """
    if not (is_address(address) and _WORD.fullmatch(address) and _WORD.fullmatch(authserv_id)):
        raise Usage(
            _("A probe needs a plain address and the authserv_id of a mailbox."),
            _("Set authserv_id in [mailboxes.NAME] to how your border server calls itself."),
        )
    token = secrets.token_hex(16)
    said = f'dmarc=pass reason="{token}" header.from={_NOBODY}'
    return "\r\n".join(
        (
            f"{_FIELD}: {authserv_id}; {said}",
            f"{_FIELD.upper()}: {authserv_id.upper()} 1; {said}",
            f"{_FIELD}:\r\n\t{authserv_id} (probe);\r\n\t{said}",
            f"From: <probe@{_NOBODY}>",
            f"To: <{address}>",
            f"Subject: {subject_of(token)}",
            f"Date: {format_datetime(datetime.now(UTC))}",
            f"Message-ID: <{token}@{_NOBODY}>",
            "Auto-Submitted: auto-generated",
            "",
            _("This mail tries whether forged results of checks reach your mailbox. You may delete it."),
            "",
        )
    ).encode("utf-8")


def subject_of(token: str) -> str:
    """The subject of the probe with this random word."""
    return f"{_SUBJECT}{token}"


def token_of(raw: bytes) -> str:
    """The random word of a probe, by which it is found in the mailbox; "" for any other mail."""
    found = _TOKEN.fullmatch(_header(raw).first("subject"))
    return found[1] if found else ""


def judge_probe(raw: bytes, trust: Trust) -> ProbeVerdict:
    """What the probe shows as it came out of the mailbox."""
    token = token_of(raw)
    if not token or not trust.authserv_id:
        return ProbeVerdict(None, _("This mail is no probe, or the mailbox names no authserv_id: nothing is shown."))
    headers = _header(raw)
    if any(token in value for value in own_fields(headers, trust)):
        text = _("{server} does not strip forged fields with its own id: anybody can have their mail verified.")
        return ProbeVerdict(False, text.format(server=trust.authserv_id))
    if any(token in value for value in headers.every(_FIELD.lower())):
        text = _("The forged fields came through where they do not count; a mail straight to {server} may show more.")
        return ProbeVerdict(None, text.format(server=trust.authserv_id))
    return ProbeVerdict(True, _("{server} strips forged fields with its own id.").format(server=trust.authserv_id))


def _header(raw: bytes) -> Headers:
    return split_header(raw, skip_envelope(raw), len(raw))[0]
