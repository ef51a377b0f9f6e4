"""Domain names as they are compared: one form for each, and which of them are one organisation's."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from helpdesk_tui.rules.routing import lower_ascii

if TYPE_CHECKING:
    from publicsuffixlist import PublicSuffixList

_LONGEST_DOMAIN = 255
_PREFIX = "xn--"


def domain_of(address: str) -> str:
    """What stands behind the last at-sign, in lower case; "" where there is none."""
    return lower_ascii(address.rpartition("@")[2]) if "@" in address else ""


def ascii_form(domain: str) -> str:
    """A domain as it stands in the DNS, in lower case: `xn--bcher-kva.example` (RFC 5890 §2.3.2.1)."""
    return ".".join(map(_ascii_label, _lower(domain).split(".")))


def readable_form(domain: str) -> str:
    """A domain as people read it, in lower case: `bücher.example`; what cannot be decoded stays as it is."""
    return ".".join(map(_readable_label, _lower(domain).split(".")))


def organisation(domain: str) -> str:
    """The organisational domain (RFC 7489 §3.2), in its ASCII form: `bank.example` of `mail.bank.example`.

    "" for a public suffix such as `co.uk`, below which strangers are neighbours.
    """
    return _suffixes().privatesuffix(ascii_form(domain)) or ""


def suffix(domain: str) -> str:
    """The public suffix of a domain, in its ASCII form: `co.uk` of `bank.co.uk`; "" where it has none."""
    return _suffixes().publicsuffix(ascii_form(domain)) or ""


def is_aligned(one: str, other: str) -> bool:
    """True where two domains are the same or one organisation's (relaxed alignment, RFC 7489 §3.1)."""
    if not one or not other:
        return False
    return ascii_form(one) == ascii_form(other) or organisation(one) == organisation(other) != ""


@cache
def _suffixes() -> PublicSuffixList:
    """The Public Suffix List as its package ships it; asks no network."""
    from publicsuffixlist import PublicSuffixList

    return PublicSuffixList()


def _lower(domain: str) -> str:
    return lower_ascii(domain[: _LONGEST_DOMAIN + 1])


def _ascii_label(label: str) -> str:
    return label if label.isascii() else _PREFIX + label.lower().encode("punycode").decode("ascii")


def _readable_label(label: str) -> str:
    if not label.startswith(_PREFIX):
        return label.lower()
    try:
        return label[len(_PREFIX) :].encode("ascii").decode("punycode").lower()
    except UnicodeError:
        return label
