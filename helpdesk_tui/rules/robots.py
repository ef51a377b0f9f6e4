"""Which mail a machine wrote by itself (RFC 3834); it never gets an answer and opens no ticket."""

from __future__ import annotations

from helpdesk_tui.terms import IncomingMail

#: Signs that list mail carries too: on their own they do not make a robot of it.
_ALSO_OF_LISTS = frozenset({"precedence", "list-unsubscribe"})
#: Signs that a person's mail carries too: one that a rule has passed on, that wants no answer of a machine, or one about
#: absence notes.
_ALSO_OF_PEOPLE = frozenset({"x-loop", "x-ms-exchange-inbox-rules-loop", "x-auto-response-suppress", "subject"})


def is_robot(mail: IncomingMail, *, answers_us: bool = False) -> bool:
    """True where a header says that no person sent this mail just now.

    Args:
        answers_us: it refers to a mail of ours; then a subject like that of an absence note counts by itself.
    """
    if mail.auto_submitted not in ("", "no") or mail.notice:
        return True
    signs = {sign.casefold() for sign in mail.robot_signs}
    if mail.is_list:
        signs -= _ALSO_OF_LISTS
    if signs - _ALSO_OF_PEOPLE:
        return True
    return "subject" in signs and (answers_us or len(signs) > 1)
