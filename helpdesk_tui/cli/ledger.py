"""`helpdesk mail ledger`: every mail on the servers has its fate in the store, or is named."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import typer

from helpdesk_tui.cli.checks import promise
from helpdesk_tui.cli.invocation import JSON, open_desk
from helpdesk_tui.cli.output import error_json, plain, print_json, say, tell
from helpdesk_tui.errors import HelpdeskError, NotFound, Refused
from helpdesk_tui.language import _, ngettext
from helpdesk_tui.terms import SYSTEM

if TYPE_CHECKING:
    from helpdesk_tui.config import MailboxSettings, Settings
    from helpdesk_tui.desk.door import Desk
    from helpdesk_tui.mail.ledger import Ledger, MailboxLedger, MissingMail

#: So many missing mails are named by a line each.
_MOST_LINES = 20
_KILO = 1024


def ledger(
    mailbox: str = typer.Option("", "--mailbox", help="Only this one of the configuration.", metavar="NAME"),
    fetch: bool = typer.Option(False, "--fetch", help="Take in what is missing, as poll does, and file what waits."),
    as_json: bool = JSON,
) -> None:
    """Lay every mailbox beside the store: what became of each mail, and what is missing (0: nothing is).

    Looking marks and moves nothing on a server.
    """
    from helpdesk_tui.mail import ledger as books

    desk = whole_desk()
    chosen = mailboxes_named(desk.settings, mailbox)
    failures = books.fetch(desk, chosen).failures if fetch else []
    found = books.look(desk, chosen)
    if as_json:
        print_json({**ledger_json(found), "failures": [error_json(one) for one in failures]})
    else:
        say("\n".join(in_words(found)))
        for failure in failures:
            tell(f"{failure.message} {failure.hint}")
    end_with(found, failures)


def whole_desk() -> Desk:
    """The desk as the program itself uses it, for somebody who belongs to all queues and so may see all mail.

    Raises:
        Refused: whoever calls does not.
    """
    from helpdesk_tui.store.sight import hidden_queues

    desk = open_desk()
    if hidden := desk.ask(hidden_queues, desk.actor):
        raise Refused(
            _("{login} does not belong to {queues}, and this counts the mail of all queues.").format(
                login=desk.actor.login, queues=", ".join(hidden)
            ),
            _("Ask somebody who belongs to all of them, or: helpdesk agent set LOGIN --queue +{queue}").format(
                queue=hidden[0]
            ),
        )
    return desk.acting_as(SYSTEM)


def mailboxes_named(settings: Settings, name: str) -> tuple[MailboxSettings, ...]:
    """The mailbox of this name, or all that can be opened.

    Raises:
        NotFound: there is none of this name.
    """
    usable = tuple(one for one in settings.mailboxes if one.host or one.path)
    chosen = tuple(one for one in usable if one.name == name) if name else usable
    if name and not chosen:
        raise NotFound(
            _("There is no mailbox {name}.").format(name=name),
            _("The configuration has: {names}").format(names=", ".join(one.name for one in usable) or _("none")),
        )
    return chosen


def in_words(found: Ledger) -> Iterator[str]:
    """A ledger in lines, the promise last."""
    for mailbox in found.mailboxes:
        yield from _mailbox_in_words(mailbox)
    for name, fates in found.elsewhere.items():
        yield f"{name}: {_fates_in_words(fates)}"
    if found.waiting.count:
        yield ngettext("{n} mail is kept and not filed:", "{n} mails are kept and not filed:", found.waiting.count)
        for one in found.waiting.oldest:
            yield _("  {message} from {mailbox}, received {at}").format(
                message=one.message, mailbox=one.mailbox, at=plain(one.received_at)
            )
    if found.missing or found.waiting.count:
        yield _("  → helpdesk mail ledger --fetch takes them in; a poller that runs does so by itself.")
    yield promise(found.account.received, found.account.accounted)


def ledger_json(found: Ledger) -> dict[str, Any]:
    """A ledger as programs read it."""
    account = found.account
    return {
        "mailboxes": [_mailbox_json(one) for one in found.mailboxes],
        "elsewhere": found.elsewhere,
        "waiting": {"count": found.waiting.count, "oldest": plain(found.waiting.oldest)},
        "received": account.received,
        "accounted": account.accounted,
        "lost": account.lost,
        "missing": found.missing,
        "ok": found.is_whole,
    }


def end_with(found: Ledger, failures: Sequence[HelpdeskError] = ()) -> None:
    """End with the code that says how it came out: 0 only where nothing is missing and all was looked into."""
    errors = [*failures, *(one.error for one in found.mailboxes if one.error)]
    if code := max((one.exit_code for one in errors), default=0 if found.is_whole else 1):
        raise typer.Exit(code)


def _mailbox_in_words(mailbox: MailboxLedger) -> Iterator[str]:
    if mailbox.error:
        yield f"{mailbox.name}: {mailbox.error.message}\n  → {mailbox.error.hint}"
        return
    parts = [ngettext("{n} on the server", "{n} on the server", mailbox.on_server)]
    parts += [_fates_in_words(mailbox.fates or {})] if mailbox.fates else []
    parts += [ngettext("{n} not taken in", "{n} not taken in", len(mailbox.missing))] if mailbox.missing else []
    parts += [ngettext("{n} no longer there", "{n} no longer there", mailbox.gone)] if mailbox.gone else []
    yield f"{mailbox.name}: {' · '.join(parts)}"
    yield from (_missing_in_words(one) for one in mailbox.missing[:_MOST_LINES])
    if (more := len(mailbox.missing) - _MOST_LINES) > 0:
        yield ngettext("  and {n} more", "  and {n} more", more)
    yield from (f"  {problem}" for problem in mailbox.problems)


def _missing_in_words(mail: MissingMail) -> str:
    if mail.received_at is None or mail.size is None:
        return _("  UID {uid}").format(uid=mail.uid)
    return _("  UID {uid}, received {at}, {size} kB").format(
        uid=mail.uid, at=plain(mail.received_at), size=-(-mail.size // _KILO)
    )


def _fates_in_words(fates: dict[str, int]) -> str:
    return ", ".join(f"{count} {fate}" for fate, count in sorted(fates.items(), key=lambda one: (-one[1], one[0])))


def _mailbox_json(mailbox: MailboxLedger) -> dict[str, Any]:
    return {
        "name": mailbox.name,
        "on_server": mailbox.on_server,
        "fates": mailbox.fates or {},
        "missing": plain(mailbox.missing),
        "gone": mailbox.gone,
        "problems": list(mailbox.problems),
        "error": error_json(mailbox.error) if mailbox.error else None,
    }
