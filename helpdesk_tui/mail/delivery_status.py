"""The fields of a delivery status notification (RFC 3464): what became of a mail at each of its recipients."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from helpdesk_tui.mail.charsets import line
from helpdesk_tui.terms import DeliveryAction, DeliveryReport, RecipientReport

LONGEST_DIAGNOSTIC = 500
MOST_RECIPIENTS = 100

_GROUP = re.compile(r"\n[ \t]*\n")
_FIELD = re.compile(r"^([!-9;-~]{1,80})[ \t]*:[ \t]*(.*+(?:\n[ \t]++\S.*+)*+)", re.M)
_STATUS = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.])")
_ADDRESS = re.compile(r"[^\s<>@\"'();:,\[\]]{1,64}@(?:[^\W_][\w.-]{0,190}\w|\[[\w.:]{1,60}\])")
_NO_PERSON = re.compile(r"(?:po+st_?master|mail(?:er)?-?daemon)@", re.I)
_ACTIONS = {"failed": DeliveryAction.FAILED, "delayed": DeliveryAction.DELAYED}
_ACTIONS |= dict.fromkeys(("delivered", "relayed", "expanded"), DeliveryAction.DELIVERED)
_BY_CLASS = {"2": DeliveryAction.DELIVERED, "4": DeliveryAction.DELAYED}
_ORDER = list(DeliveryAction)


def recipients_in(status: str) -> list[RecipientReport]:
    """What the text of a delivery-status part says of each recipient."""
    groups = (fields(group) for group in _GROUP.split(status.strip("\n")))
    told = [group for group in groups if "action" in group or "final-recipient" in group or "status" in group]
    return [_recipient(group) for group in told[:MOST_RECIPIENTS]]


def report_of(recipients: Sequence[RecipientReport]) -> DeliveryReport:
    """The report on these recipients, with the fields of the first of the worst off."""
    worst = min(recipients, key=lambda one: _ORDER.index(one.action))
    named = tuple(one for one in recipients if one.address)
    return DeliveryReport(worst.is_permanent, worst.address, worst.status, worst.diagnostic, named)


def fields(group: str) -> dict[str, str]:
    """The first value of each field of a group, by lower-case name."""
    found: dict[str, str] = {}
    for item in _FIELD.finditer(group):
        found.setdefault(item[1].lower(), item[2].replace("\n", " ").strip())
    return found


def status_in(text: str) -> str:
    """The first enhanced status code (RFC 3463) of a text, "" where it has none."""
    found = _STATUS.search(text)
    return found[1] if found else ""


def address_in(text: str) -> str:
    """The first address of a text that may be a person's, else the first one, "" where it has none."""
    found = [line(one[0]) for one, _count in zip(_ADDRESS.finditer(text), range(MOST_RECIPIENTS), strict=False)]
    return next((one for one in found if not is_postmaster(one)), found[0] if found else "")


def is_postmaster(address: str) -> bool:
    """True for the addresses of mail servers themselves."""
    return _NO_PERSON.match(address) is not None


def _recipient(group: Mapping[str, str]) -> RecipientReport:
    code = group.get("diagnostic-code", "")
    status = status_in(f"{group.get('status', '')} {code}")
    action = _ACTIONS.get(group.get("action", "").split(" ", 1)[0].lower().rstrip(";"))
    # Original-Recipient is the address that was written to, Final-Recipient the one where forwarding ended.
    address = address_in(group.get("original-recipient", "")) or address_in(group.get("final-recipient", ""))
    words = line(code.partition(";")[2] or code, LONGEST_DIAGNOSTIC)
    return RecipientReport(address, action or _BY_CLASS.get(status[:1], DeliveryAction.FAILED), status, words)
