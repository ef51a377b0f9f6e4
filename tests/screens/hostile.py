"""Two stores full of hostile text: one as the real intake fills it, one as no intake ever would."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session
from sqlmodel import SQLModel

from helpdesk_tui.desk import settings, tickets
from helpdesk_tui.desk.assignment import assign
from helpdesk_tui.desk.conversation import NewRequest, create, note
from helpdesk_tui.desk.drafts import save_draft
from helpdesk_tui.desk.outreach import LoggedCall, log_call
from helpdesk_tui.desk.relations import link
from helpdesk_tui.desk.texts import CannedText, MacroText, keep_macro, keep_text
from helpdesk_tui.desk.tickets import Fields, set_fields
from helpdesk_tui.store.statements import add_rows
from helpdesk_tui.store.tables import (
    Attachment,
    CannedReply,
    Category,
    Customer,
    CustomerAddress,
    CustomerPhone,
    Draft,
    Event,
    Macro,
    Message,
    Notice,
    Organization,
    Outbox,
    OutboxRecipient,
    Queue,
    Tag,
    Ticket,
    TicketTag,
    View,
)
from helpdesk_tui.store.transaction import writing
from helpdesk_tui.terms import SYSTEM, CallDirection, LinkKind, Person
from tests.build import received
from tests.screens.payloads import MARKUP, PAYLOADS
from tests.screens.stage import Stage

#: What cannot stand in a field of a mail or in an argument as it is, only encoded.
_BREAKS_A_LINE = ("\r", "\n", "\x00", "\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\u2029")


def fill_by_mail(stage: Stage, *, is_encoded: bool) -> dict[str, int]:
    """One mail for each payload, which has it in every field; gives the ticket's number by the payload's name.

    Args:
        is_encoded: all fields are encoded; else they are raw wherever a mail server would let that through.
    """
    numbers = {}
    for at, (name, payload) in enumerate(PAYLOADS.items()):
        desk = stage.desk(ago=timedelta(minutes=500 - at))
        filed = received(desk, hostile_mail(at, payload, is_encoded=is_encoded))
        assert filed.ticket is not None, (name, filed)
        numbers[name] = filed.ticket
    return numbers


def hostile_mail(at: int, payload: str, *, is_encoded: bool) -> bytes:
    """A mail with a payload in subject, name, address, body, quote, file name, content type and more."""
    encode = _word if is_encoded or any(sign in payload for sign in _BREAKS_A_LINE) else str.encode
    name, subject = encode(f"Kunde{at:02} {payload} end"), encode(f"Subject{at:02} {payload} end")
    body = f"Body{at:02} {payload} end\n\nOn Monday somebody wrote:\n> Quote{at:02} {payload} end\n> more\n"
    return b"\r\n".join(
        (
            b'From: "%s" <kunde%02d@evil.example>' % (name, at)
            if not is_encoded
            else b"From: %s <kunde%02d@evil.example>" % (name, at),
            b'Reply-To: "%s"@evil.example' % encode(f"r{payload}"),
            b"To: support@desk.example, %s <cc@evil.example>" % name,
            b"Subject: %s" % subject,
            b"Message-ID: <%d.%s@evil.example>" % (at, b"enc" if is_encoded else b"raw"),
            b"Importance: %s" % encode(payload),
            b"MIME-Version: 1.0",
            b'Content-Type: multipart/mixed; boundary="=b="',
            b"",
            b"--=b=",
            b"Content-Type: text/plain; charset=utf-8",
            b"Content-Transfer-Encoding: base64" if is_encoded else b"Content-Transfer-Encoding: 8bit",
            b"",
            base64.encodebytes(body.encode()) if is_encoded else body.encode(),
            b"--=b=",
            b"Content-Type: %s" % encode(f"application/x{payload}y"),
            b'Content-Disposition: attachment; filename="%s"' % encode(f"file{at:02} {payload} end.pdf"),
            b"",
            b"content",
            b"--=b=--",
            b"",
        )
    )


def set_up_by_verbs(stage: Stage, numbers: Mapping[str, int]) -> None:
    """Payloads in all that agents and admins may name: tags, summaries, categories, queues, colleagues, notes."""
    desk, admin = stage.desk(), stage.desk("root")
    for at, (name, payload) in enumerate(PAYLOADS.items()):
        tickets.tag(desk, [numbers[name]], add=[f"tag{at:02}{payload}"])
        if at % 3 == 0:
            tickets.set_fields(desk, [numbers[name]], tickets.Fields(summary=f"Summary{at:02} {payload} end"))
        if at % 4 == 0:
            note(stage.desk("bob"), numbers[name], f"Note{at:02} {payload} end")
    for at, payload in enumerate(MARKUP.values()):
        add_category(stage, f"category{at:02} {payload}")
        settings.set_queue(admin, "silent", display_name=f"Silent {payload}")
        settings.add_agent(admin, f"colleague{at:02}", f"Colleague {payload}")
        keep_text(desk, CannedText(f"Text{at:02} {payload.replace('/', '')}", f"Dear [/] {payload}", f"F{payload}"))
        keep_macro(desk, MacroText(f"Macro{at:02} {payload}", (f"note {payload}", "priority high")))
        create(
            desk, NewRequest(Person(f"Caller{at:02} {payload}", ""), f"Call{at:02} {payload}", payload, "+49 30 5550")
        )


def tie(stage: Stage, numbers: Sequence[int]) -> None:
    """Let tickets have to do with each other, be handed on, put away and solved, with hostile words each."""
    desk, bob = stage.desk(), stage.desk("bob")
    for at, (number, other) in enumerate(pairwise(numbers)):
        payload = list(PAYLOADS.values())[at * 5 % len(PAYLOADS)]
        link(desk, number, other, list(LinkKind)[at % len(LinkKind)])
        assign(bob, [number], "anna", f"Hand{at:02} {payload} over")
        note(bob, number, f"@anna Ask{at:02} {payload}")
        began = desk.clock() - timedelta(minutes=15)
        call = LoggedCall(CallDirection.IN, f"+49 30 {payload}", began, began + timedelta(minutes=5))
        log_call(desk, number, f"Call{at:02} {payload}", call)
        set_fields(desk, [number], Fields(resolution=f"Solved{at:02} {payload}"))


def add_category(stage: Stage, name: str) -> None:
    """A category with a name the command would refuse."""
    with writing(stage.desk().store, SYSTEM) as session:
        add_rows(session, Category, [{"name": name}])


def overwrite_rows(stage: Stage) -> None:
    """Write payloads past every gate into the tables, as another program or an import might have."""
    with writing(stage.desk().store, SYSTEM) as session:
        ids = list(session.execute(select(Ticket.id).order_by(Ticket.id)).scalars())
        for at, (ticket_id, payload) in enumerate(zip(ids, PAYLOADS.values(), strict=False)):
            _overwrite(session, at, ticket_id, payload)


def _overwrite(session: Session, at: int, ticket_id: int, payload: str) -> None:
    text = f"{payload} raw{at:02} {payload} end"
    ticket, began = session.get_one(Ticket, ticket_id), datetime.now(UTC)
    organization = _added(session, Organization, {"name": f"Org{text}"})
    tag, category = _added(session, Tag, {"name": f"t{text}"}), _added(session, Category, {"name": f"c{text}"})
    queue = _added(session, Queue, {"name": f"q{text}", "display_name": f"Q{text}", "is_confidential": False})
    _set(session, Ticket, Ticket.id == ticket_id, subject=f"S{text}", summary=f"Z{text}" if at % 2 else None)
    _set(session, Ticket, Ticket.id == ticket_id, category_id=category)
    _set(session, Customer, Customer.id == ticket.requester_id, name=f"N{text}" if at % 4 else "")
    _set(session, Customer, Customer.id == ticket.requester_id, organization_id=organization, search_key=f"kun{text}")
    mine = CustomerAddress.customer_id == ticket.requester_id
    _set(session, CustomerAddress, mine, address=f"{text}@evil.example")
    add_rows(session, CustomerPhone, [{"customer_id": ticket.requester_id, "number": f"+49{text}", "digits": "49"}])
    add_rows(session, TicketTag, [{"ticket_id": ticket_id, "tag_id": tag}])
    spoken = {"from_name": f"N{text}" if at % 4 else "", "from_address": f"{text}@evil", "text": f"B{text}\n{payload}"}
    quoted = {"quoted": f"> {text}\n> {payload}", "subject": f"S{text}", "remarks": [f"! {text}", text]}
    _set(session, Message, Message.ticket_id == ticket_id, **spoken, **quoted)
    called = {"direction": "in", "number": text, "started_at": began.isoformat(), "ended_at": began.isoformat()}
    _set(session, Message, (Message.ticket_id == ticket_id) & (Message.kind == "note"), kind="call", call=called)
    _set(session, Ticket, Ticket.id == ticket_id, resolution=f"R{text}")
    _set(session, Attachment, Attachment.ticket_id == ticket_id, name=f"f{text}", content_type=f"a/{text}")
    _add_around(session, ticket, queue, text)


def _add_around(session: Session, ticket: Ticket, queue: int, text: str) -> None:
    """An outgoing mail that failed with hostile words, a colleague's draft, an event, a view."""
    now = datetime.now(UTC)
    place = {"ticket_id": ticket.id, "queue_id": ticket.queue_id}
    message = session.execute(select(Message.id).where(Message.ticket_id == ticket.id)).scalars().first()
    sent = {"message_id": message, "state": "failed", "header_message_id": text, "words": f"550 {text}"}
    outbox = _added(session, Outbox, {**place, **sent, "tries": 1, "due_at": now, "updated_at": now})
    reached = {"outbox_id": outbox, "message_id": message, "address": f"{text}@evil", "state": "failed", "words": text}
    add_rows(session, OutboxRecipient, [{**place, **reached}])
    noticed = {"agent_id": 2, "kind": "mention", "message_id": message, "by_id": 3, "at": now}
    add_rows(session, Notice, [{**place, **noticed}])
    add_rows(session, CannedReply, [{"folder": f"f{text}", "name": f"n{text}", "text": text, "updated_at": now}])
    add_rows(session, Macro, [{"name": f"m{text}", "steps": [f"note {text}", text], "updated_at": now}])
    draft = {"agent_id": 3, "kind": "reply", "text": f"D{text}", "fields": {}, "updated_at": now}
    add_rows(session, Draft, [{**place, **draft}])
    batch = session.execute(select(Event.batch_id).limit(1)).scalar_one()
    said = {"batch_id": batch, "actor_id": None, "verb": "category", "at": now}
    changes = {"subject": [f"S{text}", text], "tags": [[], [text]], "queue_id": [ticket.queue_id, queue]}
    add_rows(session, Event, [{**place, **said, "changes": changes}])
    add_rows(session, View, [{"agent_id": None, "name": f"V{text}", "query": "is:open", "position": ticket.id}])


def keep_a_hostile_draft(stage: Stage, payload: str) -> None:
    """A half-written request with payloads in all its fields, past the dialog's own fields."""
    save_draft(
        stage.desk(), None, "new", payload, {"who": f"w{payload}", "subject": f"s{payload}", "text": f"t{payload}"}
    )


def _added(session: Session, table: type[SQLModel], row: dict[str, Any]) -> int:
    made = table(**row)
    session.add(made)
    session.flush()
    return int(made.id)  # type: ignore[attr-defined]


def _set(session: Session, table: type[SQLModel], which: Any, **values: Any) -> None:
    session.execute(update(table).where(which).values(**values).execution_options(synchronize_session=False))


def _word(text: str) -> bytes:
    return b"=?utf-8?b?%s?=" % base64.b64encode(text.encode())
