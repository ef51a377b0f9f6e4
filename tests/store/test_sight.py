"""What somebody may not see is not there: every question answers as if the hidden queue were empty."""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import SQLModel

import helpdesk_tui.store.queries
from helpdesk_tui.desk import (
    assignment,
    beside,
    conversation,
    copies,
    drafts,
    life,
    mailroom,
    pages,
    settings,
    texts,
    tickets,
    wording,
    writing_page,
)
from helpdesk_tui.desk import relations as relating
from helpdesk_tui.desk.door import Desk
from helpdesk_tui.desk.free_slots import Writer
from helpdesk_tui.errors import HelpdeskError, NotFound, Refused
from helpdesk_tui.rules.query import parse
from helpdesk_tui.store import sight
from helpdesk_tui.store.feed import Feed
from helpdesk_tui.store.queries import (
    aside,
    board,
    callbacks,
    customer_history,
    export,
    ledger,
    mail,
    notices,
    people,
    presence,
    relations,
    setup,
    staff,
    thread,
    transfer,
)
from helpdesk_tui.store.queries import texts as prepared
from helpdesk_tui.store.queries import tickets as listing
from helpdesk_tui.store.queries import why as reasons
from helpdesk_tui.store.queries.tickets import Asker
from helpdesk_tui.store.transaction import reading
from helpdesk_tui.terms import SYSTEM, Person, Priority, Status
from tests.build import MORNING, Place, a_mail, a_ticket, listed, received, row, sql
from tests.store.secrets import CANARY, HEIDI, Secret, a_secret, set_up_hr

PACKAGE = Path(helpdesk_tui.__file__).parent
#: An id and a number that nothing has.
MISSING = Secret(ticket=987_001, number=987_002, message=987_003, raw=1_000_987_004, customer=987_005)

Question = Callable[[Desk, Secret], list[tuple[Any, ...]]]


def _query(text: str) -> Any:
    return parse(text)


def _writer(desk: Desk) -> Writer:
    return Writer(desk.actor, desk.settings, desk.clock())


def _asked(desk: Desk) -> Asker:
    return Asker(desk.actor, desk.clock())


