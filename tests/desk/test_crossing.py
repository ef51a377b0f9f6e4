"""Verbs that meet: all lock in one order, so that nobody's work is given up for another's."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from helpdesk_tui.desk import mailroom, tickets
from helpdesk_tui.desk.conversation import reply
from helpdesk_tui.desk.delivery import claim, conclude
from helpdesk_tui.desk.door import Desk
from helpdesk_tui.desk.due import run_due
from helpdesk_tui.desk.mailroom import ArrivedMail
from helpdesk_tui.errors import Temporary
from helpdesk_tui.store.transaction import Crossed, tried_again
from helpdesk_tui.terms import SYSTEM, IncomingFile, OutboxState
from tests.build import Place, a_mail, an_incoming, filed, letter_bytes, sql

pytestmark = pytest.mark.parametrize("place", ["postgres"], indirect=True)
ROUNDS = 25


def at_once(*jobs: Callable[[], object]) -> None:
    """Do these at the same moment, round after round; none may fail."""
    with ThreadPoolExecutor(len(jobs)) as pool:
        for _round in range(ROUNDS):
            for done in [pool.submit(job) for job in jobs]:
                done.result()


def moved_to_and_fro(desk: Desk, number: int) -> Callable[[], object]:
    queues = iter(["billing", "support"] * ROUNDS)
    return lambda: tickets.move(desk, [number], next(queues))


def test_timers_and_those_who_change_due_dates(place: Place) -> None:
    desk, system = place.desk("anna"), place.desk("bob").acting_as(SYSTEM)
    number = filed(desk, an_incoming()).ticket or 0

    def agree() -> None:
        tickets.set_fields(desk, [number], tickets.Fields(due=desk.clock() - timedelta(minutes=1)))

    at_once(agree, lambda: run_due(system, desk.clock()), moved_to_and_fro(place.desk("bob"), number))
    moves = sql(desk.store, "SELECT count(*) FROM event WHERE verb = 'queue'")[0][0]
    assert moves == ROUNDS, "every move was made, and none twice"


def test_the_sender_and_those_who_move_tickets(place: Place) -> None:
    desk, system = place.desk("anna"), place.desk("bob").acting_as(SYSTEM)
    number = filed(desk, an_incoming()).ticket or 0
    for _round in range(ROUNDS):
        reply(desk, number, "Hello")

    def send() -> None:
        if mail := claim(system, letter_bytes):
            conclude(system, mail.outbox_id, OutboxState.SENT)

    at_once(send, moved_to_and_fro(desk, number))
    assert sql(desk.store, "SELECT count(*) FROM outbox WHERE state = 'sent'")[0][0] == ROUNDS


def test_mails_with_the_same_files_in_another_order(place: Place) -> None:
    desks = [place.desk(login).acting_as(SYSTEM) for login in ("anna", "bob")]

    def take_in(desk: Desk, step: int) -> None:
        for _round in range(ROUNDS):
            files = [IncomingFile(f"{n}", "text/plain", b"%d %d" % (n, _round)) for n in range(2)][::step]
            (kept,) = mailroom.keep(desk, "inbox", [ArrivedMail(a_mail(), desk.clock())])
            mailroom.file(desk, kept.raw_id, an_incoming(files=tuple(files)))

    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(take_in, desk, step) for desk, step in zip(desks, (1, -1), strict=True)]:
            done.result()
    assert sql(desks[0].store, "SELECT count(*) FROM ticket")[0][0] == 2 * ROUNDS
    assert sql(desks[0].store, "SELECT count(*), count(DISTINCT sha256) FROM attachment")[0][:] == (
        4 * ROUNDS,
        2 * ROUNDS,
    )


def test_the_same_mails_kept_in_another_order(place: Place) -> None:
    desks = [place.desk(login).acting_as(SYSTEM) for login in ("anna", "bob")]
    mails = [[ArrivedMail(a_mail(), desks[0].clock()) for _mail in range(4)] for _round in range(ROUNDS)]

    def keep(desk: Desk, step: int) -> None:
        for some in mails:
            mailroom.keep(desk, "inbox", some[::step])

    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(keep, desk, step) for desk, step in zip(desks, (1, -1), strict=True)]:
            done.result()
    assert sql(desks[0].store, "SELECT count(*) FROM raw_message")[0][0] == 4 * ROUNDS


def test_what_the_database_gave_up_is_tried_again_but_not_for_ever(place: Place) -> None:
    tries: list[int] = []

    def crossed(enough: int) -> int:
        tries.append(1)
        if len(tries) < enough:
            raise Crossed("Somebody else changed the same.", "Try again.")
        return len(tries)

    assert tried_again(lambda: crossed(3)) == 3
    tries.clear()
    with pytest.raises(Temporary):
        tried_again(lambda: crossed(99))
    assert len(tries) == 4
    assert place.is_postgres
