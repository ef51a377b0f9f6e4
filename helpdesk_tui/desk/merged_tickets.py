"""What is done on a ticket that is part of another one belongs there."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.orm import Session

from helpdesk_tui.errors import Refused
from helpdesk_tui.language import _
from helpdesk_tui.store.tables import Ticket
from helpdesk_tui.terms import Verb

#: What can be done on it all the same; all else would be done where nobody looks.
_DONE_HERE = frozenset({Verb.MERGE, Verb.UNMERGE, Verb.LINK, Verb.WATCH, Verb.QUEUE})


def merged_among(session: Session, verb: Verb, tickets: Sequence[Ticket]) -> list[Ticket]:
    """Those of several tickets on which nothing is done, since they are part of another one: it belongs there.

    Raises:
        Refused: all of them are.
    """
    if verb in _DONE_HERE:
        return []
    merged = [ticket for ticket in tickets if ticket.merged_into is not None]
    if not merged or len(merged) < len(tickets):
        return merged
    whole = session.get(Ticket, merged[0].merged_into)
    what = _("#{number} is part of {other} now.").format(
        number=merged[0].number, other=f"#{whole.number}" if whole else _("another ticket")
    )
    raise Refused(what, _("Do it there. Nothing was changed, and what you wrote is kept as a draft."))
