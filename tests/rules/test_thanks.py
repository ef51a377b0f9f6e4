"""What is only a thank you, and what says more."""

from __future__ import annotations

import pytest

from helpdesk_tui.rules.thanks import is_mere_thanks

MERE = (
    "Danke!",
    "Vielen Dank für die schnelle Hilfe!\n\nViele Grüße\nErika Beispiel",
    "Thank you so much, it works now.\n\nBest regards,\nMira",
    "Super, danke, funktioniert wieder 👍",
    "Hallo Anna,\n\nperfekt, vielen lieben Dank!\n\nLG Tunde",
    "Thanks a lot for your quick reply. Have a nice weekend!",
    "thx",
    "Thanks for your help and support!",
    "Thanks for your quick reply and help!",
    "Danke für die Hilfe und Unterstützung.",
    "Vielen Dank für Ihre Mühe und Hilfe",
    "Vielen Dank für Ihre schnelle und tolle Hilfe!",
    "Danke, super Service!",
    "Great service, thank you!",
    "Herzlichen Dank für Ihre Bemühungen.\nMit freundlichen Grüßen\nH. Wagner",
)
MORE = (
    "",
    "Danke, aber es geht noch nicht.",
    "Thanks! Could you also send me the invoice?",
    "Vielen Dank. Leider ist der Drucker schon wieder kaputt.",
    "Thank you. My new number is 069 1234567.",
    "Danke für die Antwort. Bitte stornieren Sie die Bestellung und überweisen Sie den Betrag zurück.",
    "Das hat nicht geholfen.",
    "Thanks, still not working",
    "Danke im Voraus für die Zusendung der Unterlagen zum Vertrag 4711",
    "Thank you, please cancel.",
    "Danke. Drucker streikt wieder",
    "Danke, Vertrag kündigen",
    "Thanks, printer broken",
    "Danke Anna, Vertrag kündigen",
    "Danke!\nVertrag kündigen",
    "Danke!\nMontag passt",
    "Danke!\nKündigung",
    "Danke, Rechnung fehlt",
    "Hello team, help me again, thanks",
    "Hilfe! Danke",
    "Thanks. No.",
    "Danke. Kaputt.",
    "Danke. Storno",
    "Hello, thanks. Broken.",
    "Hi, thanks. Still Broken.",
    "Danke Anna",
    "Danke für keine Hilfe.",
    "Thanks for no reply.",
    "Thanks for the useless support.",
    "Thanks for not giving any help",
    "Danke für die falsche Info",
    "Danke für den schlechten Service.",
    "Danke. Und jetzt für morgen bitte Hilfe",
    "Thanks. And for the scanner support",
    "I need quick help, thanks",
    "Danke. " + "Der Drucker im dritten Stock zieht kein Papier ein. " * 20,
)


@pytest.mark.parametrize("text", MERE)
def test_it_says_thank_you_and_nothing_else(text: str) -> None:
    assert is_mere_thanks(text, "Erika Beispiel")


@pytest.mark.parametrize("text", MORE)
def test_it_says_more(text: str) -> None:
    assert not is_mere_thanks(text)


@pytest.mark.parametrize(
    "text", ["Danke Anna!", "Thanks, Anna.", "Vielen Dank, Anna", "Danke Anna Schmidt!", "Hallo Herr Dr\nDanke"]
)
def test_whom_of_us_it_thanks_is_known(text: str) -> None:
    assert is_mere_thanks(text, "Erika Beispiel", ("Anna Schmidt", "Bob"))
