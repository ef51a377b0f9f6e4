"""`helpdesk agent hand-over`: what somebody has goes to others, as on the board."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import typer

from helpdesk_tui.cli.invocation import BATCH, JSON, open_desk
from helpdesk_tui.cli.output import print_json, print_outcome, print_table
from helpdesk_tui.errors import NotFound, Refused
from helpdesk_tui.language import _
from helpdesk_tui.rules import permissions
from helpdesk_tui.terms import Verb

if TYPE_CHECKING:
    from helpdesk_tui.desk.door import Desk
    from helpdesk_tui.store.queries.board import Extra, Standing
    from helpdesk_tui.store.queries.staff import ColleagueRow


def hand_over(
    login: str = typer.Argument(..., metavar="LOGIN"),
    to: list[str] = typer.Option(None, "--to", help="Who gets it; several share it.", metavar="LOGIN"),
    dry_run: bool = typer.Option(False, "--dry-run", help="Only say what would go where."),
    batch: str | None = BATCH,
    as_json: bool = JSON,
) -> None:
    """Give all somebody has to others, with calls and unsent texts (leads and admins).

    Without --to, and with several, each ticket goes to whoever of its queue has the most room, and back to its queue
    where nobody has any.
    """
    from helpdesk_tui.desk import handover

    desk = open_desk(batch)
    if reason := permissions.refusal(desk.actor, Verb.HAND_OVER):
        raise Refused(reason, _("Ask somebody who may, or give single tickets: helpdesk ticket assign."))
    people = _people(desk, [login, *(to or ())])
    shares = _shares(desk, login, to or [])
    if dry_run:
        _print_plan(desk, login, shares, people, as_json=as_json)
    else:
        print_outcome(desk.do(handover.hand_over, login, shares, with_all_else=True), as_json)


def _people(desk: Desk, named: Sequence[str]) -> Mapping[str, ColleagueRow]:
    from helpdesk_tui.store.queries.staff import colleagues

    people = {one.login: one for one in desk.ask(colleagues, desk.actor, desk.clock())}
    for login in named:
        if login not in people:
            raise NotFound(_("There is no agent {login}.").format(login=login), _("`helpdesk agent list` shows them."))
    return people


def _shares(desk: Desk, login: str, to: Sequence[str]) -> dict[str, list[Standing]]:
    """Who gets what; all else goes along with the first person, to teams where there is none."""
    from helpdesk_tui.store.queries.board import Side, proposal, side_tickets

    seen = {one.number: one for one in desk.ask(side_tickets, desk.actor, Side(login))}
    if len(to) == 1:
        return {to[0]: list(seen.values())}
    shares = desk.ask(proposal, login, list(seen), desk.clock(), to) or {next(iter(to), ""): []}
    return {who: [seen[number] for number in numbers] for who, numbers in shares.items()}


def _print_plan(
    desk: Desk,
    login: str,
    shares: Mapping[str, Sequence[Standing]],
    people: Mapping[str, ColleagueRow],
    *,
    as_json: bool,
) -> None:
    from helpdesk_tui.rules.sharing import rest_goes_to
    from helpdesk_tui.store.queries.board import Side, side_extras

    rest = rest_goes_to(shares)
    goes = {
        who: [one.number for one in share if not who or one.queue in people[who].queues]
        for who, share in shares.items()
    }
    stays = sorted(
        {one.number for share in shares.values() for one in share} - {n for all_ in goes.values() for n in all_}
    )
    extras = desk.ask(side_extras, desk.actor, Side(login))
    if as_json:
        queues = goes.pop("", [])
        beside = [{"kind": one.kind, "ticket": one.ticket} for one in extras]
        print_json({"shares": goes, "to_queues": queues, "stay": stays, "calls_and_texts": beside, "rest_to": rest})
        return
    rows = [(who or _("their queues"), *_named(numbers)) for who, numbers in goes.items()]
    rows += [(_("stay, who should get them does not belong there"), *_named(stays))] if stays else []
    rows += [_extras_row(extras, rest)] if extras else []
    print_table((_("to"), _("how many"), _("what")), rows)


def _named(numbers: Sequence[int]) -> tuple[int, str]:
    return len(numbers), " ".join(f"#{number}" for number in numbers)


def _extras_row(extras: Sequence[Extra], rest: str) -> tuple[str, int, str]:
    to = _("with their tickets, else {login}").format(login=rest or _("to their teams"))
    return to, len(extras), _("calls and unsent texts")
