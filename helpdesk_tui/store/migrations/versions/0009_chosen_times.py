"""outbox: whether somebody chose when a mail leaves"""

from datetime import timedelta

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import UTCDateTime

revision = "0009"
down_revision = "0008"

#: Before this column, what was queued to leave so much later had its time chosen.
_CHOSEN = timedelta(minutes=2)


def upgrade() -> None:
    op.add_column("outbox", sa.Column("is_timed", sa.Boolean(), nullable=False, server_default=sa.false()))
    outbox = sa.table(
        "outbox",
        sa.column("id", sa.BigInteger()),
        sa.column("state", sa.Text()),
        sa.column("tries", sa.Integer()),
        sa.column("due_at", UTCDateTime()),
        sa.column("updated_at", UTCDateTime()),
        sa.column("is_timed", sa.Boolean()),
    )
    waiting = sa.select(outbox.c.id, outbox.c.due_at, outbox.c.updated_at).where(
        outbox.c.state == "queued", outbox.c.tries == 0
    )
    for row in op.get_bind().execute(waiting).all():
        if row.due_at - row.updated_at > _CHOSEN:
            op.execute(sa.update(outbox).where(outbox.c.id == row.id).values(is_timed=True))
