"""What is odd about a mail before it goes, so that a person looks once more."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from helpdesk_tui.language import _
from helpdesk_tui.rules.impostors import true_spelling
from helpdesk_tui.rules.routing import plain_address
from helpdesk_tui.rules.untrusted import clean_line
from helpdesk_tui.terms import Person

#: Words by which people promise a file, in German and English; what comes first on a line with `>` is quoted.
_PROMISE = re.compile(
    r"\b(?:anbei|beiliegend\w*|beigef[üu]e?gt\w*|angeh[äa]e?ngt\w*|"
    r"(?:im|in\s+der|als)\s+(?:anhang|anlage)|(?:anhang|anlage)\s*:"
    r"|(?:i(?:'ve|\s+have)?|we(?:'ve|\s+have)?|see|is|are)\s+(?:the\s+)?(?:attached|enclosed|attaching|enclosing)"
    r"|please\s+find(?:\s+\w+){0,4}?\s+(?:attached|enclosed)"
    r"|attached\s+(?:is|are|you)|in\s+the\s+attachment|see\s+(?:the\s+)?attachment|as\s+an\s+attachment"
    r"|(?:i|we)(?:\s+will|'ll)?\s+attach"
    r"|h(?:ä|ae)ngen?\s+(?:ich|wir)\s+[^.!?\n]{0,60}?\ban|(?:ich|wir)\s+h(?:ä|ae)ngen?\s+[^.!?\n]{0,60}?\ban"
    r"|f(?:ü|ue)gen?\s+(?:ich|wir)\s+[^.!?\n]{0,60}?\bbei|(?:ich|wir)\s+f(?:ü|ue)gen?\s+[^.!?\n]{0,60}?\bbei"
    r"|(?:liegt|liegen)\s+(?:(?:dieser|der)\s+(?:mail|e-mail)\s+)?bei(?=\s*(?:[.,;:!?)]|$)))\b",
    re.IGNORECASE,
)
_NEGATED = re.compile(
    r"\b(?:ohne|kein\w*|nicht|without|no|not|could\s?n.t|did\s?n.t)\b[^.!?,;\n]{0,40}$", re.IGNORECASE
)
_PLACE = re.compile(r"\{\{[^{}\n]{0,60}\}\}")


def promises_file(text: str) -> bool:
    """True where a text says that something is attached."""
    own = "\n".join(line for line in text.split("\n") if not line.startswith(">"))
    return any(not _NEGATED.search(own[max(found.start() - 60, 0) : found.start()]) for found in _PROMISE.finditer(own))


def oddities(text: str, people: Sequence[Person], belongs: Collection[str], *, has_files: bool) -> list[str]:
    """What a person should see before this is sent, each in a sentence; nothing where all is as usual.

    Args:
        belongs: the plain addresses that have to do with the matter already.
    """
    said = []
    for one in people:
        if plain_address(one.address) not in belongs:
            odd = true_spelling(one.address)
            more = _(" (truly {domain})").format(domain=odd) if odd else ""
            said.append(_("It goes to a new address: {person}{more}").format(person=_shown(one), more=more))
    if promises_file(text) and not has_files:
        said.append(_("Your text speaks of an attachment, and there is none."))
    if place := _PLACE.search(text):
        said.append(_("{place} is not filled in.").format(place=clean_line(place[0], 60)))
    return said


def _shown(person: Person) -> str:
    name, address = clean_line(person.name, 40), clean_line(person.address, 320)
    return Person("" if name == address else name, address).whole
