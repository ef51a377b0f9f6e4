"""New requests are confirmed: once, to people, with words of ours alone, and so that nothing else changes by it."""

from __future__ import annotations

import os
import random
import string
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from email.message import EmailMessage
from email.policy import SMTP
from typing import Any

import pytest

from helpdesk_tui.config import CalendarSettings
from helpdesk_tui.desk.conversation import NewRequest, create, reply
from helpdesk_tui.desk.delivery import claim, conclude
from helpdesk_tui.desk.door import Desk
from helpdesk_tui.desk.history import redo, undo
from helpdesk_tui.desk.mailroom import ArrivedMail, file, keep
from helpdesk_tui.desk.merging import merge
from helpdesk_tui.desk.queue_mail import QueueMail, set_queue_mail
from helpdesk_tui.mail.compose import compose
from helpdesk_tui.mail.parse import parse
from helpdesk_tui.store.search import rebuild_all
from helpdesk_tui.terms import SYSTEM, Authenticity, OutboxState, Person, Status
from tests.build import (
    MIRA,
    SUPPORT,
    FrozenClock,
    Place,
    a_mail,
    a_ticket,
    an_incoming,
    filed,
    history,
    letter_bytes,
    listed,
    received,
    row,
    sql,
    thread,
)

OTTO = Person("Otto Fremd", "otto@elsewhere.example")
MAILS = 300 if os.environ.get("HELPDESK_LONG") else 20


@pytest.fixture
def confirming(admin: Desk, desk: Desk) -> Desk:
    """Anna's desk, where support confirms requests and promises an answer within four hours."""
    set_queue_mail(admin, "support", QueueMail(confirms=True, within="4h"))
    return desk


def confirmed(desk: Desk, **mail: Any) -> str:
    """To whom the confirmation of a mail that comes in now goes, "" where there is none."""
    number = filed(desk, an_incoming(**mail)).ticket or 0
    return ", ".join(one.to[0].address for one in thread(desk, number) if one.is_automatic)


def sent(desk: Desk) -> Iterator[bytes]:
    """The bytes of what leaves."""
    system = desk.acting_as(SYSTEM)
    while mail := claim(system, compose):
        conclude(system, mail.outbox_id, OutboxState.SENT, "")
        yield mail.content


def unconfirmed(place: Place) -> list[str]:
    """Why the mails that were not confirmed were not, oldest first."""
    rows = sql(place.store(), "SELECT signals FROM raw_message ORDER BY id")
    return [str(one.signals).partition("unconfirmed")[2] for one in rows if "unconfirmed" in str(one.signals)]


