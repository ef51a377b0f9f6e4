"""Alembic's entry: runs on the connection it is handed."""

from alembic import context
from sqlmodel import SQLModel

from helpdesk_tui.store import tables  # noqa: F401  (fills the metadata)

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=SQLModel.metadata,
    render_as_batch=connection.dialect.name == "sqlite",
    transactional_ddl=True,
)
context.run_migrations()
