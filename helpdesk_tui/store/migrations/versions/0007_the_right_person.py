"""the right person: customers changed and joined by agents, hidden tickets following; where answers to a mail are asked for"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

#: What an agent does to customers they see; every body begins by looking whether they do.
FUNCTIONS = {
    "helpdesk_set_customer(person bigint, called text, found_by text, works_for bigint)": """
        IF NOT helpdesk_met(person) THEN RAISE EXCEPTION 'there is no such customer' USING ERRCODE = 'no_data_found'; END IF;
        UPDATE customer SET name = called, search_key = found_by, organization_id = works_for WHERE id = person;
    """,
    "helpdesk_give_contacts(giver bigint, taker bigint, given text[], numbers bigint[])": """
        IF NOT (helpdesk_met(giver) AND helpdesk_met(taker))
        THEN RAISE EXCEPTION 'there is no such customer' USING ERRCODE = 'no_data_found'; END IF;
        UPDATE customer_address SET customer_id = taker, position = position
          + (SELECT coalesce(max(a.position), -1) + 1 FROM customer_address a WHERE a.customer_id = taker)
          WHERE customer_id = giver AND address = ANY (given);
        UPDATE customer_phone SET customer_id = taker WHERE customer_id = giver AND id = ANY (numbers);
    """,
    "helpdesk_drop_contacts(giver bigint, dropped text[], numbers bigint[])": """
        IF NOT helpdesk_met(giver) THEN RAISE EXCEPTION 'there is no such customer' USING ERRCODE = 'no_data_found'; END IF;
        DELETE FROM customer_address WHERE customer_id = giver AND address = ANY (dropped);
        DELETE FROM customer_phone WHERE customer_id = giver AND id = ANY (numbers);
    """,
    # The words of hidden tickets are written anew by the program, which sees them.
    "helpdesk_reword(person bigint, due timestamptz)": """
        IF NOT helpdesk_met(person) THEN RAISE EXCEPTION 'there is no such customer' USING ERRCODE = 'no_data_found'; END IF;
        INSERT INTO timer (kind, ticket_id, queue_id, due_at) SELECT 'words', t.id, t.queue_id, due FROM ticket t
          WHERE t.requester_id = person AND NOT t.queue_id = ANY (helpdesk_queues());
    """,
    # Who joined or split them stands in `customer_join`, which only those write who see both.
    "helpdesk_follow(joining bigint, by_batch text)": """
        DECLARE told customer_join; giver bigint; taker bigint; doing batch;
        BEGIN
        SELECT * INTO STRICT told FROM customer_join WHERE id = joining;
        IF NOT (helpdesk_met(told.kept_id) OR EXISTS
          (SELECT 1 FROM ticket t WHERE t.requester_id = told.joined_id AND t.queue_id = ANY (helpdesk_queues())))
        THEN RAISE EXCEPTION 'there is no such customer' USING ERRCODE = 'no_data_found'; END IF;
        SELECT * INTO STRICT doing FROM batch WHERE id = by_batch AND actor_id = helpdesk_me();
        giver := CASE WHEN told.split_at IS NULL THEN told.joined_id ELSE told.kept_id END;
        taker := CASE WHEN told.split_at IS NULL THEN told.kept_id ELSE told.joined_id END;
        WITH gone AS (
          UPDATE ticket t SET requester_id = taker, version = t.version + 1, updated_at = doing.at
          WHERE t.requester_id = giver AND NOT t.queue_id = ANY (helpdesk_queues()) AND (told.split_at IS NULL
            OR EXISTS (SELECT 1 FROM event e WHERE e.ticket_id = t.id AND e.batch_id = told.moved->>'batch'
              AND e.changes->'requester_id' IS NOT NULL))
          RETURNING t.id, t.queue_id
        ), logged AS (
          INSERT INTO event (ticket_id, queue_id, batch_id, actor_id, verb, at, changes)
          SELECT id, queue_id, doing.id, doing.actor_id, doing.verb, doing.at,
            json_build_object('requester_id', json_build_array(giver, taker)) FROM gone
        ) INSERT INTO timer (kind, ticket_id, queue_id, due_at) SELECT 'words', id, queue_id, doing.at FROM gone;
        END;
    """,
    "helpdesk_move_drafts(source bigint, target bigint, named bigint[])": """
        IF EXISTS (SELECT 1 FROM unnest(ARRAY[source, target]) AS asked(id) WHERE NOT EXISTS
          (SELECT 1 FROM ticket t WHERE t.id = asked.id AND t.queue_id = ANY (helpdesk_queues())))
        THEN RAISE EXCEPTION 'there is no such ticket' USING ERRCODE = 'no_data_found'; END IF;
        UPDATE draft SET ticket_id = target, queue_id = (SELECT t.queue_id FROM ticket t WHERE t.id = target)
          WHERE ticket_id = source AND id = ANY (named);
    """,
}


def upgrade() -> None:
    op.add_column("message", sa.Column("reply_to", sa.JSON(), nullable=False, server_default="[]"))
    if op.get_bind().dialect.name != "postgresql":
        return
    for call, body in FUNCTIONS.items():
        op.execute(
            sa.text(
                f"CREATE FUNCTION {call} RETURNS void LANGUAGE plpgsql SECURITY DEFINER "
                f"SET search_path = public, pg_temp AS $$ BEGIN {body} END $$".replace(":=", r"\:=")
            )
        )
    op.execute("DROP POLICY customer_join_rows ON customer_join")
    op.execute("CREATE POLICY customer_join_select ON customer_join FOR SELECT USING (helpdesk_met(kept_id))")
    by_me = "agent_id = (SELECT helpdesk_me()) AND helpdesk_met(kept_id) AND helpdesk_met(joined_id)"
    op.execute(f"CREATE POLICY customer_join_insert ON customer_join FOR INSERT WITH CHECK ({by_me})")
    op.execute("CREATE POLICY customer_join_update ON customer_join FOR UPDATE USING (helpdesk_met(kept_id))")
