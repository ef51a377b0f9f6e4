"""who belongs to which queue; callbacks and their places; imports, and events that outlive what they are about"""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import UTCDateTime

revision = "0003"
down_revision = "0002"

BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
FULL = "no place is free in this slot"


def upgrade() -> None:
    _rights()
    _imports()
    _callbacks()
    if op.get_bind().dialect.name == "postgresql":
        _guard_places_postgres()
        _free_events_postgres()
    else:
        _guard_places_sqlite()
        _free_events_sqlite()


def _key(name: str, *, is_first: bool = False) -> "sa.Column[int]":
    return sa.Column(name, BigId, *([sa.Identity()] if is_first else []), nullable=False)


def _with_ticket() -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["ticket_id", "queue_id"], ["ticket.id", "ticket.queue_id"], onupdate="CASCADE")


def _rights() -> None:
    op.add_column("agent", sa.Column("capacity", sa.Integer(), nullable=False, server_default="20"))
    op.create_table(
        "queue_member",
        _key("queue_id"),
        _key("agent_id"),
        sa.ForeignKeyConstraint(["queue_id"], ["queue.id"]),
        sa.ForeignKeyConstraint(["agent_id"], ["agent.id"]),
        sa.PrimaryKeyConstraint("queue_id", "agent_id"),
    )
    op.create_index("ix_queue_member_agent_id", "queue_member", ["agent_id"], unique=False)
    # Until now everybody saw everything.
    op.execute("INSERT INTO queue_member (queue_id, agent_id) SELECT queue.id, agent.id FROM queue, agent")
    op.create_table(
        "setting",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )


