"""Where the new text of a reply ends, in the manner of many mail programs."""

from __future__ import annotations

import pytest

from helpdesk_tui.mail.quotes import split_quote
from tests.mail.raw_mail import a_mail, read

GERMAN = "Guten Tag,\n\nder Drucker geht wieder.\n\nViele Grüße\nAnna Schmidt"
ENGLISH = "Hello,\n\nthe printer works again.\n\nBest regards\nAnna"
OUTLOOK_DE = "Von: Desk <desk@d.example>\nGesendet: Montag, 1. Januar 2024 09:00\nAn: Anna <anna@b.example>\n"
OUTLOOK_EN = "From: Desk <desk@d.example>\nSent: Monday, January 1, 2024 9:00 AM\nTo: Anna <anna@b.example>\n"

TAILS = {
    "thunderbird de": (GERMAN, "Am 01.01.24 um 09:00 schrieb Desk:\n> Geht er?\n> Gruß"),
    "thunderbird en": (ENGLISH, "On 1/1/24 9:00 AM, Desk wrote:\n> Does it work?"),
    "thunderbird old de": (GERMAN, "Desk schrieb am 01.01.2024 um 09:00:\n> Geht er?"),
    "gmail de": (GERMAN, "Am Mo., 1. Jan. 2024 um 09:00 Uhr schrieb Desk <desk@d.example>:\n\n> Geht er?"),
    "gmail de wrapped": (
        GERMAN,
        "Am Mo., 1. Jan. 2024 um 09:00 Uhr schrieb Desk der Firma <\ndesk@d.example>:\n\n> Geht er?",
    ),
    "gmail en": (ENGLISH, "On Mon, Jan 1, 2024 at 9:00 AM Desk <desk@d.example> wrote:\n\n> Does it work?"),
    "gmail en wrapped": (ENGLISH, "On Mon, Jan 1, 2024 at 9:00 AM Desk\n<desk@d.example> wrote:\n\n> Does it work?"),
    "apple de": (GERMAN, "Am 01.01.2024 um 09:00 schrieb Desk <desk@d.example>:\n\n> \n> Geht er?"),
    "apple en": (ENGLISH, "On Jan 1, 2024, at 9:00 AM, Desk <desk@d.example> wrote:\n\nDoes it work?"),
    "iphone de": (
        GERMAN,
        "Von meinem iPhone gesendet\n\n> Am 01.01.2024 um 09:00 schrieb Desk <desk@d.example>:\n> \n> Geht er?",
    ),
    "iphone en": (
        ENGLISH,
        "Sent from my iPhone\n\n> On Jan 1, 2024, at 9:00 AM, Desk <desk@d.example> wrote:\n> \n> Does it?",
    ),
    "outlook de": (GERMAN, OUTLOOK_DE + "Betreff: Drucker\n\nGeht er?"),
    "outlook en": (ENGLISH, OUTLOOK_EN + "Subject: Printer\n\nDoes it work?"),
    "outlook line": (ENGLISH, "________________________________\n" + OUTLOOK_EN + "Subject: Printer\n\nDoes it?"),
    "outlook old de": (GERMAN, "-----Ursprüngliche Nachricht-----\n" + OUTLOOK_DE + "Betreff: Drucker\n\nGeht er?"),
    "outlook old en": (ENGLISH, "-----Original Message-----\n" + OUTLOOK_EN + "Subject: Printer\n\nDoes it?"),
    "outlook bold": (
        GERMAN,
        "*Von:* Desk <desk@d.example>\n*Gesendet:* Montag\n*An:* Anna\n*Betreff:* Drucker\n\nGeht er?",
    ),
    "outlook ios": (
        GERMAN,
        "Outlook für iOS beziehen<https://aka.ms/o0ukef>\n________________________________\n" + OUTLOOK_DE,
    ),
    "outlook ios en": (
        ENGLISH,
        "Get Outlook for iOS<https://aka.ms/o0ukef>\n________________________________\n" + OUTLOOK_EN,
    ),
    "gmx": (
        GERMAN,
        'Gesendet: Montag, 01. Januar 2024 um 09:00 Uhr\nVon: "Desk" <desk@d.example>\nAn: anna@b.example\nBetreff: x\nGeht er?',
    ),
    "gmx app": (
        GERMAN,
        "--\nDiese Nachricht wurde von meinem Android Gerät mit GMX Mail gesendet.\nAm 01.01.24, 09:00 schrieb Desk <desk@d.example>:\n> Geht er?",
    ),
    "web.de": (GERMAN, "Gesendet mit der WEB.DE Mail App\n\nAm 01.01.24 um 09:00 schrieb Desk\n> Geht er?"),
    "k-9": (GERMAN, "Am 1. Januar 2024 09:00:00 MEZ schrieb Desk <desk@d.example>:\n>Geht er?"),
    "android": (
        ENGLISH,
        "Sent from my Galaxy\n\n-------- Original message --------\nFrom: Desk <desk@d.example>\nDate: 1/1/24 9:00 AM\nTo: anna@b.example\nSubject: x\n\nDoes it?",
    ),
    "samsung de": (
        GERMAN,
        "Von meinem Samsung Galaxy Smartphone gesendet.\n\n-------- Ursprüngliche Nachricht --------\nVon: Desk <desk@d.example>\nDatum: 01.01.24 09:00\n",
    ),
    "yahoo": (
        ENGLISH,
        "On Monday, January 1, 2024 at 09:00:00 AM GMT+1, Desk <desk@d.example> wrote:\n\n Does it work?",
    ),
    "notes": (
        GERMAN,
        "-----desk@d.example schrieb: -----\nAn: Anna\nVon: desk@d.example\nDatum: 01.01.2024 09:00\nBetreff: Drucker\n\nGeht er?",
    ),
    "signature": (GERMAN, "-- \nAnna Schmidt\nKunde GmbH\nTel. 0123"),
    "signature without a blank": (ENGLISH, "--\nAnna\nCustomer Ltd"),
    "signature and quote": (ENGLISH, "-- \nAnna\n\nOn 1/1/24 9:00 AM, Desk wrote:\n> Does it work?"),
    "mailing list footer": (
        ENGLISH,
        "_______________________________________________\nUsers mailing list\nusers@l.example",
    ),
    "bare marks": (ENGLISH, "> Does it work?\n> Regards"),
    "windows mail": (
        GERMAN,
        "Gesendet von Mail für Windows\n\nVon: Desk\nGesendet: Montag, 1. Januar 2024 09:00\nAn: Anna\nBetreff: x\n\nGeht er?",
    ),
    "french": ("Ça marche.", "Le lun. 1 janv. 2024 à 09:00, Desk <desk@d.example> a écrit :\n\n> Et alors ?"),
    "spanish": ("Funciona.", "El lun, 1 ene 2024 a las 9:00, Desk (<desk@d.example>) escribió:\n\n> ¿Funciona?"),
    "italian": (
        "Funziona.",
        "Il giorno lun 1 gen 2024 alle ore 09:00 Desk <desk@d.example> ha scritto:\n\n> Funziona?",
    ),
    "dutch": ("Hij doet het.", "Op ma 1 jan 2024 om 09:00 schreef Desk <desk@d.example>:\n\n> Werkt het?"),
}


