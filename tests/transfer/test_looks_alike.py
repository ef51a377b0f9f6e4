"""Two mails that only look alike are two, wherever the second one comes from."""

from __future__ import annotations

from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

import pytest

from helpdesk_tui.desk.door import Desk
from helpdesk_tui.terms import Disposition
from tests.build import Place, received
from tests.transfer.samples import mbox, take

pytestmark = pytest.mark.one_store


@pytest.fixture
def root(place: Place) -> Desk:
    """The admin."""
    return place.desk("root")


def form(text: str = "Bitte rufen Sie mich an.", file: bytes = b"", **head: str) -> bytes:
    """A mail of a form or a scanner, which writes neither a Message-ID nor a date unless told to."""
    written = EmailMessage(SMTP)
    written["From"], written["To"] = "Mira Kern <mira@customer.example>", "support@desk.example"
    written["Subject"] = "Kontaktformular"
    for name, value in head.items():
        written[name.replace("_", "-")] = value
    written.set_content(text)
    if file:
        written.add_attachment(file, maintype="application", subtype="pdf", filename="scan.pdf")
    return written.as_bytes()


DATED = {"Message_ID": "<form@web.example>", "Date": "Mon, 23 Nov 2026 09:00:00 +0000"}
PAIRS = {
    "the next scan": (form("Scan", b"%PDF one"), form("Scan", b"%PDF two")),
    "the same words again": (form(), b"Received: by mx.desk.example; Wed, 23 Dec 2026 10:00:00 +0000\r\n" + form()),
    "other words, same id and date": (form("Eins", **DATED), form("Zwei", **DATED)),
    "other words, same id": (form("Eins", Message_ID="<x@y.example>"), form("Zwei", Message_ID="<x@y.example>")),
}


@pytest.mark.parametrize("pair", PAIRS.values(), ids=list(PAIRS))
def test_imported_and_polled(root: Desk, tmp_path: Path, pair: tuple[bytes, bytes]) -> None:
    take(root, "mbox", mbox(tmp_path / "old", [pair[0]]))
    assert received(root, pair[1]).disposition in (Disposition.NEW, Disposition.LINKED)


@pytest.mark.parametrize("pair", PAIRS.values(), ids=list(PAIRS))
def test_polled_and_imported(root: Desk, tmp_path: Path, pair: tuple[bytes, bytes]) -> None:
    received(root, pair[0])
    assert take(root, "mbox", mbox(tmp_path / "old", [pair[1]])).messages == 1


@pytest.mark.parametrize("pair", PAIRS.values(), ids=list(PAIRS))
def test_both_imported(root: Desk, tmp_path: Path, pair: tuple[bytes, bytes]) -> None:
    path = mbox(tmp_path / "old", list(pair))
    assert take(root, "mbox", path).messages == 2
    assert take(root, "mbox", path).messages == 0


def test_the_same_one_is_known_whatever_a_mail_program_wrote_into_its_header(root: Desk, tmp_path: Path) -> None:
    take(root, "mbox", mbox(tmp_path / "old", [form()]))
    again = take(root, "mbox", mbox(tmp_path / "new", [b"Status: RO\r\nX-Keywords: old\r\n" + form()]))
    assert (again.messages, again.rejected) == (0, 0)
