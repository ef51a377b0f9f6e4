"""The schema and its version: creating, upgrading, refusing what does not fit the program."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, insert, select, text
from sqlalchemy.exc import DBAPIError
from sqlmodel import col

from helpdesk_tui.errors import HelpdeskError
from helpdesk_tui.language import _
from helpdesk_tui.store.engine import Store, open_store
from helpdesk_tui.store.tables import Category, Queue
from helpdesk_tui.store.transaction import said_plainly

#: The newest migration: the schema this program needs.
SCHEMA = "0009"
#: The queue that every store has from the start.
FIRST_QUEUE = "support"
#: The role all agents of a PostgreSQL store are members of.
AGENT_ROLE = "helpdesk_agent"
#: The tables in which stands who may do what; on PostgreSQL their owner alone writes them.
_SET_UP = (
    "agent, team, team_member, queue, queue_address, queue_member, category, field_definition, setting, import_run, "
    "import_reject, external_ref, alembic_version"
)
#: What answers with the owner's rights, limited to the queues of the agent who is logged in.
_FUNCTIONS = (
    "helpdesk_me(), helpdesk_leads(), helpdesk_queues(), helpdesk_sees_all(), helpdesk_met(bigint), "
    "helpdesk_uses(bigint), helpdesk_search(tsquery), helpdesk_hand_over(bigint[], bigint), helpdesk_is_whole(text), "
    "helpdesk_tag(text), helpdesk_set_customer(bigint, text, text, bigint), "
    "helpdesk_give_contacts(bigint, bigint, text[], bigint[]), helpdesk_drop_contacts(bigint, text[], bigint[]), "
    "helpdesk_reword(bigint, timestamptz), helpdesk_follow(bigint, text), helpdesk_move_drafts(bigint, bigint, bigint[]), "
    "helpdesk_used(bigint[], bigint[]), helpdesk_take_back_notices(bigint)"
)
#: What triggers do with the owner's rights; hung on a table of one's own it would do it there, too.
_OF_TRIGGERS = "event_follows(), event_has_ticket(), callback_place()"
#: The columns of drafts and slots that agents write; by the others a ticket could be guessed, or a place be had twice.
_OF_DRAFT = "agent_id, kind, fields, text, updated_at"
_OF_SLOT = "capacity"
_MIGRATIONS = Path(__file__).parent / "migrations"
_MIGRATION_LOCK = 7_103_559_112_407_001


@dataclass(frozen=True, slots=True)
class SchemaInfo:
    """The schema version of a store (None: empty), and the one this program needs."""

    found: str | None
    needed: str

    @property
    def fits(self) -> bool:
        """True where the program can work with the store."""
        return self.found == self.needed


def upgrade(url: str) -> Store:
    """Bring the store at `url` to this program's schema, creating it where it does not exist; opens it."""
    from alembic import command
    from alembic.config import Config

    store = open_store(url, create=True)
    with said_plainly(), store.engine.connect() as connection:
        if store.is_postgres:
            connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": _MIGRATION_LOCK})
            connection.commit()
        _refuse_newer(_info(connection))
        connection.rollback()
        config = Config(attributes={"connection": connection})
        config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
        with connection.begin():
            command.upgrade(config, "head")
            _first_queue(connection)
            if store.is_postgres:
                _grant(connection)
        if store.is_postgres:
            connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": _MIGRATION_LOCK})
            connection.commit()
    return store


def info(store: Store) -> SchemaInfo:
    """The schema version of an open store."""
    with said_plainly(), store.reader.connect() as connection:
        return _info(connection)


def open_current(url: str) -> Store:
    """Open a store whose schema fits this program.

    Raises:
        HelpdeskError: the schema is older or newer; both versions are named.
    """
    store = open_store(url)
    found = info(store)
    if found.fits:
        return store
    store.close()
    _refuse_newer(found)
    raise HelpdeskError(
        _("The store has schema {found}, this program needs {needed}.").format(
            found=found.found or _("none"), needed=found.needed
        ),
        _("Run: helpdesk db upgrade"),
    )


def _info(connection: Connection) -> SchemaInfo:
    """Ask with plain SQL: Alembic takes longer to import than the whole of the screens."""
    if connection.dialect.name == "postgresql":
        exists = "SELECT to_regclass('alembic_version') IS NOT NULL"
    else:
        exists = "SELECT count(*) FROM sqlite_master WHERE name = 'alembic_version'"
    if not connection.execute(text(exists)).scalar_one():
        return SchemaInfo(None, SCHEMA)
    found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()
    return SchemaInfo(found, SCHEMA)


def _refuse_newer(found: SchemaInfo) -> None:
    if found.found is not None and found.found > SCHEMA:
        raise HelpdeskError(
            _("The store has schema {found}, which is newer than this program's {needed}.").format(
                found=found.found, needed=found.needed
            ),
            _("Install the newer helpdesk-tui on this machine."),
        )


def _first_queue(connection: Connection) -> None:
    if connection.execute(select(col(Queue.id)).limit(1)).first() is None:
        connection.execute(insert(Queue), {"name": FIRST_QUEUE, "display_name": "", "is_confidential": False})
        names = ("technical", "billing", "sales", "hr")
        connection.execute(insert(Category), [{"name": name} for name in names])


def _grant(connection: Connection) -> None:
    """Let agents read, add and change rows, and delete nothing; what an admin sets up they only read."""
    exists = connection.execute(text("SELECT 1 FROM pg_roles WHERE rolname = :name"), {"name": AGENT_ROLE}).first()
    if exists is None:
        try:
            with connection.begin_nested():
                connection.exec_driver_sql(f"CREATE ROLE {AGENT_ROLE} NOLOGIN")
        except DBAPIError as error:
            raise HelpdeskError(
                _("The role {role} does not exist, and you may not create it.").format(role=AGENT_ROLE),
                _("Ask the database's administrator for: CREATE ROLE {role} NOLOGIN").format(role=AGENT_ROLE),
            ) from error
    for statement in (
        f"GRANT USAGE ON SCHEMA public TO {AGENT_ROLE}",
        f"GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA public TO {AGENT_ROLE}",
        f"REVOKE UPDATE ON event, tag, customer, customer_address, customer_phone, ticket_number, acknowledgement, participant, notice, watcher, ticket_link, presence FROM {AGENT_ROLE}",
        f"REVOKE UPDATE ON draft, callback_slot FROM {AGENT_ROLE}",
        f"GRANT UPDATE ({_OF_DRAFT}) ON draft TO {AGENT_ROLE}",
        f"GRANT UPDATE ({_OF_SLOT}) ON callback_slot TO {AGENT_ROLE}",
        f"REVOKE UPDATE ON customer_join FROM {AGENT_ROLE}",
        f"GRANT UPDATE (split_at) ON customer_join TO {AGENT_ROLE}",
        f"REVOKE INSERT, UPDATE, DELETE ON {_SET_UP} FROM {AGENT_ROLE}",
        f"GRANT DELETE ON ticket_tag, callback_exception, participant, notice, watcher, ticket_link, presence, canned_reply, macro TO {AGENT_ROLE}",
        "REVOKE CREATE ON SCHEMA public FROM PUBLIC",  # up to PostgreSQL 14 everybody may
        f"REVOKE EXECUTE ON FUNCTION {_FUNCTIONS}, {_OF_TRIGGERS} FROM PUBLIC",
        f"GRANT EXECUTE ON FUNCTION {_FUNCTIONS} TO {AGENT_ROLE}",
    ):
        connection.exec_driver_sql(statement)
