"""Who gets a mail, as the lines above a text say it: always with the addresses."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from helpdesk_tui.desk.pages import TicketPage
from helpdesk_tui.desk.writing_page import WritingPage
from helpdesk_tui.language import _, ngettext
from helpdesk_tui.rules.impostors import true_spelling
from helpdesk_tui.rules.routing import plain_address
from helpdesk_tui.rules.untrusted import clean_line
from helpdesk_tui.screens.composition import CALL, FORWARD, NOTE, Composition
from helpdesk_tui.screens.phrases import moment, size
from helpdesk_tui.store.queries.thread import MessageRow
from helpdesk_tui.terms import CallDirection, MessageKind, Person

#: So much of a name stands before its address, in characters.
_NAME = 30
#: So many people are named in the head of a mail; all of them stand in the original.
_MANY = 8


def first_line(one: Composition) -> str:
    """Where it goes: `To Erika Beispiel <e@b.example>`."""
    if one.kind == NOTE:
        return _("Note · stays in the house; @name asks a colleague")
    if one.kind == CALL:
        way = _("Call from {number}") if one.direction is CallDirection.IN else _("Call to {number}")
        words = way.format(number=clean_line(one.number, 40) or _("a number not known"))
        times = [f"{at.astimezone():%H:%M}" for at in (one.started_at, one.ended_at) if at is not None]
        return f"{words} · {' – '.join(times)}" if times else words
    to = ", ".join(map(shown, one.to)) or _("nobody yet; ^R says who")
    return (_("To {to}") if one.kind == "reply" else _("Forward to {to}")).format(to=to)


def more_lines(one: Composition, about: WritingPage | None, now: datetime, mail: MessageRow | None = None) -> list[str]:
    """What else is to be seen before one sends: who gets it as well, what is odd about an address, what goes along.

    Args:
        mail: what it passes on, or the mail it answers where that is not the last one.
    """
    said = [_("Cc {people}").format(people=", ".join(map(shown, one.cc)))] if one.cc else []
    if mail is not None:
        words = _("passes on {mail}") if one.kind == FORWARD else _("answers {mail}")
        said.append(words.format(mail=_mail_words(mail, now, with_files=one.kind == FORWARD)))
    if about is not None and one.is_mail:
        said += odd_words(one.people, about.belongs)
    if one.files:
        words = ngettext("{n} file", "{n} files", len(one.files))
        said.append(f"+ {words}: " + ", ".join(f"{clean_line(file.name, 40)} {size(file.size)}" for file in one.files))
    if one.leaves_at is not None:
        said.append(_("leaves {when}").format(when=moment(one.leaves_at, now)))
    return said


def _mail_words(mail: MessageRow, now: datetime, *, with_files: bool) -> str:
    """Which mail it is: `Erika Beispiel, today 9:12 + rechnung.pdf 12 kB`."""
    files = ", ".join(f"{clean_line(file.name, 40)} {size(file.size)}" for file in mail.files) if with_files else ""
    who = f"{clean_line(mail.sender.called, 40)}, {moment(mail.received_at, now)}"
    return f"{who} + {files}" if files else who


def odd_words(people: Collection[Person], belongs: Collection[str]) -> list[str]:
    """A warning for each address that is new to the matter, or written to look like another."""
    said = []
    for one in people:
        if plain_address(one.address) not in belongs:
            said.append(_("! new here: {address}").format(address=clean_line(one.address, 320)))
        if odd := true_spelling(one.address):
            said.append(_("! truly {domain}").format(domain=odd))
    return said


def shown(person: Person) -> str:
    """A short name before the whole address."""
    name, address = clean_line(person.name, _NAME), clean_line(person.address, 320)
    return Person("" if name == address else name, address).whole


def usual_addresses(page: TicketPage) -> frozenset[str]:
    """Where an answer on a ticket goes unless somebody says otherwise."""
    known = (page.customer.address, page.answers_to.address if page.answers_to else "")
    return frozenset(plain_address(one) for one in known if one)


def went_to(message: MessageRow, usual: Collection[str]) -> str:
    """Whom a mail names, where that is more or others than everybody expects: `To Bo <bo@b.example> · Cc …`; else "".

    Args:
        usual: the plain addresses an answer of ours usually goes to.
    """
    if message.kind not in (MessageKind.INBOUND, MessageKind.OUTBOUND):
        return ""
    is_ours = message.kind is MessageKind.OUTBOUND
    as_usual = {plain_address(one.address) for one in message.to} <= set(usual) if is_ours else True
    to = [] if as_usual and len(message.to) <= 1 else [_("To {to}").format(to=_some(message.to))]
    cc = [_("Cc {people}").format(people=_some(message.cc))] if message.cc else []
    return " · ".join(to + cc)


def _some(people: Sequence[Person]) -> str:
    """Several people by their names and addresses, as many as anybody reads."""
    rest = len(people) - _MANY
    return ", ".join(map(shown, people[:_MANY])) + (f" +{rest}" if rest > 0 else "")
