"""outbox: whether somebody chose when a mail leaves; drafts move to where only an emptied one lies; notices go"""

from datetime import timedelta

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import UTCDateTime

revision = "0009"
down_revision = "0008"

#: Before this column, what was queued to leave so much later had its time chosen.
_CHOSEN = timedelta(minutes=2)


#: As in 0007, but for the second statement: an emptied draft is none.
MOVE_DRAFTS = """
    CREATE OR REPLACE FUNCTION helpdesk_move_drafts(source bigint, target bigint, named bigint[]) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$ BEGIN
      IF EXISTS (SELECT 1 FROM unnest(ARRAY[source, target]) AS asked(id) WHERE NOT EXISTS
        (SELECT 1 FROM ticket t WHERE t.id = asked.id AND t.queue_id = ANY (helpdesk_queues())))
      THEN RAISE EXCEPTION 'there is no such ticket' USING ERRCODE = 'no_data_found'; END IF;
      DELETE FROM draft there USING draft here WHERE there.ticket_id = target AND there.text = ''
        AND here.ticket_id = source AND here.id = ANY (named)
        AND here.agent_id = there.agent_id AND here.kind = there.kind;
      UPDATE draft SET ticket_id = target, queue_id = (SELECT t.queue_id FROM ticket t WHERE t.id = target)
        WHERE ticket_id = source AND id = ANY (named);
    END $$
"""
#: Who takes a message back takes back what others were told of it, which they alone see.
TAKE_BACK_NOTICES = """
    CREATE FUNCTION helpdesk_take_back_notices(said bigint) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$ BEGIN
      DELETE FROM notice WHERE message_id = said AND by_id = helpdesk_me()
        AND queue_id = ANY (helpdesk_queues());
    END $$
"""


def upgrade() -> None:
    _outbox()
    if op.get_bind().dialect.name == "postgresql":
        op.execute(sa.text(MOVE_DRAFTS))
        op.execute(sa.text(TAKE_BACK_NOTICES))


def _outbox() -> None:
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
