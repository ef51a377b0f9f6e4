"""`helpdesk why …`: why a mail lies where it lies, and where a ticket's time went."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

from helpdesk_tui.cli.invocation import JSON, open_desk
from helpdesk_tui.cli.output import plain, print_json, say
from helpdesk_tui.language import _

if TYPE_CHECKING:
    from helpdesk_tui.desk.life import Life
    from helpdesk_tui.store.queries.why import Why

app = typer.Typer(help="Why something is as it is.", no_args_is_help=True)
#: How wide the words are that stand in front, in characters.
_LABEL = 10


@app.callback()
def _group() -> None:
    """Why something is as it is."""


@app.command()
def mail(
    mail: int = typer.Argument(..., help="Its id, as `mail list`, `mail aside` and `ticket show` give it."),
    as_json: bool = JSON,
) -> None:
    """Explain what became of a mail: what was seen of it, which row of the table decided, and what can be done."""
    from helpdesk_tui.desk.why import case_of, deeds, explained
    from helpdesk_tui.store.queries.why import why

    found = open_desk().ask(why, mail)
    lines = explained(found, plain)
    if as_json:
        seen = [line.words for line in lines if line.label in (_("seen"), "")]
        print_json({**plain(found), "case": case_of(found.row or 0), "seen": seen, "can": list(deeds(found))})
        return
    for line in lines:
        say(f"{line.label:<{_LABEL}} {line.words}")
    for number, words in enumerate(_commands(found)):
        say(f"{'' if number else _('you can'):<{_LABEL}} {words}")


def _commands(found: Why) -> list[str]:
    from helpdesk_tui.desk.why import Deed, deeds

    words = {
        Deed.TICKET: _("helpdesk mail ticket {mail} · make a ticket of it"),
        Deed.DISMISS: _("helpdesk mail dismiss {mail} · put its entry away"),
        Deed.OPEN: _("helpdesk ticket show {ticket} · read the ticket"),
        Deed.LINKED: _("helpdesk ticket show {linked} · read the other ticket"),
        Deed.RAW: _("helpdesk mail raw {mail} > mail.eml · see the original"),
    }
    return [words[one].format(mail=found.mail, ticket=found.ticket, linked=found.linked_to) for one in deeds(found)]


@app.command()
def wait(
    number: int = typer.Argument(..., help="The ticket's number."),
    as_json: bool = JSON,
) -> None:
    """Explain where a ticket's time went: with whom it lay and for how long, in all and in working time, and why."""
    from helpdesk_tui.desk.life import life, told

    desk = open_desk()
    found = desk.ask(life, number, desk.actor, desk.settings.calendar, desk.clock())
    if as_json:
        print_json(_life_json(found))
        return
    for line in told(found, lambda at: f"{at.astimezone():%Y-%m-%d %H:%M}"):
        say(line)


def _life_json(found: Life) -> dict[str, Any]:
    return {
        "ticket": found.number,
        "stretches": [
            {
                "start": plain(one.start),
                "end": plain(one.end),
                "where": one.where,
                "who": one.who,
                "cause": one.cause,
                "seconds": one.length.total_seconds(),
                "working_seconds": one.working.total_seconds(),
            }
            for one in found.stretches
        ],
        "sums": {
            **{str(where): length.total_seconds() for where, length in found.sums.by_place.items()},
            "outside hours": found.sums.outside_hours.total_seconds(),
            "whole": found.sums.whole.total_seconds(),
        },
    }
