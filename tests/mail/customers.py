"""Customers who go on with what they were answered, in all the ways in which mail programs and people do it."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from helpdesk_tui.terms import Person
from tests.mail.letterbox import field_of, new_id, seen_by_border, written

SUBJECTS = (
    "Drucker druckt nicht", "Drucker im 3. OG", "Hilfe", "Frage", "Rechnung 4711", "Rechnung", "VPN bricht ab", "VPN",
    "Passwort vergessen", "Password reset", "Cannot log in", "Login", "Bestellung", "Urgent", "Kündigung", "Update",
)  # fmt: skip
#: What is known of the senders of a hundred mails: where a border server looks at them nine in ten pass.
CHECKED, UNCHECKED = ("pass",) * 9 + ("",), ("",)


@dataclass
class Conversation:
    """A customer's matter: its number, our mails byte for byte, and the ids of theirs."""

    customer: Person
    second: str
    colleague: Person
    subject: str
    number: int
    theirs: list[str]
    ours: list[bytes] = field(default_factory=list)


@dataclass(frozen=True)
class Reply:
    """One answer of a customer and in which way it was made."""

    kind: str
    verdict: str
    raw: bytes
    message_id: str


@dataclass
class Draft:
    """An answer while it is made, as a good mail program begins it."""

    sender: str
    subject: str
    reply_to: str
    references: list[str]
    text: str
    fields: list[str] = field(default_factory=list)


Way = Callable[[Draft, Conversation, random.Random], None]


def draft_of(talk: Conversation, ours: bytes) -> Draft:
    """An answer to this mail of ours (RFC 5322 §3.6.4)."""
    own = field_of(ours, "message-id")
    return Draft(
        talk.customer.whole,
        f"Re: {talk.subject}",
        own,
        [*field_of(ours, "references").split(), own],
        "Ja, seit gestern.\r\n\r\nAm 24.11.2026 um 10:12 schrieb Support:\r\n> Ist er an?",
    )


def answer(talk: Conversation, kind: str, verdict: str, chance: random.Random) -> Reply:
    """An answer to the last mail of ours in this way."""
    draft = draft_of(talk, talk.ours[-1])
    WAYS[kind][1](draft, talk, chance)
    ids = [f"In-Reply-To: {draft.reply_to}"] if draft.reply_to else []
    ids += [f"References: {' '.join(draft.references)}"] if draft.references else []
    domain = draft.sender.rstrip(">").rpartition("@")[2]
    own = new_id(domain)
    border = seen_by_border(verdict, domain)
    raw = written(
        [draft.sender], draft.subject, draft.text, border=border, fields=[*ids, *draft.fields], message_id=own
    )
    return Reply(kind, verdict, raw, own)


def kinds(count: int, chance: random.Random) -> list[str]:
    """So many ways, each as often as its share says and at least once, mixed."""
    total = sum(share for share, _way in WAYS.values())
    wanted = [kind for kind, (share, _way) in WAYS.items() for _ in range(max(1, round(count * share / total)))]
    chance.shuffle(wanted)
    return wanted


def _as_it_is(_draft: Draft, _talk: Conversation, _chance: random.Random) -> None:
    return


def _only_in_reply_to(draft: Draft, _talk: Conversation, _chance: random.Random) -> None:
    draft.references = []


def _only_references(draft: Draft, _talk: Conversation, _chance: random.Random) -> None:
    draft.reply_to = ""


def _cut_references(draft: Draft, _talk: Conversation, chance: random.Random) -> None:
    draft.references = chance.choice([draft.references[-1:], draft.references[:1], draft.references[:1] * 2])


def _folded_ids(draft: Draft, _talk: Conversation, chance: random.Random) -> None:
    fold = chance.choice([str.upper, str.lower])
    draft.reply_to, draft.references = fold(draft.reply_to), [fold(one) for one in draft.references]


def _replaced_id(draft: Draft, _talk: Conversation, _chance: random.Random) -> None:
    """A relay on our side gave our mail an id of its own."""
    draft.reply_to = f"<{new_id('relay.example')}>"
    draft.references[-1] = draft.reply_to


