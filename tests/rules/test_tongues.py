"""The language of a mail, from very short to mixed; what is neither German nor English is nothing of the two."""

from __future__ import annotations

import time

import pytest

from helpdesk_tui.rules.tongues import language_of

TEXTS = {
    "de": (
        "Danke!",
        "Vielen Dank.",
        "Ok danke",
        "Bitte um Rückruf",
        "Drucker kaputt",
        "geht nicht",
        "Ich brauche Hilfe.",
        "Hallo, mein Drucker druckt nicht mehr.",
        "Guten Tag,\n\nder Drucker im 2. OG geht wieder.\n\nViele Grüße\nAnna Schmidt",
        "Sehr geehrte Damen und Herren,\n\nanbei die Rechnung.\n\nMit freundlichen Grüßen\nPeter Lange",
        "Moin, VPN geht wieder nicht",
        "Wo finde ich meine Rechnung?",
        "Bitte Passwort zurücksetzen: anna@the-and-you.example",
        "Fuer meinen Vertrag moechte ich eine Kuendigung schicken. MfG Otto",
        "Hello again in Outlook: das Fenster heißt jetzt \"Sign in to your account\", und ich kann mich nicht anmelden.",
        "Hallo Team,\n\nich habe ein Update auf Version 2.1 gemacht, jetzt crasht die App beim Login.\n\nBest regards\nJan",
        "Kündigung zum 31.12., bitte bestätigen.",
        "> The old text of the mail that you have sent to me\n\nNein, das ist nicht so.",
        "Mit freundlichen Grüßen / Kind regards\nUwe Stark\n\nDie Datenbank ist seit heute früh nicht erreichbar.",
        "wann kommt der techniker",
    ),
    "en": (
        "Thanks!",
        "Thank you",
        "ok thx, works",
        "Please call me back.",
        "Printer not working",
        "It's broken again",
        "Hello,\n\nthe printer works again.\n\nBest regards\nAnna",
        "Dear Support,\n\nplease find attached the invoice.\n\nKind regards\nRita Vale",
        "I can't log in since Monday.",
        "Where is my invoice?",
        "Any news on this?",
        "could you reset my password pls",
        "We are still waiting for an answer, and it has been three weeks.",
        "Hi team, my colleague Jürgen Müller in Köln says that the VPN is down.\n\nMit freundlichen Grüßen",
        "I don’t know what to do",
        "> Bitte starten Sie den Drucker neu, und sagen Sie uns, ob er geht.\n\nIt does not help.",
        "The error is: \"Zugriff verweigert\". What does it mean?",
    ),
    "": (
        "",
        "   \n\n",
        "ok",
        "👍",
        "4711",
        "Anna Schmidt\nMuster GmbH\nHauptstraße 1, 12345 Berlin\nTel. 030 5550123",
        "Sam Field\nField & Daughters Ltd\n+44 20 5550 1234",
        "Max Muster\nAm Markt 5",
        "https://www.the-and-you.example/der/die/das",
        "Hallo",
        "Hi",
        "Password dimenticata",
        "Bonjour,\n\nmon imprimante ne marche plus. Pouvez-vous m'aider ?\n\nCordialement",
        "Merci beaucoup !",
        "Je n'ai pas reçu la facture, et vous ne répondez pas.",
        "Hallo,\n\nmijn printer doet het niet meer. Kunnen jullie me helpen?\n\nMet vriendelijke groet",
        "Bedankt, het werkt weer.",
        "Hartelijk dank",
        "Ik heb nog geen antwoord gekregen op mijn vraag van gisteren.",
        "Hallo, wat is de status van mijn order? Ik wil graag weten of die al in het systeem is.",
        "Hej,\n\nmin printer virker ikke. Kan I hjælpe mig?\n\nMed venlig hilsen",
        "Den er god, tak for det.",
        "Hej, skrivaren fungerar inte. Kan ni hjälpa mig med det här?",
        "Hola, no puedo entrar en mi cuenta. Gracias.",
        "Buongiorno, la stampante non funziona. Grazie.",
        "Olá, a impressora não funciona. Obrigado.",
        "Dzień dobry, drukarka nie działa. Proszę o pomoc.",
        "プリンターが動きません。",
        "Принтер не работает, помогите пожалуйста.",
        "Guten Tag, ich habe eine Frage zu der Rechnung. / Hello, I have a question about the invoice.",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("language", "text"), [(language, text) for language in TEXTS for text in TEXTS[language]])
def test_the_language_of_a_mail_is_known_or_left_open(language: str, text: str) -> None:
    assert language_of(text) == language


def test_only_the_beginning_of_a_text_counts() -> None:
    assert language_of("Ich kann mich nicht anmelden. " + "you are the one and only " * 10_000) == ""
    assert language_of("Ich kann mich nicht anmelden. " + " " * 4_000 + "you are the one and only " * 100) == "de"


@pytest.mark.parametrize(
    "piece", ["a", " ", "\n", ">", "> ", "\n>", "'", "a'", "a@", "://", "the ", "ß", "-", "=", "(", "a'b "]
)
def test_no_text_takes_long(piece: str) -> None:
    text = piece * (60_000 // len(piece))
    since = time.process_time()
    language_of(text)
    assert time.process_time() - since < 0.2