QUERIES = (
    "", "is:any", "is:open", "is:unassigned", "is:due", "is:overdue", "is:failed", "is:spam", CANARY, f"tag:{CANARY}",
    "queue:hr", "assignee:none", "priority:urgent", "status:waiting_customer", "-queue:support", HEIDI.address,
)  # fmt: skip
SIDES = (board.Side("anna"), board.Side("bob"), board.Side("", "hr"), board.Side("", "support"))
#: How each question is asked: by its name, what stands behind the session.
QUESTIONS: dict[Any, Question] = {
    listing.ticket_ids: lambda desk, _hidden: [(_query(one), _asked(desk)) for one in QUERIES],
    listing.count_tickets: lambda desk, _hidden: [(_query(one), _asked(desk)) for one in QUERIES],
    listing.among: lambda desk, hidden: [(_query(one), _asked(desk), [hidden.ticket]) for one in QUERIES],
    listing.first_page: lambda desk, _hidden: [(_query(one), _asked(desk), 50) for one in QUERIES],
    listing.ticket_rows: lambda _desk, hidden: [([hidden.ticket],)],
    listing.ticket_by_number: lambda _desk, hidden: [(hidden.number,)],
    listing.numbers_of: lambda _desk, hidden: [([hidden.ticket],)],
    thread.messages: lambda _desk, hidden: [(hidden.ticket,)],
    thread.events: lambda _desk, hidden: [(hidden.ticket,)],
    thread.drafts: lambda _desk, hidden: [(hidden.ticket,), (None,)],
    presence.around: lambda desk, _hidden: [(desk.clock(),)],
    presence.present: lambda _desk, hidden: [(hidden.ticket,)],
    customer_history.happened: lambda _desk, hidden: [(hidden.customer, 100)],
    thread.raw_of_message: lambda _desk, hidden: [(hidden.message,), (hidden.raw,)],
    thread.in_words: lambda _desk, hidden: [({"merged_into": [None, hidden.ticket]},)],
    mail.outbox: lambda _desk, _hidden: [()],
    mail.mail_health: lambda _desk, _hidden: [()],
    mail.mail_account: lambda _desk, _hidden: [()],
    mail.newest_numbering: lambda _desk, _hidden: [("inbox", 1)],
    mail.received_by_uid: lambda _desk, _hidden: [("inbox", 1, [1, 2])],
    mailroom.mailbox_of: lambda _desk, hidden: [(hidden.raw,)],
    mail.kept_mails: lambda _desk, _hidden: [(), ("robot",), ("quarantined",), ("bounce",), ("outgoing",)],
    ledger.seen_by_uid: lambda _desk, _hidden: [("inbox", 0, [1, 2, 3])],
    ledger.mails_ever_on: lambda _desk, _hidden: [("inbox",)],
    ledger.fates_by_source: lambda _desk, _hidden: [()],
    ledger.waiting: lambda _desk, _hidden: [()],
    ledger.quarantined: lambda _desk, _hidden: [()],
    ledger.failing_mailboxes: lambda _desk, _hidden: [()],
    ledger.raw_of_subject: lambda _desk, _hidden: [(f"Pay {CANARY}", 0)],
    ledger.newest_kept: lambda _desk, _hidden: [()],
    aside.aside_counts: lambda _desk, _hidden: [()],
    aside.aside_rows: lambda _desk, _hidden: [(one,) for one in aside.Aside],
    aside.first_bytes: lambda _desk, hidden: [(hidden.message,), (hidden.raw,)],
    reasons.why: lambda _desk, hidden: [(hidden.message,), (hidden.raw,)],
    reasons.raw_id_of: lambda _desk, hidden: [(hidden.message,), (hidden.raw,)],
    people.find_customers: lambda _desk, _hidden: [(HEIDI.address,), (HEIDI.name,), ("7654321",)],
    people.customer_page: lambda _desk, hidden: [(hidden.customer,)],
    people.open_ticket_ids: lambda _desk, hidden: [(hidden.customer,)],
    people.customer_of_ticket: lambda _desk, hidden: [(hidden.ticket,)],
    prepared.canned_replies: lambda desk, _hidden: [(desk.actor,), (desk.actor, "hr")],
    prepared.macros: lambda desk, _hidden: [(desk.actor,), (desk.actor, "hr")],
    texts.steps_of: lambda _desk, _hidden: [(one,) for one in range(1, 9)],
    setup.queues: lambda _desk, _hidden: [()],
    setup.resolution_rules: lambda _desk, hidden: [([hidden.ticket],)],
    notices.my_notices: lambda desk, _hidden: [(desk.actor,)],
    notices.notices_of: lambda desk, hidden: [(hidden.ticket, desk.actor)],
    notices.watchers: lambda _desk, hidden: [(hidden.ticket,)],
    relations.related: lambda _desk, hidden: [(hidden.ticket,)],
    beside.beside: lambda desk, hidden: [(hidden.ticket, desk.actor)],
    writing_page.writing_page: lambda desk, hidden: [(hidden.ticket, _writer(desk))],
    wording.quotation: lambda _desk, hidden: [(hidden.message, "en", "UTC")],
    wording.as_on: lambda desk, hidden: [(hidden.ticket, "{{customer}} {{subject}}", _writer(desk))],
    wording.below_forward: lambda desk, hidden: [(hidden.message, _writer(desk))],
    life.life: lambda desk, hidden: [(hidden.number, desk.actor, desk.settings.calendar, desk.clock())],
    relating.children: lambda _desk, hidden: [(hidden.ticket,)],
    copies.due: lambda desk, _hidden: [(["hr", "support"], desk.clock(), 50)],
    copies.content_of: lambda _desk, _hidden: [(1,)],
    setup.agents: lambda _desk, _hidden: [()],
    setup.teams: lambda _desk, _hidden: [()],
    setup.categories: lambda _desk, _hidden: [()],
    setup.tags: lambda _desk, _hidden: [()],
    setup.views: lambda desk, _hidden: [(desk.actor.agent_id,)],
    staff.individual_stats: lambda _desk, _hidden: [()],
    staff.refusal_by_person: lambda desk, _hidden: [(desk.actor, "anna")],
    staff.colleagues: lambda desk, _hidden: [(desk.actor, desk.clock())],
    staff.rooms: lambda desk, _hidden: [(desk.clock(),)],
    board.sides: lambda desk, _hidden: [(desk.actor, desk.clock())],
    board.side_tickets: lambda desk, _hidden: [(desk.actor, side) for side in SIDES],
    board.side_extras: lambda desk, _hidden: [(desk.actor, side) for side in SIDES],
    board.effect: lambda desk, hidden: [("anna", {"bob": [hidden.number]}, desk.clock())],
    board.proposal: lambda desk, hidden: [("anna", [hidden.number], desk.clock())],
    transfer.imports: lambda _desk, _hidden: [()],
    transfer.import_named: lambda _desk, _hidden: [("abc",)],
    transfer.import_of: lambda _desk, _hidden: [("mbox", "mail", "/mail")],
    transfer.rejects: lambda _desk, _hidden: [("abc",)],
    transfer.may_write_imports: lambda _desk, _hidden: [()],
    transfer.known: lambda _desk, _hidden: [("mail", transfer.NUMBER, ["1000"])],
    transfer.taken_in_live: lambda _desk, _hidden: [("mail", ["x@y.example"])],
    transfer.tickets_named: lambda _desk, _hidden: [("mail", ["<x@y.example>", "number 1 x@y.example"])],
    transfer.people_of: lambda _desk, hidden: [([hidden.ticket],)],
    transfer.imported_mails: lambda _desk, _hidden: [("abc", "x@y.example")],
    transfer.newest_at: lambda _desk, hidden: [([hidden.ticket],)],
    transfer.subject_tags: lambda _desk, _hidden: [()],
    transfer.people_here: lambda _desk, _hidden: [()],
    export.ticket_ids_after: lambda _desk, _hidden: [(0, 100)],
    export.count_to_export: lambda _desk, _hidden: [()],
    export.count_unsent: lambda _desk, _hidden: [()],
    export.count_callbacks: lambda _desk, _hidden: [()],
    export.documents: lambda desk, hidden: [([hidden.ticket],), (desk.ask(export.ticket_ids_after, 0, 100),)],
    callbacks.plans: lambda _desk, _hidden: [()],
    callbacks.plan_of: lambda _desk, _hidden: [("people",)],
    callbacks.taken: lambda _desk, _hidden: [(1, MORNING - timedelta(days=1))],
    callbacks.week: lambda desk, _hidden: [("people", desk.clock())],
    callbacks.next_free: lambda desk, _hidden: [(desk.ask(callbacks.plan_of, "people"), desk.clock())],
    callbacks.calls: lambda _desk, hidden: [()],
    callbacks.call_of: lambda _desk, hidden: [(hidden.ticket,)],
    callbacks.latest_call: lambda _desk, hidden: [(hidden.number,)],
    callbacks.todays_calls: lambda desk, _hidden: [(desk.actor, MORNING + timedelta(days=9))],
    callbacks.due_call: lambda desk, _hidden: [(desk.actor, MORNING + timedelta(days=9))],
    callbacks.call_marks: lambda _desk, hidden: [([hidden.ticket],)],
    pages.call_card: lambda _desk, hidden: [(hidden.ticket,)],
    pages.call_page: lambda desk, hidden: [(hidden.ticket, desk.actor, desk.clock(), "DE", "people")],
    pages.ticket_page: lambda _desk, hidden: [(hidden.ticket,)],
    pages.preview_page: lambda _desk, hidden: [(hidden.ticket,)],
    sight.hidden_queues: lambda desk, _hidden: [(desk.actor,)],
    mailroom.unfiled: lambda _desk, _hidden: [()],
    mailroom.quarantined: lambda _desk, hidden: [(), ([hidden.raw],)],
    mailroom.filed: lambda _desk, hidden: [(hidden.raw,)],
    mailroom.raw_content: lambda _desk, hidden: [(hidden.raw,)],
    mailroom.fates: lambda _desk, _hidden: [("inbox", 0, [1, 2, 3])],
}