def _alias(draft: Draft, talk: Conversation, chance: random.Random) -> None:
    detail = chance.choice(["helpdesk", "desk", "2026"])
    draft.sender = Person(talk.customer.name, talk.customer.address.replace("@", f"+{detail}@")).whole


def _second_address(draft: Draft, talk: Conversation, _chance: random.Random) -> None:
    draft.sender = Person(talk.customer.name, talk.second).whole


def _other_name(draft: Draft, talk: Conversation, chance: random.Random) -> None:
    name = chance.choice(["", "Buchhaltung", talk.customer.name.upper(), "=?utf-8?q?M=C3=BCller=2C_GmbH?="])
    draft.sender = f"{name} <{talk.customer.address}>".strip()


def _other_subject(draft: Draft, _talk: Conversation, chance: random.Random) -> None:
    draft.subject = chance.choice(["Erledigt?", "Noch eine Frage dazu", "", "Danke!", "WG: " + draft.subject])


def _other_mark(draft: Draft, talk: Conversation, chance: random.Random) -> None:
    mark = chance.choice(["AW: ", "RE: ", "Antw: ", "SV: ", "RE: AW: ", "Re[2]: ", "AW: [EXTERN] ", "R: ", "Ynt: "])
    draft.subject = mark + talk.subject


def _by_phone(draft: Draft, _talk: Conversation, chance: random.Random) -> None:
    end = chance.choice(["Von meinem iPhone gesendet", "Gesendet von Outlook für Android", "Sent from my phone"])
    draft.text = f"Ja<br><br>{end}<blockquote type='cite'>Ist er an?</blockquote>"
    draft.fields += ["MIME-Version: 1.0", "Content-Type: text/html; charset=utf-8"]


def _below(draft: Draft, _talk: Conversation, _chance: random.Random) -> None:
    draft.text = "Support wrote on 24/11/2026:\r\n> Is it on?\r\n\r\nYes, it is."


def _older_mail(draft: Draft, talk: Conversation, _chance: random.Random) -> None:
    older = draft_of(talk, talk.ours[0])
    draft.reply_to, draft.references = older.reply_to, older.references


def _own_mail(draft: Draft, talk: Conversation, chance: random.Random) -> None:
    own = f"<{chance.choice(talk.theirs)}>"
    draft.reply_to, draft.references = own, [own]


def _colleague(draft: Draft, talk: Conversation, _chance: random.Random) -> None:
    draft.sender = talk.colleague.whole


def _no_ids(draft: Draft, talk: Conversation, _chance: random.Random) -> None:
    """A web form or another help desk between us takes all ids away."""
    draft.reply_to, draft.references, draft.subject = "", [], f"AW: {talk.subject}"


def _unknown_address(draft: Draft, talk: Conversation, _chance: random.Random) -> None:
    name = talk.customer.name
    draft.sender = Person(name, f"{name.replace(' ', '.').lower()}@private.example").whole


#: How often each way is met among a hundred answers (a judgement), and what it does.
WAYS: dict[str, tuple[float, Way]] = {
    "all ids kept": (38, _as_it_is),
    "only In-Reply-To": (8, _only_in_reply_to),
    "References cut": (7, _cut_references),
    "only References": (5, _only_references),
    "ids folded by a gateway": (3, _folded_ids),
    "our id replaced by a relay": (2, _replaced_id),
    "plus address": (4, _alias),
    "second address": (4, _second_address),
    "another name": (4, _other_name),
    "another subject": (4, _other_subject),
    "another mark in front": (5, _other_mark),
    "by phone": (4, _by_phone),
    "below the quote": (3, _below),
    "to an older mail of ours": (3, _older_mail),
    "to a mail of their own": (2, _own_mail),
    "by a colleague we wrote to": (3, _colleague),
    "without any id": (0.8, _no_ids),
    "from an unknown address": (0.8, _unknown_address),
}


def people(count: int) -> Sequence[tuple[Person, str, Person]]:
    """So many customers: each with a second address, and a colleague."""
    found = []
    for n in range(count):
        house = f"firma{n % 40}.example"
        customer = Person(f"Kim Kunde{n}", f"kim{n}@{house}")
        found.append((customer, f"kim{n}@home.example", Person(f"Lou Kollege{n}", f"lou{n}@{house}")))
    return found