class TestWhoGetsOne:
    def test_a_new_request_is_confirmed_where_the_queue_wants_it(self, desk: Desk, admin: Desk) -> None:
        for decision, to in ((None, ""), (False, ""), (True, MIRA.address)):
            set_queue_mail(admin, "support", QueueMail(confirms=decision))
            assert confirmed(desk) == to

    def test_each_queue_decides_for_itself(self, confirming: Desk) -> None:
        billing = (Person("", "billing@desk.example"),)
        assert confirmed(confirming, to=billing) == ""
        assert confirmed(confirming) == MIRA.address

    def test_an_answer_to_a_ticket_is_not_confirmed(self, confirming: Desk) -> None:
        first = filed(confirming, an_incoming(message_id="first@customer.example", authenticity=Authenticity.PASS))
        reply(confirming, first.ticket or 0, "Is it on?")
        ours = thread(confirming, first.ticket or 0)[-1].message_id
        again = filed(confirming, an_incoming(in_reply_to=(ours,), references=(ours,)))
        assert again.ticket == first.ticket
        assert [one.is_automatic for one in thread(confirming, first.ticket or 0)] == [False, True, False, False]

    @pytest.mark.parametrize(
        "mail",
        [
            {"auto_submitted": "auto-replied"},
            {"is_list": True},
            {"authenticity": Authenticity.FAIL},
            {"has_strict_sender": False},
            {"sender": Person("", "noreply@customer.example")},
            {"sender": Person("", "support+x@desk.example")},
            {"sender": Person("", "BILLING@desk.example")},
            {"to": (), "delivered_to": (SUPPORT,)},
            {"robot_signs": ("X-Auto-Response-Suppress",)},
        ],
        ids=str,
    )
    def test_what_is_not_to_be_confirmed_is_not_and_says_why(
        self, confirming: Desk, place: Place, mail: dict[str, Any]
    ) -> None:
        got = filed(confirming, an_incoming(**mail))
        assert not any(one.kind == "outbound" for one in (thread(confirming, got.ticket) if got.ticket else []))
        assert sql(place.store(), "SELECT count(*) FROM outbox") == [(0,)]
        assert not got.ticket or len(unconfirmed(place)) == 1

    def test_mail_from_before_the_first_poll_is_not_confirmed(self, confirming: Desk, place: Place) -> None:
        system = confirming.acting_as(SYSTEM)
        old = ArrivedMail(b"old", confirming.clock(), is_backlog=True)
        file(system, keep(system, "new box", [old])[0].raw_id, an_incoming())
        assert sql(place.store(), "SELECT count(*) FROM outbox") == [(0,)]
        assert "first polled" in unconfirmed(place)[0]

    def test_an_address_in_cc_or_with_a_detail_is_ours(self, confirming: Desk) -> None:
        mine = Person("", "Support+printer@Desk.example")
        assert confirmed(confirming, to=(Person("", "boss@customer.example"),), cc=(mine,)) == MIRA.address

    def test_what_an_agent_passes_on_is_confirmed_to_nobody(self, confirming: Desk, place: Place) -> None:
        text = "-----Original Message-----\nFrom: Otto Fremd <otto@elsewhere.example>\nSubject: Lamp\n\nIt is dark."
        agent = {"sender": Person("Bob", "bob@desk.example"), "authenticity": Authenticity.PASS}
        number = filed(confirming, an_incoming(subject="Fwd: Lamp", text=text, **agent)).ticket or 0
        assert row(confirming, number).requester.address == OTTO.address
        assert sql(place.store(), "SELECT count(*) FROM outbox") == [(0,)]
        assert "not who asks" in unconfirmed(place)[0]


class TestHowMany:
    def test_an_address_gets_one_a_day(self, confirming: Desk, clock: FrozenClock) -> None:
        subjects = [f"Matter {number}" for number in range(4)]
        assert [confirmed(confirming, subject=one) for one in subjects] == [MIRA.address, "", "", ""]
        clock.advance(hours=23, minutes=59)
        assert confirmed(confirming, subject="Later") == ""
        clock.advance(minutes=2)
        assert confirmed(confirming, subject="The next day") == MIRA.address

    def test_the_same_mailbox_under_another_spelling_is_the_same(self, confirming: Desk) -> None:
        spellings = ("mira@customer.example", "MIRA@Customer.Example", "mira+shop@customer.example")
        got = [confirmed(confirming, sender=Person("", one), subject=one) for one in spellings]
        assert [bool(one) for one in got] == [True, False, False]

    def test_a_domain_gets_three_a_day_about_one_subject(self, confirming: Desk) -> None:
        def written(number: int, subject: str, domain: str = "customer.example") -> bool:
            return bool(confirmed(confirming, sender=Person("", f"x{number}@{domain}"), subject=subject))

        subjects = ("Hello", "AW: Hello", "hello", "Re: Hello", "HELLO")
        assert [written(number, one) for number, one in enumerate(subjects)] == [True, True, True, False, False]
        assert written(10, "Another matter")
        assert written(11, "Hello", "elsewhere.example")

    def test_a_storm_of_forged_senders_reaches_each_victim_once(self, confirming: Desk, place: Place) -> None:
        for number in range(60):
            filed(
                confirming, an_incoming(subject=f"Offer {number}", sender=Person("", f"v{number % 4}@victim.example"))
            )
        sent_to = sql(place.store(), "SELECT address, count(*) FROM acknowledgement GROUP BY address")
        assert sorted(map(tuple, sent_to)) == [(f"v{number}@victim.example", 1) for number in range(4)]

    def test_many_at_the_same_time_are_one(self, confirming: Desk, place: Place) -> None:
        desks = [place.desk(login) for login in ("anna", "bob") * 3]
        mails = [an_incoming(subject=f"Matter {number}") for number in range(len(desks))]
        with ThreadPoolExecutor(len(desks)) as pool:
            list(pool.map(filed, desks, mails))
        assert sql(place.store(), "SELECT count(*) FROM acknowledgement") == [(1,)]
        assert sql(place.store(), "SELECT count(*) FROM ticket") == [(len(desks),)]


