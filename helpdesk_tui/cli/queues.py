"""`helpdesk queue …`: buckets of work with their own addresses, and how they deal with mail."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from helpdesk_tui.cli.invocation import BATCH, JSON, open_desk
from helpdesk_tui.cli.output import plain, print_json, print_outcome, print_table, say
from helpdesk_tui.errors import NotFound, Usage
from helpdesk_tui.language import _
from helpdesk_tui.rules.untrusted import clean_line
from helpdesk_tui.terms import ResolutionRule

if TYPE_CHECKING:
    from helpdesk_tui.desk.queue_mail import QueueMailNow
    from helpdesk_tui.desk.queue_work import QueueWork
    from helpdesk_tui.store.queries.setup import QueueRow


class Robots(StrEnum):
    """What becomes of what machines write."""

    ASIDE = "aside"
    TICKET = "ticket"


app = typer.Typer(help="Queues: buckets of work with their own addresses.", no_args_is_help=True)
NAME = typer.Argument(..., metavar="NAME")
ADDRESS = typer.Option(None, "--address", help="An address of the queue; the first is the one it answers from.")
CONFIDENTIAL = "Only its members read what lies in it, the database sees to that (PostgreSQL only)."
DISPLAY_NAME = typer.Option(None, "--display-name", help="The name customers read.")
CONFIRM = typer.Option(None, "--confirm/--no-confirm", help="Confirm new requests by mail, once to each address a day.")
WITHIN = typer.Option(
    None, "--confirm-within", help="By when an answer is promised, in working time: 4h, 2d, none.", metavar="TIME"
)
NUMBER = typer.Option(
    None, "--confirm-with-number/--confirm-without-number", help="Whether the ticket's number is told."
)
_PLACES = "{until}, {number} and {queue} may stand in it; an empty one goes back to ours."
_FILLED = "{{customer}}, {{agent}}, {{queue}}, {{ticket}} and {{subject}} are filled in."
_LONGEST_FILE = 100_000


@app.command(name="list")
def list_queues(as_json: bool = JSON) -> None:
    """List the queues."""
    from helpdesk_tui.store.queries.setup import queues

    rows = open_desk().ask(queues)
    if as_json:
        print_json([_queue_json(row) for row in rows])
    else:
        heads = (_("queue"), _("name"), _("addresses"), "")
        marks = {True: _("confidential"), False: ""}
        print_table(heads, [(q.name, q.display_name, ", ".join(q.addresses), marks[q.is_confidential]) for q in rows])


@app.command()
def show(name: str = NAME, as_json: bool = JSON) -> None:
    """Show a queue, and how it would confirm a request that comes now."""
    from helpdesk_tui.desk.queue_mail import queue_mail
    from helpdesk_tui.desk.queue_work import queue_work
    from helpdesk_tui.store.queries.setup import queues

    desk = open_desk()
    now = desk.ask(queue_mail, name, desk.settings.calendar, desk.clock())
    work = desk.ask(queue_work, name)
    row = next(one for one in desk.ask(queues) if one.name == name)
    if as_json:
        print_json({**_queue_json(row), **_mail_json(now), **_work_json(work)})
    else:
        say("\n".join([*_in_words(row, now), *_work_in_words(work)]))


@app.command(name="add")
def add_queue(
    name: str = NAME,
    address: list[str] = ADDRESS,
    display_name: str = DISPLAY_NAME,
    confidential: bool = typer.Option(False, "--confidential", help=CONFIDENTIAL),
    batch: str | None = BATCH,
    as_json: bool = JSON,
) -> None:
    """Make a queue, to which all agents belong; to a confidential one only you, at first."""
    from helpdesk_tui.desk import settings

    add, words = settings.add_queue, display_name or ""
    print_outcome(open_desk(batch).do(add, name, address or (), words, is_confidential=confidential), as_json)


@app.command(name="set")
def set_queue(
    name: str = NAME,
    address: list[str] = ADDRESS,
    display_name: str = DISPLAY_NAME,
    confidential: bool | None = typer.Option(None, "--confidential/--no-confidential", help=CONFIDENTIAL),
    confirm: bool | None = CONFIRM,
    within: str | None = WITHIN,
    with_number: bool | None = NUMBER,
    text_de: str | None = typer.Option(
        None, "--confirm-text-de", help=f"Your own German text. {_PLACES}", metavar="FILE|TEXT"
    ),
    text_en: str | None = typer.Option(None, "--confirm-text-en", help="Your own English text.", metavar="FILE|TEXT"),
    robots: Robots | None = typer.Option(
        None, "--robots", help="What machines write: keep it aside, or make a ticket."
    ),
    plus: bool | None = typer.Option(
        None,
        "--plus-addresses/--no-plus-addresses",
        help="Answers come back to NAME+WORD@DOMAIN, where the server does.",
    ),
    resolution: ResolutionRule | None = typer.Option(
        None, "--resolution", help="Whether an agent is asked what solved a ticket."
    ),
    closes_after: int | None = typer.Option(
        None, "--closes-after", help="A solved ticket closes after so many working days; 0 never."
    ),
    salutation_de: str | None = typer.Option(
        None, "--salutation-de", metavar="TEXT", help=f"How letters begin. {_FILLED}"
    ),
    salutation_en: str | None = typer.Option(None, "--salutation-en", metavar="TEXT"),
    signature_de: str | None = typer.Option(None, "--signature-de", help="How they end.", metavar="FILE|TEXT"),
    signature_en: str | None = typer.Option(None, "--signature-en", metavar="FILE|TEXT"),
    batch: str | None = BATCH,
    as_json: bool = JSON,
) -> None:
    """Change a queue; addresses given replace the ones it has."""
    from helpdesk_tui.desk import settings
    from helpdesk_tui.desk.queue_mail import QueueMail
    from helpdesk_tui.desk.queue_work import QueueWork

    texts = {"de": text_de, "en": text_en}
    mail = QueueMail(
        confirms=confirm,
        within=within,
        with_number=with_number,
        texts=_given(texts),
        robots=robots,
        has_plus_addresses=plus,
    )
    work = QueueWork(
        resolution_rule=resolution,
        closes_after=closes_after,
        salutation=_given({"de": salutation_de, "en": salutation_en}),
        signature=_given({"de": signature_de, "en": signature_en}),
    )
    desk, change = open_desk(batch), settings.set_queue
    outcome = desk.do(change, name, address or None, display_name, is_confidential=confidential, mail=mail, work=work)
    print_outcome(outcome, as_json)


def _given(texts: Mapping[str, str | None]) -> dict[str, str]:
    return {language: _text(said) for language, said in texts.items() if said is not None}


def _text(said: str) -> str:
    """What is in a file of this name, or the words themselves; one word alone is a file's name that was mistyped."""
    if _is_file(said):
        try:
            with open(said, encoding="utf-8") as file:
                return file.read(_LONGEST_FILE)
        except (OSError, ValueError) as error:
            raise Usage(
                _("{path} cannot be read: {words}.").format(path=clean_line(said, 200), words=type(error).__name__),
                _("Name a file in UTF-8, or write the text itself."),
            ) from error
    if said and len(said.split()) < 2:
        raise NotFound(
            _("There is no file {path}.").format(path=clean_line(said, 200)),
            _("Name a file, or write the text itself in quotes."),
        )
    return said


