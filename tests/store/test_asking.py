"""Statements that are built once show no more than others; what is asked once is asked in each transaction."""

from __future__ import annotations

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session
from sqlmodel import col

from helpdesk_tui.store.asking import answer, once
from helpdesk_tui.store.queries.setup import agents
from helpdesk_tui.store.tables import Ticket
from helpdesk_tui.terms import SYSTEM
from tests.build import Place
from tests.store.secrets import a_secret, set_up_hr

_OLDER = select(col(Ticket.number)).where(col(Ticket.number) >= bindparam("from"))


def numbers(session: Session) -> list[int]:
    return list(answer(session, _OLDER, {"from": 0}).scalars())


def test_who_does_not_belong_to_a_queue_finds_nothing_of_it(place: Place) -> None:
    set_up_hr(place)
    secret = a_secret(place)
    assert secret.number in place.desk("anna").ask(numbers)
    assert secret.number not in place.desk("bob").ask(numbers)
    assert secret.number in place.desk("root").acting_as(SYSTEM).ask(numbers)


def test_what_is_asked_once_is_asked_again_in_the_next_transaction(place: Place) -> None:
    asked: list[Session] = []

    def question(session: Session) -> int:
        asked.append(session)
        return len(agents(session))

    def twice(session: Session) -> int:
        return once(session, question) + once(session, question)

    desk = place.desk("anna")
    assert desk.ask(twice) == desk.ask(twice) > 0
    assert len(asked) == 2