class TestWhatItSays:
    @pytest.mark.parametrize("office", [{"hours": "never"}, {"hours": ""}, {"zone": "Europe/Nowhere"}], ids=str)
    def test_a_calendar_that_cannot_be_read_promises_nothing_and_stops_no_mail(
        self, confirming: Desk, office: dict[str, str]
    ) -> None:
        wrong = replace(confirming.settings, calendar=CalendarSettings(**office))
        received(replace(confirming, settings=wrong), a_mail("The printer does not print any more."))
        assert "as soon as possible" in parse(next(sent(confirming))).text

    def test_it_is_an_automatic_answer_in_the_language_of_the_mail(self, confirming: Desk) -> None:
        received(confirming, a_mail("Der Drucker druckt seit gestern nicht mehr.", message_id="a@customer.example"))
        (raw,) = sent(confirming)
        mail = parse(raw)
        assert mail.subject == "Ihre Anfrage ist bei uns angekommen"
        assert "bis Montag, 23.11.2026, 15:00 Uhr" in mail.text
        assert (mail.sender, mail.auto_submitted) == (Person("Example Support", SUPPORT), "auto-replied")
        assert mail.in_reply_to == ("a@customer.example",)
        assert mail.to == (Person("", MIRA.address),)

    def test_english_and_a_number_where_the_queue_tells_it(self, confirming: Desk, admin: Desk) -> None:
        set_queue_mail(admin, "support", QueueMail(within="", with_number=True))
        number = received(confirming, a_mail("The printer does not print any more.")).ticket
        (raw,) = sent(confirming)
        mail = parse(raw)
        assert "as soon as possible" in mail.text
        assert f"number here is {number};" in mail.text

    def test_working_time_is_counted(self, confirming: Desk, clock: FrozenClock) -> None:
        clock.advance(hours=5)  # four in the afternoon in Berlin, an hour before the day ends
        received(confirming, a_mail("The printer does not print any more."))
        assert "Tuesday, 2026-11-24, 12:00" in parse(next(sent(confirming))).text

    def test_nothing_of_the_mail_is_in_it(self, confirming: Desk, proves: Any, clock: FrozenClock) -> None:
        luck = random.Random(20261127)
        for number in range(MAILS):
            clock.advance(days=1, minutes=1)
            mail, words = _a_mail_of_words(luck, number)
            received(confirming, mail)
            (raw,) = sent(confirming)
            said = raw.decode() + parse(raw).text + parse(raw).subject
            assert [word for word in words if word in said] == []
            assert f"\r\nTo: {number}@customer.example\r\n" in raw.decode()
        proves("confirmations without a word of the mail", MAILS)

    def test_a_text_of_ones_own(self, confirming: Desk, admin: Desk) -> None:
        set_queue_mail(admin, "support", QueueMail(texts={"en": "Hi from {queue}, {until}."}))
        received(confirming, a_mail("The printer does not print any more."))
        assert parse(next(sent(confirming))).text == "Hi from Example Support, by Monday, 2026-11-23, 15:00."


class TestWhatItChanges:
    def test_it_is_no_answer_and_changes_no_clock(self, confirming: Desk, admin: Desk) -> None:
        with_one = filed(confirming, an_incoming()).ticket or 0
        set_queue_mail(admin, "support", QueueMail(confirms=False))
        without = filed(confirming, an_incoming(sender=OTTO)).ticket or 0
        one, other = row(confirming, with_one), row(confirming, without)
        for name in ("status", "waiting_for", "waiting_since", "updated_at", "assignee", "priority"):
            assert getattr(one, name, None) == getattr(other, name, None), name
        assert [event.verb for event in history(confirming, with_one)] == ["receive"]

    def test_no_search_finds_it_by_its_words(self, confirming: Desk) -> None:
        filed(confirming, an_incoming())
        for _ in range(2):
            assert listed(confirming, "angekommen") == listed(confirming, "received request") == []
            assert listed(confirming, "anything add") == []
            rebuild_all(confirming.store)
        assert len(listed(confirming, "fire")) == 1

    def test_the_customers_thread_goes_on_from_what_people_wrote(self, confirming: Desk) -> None:
        number = filed(confirming, an_incoming(message_id="first@customer.example")).ticket or 0
        reply(confirming, number, "Is it on?")
        *_ours, last = thread(confirming, number)
        assert last.subject == "Re: Printer"
        raws = [raw for raw in sent(confirming) if b"Is it on?" in raw]
        assert parse(raws[0]).references == ("first@customer.example",)


