"""`helpdesk doctor`: what is wrong, and what to do about it."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

import typer

from helpdesk_tui.cli.checks import Check, State, check_all
from helpdesk_tui.cli.invocation import JSON, current
from helpdesk_tui.cli.ledger import end_with, in_words, ledger_json, mailboxes_named, whole_desk
from helpdesk_tui.cli.output import print_json, say, tell
from helpdesk_tui.language import _

_SIGNS = {State.OK: "✓", State.ADVICE: "·", State.WARN: "!", State.FAIL: "✗"}


class Part(StrEnum):
    """What can be looked at alone."""

    MAIL = "mail"


def doctor(
    part: Part | None = typer.Argument(
        None, help="mail: what became of all mail, and what is missing.", metavar="[mail]"
    ),
    probe: str = typer.Option(
        "",
        "--probe",
        help="Send a forged mail to this mailbox, and see what your border server makes of it.",
        metavar="MAILBOX",
    ),
    wait: int = typer.Option(120, "--wait", min=1, help="How long to wait for the probe, in seconds."),
    as_json: bool = JSON,
) -> None:
    """Check configuration, store, mailboxes and sending; says what to do about what is wrong."""
    if probe:
        print_checks([_probed(probe, wait)], as_json)
    elif part is Part.MAIL:
        _look_at_mail(as_json)
    else:
        print_checks(check_all(current), as_json)


def print_checks(checks: Sequence[Check], as_json: bool) -> None:
    """Print how checks came out; ends with 1 where one failed."""
    if as_json:
        print_json({"checks": checks, "ok": all(one.state is not State.FAIL for one in checks)})
    else:
        _say_checks(checks)
    if any(one.state is State.FAIL for one in checks):
        raise typer.Exit(1)


def _say_checks(checks: Sequence[Check]) -> None:
    for one in checks:
        say(f"{_SIGNS[one.state]} {one.what}: {one.words}" + (f"\n  → {one.hint}" if one.hint else ""))


def _look_at_mail(as_json: bool) -> None:
    """The ledger of all mailboxes, and what else is to be known of mail."""
    from helpdesk_tui.cli.mail_checks import mail_checks
    from helpdesk_tui.mail.ledger import look

    desk = whole_desk()
    chosen = mailboxes_named(desk.settings, "")
    checks, found = list(mail_checks(desk.store, desk.actor, chosen)), look(desk, chosen)
    if as_json:
        print_json({"checks": checks, "ledger": ledger_json(found), "ok": found.is_whole})
    else:
        _say_checks(checks)
        say("\n".join(in_words(found)))
    end_with(found)


def _probed(name: str, wait: int) -> Check:
    """Whether the border server of a mailbox strips what strangers write in its name."""
    from helpdesk_tui.mail.probing import probe

    desk = whole_desk()
    (mailbox,) = mailboxes_named(desk.settings, name)
    tell(_("sending a forged mail to mailbox {name}, and waiting for it …").format(name=name))
    verdict = probe(desk, mailbox, wait)
    what = _("probe of {name}").format(name=name)
    if verdict.is_safe:
        return Check(what, State.OK, verdict.words)
    if verdict.is_safe is None:
        hint = _("Send one from outside as well: your own server may treat its own users' mail in another way.")
        return Check(what, State.WARN, verdict.words, hint)
    hint = _(
        "Let the server remove Authentication-Results fields with its own id from what comes in (RFC 8601 §5); "
        "until then take authserv_id out of [mailboxes.{name}], so that nobody is believed."
    )
    return Check(what, State.FAIL, verdict.words, hint.format(name=name))
