"""What stands before the command: which store, which configuration, who."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from helpdesk_tui.config import Settings, load
from helpdesk_tui.errors import Usage
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
    """The desk as the program itself uses it, for mail and timers; whoever calls must be an agent all the same."""
    from helpdesk_tui.terms import SYSTEM

    return open_desk().acting_as(SYSTEM)