#: A team's time is its own, whatever takes it: who is offered a slot sees how many places are left.
OF_THE_TEAM = {"taken", "week", "next_free", "call_page"}
#: Counted over all somebody has, and never shown: a word is made of it, the same for whoever asks.
FOR_THE_WORD = {"rooms"}


def test_each_table_is_limited_or_open_for_a_reason() -> None:
    decided = [*sight.LIMITED, *sight.LIMITED_TO_READERS, *sight.OPEN]
    assert len(decided) == len(set(decided))
    tables = {one for one in SQLModel.__subclasses__() if hasattr(one, "__table__")}
    assert set(decided) == tables
    with_queue = {one for one in tables if {"ticket_id", "queue_id"} <= set(one.__table__.columns.keys())}
    assert with_queue <= set(sight.LIMITED)


def test_the_list_below_names_every_question() -> None:
    assert {one.__name__ for one in _questions()} == {one.__name__ for one in QUESTIONS}


#: Modules of the desk that screens and commands put questions to.
_OF_DESK = (
    pages, mailroom, conversation, drafts, sight, beside, copies, life, relating, texts, wording, writing_page,
)  # fmt: skip


def _questions() -> set[Any]:
    """All that `store.queries` answers, and whatever else of the desk is asked by a screen or a command."""
    found = set()
    for module in pkgutil.iter_modules(helpdesk_tui.store.queries.__path__, "helpdesk_tui.store.queries."):
        for name, one in inspect.getmembers(importlib.import_module(module.name), inspect.isfunction):
            is_its_own = one.__module__ == module.name and not name.startswith("_")
            if is_its_own and next(iter(inspect.signature(one).parameters), "") == "session":
                found.add(one)
    asked = {name for path in PACKAGE.rglob("*.py") for name in _asked_in(ast.parse(path.read_text()))}
    for of_desk in _OF_DESK:
        own = {name: one for name, one in vars(of_desk).items() if name in asked and name[0] != "_"}
        found |= {one for one in own.values() if getattr(one, "__module__", "") == of_desk.__name__}
    return found


