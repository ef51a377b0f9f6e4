"""PostgreSQL itself keeps a queue from who does not belong to it, whatever program they use."""

from __future__ import annotations

import re

import psycopg
import pytest
from sqlmodel import SQLModel

from helpdesk_tui.desk import assignment, tickets
from helpdesk_tui.desk.conversation import note
from helpdesk_tui.desk.history import undo
from helpdesk_tui.desk.presence import say_where
from helpdesk_tui.errors import HelpdeskError, Refused
from helpdesk_tui.store import sight
from helpdesk_tui.store.queries.notices import my_notices
from helpdesk_tui.terms import Priority
from tests.build import Place, a_ticket, row, sql
from tests.store.secrets import CANARY, Secret, a_secret, set_up_hr

#: Tables that the database leaves open although the program shows less of them: who writes has to find them.
SHARED = {"customer", "customer_address", "customer_phone", "customer_field"}
LIMITED = sorted(
    str(one.__tablename__) for one in (*sight.LIMITED, *sight.LIMITED_TO_READERS) if one.__tablename__ not in SHARED
)

pytestmark = pytest.mark.parametrize("place", ["postgres"], indirect=True)


@pytest.fixture
def hidden(place: Place) -> Secret:
    """A matter of HR, to which bob does not belong."""
    set_up_hr(place)
    return a_secret(place)


def test_a_login_finds_no_row_of_a_queue_of_others(place: Place, hidden: Secret) -> None:
    tables = [*LIMITED, "content", "content_chunk", "batch", "ticket_number"]
    found = {table: sql(place.store("bob"), f'SELECT * FROM "{table}"') for table in tables}
    assert {table: rows for table, rows in found.items() if rows} == {}


def test_there_was_something_to_find(place: Place, hidden: Secret) -> None:
    empty = {table for table in LIMITED if not sql(place.store("anna"), f'SELECT * FROM "{table}" LIMIT 1')}
    assert empty == {
        "customer_join", "external_ref", "import_reject", "import_run", "participant", "ticket_field",
    }  # fmt: skip


def test_every_table_that_is_limited_has_a_policy(place: Place) -> None:
    found = sql(
        place.store(),
        "SELECT c.relname FROM pg_class c JOIN pg_policy p ON p.polrelid = c.oid WHERE c.relrowsecurity",
    )
    assert {name for (name,) in found} >= {*LIMITED, "content", "content_chunk", "batch"}
    known = set(SQLModel.metadata.tables)
    assert {name for (name,) in found} <= known


def test_functions_with_the_owners_rights_are_for_agents_alone_and_trust_no_path(place: Place) -> None:
    found = sql(
        place.store(),
        "SELECT p.proname, p.proconfig, has_function_privilege('public', p.oid, 'execute') FROM pg_proc p"
        " JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname = 'public' AND p.prosecdef",
    )
    assert len(found) >= 13
    for name, config, is_public in found:
        assert any(one.startswith("search_path=") for one in config), name
        assert not is_public, name


CHANGES = (
    "UPDATE ticket SET subject = 'x' WHERE id = {ticket}",
    "UPDATE message SET text = 'x' WHERE ticket_id = {ticket}",
    "UPDATE outbox SET state = 'queued' WHERE ticket_id = {ticket}",
    "UPDATE draft SET text = 'x' WHERE ticket_id = {ticket}",
    "UPDATE mail_group SET is_open = false",
    "UPDATE mail_quarantine SET resolved_at = now()",
    "UPDATE raw_message SET disposition = 'new'",
)


def test_nothing_hidden_is_changed(place: Place, hidden: Secret) -> None:
    for statement in CHANGES:
        table = statement.split()[1]
        before = sql(place.store(), f"SELECT * FROM {table}")
        assert before, statement
        sql(place.store("bob"), statement.format(**vars(hidden)))
        assert sql(place.store(), f"SELECT * FROM {table}") == before, statement


_MESSAGE = (
    'INSERT INTO message (ticket_id, queue_id, kind, is_automatic, is_withdrawn, from_name, from_address, "to", cc,'
    " subject, text, quoted, remarks, message_id, \"references\", received_at) SELECT {ticket}, {queue}, 'note', false,"
    " false, '', '', '[]', '[]', '', '', '', '[]', '', '[]', now()"
)
_EVENT = (
    "INSERT INTO event (ticket_id, queue_id, batch_id, actor_id, verb, at, changes)"
    " SELECT t.id, t.queue_id, (SELECT id FROM batch LIMIT 1), {actor}, 'note', now(), '{{{{}}}}' FROM ticket t LIMIT 1"
)


_DRAFT = (
    "INSERT INTO draft (ticket_id, queue_id, agent_id, kind, fields, text, updated_at)"
    " SELECT {{ticket}}, (SELECT id FROM queue WHERE name = '{queue}'), id, 'reply', '{{{{}}}}', 'x', now()"
    " FROM agent WHERE login = 'bob'"
)


