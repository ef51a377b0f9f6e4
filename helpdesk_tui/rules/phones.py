"""Phone numbers, with libphonenumber's knowledge: read as people write them, kept as E.164.

The library is loaded when a number is looked at, not when the program starts.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from functools import cache
from importlib.resources import files
from typing import NamedTuple
from zoneinfo import ZoneInfo

from helpdesk_tui.errors import Usage
from helpdesk_tui.language import _
from helpdesk_tui.rules.untrusted import clean_line

#: So much of a mail is searched for a number, in characters.
_SEARCHED = 20_000
_HALF_A_YEAR = timedelta(days=182)
#: A number behind such a word, at most so many characters before it, is that of a fax machine.
_BEFORE_FAX, _LABEL = re.compile(r"fax[^\w+]*(nr|no|number|nummer)?[^\w+]*$", re.IGNORECASE), 24


class SpokenNumber(NamedTuple):
    """A number in a text (E.164), and what is to be dialled behind it."""

    number: str
    extension: str


def read_number(text: str, region: str) -> str:
    """A number as E.164 (`+49691234567`).

    Args:
        region: where a number without a country code is (ISO 3166, such as DE).
    Raises:
        Usage: it is not a number that can be called.
    """
    import phonenumbers

    try:
        number = phonenumbers.parse(clean_line(text, 80), region)
    except phonenumbers.NumberParseException:
        number = None
    # A number within a town is "possible", too, but cannot be called from elsewhere.
    whole = phonenumbers.ValidationResult.IS_POSSIBLE
    if number is None or phonenumbers.is_possible_number_with_reason(number) != whole:
        raise Usage(
            _("{text} is not a phone number.").format(text=clean_line(text, 60) or '""'),
            _("Write it with its country code, such as +49 69 1234567."),
        )
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def find_numbers(text: str, region: str) -> list[SpokenNumber]:
    """The valid numbers in a text, in order; those of fax machines are left out."""
    import phonenumbers

    searched, e164 = text[:_SEARCHED], phonenumbers.PhoneNumberFormat.E164
    return [
        SpokenNumber(phonenumbers.format_number(found.number, e164), found.number.extension or "")
        for found in phonenumbers.PhoneNumberMatcher(searched, region)
        if not _BEFORE_FAX.search(searched[max(found.start - _LABEL, 0) : found.start])
    ]


def national_digits(number: str) -> str:
    """The digits by which a number (E.164) is known in its country, without the zero in front."""
    import phonenumbers

    return str(phonenumbers.parse(number, None).national_number)


def shown(number: str) -> str:
    """A number (E.164) as people read it: `+49 69 1234567`."""
    import phonenumbers

    try:
        parsed = phonenumbers.parse(number, None)
    except phonenumbers.NumberParseException:
        return clean_line(number, 60)
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL)


def zone_of(number: str, now: datetime) -> str:
    """The time zone of a number (E.164); "" where it may be in one of several that show different times."""
    import phonenumbers
    from phonenumbers.timezone import time_zones_for_number

    try:
        parsed = phonenumbers.parse(number, None)
        names = time_zones_for_number(parsed)
        zones = [ZoneInfo(name) for name in names]
    except (phonenumbers.NumberParseException, KeyError, ValueError):
        return ""
    offsets = {(now.astimezone(z).utcoffset(), (now + _HALF_A_YEAR).astimezone(z).utcoffset()) for z in zones}
    if len(offsets) != 1:
        return ""
    main = _zones_of(phonenumbers.region_code_for_country_code(parsed.country_code or 0))
    return next((name for name in names if name in main), names[0])


@cache
def _zones_of(region: str) -> tuple[str, ...]:
    """The time zones of a country, as the time zone database lists them: +44 is in London, not in Guernsey."""
    listed = (files("tzdata") / "zoneinfo" / "zone.tab").read_text("utf-8").splitlines()
    return tuple(line.split("\t")[2] for line in listed if line.startswith(f"{region}\t"))


def is_region(region: str) -> bool:
    """True where a region is known (ISO 3166, such as DE)."""
    import phonenumbers

    return region in phonenumbers.SUPPORTED_REGIONS
