"""A call that is repeated under the same batch id is answered as the first time, and done once."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from helpdesk_tui.errors import Refused
from helpdesk_tui.language import _
from helpdesk_tui.rules.untrusted import clean_line
from helpdesk_tui.store.tables import Batch
from helpdesk_tui.store.transaction import lock_name
from helpdesk_tui.terms import Actor, Outcome, Verb


class AlreadyDone(Exception):
    """The batch id was used before; carries what happened then."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome.text)
        self.outcome = outcome


def used_otherwise(batch_id: str) -> Refused:
    """What is said of a batch id that stands for another call."""
    return Refused(
        _("The batch id {id} was used for something else.").format(id=clean_line(batch_id, 80)),
        _("Nothing was changed. Make a new id for each call, and use one again only to repeat the same call."),
    )


def stop_if_done(session: Session, batch_id: str, actor: Actor, verb: Verb, numbers: Sequence[int]) -> None:
    """Go on only where nothing was done under this id yet.

    Raises:
        AlreadyDone: the same was. Refused: something else was.
    """
    lock_name(session, f"batch {batch_id}")
    done = session.execute(select(Batch).where(col(Batch.id) == batch_id)).scalar_one_or_none()
    if done is None:
        return
    asked = done.outcome.get("asked", list(numbers))
    if (done.actor_id, done.verb, asked) != (actor.agent_id, verb, list(numbers)):
        raise used_otherwise(batch_id)
    raise AlreadyDone(Outcome(done.outcome["text"], batch_id, tuple(done.outcome["tickets"])))
