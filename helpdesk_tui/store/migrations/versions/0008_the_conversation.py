"""the conversation: how far a mail has come with each recipient, copies in Sent folders"""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import UTCDateTime

revision = "0008"
down_revision = "0007"

BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MINE = "queue_id = ANY ((SELECT helpdesk_queues())::bigint[])"


def upgrade() -> None:
    _outbox()


def _key(name: str, *, is_null: bool = False) -> "sa.Column[int]":
    return sa.Column(name, BigId, nullable=is_null)


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
