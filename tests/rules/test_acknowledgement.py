"""Who gets a confirmation, what it says and in which language, and what may stand in a queue's own text."""

from __future__ import annotations

import re
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from helpdesk_tui.errors import Usage
from helpdesk_tui.rules.acknowledgement import (
    LANGUAGES,
    Wording,
    about,
    checked_text,
    language_for,
    letter,
    refusal,
    working_time,
)
from helpdesk_tui.rules.subjects import alike
from helpdesk_tui.terms import Authenticity, DeliveryReport, Person
from tests.build import an_incoming

KNOWN = {"is_backlog": False, "is_to_us": True, "is_from_us": False, "answers_machine": False}
REPORT = DeliveryReport(is_permanent=True, recipient="a@b.example", status="5.1.1", diagnostic="")


def sent_by(address: str) -> dict[str, Any]:
    """A mail of this sender."""
    return {"sender": Person("Mira Kern", address)}


REFUSED: dict[str, tuple[dict[str, Any], dict[str, bool], str]] = {
    "no sender": (sent_by(""), {}, "no sender"),
    "a sender that is not strict": ({"has_strict_sender": False}, {}, "no sender"),
    "an address that no mail server needs to take": (sent_by("möller@customer.example"), {}, "no sender"),
    "a forged sender": ({"authenticity": Authenticity.FAIL}, {}, "failed the check"),
    "an absence note": ({"auto_submitted": "auto-replied"}, {}, "machine"),
    "a newsletter's sign": ({"robot_signs": ("Precedence",)}, {}, "machine"),
    "who wants no answer of a machine": ({"robot_signs": ("X-Auto-Response-Suppress",)}, {}, "machine"),
    "a bounce": ({"report": REPORT}, {}, "machine"),
    "a read receipt": ({"notice": "receipt"}, {}, "machine"),
    "a mailing list": ({"is_list": True}, {}, "list"),
    "one of our addresses": ({}, {"is_from_us": True}, "nobody reads"),
    "an answer to what our program wrote": ({}, {"answers_machine": True}, "answers a confirmation"),
    "the subject of our confirmation": ({"subject": "AW: Ihre Anfrage ist bei uns angekommen"}, {}, "answers a conf"),
    "the same in English": ({"subject": "[EXT] Re: We have received your request (#7)"}, {}, "answers a conf"),
    "mail that does not name us": ({}, {"is_to_us": False}, "names no address"),
    "old mail of a new mailbox": ({}, {"is_backlog": True}, "first polled"),
}
NOBODY = (
    "noreply", "no-reply", "no_reply", "NoReply", "do-not-reply", "donotreply", "do_not_reply", "nicht-antworten",
    "bitte-nicht-antworten", "keine-antwort", "noreply+12", "no-reply-accounts", "billing.noreply", "mailer-daemon",
    "MAILER-DAEMON", "postmaster", "bounce", "bounces+7=a.example", "bounce-42", "root", "nobody", "owner-list",
    "list-request", "list-bounces", "devnull",
)  # fmt: skip
SOMEBODY = (
    "mira", "reply", "antworten", "norbert.reply", "nora", "info", "rootbeer", "bouncer", "daemonic", "owner1",
    "requests", "domino-replyer", "casino.reply", "support", "piano-response-team",
)  # fmt: skip


@pytest.mark.parametrize(("mail", "known", "reason"), REFUSED.values(), ids=REFUSED)
def test_what_speaks_against_a_confirmation(mail: dict[str, Any], known: dict[str, bool], reason: str) -> None:
    assert reason in refusal(an_incoming(**mail), **{**KNOWN, **known})


@pytest.mark.parametrize(
    "mail", [{}, {"auto_submitted": "no"}, {"authenticity": Authenticity.PASS}, {"subject": ""}, {"importance": "high"}]
)
def test_a_person_is_confirmed(mail: dict[str, Any]) -> None:
    assert refusal(an_incoming(**mail), **KNOWN) == ""


def test_each_reason_counts_beside_every_other() -> None:
    for mail, known, _reason in REFUSED.values():
        for other, more, _said in REFUSED.values():
            assert refusal(an_incoming(**{**mail, **other}), **{**KNOWN, **known, **more})


@pytest.mark.parametrize("local", NOBODY)
def test_nobody_reads_what_these_get(local: str) -> None:
    assert "nobody reads" in refusal(an_incoming(**sent_by(f"{local}@customer.example")), **KNOWN)


@pytest.mark.parametrize("local", SOMEBODY)
def test_somebody_reads_what_these_get(local: str) -> None:
    assert refusal(an_incoming(**sent_by(f"{local}@customer.example")), **KNOWN) == ""


