"""The language of the interface: every text for people passes through here.

Message ids are English. Contract words (statuses, verbs, dispositions) and JSON keys are never translated.
"""

from __future__ import annotations

import gettext as _gettext
from pathlib import Path

_DOMAIN = "helpdesk_tui"
_LOCALES = Path(__file__).parent / "locale"
_catalogue: _gettext.NullTranslations = _gettext.NullTranslations()
_spoken = ""


def speak(language: str) -> None:
    """Choose the language of all texts from now on; an unknown one leaves English."""
    global _catalogue, _spoken
    _spoken = language
    _catalogue = _gettext.translation(_DOMAIN, _LOCALES, languages=[language], fallback=True)


def spoken() -> str:
    """The language that was chosen last; "" for English."""
    return _spoken


def _(text: str) -> str:
    """Translate one text."""
    return _catalogue.gettext(text)


def ngettext(one: str, many: str, count: int) -> str:
    """Translate a text that depends on a number; `{n}` in it stands for the number."""
    return _catalogue.ngettext(one, many, count).replace("{n}", str(count))
