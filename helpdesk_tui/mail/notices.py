"""Notices about a mail that are no delivery reports: read receipts (RFC 8098) and complaints (RFC 5965)."""

from __future__ import annotations

import re

from helpdesk_tui.language import _
from helpdesk_tui.mail.charsets import decode, line
from helpdesk_tui.mail.delivery_status import address_in, fields
from helpdesk_tui.mail.files import content
from helpdesk_tui.mail.originals import READ_WITHIN
from helpdesk_tui.mail.structure import Part, leaves
from helpdesk_tui.terms import Person

RECEIPT = "receipt"
COMPLAINT = "complaint"

_RECEIPT_KIND = "message/disposition-notification"
_COMPLAINT_KIND = "message/feedback-report"
_BY_REPORT_TYPE = {"disposition-notification": RECEIPT, "feedback-report": COMPLAINT}
#: Outlook.com embeds the mail alone, without a feedback-report part.
_OUTLOOK_COMPLAINT = re.compile(r"complaint about message from ", re.I)
_NOTIFIED = re.compile(r'"(?:notificationType|eventType)"\s?:\s?"Complaint"')
_NOTIFIED_KIND = re.compile(r'"complaintFeedbackType"\s?:\s?"([\w-]{1,40})"')
_NO_REPLY = re.compile(r"no-?reply[@+.-]", re.I)
#: Failures of authentication (RFC 6591) are told to programs; nobody complains.
_OF_PROGRAMS = ("auth-failure", "dmarc", "dkim", "spf")
_LONGEST_KIND = 40
#: Who complained, by the fields that name them, the surest first.
_RECIPIENT_FIELDS = ("original-rcpt-to", "removal-recipient", "final-recipient")


def notice(raw: bytes, root: Part, who: Person, subject: str, text: str) -> str:
    """`receipt` or `complaint` where the mail is such a notice, else ""."""
    declared = root.settings.get("report-type", "").lower() if root.kind == "multipart/report" else ""
    kinds = {part.kind for part in leaves(root)}
    if declared in _BY_REPORT_TYPE or _COMPLAINT_KIND in kinds:
        is_programs = _feedback(raw, root).get("feedback-type", "").lower() in _OF_PROGRAMS
        return "" if is_programs else _BY_REPORT_TYPE.get(declared, COMPLAINT)
    if "message/rfc822" in kinds and _OUTLOOK_COMPLAINT.match(subject):
        return COMPLAINT
    if _NO_REPLY.match(who.address) and _NOTIFIED.search(text[:READ_WITHIN]):
        return COMPLAINT
    return RECEIPT if _RECEIPT_KIND in kinds else ""


def complaint(raw: bytes, root: Part, text: str) -> str:
    """One sentence on a complaint: of which kind, and whose."""
    told = _feedback(raw, root)
    notified = None if told else _NOTIFIED_KIND.search(text[:READ_WITHIN])
    kind = line(told.get("feedback-type") or (notified[1] if notified else ""), _LONGEST_KIND) or _("not said")
    who = next((found for name in _RECIPIENT_FIELDS if (found := address_in(told.get(name, "")))), "")
    if who:
        return _("Complaint about a mail to {address}, kind: {kind}").format(address=who, kind=kind)
    return _("Complaint about a mail, kind: {kind}").format(kind=kind)


def _feedback(raw: bytes, root: Part) -> dict[str, str]:
    part = next((leaf for leaf in leaves(root) if leaf.kind == _COMPLAINT_KIND), None)
    return fields(decode(content(raw, part)[:READ_WITHIN]).replace("\r\n", "\n")) if part else {}
