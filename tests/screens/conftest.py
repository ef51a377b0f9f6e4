"""A help desk on a file for each test, and the same with a morning's tickets in it."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from helpdesk_tui.desk import assignment, conversation, settings, tickets
from helpdesk_tui.desk.conversation import NewRequest, create
from helpdesk_tui.desk.door import Desk
from helpdesk_tui.desk.drafts import save_draft
from helpdesk_tui.store import numbers
from helpdesk_tui.terms import Channel, Person, Priority, Status
from tests.build import a_mail, received
from tests.screens.stage import Stage


@pytest.fixture
def stage(sqlite_template: Path, tmp_path: Path, counted_numbers: None) -> Iterator[Stage]:
    """A help desk without tickets."""
    with_home = make_stage(sqlite_template, tmp_path)
    yield with_home
    with_home.close()


@pytest.fixture
def morning(stage: Stage) -> Stage:
    """A help desk with six tickets: #1001 to #1006, of which #1002 is the oldest urgent one."""
    furnish_morning(stage)
    return stage


@pytest.fixture
def counted_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ticket numbers in order, so that screens can be compared: 1001, 1002, …"""
    monkeypatch.setattr(numbers, "secrets", SimpleNamespace(randbelow=_counted()))


def make_stage(template: Path, folder: Path) -> Stage:
    """A copy of the store without tickets, and a home beside it."""
    store = folder / "desk" / "helpdesk.db"
    store.parent.mkdir(mode=0o700)
    shutil.copy2(template, store)
    (folder / "home").mkdir(mode=0o700)
    return Stage(folder, store)


def furnish_morning(stage: Stage) -> None:
    """Six tickets that came in one after the other, and what was done with them so far."""
    _mail(stage, 205, "Anna Schmidt <a.schmidt@kunde.example>", "Angebot für 40 Arbeitsplätze", "Wann kommt es?")
    _mail(stage, 185, "Erika Beispiel <erika@kunde.example>", "Rechnung doppelt abgebucht", _INVOICE)
    _mail(stage, 125, "Tunde Okafor <tunde@client.example>", "VPN drops every 10 minutes", "Since Monday.\n\nTunde")
    _mail(stage, 65, "Fatma Çelik <celik@kunde.example>", "Re: Drucker 3. OG", "Er druckt wieder nicht. 🖨️")
    _mail(stage, 35, "林 美玲 <lin@client.example>", "請求書について", "お世話になっております。")
    call = NewRequest(Person("Hannelore Voss", ""), "Bitte um Rückruf", "Nur bis Mittag.", "+49 30 2312540")
    create(_then(stage, 15), call)
    tickets.set_priority(_then(stage, 60), [1002, 1005], Priority.URGENT)
    tickets.set_priority(_then(stage, 60), [1003], Priority.HIGH)
    tickets.tag(_then(stage, 60), [1002], add=["sepa"])
    assignment.assign(_then(stage, 55), [1003], "bob")
    conversation.note(_then(stage, 50, "bob"), 1002, "Buchhaltung bestätigt: der Lauf am 16. war doppelt.")


def furnish_board(stage: Stage) -> None:
    """Bob is away and has three of the morning's tickets, one with an unsent text; four are a full load for anna."""
    admin, bob = stage.desk("root"), stage.desk("bob")
    assignment.assign(admin, [1001, 1002, 1004], "bob")
    save_draft(bob, 2, "reply", "Guten Tag,")
    settings.set_agent(admin, "bob", away_until=datetime.now(UTC) + timedelta(days=2))
    settings.set_agent(admin, "anna", capacity=3)


def create_many(stage: Stage, count: int) -> None:
    """Tickets by phone, one a minute, all of them waiting for us."""
    for n in range(count):
        request = NewRequest(Person(f"Person {n:03}", ""), f"Matter {n:03}", f"Words of matter {n:03}.")
        create(_then(stage, 600 - n), NewRequest(request.person, request.subject, request.text, channel=Channel.PHONE))


def wait_for_customer(stage: Stage, number: int) -> None:
    """Let a ticket wait for its customer."""
    tickets.set_status(stage.desk(), [number], Status.WAITING_CUSTOMER)


_INVOICE = """Guten Tag,

die Rechnung 4711 wurde am 12. und am 16. abgebucht. Bitte buchen Sie einen Betrag zurück.

Viele Grüße
Erika Beispiel

Am 10.11.2026 schrieb Beispiel Support:
> Guten Tag,
> anbei Ihre Rechnung 4711.
> Mit freundlichen Grüßen
"""


def _mail(stage: Stage, minutes: int, sender: str, subject: str, body: str) -> None:
    mail = a_mail(body, sender=sender, subject=subject)
    assert received(_then(stage, minutes), mail).ticket is not None


def _then(stage: Stage, minutes: int, login: str = "anna") -> Desk:
    """Half a minute more, so that what is said in minutes stays true for as long."""
    return stage.desk(login, ago=timedelta(minutes=minutes, seconds=15))


def _counted() -> Callable[[int], int]:
    following = itertools.count(1)
    return lambda _below: next(following)
