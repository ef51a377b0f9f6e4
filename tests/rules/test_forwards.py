"""Whose mail somebody passes on, by the head that mail programs put above it."""

from __future__ import annotations

import time

import pytest

from helpdesk_tui.rules.forwards import forwarded_sender, is_forward
from helpdesk_tui.terms import Person

ERIKA = Person("Erika Beispiel", "erika@kunde.example")
OUTLOOK = """Kann das jemand übernehmen?

________________________________
Von: Erika Beispiel <erika@kunde.example>
Gesendet: Donnerstag, 12. November 2026 09:06
An: Anna
Betreff: Rechnung
"""
CASES = {
    "Outlook, German": (f"WG: Rechnung\n{OUTLOOK}", ERIKA),
    "Outlook, English": ("FW: Invoice\nFrom: Erika Beispiel [mailto:erika@kunde.example]\nSent: Monday", ERIKA),
    "Gmail": (
        "Fwd: Invoice\n---------- Forwarded message ---------\nFrom: Erika Beispiel <erika@kunde.example>\nDate: Mon",
        ERIKA,
    ),
    "Apple Mail": (
        "Fwd: x\nAnfang der weitergeleiteten Nachricht:\n\n> Von: Erika Beispiel <erika@kunde.example>",
        ERIKA,
    ),
    "Thunderbird": (
        "Fwd: x\n-------- Weitergeleitete Nachricht --------\nVon: \tErika Beispiel <erika@kunde.example>",
        ERIKA,
    ),
    "bold labels": ("WG: x\n*Von:* Erika Beispiel <erika@kunde.example>", ERIKA),
    "bare address": ("Fwd: x\nFrom: erika@kunde.example\nTo: anna@desk.example", Person("", "erika@kunde.example")),
    "the address as its name": (
        "Fwd: x\nFrom: erika@kunde.example <erika@kunde.example>",
        Person("", "erika@kunde.example"),
    ),
    "the first of two heads": (
        "WG: x\nVon: Erika Beispiel <erika@kunde.example>\n\nVon: Otto Fremd <otto@elsewhere.example>",
        ERIKA,
    ),
    "no forward": (f"Rechnung\n{OUTLOOK}", None),
    "an answer": (f"AW: Rechnung\n{OUTLOOK}", None),
    "no head": ("WG: Rechnung\nSiehe unten.", None),
    "no address": ("WG: Rechnung\nVon: Erika Beispiel", None),
    "two at-signs": ("WG: Rechnung\nVon: Erika <erika@kunde@example>", None),
}


@pytest.mark.parametrize(("mail", "sender"), CASES.values(), ids=list(CASES))
def test_the_sender_of_what_is_passed_on(mail: str, sender: Person | None) -> None:
    subject, _line, text = mail.partition("\n")
    assert forwarded_sender(subject, text) == sender


@pytest.mark.parametrize(
    ("subject", "expected"),
    [
        ("WG: x", True),
        ("Fwd: x", True),
        ("FW : x", True),
        ("TR: x", True),
        ("AW: WG: x", False),
        ("x", False),
        ("", False),
    ],
)
def test_a_subject_that_passes_on(subject: str, expected: bool) -> None:
    assert is_forward(subject) is expected


@pytest.mark.parametrize("piece", ["From:", "Von: <", "> ", "a", " ", "\n", "<", "@", "Von: a@b", "*Von:*\t"])
@pytest.mark.parametrize("head", ["", "From: ", "\nVon: a"])
def test_endless_text_takes_no_time(head: str, piece: str) -> None:
    begun = time.process_time()
    for _mail in range(10):
        forwarded_sender("WG: x", head + piece * 60_000)
    assert time.process_time() - begun < 3, "a hundredth of it, or minutes where it is the square"