def _imports() -> None:
    op.create_table(
        "import_run",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("agent_id", BigId, nullable=True),
        sa.Column("format", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("system", sa.Text(), nullable=False),
        sa.Column("options", sa.JSON(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("position", sa.JSON(), nullable=False),
        sa.Column("tickets", sa.Integer(), nullable=False),
        sa.Column("messages", sa.Integer(), nullable=False),
        sa.Column("rejected", sa.Integer(), nullable=False),
        sa.Column("started_at", UTCDateTime(), nullable=False),
        sa.Column("updated_at", UTCDateTime(), nullable=False),
        sa.CheckConstraint("state IN ('running', 'done', 'undone')", name="state_known"),
        sa.ForeignKeyConstraint(["agent_id"], ["agent.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "import_reject",
        _key("id", is_first=True),
        sa.Column("import_id", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["import_id"], ["import_run.id"]),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_import_reject_import_id", "import_reject", ["import_id"], unique=False)
    with op.batch_alter_table("external_ref") as table:
        table.add_column(sa.Column("import_id", sa.Text(), nullable=True))
        table.create_foreign_key("external_ref_import_id_fkey", "import_run", ["import_id"], ["id"])
    op.create_index("ix_external_ref_import_id", "external_ref", ["import_id"], unique=False)
    _removal()


def _removal() -> None:
    """What an import brought can be removed: whatever names it is found by an index, and search forgets it."""
    for column in ("merged_into", "split_from", "linked_to"):
        is_there = sa.text(f"{column} IS NOT NULL")
        op.create_index(f"ticket_{column}", "ticket", [column], sqlite_where=is_there, postgresql_where=is_there)
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            "CREATE TRIGGER words_gone AFTER DELETE ON ticket_words BEGIN "
            "INSERT INTO ticket_search(ticket_search, rowid, words) VALUES ('delete', old.ticket_id, old.words); END"
        )


def _callbacks() -> None:
    op.create_table(
        "callback_plan",
        sa.Column("team_id", BigId, nullable=False),
        sa.Column("slot_minutes", sa.Integer(), nullable=False),
        sa.Column("hours", sa.Text(), nullable=False),
        sa.Column("zone", sa.Text(), nullable=False),
        sa.Column("capacity", sa.Integer(), nullable=False),
        sa.Column("horizon_days", sa.Integer(), nullable=False),
        sa.Column("notice_minutes", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.CheckConstraint("slot_minutes BETWEEN 5 AND 480", name="slot_minutes_known"),
        sa.CheckConstraint("capacity BETWEEN 0 AND 1000", name="capacity_known"),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"]),
        sa.PrimaryKeyConstraint("team_id"),
    )
    op.create_table(
        "callback_exception",
        sa.Column("team_id", BigId, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("hours", sa.Text(), nullable=True),
        sa.Column("capacity", sa.Integer(), nullable=True),
        sa.CheckConstraint("capacity BETWEEN 0 AND 1000", name="capacity_known"),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"]),
        sa.PrimaryKeyConstraint("team_id", "day"),
    )
    op.create_table(
        "callback_slot",
        _key("id", is_first=True),
        _key("team_id"),
        sa.Column("start_at", UTCDateTime(), nullable=False),
        sa.Column("end_at", UTCDateTime(), nullable=False),
        sa.Column("capacity", sa.Integer(), nullable=False),
        sa.Column("taken", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("team_id", "start_at", "end_at"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "callback_request",
        _key("id", is_first=True),
        _key("ticket_id"),
        _key("queue_id"),
        _key("team_id"),
        sa.Column("agent_id", BigId, nullable=True),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("zone", sa.Text(), nullable=False),
        sa.Column("asked", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("uid", sa.Text(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.CheckConstraint("state IN ('open', 'done', 'cancelled')", name="state_known"),
        _with_ticket(),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"]),
        sa.ForeignKeyConstraint(["agent_id"], ["agent.id"]),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_callback_request_ticket_id", "callback_request", ["ticket_id"], unique=False)
    op.create_index("ix_callback_request_agent_id", "callback_request", ["agent_id"], unique=False)
    is_open = sa.text("state = 'open'")
    op.create_index(
        "callback_request_open",
        "callback_request",
        ["ticket_id"],
        unique=True,
        sqlite_where=is_open,
        postgresql_where=is_open,
    )
    op.create_table(
        "callback_booking",
        _key("id", is_first=True),
        _key("request_id"),
        _key("ticket_id"),
        _key("queue_id"),
        _key("slot_id"),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("holds", sa.Boolean(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("made_at", UTCDateTime(), nullable=False),
        sa.CheckConstraint(
            "outcome IN ('reached', 'no_answer', 'voicemail', 'wrong_number', 'later')", name="outcome_known"
        ),
        _with_ticket(),
        sa.ForeignKeyConstraint(["request_id"], ["callback_request.id"]),
        sa.ForeignKeyConstraint(["slot_id"], ["callback_slot.id"]),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    for column in ("request_id", "slot_id", "ticket_id"):
        op.create_index(f"ix_callback_booking_{column}", "callback_booking", [column], unique=False)
    is_pending = sa.text("holds AND outcome IS NULL")
    op.create_index(
        "callback_booking_pending",
        "callback_booking",
        ["request_id"],
        unique=True,
        sqlite_where=is_pending,
        postgresql_where=is_pending,
    )


def _guard_places_postgres() -> None:
    """Whoever writes a booking takes a place, or is refused; the row of the slot makes them wait for each other."""
    op.execute(
        f"""
        CREATE FUNCTION callback_place() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
          IF TG_OP <> 'INSERT' AND old.holds THEN
            UPDATE callback_slot SET taken = taken - 1 WHERE id = old.slot_id;
          END IF;
          IF TG_OP <> 'DELETE' AND new.holds THEN
            UPDATE callback_slot SET taken = taken + 1 WHERE id = new.slot_id
               AND (taken < capacity OR (TG_OP = 'UPDATE' AND old.holds AND old.slot_id = new.slot_id));
            IF NOT FOUND THEN RAISE EXCEPTION '{FULL}' USING ERRCODE = 'check_violation'; END IF;
          END IF;
          RETURN NULL;
        END $$
        """
    )
    for name, event in (("taken", "INSERT"), ("moved", "UPDATE OF holds, slot_id"), ("gone", "DELETE")):
        op.execute(
            f"CREATE TRIGGER callback_place_{name} AFTER {event} ON callback_booking "
            "FOR EACH ROW EXECUTE FUNCTION callback_place()"
        )


def _guard_places_sqlite() -> None:
    leave = "UPDATE callback_slot SET taken = taken - 1 WHERE id = old.slot_id;"
    enter = "UPDATE callback_slot SET taken = taken + 1 WHERE id = new.slot_id AND taken < capacity;"
    refuse = f"SELECT raise(ABORT, '{FULL}') WHERE changes() = 0;"
    moves = "(old.holds IS NOT new.holds OR old.slot_id <> new.slot_id)"
    for name, event, condition, body in (
        ("taken", "INSERT", "new.holds", enter + refuse),
        ("left", "UPDATE OF holds, slot_id", f"old.holds AND {moves}", leave),
        ("moved", "UPDATE OF holds, slot_id", f"new.holds AND {moves}", enter + refuse),
        ("gone", "DELETE", "old.holds", leave),
    ):
        op.execute(
            f"CREATE TRIGGER callback_place_{name} AFTER {event} ON callback_booking WHEN {condition} BEGIN {body} END"
        )


def _free_events_postgres() -> None:
    """An event follows its ticket's queue by a trigger: its writer may change no event."""
    op.drop_constraint("event_ticket_id_queue_id_fkey", "event", type_="foreignkey")
    op.execute(
        "CREATE FUNCTION event_follows() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER "
        "SET search_path = public, pg_temp AS $$ BEGIN "
        "UPDATE event SET queue_id = new.queue_id WHERE ticket_id = new.id; RETURN NULL; END $$"
    )
    op.execute(
        "CREATE TRIGGER event_follows AFTER UPDATE OF queue_id ON ticket FOR EACH ROW "
        "WHEN (old.queue_id <> new.queue_id) EXECUTE FUNCTION event_follows()"
    )
    op.execute(
        "CREATE FUNCTION event_has_ticket() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER "
        "SET search_path = public, pg_temp AS $$ BEGIN "
        "IF NOT EXISTS (SELECT 1 FROM ticket WHERE id = new.ticket_id AND queue_id = new.queue_id FOR KEY SHARE) "
        "THEN RAISE EXCEPTION 'an event needs its ticket' USING ERRCODE = 'foreign_key_violation'; END IF; "
        "RETURN NULL; END $$"
    )
    op.execute("CREATE TRIGGER event_has_ticket AFTER INSERT ON event FOR EACH ROW EXECUTE FUNCTION event_has_ticket()")


def _free_events_sqlite() -> None:
    """The same; SQLite drops no key, so the table is made anew."""
    op.execute("DROP TRIGGER event_is_forever")
    op.execute("DROP TRIGGER event_stays")
    for name in ("batch_id", "ticket_id", "xid"):
        op.drop_index(f"ix_event_{name}", "event")
    op.execute("ALTER TABLE event RENAME TO event_before")
    op.create_table(
        "event",
        _key("id", is_first=True),
        sa.Column("xid", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        _key("ticket_id"),
        _key("queue_id"),
        sa.Column("batch_id", sa.Text(), nullable=False),
        sa.Column("actor_id", BigId, nullable=True),
        sa.Column("verb", sa.Text(), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("changes", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["actor_id"], ["agent.id"]),
        sa.ForeignKeyConstraint(["batch_id"], ["batch.id"]),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    columns = "id, xid, ticket_id, queue_id, batch_id, actor_id, verb, at, changes"
    op.execute(f"INSERT INTO event ({columns}) SELECT {columns} FROM event_before")
    op.execute("DROP TABLE event_before")
    for name in ("batch_id", "ticket_id", "xid"):
        op.create_index(f"ix_event_{name}", "event", [name], unique=False)
    refuse = "BEGIN SELECT raise(ABORT, 'the event log is append-only'); END"
    own = ("id", "xid", "ticket_id", "batch_id", "actor_id", "verb", "at", "changes")
    differs = " OR ".join(f"old.{name} IS NOT new.{name}" for name in own)
    op.execute(f"CREATE TRIGGER event_is_forever BEFORE UPDATE ON event WHEN {differs} {refuse}")
    op.execute(f"CREATE TRIGGER event_stays BEFORE DELETE ON event {refuse}")
    op.execute(
        "CREATE TRIGGER event_follows AFTER UPDATE OF queue_id ON ticket WHEN old.queue_id <> new.queue_id "
        "BEGIN UPDATE event SET queue_id = new.queue_id WHERE ticket_id = new.id; END"
    )
    op.execute(
        "CREATE TRIGGER event_has_ticket AFTER INSERT ON event WHEN NOT EXISTS "
        "(SELECT 1 FROM ticket WHERE id = new.ticket_id AND queue_id = new.queue_id) "
        "BEGIN SELECT raise(ABORT, 'an event needs its ticket'); END"
    )