_PRESENCE = (
    "INSERT INTO presence (ticket_id, queue_id, agent_id, at) SELECT {ticket}, q.id, a.id, now()"
    " FROM queue q, agent a WHERE q.name = '{queue}' AND a.login = '{agent}'"
)


SMUGGLERS = (
    _PRESENCE.format(ticket="{ticket}", queue="hr", agent="bob"),
    _PRESENCE.format(ticket="{ticket}", queue="support", agent="bob"),
    _PRESENCE.format(ticket="(SELECT max(id) FROM ticket)", queue="support", agent="anna"),
    "UPDATE presence SET at = now()",
    _MESSAGE.format(ticket="{ticket}", queue="(SELECT id FROM queue WHERE name = 'support')"),
    _MESSAGE.format(ticket="{ticket}", queue="(SELECT id FROM queue WHERE name = 'hr')"),
    "INSERT INTO attachment (message_id, ticket_id, queue_id, name, content_type, size, sha256)"
    " SELECT {message}, id, queue_id, '', '', 0, '' FROM ticket LIMIT 1",
    "INSERT INTO outbox (ticket_id, queue_id, message_id, state, header_message_id, tries, due_at, words,"
    " updated_at) SELECT id, queue_id, {message}, 'queued', '', 0, now(), '', now() FROM ticket LIMIT 1",
    _EVENT.format(actor="(SELECT id FROM agent WHERE login = 'anna')"),
    "UPDATE batch SET actor_id = (SELECT id FROM agent WHERE login = 'anna')",
    "INSERT INTO ticket_tag (ticket_id, tag_id) SELECT {ticket}, helpdesk_tag('x')",
    "INSERT INTO tag (name) VALUES ('x')",
    "UPDATE customer_address SET address = 'bob@evil.example'",
    "UPDATE customer_phone SET number = '+4930111'",
    "SELECT helpdesk_set_customer({customer}, 'x', 'x', NULL)",
    "SELECT helpdesk_give_contacts({customer}, (SELECT max(id) FROM customer), '{{}}', '{{}}')",
    "SELECT helpdesk_give_contacts((SELECT max(id) FROM customer), {customer}, '{{}}', '{{}}')",
    "SELECT helpdesk_drop_contacts({customer}, ARRAY['x@y.example'], '{{}}')",
    "SELECT helpdesk_reword({customer}, now())",
    "SELECT helpdesk_move_drafts({ticket}, (SELECT max(id) FROM ticket), '{{}}')",
    "INSERT INTO customer_join (kept_id, joined_id, agent_id, moved, at)"
    " SELECT max(c.id), {customer}, (SELECT id FROM agent WHERE login = 'bob'), '{{}}', now() FROM customer c",
    "UPDATE callback_plan SET capacity = 1000",
    "UPDATE callback_slot SET taken = 0",
    "INSERT INTO callback_exception (team_id, day) SELECT team_id, '2026-12-24' FROM callback_plan",
    _DRAFT.format(queue="hr"),
    _DRAFT.format(queue="support"),
    "UPDATE draft SET ticket_id = {ticket}",
    _EVENT.format(actor="NULL").replace("(ticket_id", "(xid, ticket_id").replace("SELECT t.id", "SELECT 1 << 62, t.id"),
    "SELECT helpdesk_hand_over(ARRAY[{ticket}]::bigint[], (SELECT id FROM queue WHERE name = 'support'))",
    "INSERT INTO queue_member (queue_id, agent_id) SELECT q.id, a.id FROM queue q, agent a",
    "UPDATE agent SET role = 'admin'",
    "UPDATE setting SET value = 'agreement'",
    "ALTER TABLE ticket DISABLE ROW LEVEL SECURITY",
    "SET ROLE root",
    "SET SESSION AUTHORIZATION anna",
)


def test_a_notice_is_taken_back_by_whoever_gave_it_alone(place: Place) -> None:
    anna, bob = place.desk("anna"), place.desk("bob")
    note(anna, a_ticket(anna), "@bob look")
    (told,) = bob.ask(my_notices, bob.actor)
    assert _refusal(place, f"SELECT helpdesk_take_back_notices({told.message_id})") == ""
    assert bob.ask(my_notices, bob.actor) == [told]


def test_nothing_is_smuggled_into_it_or_out_of_it(place: Place, hidden: Secret) -> None:
    a_ticket(place.desk("bob"))
    before = _as_it_is(place)
    said = {statement: _refusal(place, statement.format(**vars(hidden))) for statement in SMUGGLERS}
    refused = re.compile("policy|denied|owner|no such|violates")
    assert {statement: words for statement, words in said.items() if not refused.search(words)} == {}
    assert _as_it_is(place) == before


def _as_it_is(place: Place) -> dict[str, list[tuple[object, ...]]]:
    return {
        table: sorted(sql(place.store(), f'SELECT * FROM "{table}"'), key=repr) for table in SQLModel.metadata.tables
    }


