"""PostgreSQL itself shows an agent's login only what lies in the agent's queues; the owner of the tables sees all"""

from alembic import op

revision = "0004"
down_revision = "0003"

MY_QUEUES = "ANY ((SELECT helpdesk_queues())::bigint[])"
MINE = f"queue_id = {MY_QUEUES}"
SEES_ALL = "(SELECT helpdesk_sees_all())"
ME = "(SELECT helpdesk_me())"
LEADS = "(SELECT helpdesk_leads())"
#: Tables whose rows belong to a queue, and to nothing else that has rights.
BY_QUEUE = (
    "ticket",
    "message",
    "raw_message",
    "mail_quarantine",
    "timer",
    "ticket_words",
    "callback_request",
    "callback_booking",
)
#: Those that also name a message, which must be one of the same ticket.
BY_MESSAGE = ("attachment", "outbox", "own_token")
FUNCTIONS = {
    "helpdesk_me()": (
        "bigint",
        "SELECT id FROM agent WHERE login = session_user AND is_active",
    ),
    "helpdesk_leads()": (
        "boolean",
        "SELECT EXISTS (SELECT 1 FROM agent WHERE login = session_user AND is_active AND role IN ('lead', 'admin'))",
    ),
    "helpdesk_queues()": (
        "bigint[]",
        "SELECT coalesce(array_agg(m.queue_id), '{}') FROM queue_member m JOIN agent a ON a.id = m.agent_id"
        " WHERE a.login = session_user AND a.is_active",
    ),
    "helpdesk_sees_all()": (
        "boolean",
        "SELECT NOT EXISTS (SELECT 1 FROM queue q WHERE NOT q.id = ANY (helpdesk_queues()))",
    ),
    "helpdesk_met(customer bigint)": (
        "boolean",
        "SELECT EXISTS (SELECT 1 FROM ticket WHERE requester_id = customer AND queue_id = ANY (helpdesk_queues()))"
        " OR NOT EXISTS (SELECT 1 FROM ticket WHERE requester_id = customer)",
    ),
    "helpdesk_uses(tag bigint)": (
        "boolean",
        "SELECT EXISTS (SELECT 1 FROM ticket_tag g JOIN ticket t ON t.id = g.ticket_id"
        " WHERE g.tag_id = tag AND t.queue_id = ANY (helpdesk_queues()))"
        " OR NOT EXISTS (SELECT 1 FROM ticket_tag g WHERE g.tag_id = tag)",
    ),
    # Asked of the table itself, the condition on the queue would have to come first, and the index would be no use.
    "helpdesk_search(asked tsquery)": (
        "SETOF bigint",
        "SELECT w.ticket_id FROM ticket_words w"
        " WHERE to_tsvector('simple', w.words) @@ asked AND w.queue_id = ANY (helpdesk_queues())",
    ),
}


def upgrade() -> None:
    op.create_index("ix_attachment_sha256", "attachment", ["sha256"], unique=False)
    op.create_index("ix_raw_message_sha256", "raw_message", ["sha256"], unique=False)
    if op.get_bind().dialect.name != "postgresql":
        return
    for call, (gives, body) in FUNCTIONS.items():
        # For a word that is in all documents the planner takes the index for no cheaper than reading them all.
        more = "SET enable_seqscan = off" if "search" in call else ""
        op.execute(
            f"CREATE FUNCTION {call} RETURNS {gives} LANGUAGE sql STABLE SECURITY DEFINER "
            f"SET search_path = public, pg_temp {more} AS $$ {body} $$"
        )
    _hand_over()
    for table in BY_QUEUE:
        _policy(table, MINE)
    for table in BY_MESSAGE:
        theirs = f"EXISTS (SELECT 1 FROM message m WHERE m.id = {table}.message_id AND m.ticket_id = {table}.ticket_id)"
        _policy(table, MINE, f"{MINE} AND {theirs}")
    for table in ("ticket_tag", "ticket_field"):
        _policy(table, "EXISTS (SELECT 1 FROM ticket t WHERE t.id = ticket_id)")
    _policy("mail_seen", "EXISTS (SELECT 1 FROM raw_message r WHERE r.id = raw_id)")
    for table in ("content", "content_chunk"):
        named = (
            f"EXISTS (SELECT 1 FROM {by} x WHERE x.sha256 = {table}.sha256)" for by in ("attachment", "raw_message")
        )
        _policy(table, " OR ".join(named), "true")
    left = f"verb IN ('queue', 'undo', 'redo') AND (changes->'queue_id'->>0)::bigint = {MY_QUEUES}"
    by_me = f"(actor_id IS NULL OR actor_id = {ME})"
    _policy("event", f"{MINE} OR {left}", f"{MINE} AND {by_me}")
    _policy("batch", f"actor_id = {ME} OR EXISTS (SELECT 1 FROM event e WHERE e.batch_id = batch.id)", by_me)
    _policy("draft", f"agent_id = {ME} OR {MINE} OR (queue_id IS NULL AND {LEADS})", f"agent_id = {ME} OR {LEADS}")
    for table in ("import_run", "import_reject", "external_ref"):
        _policy(table, SEES_ALL)


def _policy(table: str, shown: str, written: str | None = None) -> None:
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY {table}_rows ON {table} USING ({shown}) WITH CHECK ({written or shown})")


def _hand_over() -> None:
    """A ticket may be moved out of one's own queues into any other; it is out of sight then."""
    op.execute(
        """
        CREATE FUNCTION helpdesk_hand_over(tickets bigint[], queue bigint) RETURNS void LANGUAGE plpgsql
        SECURITY DEFINER SET search_path = public, pg_temp AS $$ BEGIN
          IF EXISTS (SELECT 1 FROM unnest(tickets) AS named(id) WHERE NOT EXISTS
            (SELECT 1 FROM ticket t WHERE t.id = named.id AND t.queue_id = ANY (helpdesk_queues())))
          THEN RAISE EXCEPTION 'there is no such ticket' USING ERRCODE = 'no_data_found'; END IF;
          UPDATE ticket SET queue_id = queue WHERE id = ANY (tickets);
        END $$
        """
    )
