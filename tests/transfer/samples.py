"""What another system holds: mails of conversations, mailbox files and folders, and how a store looks by its names."""

from __future__ import annotations

import os
import random
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from pathlib import Path
from typing import Any

from helpdesk_tui.desk.door import Desk
from helpdesk_tui.store.queries.export import documents, ticket_ids_after
from helpdesk_tui.store.queries.transfer import imports, rejects
from helpdesk_tui.terms import SYSTEM
from helpdesk_tui.transfer.options import Options
from helpdesk_tui.transfer.run import Imported, run_import
from tests.build import MORNING, SUPPORT, Place, sql

PLAIN = SMTP.clone(linesep="\n")
TABLES = (
    "ticket", "message", "attachment", "content", "content_chunk", "raw_message", "customer", "customer_address",
    "customer_phone", "customer_field", "organization", "field_definition", "tag", "ticket_tag", "ticket_field",
    "ticket_number", "ticket_words", "timer", "own_token", "external_ref", "outbox", "mail_seen",
)  # fmt: skip


def mail(
    number: int | str,
    text: str = "Seit heute geht nichts mehr.",
    *,
    sender: str = "Mira Kern <mira@customer.example>",
    to: str = SUPPORT,
    subject: str = "Drucker",
    at: datetime = MORNING,
    answers: Sequence[int | str] = (),
    file: bytes = b"",
) -> bytes:
    """A mail as a mailbox keeps it, with the Message-ID `number@old.example`; `answers` are its ancestors."""
    made = EmailMessage(PLAIN)
    made["Received"] = f"from a.example by mx.desk.example with ESMTPS id {number}; {format_datetime(at)}"
    made["From"], made["To"], made["Subject"], made["Date"] = sender, to, subject, format_datetime(at)
    made["Message-ID"] = f"<{number}@old.example>"
    if answers:
        made["In-Reply-To"] = f"<{answers[-1]}@old.example>"
        made["References"] = " ".join(f"<{one}@old.example>" for one in answers)
    made.set_content(text)
    if file:
        made.add_attachment(file, "text", "plain", filename="log.txt")
    return made.as_bytes()


def invented(count: int, seed: int = 1) -> list[bytes]:
    """So many mails of conversations of up to six, interleaved; a third is written by us, some have a file."""
    chance, mails, open_ones = random.Random(seed), [], []
    for number in range(count):
        at = MORNING - timedelta(days=400) + timedelta(minutes=17 * number)
        if not open_ones or chance.random() < 0.4:
            person = f"customer{chance.randrange(count // 3 + 1)}@customer.example"
            thread = (person, [number], f"Frage {number}")
            open_ones.append(thread)
            mails.append(mail(number, f"Frage {number}: {_words(chance)}", sender=person, subject=thread[2], at=at))
            continue
        person, ancestors, subject = chance.choice(open_ones[-40:])
        is_ours = chance.random() < 0.5
        file = chance.randbytes(30).hex().encode() if chance.random() < 0.1 else b""
        who = (f"Anna · Support <{SUPPORT}>", person) if is_ours else (person, SUPPORT)
        text = f"Antwort {number}: {_words(chance)}"
        about = f"Re: {subject}"
        mails.append(mail(number, text, sender=who[0], to=who[1], subject=about, at=at, answers=ancestors, file=file))
        if len(ancestors) < 6:
            ancestors.append(number)
    return mails


def _words(chance: random.Random) -> str:
    return " ".join(chance.choice(("Drucker", "VPN", "Rechnung", "Kabel", "langsam", "Fehler")) for _n in range(12))


def mbox(path: Path, mails: Iterable[bytes]) -> Path:
    """Write mails into an mbox file (mboxrd)."""
    with open(path, "wb") as file:
        for one in mails:
            lines = one.replace(b"\r\n", b"\n").splitlines(keepends=True)
            escaped = (b">" + line if line.lstrip(b">").startswith(b"From ") else line for line in lines)
            file.write(b"From mira@customer.example Mon Nov 23 10:00:00 2026\n" + b"".join(escaped) + b"\n")
    return path


def maildir(path: Path, files: dict[str, bytes]) -> Path:
    """Write a Maildir: names relative to it, such as `.Sent/cur/1.a:2,S`."""
    for folder in ("cur", "new", "tmp"):
        (path / folder).mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(content)
    return path


def take(desk: Desk, format: str, path: Path, **options: Any) -> Imported:
    """Import a source as the command does."""
    return run_import(desk, format, path, Options(**{"system": "old", "zone": "Europe/Berlin", **options}))


def told(desk: Desk) -> list[dict[str, Any]]:
    """All tickets as an export tells them, oldest first; numbers that were drawn are no part of it."""
    seeing = desk.acting_as(SYSTEM)
    return [{**one, "number": None} for one in seeing.ask(documents, seeing.ask(ticket_ids_after, 0, 100_000))]


def state(place: Place) -> dict[str, Any]:
    """A store by its names: what does not depend on ids, drawn numbers and the clock."""
    desk = place.desk("root")
    seeing, store = desk.acting_as(SYSTEM), desk.store
    named = sql(store, "SELECT system, type, external_id FROM external_ref WHERE type NOT IN ('ticket', 'customer')")
    events = sql(store, "SELECT verb, count(*) FROM event GROUP BY verb ORDER BY verb")
    runs = [(one.state, one.tickets, one.messages, one.rejected) for one in seeing.ask(imports)]
    return {
        "tickets": told(desk),
        "names": sorted(map(tuple, named)),
        "events": list(map(tuple, events)),
        "rows": counts(place),
        "runs": runs,
        "rejects": [seeing.ask(rejects, one.batch) for one in seeing.ask(imports)],
        "words": sorted(one.words for one in sql(store, "SELECT words FROM ticket_words")),
    }


def counts(place: Place) -> dict[str, int]:
    """How many rows each table has that an import writes."""
    store = place.desk("root").store
    return {name: sql(store, f"SELECT count(*) FROM {name}")[0][0] for name in TABLES}


def corpus_mails() -> list[bytes]:
    """The real mails below HELPDESK_MAIL_CORPUS, in the order of their names; none where that is not set."""
    folder = os.environ.get("HELPDESK_MAIL_CORPUS", "")
    return [path.read_bytes() for path in sorted(Path(folder).rglob("*")) if path.is_file()] if folder else []
