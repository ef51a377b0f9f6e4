"""the conversation: a mail's fate with each recipient, Sent folders, resolutions, calls, links, watchers, notices, who is there"""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import UTCDateTime

revision = "0008"
down_revision = "0007"

BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MINE = "queue_id = ANY ((SELECT helpdesk_queues())::bigint[])"


def upgrade() -> None:
    _outbox()
    _columns()
    _links()
    _people()
    _presence()
    _texts()


def _key(name: str, *, is_null: bool = False) -> "sa.Column[int]":
    return sa.Column(name, BigId, nullable=is_null)


def _json(name: str) -> "sa.Column[dict[str, object]]":
    return sa.Column(name, sa.JSON(), nullable=False, server_default="{}")


def _with_ticket() -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["ticket_id", "queue_id"], ["ticket.id", "ticket.queue_id"], onupdate="CASCADE")


def _policy(table: str, shown: str, written: str | None = None) -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY {table}_rows ON {table} USING ({shown}) WITH CHECK ({written or shown})")


def _outbox() -> None:
    op.add_column("outbox", sa.Column("copy_due_at", UTCDateTime(), nullable=True))
    op.add_column("outbox", sa.Column("copy_tries", sa.Integer(), nullable=False, server_default="0"))
    op.create_table(
        "outbox_recipient",
        _key("outbox_id"),
        sa.Column("address", sa.Text(), nullable=False),
        _key("message_id"),
        _key("ticket_id"),
        _key("queue_id"),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "state IN ('queued', 'sending', 'sent', 'failed', 'unsure', 'withdrawn')", name="state_known"
        ),
        sa.ForeignKeyConstraint(["outbox_id"], ["outbox.id"]),
        sa.ForeignKeyConstraint(["message_id"], ["message.id"]),
        _with_ticket(),
        sa.PrimaryKeyConstraint("outbox_id", "address"),
    )
    op.create_index("ix_outbox_recipient_message_id", "outbox_recipient", ["message_id"], unique=False)
    op.create_index("ix_outbox_recipient_ticket_id", "outbox_recipient", ["ticket_id"], unique=False)
    theirs = (
        "EXISTS (SELECT 1 FROM message m WHERE m.id = outbox_recipient.message_id"
        " AND m.ticket_id = outbox_recipient.ticket_id)"
    )
    _policy("outbox_recipient", MINE, f"{MINE} AND {theirs}")


