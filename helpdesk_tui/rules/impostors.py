"""What an agent should know about who a mail says it is from: names, domains and letters that pretend."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import lru_cache
from unicodedata import normalize

from helpdesk_tui.language import _
from helpdesk_tui.rules.domains import ascii_form, domain_of, is_aligned, organisation, readable_form, suffix
from helpdesk_tui.rules.lookalikes import imitated, is_mixed, is_near, scripts, skeleton
from helpdesk_tui.rules.routing import lower_ascii
from helpdesk_tui.rules.untrusted import clean_line
from helpdesk_tui.terms import Authenticity, IncomingMail, Person

#: A name shorter than this is like too many others; one letter makes a difference that nobody sees only from five on.
_SHORTEST_NAME, _SHORTEST_NEAR = 4, 5
_LONGEST_SHOWN = 100
_MOST_SHOWN = 3
_ADDRESS = re.compile(r"(?<![^\s<>()\[\],;:\"'])[^\s<>()\[\],;:\"'@]{1,64}+@[^\s<>()\[\],;:\"'@]{1,190}+")
_WORD_END = re.compile(r"[.+_-]")
_NOT_LETTER = re.compile(r"[\W_]+")


def marks_of(mail: IncomingMail, own_domains: Collection[str], known: Collection[Person]) -> tuple[str, ...]:
    """One sentence for each thing about a sender that an agent should know, with `! ` in front of what is dangerous.

    Args:
        own_domains: those our agents and queues write from.
        known: our agents and queues, with their addresses.
    """
    ours = _Ours(frozenset(map(ascii_form, own_domains)), known)
    marks = [
        *_marks_of_name(mail.sender, ours),
        *_marks_of_address(mail.sender.address, ours),
        *_marks_of_answers(mail, ours),
        *_marks_of_others(mail),
    ]
    return tuple(dict.fromkeys(marks))


def true_spelling(address: str) -> str:
    """How the domain of an address stands in the DNS, where its letters look like others; "" where they do not."""
    domain = domain_of(address)
    return ascii_form(domain) if domain and _is_deceptive(readable_form(domain)) else ""


@dataclass(frozen=True, slots=True)
class _Ours:
    domains: frozenset[str]
    people: Collection[Person]

    def has(self, address: str) -> bool:
        """True for an address in a domain of ours, or of one of us elsewhere."""
        domain = ascii_form(domain_of(address))
        is_known = any(lower_ascii(one.address) == lower_ascii(address) for one in self.people)
        return is_known or any(domain == own or domain.endswith(f".{own}") for own in self.domains)


def _marks_of_name(sender: Person, ours: _Ours) -> Iterator[str]:
    for named in _addresses_in(sender.name):
        if lower_ascii(named) == lower_ascii(sender.address):
            continue
        text = _("! The name says {named}, but the mail is from {address}.")
        if is_aligned(domain_of(named), domain_of(sender.address)):
            text = _("The name says {named}; the mail is from {address}.")
        yield text.format(named=_shown(named), address=_shown(sender.address))
    name = _as_heard(sender.name)
    is_alike = name and any(_as_heard(one.name) == name for one in ours.people)
    if is_alike and not ours.has(sender.address):
        text = _("! {name} is called like one of us, but {address} is not an address of ours.")
        yield text.format(name=_shown(sender.name), address=_shown(sender.address))


def _marks_of_address(address: str, ours: _Ours) -> Iterator[str]:
    domain = domain_of(address)
    if not domain:
        return
    readable = readable_form(domain)
    if _is_deceptive(readable):
        text = _("! {domain} is written in letters that look like others; its true spelling is {spelling}.")
        yield text.format(domain=_shown(readable), spelling=_shown(ascii_form(domain)))
    local = address.rpartition("@")[0]
    if any(is_mixed(word) or _imitates(word, readable) for word in _WORD_END.split(local)):
        text = _("! {name} before the at-sign is written in letters that look like others.")
        yield text.format(name=_shown(local))
    own = _imitated_domain(readable, ours.domains)
    if own and not ours.has(address):
        text = _("! {domain} looks like {own}, which is ours, and is another.")
        yield text.format(domain=_shown(readable), own=_shown(readable_form(own)))


def _marks_of_answers(mail: IncomingMail, ours: _Ours) -> Iterator[str]:
    """Where answers are asked for; what was proven, is ours or came over a list is usual there, and no danger."""
    sender = mail.sender.address
    elsewhere = [one.address for one in mail.reply_to if one.address and not _is_together(one.address, sender)]
    if not elsewhere or not sender:
        return
    text = _("! Answers are asked for at {addresses}; yours goes to {sender}.")
    if mail.is_list or mail.authenticity is Authenticity.PASS or ours.has(sender):
        text = _("Answers are asked for at {addresses}; yours goes to {sender}.")
    addresses = ", ".join(map(_shown, elsewhere[:_MOST_SHOWN]))
    more = _(" and {n} more").format(n=len(elsewhere) - _MOST_SHOWN) if len(elsewhere) > _MOST_SHOWN else ""
    yield text.format(addresses=f"{addresses}{more}", sender=_shown(sender))


def _marks_of_others(mail: IncomingMail) -> Iterator[str]:
    """Who else had a hand in it, as far as they are no mailing list."""
    writer, sender = mail.written_by.address, mail.sender.address
    if writer and sender and not mail.is_list and not _is_together(writer, sender):
        text = _("Sent by {writer} in the name of {sender}.")
        yield text.format(writer=_shown(writer), sender=_shown(sender))
    if mail.resent_by.address:
        yield _("Passed on unchanged by {address}.").format(address=_shown(mail.resent_by.address))


def _addresses_in(name: str) -> list[str]:
    """The addresses a name gives itself out for, also with a wide at-sign."""
    found = (one.rstrip(".") for one in _ADDRESS.findall(normalize("NFKC", name[: _LONGEST_SHOWN * 2])))
    return [one for one in found if "." in domain_of(one)]


@lru_cache(maxsize=4_096)
def _as_heard(name: str) -> str:
    """A name without what nobody sees: case, blanks, punctuation, letters that look like others."""
    return _NOT_LETTER.sub("", skeleton(name))


def _is_deceptive(domain: str) -> bool:
    """True where a label mixes alphabets, or imitates Latin words under an ending of another alphabet than its own."""
    labels = domain.split(".")
    return any(is_mixed(one) or _imitates(one, labels[-1]) for one in labels)


def _imitates(word: str, beside: str) -> bool:
    return bool(imitated(word)) and not scripts(word) <= scripts(beside)


def _imitated_domain(domain: str, own_domains: Collection[str]) -> str:
    """The domain of ours that another looks like, one with the same ending first; "" where it looks like none."""
    alike = (own for own in own_domains if own and _looks_like(domain, own))
    return min(alike, key=lambda own: (suffix(own) != suffix(domain), own), default="")


@lru_cache(maxsize=4_096)
def _looks_like(domain: str, own: str) -> bool:
    """True for the same name elsewhere, one that looks alike or has one other letter, and ours as a subdomain."""
    if f".{own}." in f".{domain}.":
        return True
    name, own_name = _registered_name(domain), _registered_name(own)
    if len(own_name) < _SHORTEST_NAME:
        return False
    if skeleton(name) == skeleton(own_name):
        return True
    is_long = min(len(name), len(own_name)) >= _SHORTEST_NEAR
    return is_long and suffix(domain) == suffix(own) and is_near(name, own_name)


@lru_cache(maxsize=4_096)
def _registered_name(domain: str) -> str:
    """What somebody chose below a public suffix, as people read it: `bank` of `mail.bank.co.uk`."""
    return readable_form(organisation(domain).removesuffix(f".{suffix(domain)}"))


def _is_together(one: str, other: str) -> bool:
    return is_aligned(domain_of(one), domain_of(other))


def _shown(text: str) -> str:
    return clean_line(text, _LONGEST_SHOWN)
