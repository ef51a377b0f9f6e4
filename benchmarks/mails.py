"""Invented mails as customers write them: German and English, answers with quotes, HTML beside text, files."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from helpdesk_tui.demo.synthetic import invent
from helpdesk_tui.store.bulk import FinishedTicket

DESK = "support@beispiel.example"
#: Shares of all mails.
ANSWERS, WITH_HTML, WITH_FILE = 0.25, 0.20, 0.05
_SIGNATURES = (
    "Mit freundlichen Grüßen\n{name}\n\n-- \n{name}\nEinkauf · Kunde GmbH\nTel. +49 89 5550{number}",
    "Best regards,\n{name}\n\n-- \n{name} | Operations | Customer Ltd\n+44 20 5550 {number}",
)
_PROGRAMS = ("Microsoft Outlook 16.0", "Apple Mail (2.3774.600.62)", "Mozilla Thunderbird", "K-9 Mail for Android")
_FILES = (
    ("Rechnung_{n}.pdf", "application", "pdf"),
    ("log {n}.txt", "text", "plain"),
    ("photo{n}.jpg", "image", "jpeg"),
)


def invented_mails(count: int, seed: int = 1) -> list[bytes]:
    """So many mails; the same seed, the same mails."""
    return list(_mails(count, random.Random(seed)))


def _mails(count: int, chance: random.Random) -> Iterator[bytes]:
    now = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
    asked: list[tuple[str, FinishedTicket]] = []
    for number, ticket in enumerate(invent(count, chance, now, ["support"], ["anna"])):
        message_id = f"<{number}.{chance.getrandbits(64):x}@kunde.example>"
        is_answer = bool(asked) and chance.random() < ANSWERS
        first_id, about = chance.choice(asked[-200:]) if is_answer else ("", ticket)
        mail = _headers(number, chance, now + timedelta(seconds=37 * number), about, message_id)
        if is_answer:
            mail["In-Reply-To"] = mail["References"] = first_id
        else:
            asked.append((message_id, ticket))
        _write(mail, number, chance, ticket, about if is_answer else None)
        yield mail.as_bytes()


def _headers(number: int, chance: random.Random, at: datetime, ticket: FinishedTicket, message_id: str) -> EmailMessage:
    mail = EmailMessage(SMTP)
    date = format_datetime(at)
    for hop in ("mx2.beispiel.example", "out.kunde.example", "desk7.kunde.example"):
        via = f"by {hop} (Postfix) with ESMTPS id {chance.getrandbits(48):X}"
        mail["Received"] = f"from mail.kunde.example (mail.kunde.example [192.0.2.{number % 250}]) {via}; {date}"
    mail["DKIM-Signature"] = (
        f"v=1; a=rsa-sha256; c=relaxed/relaxed; d=kunde.example; s=k1; h=from:to:subject:date; "
        f"bh={chance.getrandbits(256):064x}; b={chance.getrandbits(1024):0256x}"
    )
    mail["From"] = f"{ticket.requester.name} <{ticket.requester.address}>"
    mail["To"] = f"Beispiel Support <{DESK}>"
    mail["Subject"] = f"{chance.choice(('AW', 'Re'))}: {ticket.subject}" if chance.random() < 0.2 else ticket.subject
    mail["Date"], mail["Message-ID"] = date, message_id
    mail["X-Mailer"] = chance.choice(_PROGRAMS)
    mail["Content-Language"] = "de-DE"
    return mail


def _write(
    mail: EmailMessage, number: int, chance: random.Random, ticket: FinishedTicket, answered: FinishedTicket | None
) -> None:
    name = (answered or ticket).requester.name
    words = "\n\n".join(message.text for message in ticket.messages[:2])
    text = f"{words}\n\n{chance.choice(_SIGNATURES).format(name=name, number=number)}\n"
    if answered is not None:
        quoted = "\n".join(f"> {line}" for line in answered.messages[0].text.splitlines())
        text += f"\nAm 20.11.2026 um 09:00 schrieb Beispiel Support <{DESK}>:\n{quoted}\n"
    mail.set_content(text)
    if chance.random() < WITH_HTML:
        lines = "".join(f"<p>{line}</p>" for line in text.splitlines())
        style = "<style>p { margin: 0; font-family: Calibri, sans-serif }</style>"
        mail.add_alternative(f"<html><head>{style}</head><body>{lines}</body></html>", subtype="html")
    if chance.random() < WITH_FILE:
        filename, maintype, subtype = chance.choice(_FILES)
        content = chance.randbytes(chance.randint(5_000, 120_000))
        mail.add_attachment(content, maintype, subtype, filename=filename.format(n=number))
