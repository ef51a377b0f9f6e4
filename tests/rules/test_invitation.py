"""What a customer is told: in their language, without a number of ours, and as an entry that calendars take."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import icalendar
import pytest
import vobject

from helpdesk_tui.rules.invitation import Appointment, News, entry, language_of, letter
from helpdesk_tui.terms import Person

START = datetime(2026, 11, 24, 8, 30, tzinfo=UTC)
WRITTEN = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
CALL = Appointment(
    uid="abc@desk.example",
    sequence=2,
    start=START,
    end=START + timedelta(minutes=15),
    zone="Europe/Berlin",
    customer_zone="America/New_York",
    organizer=Person("Beispiel-Support", "support@desk.example"),
    customer=Person("Erika Beispiel", "erika@customer.example"),
    caller="Anna Adler",
    phone="+12125550123",
)
HOSTILE = Person('A"; X-EVIL=1:\r\nATTENDEE:mailto:evil@x.example', "erika@customer.example")


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Bitte um Rückruf, ich habe die Rechnung nicht verstanden.", "de"),
        ("Please call me back, I did not understand the invoice.", "en"),
        ("RUECKRUF BITTE!", "de"),
        ("", "en"),
        ("0170 1234567", "en"),
        ("Vous pouvez me rappeler?", "en"),
    ],
)
def test_the_language_is_that_of_the_customer(text: str, language: str) -> None:
    assert language_of(text) == language


def test_where_the_text_says_nothing_something_else_decides() -> None:
    assert language_of("0170 1234567", "de") == "de"
    assert language_of("0170 1234567", "fr") == "en"


def test_a_german_letter_says_when_who_and_how_to_move_it() -> None:
    assert letter(News.BOOKED, CALL, "de") == (
        "Guten Tag Erika Beispiel,\n\n"
        "wir rufen Sie an:\n\n"
        "Dienstag, 24.11.2026, 09:30 bis 09:45 Uhr (Europe/Berlin)\n\n"
        "Bei Ihnen ist es dann Dienstag, 03:30 Uhr (America/New_York).\n"
        "Es ruft an: Anna Adler.\n"
        "Wir wählen die Nummer, die auf 123 endet.\n\n"
        "Passt es nicht, oder ist es eine andere Nummer? Antworten Sie einfach auf diese Mail.\n\n"
        "Mit freundlichen Grüßen\nBeispiel-Support"
    )


def test_an_english_letter_of_a_cancelled_call_names_it_and_no_caller() -> None:
    said = letter(News.CANCELLED, CALL, "en")
    assert "our call to you is cancelled:" in said
    assert "Tuesday, 2026-11-24, 09:30 to 09:45 (Europe/Berlin)" in said
    assert "Anna" not in said


def test_a_zone_that_shows_the_same_time_is_not_named() -> None:
    assert "Where you are" not in letter(News.BOOKED, replace(CALL, customer_zone="Europe/Paris"), "en")
    assert "Where you are" not in letter(News.BOOKED, replace(CALL, customer_zone=""), "en")


def test_nobody_in_particular_calls() -> None:
    assert "Whoever of us is free will call." in letter(News.MOVED, replace(CALL, caller=""), "en")


@pytest.mark.parametrize("news", News)
@pytest.mark.parametrize("who", [CALL.customer, HOSTILE, Person("李 小龍", "li@customer.example")])
def test_two_readers_understand_the_entry(news: News, who: Person) -> None:
    kind, content = entry(
        news, replace(CALL, customer=who, organizer=Person(who.name, "support@desk.example")), "de", WRITTEN
    )
    method = "CANCEL" if news is News.CANCELLED else "REQUEST"
    assert kind == f"text/calendar; method={method}; charset=utf-8"
    assert all(len(line) <= 75 for line in content.split(b"\r\n"))

    one = icalendar.Calendar.from_ical(content)
    (event,) = one.walk("VEVENT")
    assert (one["METHOD"], event["UID"], event["SEQUENCE"]) == (method, "abc@desk.example", 2)
    assert (event["DTSTART"].dt, event["DTEND"].dt) == (CALL.start, CALL.end)
    assert event["STATUS"] == ("CANCELLED" if news is News.CANCELLED else "CONFIRMED")
    assert [str(event[name]) for name in ("ORGANIZER", "ATTENDEE")] == [
        "mailto:support@desk.example",
        f"mailto:{who.address}",
    ]

    other = vobject.readOne(content.decode())
    assert (other.method.value, other.vevent.uid.value, other.vevent.sequence.value) == (
        method,
        "abc@desk.example",
        "2",
    )
    assert (other.vevent.dtstart.value, other.vevent.dtend.value) == (CALL.start, CALL.end)
    assert len(list(other.vevent.contents["attendee"])) == 1
    assert other.vevent.attendee.value == f"mailto:{who.address}"


def test_a_third_reader_in_another_language_understands_the_entry(tmp_path: Path) -> None:
    """ical.js, which Thunderbird reads calendars with; found where node has it."""
    node, found = shutil.which("node"), _ical_js()
    if not node or not found:
        pytest.skip("node with ical.js is not installed: npm install ical.js, and name its folder in NODE_PATH")
    _kind, content = entry(News.BOOKED, CALL, "de", WRITTEN)
    (tmp_path / "callback.ics").write_bytes(content)
    program = f"""
        const ICAL = (m => m.default || m)(await import({json.dumps(found)}));
        const text = (await import("fs")).readFileSync({json.dumps(str(tmp_path / "callback.ics"))}, "utf8");
        const calendar = new ICAL.Component(ICAL.parse(text));
        const event = new ICAL.Event(calendar.getFirstSubcomponent("vevent"));
        console.log(JSON.stringify([calendar.getFirstPropertyValue("method"), event.uid, event.sequence,
            event.startDate.toJSDate().toISOString(), event.endDate.toJSDate().toISOString(), event.summary]));
    """
    done = subprocess.run(
        [node, "--input-type=module", "-e", program], capture_output=True, text=True, timeout=60, check=True
    )
    assert json.loads(done.stdout) == [
        "REQUEST", "abc@desk.example", 2, "2026-11-24T08:30:00.000Z", "2026-11-24T08:45:00.000Z",
        "Anruf von Beispiel-Support",
    ]  # fmt: skip


def _ical_js() -> str | None:
    import os

    folders = [Path(folder) for folder in os.environ.get("NODE_PATH", "").split(":") if folder]
    places = [folder / "ical.js" / "dist" / name for folder in folders for name in ("ical.js", "ical.min.js")]
    return next((str(place) for place in places if place.exists()), None)