@pytest.mark.parametrize("program", TAILS)
def test_the_quote_of_every_program_is_folded(program: str) -> None:
    new, tail = TAILS[program]
    assert split_quote(f"{new}\n\n{tail}") == (new, tail)


WHOLE = {
    "plain": GERMAN,
    "answers between the lines": "Am 01.01.24 um 09:00 schrieb Desk:\n> Geht er?\nJa.\n> Und der zweite?\nNein.",
    "short answers": "On 1/1/24 9:00 AM, Desk wrote:\n> Does it work?\n\nYes\n\n> And now?\n\nNo",
    "marks on top, answer below": "> Does it work?\n\nYes, it does.",
    "forwarded de": "Bitte kümmern.\n\n---------- Weitergeleitete Nachricht ---------\nVon: X <x@y.example>\nDatum: heute\nBetreff: z\n\nHilfe!",
    "forwarded en": "FYI\n\n---------- Forwarded message ---------\nFrom: X <x@y.example>\nDate: today\nSubject: z\n\nHelp!",
    "forwarded apple": "Siehe unten\n\nAnfang der weitergeleiteten Nachricht:\n\nVon: X <x@y.example>\nBetreff: z\nAn: y",
    "only marks": "> Only a quote",
    "a date and a verb": "Am Montag schrieb ich Ihnen:\nDer Drucker geht nicht.\n\nGeht er jetzt?",
    "a journey": "Von: Berlin\nAn: Hamburg\n\nBitte buchen.",
    "a list": "Bitte:\n- Toner\n- Papier",
    "sent by hand": "The parcel\n\nSent from my desk, is much easier than my mobile phone.",
    "dashes in the text": "A -- B\n---\nC und D und so weiter",
}


@pytest.mark.parametrize("case", WHOLE)
def test_what_is_new_stays_whole(case: str) -> None:
    assert split_quote(WHOLE[case]) == (WHOLE[case], "")


def test_an_answer_below_the_quote_is_the_new_text() -> None:
    text = "Am 01.01.24 um 09:00 schrieb Desk:\n> Geht er?\n> Gruß\n\nJa, danke.\n\n-- \nAnna"
    assert split_quote(text) == ("Ja, danke.", "Am 01.01.24 um 09:00 schrieb Desk:\n> Geht er?\n> Gruß\n\n-- \nAnna")


def test_a_reply_without_words_has_only_its_quote() -> None:
    text = "Von meinem iPhone gesendet\n\nAm 01.01.2024 um 09:00 schrieb Desk <desk@d.example>:\n> Geht er?"
    assert split_quote(text) == ("", text)


@pytest.mark.parametrize("prefix", ["WG:", "Fwd:", "FW:", "TR :"])
def test_a_forward_stays_whole_by_its_subject(prefix: str) -> None:
    body = "Bitte kümmern.\n\n" + OUTLOOK_DE + "Betreff: Kamera\n\nSie geht nicht."
    assert read(a_mail(body, header=f"Subject: {prefix} Kamera")).text == body
    assert read(a_mail(body, header=f"Subject: AW: {prefix} Kamera")).text == "Bitte kümmern."


@pytest.mark.parametrize("program", TAILS)
def test_no_line_is_lost(program: str) -> None:
    text = "\n\n".join(TAILS[program])
    assert sorted(line for half in split_quote(text) for line in half.split("\n") if line) == sorted(
        line for line in text.split("\n") if line
    )
