"""Alerts of monitoring systems: which matter a mail is about, and whether it is a problem or the end of one.

It demands a machine's form, not a word: who writes "Problem: printer" is a person. The problem and the recovery of one
matter have one key; no two matters share one, also not those of two senders.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from helpdesk_tui.rules.alert_forms import FORMS, SMART_DEVICE, ZABBIX, ZABBIX_HOST, ZABBIX_ID, ZABBIX_LINE, Form
from helpdesk_tui.rules.alert_words import said_plainly, without_counts
from helpdesk_tui.rules.robots import is_robot
from helpdesk_tui.rules.subjects import without_noise
from helpdesk_tui.rules.untrusted import clean_line
from helpdesk_tui.terms import IncomingMail

_LONGEST_SUBJECT = 500
_READ_WITHIN = 8_000
_LONGEST_MATTER = 200
_KEY_LENGTH = 32

_MACHINE = re.compile(
    r"(?:nagios|icinga2?|zabbix|monit(?:or(?:ing)?)?|alert(?:s|ing|manager)?|prometheus|grafana|check_?mk|prtg|uptime\w{0,10}"
    r"|veeam|root|cron|munin|librenms|netdata|watchdog)(?:[+._-][^@]*)?@",
    re.I,
)
#: Shops, portals and web forms write from such an address, too: it says that nobody reads the answer, not that an alert is
#: meant, and an invoice that is "available" is none.
_NO_REPLY = re.compile(r"(?:no[._-]?reply|do[._-]?not[._-]?reply)(?:[+._-][^@]*)?@", re.I)


class AlertState(StrEnum):
    """How a matter stands by the words of its monitoring system."""

    PROBLEM = "problem"
    RECOVERY = "recovery"
    ACKNOWLEDGED = "acknowledged"


_STATES = {
    **dict.fromkeys(
        ("ok", "up", "recovery", "resolved", "success", "spareactive", "backup successful"), AlertState.RECOVERY
    ),
    **dict.fromkeys(
        ("down ended", "warning ended", "unusual ended", "error ended", "unknown ended"), AlertState.RECOVERY
    ),
    **dict.fromkeys(
        ("acknowledgement", "acknowledged", "down acknowledged", "updated problem"), AlertState.ACKNOWLEDGED
    ),
}
#: Words that say neither that something is broken nor that it works again.
_NO_STATE = re.compile(r"flapping\w*|downtime\w*|paused|pend(?:ing)?|test\w*|rebuild\w*|insufficient_data|canceled")


@dataclass(frozen=True, slots=True)
class Alert:
    """What a monitoring system says.

    Args:
        key: names the same matter over time, 32 hexadecimal digits.
        state: None where it only reports, as the output of a cron job does.
        matter: what it is about, for people.
    """

    key: str
    state: AlertState | None
    matter: str


def alert_of(mail: IncomingMail) -> Alert | None:
    """The alert that a mail is, None for every other mail."""
    subject = mail.subject[:_LONGEST_SUBJECT].strip()
    if not subject or mail.report or mail.notice or without_noise(subject) != subject:
        return None
    return _of_zabbix(mail, subject) or _of_form(mail, subject) or _of_plain_words(mail, subject)


def _of_form(mail: IncomingMail, subject: str) -> Alert | None:
    for form in FORMS:
        found = form.pattern.fullmatch(subject)
        if found and not (form.is_vague and not _is_by_machine(mail, form.system)):
            named = found.groupdict()
            matter = [named.get("kind") or "", named.get("host") or "", *_what(mail, form, named.get("what") or "")]
            return _alert(mail, form.system, matter, _state(named.get("type") or "", named.get("now") or ""))
    return None


def _what(mail: IncomingMail, form: Form, what: str) -> list[str]:
    if form.has_counts:
        return [without_counts(what)]
    if form.system == "prometheus":
        # What the alerts of a group have in common stands in parentheses, and changes with their number.
        return [_without_last_parentheses(what) or what]
    if form.system == "smartd":
        device = SMART_DEVICE.search(mail.text[:_READ_WITHIN])
        return [device[1] if device else what]
    return [what]


def _of_zabbix(mail: IncomingMail, subject: str) -> Alert | None:
    found, text = ZABBIX.fullmatch(subject), mail.text[:_READ_WITHIN]
    if not (found and ZABBIX_LINE.search(text)):
        return None
    host, number = ZABBIX_HOST.search(text), ZABBIX_ID.search(text)
    where = host[1] if host else number[1] if number else ""
    return _alert(mail, "zabbix", [where.strip(), found["what"]], _state(found["now"]))


def _of_plain_words(mail: IncomingMail, subject: str) -> Alert | None:
    said = said_plainly(subject) if _is_by_machine(mail) else None
    if said is None:
        return None
    return _alert(mail, "", [said.matter], AlertState.RECOVERY if said.is_over else AlertState.PROBLEM)


def _is_by_machine(mail: IncomingMail, system: str = "") -> bool:
    """True where more than the subject speaks for a machine; a web form that answers go elsewhere from is a person's."""
    answers = {person.address for person in mail.reply_to} - {mail.sender.address}
    if mail.is_list or answers:
        return False
    is_named = (
        bool(system)
        and system in f"{mail.sender.whole}\n{mail.text[:_READ_WITHIN]}\n{mail.quoted[:_READ_WITHIN]}".lower()
    )
    is_mute = bool(system) and _NO_REPLY.match(mail.sender.address) is not None
    return is_named or is_mute or is_robot(mail) or _MACHINE.match(mail.sender.address) is not None


def _state(*words: str) -> AlertState | None:
    """What the first of these words that decides says; every other word is a problem's."""
    said = [word.lower() for word in words if word and word.lower() != "custom"]
    if not said or _NO_STATE.fullmatch(said[0]):
        return None
    return _STATES.get(said[0], AlertState.PROBLEM)


def _alert(mail: IncomingMail, system: str, matter: Iterable[str], state: AlertState | None) -> Alert:
    parts = [" ".join(part.split()) for part in matter]
    key = hashlib.sha256("\n".join((system, mail.sender.address.lower(), *parts)).encode("utf-8", "replace"))
    return Alert(key.hexdigest()[:_KEY_LENGTH], state, clean_line(" ".join(filter(None, parts)), _LONGEST_MATTER))


def _without_last_parentheses(text: str) -> str:
    """A text without the parentheses that it ends in, and what stands in them."""
    if not text.endswith(")"):
        return text
    depth = 0
    for at in range(len(text) - 1, -1, -1):
        depth += {")": 1, "(": -1}.get(text[at], 0)
        if not depth:
            return text[:at].rstrip()
    return text
