"""PostgreSQL: what an agent's login may not read, it learns by no other door either; who plans is a lead"""

from alembic import op

revision = "0005"
down_revision = "0004"

ME = "(SELECT helpdesk_me())"
LEADS = "(SELECT helpdesk_leads())"
SEES_ALL = "(SELECT helpdesk_sees_all())"
MINE = "queue_id = ANY ((SELECT helpdesk_queues())::bigint[])"
#: Names of other types and operators of `pg_catalog` come first, and a full name is nobody's to take.
FUNCTIONS = {
    "helpdesk_search(asked tsquery)": (
        "SETOF bigint",
        "SELECT w.ticket_id FROM ticket_words w"
        " WHERE pg_catalog.to_tsvector('simple'::regconfig, w.words) @@ asked AND w.queue_id = ANY (helpdesk_queues())",
        "STABLE",
    ),
    "helpdesk_is_whole(batch text)": (
        "boolean",
        "SELECT NOT EXISTS (SELECT 1 FROM event e WHERE e.batch_id = batch AND NOT e.queue_id = ANY (helpdesk_queues()))",
        "STABLE",
    ),
    # Found or made: a tag of a hidden ticket may be put on one's own, and shows itself only then.
    "helpdesk_tag(wanted text)": (
        "bigint",
        "INSERT INTO tag (name) VALUES (wanted) ON CONFLICT DO NOTHING; SELECT id FROM tag WHERE name = wanted",
        "VOLATILE",
    ),
}


def upgrade() -> None:
    if op.get_bind().dialect.name != "postgresql":
        return
    for call, (gives, body, how) in FUNCTIONS.items():
        more = "SET enable_seqscan = off" if "search" in call else ""
        op.execute(
            f"CREATE OR REPLACE FUNCTION {call} RETURNS {gives} LANGUAGE sql {how} SECURITY DEFINER "
            f"SET search_path = public, pg_temp {more} AS $$ {body} $$"
        )
    op.execute("ALTER FUNCTION callback_place() SECURITY DEFINER")
    op.execute("ALTER FUNCTION callback_place() SET search_path = public, pg_temp")
    _read_less()
    _write_less()


def _read_less() -> None:
    op.execute("DROP POLICY batch_rows ON batch")
    by_me = f"actor_id = {ME}"
    seen = "EXISTS (SELECT 1 FROM event e WHERE e.batch_id = batch.id) AND helpdesk_is_whole(id)"
    op.execute(
        f"CREATE POLICY batch_rows ON batch USING ({by_me} OR ({seen})) WITH CHECK (actor_id IS NULL OR {by_me})"
    )
    # Whoever writes the words of a ticket anew has to know what it was called elsewhere.
    seen = "type = 'number' AND EXISTS (SELECT 1 FROM ticket t WHERE t.id = own_id)"
    _policy("external_ref", "SELECT", f"USING ({seen})")
    _policy("tag", "SELECT", "USING (helpdesk_uses(id))")
    _policy("tag", "INSERT", f"WITH CHECK ({SEES_ALL})")
    _policy("view", "ALL", f"USING (agent_id IS NULL OR agent_id = {ME}) WITH CHECK (agent_id = {ME} OR {LEADS})")
    _policy(
        "ticket_number",
        "SELECT",
        f"USING ({SEES_ALL} OR EXISTS (SELECT 1 FROM ticket t WHERE t.number = ticket_number.number))",
    )
    _policy("ticket_number", "INSERT", "WITH CHECK (true)")


def _write_less() -> None:
    """Policies of their own for adding: one's own text about a hidden ticket would tell that there is one."""
    op.execute("DROP POLICY draft_rows ON draft")
    here = f"queue_id IS NULL OR {MINE}"
    shown = f"agent_id = {ME} OR {MINE} OR (queue_id IS NULL AND {LEADS})"
    _policy("draft", "SELECT", f"USING ({shown})")
    _policy("draft", "INSERT", f"WITH CHECK ((agent_id = {ME} OR {LEADS}) AND ({here}))")
    _policy("draft", "UPDATE", f"USING ({shown}) WITH CHECK (agent_id = {ME} OR ({LEADS} AND ({here})))")
    op.execute("DROP POLICY event_rows ON event")
    left = (
        "verb IN ('queue', 'undo', 'redo')"
        " AND (changes->'queue_id'->>0)::bigint = ANY ((SELECT helpdesk_queues())::bigint[])"
    )
    now = "xid = pg_current_xact_id()::text::bigint"
    _policy("event", "SELECT", f"USING ({MINE} OR {left})")
    _policy("event", "INSERT", f"WITH CHECK ({MINE} AND (actor_id IS NULL OR actor_id = {ME}) AND {now})")
    # Who books locks the plan, and for that PostgreSQL asks for the right to change it.
    for table in ("callback_plan", "callback_exception"):
        _policy(table, "SELECT", "USING (true)")
        _policy(table, "INSERT", f"WITH CHECK ({LEADS})")
        _policy(table, "UPDATE", f"USING (true) WITH CHECK ({LEADS})")
        _policy(table, "DELETE", f"USING ({LEADS})")
    _policy("callback_slot", "SELECT", "USING (true)")
    _policy("callback_slot", "INSERT", "WITH CHECK (taken = 0)")
    _policy("callback_slot", "UPDATE", "USING (true)")


def _policy(table: str, of: str, condition: str) -> None:
    op.execute(f'ALTER TABLE "{table}" ENABLE ROW LEVEL SECURITY')
    op.execute(f'CREATE POLICY {table}_{of.lower()} ON "{table}" FOR {of} {condition}')
