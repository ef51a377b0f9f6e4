"""the first schema"""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import UTCDateTime

revision = "0001"
down_revision = None

FIRST_KEPT = 1_000_000_000
BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "agent",
        sa.Column("id", BigId, sa.Identity(), nullable=False),
        sa.Column("login", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("away_until", UTCDateTime(), nullable=True),
        sa.CheckConstraint("role IN ('agent', 'lead', 'admin')", name="role_known"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("login"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "category",
        sa.Column("id", BigId, sa.Identity(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("name"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "content",
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("sha256"),
    )
    op.create_table(
        "external_ref",
        sa.Column("system", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("own_id", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("system", "type", "external_id"),
    )
    op.create_index("ix_external_ref_own_id", "external_ref", ["own_id"], unique=False)

    op.create_table(
        "field_definition",
        sa.Column("id", BigId, sa.Identity(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("choices", sa.JSON(), nullable=False),
        sa.CheckConstraint("kind IN ('text', 'number', 'date', 'choice')", name="kind_known"),
        sa.CheckConstraint("subject IN ('customer', 'ticket')", name="subject_known"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("subject", "name"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "lease",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("since", UTCDateTime(), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "organization",
        sa.Column("id", BigId, sa.Identity(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_organization_name", "organization", ["name"], unique=False)

    op.create_table(
        "queue",
        sa.Column("id", BigId, sa.Identity(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("display_name", sa.Text(), nullable=False),
        sa.Column("is_confidential", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("name"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "tag",
        sa.Column("id", BigId, sa.Identity(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("name"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "team",
        sa.Column("id", BigId, sa.Identity(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("name"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "ticket_number",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("number"),
    )
    op.create_table(
        "batch",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("actor_id", BigId, nullable=True),
        sa.Column("verb", sa.Text(), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("outcome", sa.JSON(), nullable=False),
        sa.Column("undoes", sa.Text(), nullable=True),
        sa.Column("undone_by", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["actor_id"],
            ["agent.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("batch_of", "batch", ["actor_id", "at"], unique=False)

    op.create_table(
        "content_chunk",
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["sha256"],
            ["content.sha256"],
        ),
        sa.PrimaryKeyConstraint("sha256", "seq"),
    )
    op.create_table(
        "customer",
        sa.Column("id", BigId, sa.Identity(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("search_key", sa.Text(), nullable=False),
        sa.Column("organization_id", BigId, nullable=True),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organization.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_customer_search_key", "customer", ["search_key"], unique=False)

    op.create_table(
        "queue_address",
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("queue_id", BigId, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["queue_id"],
            ["queue.id"],
        ),
        sa.PrimaryKeyConstraint("address"),
    )
    op.create_index("ix_queue_address_queue_id", "queue_address", ["queue_id"], unique=False)

    op.create_table(
        "team_member",
        sa.Column("team_id", BigId, nullable=False),
        sa.Column("agent_id", BigId, nullable=False),
        sa.ForeignKeyConstraint(
            ["agent_id"],
            ["agent.id"],
        ),
        sa.ForeignKeyConstraint(
            ["team_id"],
            ["team.id"],
        ),
        sa.PrimaryKeyConstraint("team_id", "agent_id"),
    )
    op.create_table(
        "view",
        sa.Column("id", BigId, sa.Identity(), nullable=False),
        sa.Column("agent_id", BigId, nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("query", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["agent_id"],
            ["agent.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "customer_address",
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("customer_id", BigId, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"],
            ["customer.id"],
        ),
        sa.PrimaryKeyConstraint("address"),
    )
    op.create_index("ix_customer_address_customer_id", "customer_address", ["customer_id"], unique=False)

    op.create_table(
        "customer_field",
        sa.Column("definition_id", BigId, nullable=False),
        sa.Column("customer_id", BigId, nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"],
            ["customer.id"],
        ),
        sa.ForeignKeyConstraint(
            ["definition_id"],
            ["field_definition.id"],
        ),
        sa.PrimaryKeyConstraint("definition_id", "customer_id"),
    )
    op.create_table(
        "customer_phone",
        sa.Column("id", BigId, sa.Identity(), nullable=False),
        sa.Column("customer_id", BigId, nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("digits", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"],
            ["customer.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_customer_phone_customer_id", "customer_phone", ["customer_id"], unique=False)
    op.create_index("ix_customer_phone_digits", "customer_phone", ["digits"], unique=False)

    op.create_table(
        "ticket",
        sa.Column("id", BigId, sa.Identity(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("queue_id", BigId, nullable=False),
        sa.Column("requester_id", BigId, nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("summary", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("category_id", BigId, nullable=True),
        sa.Column("assignee_id", BigId, nullable=True),
        sa.Column("team_id", BigId, nullable=True),
        sa.Column("due_at", UTCDateTime(), nullable=True),
        sa.Column("due_kind", sa.Text(), nullable=True),
        sa.Column("waiting_for", sa.Text(), nullable=True),
        sa.Column("waiting_since", UTCDateTime(), nullable=False),
        sa.Column("snoozed_until", UTCDateTime(), nullable=True),
        sa.Column("merged_into", BigId, nullable=True),
        sa.Column("split_from", BigId, nullable=True),
        sa.Column("linked_to", BigId, nullable=True),
        sa.Column("is_spam", sa.Boolean(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("updated_at", UTCDateTime(), nullable=False),
        sa.Column("closed_at", UTCDateTime(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("channel IN ('email', 'phone', 'walk_in', 'import')", name="channel_known"),
        sa.CheckConstraint(
            "due_kind IN ('agreed', 'first_response', 'next_response', 'resolution')", name="due_kind_known"
        ),
        sa.CheckConstraint(
            "status IN ('new', 'open', 'waiting_customer', 'waiting_other', 'snoozed', 'solved', 'closed', 'cancelled')",
            name="status_known",
        ),
        sa.CheckConstraint("waiting_for IN ('us', 'them')", name="waiting_for_known"),
        sa.CheckConstraint("priority BETWEEN 0 AND 3", name="priority_known"),
        sa.ForeignKeyConstraint(
            ["assignee_id"],
            ["agent.id"],
        ),
        sa.ForeignKeyConstraint(
            ["category_id"],
            ["category.id"],
        ),
        sa.ForeignKeyConstraint(
            ["linked_to"],
            ["ticket.id"],
        ),
        sa.ForeignKeyConstraint(
            ["merged_into"],
            ["ticket.id"],
        ),
        sa.ForeignKeyConstraint(
            ["queue_id"],
            ["queue.id"],
        ),
        sa.ForeignKeyConstraint(
            ["requester_id"],
            ["customer.id"],
        ),
        sa.ForeignKeyConstraint(
            ["split_from"],
            ["ticket.id"],
        ),
        sa.ForeignKeyConstraint(
            ["team_id"],
            ["team.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("id", "queue_id"),
        sa.UniqueConstraint("number"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_ticket_requester_id", "ticket", ["requester_id"], unique=False)
    op.create_index("ticket_by_assignee", "ticket", ["assignee_id", "status"], unique=False)
    op.create_index("ticket_by_due", "ticket", ["due_at", "status"], unique=False)
    op.create_index("ticket_by_status", "ticket", ["status", "queue_id", "assignee_id"], unique=False)

    op.create_table(
        "draft",
        sa.Column("id", BigId, sa.Identity(), nullable=False),
        sa.Column("ticket_id", BigId, nullable=True),
        sa.Column("queue_id", BigId, nullable=True),
        sa.Column("agent_id", BigId, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("fields", sa.JSON(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("updated_at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["agent_id"],
            ["agent.id"],
        ),
        sa.ForeignKeyConstraint(["ticket_id", "queue_id"], ["ticket.id", "ticket.queue_id"], onupdate="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_index("draft_of", "draft", ["agent_id", "ticket_id", "kind"], unique=True)
    op.create_index("ix_draft_ticket_id", "draft", ["ticket_id"], unique=False)

    op.create_table(
        "event",
        sa.Column("id", BigId, sa.Identity(), nullable=False),
        sa.Column("xid", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("ticket_id", BigId, nullable=False),
        sa.Column("queue_id", BigId, nullable=False),
        sa.Column("batch_id", sa.Text(), nullable=False),
        sa.Column("actor_id", BigId, nullable=True),
        sa.Column("verb", sa.Text(), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("changes", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["actor_id"],
            ["agent.id"],
        ),
        sa.ForeignKeyConstraint(
            ["batch_id"],
            ["batch.id"],
        ),
        sa.ForeignKeyConstraint(["ticket_id", "queue_id"], ["ticket.id", "ticket.queue_id"], onupdate="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_event_batch_id", "event", ["batch_id"], unique=False)
    op.create_index("ix_event_ticket_id", "event", ["ticket_id"], unique=False)
    op.create_index("ix_event_xid", "event", ["xid"], unique=False)

    op.create_table(
        "message",
        sa.Column("id", BigId, sa.Identity(), nullable=False),
        sa.Column("ticket_id", BigId, nullable=False),
        sa.Column("queue_id", BigId, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("is_automatic", sa.Boolean(), nullable=False),
        sa.Column("is_withdrawn", sa.Boolean(), nullable=False),
        sa.Column("agent_id", BigId, nullable=True),
        sa.Column("from_name", sa.Text(), nullable=False),
        sa.Column("from_address", sa.Text(), nullable=False),
        sa.Column("to", sa.JSON(), nullable=False),
        sa.Column("cc", sa.JSON(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("quoted", sa.Text(), nullable=False),
        sa.Column("remarks", sa.JSON(), nullable=False),
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("references", sa.JSON(), nullable=False),
        sa.Column("sent_at", UTCDateTime(), nullable=True),
        sa.Column("received_at", UTCDateTime(), nullable=False),
        sa.Column("raw_id", BigId, nullable=True),
        sa.CheckConstraint("kind IN ('inbound', 'outbound', 'note', 'call')", name="kind_known"),
        sa.ForeignKeyConstraint(
            ["agent_id"],
            ["agent.id"],
        ),
        sa.ForeignKeyConstraint(["ticket_id", "queue_id"], ["ticket.id", "ticket.queue_id"], onupdate="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_message_message_id", "message", ["message_id"], unique=False)
    op.create_index("ix_message_ticket_id", "message", ["ticket_id"], unique=False)

    op.create_table(
        "raw_message",
        sa.Column("id", BigId, sa.Identity(start=FIRST_KEPT), nullable=False),
        sa.Column("queue_id", BigId, nullable=False),
        sa.Column("ticket_id", BigId, nullable=True),
        sa.Column("message_id", BigId, nullable=True),
        sa.Column("mailbox", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("received_at", UTCDateTime(), nullable=False),
        sa.Column("disposition", sa.Text(), nullable=True),
        sa.Column("linked_ticket_id", BigId, nullable=True),
        sa.Column("why_row", sa.Integer(), nullable=True),
        sa.Column("why_reason", sa.Text(), nullable=False),
        sa.Column("is_queue_chosen", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["queue_id"],
            ["queue.id"],
        ),
        sa.ForeignKeyConstraint(["ticket_id", "queue_id"], ["ticket.id", "ticket.queue_id"], onupdate="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    if op.get_bind().dialect.name == "sqlite":
        op.execute(f"INSERT INTO sqlite_sequence (name, seq) VALUES ('raw_message', {FIRST_KEPT - 1})")
    op.create_index("ix_raw_message_message_id", "raw_message", ["message_id"], unique=False)
    op.create_index("ix_raw_message_ticket_id", "raw_message", ["ticket_id"], unique=False)
    op.create_index("raw_message_unfiled", "raw_message", ["disposition"], unique=False)

    op.create_table(
        "ticket_field",
        sa.Column("definition_id", BigId, nullable=False),
        sa.Column("ticket_id", BigId, nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["definition_id"],
            ["field_definition.id"],
        ),
        sa.ForeignKeyConstraint(
            ["ticket_id"],
            ["ticket.id"],
        ),
        sa.PrimaryKeyConstraint("definition_id", "ticket_id"),
    )
    op.create_table(
        "ticket_tag",
        sa.Column("ticket_id", BigId, nullable=False),
        sa.Column("tag_id", BigId, nullable=False),
        sa.ForeignKeyConstraint(
            ["tag_id"],
            ["tag.id"],
        ),
        sa.ForeignKeyConstraint(
            ["ticket_id"],
            ["ticket.id"],
        ),
        sa.PrimaryKeyConstraint("ticket_id", "tag_id"),
    )
    op.create_index("ix_ticket_tag_tag_id", "ticket_tag", ["tag_id"], unique=False)

    op.create_table(
        "ticket_words",
        sa.Column("ticket_id", BigId, autoincrement=False, nullable=False),
        sa.Column("queue_id", BigId, nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("cost", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["ticket_id", "queue_id"], ["ticket.id", "ticket.queue_id"], onupdate="CASCADE"),
        sa.PrimaryKeyConstraint("ticket_id"),
    )
    op.create_table(
        "timer",
        sa.Column("id", BigId, sa.Identity(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("ticket_id", BigId, nullable=False),
        sa.Column("queue_id", BigId, nullable=False),
        sa.Column("due_at", UTCDateTime(), nullable=False),
        sa.Column("done_at", UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["ticket_id", "queue_id"], ["ticket.id", "ticket.queue_id"], onupdate="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_timer_ticket_id", "timer", ["ticket_id"], unique=False)
    op.create_index("timer_due", "timer", ["done_at", "due_at"], unique=False)

    op.create_table(
        "attachment",
        sa.Column("id", BigId, sa.Identity(), nullable=False),
        sa.Column("message_id", BigId, nullable=False),
        sa.Column("ticket_id", BigId, nullable=False),
        sa.Column("queue_id", BigId, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("content_type", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["message_id"],
            ["message.id"],
        ),
        sa.ForeignKeyConstraint(["ticket_id", "queue_id"], ["ticket.id", "ticket.queue_id"], onupdate="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_attachment_message_id", "attachment", ["message_id"], unique=False)

    op.create_table(
        "mail_quarantine",
        sa.Column("id", BigId, sa.Identity(), nullable=False),
        sa.Column("queue_id", BigId, nullable=False),
        sa.Column("ticket_id", BigId, nullable=True),
        sa.Column("raw_id", BigId, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("resolved_at", UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["queue_id"],
            ["queue.id"],
        ),
        sa.ForeignKeyConstraint(
            ["raw_id"],
            ["raw_message.id"],
        ),
        sa.ForeignKeyConstraint(["ticket_id", "queue_id"], ["ticket.id", "ticket.queue_id"], onupdate="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_mail_quarantine_raw_id", "mail_quarantine", ["raw_id"], unique=False)

    op.create_table(
        "mail_seen",
        sa.Column("id", BigId, sa.Identity(), nullable=False),
        sa.Column("mailbox", sa.Text(), nullable=False),
        sa.Column("uidvalidity", sa.BigInteger(), nullable=False),
        sa.Column("uid", sa.BigInteger(), nullable=True),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("fate", sa.Text(), nullable=False),
        sa.Column("is_done", sa.Boolean(), nullable=False),
        sa.Column("raw_id", BigId, nullable=False),
        sa.ForeignKeyConstraint(
            ["raw_id"],
            ["raw_message.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("mailbox", "uidvalidity", "uid"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_mail_seen_raw_id", "mail_seen", ["raw_id"], unique=False)
    op.create_index(
        "mail_seen_once",
        "mail_seen",
        ["mailbox", "sha256"],
        unique=True,
        sqlite_where=sa.text("fate != 'duplicate'"),
        postgresql_where=sa.text("fate != 'duplicate'"),
    )

    op.create_table(
        "outbox",
        sa.Column("id", BigId, sa.Identity(), nullable=False),
        sa.Column("ticket_id", BigId, nullable=False),
        sa.Column("queue_id", BigId, nullable=False),
        sa.Column("message_id", BigId, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("header_message_id", sa.Text(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("due_at", UTCDateTime(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("updated_at", UTCDateTime(), nullable=False),
        sa.CheckConstraint(
            "state IN ('queued', 'sending', 'sent', 'failed', 'unsure', 'withdrawn')", name="state_known"
        ),
        sa.ForeignKeyConstraint(
            ["message_id"],
            ["message.id"],
        ),
        sa.ForeignKeyConstraint(["ticket_id", "queue_id"], ["ticket.id", "ticket.queue_id"], onupdate="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_outbox_message_id", "outbox", ["message_id"], unique=False)
    op.create_index("outbox_due", "outbox", ["state", "due_at"], unique=False)

    op.create_table(
        "own_token",
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("ticket_id", BigId, nullable=False),
        sa.Column("queue_id", BigId, nullable=False),
        sa.Column("message_id", BigId, nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["message_id"],
            ["message.id"],
        ),
        sa.ForeignKeyConstraint(["ticket_id", "queue_id"], ["ticket.id", "ticket.queue_id"], onupdate="CASCADE"),
        sa.PrimaryKeyConstraint("token"),
    )
    op.create_index("ix_own_token_message_id", "own_token", ["message_id"], unique=False)
    op.create_index("ix_own_token_ticket_id", "own_token", ["ticket_id"], unique=False)
    _ordered_indexes()
    _search_index()
    _guard_events()


def _ordered_indexes() -> None:
    rest = ["status", "queue_id", "assignee_id"]
    newest = [sa.text("updated_at DESC"), sa.text("id DESC")]
    first = [sa.text("priority DESC"), sa.text("waiting_for DESC"), sa.text("waiting_since"), sa.text("id")]
    op.create_index("ticket_by_work", "ticket", [*first, *rest])
    op.create_index("ticket_by_update", "ticket", [*newest, *rest])


def _search_index() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("CREATE INDEX ticket_words_search ON ticket_words USING gin (to_tsvector('simple', words))")
        op.execute("ALTER TABLE event ALTER xid SET DEFAULT pg_current_xact_id()::text::bigint")
        return
    op.execute(
        "CREATE VIRTUAL TABLE ticket_search USING fts5("
        "words, content='ticket_words', content_rowid='ticket_id', tokenize='unicode61 remove_diacritics 0')"
    )
    forget = "INSERT INTO ticket_search(ticket_search, rowid, words) VALUES ('delete', old.ticket_id, old.words);"
    learn = "INSERT INTO ticket_search(rowid, words) VALUES (new.ticket_id, new.words);"
    op.execute(f"CREATE TRIGGER words_added AFTER INSERT ON ticket_words BEGIN {learn} END")
    op.execute(f"CREATE TRIGGER words_changed AFTER UPDATE OF words ON ticket_words BEGIN {forget} {learn} END")


def _guard_events() -> None:
    """What happened stays: no row of the event log is changed or deleted, except that it follows its ticket's queue."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE FUNCTION event_is_forever() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            "IF TG_OP = 'UPDATE' AND (to_jsonb(new) - 'queue_id') = (to_jsonb(old) - 'queue_id') THEN RETURN new; END IF; "
            "RAISE EXCEPTION 'the event log is append-only'; END $$"
        )
        op.execute(
            "CREATE TRIGGER event_is_forever BEFORE UPDATE OR DELETE ON event "
            "FOR EACH ROW EXECUTE FUNCTION event_is_forever()"
        )
        return
    refuse = "BEGIN SELECT raise(ABORT, 'the event log is append-only'); END"
    columns = ("id", "xid", "ticket_id", "batch_id", "actor_id", "verb", "at", "changes")
    differs = " OR ".join(f"old.{name} IS NOT new.{name}" for name in columns)
    op.execute(f"CREATE TRIGGER event_is_forever BEFORE UPDATE ON event WHEN {differs} {refuse}")
    op.execute(f"CREATE TRIGGER event_stays BEFORE DELETE ON event {refuse}")
