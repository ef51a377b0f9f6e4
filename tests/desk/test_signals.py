"""Weak links to what another system had: Message-IDs of mail it sent, and its numbers in subjects."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from helpdesk_tui.desk.conversation import reply
from helpdesk_tui.desk.door import Desk
from helpdesk_tui.desk.settings import set_queue
from helpdesk_tui.desk.takeback import take_back
from helpdesk_tui.terms import Disposition
from tests.build import MORNING, SUPPORT, Place, a_mail, listed, received, row, sql, thread
from tests.transfer.samples import mail, mbox, take

MARK = "[Ticket#{number}]"
RECENTLY = MORNING - timedelta(days=2)
LONG_AGO = MORNING - timedelta(days=90)
WE_WROTE = {"sender": f"Support <{SUPPORT}>", "to": "mira@customer.example"}


@pytest.fixture
def root(place: Place) -> Desk:
    """The admin."""
    return place.desk("root")


def imported(root: Desk, tmp_path: Path, at: Any = RECENTLY) -> int:
    """The number of a ticket whose two mails were imported; its old number is INC-7."""
    subject = "[Ticket#INC-7] Drucker"
    mails = [mail(1, subject=subject, at=at), mail(2, subject=f"Re: {subject}", answers=[1], at=at, **WE_WROTE)]
    take(root, "mbox", mbox(tmp_path / "old", mails), subject_tag=MARK)
    (number,) = listed(root, "is:any")
    return number


@pytest.mark.parametrize(
    ("names", "reason"),
    [
        ({"In_Reply_To": "<2@old.example>"}, "earlier mail of the same person"),
        ({"References": "<1@old.example> <2@old.example>"}, "earlier mail of the same person"),
        ({"subject": "AW: [ticket#INC-7] Drucker"}, "old system's number"),
        ({"subject": "RE: [Ticket# INC-7] Drucker"}, "old system's number"),
    ],
)
def test_an_answer_of_the_customer_is_appended(root: Desk, tmp_path: Path, names: dict[str, str], reason: str) -> None:
    number = imported(root, tmp_path)
    filed = received(root, a_mail("Danke.", **names))
    assert (filed.ticket, filed.disposition, filed.row) == (number, Disposition.APPENDED, 11)
    assert reason in filed.reason
    assert row(root, number).status == "open"


@pytest.mark.parametrize("names", [{"In_Reply_To": "<2@old.example>"}, {"subject": "Re: [Ticket#INC-7] Drucker"}])
def test_a_stranger_gets_a_ticket_of_their_own_that_names_it(root: Desk, tmp_path: Path, names: dict[str, str]) -> None:
    number = imported(root, tmp_path)
    filed = received(root, a_mail("Ich auch.", sender="o@elsewhere.example", **names))
    assert (filed.linked_to, filed.disposition, filed.row) == (number, Disposition.LINKED, 13)
    assert filed.ticket not in (None, number)


@pytest.mark.parametrize("names", [{"In_Reply_To": "<2@old.example>"}, {"subject": "Re: [Ticket#INC-7] Drucker"}])
def test_what_was_closed_long_ago_is_only_named(root: Desk, tmp_path: Path, names: dict[str, str]) -> None:
    number = imported(root, tmp_path, LONG_AGO)
    filed = received(root, a_mail("Schon wieder.", **names))
    assert (filed.linked_to, filed.disposition, filed.row) == (number, Disposition.LINKED, 15)


@pytest.mark.parametrize("place", ["postgres"], indirect=True)  # a file has no confidential queue
def test_in_a_confidential_queue_an_unverified_number_is_only_named(root: Desk, tmp_path: Path, place: Place) -> None:
    number = imported(root, tmp_path)
    set_queue(root, "support", is_confidential=True)
    filed = received(root, a_mail("Danke.", subject="Re: [Ticket#INC-7] Drucker"))
    assert (filed.linked_to, filed.row) == (number, 13)


@pytest.mark.parametrize(
    "subject",
    [
        "Re: [Ticket#INC-8] Drucker",
        "Re: Ticket#INC-7",
        "Re: [Ticket#INC-70] x",
        "[Other#INC-7] x",
        "INC-7",
        "[Ticket#]",
    ],
)
def test_another_number_or_another_mark_means_nothing(root: Desk, tmp_path: Path, subject: str) -> None:
    imported(root, tmp_path)
    filed = received(root, a_mail("Hallo.", subject=subject))
    assert (filed.disposition, filed.row) == (Disposition.NEW, 17)


def test_a_machine_with_the_number_is_a_machine(root: Desk, tmp_path: Path) -> None:
    imported(root, tmp_path)
    filed = received(root, a_mail("away", subject="Re: [Ticket#INC-7] Drucker", Auto_Submitted="auto-replied"))
    assert (filed.disposition, filed.row) == (Disposition.ROBOT, 5)


def test_once_the_import_is_taken_back_its_links_mean_nothing(root: Desk, tmp_path: Path) -> None:
    imported(root, tmp_path)
    batch = take(root, "mbox", tmp_path / "old", subject_tag=MARK).batch
    take_back(root, batch or "")
    for names in ({"In_Reply_To": "<2@old.example>"}, {"subject": "Re: [Ticket#INC-7] Drucker"}):
        assert received(root, a_mail("Danke.", **names)).row == 17


def test_mail_of_our_own_is_still_known_by_its_token_alone(root: Desk) -> None:
    """An outbound message that no other system had is no weak link: its id is only as good as its token."""
    number = received(root, a_mail("Hallo.")).ticket or 0
    reply(root, number, "Guten Tag.")
    sent = thread(root, number)[-1].message_id
    sql(root.store, "DELETE FROM own_token")
    assert received(root, a_mail("Danke.", subject="Dank", In_Reply_To=f"<{sent}>")).row == 17
