"""Takes places as fast as it can, in a process of its own: one line in is one booking to try, one line out its end.

python -m tests.desk.booker URL LOGIN
"""

from __future__ import annotations

import sys
from datetime import datetime

from helpdesk_tui.config import Settings
from helpdesk_tui.desk.callbacks import Wish, book
from helpdesk_tui.desk.door import Desk
from helpdesk_tui.desk.identity import identify
from helpdesk_tui.errors import HelpdeskError, Refused
from helpdesk_tui.store.engine import open_store
from tests.build import MORNING


def main(url: str, login: str) -> None:
    """Book the ticket and the time of each line; say `booked`, or why not and what is offered instead."""
    store = open_store(url)
    actor = identify(store, None if store.is_postgres else login)
    desk = Desk(store, actor, Settings(store=url), lambda: MORNING)
    print("ready", flush=True)
    for line in sys.stdin:
        ticket, at = line.split()
        try:
            desk.do(book, int(ticket), Wish(at=datetime.fromisoformat(at)))
            print("booked", flush=True)
        except Refused as error:
            print(f"{error.message} | {error.hint}", flush=True)
        except HelpdeskError as error:
            print(f"failed: {error.message}", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
