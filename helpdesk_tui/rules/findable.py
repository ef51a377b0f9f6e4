"""What a mail of a customer is found by."""

from __future__ import annotations

from collections.abc import Container, Iterable

from helpdesk_tui.rules import words
from helpdesk_tui.rules.routing import is_own
from helpdesk_tui.terms import IncomingMail, Person


def mail_texts(
    subject: str, people: Iterable[Person], names: Iterable[str], text: str, quoted: str, ours: Container[str]
) -> list[str]:
    """What a mail of a customer is found by, short things first.

    Args:
        people: who wrote it and who else got it; names: those of its files; ours: the addresses of our queues.
    """
    said = [part for one in people if not is_own(one.address, ours) for part in (one.name, one.address)]
    return [subject, *said, *names, text, quoted]


def found_by(mail: IncomingMail, ours: Container[str]) -> tuple[str, str, str]:
    """The words of a mail's subject, of its sender, and all by which it is found, as the index has them.

    Args:
        ours: the addresses of our queues.
    """
    people, names = (mail.sender, *mail.to, *mail.cc), (one.name for one in mail.files)
    said = mail_texts(mail.subject, people, names, mail.text, mail.quoted, ours)
    return _cut([mail.subject]), _cut([mail.sender.name, mail.sender.address]), _cut(said)


def _cut(texts: Iterable[str]) -> str:
    return " ".join(words.of_message(texts))
