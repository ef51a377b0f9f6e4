"""The store never takes what one mail says: that mail alone is set aside or filed barely, and no other waits for it."""

from __future__ import annotations

from collections import Counter
from email import message_from_bytes, policy

import pytest

from helpdesk_tui.desk.door import Desk
from helpdesk_tui.desk.mailroom import ArrivedMail
from helpdesk_tui.errors import HelpdeskError
from helpdesk_tui.mail.ingest import file_left_over, retry_quarantined, take_in
from helpdesk_tui.terms import Disposition
from tests.build import MAILBOX, Place, a_mail, sql, thread
from tests.refusing import refusing

MAILS, BAD = 12, 5
#: A value that a column does not hold, a rule that is broken, and a statement that is too large (SQLSTATE).
CODES = ("22021", "23514", "54000")
#: The index of a table is damaged (SQLSTATE): that is about all mail.
DAMAGED = "XX002"
LASTING = [("sqlite", ""), *(("postgres", code) for code in CODES)]


def mails() -> list[bytes]:
    """Some mails with a file each, of which one has what the store will not take in its text and in its file's name."""
    found = []
    for number in range(MAILS):
        name = "poison" if number == BAD else "plain"
        mail = message_from_bytes(a_mail(f"Matter {number}, {name}"), policy=policy.SMTP)
        mail.add_attachment(b"%PDF-", maintype="application", subtype="pdf", filename=f"{name}.pdf")
        found.append(mail.as_bytes())
    return found


def arrived(desk: Desk) -> list[ArrivedMail]:
    return [ArrivedMail(mail, desk.clock()) for mail in mails()]


@pytest.mark.parametrize(("place", "code"), LASTING, indirect=["place"])
def test_what_cannot_be_filed_at_all_is_quarantined_and_the_others_are_filed(
    place: Place, system: Desk, code: str
) -> None:
    with refusing(place, "message", "text", "poison", code):
        filed = take_in(system, MAILBOX, arrived(system))
    assert Counter(one.disposition for one in filed) == {Disposition.NEW: MAILS - 1, Disposition.QUARANTINED: 1}
    assert filed[BAD].disposition == Disposition.QUARANTINED
    assert filed[BAD].reason == "The store refused this: not that"
    (again,) = retry_quarantined(system)
    assert again.disposition == Disposition.NEW
    assert [(one.text, len(one.files)) for one in thread(system, again.ticket or 0)] == [(f"Matter {BAD}, poison", 1)]


@pytest.mark.parametrize(("place", "code"), LASTING, indirect=["place"])
def test_what_can_be_filed_without_its_files_is_a_ticket_that_says_so(place: Place, system: Desk, code: str) -> None:
    with refusing(place, "attachment", "name", "poison", code):
        filed = take_in(system, MAILBOX, arrived(system))
    assert {one.disposition for one in filed} == {Disposition.NEW}
    (message,) = thread(system, filed[BAD].ticket or 0)
    assert (message.text, message.files) == (f"Matter {BAD}, poison", ())
    (remark,) = message.remarks
    assert remark.startswith("The store refused this: not that (Only its subject and text stand here")


@pytest.mark.parametrize("place", ["postgres"], indirect=True)
def test_a_damaged_store_is_not_taken_for_a_bad_mail(place: Place, system: Desk) -> None:
    """All stay kept, and are filed once it is mended."""
    with (
        refusing(place, "message", "text", "poison", DAMAGED),
        pytest.raises(HelpdeskError, match="The store refused this: not that"),
    ):
        take_in(system, MAILBOX, arrived(system))
    assert sql(system.store, "SELECT count(*) FROM raw_message")[0][0] == MAILS
    file_left_over(system)
    assert sql(system.store, "SELECT count(*) FROM raw_message WHERE disposition = 'new'")[0][0] == MAILS