def _asked_in(module: ast.Module) -> Iterator[str]:
    for node in ast.walk(module):
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") in ("ask", "read") and node.args:
            first = node.args[0]
            yield first.attr if isinstance(first, ast.Attribute) else getattr(first, "id", "")


def answers(desk: Desk, hidden: Secret) -> dict[str, str]:
    """What each question says; in errors a number is a number."""
    found: dict[str, str] = {}
    for question, how in QUESTIONS.items():
        for at, args in enumerate(how(desk, hidden)):
            try:
                answer = desk.ask(question, *args)
                said = repr(list(answer) if inspect.isgenerator(answer) else answer)
            except Exception as error:  # noqa: BLE001  an error is an answer, too
                said = f"{type(error).__name__}: {error} {getattr(error, 'hint', '')}"
                said = re.sub(r"\b\d+\b", "N", said)
            found[f"{question.__name__} {at}"] = said
    return found


@pytest.fixture
def outsider(place: Place) -> Desk:
    """Bob, who does not belong to hr, and has a ticket of his own."""
    set_up_hr(place)
    desk = place.desk("bob")
    a_ticket(desk, "Printer")
    return desk


def test_no_question_knows_what_lies_in_a_queue_of_others(place: Place, outsider: Desk) -> None:
    before = answers(outsider, MISSING)
    hidden = a_secret(place)
    after = answers(outsider, hidden)
    told = {name: said for name, said in after.items() if said != before[name]}
    assert {name: said for name, said in told.items() if name.split()[0] not in OF_THE_TEAM | FOR_THE_WORD} == {}
    assert not re.search(f"{CANARY}|7654321|{hidden.number}", str(after), re.IGNORECASE)


