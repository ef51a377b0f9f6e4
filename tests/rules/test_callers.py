"""Who asks, as somebody types it."""

from __future__ import annotations

import pytest

from helpdesk_tui.errors import Usage
from helpdesk_tui.rules.callers import read_caller


@pytest.mark.parametrize(
    ("typed", "name", "address", "phone"),
    [
        ("Erika Beispiel", "Erika Beispiel", "", ""),
        ("e@b.example", "", "e@b.example", ""),
        ("Erika Beispiel <e@b.example>", "Erika Beispiel", "e@b.example", ""),
        ('"Beispiel, Erika" <e@b.example>', "Beispiel, Erika", "e@b.example", ""),
        (" <e@b.example> ", "", "e@b.example", ""),
        ("Erika e@b.example", "Erika", "e@b.example", ""),
        ("+49 (69) 1234-567", "", "", "+49 (69) 1234-567"),
        ("069/1234", "", "", "069/1234"),
        ("Stube 12", "Stube 12", "", ""),
        ("+49", "", "", "+49"),
        ("--", "--", "", ""),
        ('Erika "Ika" Beispiel <e@b.example>', 'Erika "Ika" Beispiel', "e@b.example", ""),
        ('"Erika" <e@b.example>', "Erika", "e@b.example", ""),
        (" " * 30_000 + "<", "<", "", ""),
        ('"' * 30_000 + "<", '"' * 199 + "…", "", ""),
        ("1" * 30_000 + "x", "1" * 199 + "…", "", ""),
        ("1" * 30_000, "", "", "1" * 59 + "…"),
        ("", "", "", ""),
        ("\x1b[31mErika\x00", "Erika", "", ""),
    ],
)
def test_a_caller_is_read(typed: str, name: str, address: str, phone: str) -> None:
    caller = read_caller(typed)
    assert (caller.person.name, caller.person.address, caller.phone) == (name, address, phone)


@pytest.mark.parametrize("typed", ["bad <a b@c>", "Erika <>", "Erika <nobody>", "@", "a@b,c@d", "Erika @home", "a@b@c"])
def test_what_is_no_address_is_refused(typed: str) -> None:
    with pytest.raises(Usage, match="is not an address"):
        read_caller(typed)
