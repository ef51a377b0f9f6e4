"""Who asks, as somebody types it: a name, an address, both, or a phone number."""

from __future__ import annotations

import re
from dataclasses import dataclass

from helpdesk_tui.errors import Usage
from helpdesk_tui.language import _
from helpdesk_tui.rules.routing import is_address
from helpdesk_tui.rules.untrusted import clean_line
from helpdesk_tui.terms import Person

_NAME_AND_ADDRESS = re.compile(r"([^<>]*)<([^<>]*)>")
_NOT_DIGIT = re.compile(r"\D+")
_NUMBER = re.compile(r"\+?[ /().-]*\d[\d /().-]*")


@dataclass(frozen=True, slots=True)
class Caller:
    """A person, and the number they call from; each part "" where it was not said."""

    person: Person
    phone: str = ""


def read_caller(typed: str) -> Caller:
    """Read `Erika Beispiel <e@b.example>`, `e@b.example`, `Erika e@b.example`, `+49 69 1234` or a name.

    Raises:
        Usage: what stands for an address is none.
    """
    typed = typed.strip()
    if found := _NAME_AND_ADDRESS.fullmatch(typed):
        return Caller(Person(clean_line(found[1].strip().strip('"'), 200), _address(found[2])))
    if "@" in typed:
        words = typed.split()
        address = next(word for word in words if "@" in word)
        return Caller(Person(clean_line(" ".join(word for word in words if word != address), 200), _address(address)))
    if _NUMBER.fullmatch(typed):
        return Caller(Person("", ""), clean_line(typed, 60))
    return Caller(Person(clean_line(typed, 200), ""))


def digits_of(number: str) -> str:
    """A phone number as it is compared: digits only, without the leading zeros or the plus of its prefix."""
    return _NOT_DIGIT.sub("", number).lstrip("0")


def _address(typed: str) -> str:
    address = typed.strip()
    if not is_address(address):
        raise Usage(
            _("{address} is not an address.").format(address=clean_line(address, 80) or "<>"),
            _("Write NAME@DOMAIN, or only the name."),
        )
    return address
