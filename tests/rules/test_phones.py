"""Phone numbers as people write them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from helpdesk_tui.errors import Usage
from helpdesk_tui.rules.phones import find_numbers, is_region, read_number, shown, zone_of

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
FRANKFURT = "+49691234567"


@pytest.mark.parametrize(
    "text", ["+49 69 1234567", "069 1234567", "(069) 123 45 67", "069/1234567", "0049 69 1234567", "+49-69-1234567"]
)
def test_a_number_is_kept_in_one_way(text: str) -> None:
    assert read_number(text, "DE") == FRANKFURT


@pytest.mark.parametrize("text", ["", "call me", "12", "+49", "1" * 60, "\x1b]52;c;x\x07", "+999 1234567"])
def test_what_cannot_be_called_is_refused(text: str) -> None:
    with pytest.raises(Usage):
        read_number(text, "DE")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Bitte um Rückruf unter 069 / 1234567, es geht um Rechnung 4711 vom 12.11.2026.", FRANKFURT),
        ("Können Sie mich zurückrufen? Mobil: 0170 1234567", "+491701234567"),
        ("Please call me back on +1 (212) 555-0123 after 10:00.", "+12125550123"),
        ("Order 20261123456, invoice 4711, 23.11.2026 10:15", None),
        ("No number at all", None),
        ("Fax: 069 7654321, Telefon: 069 1234567", FRANKFURT),
        ("Telefax-Nr. +49 (69) 765 43 21", None),
    ],
)
def test_a_number_is_found_in_what_a_customer_wrote(text: str, found: str | None) -> None:
    assert next((one.number for one in find_numbers(text, "DE")), None) == found


@pytest.mark.parametrize(
    ("text", "extension"), [("069 1234567", ""), ("069 1234567 ext. 44", "44"), ("069 1234567 x7", "7")]
)
def test_what_is_dialled_behind_a_number_is_kept(text: str, extension: str) -> None:
    assert find_numbers(text, "DE") == [(FRANKFURT, extension)]


@pytest.mark.parametrize(
    ("number", "zone"),
    [
        (FRANKFURT, "Europe/Berlin"),
        ("+12125550123", "America/New_York"),
        ("+442079460958", "Europe/London"),
        ("+447911123456", "Europe/London"),
        ("+4740612345", "Europe/Oslo"),
        ("+18005550199", ""),
        ("+870773111632", ""),
        ("nonsense", ""),
    ],
)
def test_a_number_tells_its_time_zone_only_where_there_is_one(number: str, zone: str) -> None:
    assert zone_of(number, NOW) == zone


def test_a_number_is_shown_with_its_blanks() -> None:
    assert shown(FRANKFURT) == "+49 69 1234567"
    assert shown("odd\x1b[31m") == "odd"


def test_regions_are_known() -> None:
    assert is_region("DE")
    assert not is_region("Germany")
