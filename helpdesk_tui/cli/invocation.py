"""What stands before the command: which store, which configuration, who."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from helpdesk_tui.config import Settings, load
from helpdesk_tui.errors import Refused, Usage
from helpdesk_tui.language import _

if TYPE_CHECKING:
    from helpdesk_tui.desk.door import Desk

JSON = typer.Option(False, "--json", help="Print one JSON document and nothing else.")
BATCH = typer.Option(
    None, "--batch-id", help="An id of your own: the same id again gives the first outcome.", metavar="ID"
)


@dataclass
class Invocation:
    """The global options of this call."""

    store: str | None = None
    config: Path | None = None
    login: str | None = None

    def settings(self) -> Settings:
        """The settings these options lead to.

        Raises:
            Usage: they say who one is although the store itself knows.
        """
        settings = load(self.config, self.store)
        if self.login and settings.is_shared:
            raise Usage(
                _("--as is refused on PostgreSQL: the agent is whoever logs in to the database."),
                _("Name the login in the store's address: postgresql://LOGIN@HOST/DATABASE."),
            )
        return settings


current = Invocation()


def open_desk(batch_id: str | None = None) -> Desk:
    """The desk of whoever calls, on the store that is set."""
    from helpdesk_tui.desk.door import Desk
    from helpdesk_tui.desk.identity import identify
    from helpdesk_tui.store.schema import open_current

    settings = current.settings()
    store = open_current(settings.store)
    return Desk(store, identify(store, current.login), settings, batch_id=batch_id)


def open_system_desk() -> Desk:
    """The desk as the program itself uses it, for mail and timers; whoever calls must be an agent all the same.

    Raises:
        Refused: on PostgreSQL, which shows a login its own queues only, it is not one of all queues.
    """
    from helpdesk_tui.store.sight import hidden_queues
    from helpdesk_tui.terms import SYSTEM

    desk = open_desk()
    hidden = desk.ask(hidden_queues, desk.actor) if desk.store.is_postgres else []
    if hidden:
        login, queues = desk.actor.login, ", ".join(hidden)
        raise Refused(
            _("{login} does not belong to {queues}, so mail for it could not be filed.").format(
                login=login, queues=queues
            ),
            _("Run this with a login that belongs to all queues: helpdesk agent set LOGIN --queue +{queue}").format(
                queue=hidden[0]
            ),
        )
    return desk.acting_as(SYSTEM)