def _columns() -> None:
    op.add_column("ticket", sa.Column("resolution", sa.Text(), nullable=True))
    op.add_column("ticket", sa.Column("is_incident", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("message", _json("call"))
    op.add_column("timer", _json("fields"))
    op.add_column("queue", sa.Column("resolution_rule", sa.Text(), nullable=False, server_default="asked"))
    op.add_column("queue", sa.Column("closes_after", sa.Integer(), nullable=False, server_default="5"))
    op.add_column("queue", _json("salutation"))
    op.add_column("queue", _json("signature"))


def _links() -> None:
    op.create_table(
        "ticket_link",
        _key("ticket_id"),
        _key("queue_id"),
        _key("other_id"),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.CheckConstraint("kind IN ('related', 'parent', 'duplicate')", name="kind_known"),
        sa.ForeignKeyConstraint(["other_id"], ["ticket.id"]),
        _with_ticket(),
        sa.PrimaryKeyConstraint("ticket_id", "other_id"),
    )
    op.create_index("ix_ticket_link_other_id", "ticket_link", ["other_id"], unique=False)
    both = f"{MINE} AND EXISTS (SELECT 1 FROM ticket t WHERE t.id = other_id)"
    _policy("ticket_link", both)


def _people() -> None:
    op.create_table(
        "watcher",
        _key("ticket_id"),
        _key("queue_id"),
        _key("agent_id"),
        sa.ForeignKeyConstraint(["agent_id"], ["agent.id"]),
        _with_ticket(),
        sa.PrimaryKeyConstraint("ticket_id", "agent_id"),
    )
    op.create_index("ix_watcher_agent_id", "watcher", ["agent_id"], unique=False)
    _policy("watcher", MINE)
    op.create_table(
        "notice",
        _key("agent_id"),
        _key("ticket_id"),
        _key("queue_id"),
        sa.Column("kind", sa.Text(), nullable=False),
        _key("message_id"),
        _key("by_id", is_null=True),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.CheckConstraint("kind IN ('mention', 'handover', 'reminder', 'watched')", name="kind_known"),
        sa.ForeignKeyConstraint(["agent_id"], ["agent.id"]),
        sa.ForeignKeyConstraint(["by_id"], ["agent.id"]),
        _with_ticket(),
        sa.PrimaryKeyConstraint("agent_id", "ticket_id", "kind", "message_id"),
    )
    op.create_index("ix_notice_ticket_id", "notice", ["ticket_id"], unique=False)
    _policy("notice", f"agent_id = (SELECT helpdesk_me()) AND {MINE}", MINE)


def _presence() -> None:
    op.create_table(
        "presence",
        _key("agent_id"),
        _key("ticket_id"),
        _key("queue_id"),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["agent_id"], ["agent.id"]),
        _with_ticket(),
        sa.PrimaryKeyConstraint("agent_id", "ticket_id"),
    )
    op.create_index("ix_presence_ticket_id", "presence", ["ticket_id"], unique=False)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER TABLE presence ENABLE ROW LEVEL SECURITY")
        me = "agent_id = (SELECT helpdesk_me())"
        op.execute(f"CREATE POLICY presence_shown ON presence FOR SELECT USING ({me} OR {MINE})")
        op.execute(f"CREATE POLICY presence_said ON presence FOR INSERT WITH CHECK ({me} AND {MINE})")
        op.execute(f"CREATE POLICY presence_left ON presence FOR DELETE USING ({me})")


def _texts() -> None:
    for table, more in (
        (
            "canned_reply",
            [sa.Column(name, sa.Text(), nullable=False) for name in ("folder", "name", "language", "text")],
        ),
        (
            "macro",
            [
                sa.Column("name", sa.Text(), nullable=False),
                sa.Column("digit", sa.Text(), nullable=False),
                sa.Column("steps", sa.JSON(), nullable=False),
            ],
        ),
    ):
        op.create_table(
            table,
            sa.Column("id", BigId, sa.Identity(), nullable=False),
            _key("agent_id", is_null=True),
            _key("queue_id", is_null=True),
            *more,
            sa.Column("uses", sa.Integer(), nullable=False),
            sa.Column("updated_at", UTCDateTime(), nullable=False),
            sa.ForeignKeyConstraint(["agent_id"], ["agent.id"]),
            sa.ForeignKeyConstraint(["queue_id"], ["queue.id"]),
            sa.PrimaryKeyConstraint("id"),
            sqlite_autoincrement=True,
        )
        me, leads = "(SELECT helpdesk_me())", "(SELECT helpdesk_leads())"
        here = f"(queue_id IS NULL OR {MINE})"
        _policy(
            table,
            f"(agent_id IS NULL OR agent_id = {me}) AND {here}",
            f"(agent_id = {me} OR (agent_id IS NULL AND {leads})) AND {here}",
        )
    op.create_index("canned_reply_named", "canned_reply", ["agent_id", "folder", "name"], unique=False)
    op.create_index("macro_named", "macro", ["agent_id", "name"], unique=False)
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            """
            CREATE FUNCTION helpdesk_used(texts bigint[], done bigint[]) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
            SET search_path = public, pg_temp AS $$ BEGIN
              UPDATE canned_reply SET uses = uses + 1 WHERE id = ANY (texts)
                AND (agent_id IS NULL OR agent_id = helpdesk_me())
                AND (queue_id IS NULL OR queue_id = ANY (helpdesk_queues()));
              UPDATE macro SET uses = uses + 1 WHERE id = ANY (done)
                AND (agent_id IS NULL OR agent_id = helpdesk_me())
                AND (queue_id IS NULL OR queue_id = ANY (helpdesk_queues()));
            END $$
            """
        )
