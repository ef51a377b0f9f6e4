"""`helpdesk mail aside`, `mail ticket`, `mail dismiss`: what became no ticket of its own, and what to do about it."""

from __future__ import annotations

import typer

from helpdesk_tui.cli.invocation import BATCH, JSON, open_desk
from helpdesk_tui.cli.output import plain, print_json, print_outcome, print_table
from helpdesk_tui.errors import Usage
from helpdesk_tui.language import _
from helpdesk_tui.rules.untrusted import clean_line

_MAIL = typer.Argument(..., help="The id of a mail, as `mail aside`, `mail list` and `ticket show` give it.")


def list_aside(
    kind: str = typer.Option("", "--kind", help="Only these: quarantine, robots, backscatter or floods."),
    limit: int = typer.Option(50, "--limit", min=0, help="How many of each at most; 0 is all."),
    as_json: bool = JSON,
) -> None:
    """List the mail that became no ticket of its own, newest first; what is alike is one entry with a count."""
    from helpdesk_tui.store.queries.aside import Aside, aside_rows

    if kind and kind not in list(Aside):
        raise Usage(
            _("{kind} is no list of mail.").format(kind=clean_line(kind, 40)),
            _("Use {words}.").format(words=", ".join(Aside)),
        )
    desk = open_desk()
    rows = [row for one in Aside if kind in ("", one) for row in desk.ask(aside_rows, one, limit)]
    if as_json:
        print_json(rows)
        return
    heads = (_("id"), _("list"), _("count"), _("first"), _("last"), _("queue"), _("from"), _("subject"), _("because"))
    print_table(
        heads,
        [
            (
                r.mail,
                r.aside,
                r.count,
                plain(r.first_at),
                plain(r.last_at),
                r.queue,
                r.sender.whole,
                r.subject,
                r.reason,
            )
            for r in rows
        ],
    )


def ticket(mail: int = _MAIL, batch_id: str | None = BATCH, as_json: bool = JSON) -> None:
    """Make a ticket of a mail that was kept aside; what comes like it goes on there, and nobody gets an answer."""
    from helpdesk_tui.mail.again import ticket_of

    print_outcome(open_desk(batch_id).do(ticket_of, mail), as_json)


def dismiss(mail: int = _MAIL, batch_id: str | None = BATCH, as_json: bool = JSON) -> None:
    """Put the entry of a mail away; the mails stay, and what comes like them begins a new entry."""
    from helpdesk_tui.desk.aside import dismiss as put_away

    print_outcome(open_desk(batch_id).do(put_away, mail), as_json)
