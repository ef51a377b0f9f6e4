"""Who gets an answer: the choices a composer offers, and how each is said, always with the addresses."""

from __future__ import annotations

from dataclasses import dataclass

from helpdesk_tui.desk.pages import TicketPage
from helpdesk_tui.language import _
from helpdesk_tui.rules.impostors import true_spelling
from helpdesk_tui.rules.untrusted import clean_line
from helpdesk_tui.terms import Person

#: So much of a name stands before its address, in characters.
_NAME = 30


@dataclass(frozen=True, slots=True)
class Recipients:
    """Whom an answer goes to, and who gets it as well; `is_elsewhere`: not where the customer wrote from."""

    to: Person
    cc: tuple[Person, ...] = ()
    is_elsewhere: bool = False


def choices(page: TicketPage) -> tuple[Recipients, ...]:
    """The recipients there are to choose from, the usual ones first; none where nobody's address is known."""
    if page.answers_to is None:
        return ()
    found = [Recipients(page.answers_to, page.answers_also)]
    if page.answers_also:
        found.append(Recipients(page.answers_to))
    if page.asks_elsewhere is not None:
        found.append(Recipients(page.asks_elsewhere, is_elsewhere=True))
    return tuple(found)


def to_words(recipients: Recipients) -> str:
    """`To Erika Beispiel <e@b.example>`."""
    return _("To {to}").format(to=_shown(recipients.to))


def more_words(recipients: Recipients, count: int) -> str:
    """What else is to be seen before one sends: who gets it as well, and what is odd about an address.

    Args:
        count: how many choices there are.
    """
    people = (recipients.to, *recipients.cc)
    spellings = filter(None, (true_spelling(one.address) for one in people))
    said = [
        _("! not where they wrote from") if recipients.is_elsewhere else "",
        *(_("! truly {domain}").format(domain=one) for one in spellings),
        _("Cc {people}").format(people=", ".join(map(_shown, recipients.cc))) if recipients.cc else "",
        _("^T others") if count > 1 else "",
    ]
    return " · ".join(filter(None, said))


def _shown(person: Person) -> str:
    """A short name before the whole address."""
    name, address = clean_line(person.name, _NAME), clean_line(person.address, 320)
    return Person("" if name == address else name, address).whole