class TestTakenBack:
    """What was taken down by mistake is not confirmed to anybody."""

    def test_a_call_that_is_undone_before_it_left(self, confirming: Desk, place: Place) -> None:
        number = create(confirming, NewRequest(MIRA, "Drucker", "Er druckt nicht.")).tickets[0]
        undo(confirming)
        assert (row(confirming, number).status, list(sent(confirming))) == (Status.CANCELLED, [])
        assert sql(place.store(), "SELECT count(*) FROM message WHERE is_withdrawn") == [(1,)]
        redo(confirming)
        (raw,) = sent(confirming)
        assert (row(confirming, number).status, parse(raw).to) == (Status.NEW, (Person("", MIRA.address),))

    def test_one_that_has_left_stays(self, confirming: Desk) -> None:
        number = create(confirming, NewRequest(MIRA, "Drucker", "Er druckt nicht.")).tickets[0]
        claim(confirming.acting_as(SYSTEM), letter_bytes)  # it is on its way now
        assert f"the confirmation of #{number} (it has left)" in undo(confirming).text
        assert row(confirming, number).status == Status.CANCELLED


class TestCalls:
    def test_a_call_is_confirmed_where_an_address_is_known(self, confirming: Desk) -> None:
        outcome = create(confirming, NewRequest(MIRA, "Drucker kaputt", "Sie sagt, er druckt nicht mehr."))
        assert outcome.text.endswith("confirmed by mail")
        (raw,) = sent(confirming)
        mail = parse(raw)
        assert (mail.to, mail.auto_submitted) == ((Person("", MIRA.address),), "auto-replied")
        assert mail.sender == Person("Example Support", SUPPORT)
        assert not any(word in raw.decode() for word in ("Mira", "Kern", "kaputt", "sagt"))
        assert row(confirming, outcome.tickets[0]).status == "new"

    @pytest.mark.parametrize(
        ("request_", "decision"),
        [
            (NewRequest(Person("Ida", ""), "Printer", phone="0301234567"), True),
            (NewRequest(MIRA, "Printer"), False),
            (NewRequest(Person("Us", SUPPORT), "Printer"), True),
            (NewRequest(Person("Robot", "noreply@customer.example"), "Printer"), True),
            (NewRequest(Person("Möller", "möller@customer.example"), "Printer"), True),
            (NewRequest(MIRA, "Printer", queue="silent"), True),
        ],
        ids=["no address", "not wanted", "our own address", "nobody's address", "no plain address", "no sender"],
    )
    def test_else_it_is_not(self, desk: Desk, admin: Desk, place: Place, request_: NewRequest, decision: bool) -> None:
        for queue in ("support", "silent"):
            set_queue_mail(admin, queue, QueueMail(confirms=decision))
        assert "confirmed" not in create(desk, request_).text
        assert sql(place.store(), "SELECT count(*) FROM outbox") == [(0,)]

    def test_calls_and_mails_count_together(self, confirming: Desk) -> None:
        assert confirmed(confirming) == MIRA.address
        assert "confirmed" not in create(confirming, NewRequest(MIRA, "Printer")).text


def _a_mail_of_words(luck: random.Random, number: int) -> tuple[bytes, list[str]]:
    """A mail whose every word is invented, and the words."""

    def word() -> str:
        return "".join(luck.choices(string.ascii_letters + "äöüßéñ{}%$", k=luck.randint(9, 14)))

    name, subject, body = ([word() for _ in range(count)] for count in (2, 4, 40))
    mail = EmailMessage(SMTP)
    mail["From"] = Person(" ".join(name), "").name.join(('"', f'" <{number}@customer.example>'))
    mail["To"], mail["Subject"] = SUPPORT, " ".join(subject)
    mail["Message-ID"] = f"<{number}.words@customer.example>"
    mail.set_content(" ".join(body))
    return mail.as_bytes(), [*name, *subject, *body]


def test_a_confirmation_that_went_into_another_ticket_still_says_what_it_is(confirming: Desk) -> None:
    number = filed(confirming, an_incoming()).ticket or 0
    merge(confirming, number, a_ticket(confirming, "Other", person=OTTO))
    (mail,) = [one for one in sent(confirming) if MIRA.address.encode() in one]
    assert b"Auto-Submitted: auto-replied" in mail