def test_the_same_questions_show_it_to_who_belongs_there(place: Place, outsider: Desk) -> None:
    """So that the test above sees something that is there to be seen."""
    inside = place.desk("anna")
    before = answers(inside, MISSING)
    hidden = a_secret(place)
    told = {name.split()[0] for name, said in answers(inside, hidden).items() if said != before[name]}
    silent = {one.__name__ for one in QUESTIONS} - told
    assert silent == {
        "agents", "categories", "failing_mailboxes", "fates", "hidden_queues", "import_named", "import_of", "imports", "individual_stats",
        "imported_mails", "known", "people_here", "queues", "refusal_by_person", "rejects", "subject_tags",
        "due", "mails_ever_on", "may_write_imports", "newest_numbering", "received_by_uid", "seen_by_uid", "taken_in_live", "teams", "tickets_named", "plan_of", "plans", "unfiled", "views", "waiting",
    }  # fmt: skip


def test_the_feed_says_nothing_of_it(place: Place, outsider: Desk) -> None:
    feed, theirs = Feed(outsider.store, outsider.actor), Feed(place.store("anna"), place.desk("anna").actor)
    a_secret(place)
    assert (feed.read(), bool(theirs.read())) == ([], True)


def test_the_feed_says_that_a_ticket_has_left(place: Place, outsider: Desk) -> None:
    inside = place.desk("anna")
    number = a_ticket(inside, "Pay")
    ticket_id, feed = row(inside, number).id, Feed(outsider.store, outsider.actor)
    tickets.move(inside, [number], "hr")
    assert {change.ticket_id for change in feed.read()} == {ticket_id}
    tickets.set_priority(inside, [number], Priority.URGENT)
    assert feed.read() == []
    assert outsider.ask(thread.events, ticket_id) == []


VERBS: dict[str, Callable[[Desk, int], Any]] = {
    "assign": lambda desk, number: assignment.assign(desk, [number], "bob"),
    "take": lambda desk, number: assignment.take(desk, [number]),
    "unassign": lambda desk, number: assignment.unassign(desk, [number]),
    "status": lambda desk, number: tickets.set_status(desk, [number], Status.SOLVED),
    "move": lambda desk, number: tickets.move(desk, [number], "support"),
    "tag": lambda desk, number: tickets.tag(desk, [number], add=["x"]),
    "reply": lambda desk, number: conversation.reply(desk, number, "Hello"),
    "note": lambda desk, number: conversation.note(desk, number, "Hello"),
    "among others": lambda desk, number: tickets.set_status(desk, [*listed(desk), number], Status.SOLVED),
}


def test_no_verb_reaches_it_and_the_refusal_says_nothing(place: Place, outsider: Desk) -> None:
    hidden = a_secret(place)
    before = _rows(place)
    for verb in VERBS:
        with pytest.raises(NotFound) as refused:
            VERBS[verb](outsider, hidden.number)
        with pytest.raises(NotFound) as missing:
            VERBS[verb](outsider, MISSING.number)
        said, wanted = (f"{one.value.message} {one.value.hint}" for one in (refused, missing))
        assert said.replace(str(hidden.number), "N") == wanted.replace(str(MISSING.number), "N"), verb
        assert _rows(place) == before, verb


def _rows(place: Place) -> dict[str, list[Any]]:
    names = ("ticket", "message", "event", "outbox", "draft", "ticket_tag")
    return {name: sorted(map(repr, sql(place.store(), f"SELECT * FROM {name}"))) for name in names}