def test_an_endless_address_or_subject_is_looked_through_once() -> None:
    begun = time.monotonic()
    for piece in ("a", "-", ".", "no", "no-", "-request", "[", "Re: ", "ihre anfrage ", "<", "=", "("):
        endless = piece * (60_000 // len(piece))
        refusal(an_incoming(**sent_by(f"{endless}@customer.example")), **KNOWN)
        refusal(an_incoming(subject=endless), **KNOWN)
        checked = endless[:4_000] if len(endless) > 4_000 else endless
        checked_text(checked.replace("{", ""))
        with pytest.raises(Usage):
            checked_text(endless + "{" * 60_000)
    assert time.monotonic() - begun < 4


TUESDAY = datetime(2026, 11, 24, 13, 0, tzinfo=UTC)
WORDING = Wording(queue="Example Support", texts={}, until=TUESDAY, zone="Europe/Berlin", number=None)


class TestWords:
    """What happens next, by when, and nothing else."""

    def test_german_says_it_in_german(self) -> None:
        subject, text = letter(WORDING, "de")
        assert subject == "Ihre Anfrage ist bei uns angekommen"
        assert "antwortet Ihnen bis Dienstag, 24.11.2026, 14:00 Uhr." in text
        assert text.endswith("Mit freundlichen Grüßen\nExample Support")

    def test_english_says_it_in_english(self) -> None:
        subject, text = letter(WORDING, "en")
        assert subject == "We have received your request"
        assert "answer you by Tuesday, 2026-11-24, 14:00." in text

    @pytest.mark.parametrize(("language", "said"), [("de", "so bald wie möglich"), ("en", "as soon as possible")])
    def test_where_no_time_is_promised_none_is_named(self, language: str, said: str) -> None:
        _subject, text = letter(replace(WORDING, until=None), language)
        assert said in text
        assert not re.search(r"\d", text)

    @pytest.mark.parametrize("language", LANGUAGES)
    def test_the_number_is_told_where_it_is_wanted(self, language: str) -> None:
        assert "4711" in letter(replace(WORDING, number=4711), language)[1]
        assert "4711" not in letter(WORDING, language)[1]
        assert not re.search(r"[{}]|\n\n\n", letter(WORDING, language)[1])

    def test_a_text_of_ones_own_stands_as_it_is(self) -> None:
        own = replace(WORDING, texts={"de": "Hallo, {until} ({number}). {queue}"}, number=7)
        assert letter(own, "de")[1] == "Hallo, bis Dienstag, 24.11.2026, 14:00 Uhr (7). Example Support"
        assert letter(own, "en") == letter(replace(WORDING, number=7), "en")

    def test_a_queue_named_like_a_place_is_only_a_name(self) -> None:
        assert letter(replace(WORDING, queue="{until} {queue}"), "en")[1].endswith("{until} {queue}")


@pytest.mark.parametrize(
    ("said", "address", "own", "language"),
    [
        ("Der Drucker druckt nicht mehr", "a@b.example", (), "de"),
        ("The printer does not print any more", "a@b.de", (), "en"),
        ("The printer does not print any more", "a@b.de", ("de",), "en"),
        ("", "a@b.de", (), "de"),
        ("", "A@B.AT", (), "de"),
        ("", "a@b.example", (), "en"),
        ("Mon imprimante ne marche pas, merci de votre aide", "a@b.fr", (), "en"),
        ("", "a@b.example", ("de",), "de"),
        ("", "a@b.de", ("en",), "en"),
        ("", "a@b.de", ("de", "en"), "de"),
    ],
)
def test_the_language_is_that_of_the_mail_or_the_likeliest(
    said: str, address: str, own: tuple[str, ...], language: str
) -> None:
    assert language_for(said, address, dict.fromkeys(own, "Own words")) == language


@pytest.mark.parametrize(
    ("within", "hours"), [("", None), ("none", None), ("4h", 4), ("1 h", 1), ("2d", 16), (" 2D ", 16), ("999h", 999)]
)
def test_a_promise_is_working_time(within: str, hours: int | None) -> None:
    assert working_time(within) == (None if hours is None else timedelta(hours=hours))


@pytest.mark.parametrize("within", ["4", "h", "0h", "0d", "-1h", "4m", "4h4h", "1000h", "soon", "٤h", "4.5h"])
def test_what_is_no_length_of_working_time_is_refused(within: str) -> None:
    with pytest.raises(Usage, match="length of working time"):
        working_time(within)


def test_a_text_may_have_its_places_and_no_others() -> None:
    assert checked_text(" {until}, {number}\r\n{queue} \x1b[2J") == "{until}, {number}\n{queue}"
    for wrong, named in (
        ("{subject}", "{subject}"),
        ("{until} {text!r}", "{text!r}"),
        ("{}", "{}"),
        ("x" * 4_001, "too long"),
    ):
        with pytest.raises(Usage, match=re.escape(named)):
            checked_text(wrong)


def test_confirmations_of_one_matter_to_one_domain_are_alike() -> None:
    assert about(alike("AW: Printer"), "a@B.example") == about(alike("printer"), "c@b.example")
    assert about(alike("Printer"), "a@b.example") != about(alike("Printer"), "a@c.example")
