"""what belongs to a ticket is found by it, and the order of work is the same on both databases"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_index("ix_attachment_ticket_id", "attachment", ["ticket_id"], unique=False)
    op.create_index("ix_mail_quarantine_ticket_id", "mail_quarantine", ["ticket_id"], unique=False)
    op.create_index("ix_outbox_ticket_id", "outbox", ["ticket_id"], unique=False)
    if op.get_bind().dialect.name == "postgresql":
        _nobody_last()


def _nobody_last() -> None:
    """SQLite's order has been this one from the start."""
    first = [sa.text("priority DESC"), sa.text("waiting_for DESC NULLS LAST"), sa.text("waiting_since"), sa.text("id")]
    op.drop_index("ticket_by_work", "ticket")
    op.create_index("ticket_by_work", "ticket", [*first, "status", "queue_id", "assignee_id"])
