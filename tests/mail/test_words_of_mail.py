"""The child that reads a mail cuts its words too: the search finds the same as where nobody has done so."""

from __future__ import annotations

import sys
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from benchmarks.mails import invented_mails
from helpdesk_tui.desk import mailroom
from helpdesk_tui.desk.door import Desk
from helpdesk_tui.desk.mailroom import ArrivedMail
from helpdesk_tui.errors import Temporary
from helpdesk_tui.mail import child
from helpdesk_tui.mail.ingest import take_in
from helpdesk_tui.mail.parse import parse
from helpdesk_tui.mail.protocol import Ours
from helpdesk_tui.mail.readers import Readers
from helpdesk_tui.rules.findable import found_by
from helpdesk_tui.store import search
from helpdesk_tui.store.tables import TicketWords
from helpdesk_tui.terms import SYSTEM, IncomingMail
from tests.build import MAILBOX, SUPPORT
from tests.mail.raw_mail import a_mail, mail_of

OURS = Ours((SUPPORT,))


def read(mails: list[bytes]) -> list[IncomingMail]:
    with Readers(1) as readers:
        return [one for one in readers.read(mails, ours=OURS) if isinstance(one, IncomingMail)]


def words(session: Session) -> dict[int, str]:
    return dict(session.execute(select(col(TicketWords.ticket_id), col(TicketWords.words))).all())


def test_a_child_cuts_the_words_that_its_parent_would() -> None:
    mails = [*invented_mails(60), mail_of(a_mail("Grüße, " + " ".join(f"wörter{n}" for n in range(9000))))]
    for raw, mail in zip(mails, read(mails), strict=True):
        assert mail.found_by == found_by(parse(raw), OURS.addresses)
        assert replace(mail, found_by=None) == parse(raw)


def test_a_mail_that_has_taken_long_to_read_leaves_its_words_to_the_parent(monkeypatch: pytest.MonkeyPatch) -> None:
    (raw,) = invented_mails(1)
    monkeypatch.setattr(child, "_MOST_BEFORE_WORDS", -1.0)
    assert child._read(raw, ours=OURS) == parse(raw)


def test_the_index_is_the_same_as_one_made_anew(desk: Desk) -> None:
    now = datetime.now(UTC)
    take_in(desk.acting_as(SYSTEM), MAILBOX, [ArrivedMail(mail, now) for mail in invented_mails(40)])
    grown = desk.ask(words)
    search.rebuild_all(desk.store)
    assert grown == desk.ask(words) != {}


def test_mail_is_kept_also_where_nobody_can_read_it_now(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    mails = [ArrivedMail(mail, datetime.now(UTC)) for mail in invented_mails(3)]
    with monkeypatch.context() as broken:
        broken.setattr(sys, "executable", "/nonexistent")
        with pytest.raises(Temporary):
            take_in(desk, MAILBOX, mails)
    assert len(desk.ask(mailroom.unfiled)) == 3