def test_a_request_is_not_taken_down_where_one_does_not_belong(outsider: Desk) -> None:
    with pytest.raises(Refused, match="You do not belong to hr"):
        a_ticket(outsider, queue="hr")


def test_a_ticket_that_is_handed_over_is_out_of_sight(place: Place, outsider: Desk) -> None:
    (number,) = listed(outsider)
    assignment.take(outsider, [number])
    tickets.move(outsider, [number], "hr")
    assert listed(outsider, "is:any") == []
    assert (row(place.desk("anna"), number).queue, row(place.desk("anna"), number).assignee) == ("hr", None)


def test_nobody_gets_a_ticket_they_cannot_see(place: Place, outsider: Desk) -> None:
    inside, hidden = place.desk("anna"), a_secret(place)
    with pytest.raises(Refused, match="bob does not belong to hr"):
        assignment.assign(inside, [hidden.number], "bob")


def test_who_leaves_a_queue_leaves_its_tickets_there(place: Place, outsider: Desk) -> None:
    inside, hidden = place.desk("anna"), a_secret(place)
    assignment.take(inside, [hidden.number])
    outcome = settings.set_agent(place.desk("root"), "anna", queues=["-hr"])
    said, _dot, lost = outcome.text.partition(" · ")
    assert said == "Agent anna is changed. 1 ticket of theirs is back in its queue."
    assert lost.startswith(f"nobody of its team can see #{hidden.number} there")
    with reading(place.store(), SYSTEM) as session:
        (found,) = listing.ticket_rows(session, [hidden.ticket])
    assert found.assignee is None
    assert listed(inside, "is:any") == listed(outsider, "is:any")


def test_the_customer_of_a_hidden_matter_is_known_once_they_write_elsewhere(place: Place, outsider: Desk) -> None:
    a_secret(place)
    assert outsider.ask(people.find_customers, HEIDI.address) == []
    received(place.desk("anna"), a_mail(sender=HEIDI.whole, subject="Projector"))
    (found,) = outsider.ask(people.find_customers, HEIDI.address)
    assert (found.address, found.open_tickets) == (HEIDI.address, 1)


def test_a_request_of_somebody_hidden_makes_them_no_second_customer(place: Place, outsider: Desk) -> None:
    hidden = a_secret(place)
    number = a_ticket(outsider, "Projector", person=Person("H.", HEIDI.address))
    with reading(place.store(), SYSTEM) as session:
        assert people.customer_of_ticket(session, row(outsider, number).id).id == hidden.customer


@dataclass(frozen=True)
class Figures:
    """Who asks about whom under which setting, and whether they are told."""

    setting: str
    role: str
    about: str
    is_told: bool


@pytest.mark.parametrize(
    "case",
    [
        Figures("own", "agent", "anna", False),
        Figures("own", "lead", "anna", False),
        Figures("own", "admin", "anna", False),
        Figures("own", "agent", "bob", True),
        Figures("off", "lead", "anna", False),
        Figures("agreement", "agent", "anna", False),
        Figures("agreement", "lead", "anna", True),
    ],
    ids=str,
)
def test_who_may_list_and_count_by_person(place: Place, case: Figures) -> None:
    admin = place.desk("root")
    settings.set_setting(admin, "individual_stats", case.setting)
    settings.set_agent(admin, "bob", role=settings.Role(case.role))
    desk = place.desk("bob")
    number = a_ticket(place.desk("anna"))
    assignment.take(place.desk(case.about), [number])
    load = next(one.load for one in desk.ask(staff.colleagues, desk.actor, desk.clock()) if one.login == case.about)
    if case.is_told:
        assert (listed(desk, f"assignee:{case.about}"), load) == ([number], 1)
        return
    assert load is None
    for query in (f"assignee:{case.about}", f"-assignee:{case.about}", f"is:any assignee:{case.about.upper()}"):
        with pytest.raises(HelpdeskError, match=r"is not for you \(at character"):
            listed(desk, query)
        with pytest.raises(HelpdeskError, match="is not for you"):
            desk.ask(listing.count_tickets, parse(query), _asked(desk))