def _is_file(name: str) -> bool:
    try:
        return bool(name) and Path(name).is_file()
    except (OSError, ValueError):
        return False  # a text is longer than names are


def _queue_json(row: QueueRow) -> dict[str, Any]:
    return {
        "name": row.name,
        "display_name": row.display_name,
        "addresses": list(row.addresses),
        "confidential": row.is_confidential,
    }


def _mail_json(now: QueueMailNow) -> dict[str, Any]:
    return {
        "confirms": now.confirms,
        "within": now.within,
        "with_number": now.with_number,
        "robots": now.robots,
        "plus_addresses": now.has_plus_addresses,
        "confirmations": plain(now.confirmations),
    }


def _in_words(row: QueueRow, now: QueueMailNow) -> list[str]:
    yes_or_no = {True: _("yes"), False: _("no"), None: _("nobody has decided")}
    lines = [
        " · ".join(filter(None, (row.name, row.display_name, _("confidential") if row.is_confidential else ""))),
        _("addresses: {addresses}").format(addresses=", ".join(row.addresses) or _("none")),
        _("machines' mail: {robots}").format(robots=now.robots),
        _("plus addresses: {answer}").format(answer=yes_or_no[now.has_plus_addresses]),
        _("confirms new requests: {answer}").format(answer=yes_or_no[now.confirms]),
    ]
    for one in now.confirmations:
        whose = _("your own text") if one.is_own else _("our text")
        lines += ["", f"── {one.language} ({whose}) · {one.subject}", one.text]
    return lines


def _work_json(work: QueueWork) -> dict[str, Any]:
    return {
        "resolution": work.resolution_rule,
        "closes_after": work.closes_after,
        "salutation": dict(work.salutation),
        "signature": dict(work.signature),
    }


def _work_in_words(work: QueueWork) -> list[str]:
    closes = _("after {n} working days").format(n=work.closes_after) if work.closes_after else _("never by itself")
    lines = [
        "",
        _("what solved a ticket is {rule}").format(rule=work.resolution_rule),
        _("what is solved closes {when}").format(when=closes),
    ]
    for title, texts in ((_("salutation"), work.salutation), (_("signature"), work.signature)):
        lines += [line for language, text in texts.items() for line in ("", f"── {language} · {title}", text)]
    return lines
