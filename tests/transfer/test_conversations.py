"""Who belongs to an imported conversation, whatever others name or guess, and what import and poller know of each other."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from helpdesk_tui.desk.conversation import reply
from helpdesk_tui.desk.door import Desk
from helpdesk_tui.desk.takeback import take_back
from helpdesk_tui.store.queries.mail import kept_mails
from helpdesk_tui.store.queries.transfer import rejects
from helpdesk_tui.terms import SYSTEM, Disposition, FiledMail, Status
from tests.build import MORNING, SUPPORT, Place, a_mail, listed, received, row, sql, thread
from tests.transfer.samples import mail, mbox, take, told

pytestmark = pytest.mark.one_store

ANNA = f"Anna · Support <{SUPPORT}>"
MIRA, EVE = "mira@customer.example", "eve@stranger.example"
TAG = "[Ticket#{number}]"
HOUR = timedelta(hours=1)


@pytest.fixture
def root(place: Place) -> Desk:
    """The admin, who imports."""
    return place.desk("root")


@pytest.fixture(params=[200, 1], ids=["in one chunk", "one after the other"])
def chunked(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Mails are looked at together, or each against what the store has."""
    monkeypatch.setattr("helpdesk_tui.transfer.source.CHUNK_COUNT", request.param)


def of(root: Desk, address: str) -> tuple[int, list[str]]:
    """The number and texts of the only ticket where this address asks."""
    (number,) = [n for n in listed(root, "is:any") if row(root, n).requester.address == address]
    return number, [one.text.strip() for one in thread(root, number)]


@pytest.mark.usefixtures("chunked")
@pytest.mark.parametrize("hours", [1, 9], ids=["behind", "before"])
def test_a_number_that_is_guessed_leads_nowhere(place: Place, root: Desk, tmp_path: Path, hours: int) -> None:
    """Also in a mail that is older, and that names the other as one who reads it."""
    mails = [
        mail(1, "meins", subject="Gehalt [Ticket#4711]", at=MORNING - 4 * HOUR),
        mail(2, "unseres", sender=ANNA, to=MIRA, subject="[Ticket#4711]", at=MORNING - 3 * HOUR),
        mail(3, "danke", subject="Re: [Ticket#4711]", at=MORNING - 2 * HOUR),
    ]
    forged = mail(9, "hi", sender=EVE, to=f"{SUPPORT}, {MIRA}", subject="[Ticket#4711]", at=MORNING - hours * HOUR)
    mails.insert(3 if hours == 1 else 0, forged)
    take(root, "mbox", mbox(tmp_path / "a", mails), subject_tag=TAG)
    number, texts = of(root, MIRA)
    assert (texts, of(root, EVE)[1]) == (["meins", "unseres", "danke"], ["hi"])
    reply(place.desk("anna"), number, "Hier Ihre Daten")
    assert [one.address for one in thread(root, number)[-1].to] == [MIRA]


@pytest.mark.usefixtures("chunked")
@pytest.mark.parametrize("is_first", [True, False])
def test_a_mail_that_is_named_by_a_stranger_keeps_its_answers(root: Desk, tmp_path: Path, is_first: bool) -> None:
    mails = [
        mail(1, "meins", at=MORNING - 4 * HOUR),
        mail(2, "unseres", sender=ANNA, to=MIRA, at=MORNING - 3 * HOUR, answers=[1]),
        mail(3, "danke", at=MORNING - 2 * HOUR, answers=[1, 2]),
    ]
    mails.insert(0 if is_first else 3, mail(9, "hi", sender=EVE, at=MORNING - 5 * HOUR, answers=[1]))
    take(root, "mbox", mbox(tmp_path / "a", mails))
    assert (of(root, MIRA)[1], of(root, EVE)[1]) == (["meins", "unseres", "danke"], ["hi"])


@pytest.mark.usefixtures("chunked")
def test_who_is_named_in_a_conversation_belongs_to_it(root: Desk, tmp_path: Path) -> None:
    """The one who got a copy, the one we asked, and the one whose answer names the customer; also with a detail."""
    mails = [
        mail(1, "eins", to=f"{SUPPORT}, Otto <otto+x@customer.example>", at=MORNING - 5 * HOUR),
        mail(2, "zwei", sender="otto@customer.example", at=MORNING - 4 * HOUR, answers=[1]),
        mail(3, "drei", sender=ANNA, to="supplier@maker.example", at=MORNING - 3 * HOUR, answers=[1]),
        mail(4, "vier", sender="supplier@maker.example", at=MORNING - 2 * HOUR, answers=[1, 3]),
        mail(5, "fünf", sender="boss@customer.example", to=f"{SUPPORT}, {MIRA}", at=MORNING - HOUR, answers=[1]),
    ]
    take(root, "mbox", mbox(tmp_path / "a", mails))
    assert of(root, MIRA)[1] == ["eins", "zwei", "drei", "vier", "fünf"]


def test_who_wrote_first_asked_whatever_comes_first_in_the_file(root: Desk, tmp_path: Path) -> None:
    asked = mail(1, to=f"{SUPPORT}, otto@other.example", at=MORNING - 2 * HOUR)
    answer = mail(2, sender="otto@other.example", at=MORNING - HOUR, answers=[1])
    take(root, "mbox", mbox(tmp_path / "a", [answer, asked]))
    (ticket,) = told(root)
    assert (ticket["requester"]["addresses"], len(ticket["messages"])) == ([MIRA], 2)


