"""Which mail a machine wrote by itself (RFC 3834); it never gets an answer and opens no ticket."""

from __future__ import annotations

from helpdesk_tui.terms import IncomingMail

#: Signs that list mail carries too: on their own they do not make a robot of it.
_ALSO_OF_LISTS = frozenset({"precedence", "list-unsubscribe"})


def is_robot(mail: IncomingMail) -> bool:
    """True where a header says that no person sent this mail just now."""
    if mail.auto_submitted not in ("", "no"):
        return True
    signs = {sign.casefold() for sign in mail.robot_signs}
    return bool(signs - _ALSO_OF_LISTS) or (bool(signs) and not mail.is_list)
