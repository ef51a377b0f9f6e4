"""`import undo`: what nobody has touched goes without a trace but its events, and all else stays."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from helpdesk_tui.desk import history as undoing
from helpdesk_tui.desk import joining
from helpdesk_tui.desk.conversation import NewRequest, create, note, reply
from helpdesk_tui.desk.door import Desk
from helpdesk_tui.desk.drafts import save_draft
from helpdesk_tui.desk.sending import Sending, keep_file
from helpdesk_tui.desk.settings import add_queue, set_agent
from helpdesk_tui.desk.takeback import take_back
from helpdesk_tui.desk.tickets import set_priority
from helpdesk_tui.errors import NotFound, Refused
from helpdesk_tui.screens.attaching import as_fields
from helpdesk_tui.terms import Person, Priority
from helpdesk_tui.transfer.export import export_lines
from tests.build import MIRA, MORNING, SUPPORT, Place, a_mail, history, listed, received, row, sql, thread
from tests.transfer.samples import counts, invented, mail, mbox, state, take, told

pytestmark = pytest.mark.one_store

MIRA_WROTE = "Mira Kern <mira@customer.example>"
HOUR = timedelta(hours=1)


@pytest.fixture
def root(place: Place) -> Desk:
    """The admin."""
    return place.desk("root")


def taken(root: Desk, tmp_path: Path, mails: list[bytes], name: str = "a", **options: Any) -> str:
    """The batch of an import."""
    return take(root, "mbox", mbox(tmp_path / name, mails), **options).batch or ""


def found_words(place: Place) -> list[Any]:
    """What the search index of SQLite has, beside the documents it is made of."""
    if place.is_postgres:
        return []
    return sql(place.store(), "SELECT count(*) FROM ticket_search WHERE ticket_search MATCH 'druck'")


def test_nothing_is_left_but_events(place: Place, root: Desk, tmp_path: Path) -> None:
    create(root, NewRequest(MIRA, "Drucker", "Er druckt nicht"))
    before, words = counts(place), found_words(place)
    mails = [*invented(120), mail("mira", sender=MIRA_WROTE, file=b"of Mira")]
    batch = taken(root, tmp_path, mails)
    imported = len(listed(root, "is:any")) - 1
    done = take_back(root, batch)
    assert (done.tickets, done.messages, done.kept) == (imported, 121, ())
    assert counts(place) == before
    assert found_words(place) == words
    verbs = dict(sql(place.store(), "SELECT verb, count(*) FROM event GROUP BY verb"))
    assert verbs == {"create": 1, "import": imported, "undo": imported}
    assert listed(root, "druckt is:any") == listed(root, "is:any")
    (run,) = state(place)["runs"]
    assert run[0] == "undone"


def test_it_can_be_imported_again(place: Place, root: Desk, tmp_path: Path) -> None:
    batch = taken(root, tmp_path, invented(60))
    before = state(place)
    take_back(root, batch)
    again = take(root, "mbox", tmp_path / "a")
    assert again.batch != batch
    after = state(place)
    assert {name: after[name] for name in ("tickets", "names", "rows", "words")} == {
        name: before[name] for name in ("tickets", "names", "rows", "words")
    }


def standing(root: Desk) -> list[dict[str, Any]]:
    """All tickets but for what happened to them."""
    return [{**one, "history": None} for one in told(root)]


TOUCHES: dict[str, Callable[[Desk, int], Any]] = {
    "a field": lambda desk, number: set_priority(desk, [number], Priority.HIGH),
    "a note": lambda desk, number: note(desk, number, "Hm."),
    "an answer": lambda desk, number: reply(desk, number, "Hallo."),
    "a mail": lambda desk, number: received(
        desk, a_mail("Noch etwas.", In_Reply_To=f"<{thread(desk, number)[0].message_id}>")
    ),
    "a draft": lambda desk, number: save_draft(desk, row(desk, number).id, "reply", "Liebe"),
    "a mail that only names it": lambda desk, number: received(
        desk, a_mail("Ich auch.", sender="o@x.example", In_Reply_To=f"<{thread(desk, number)[0].message_id}>")
    ),
}


@pytest.mark.parametrize("touch", TOUCHES)
def test_what_somebody_has_touched_stays_whole(place: Place, root: Desk, tmp_path: Path, touch: str) -> None:
    batch = taken(root, tmp_path, [mail(1, "bleibt", at=MORNING - HOUR), mail(2, "geht", sender="o@y.example")])
    number = next(n for n in listed(root, "is:any") if thread(root, n)[0].text.strip() == "bleibt")
    TOUCHES[touch](place.desk("anna"), number)
    before = thread(root, number), history(root, number), row(root, number)
    done = take_back(root, batch)
    assert (done.tickets, done.kept) == (1, (number,))
    assert (thread(root, number), history(root, number), row(root, number)) == before
    assert take(root, "mbox", tmp_path / "a").tickets == 1  # the one that went; the other is known


def test_messages_it_added_to_an_earlier_import_go_and_the_ticket_stands_as_before(
    place: Place, root: Desk, tmp_path: Path
) -> None:
    first = [mail(1, "Drucker kaputt", at=MORNING - timedelta(days=90)), mail(9, sender="o@y.example")]
    taken(root, tmp_path, first)
    before, found = standing(root), counts(place)
    words = sorted(one.words.split() for one in sql(place.store(), "SELECT words FROM ticket_words"))
    sent = [
        mail(2, "Zebrastreifen", sender=f"Anna <{SUPPORT}>", to="mira@customer.example", at=MORNING - HOUR, answers=[1])
    ]
    batch = taken(root, tmp_path, sent, "sent")
    assert standing(root) != before
    done = take_back(root, batch)
    assert (done.tickets, done.messages, done.kept) == (0, 1, ())
    assert standing(root) == before
    assert counts(place) == found
    after = sql(place.store(), "SELECT words FROM ticket_words")
    assert sorted(sorted(one.words.split()) for one in after) == sorted(sorted(one) for one in words)


def test_an_earlier_import_stays_where_a_later_one_added_to_it(root: Desk, tmp_path: Path) -> None:
    batch = taken(root, tmp_path, [mail(1, at=MORNING - HOUR)])
    later = taken(root, tmp_path, [mail(2, at=MORNING - HOUR, answers=[1])], "later")
    assert take_back(root, batch).kept == tuple(listed(root, "is:any"))
    assert take_back(root, later).messages == 1


def test_imports_are_taken_back_one_after_the_other_the_newest_first(place: Place, root: Desk, tmp_path: Path) -> None:
    before, mails = counts(place), invented(90)
    batches = [taken(root, tmp_path, mails[at : at + 30], f"{at}") for at in (0, 30, 60)]
    done = [take_back(root, batch) for batch in reversed(batches)]
    assert [(one.messages, one.kept) for one in done] == [(30, ())] * 3
    assert counts(place) == before


def test_a_customer_who_has_something_else_stays(place: Place, root: Desk, tmp_path: Path) -> None:
    batch = taken(root, tmp_path, [mail(1, sender="o@y.example")])
    create(root, NewRequest(Person("O.", "o@y.example"), "Anruf"))
    take_back(root, batch)
    assert [one.address for one in sql(place.store(), "SELECT address FROM customer_address")] == ["o@y.example"]


def test_bytes_that_somebody_else_has_stay(place: Place, root: Desk, tmp_path: Path) -> None:
    received(root, mail("live", file=b"the same log"))
    batch = taken(root, tmp_path, [mail(1, file=b"the same log")])
    take_back(root, batch)
    kept = {one.sha256 for one in sql(place.store(), "SELECT sha256 FROM content")}
    named = "SELECT sha256 FROM attachment UNION SELECT sha256 FROM raw_message"
    assert kept == {one.sha256 for one in sql(place.store(), named)}
    assert len(kept) == 2


def test_bytes_that_are_to_go_along_with_a_draft_stay(place: Place, root: Desk, tmp_path: Path) -> None:
    batch = taken(root, tmp_path, [mail(1, file=b"the same log")])
    received(root, a_mail("Welche Datei?", sender="o@y.example"))
    anna = place.desk("anna")
    number = next(one for one in listed(anna, "is:any") if "Welche" in thread(anna, one)[0].text)
    file = keep_file(anna, "a.log", "text/plain", b"the same log")
    save_draft(anna, row(anna, number).id, "reply", "Diese.", {"files": as_fields([file])})
    assert take_back(root, batch).tickets == 1
    reply(anna, number, "Diese.", sending=Sending(files=(file,)))
    assert [one.name for one in thread(anna, number)[-1].files] == ["a.log"]


def test_what_stays_keeps_what_it_names_and_what_that_names(place: Place, root: Desk, tmp_path: Path) -> None:
    anna = place.desk("anna")
    for number, answers in ((1, []), (2, [1]), (3, [2])):
        received(anna, mail(number, sender=f"c{number}@x.example", answers=answers))
    (tmp_path / "a").write_bytes(b"".join(export_lines(root)))
    batch = take(root, "jsonl", tmp_path / "a", system="copy").batch or ""
    copies = [json.loads(line) for line in export_lines(root)][3:]
    assert [bool(one["linked_to"]) for one in copies] == [False, True, True]
    note(anna, copies[2]["number"], "touched")
    done = take_back(root, batch)
    assert (done.tickets, done.kept) == (0, tuple(one["number"] for one in copies))


def test_what_one_does_not_see_stays_without_its_number(place: Place, root: Desk, tmp_path: Path) -> None:
    add_queue(root, "hr", ["hr@desk.example"])
    mails = [mail(n, sender=f"c{n}@x.example", to=to) for n, to in enumerate((SUPPORT, "hr@desk.example"), 1)]
    batch = taken(root, tmp_path, mails)
    for number in listed(root, "is:any"):
        note(root, number, "touched")
    set_agent(root, "root", queues=["-hr"])
    again = place.desk("root")
    done = take_back(again, batch)
    assert (done.kept, done.hidden) == (tuple(listed(again, "is:any")), 1)


def test_taking_back_twice_changes_nothing(place: Place, root: Desk, tmp_path: Path) -> None:
    batch = taken(root, tmp_path, invented(20))
    take_back(root, batch)
    before = state(place), sql(place.store(), "SELECT count(*) FROM event")
    assert take_back(root, batch).tickets == 0
    assert (state(place), sql(place.store(), "SELECT count(*) FROM event")) == before


def test_broken_off_it_goes_on(place: Place, root: Desk, tmp_path: Path) -> None:
    before = counts(place)
    batch = taken(root, tmp_path, invented(400))

    class Cut(Exception):
        """As if the connection were lost."""

    def cut(_gone: int) -> None:
        raise Cut

    with pytest.raises(Cut):
        take_back(root, batch, cut)
    left = len(listed(root, "is:any"))
    assert left > 0
    with pytest.raises(Refused, match="taking it back was broken off"):
        take(root, "mbox", tmp_path / "a")
    assert len(listed(root, "is:any")) == left
    assert take_back(root, batch).tickets == left
    assert counts(place) == before
    assert len(sql(place.store(), "SELECT DISTINCT batch_id FROM event WHERE verb = 'undo'")) == 1


def test_undo_and_redo_of_ones_own_know_nothing_of_it(root: Desk, tmp_path: Path) -> None:
    batch = taken(root, tmp_path, [mail(1)])
    for wrong in (lambda: root.do(undoing.undo), lambda: root.do(undoing.undo, batch), lambda: root.do(undoing.redo)):
        with pytest.raises(NotFound, match="There is nothing to"):
            wrong()
    take_back(root, batch)
    with pytest.raises(NotFound, match="There is nothing to redo"):
        root.do(undoing.redo)


def test_only_an_admin_takes_back(place: Place, root: Desk, tmp_path: Path) -> None:
    batch = taken(root, tmp_path, [mail(1)])
    with pytest.raises(Refused):
        take_back(place.desk("anna"), batch)
    with pytest.raises(NotFound, match="There is no import nothing"):
        take_back(root, "nothing")


def test_a_customer_who_was_joined_stays(place: Place, root: Desk, tmp_path: Path) -> None:
    """The journal of the join names both records."""
    batch = taken(root, tmp_path, [mail("mira", sender=MIRA_WROTE), mail("ben", sender="Ben <ben@x.example>")])
    both = [one.id for one in sql(place.store(), "SELECT id FROM customer ORDER BY id")]
    joining.join(root, *both)
    done = take_back(root, batch)
    assert len(done.kept) == 1  # the ticket that went to somebody else was worked on
    assert [one.id for one in sql(place.store(), "SELECT id FROM customer ORDER BY id")] == both
