"""A queue of others, and a matter in it that leaves traces in every table."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from email.message import EmailMessage
from email.policy import SMTP

from helpdesk_tui.desk import assignment, settings, tickets
from helpdesk_tui.desk.callback_plans import PlanFields, set_plan
from helpdesk_tui.desk.callbacks import Wish, book
from helpdesk_tui.desk.conversation import note, reply
from helpdesk_tui.desk.delivery import claim, conclude
from helpdesk_tui.desk.drafts import save_draft
from helpdesk_tui.desk.mailroom import ArrivedMail, keep, quarantine
from helpdesk_tui.desk.presence import say_where
from helpdesk_tui.desk.queue_mail import QueueMail, set_queue_mail
from helpdesk_tui.desk.relations import link
from helpdesk_tui.desk.texts import CannedText, MacroText, keep_macro, keep_text
from helpdesk_tui.desk.watching import watch
from helpdesk_tui.store.queries.people import customer_of_ticket
from helpdesk_tui.terms import SYSTEM, LinkKind, OutboxState, Person, Priority, Status
from tests.build import Place, a_mail, a_ticket, letter_bytes, received, row

#: A word that stands nowhere else.
CANARY = "zeisig"
HEIDI = Person(f"Heidi {CANARY.capitalize()}", f"heidi.{CANARY}@house.example")
HR = "hr@desk.example"


@dataclass(frozen=True)
class Secret:
    """What the hidden matter is called: ids of its ticket, message, kept mail and customer, and its number."""

    ticket: int
    number: int
    message: int
    raw: int
    customer: int


def set_up_hr(place: Place) -> None:
    """A queue to which root and anna belong, and bob does not; confidential where there are such queues."""
    admin = place.desk("root")
    settings.add_queue(admin, "hr", [HR], is_confidential=place.is_postgres)
    settings.set_agent(admin, "anna", queues=["+hr"])
    settings.set_agent(admin, "bob", queues=["-hr"])
    settings.add_team(admin, "people", ["anna", "bob"])
    set_queue_mail(admin, "hr", QueueMail(confirms=True))
    set_plan(admin, "people", PlanFields(hours="mon-sun 00:00-24:00", zone="Europe/Berlin", capacity=2))


def a_secret(place: Place) -> Secret:
    """A matter of HR with mails, a file, a note, an answer that failed, drafts, tags, a due date, and machines' mail."""
    anna = place.desk("anna")
    pay = EmailMessage(SMTP)
    pay["From"], pay["To"], pay["Subject"], pay["Message-ID"] = HEIDI.whole, HR, f"Pay {CANARY}", "<pay@house.example>"
    pay.set_content(f"My pay is wrong. {CANARY}")
    pay.add_attachment(b"%PDF " + CANARY.encode(), maintype="application", subtype="pdf", filename=f"{CANARY}.pdf")
    first = received(anna, pay.as_bytes())
    number = first.ticket or 0
    tickets.tag(anna, [number], add=[CANARY])
    assignment.take(anna, [number])
    fields = tickets.Fields(
        priority=Priority.URGENT, due=place.clock() + timedelta(hours=1), summary=f"Pay of {CANARY}"
    )
    tickets.set_fields(anna, [number], fields)
    note(anna, number, f"Call 069 7654321 {CANARY}")
    reply(anna, number, f"We look into it, {CANARY}")
    system = anna.acting_as(SYSTEM)
    mail = claim(system, letter_bytes)
    assert mail
    conclude(system, mail.outbox_id, OutboxState.FAILED, f"no such user {CANARY}")
    tickets.set_status(anna, [number], Status.OPEN)
    book(anna, number, Wish(number="+49 69 7654321", team="people"))
    ticket = row(anna, number).id
    save_draft(anna, ticket, "note", f"later {CANARY}")
    keep_text(place.desk("root"), CannedText("Dismissal", f"Your {CANARY}.", queue="hr", is_shared=True))
    keep_macro(place.desk("root"), MacroText("Dismissal", (f"note {CANARY}",), queue="hr", is_shared=True))
    save_draft(anna, None, "new", f"Heidi called again {CANARY}", {"subject": CANARY})
    received(anna, a_mail(f"I am away {CANARY}", sender=HEIDI.whole, to=HR, Auto_Submitted="auto-replied"))
    (kept,) = keep(system, "inbox", [ArrivedMail(f"no mail {CANARY}".encode(), place.clock())], "hr")
    quarantine(system, kept.raw_id, f"nothing can be read of {CANARY}")
    _tie(place, number)
    customer = anna.ask(customer_of_ticket, ticket).id
    return Secret(ticket, number, first.message or 0, first.raw_id or 0, customer)


def _tie(place: Place, number: int) -> None:
    """Let somebody watch it, somebody be asked about it, and another matter of HR have to do with it."""
    anna = place.desk("anna")
    watch(anna, [number])
    say_where(anna, row(anna, number).id)
    note(place.desk("root"), number, f"@anna see to it, {CANARY}")
    link(anna, a_ticket(anna, "Pay again", person=HEIDI, queue="hr"), number, LinkKind.PARENT)