@pytest.mark.usefixtures("chunked")
def test_a_mail_to_nobody_outside_is_left_out_wherever_it_stands(root: Desk, tmp_path: Path) -> None:
    inner = mail(1, sender=ANNA, to="billing@desk.example")
    path = mbox(tmp_path / "a", [inner, mail(2, answers=[1]), mail(3, sender=ANNA, to=SUPPORT, answers=[2])])
    done = take(root, "mbox", path)
    assert (done.messages, done.rejected) == (1, 2)
    reasons = {one.reason for one in root.acting_as(SYSTEM).ask(rejects, done.batch or "")}
    assert reasons == {"It was sent to nobody outside."}
    again = take(root, "mbox", path)
    assert (again.messages, again.rejected) == (0, 0)


def polled(root: Desk, content: bytes) -> FiledMail:
    """What becomes of a mail that was imported, when the poller finds it in the inbox."""
    filed = received(root, content)
    assert (filed.disposition, filed.ticket, filed.message) == (Disposition.DUPLICATE, None, None)
    return filed


@pytest.mark.parametrize("change", ["", "line ends", "escaped", "no id"])
def test_an_imported_mail_that_is_then_polled_is_a_duplicate(
    place: Place, root: Desk, tmp_path: Path, change: str
) -> None:
    """Also where the mailbox file has other line ends and has escaped a line; one without a Message-ID by its words."""
    one = mail(1, "Guten Tag,\n\n>From hier an geht nichts.\n")
    if change == "no id":
        one = one.replace(b"Message-ID: <1@old.example>\n", b"")
    take(root, "mbox", mbox(tmp_path / "a", [one.replace(b">From", b"From") if change == "escaped" else one]))
    (number,) = listed(root, "is:any")
    filed = polled(root, one.replace(b"\n", b"\r\n") if change == "line ends" else one)
    assert (filed.linked_to, len(thread(root, number)), listed(root, "is:any")) == (number, 1, [number])
    (kept,) = root.ask(kept_mails, Disposition.DUPLICATE)
    assert (kept.message, kept.reason) == (filed.raw_id, "An import has brought this mail already.")
    assert sql(place.store(), "SELECT fate FROM mail_seen") == [("duplicate",)]


def test_an_imported_answer_that_is_then_polled_opens_nothing_again(root: Desk, tmp_path: Path) -> None:
    ours = mail(2, sender=ANNA, to=MIRA, answers=[1])
    again = mail(3, "Danke", answers=[1, 2])
    take(root, "mbox", mbox(tmp_path / "a", [mail(1), ours, again]), status="closed")
    polled(root, again)
    (number,) = listed(root, "is:any")
    assert (len(thread(root, number)), row(root, number).status) == (3, Status.CLOSED)
    assert received(root, mail(4, "Noch etwas", answers=[1, 2, 3])).ticket == number


def test_another_mail_under_an_imported_id_is_no_duplicate(root: Desk, tmp_path: Path) -> None:
    take(root, "mbox", mbox(tmp_path / "a", [mail(1)]))
    for other in (mail(1, sender=EVE), mail(1, "Neues", at=MORNING + HOUR)):
        assert received(root, other).disposition in (Disposition.NEW, Disposition.LINKED)


def test_what_was_polled_keeps_the_ticket_of_its_import(place: Place, root: Desk, tmp_path: Path) -> None:
    batch = take(root, "mbox", mbox(tmp_path / "a", [mail(1), mail(2, sender=EVE)])).batch or ""
    polled(root, mail(1))
    assert (take_back(root, batch).tickets, of(root, MIRA)[1]) == (1, ["Seit heute geht nichts mehr."])
    assert sql(place.store(), "SELECT count(*) FROM raw_message")[0][0] == 2


@pytest.mark.usefixtures("chunked")
def test_an_import_goes_on_with_what_the_poller_has_begun(place: Place, root: Desk, tmp_path: Path) -> None:
    number = received(root, mail(1, "live")).ticket
    place.clock.advance(hours=2)
    more = [
        mail(1, "live"),
        mail(2, "dazu", at=MORNING + HOUR, answers=[1]),
        mail(3, "hi", sender=EVE, answers=[1]),
    ]
    batch = take(root, "mbox", mbox(tmp_path / "a", more)).batch or ""
    assert (of(root, MIRA), of(root, EVE)[1]) == ((number, ["live", "dazu"]), ["hi"])
    assert take_back(root, batch).messages == 2
    assert of(root, MIRA) == (number, ["live"])


def test_two_live_mails_of_one_id_are_not_taken_for_one(root: Desk, tmp_path: Path) -> None:
    received(root, mail(1, "die eine"))
    path = mbox(tmp_path / "a", [mail(1, "die andere", at=MORNING - HOUR), mail(1, "die eine")])
    assert take(root, "mbox", path).messages == 1


def test_who_belongs_finds_their_ticket_by_a_number_that_a_stranger_had_first(root: Desk, tmp_path: Path) -> None:
    mails = [
        mail(9, "hi", sender=EVE, subject="[Ticket#4711]", at=MORNING - 5 * HOUR),
        mail(1, "meins", subject="Gehalt [Ticket#4711]", at=MORNING - 4 * HOUR),
    ]
    take(root, "mbox", mbox(tmp_path / "a", mails), subject_tag=TAG)
    filed = received(root, a_mail("Und?", subject="AW: [Ticket#4711]"))
    assert filed.ticket == of(root, MIRA)[0]
