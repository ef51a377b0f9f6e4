"""Why a mail lies where it lies, in words: the same in the ticket, in the lists and in the command."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from helpdesk_tui.language import _, ngettext
from helpdesk_tui.rules.threading import Link
from helpdesk_tui.store.queries.why import CountedIn, Why
from helpdesk_tui.terms import Authenticity, Disposition, MailGroupKind

When = Callable[[datetime], str]


class Deed(StrEnum):
    """What can be done about a mail now."""

    OPEN = "open"
    LINKED = "linked"
    TICKET = "ticket"
    DISMISS = "dismiss"
    RAW = "raw"


@dataclass(frozen=True, slots=True)
class Explained:
    """A line of the explanation: what it is about, "" where that stands above, and the words."""

    label: str
    words: str


def explained(why: Why, when: When) -> list[Explained]:
    """The explanation, line by line.

    Args:
        when: says an instant.
    """
    case = f"{why.row} · {case_of(why.row)}" if why.row and why.disposition != Disposition.QUARANTINED else ""
    seen = [*_seen(why)]
    lines = [
        Explained(_("mail"), f"{why.mail} · {why.subject or _('(no subject)')}"),
        Explained(_("from"), why.sender.whole or _("not known")),
        Explained(_("became"), became(why)),
        Explained(_("because"), why.reason or _("nothing was noted")),
        Explained(_("row"), case),
        *(Explained(_("seen") if at == 0 else "", words) for at, words in enumerate(seen)),
        Explained(_("like it"), _counted(why.counted_in, when) if why.counted_in else ""),
        Explained(_("mailbox"), _where(why)),
        Explained(_("came"), _came(why, when)),
    ]
    return [line for line in lines if line.words]


def became(why: Why) -> str:
    """What became of a mail, in words."""
    ticket = f"#{why.ticket}" if why.ticket else _("another ticket")
    said = {
        None: _("it waits to be filed"),
        "outgoing": _("it is a mail of ours, on {ticket}"),
        Disposition.NEW: _("a new ticket, {ticket}"),
        Disposition.APPENDED: _("a message in {ticket}"),
        Disposition.LINKED: _("a new ticket, {ticket}, which names the other one for agents only"),
        Disposition.DUPLICATE: _("nothing: the same mail is here already"),
        Disposition.OWN_COPY: _("nothing: it is a copy of a mail of ours"),
        Disposition.ROBOT: _("an entry of the robots, in {queue}"),
        Disposition.BOUNCE: _("a delivery report in {ticket}") if why.row == 2 else _("an entry of the backscatter"),
        Disposition.FOLDED: _("it is kept with {ticket}, and not shown there"),
        Disposition.QUARANTINED: _("an entry of the quarantine, in {queue}"),
    }.get(why.disposition, why.disposition or "")
    words = said.format(ticket=ticket, queue=why.queue)
    if not why.is_linked:
        return words
    return f"{words} · {_('linked to {ticket}').format(ticket=_ticket(why.linked_to))}"


def case_of(row: int) -> str:
    """The case that a row of the decision table stands for."""
    return {
        1: _("a mail of our own that came back"),
        2: _("a delivery report on a mail of ours"),
        3: _("a delivery report on a mail that is not ours"),
        4: _("a machine's answer to a mail of ours"),
        5: _("a machine's mail that answers none of ours"),
        6: _("an answer to a mail of ours, by somebody who belongs to the ticket"),
        7: _("an answer to a mail of ours, under the probably forged address of somebody who belongs to the ticket"),
        8: _("an answer to a mail of ours, from an address that is proven and new to the ticket"),
        9: _("an answer to a mail of ours, by somebody of whom nothing shows that they belong to the ticket"),
        10: _("a mail that refers to a ticket of its proven sender"),
        11: _("a mail that refers to an earlier one of the same sender, whose address is not proven"),
        12: _("a mail whose subject alone refers to a ticket of the same sender"),
        13: _("a mail that refers to a ticket to which its sender does not belong, or is not proven to"),
        14: _("an answer to mails of ours in two tickets: the one it answers counts, the other is linked"),
        15: _("a mail on a ticket that was closed long ago"),
        16: _("an agent's answer to a mail that we had sent them: a note"),
        17: _("a mail that refers to nothing we know: a new ticket"),
    }.get(row, "")


def deeds(why: Why) -> tuple[Deed, ...]:
    """What can be done about a mail now, the likeliest first."""
    has_own = why.disposition not in (None, "outgoing", Disposition.FOLDED) and why.ticket is not None
    can = {
        Deed.TICKET: why.disposition is not None and not has_own and why.disposition != "outgoing",
        Deed.DISMISS: why.is_aside,
        Deed.OPEN: why.ticket is not None,
        Deed.LINKED: why.linked_to is not None,
        Deed.RAW: True,
    }
    return tuple(deed for deed, is_possible in can.items() if is_possible)


def _ticket(number: int | None) -> str:
    return f"#{number}" if number else _("another ticket")


def _seen(why: Why) -> Iterator[str]:
    """Every signal, in plain words."""
    signals = why.signals
    for name, words in _marks().items():
        if signals.get(name):
            yield words
    yield from _references(signals)
    if "authenticity" in signals:
        yield _proof(signals["authenticity"])
    if why.is_linked and "is_confidential" in signals:
        yield _("That ticket's queue is confidential.")
    if "is_closed" in signals:
        yield _("That ticket was closed too long ago to be opened again.")
    if reason := signals.get("unconfirmed"):
        yield _("No confirmation went out: {reason}.").format(reason=reason)
    if why.quarantined:
        yield _("It could not be read: {reason}").format(reason=why.quarantined)


def _marks() -> dict[str, str]:
    return {
        "is_own_copy": _("It has the id and the words of a mail of ours."),
        "is_bounce": _("It is a delivery report."),
        "is_lasting": _("It says that sending again is no use."),
        "is_told": _("What it reports was known already."),
        "is_robot": _("A machine wrote it: its header or its form says so."),
    }


def _references(signals: Any) -> Iterator[str]:
    """Which tickets it names, how, and whether the sender belongs there."""
    for name, words in (
        ("token_ticket", _("It carries the secret id of a mail of {ticket}: its sender has seen that one.")),
        ("other_token_ticket", _("It carries that of a mail of {ticket}, too.")),
        ("weak_ticket", _link(signals.get("weak_link"))),
    ):
        if name in signals:
            yield words.format(ticket=_ticket(signals[name]))
    ticket = signals.get("token_ticket") or signals.get("weak_ticket")
    if ticket is None:
        return
    if signals.get("is_agents_token"):
        yield _("That mail was sent to the agent who writes.")
    if signals.get("is_participant"):
        yield _("The sender belongs to {ticket}.").format(ticket=_ticket(ticket))
    else:
        yield _("The sender does not belong to {ticket}.").format(ticket=_ticket(ticket))


def _link(link: str | None) -> str:
    return (
        {
            Link.MESSAGE_ID: _("It refers to an earlier mail of {ticket}."),
            Link.OLD_NUMBER: _("Its subject carries the number that {ticket} had in an older system."),
            Link.NUMBER: _("Its subject names the number of {ticket}, which anybody can guess."),
            Link.SUBJECT: _("Its subject is that of {ticket}, the only open one of this sender with it."),
        }.get(Link(link), "")
        if link
        else _("It refers to {ticket}.")
    )


def _proof(authenticity: str) -> str:
    return {
        Authenticity.PASS: _("The border server says pass: the mail is from its sender's domain."),
        Authenticity.NONE: _("The border server says nothing: the sender's address may be forged."),
        Authenticity.FAIL: _("The border server says fail, or no single sender can be read: probably forged."),
    }.get(Authenticity(authenticity), "")


def _counted(group: CountedIn, when: When) -> str:
    kinds = {
        MailGroupKind.BACKSCATTER: _("backscatter"),
        MailGroupKind.ROBOT: _("a machine's mail"),
        MailGroupKind.ALERT: _("an alert"),
        MailGroupKind.FLOOD: _("a flood: very many mails of one sender within the hour"),
    }
    since = _("since {when}").format(when=when(group.first_at))
    said = [kinds[group.kind], f"{ngettext('{n} like it', '{n} like it', group.count)} {since}"]
    said.append(_("they go on in #{number}").format(number=group.ticket) if group.ticket else "")
    said.append("" if group.is_open else _("put away, or over"))
    return " · ".join(filter(None, said))


def _where(why: Why) -> str:
    seen = [
        _("uid {uid} of {validity}").format(uid=one.uid, validity=one.uidvalidity)
        for one in why.places
        if one.uid is not None
    ]
    return " · ".join((why.mailbox or _("not from a mailbox"), *seen))


def _came(why: Why, when: When) -> str:
    received = when(why.received_at)
    if why.claimed_at is None:
        return received
    return _("{received} · sent {claimed} by its own words").format(received=received, claimed=when(why.claimed_at))
