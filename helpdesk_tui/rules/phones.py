"""Phone numbers, with libphonenumber's knowledge: read as people write them, kept as E.164.

The library is loaded when a number is looked at, not when the program starts.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from helpdesk_tui.errors import Usage
from helpdesk_tui.language import _
from helpdesk_tui.rules.untrusted import clean_line

#: So much of a mail is searched for a number, in characters.
_SEARCHED = 20_000
_HALF_A_YEAR = timedelta(days=182)


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


def find_number(text: str, region: str) -> str | None:
    """The first valid number in a text, as E.164."""
    import phonenumbers

    found = phonenumbers.PhoneNumberMatcher(text[:_SEARCHED], region)
    return next((phonenumbers.format_number(m.number, phonenumbers.PhoneNumberFormat.E164) for m in found), None)


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
        names = time_zones_for_number(phonenumbers.parse(number, None))
        zones = [ZoneInfo(name) for name in names]
    except (phonenumbers.NumberParseException, KeyError, ValueError):
        return ""
    offsets = {(now.astimezone(z).utcoffset(), (now + _HALF_A_YEAR).astimezone(z).utcoffset()) for z in zones}
    return names[0] if len(offsets) == 1 else ""


def is_region(region: str) -> bool:
    """True where a region is known (ISO 3166, such as DE)."""
    import phonenumbers

    return region in phonenumbers.SUPPORTED_REGIONS
