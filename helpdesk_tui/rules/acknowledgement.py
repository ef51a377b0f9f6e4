"""The automatic confirmation of a new request: who gets one, and what it says (RFC 3834).

Its text is the queue's own or ours, and holds nothing that the customer wrote: whoever forges a sender makes us send
nobody anything of theirs.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from helpdesk_tui.errors import Usage
from helpdesk_tui.language import _
from helpdesk_tui.rules.subjects import alike
from helpdesk_tui.rules.tongues import language_of
from helpdesk_tui.rules.untrusted import clean_line, clean_text
from helpdesk_tui.terms import Authenticity, IncomingMail

#: One confirmation an address and day; so many about one subject to the addresses of one domain, which change.
MOST_A_DAY, MOST_ALIKE = 1, 3
DAY = timedelta(days=1)
LANGUAGES = ("de", "en")
#: What may stand in a text of one's own.
PLACES = ("{until}", "{number}", "{queue}")
_LONGEST_TEXT = 4_000
_WITHIN = re.compile(r"([0-9]{1,3}) ?(h|d)")
#: Nobody reads what comes to these (RFC 3834 §2, RFC 2142, and custom).
_NOBODY = re.compile(
    r"(?:mailer-?daemon|postmaster|daemon|bounces?|root|nobody|null|devnull|owner)(?:[+._=-].*)?|.*-(?:request|bounces?)",
    re.IGNORECASE,
)
_NO_REPLY = re.compile(
    r"(?<![a-z])(?:no|do[._-]?not|nicht|keine?)[._-]?(?:reply|replies|response|antwort|antworten)(?![a-z])",
    re.IGNORECASE,
)
#: Where people write German, as far as the domain tells.
_GERMAN_DOMAINS = (".de", ".at", ".ch", ".li")


@dataclass(frozen=True, slots=True)
class Wording:
    """How a queue confirms.

    Args:
        queue: its name for customers; texts: its own text by language.
        until: when an answer is promised, None where no time is; zone: in which it is said.
        number: the ticket's, None where none is told.
    """

    queue: str
    texts: Mapping[str, str]
    until: datetime | None
    zone: str
    number: int | None


_SUBJECTS = {"de": "Ihre Anfrage ist bei uns angekommen", "en": "We have received your request"}
_TEXTS = {
    "de": (
        "Guten Tag,\n\n"
        "Ihre Anfrage ist bei uns angekommen. Ein Mensch liest sie und antwortet Ihnen {until}.\n\n"
        "{number}"
        "Fällt Ihnen noch etwas ein? Antworten Sie einfach auf diese Mail, dann liegt alles beisammen.\n\n"
        "Mit freundlichen Grüßen\n{queue}"
    ),
    "en": (
        "Hello,\n\n"
        "we have received your request. A person will read it and answer you {until}.\n\n"
        "{number}"
        "Is there anything to add? Just answer this mail, and everything stays together.\n\n"
        "Kind regards\n{queue}"
    ),
}
_SOON = {"de": "so bald wie möglich", "en": "as soon as possible"}
_UNTIL = {"de": "bis {day}, {at:%d.%m.%Y}, {at:%H:%M} Uhr", "en": "by {day}, {at:%Y-%m-%d}, {at:%H:%M}"}
_NUMBER = {
    "de": "Bei uns hat sie die Nummer {number}; nennen müssen Sie sie nicht.\n\n",
    "en": "Its number here is {number}; you need not mention it.\n\n",
}
#: The days of the week, Monday first, by language.
WEEKDAYS = {
    "de": ("Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag"),
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
}


def refusal(mail: IncomingMail, *, is_backlog: bool, is_to_us: bool, is_from_us: bool, answers_machine: bool) -> str:
    """Why a mail that opened a ticket is not confirmed, "" where it is.

    Args:
        is_to_us: an address of ours stands in To or Cc (RFC 3834 §2); is_from_us: the sender's is one of our queues.
        answers_machine: it answers a mail that our program wrote by itself, as a program without any mark does.
    """
    address = mail.sender.address
    is_certain = mail.has_strict_sender and address.isascii() and bool(address)
    is_machines = mail.auto_submitted not in ("", "no") or mail.robot_signs or mail.report or mail.notice
    against = (
        (not is_certain, _("it names no sender for certain")),
        (mail.authenticity is Authenticity.FAIL, _("its sender failed the check")),
        (is_machines, _("a machine wrote it")),
        (mail.is_list, _("it came through a mailing list")),
        (is_from_us or is_nobody(address), _("nobody reads what is sent to its sender")),
        (answers_machine or _answers_us(mail.subject), _("it answers a confirmation")),
        (not is_to_us, _("it names no address of ours")),
        (is_backlog, _("it had come before its mailbox was first polled")),
    )
    return next((reason for is_so, reason in against if is_so), "")


def is_nobody(address: str) -> bool:
    """True for an address whose mail no person reads, by its name."""
    local = address.rpartition("@")[0]
    return bool(_NOBODY.fullmatch(local) or _NO_REPLY.search(local))


def language_for(said: str, address: str, texts: Mapping[str, str]) -> str:
    """The language to confirm in: that of what was said; else that of the only text of one's own, or of the domain."""
    own = [language for language in LANGUAGES if texts.get(language)]
    if found := language_of(said):
        return found
    if len(own) == 1:
        return own[0]
    return "de" if address.lower().endswith(_GERMAN_DOMAINS) else "en"


