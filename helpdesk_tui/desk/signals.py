"""What the store knows about a mail before `rules.threading` places it."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from helpdesk_tui.desk import links
from helpdesk_tui.desk.people import agent_at
from helpdesk_tui.language import _
from helpdesk_tui.rules import robots, threading
from helpdesk_tui.rules.alerts import alert_of
from helpdesk_tui.rules.routing import plain_address
from helpdesk_tui.rules.sameness import digest_of, is_datable, says_same
from helpdesk_tui.rules.subjects import is_reply
from helpdesk_tui.rules.threading import Placement, Signals
from helpdesk_tui.store.queries.transfer import MailHere, imported_mails
from helpdesk_tui.store.tables import Message, Outbox, OwnToken, Queue, QueueMember, Ticket
from helpdesk_tui.terms import ENDED, Authenticity, Disposition, IncomingMail, OutboxState

#: A ticket closed for longer than this is not opened again by a late answer.
REOPENS_FOR = timedelta(days=30)
#: A token opens no ticket on which nothing happened for longer than this; agents are told which one it names.
_TOKENS_LAST = timedelta(days=400)
#: So many of the tokens that a mail names are looked up.
_MOST_TOKENS = 100


def signals_of(session: Session, mail: IncomingMail, now: datetime, customer: int | None) -> Signals:
    """What the store knows about a mail of this customer."""
    ancestors = [*mail.report_ids, *mail.references] if mail.report or mail.notice else mail.references
    addressed = [*mail.delivered_to, *(person.address for person in (*mail.to, *mail.cc))]
    tokens = threading.tokens_in_order(mail.in_reply_to, ancestors, addressed)
    by_token = _by_token(session, tokens) if tokens else []
    is_robot = robots.is_robot(mail, answers_us=bool(by_token)) or alert_of(mail) is not None
    weak, link = (None, None) if by_token or is_robot else links.weak_link(session, mail, customer)
    linked = by_token[0].ticket_id if by_token else weak
    ticket = links.final(session, linked) if linked else None
    return Signals(
        is_own_copy=_is_own_copy(session, mail),
        is_bounce=mail.report is not None,
        is_lasting=mail.report is not None and mail.report.is_permanent,
        is_told=mail.report is not None and bool(by_token) and _is_told(session, by_token[0].message_id),
        is_robot=is_robot,
        token_ticket=ticket.id if ticket and by_token else None,
        other_token_ticket=_another(session, by_token),
        weak_ticket=ticket.id if ticket and not by_token else None,
        weak_link=link,
        is_answer=is_reply(mail.subject),
        is_participant=linked is not None and links.belongs(session, linked, mail.sender.address),
        is_agents_token=ticket is not None and bool(by_token) and _is_agents(session, ticket, by_token[0], mail),
        authenticity=mail.authenticity if mail.has_strict_sender else Authenticity.FAIL,
        is_confidential=ticket is not None and session.get_one(Queue, ticket.queue_id).is_confidential,
        is_closed=ticket is not None and _is_long_closed(ticket, now),
    )


def already_imported(session: Session, mail: IncomingMail) -> Placement | None:
    """Beside the ticket that has it, where an import has brought this very mail; None where none has."""
    if not is_datable(mail):
        return None  # nothing tells it from the next one that says the same
    found = imported_mails(session, digest_of(mail, b""), mail.message_id)
    same = next((one for one in found if is_same(one, mail)), None)
    if same is None:
        return None
    return Placement(Disposition.DUPLICATE, 0, _("An import has brought this mail already."), linked_to=same.ticket_id)


def is_same(here: MailHere, mail: IncomingMail) -> bool:
    """True where a mail that is here is this very one: the same words from the same sender at the same time."""
    head = (here.message_id, here.sender, here.sent_at) == (mail.message_id, mail.sender.address, mail.sent_at)
    return head and says_same(here.text, here.quoted, mail.text, mail.quoted)


def _by_token(session: Session, tokens: list[str]) -> list[OwnToken]:
    """What these tokens stand for, in their order; unknown ones match nothing."""
    known = session.execute(select(OwnToken).where(col(OwnToken.token).in_(tokens[:_MOST_TOKENS]))).scalars()
    by_name = {one.token: one for one in known}
    return [by_name[token] for token in tokens if token in by_name]


def _another(session: Session, tokens: list[OwnToken]) -> int | None:
    """The ticket of the first token that is not that of the one which counts, also where tickets were merged."""
    tickets = [links.final(session, token.ticket_id).id for token in tokens]
    return next((one for one in tickets if one != tickets[0]), None)


def _is_agents(session: Session, ticket: Ticket, token: OwnToken, mail: IncomingMail) -> bool:
    """True where the token was sent to the agent who writes, who belongs to the queue and did not ask themselves."""
    address, agent_id = plain_address(mail.sender.address), agent_at(session, mail.sender.address)
    if agent_id is None or session.get(QueueMember, (ticket.queue_id, agent_id)) is None:
        return False
    if links.asked(session, token.ticket_id, mail.sender.address):
        return False
    message = session.get_one(Message, token.message_id)
    return any(plain_address(sent_to) == address for _name, sent_to in [*message.to, *message.cc])


def _is_told(session: Session, message_id: int) -> bool:
    """True where an agent was told already that this mail of ours did not arrive."""
    known = select(col(Outbox.state)).where(col(Outbox.message_id) == message_id)
    return session.execute(known).scalar_one_or_none() == OutboxState.FAILED


def _is_long_closed(ticket: Ticket, now: datetime) -> bool:
    if ticket.updated_at < now - _TOKENS_LAST:
        return True
    return ticket.status in ENDED and ticket.closed_at is not None and ticket.closed_at < now - REOPENS_FOR


def _is_own_copy(session: Session, mail: IncomingMail) -> bool:
    """A Message-ID of ours and the very words we sent under it: a forged id alone hides nothing.

    Reading a mail puts what it quotes behind the rest, so the order of the words does not count.
    """
    token = threading.own_token(mail.message_id)
    if token is None:
        return False
    ours = select(col(Message.text)).join(OwnToken, col(OwnToken.message_id) == col(Message.id))
    text = session.execute(ours.where(col(OwnToken.token) == token)).scalar_one_or_none()
    return text is not None and says_same(text, "", mail.text, mail.quoted)
