"""`helpdesk customer …`: who asks, by which addresses and phones they are known, and which records are one person."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import typer

from helpdesk_tui.cli.invocation import BATCH, JSON, open_desk
from helpdesk_tui.cli.output import plain, print_json, print_outcome, print_table, say, ticket_json
from helpdesk_tui.errors import NotFound, Usage
from helpdesk_tui.language import _

if TYPE_CHECKING:
    from helpdesk_tui.desk.door import Desk
    from helpdesk_tui.store.queries.people import CustomerPage, CustomerRow
    from helpdesk_tui.store.queries.tickets import TicketRow
    from helpdesk_tui.terms import Outcome

app = typer.Typer(help="Customers: their addresses and phones, and records that are one person.", no_args_is_help=True)

WHO = typer.Argument(..., help="The customer's id, an address, or a part of the name that fits one.", metavar="WHO")


@app.command()
def find(text: str = typer.Argument(..., metavar="TEXT"), as_json: bool = JSON) -> None:
    """Find customers by three characters of a name, an address or a number."""
    from helpdesk_tui.store.queries.people import find_customers

    rows = open_desk().ask(find_customers, text, 50)
    if as_json:
        print_json([plain(row) for row in rows])
    else:
        heads = (_("id"), _("name"), _("address"), _("phone"), _("company"), _("open"))
        print_table(heads, [_line(row) for row in rows])


@app.command()
def show(who: str = WHO, as_json: bool = JSON) -> None:
    """Show a customer: addresses, phones, fields, tickets, and what was joined."""
    from helpdesk_tui.store.queries.people import customer_page
    from helpdesk_tui.store.queries.tickets import ticket_rows

    desk = open_desk()
    page = desk.ask(customer_page, _customer(desk, who))
    if page is None:
        raise _unknown(who)
    rows = desk.ask(ticket_rows, page.tickets)
    if as_json:
        print_json({**plain(page), "tickets": [ticket_json(row) for row in rows]})
    else:
        say(_as_text(page, rows))


@app.command(name="set")
def set_(
    who: str = WHO,
    name: str | None = typer.Option(None, "--name"),
    organization: str | None = typer.Option(None, "--organization", help='Their company, or "" for none.'),
    batch: str | None = BATCH,
    as_json: bool = JSON,
) -> None:
    """Say what a customer is called, and whose company they belong to."""
    from helpdesk_tui.desk.customers import set_customer

    if name is None and organization is None:
        raise Usage(_("Nothing is to be changed."), _("Name at least one of --name, --organization."))
    desk = open_desk(batch)
    print_outcome(desk.do(set_customer, _customer(desk, who), name=name, organization=organization), as_json)


@app.command(name="add-address")
def add_address(
    who: str = WHO,
    address: str = typer.Argument(..., metavar="ADDRESS"),
    batch: str | None = BATCH,
    as_json: bool = JSON,
) -> None:
    """Let a customer be known by one address more."""
    from helpdesk_tui.desk import customers

    _do(customers.add_address, who, address, batch, as_json=as_json)


@app.command(name="remove-address")
def remove_address(
    who: str = WHO,
    address: str = typer.Argument(..., metavar="ADDRESS"),
    batch: str | None = BATCH,
    as_json: bool = JSON,
) -> None:
    """Let a customer be known by an address no more."""
    from helpdesk_tui.desk import customers

    _do(customers.remove_address, who, address, batch, as_json=as_json)


@app.command(name="add-phone")
def add_phone(
    who: str = WHO,
    phone: str = typer.Argument(..., metavar="NUMBER"),
    batch: str | None = BATCH,
    as_json: bool = JSON,
) -> None:
    """Let a customer be known by one phone more."""
    from helpdesk_tui.desk import customers

    _do(customers.add_phone, who, phone, batch, as_json=as_json)


@app.command(name="remove-phone")
def remove_phone(
    who: str = WHO,
    phone: str = typer.Argument(..., metavar="NUMBER"),
    batch: str | None = BATCH,
    as_json: bool = JSON,
) -> None:
    """Let a customer be known by a phone no more."""
    from helpdesk_tui.desk import customers

    _do(customers.remove_phone, who, phone, batch, as_json=as_json)


@app.command()
def join(
    keep: str = typer.Argument(..., help="The customer who is kept, as WHO.", metavar="KEEP"),
    other: str = typer.Argument(..., help="The same person's other record, as WHO.", metavar="OTHER"),
    batch: str | None = BATCH,
    as_json: bool = JSON,
) -> None:
    """Let two records be one person: addresses, phones, fields and tickets of the other go to the one that is kept."""
    from helpdesk_tui.desk import joining

    desk = open_desk(batch)
    print_outcome(desk.do(joining.join, _customer(desk, keep), _customer(desk, other)), as_json)


@app.command()
def split(
    join_id: int = typer.Argument(..., help="As `customer show` names it.", metavar="JOIN"),
    batch: str | None = BATCH,
    as_json: bool = JSON,
) -> None:
    """Take apart what was joined; what nobody changed since goes back."""
    from helpdesk_tui.desk import joining

    print_outcome(open_desk(batch).do(joining.split, join_id), as_json)


def _do(verb: Callable[..., Outcome], who: str, what: str, batch: str | None, *, as_json: bool) -> None:
    desk = open_desk(batch)
    print_outcome(desk.do(verb, _customer(desk, who), what), as_json)


def _customer(desk: Desk, who: str) -> int:
    """The id of the customer somebody means.

    Raises:
        NotFound: nobody fits. Usage: several do.
    """
    from helpdesk_tui.rules.routing import plain_address
    from helpdesk_tui.store.queries.people import find_customers

    if who.isdecimal() and len(who) < 10:  # a longer one is a phone number
        return int(who)
    found = desk.ask(find_customers, who, 20)
    exact = [row for row in found if plain_address(who) == row.address] if "@" in who else []
    fitting = exact or found
    if not fitting:
        raise _unknown(who)
    if len(fitting) > 1:
        several = ", ".join(f"{row.id} {row.called}" for row in fitting[:5])
        raise Usage(_("Several customers fit {who}: {several}").format(who=who, several=several), _("Name the id."))
    return fitting[0].id


def _unknown(who: str) -> NotFound:
    return NotFound(_("There is no customer {who}.").format(who=who), _("`helpdesk customer find NAME` finds them."))


def _line(row: CustomerRow) -> tuple[Any, ...]:
    return row.id, row.called, row.address, row.phone, row.organization, row.open_tickets


def _as_text(page: CustomerPage, rows: list[TicketRow]) -> str:
    lines = [" · ".join(filter(None, (f"{page.row.called} ({page.row.id})", page.row.organization)))]
    lines += [*page.addresses, *page.phones, *(f"{name}: {value}" for name, value in page.fields)]
    for one in page.joins:
        words = _("join {id}: {name}, by {agent}, {when}")
        lines.append(words.format(id=one.id, name=one.name, agent=one.agent, when=plain(one.at)))
    lines += ["", *(f"#{row.number} {row.subject} · {row.queue} · {row.status}" for row in rows)]
    if page.ticket_count > len(rows):
        lines.append(_("and {n} older ones").format(n=page.ticket_count - len(rows)))
    return "\n".join(lines)
