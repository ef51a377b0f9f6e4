"""mail in: what a mail was seen to be, floods and alerts as one entry, who was let in, acknowledgements, joined customers"""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import UTCDateTime

revision = "0006"
down_revision = "0005"

BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MINE = "queue_id = ANY ((SELECT helpdesk_queues())::bigint[])"


def upgrade() -> None:
    _groups()
    _raw_mail()
    _participants()
    _acknowledgements()
    _customers()
    if op.get_bind().dialect.name == "postgresql":
        for table in ("mail_group", "participant", "acknowledgement"):
            op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
            op.execute(f"CREATE POLICY {table}_rows ON {table} USING ({MINE}) WITH CHECK ({MINE})")
        op.execute("ALTER TABLE customer_join ENABLE ROW LEVEL SECURITY")
        met = "helpdesk_met(kept_id)"
        op.execute(f"CREATE POLICY customer_join_rows ON customer_join USING ({met}) WITH CHECK ({met})")


def _text(name: str, default: str = "") -> "sa.Column[str]":
    return sa.Column(name, sa.Text(), nullable=False, server_default=default)


def _key(name: str, *, is_first: bool = False, is_null: bool = False) -> "sa.Column[int]":
    return sa.Column(name, BigId, *([sa.Identity()] if is_first else []), nullable=is_null)


def _flag(name: str) -> "sa.Column[bool]":
    return sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.false())


def _json(name: str) -> "sa.Column[dict[str, object]]":
    return sa.Column(name, sa.JSON(), nullable=False, server_default="{}")


def _with_ticket() -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["ticket_id", "queue_id"], ["ticket.id", "ticket.queue_id"], onupdate="CASCADE")


def _groups() -> None:
    op.create_table(
        "mail_group",
        _key("id", is_first=True),
        _key("queue_id"),
        _key("ticket_id", is_null=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("from_address", sa.Text(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("is_open", sa.Boolean(), nullable=False),
        sa.Column("first_at", UTCDateTime(), nullable=False),
        sa.Column("last_at", UTCDateTime(), nullable=False),
        sa.CheckConstraint("kind IN ('backscatter', 'robot', 'alert', 'flood')", name="kind_known"),
        sa.ForeignKeyConstraint(["queue_id"], ["queue.id"]),
        _with_ticket(),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_mail_group_ticket_id", "mail_group", ["ticket_id"], unique=False)
    is_open = sa.text("is_open")
    op.create_index(
        "mail_group_open",
        "mail_group",
        ["queue_id", "kind", "key"],
        unique=True,
        sqlite_where=is_open,
        postgresql_where=is_open,
    )


def _raw_mail() -> None:
    for name in ("from_name", "from_address", "subject"):
        op.add_column("raw_message", _text(name))
    op.add_column("raw_message", _key("group_id", is_null=True))
    op.add_column("raw_message", _flag("is_backlog"))
    op.add_column("raw_message", _json("signals"))
    op.create_index("ix_raw_message_group_id", "raw_message", ["group_id"], unique=False)
    op.create_index("raw_message_from", "raw_message", ["from_address", "id"], unique=False)
    for name, default in (("acknowledges", ""), ("acknowledges_within", ""), ("robots", "aside")):
        op.add_column("queue", _text(name, default))
    for name in ("acknowledges_with_number", "has_plus_addresses"):
        op.add_column("queue", _flag(name))
    op.add_column("queue", _json("acknowledgement"))


def _participants() -> None:
    op.create_table(
        "participant",
        _key("ticket_id"),
        _key("queue_id"),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        _key("agent_id", is_null=True),
        sa.Column("at", UTCDateTime(), nullable=False),
        _with_ticket(),
        sa.ForeignKeyConstraint(["agent_id"], ["agent.id"]),
        sa.PrimaryKeyConstraint("ticket_id", "address"),
    )


def _acknowledgements() -> None:
    op.create_table(
        "acknowledgement",
        _key("id", is_first=True),
        _key("ticket_id"),
        _key("queue_id"),
        _key("message_id"),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        _with_ticket(),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_acknowledgement_ticket_id", "acknowledgement", ["ticket_id"], unique=False)
    op.create_index("acknowledgement_to", "acknowledgement", ["address", "at"], unique=False)
    op.create_index("acknowledgement_about", "acknowledgement", ["about", "at"], unique=False)


def _customers() -> None:
    op.create_table(
        "customer_join",
        _key("id", is_first=True),
        _key("kept_id"),
        _key("joined_id"),
        _key("agent_id", is_null=True),
        sa.Column("moved", sa.JSON(), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("split_at", UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["kept_id"], ["customer.id"]),
        sa.ForeignKeyConstraint(["joined_id"], ["customer.id"]),
        sa.ForeignKeyConstraint(["agent_id"], ["agent.id"]),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_customer_join_kept_id", "customer_join", ["kept_id"], unique=False)
    op.create_index("ix_customer_join_joined_id", "customer_join", ["joined_id"], unique=False)
