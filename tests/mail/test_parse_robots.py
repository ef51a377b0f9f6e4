"""The signs of a program in a mail, and what only looks like one."""

from __future__ import annotations

import pytest

from helpdesk_tui.rules.robots import is_robot
from tests.mail.raw_mail import a_mail, read

SIGNS = {
    "X-Autoreply: yes": "X-Autoreply",
    "X-Autorespond: Printer": "X-Autorespond",
    "Precedence: bulk": "Precedence",
    "Precedence: auto_reply": "Precedence",
    "Return-Path: <>": "Return-Path",
    "X-Auto-Response-Suppress: All": "X-Auto-Response-Suppress",
    "X-OTRS-Loop: yes": "X-OTRS-Loop",
    "X-FreeScout-Mail-Type: auto.reply": "X-FreeScout-Mail-Type",
    "X-JIRA-FingerPrint: 0123456789abcdef": "X-JIRA-FingerPrint",
    "X-Vacation: yes": "X-Vacation",
}


@pytest.mark.parametrize("field", SIGNS)
def test_a_field_of_a_program_is_a_sign(field: str) -> None:
    assert read(a_mail(header=field)).robot_signs == (SIGNS[field],)


@pytest.mark.parametrize(
    "field",
    [
        "X-Autoreply: no",
        "X-Auto-Response-Suppress: None",
        "X-OTRS-Loop: desk@partner.example",
        "X-FreeScout-Mail-Type: customer.message",
        "Precedence: list",
        "Precedence: first-class",
        "Return-Path: <anna@customer.example>",
        "X-Zendesk-From-Account-Id: 1",
        "Auto-Submitted: no",
    ],
)
def test_a_field_that_people_send_along_is_none(field: str) -> None:
    mail = read(a_mail(header=field))
    assert (mail.robot_signs, is_robot(mail, answers_us=True)) == ((), False)


ANNOUNCED = [
    "Automatic reply: Printer",
    "Automatische Antwort: Drucker",
    "Automatisierte Antwort",
    "Auto-Reply: Printer",
    "AutoReply",
    "Out of Office: Printer",
    "Out of the office until May 5",
    "OOO: Printer",
    "I am out of the office",
    "Vacation reply",
    "Abwesenheitsnotiz: Drucker",
    "Abwesenheitsmeldung",
    "Urlaubsbenachrichtigung",
    "Abwesend bis 12.05.",
    "Abwesend vom 1. bis 12.05.",
    "Ich bin im Urlaub",
    "Nicht im Büro",
    "Ich bin nicht im Büro bis Montag",
    "Eingangsbestätigung Ihrer Nachricht",
    "[Ticket#2026051210000011] Ihre Anfrage ist eingegangen",
    "[Ticket#17] We have received your request",
    "[#4711] Vielen Dank für Ihre Anfrage",
]


@pytest.mark.parametrize("subject", ANNOUNCED)
def test_a_subject_that_announces_a_program_is_a_sign(subject: str) -> None:
    mail = read(a_mail(header=f"Subject: {subject}"))
    assert mail.robot_signs == ("Subject",)
    assert is_robot(mail, answers_us=True)
    assert not is_robot(mail)


@pytest.mark.parametrize(
    "subject",
    [
        "Re: Automatic reply: Printer",
        "AW: Abwesenheitsnotiz einrichten",
        "Automat im Flur defekt",
        "Nicht im Büro zu erreichen: Kollege Kern",
        "Office 365 is out of licences",
        "Autobahn gesperrt, ich komme später",
        "Ihre Anfrage ist eingegangen?",
        "[Ticket#17] Printer still broken",
        "Fwd: Out of office",
    ],
)
def test_a_subject_of_a_person_is_none(subject: str) -> None:
    assert read(a_mail(header=f"Subject: {subject}")).robot_signs == ()


@pytest.mark.parametrize(
    "header",
    [
        "List-Id: <talk.lists.example>",
        "List-Id: <talk.lists.example>\nPrecedence: bulk",
        "List-Unsubscribe: <mailto:x@lists.example>\nPrecedence: bulk",
        "Precedence: list",
    ],
)
def test_list_mail_is_marked_and_no_robot(header: str) -> None:
    mail = read(a_mail(header=header))
    assert mail.is_list
    assert not is_robot(mail)
