"""What a mail encloses beside its own words and is read below them: attached mails, calendars, winmail.dat."""

from __future__ import annotations

from helpdesk_tui.language import _
from helpdesk_tui.mail import addresses
from helpdesk_tui.mail.charsets import decode, line, lines
from helpdesk_tui.mail.dates import sent_at
from helpdesk_tui.mail.headers import Headers
from helpdesk_tui.mail.words import decode_words

#: Attached mails whose words are shown, those in attached mails included, and how deep they may lie.
MOST_MAILS = 10
DEEPEST = 3
_LONGEST = 20_000
_LONGEST_FIELD = 200


def attached_mail(headers: Headers, text: str) -> str:
    """The words of an attached mail below who wrote it, when, and about what."""
    sender, _is_strict = addresses.sender(headers.every("from"))
    moment = sent_at(headers.first("date"))
    rows = {
        _("From"): f"{sender.name} <{sender.address}>"
        if sender.name and sender.address
        else sender.name or sender.address,
        _("Date"): f"{moment:%Y-%m-%d %H:%M} UTC" if moment else headers.first("date"),
        _("Subject"): decode_words(headers.first("subject")),
    }
    return _block(rows, text)


def attached_message(sender: str, subject: str, text: str) -> str:
    """The same of a message that Outlook packed into winmail.dat."""
    return _block({_("From"): sender, _("Subject"): subject}, lines(text))


def calendar_summary(content: bytes, label: str) -> str:
    """A calendar in words; "" where it names no event."""
    from helpdesk_tui.mail.invites import invitation

    return lines(invitation(decode(content, label)))


def _block(rows: dict[str, str], text: str) -> str:
    head = [f"{name}: {line(value, _LONGEST_FIELD)}" for name, value in rows.items() if value.strip()]
    words = text.strip("\n")
    if len(words) > _LONGEST:
        words = words[:_LONGEST] + "\n" + _("[The rest is in the attached file.]")
    return "\n".join([_("[Attached mail]"), *head, "", words]).rstrip()