def letter(wording: Wording, language: str) -> tuple[str, str]:
    """Subject and text in one of `LANGUAGES`."""
    until = _SOON[language]
    if wording.until:
        at = wording.until.astimezone(ZoneInfo(wording.zone))
        until = _UNTIL[language].format(day=WEEKDAYS[language][at.weekday()], at=at)
    text = clean_text(wording.texts.get(language, "") or _TEXTS[language])
    is_own = bool(wording.texts.get(language))
    number = "" if wording.number is None else str(wording.number)
    told = number if is_own or not number else _NUMBER[language].format(number=number)
    for place, value in (("{until}", until), ("{number}", told), ("{queue}", clean_line(wording.queue, 120))):
        text = text.replace(place, value)
    return _SUBJECTS[language], text.strip()


def about(mail_subject: str, address: str) -> str:
    """What confirmations of one matter to one domain have in common."""
    return f"{address.rpartition('@')[2].lower()} {mail_subject}"[:400]


def working_time(within: str) -> timedelta | None:
    """A promise such as `4h` or `2d` (days of eight hours) as working time; None for "" and `none`.

    Raises:
        Usage: it is neither.
    """
    if within in ("", "none"):
        return None
    found = _WITHIN.fullmatch(within.strip().lower())
    if found is None or int(found[1]) == 0:
        raise Usage(
            _("{text} is not a length of working time.").format(text=clean_line(within, 40)),
            _("Use hours or days of eight hours: 4h, 2d; none promises no time."),
        )
    return timedelta(hours=int(found[1]) * (8 if found[2] == "d" else 1))


def checked_text(text: str) -> str:
    """A queue's own text, clean.

    Raises:
        Usage: it is too long, or has a place in braces that is none.
    """
    cleaned = clean_text(text).strip()
    unknown = [one for one in re.findall(r"\{[^{}\n]{0,40}\}", cleaned) if one not in PLACES]
    if len(cleaned) > _LONGEST_TEXT or unknown:
        raise Usage(
            _("This text cannot be used: {what}.").format(what=", ".join(unknown) or _("it is too long")),
            _("It may have {places} in it, and {most} characters.").format(
                places=", ".join(PLACES), most=_LONGEST_TEXT
            ),
        )
    return cleaned


def _answers_us(subject: str) -> bool:
    """True for the subject of a confirmation of ours, whatever a program has put around it."""
    said = alike(subject)
    return any(alike(one) in said for one in _SUBJECTS.values())