def _refusal(place: Place, statement: str) -> str:
    try:
        sql(place.store("bob"), statement)
    except HelpdeskError as error:
        return str(error)
    return ""


@pytest.mark.parametrize(
    ("function", "columns", "event"),
    [("event_follows", "id bigint, queue_id bigint", "UPDATE"), ("event_has_ticket", "ticket_id bigint", "INSERT")],
)
def test_what_a_trigger_may_do_it_does_on_no_table_of_somebodys_own(
    place: Place, hidden: Secret, function: str, columns: str, event: str
) -> None:
    with psycopg.connect(place.url_of("bob"), autocommit=True) as bob:
        bob.execute(f"CREATE TEMP TABLE mine ({columns})")
        hang = f"CREATE TRIGGER t AFTER {event} ON mine FOR EACH ROW EXECUTE FUNCTION {function}()"
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            bob.execute(hang)


def test_numbers_and_counts_of_others_stand_nowhere(place: Place, hidden: Secret) -> None:
    mine = a_ticket(place.desk("bob"))
    assert sql(place.store("bob"), "SELECT number FROM ticket_number") == [(mine,)]


def test_nobody_says_that_a_colleague_has_left(place: Place) -> None:
    number = a_ticket(place.desk("anna"))
    say_where(place.desk("anna"), row(place.desk("anna"), number).id)
    sql(place.store("bob"), "DELETE FROM presence")
    assert len(sql(place.store("bob"), "SELECT * FROM presence")) == 1


def test_a_batch_over_hidden_tickets_too_is_not_shown(place: Place, hidden: Secret) -> None:
    anna = place.desk("anna")
    tickets.set_priority(anna, [a_ticket(anna), hidden.number], Priority.HIGH)
    assert str(hidden.number) not in str(sql(place.store("bob"), "SELECT outcome FROM batch"))


def test_a_tag_is_one_whoever_had_it_first(place: Place, hidden: Secret) -> None:
    bob = place.desk("bob")
    number = a_ticket(bob)
    tickets.tag(bob, [number], add=[CANARY, "new"])
    assert row(bob, number).tags == ("new", CANARY)
    assert sorted(sql(place.store("bob"), "SELECT name FROM tag")) == [("new",), (CANARY,)]
    assert sql(place.store(), "SELECT count(*) FROM tag") == [(2,)]


def test_a_saved_query_is_its_owners(place: Place) -> None:
    saved = "INSERT INTO view (agent_id, name, query, position) SELECT id, 'x', 'Mueller', 1 FROM agent WHERE login = 'anna'"
    sql(place.store("anna"), saved)
    assert sql(place.store("bob"), "SELECT query FROM view") == []


def test_nobody_makes_functions_where_others_look_for_them(place: Place) -> None:
    with (
        psycopg.connect(place.url_of("bob"), autocommit=True) as bob,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        bob.execute("CREATE FUNCTION public.to_tsvector(text, text) RETURNS tsvector LANGUAGE sql AS 'SELECT NULL'")


def test_words_are_found_in_ones_own_queues_alone(place: Place, hidden: Secret) -> None:
    asked = f"SELECT helpdesk_search(plainto_tsquery('simple', '{CANARY}'))"
    assert sql(place.store("bob"), asked) == []
    assert sql(place.store("anna"), asked.replace(CANARY, f"{CANARY} pay wrong")) == [(hidden.ticket,)]


def test_a_ticket_is_handed_over_with_all_that_belongs_to_it(place: Place) -> None:
    set_up_hr(place)
    bob, anna = place.desk("bob"), place.desk("anna")
    number = a_ticket(bob, "Pay", text="My pay is wrong")
    outcome = tickets.set_fields(bob, [number], tickets.Fields(queue="hr", priority=Priority.HIGH))
    assert (outcome.is_final, outcome.tickets) == (True, (number,))
    assert "out of your sight now" in outcome.text
    assert (row(anna, number).queue, row(anna, number).priority) == ("hr", Priority.HIGH)
    hr = sql(place.store(), "SELECT id FROM queue WHERE name = 'hr'")
    for table in ("message", "event", "ticket_words"):
        assert set(sql(place.store(), f"SELECT queue_id FROM {table}")) == set(hr), table


def test_undo_does_not_take_back_something_else_instead(place: Place) -> None:
    set_up_hr(place)
    bob = place.desk("bob")
    first, second = a_ticket(bob, "Printer"), a_ticket(bob, "Pay")
    assignment.take(bob, [first])
    place.clock.advance(minutes=1)
    tickets.move(bob, [second], "hr")
    with pytest.raises(Refused, match=f"#{second} lies in a queue you do not belong to"):
        undo(bob)
    assert row(bob, first).assignee == "bob"


def test_mail_is_taken_in_only_by_who_belongs_everywhere(place: Place) -> None:
    set_up_hr(place)
    assert place.desk("bob").ask(sight.hidden_queues, place.desk("bob").actor) == ["hr"]
