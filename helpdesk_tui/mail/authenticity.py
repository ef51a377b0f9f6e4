"""Whether a mail is from whom it names: what our own border server says, and nobody else (RFC 8601).

A field of ours counts above the first Received line that no server of ours has written. Where a stranger brings no such
line, only the border server can tell its fields from forged ones: it must strip those (RFC 8601 §5; see `mail.probe`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from helpdesk_tui.config import MailboxSettings, PipeSettings
from helpdesk_tui.mail.arc import newest_set
from helpdesk_tui.mail.authresults import MethodResult, authserv_id, read_results
from helpdesk_tui.mail.headers import Headers
from helpdesk_tui.rules.domains import ascii_form, domain_of, is_aligned
from helpdesk_tui.rules.routing import lower_ascii
from helpdesk_tui.terms import Authenticity

#: More fields above our own Received lines are no server's work, and then none is believed.
_MOST_FIELDS = 50

#: What the fields of one kind say: one item for each field.
_Fields = Sequence[tuple[MethodResult, ...]]


@dataclass(frozen=True, slots=True)
class Trust:
    """Whose word about a sender counts.

    Args:
        authserv_id: how our border server calls itself in Authentication-Results; nobody is believed where it is "".
        own_hops: how many Received lines our own servers add.
        arc_forwarders: domains whose ARC seal counts (RFC 8617), such as that of a mailing list's server.
    """

    authserv_id: str = ""
    own_hops: int = 1
    arc_forwarders: tuple[str, ...] = ()

    @classmethod
    def of(cls, settings: MailboxSettings | PipeSettings) -> Trust:
        """What the settings of a mailbox say, or of the pipe."""
        return cls(settings.authserv_id, settings.own_hops, settings.arc_forwarders)


NOBODY = Trust()


def authenticity(headers: Headers, sender: str, *, is_strict: bool, trust: Trust) -> Authenticity:
    """What our border server says about the From address of a mail.

    Args:
        is_strict: From holds exactly one strictly valid mailbox; anything else is FAIL, whoever vouches for it.
    """
    if not is_strict:
        return Authenticity.FAIL
    values = own_fields(headers, trust)
    read = [read_results(value) for value in values]
    fields = [results for results in read if results is not None]
    domain = domain_of(sender)
    verdict = _verdict(fields, domain)
    if len(fields) < len(values) or len(values) > _MOST_FIELDS:
        return Authenticity.FAIL if verdict is Authenticity.FAIL else Authenticity.NONE
    if verdict is not Authenticity.PASS and _is_vouched_for(headers, fields, trust, domain):
        return Authenticity.PASS
    return verdict


def own_fields(headers: Headers, trust: Trust) -> list[str]:
    """The Authentication-Results of our border server in the trusted zone, from the top; one more than is believed."""
    if not trust.authserv_id:
        return []
    above = headers.above("authentication-results", mark="received", nth=trust.own_hops + 1)
    ours = lower_ascii(trust.authserv_id)
    return [value for value in above if lower_ascii(authserv_id(value)) == ours][: _MOST_FIELDS + 1]


def _verdict(fields: _Fields, domain: str, methods: Sequence[str] = ("dkim", "spf")) -> Authenticity:
    """What all fields together say: for each method the worst of them counts."""
    dmarc = [one for results in fields for one in results if one.method == "dmarc"]
    if any(one.result == "fail" for one in dmarc):
        return Authenticity.FAIL
    if any(one.result == "pass" and one.values("header.from") for one in dmarc):
        is_passed = all(one.result == "pass" and _is_about(one, domain) for one in dmarc)
    else:
        is_passed = any(_is_passed_by(method, fields, domain) for method in methods)
    return Authenticity.PASS if is_passed else Authenticity.NONE


def _is_about(dmarc: MethodResult, domain: str) -> bool:
    named = dmarc.values("header.from")
    return bool(named) and all(ascii_form(one) == ascii_form(domain) for one in named)


def _is_passed_by(method: str, fields: _Fields, domain: str) -> bool:
    """True where every field that speaks of a method has a passed one of the sender's own organisation."""
    speaking = [found for results in fields if (found := [one for one in results if one.method == method])]
    return bool(speaking) and all(any(_is_passed(one, domain) for one in found) for found in speaking)


def _is_passed(result: MethodResult, domain: str) -> bool:
    proven = _proven_domains(result)
    return result.result == "pass" and bool(proven) and all(is_aligned(one, domain) for one in proven)


def _proven_domains(result: MethodResult) -> list[str]:
    """The domains that a DKIM signature or the envelope's sender stands for."""
    if result.method == "spf":
        return [domain_of(one) or one for one in result.values("smtp.mailfrom")]
    return result.values("header.d") or [domain_of(one) for one in result.values("header.i")]


def _is_vouched_for(headers: Headers, fields: _Fields, trust: Trust, domain: str) -> bool:
    """True where our server found the ARC chain sound and a listed forwarder, its last link, had seen the mail pass."""
    arc = [one.result for results in fields for one in results if one.method == "arc"]
    if not trust.arc_forwarders or not arc or any(one != "pass" for one in arc):
        return False
    newest = newest_set(headers)
    if newest is None or newest.domain not in map(ascii_form, trust.arc_forwarders):
        return False
    return _verdict([newest.results], domain, methods=("dkim",)) is Authenticity.PASS