@pytest.mark.parametrize(
    ("tickets_of_theirs", "state"), [(0, "free"), (3, "free"), (4, "nearly full"), (5, "full"), (9, "full")]
)
def test_colleagues_are_told_in_a_word_how_much_room_there_is(place: Place, tickets_of_theirs: int, state: str) -> None:
    settings.set_agent(place.desk("root"), "anna", capacity=5)
    anna, bob = place.desk("anna"), place.desk("bob")
    numbers = [a_ticket(anna) for _one in range(tickets_of_theirs)]
    if numbers:
        assignment.take(anna, numbers)
    colleague = {one.login: one for one in bob.ask(staff.colleagues, bob.actor, bob.clock())}["anna"]
    assert (colleague.state, colleague.load) == (state, None)


def test_the_word_counts_what_lies_in_queues_of_others_and_the_figure_does_not(place: Place) -> None:
    set_up_hr(place)
    root, anna = place.desk("root"), place.desk("anna")
    settings.set_setting(root, "individual_stats", "agreement")
    settings.set_agent(root, "bob", role=settings.Role.LEAD)
    settings.set_agent(root, "anna", capacity=2)
    assignment.take(anna, [a_ticket(anna), a_ticket(anna, queue="hr")])
    bob = place.desk("bob")
    (colleague,) = (one for one in bob.ask(staff.colleagues, bob.actor, bob.clock()) if one.login == "anna")
    word = "free" if place.is_postgres else "full"  # a login cannot count what the database hides from it
    assert (colleague.state, colleague.load) == (word, 1)


def test_who_is_away_is_absent_until_then(place: Place) -> None:
    root, bob = place.desk("root"), place.desk("bob")
    settings.set_agent(root, "anna", away_until=place.clock() + timedelta(days=1))
    states = []
    for _day in range(2):
        colleague = {one.login: one for one in bob.ask(staff.colleagues, bob.actor, bob.clock())}["anna"]
        states.append(str(colleague.state))
        place.clock.advance(days=1)
    assert states == ["absent", "free"]


def test_the_last_admin_stays_one(place: Place) -> None:
    with pytest.raises(Refused, match="root is the only admin"):
        settings.set_agent(place.desk("root"), "root", role=settings.Role.AGENT)


@pytest.mark.parametrize("place", ["sqlite"], indirect=True)
def test_a_file_has_no_confidential_queue(place: Place) -> None:
    for verb in (settings.add_queue, settings.set_queue):
        with pytest.raises(Refused, match="whoever may read the file reads everything in it"):
            verb(place.desk("root"), "billing", is_confidential=True)


def test_a_new_queue_is_everybodys_and_a_new_agent_in_every_queue(place: Place) -> None:
    admin, bob = place.desk("root"), place.desk("bob")
    settings.add_queue(admin, "extra")
    assert listed(bob, "queue:extra") == []
    assert a_ticket(bob, queue="extra")


@pytest.mark.parametrize("words", [["billing"], ["+"], ["-"], [""]])
def test_into_and_out_of_are_told_by_their_signs(place: Place, words: list[str]) -> None:
    with pytest.raises(HelpdeskError, match="says neither into nor out of"):
        settings.set_agent(place.desk("root"), "anna", queues=words)


def test_an_unknown_queue_or_team_is_named(place: Place) -> None:
    with pytest.raises(NotFound, match="There is no queue nowhere"):
        settings.set_agent(place.desk("root"), "anna", queues=["+nowhere"])
    with pytest.raises(NotFound, match="There is no team nowhere"):
        settings.set_agent(place.desk("root"), "anna", teams=["+nowhere"])
