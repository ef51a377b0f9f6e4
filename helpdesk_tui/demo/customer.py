"""The customer of the demo: her mailbox fills, and she answers by herself."""

from __future__ import annotations

import email
import email.policy
import time
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from pathlib import Path

from helpdesk_tui.rules.untrusted import clean_line, clean_text

#: How long she reads before she writes, and writes before she sends, in seconds.
READS_FOR, WRITES_FOR = 2.5, 2.5
_ANSWERS_EACH = 2
_GERMAN = (
    "Vielen Dank für die schnelle Antwort! Genau so ist es. Muss ich noch etwas tun?\n\nViele Grüße",
    "Wunderbar, dann ist für mich alles geklärt. Ihnen einen schönen Tag!",
)
_ENGLISH = (
    "Thank you for the quick answer! That is exactly it. Is there anything I should do?\n\nKind regards",
    "Perfect, that settles it for me. Have a nice day!",
)


@dataclass
class Letter:
    """A mail in her mailbox, or one she has sent."""

    who: str
    subject: str
    text: str
    is_hers: bool = False
    at: float = field(default_factory=time.monotonic)


class Customer:
    """Reads what arrives in a Maildir and answers into another; call `look` now and then."""

    def __init__(self, arrives: Path, answers: Path) -> None:
        self.letters: list[Letter] = []
        self.writing = ""
        self._arrives = arrives
        self._answers = answers
        self._pending: list[tuple[float, EmailMessage]] = []
        self._answered: dict[str, int] = {}

    def look(self) -> bool:
        """Take in new mail, write on, send what is ready; True where something changed."""
        before = (len(self.letters), self.writing)
        for path in sorted((self._arrives / "new").iterdir()):
            self._read(path)
        now = time.monotonic()
        self.writing = next((_name(mail) for at, mail in self._pending if at - now < WRITES_FOR), "")
        for at, mail in [one for one in self._pending if one[0] <= now]:
            self._pending.remove((at, mail))
            self._send(mail)
        return before != (len(self.letters), self.writing)

    def _read(self, path: Path) -> None:
        raw = path.read_bytes()
        path.rename(self._arrives / "cur" / f"{path.name}:2,S")
        mail = email.message_from_bytes(raw, policy=email.policy.default)
        assert isinstance(mail, EmailMessage)
        body = mail.get_body(("plain",))
        text = clean_text(body.get_content()) if body else ""
        self.letters.append(Letter(clean_line(str(mail["From"])), clean_line(str(mail["Subject"])), text.strip()))
        address = str(mail["To"])
        if "Auto-Submitted" in mail:
            return  # she reads a confirmation, and waits for the answer
        if self._answered.get(address, 0) < _ANSWERS_EACH:
            answer = _answer(mail, self._answered.get(address, 0))
            self._answered[address] = self._answered.get(address, 0) + 1
            self._pending.append((time.monotonic() + READS_FOR + WRITES_FOR, answer))

    def _send(self, mail: EmailMessage) -> None:
        name = f"{time.time_ns()}.customer"
        draft = self._answers / "tmp" / name
        draft.write_bytes(mail.as_bytes())
        draft.rename(self._answers / "new" / name)
        text = mail.get_content().strip()
        self.letters.append(Letter(clean_line(str(mail["From"])), clean_line(str(mail["Subject"])), text, is_hers=True))


def _answer(mail: EmailMessage, which: int) -> EmailMessage:
    """Her answer, threaded as the laziest mail programs do it: with In-Reply-To alone."""
    body = mail.get_body(("plain",))
    text = body.get_content() if body else ""
    is_german = sum(
        text.lower().count(word) for word in (" sie ", " wir ", " und ", "guten", " ist ", " ich ", "liebe")
    )
    said = (_GERMAN if is_german else _ENGLISH)[which]
    answer = EmailMessage(email.policy.SMTP)
    answer["From"] = str(mail["To"])
    answer["To"] = str(mail["From"])
    answer["Subject"] = str(mail["Subject"])
    answer["Date"] = formatdate(localtime=True)
    answer["Message-ID"] = make_msgid(domain="kundin.example")
    answer["In-Reply-To"] = str(mail["Message-ID"])
    quoted = "\n".join(f"> {line}" for line in text.strip().splitlines())
    answer.set_content(f"{said}\n\n{quoted}\n")
    return answer


def _name(mail: EmailMessage) -> str:
    return clean_line(str(mail["From"]).split("<")[0].strip().strip('"') or str(mail["From"]))
