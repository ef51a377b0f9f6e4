"""A chunk of mails as tickets and messages: each is read by the parser that reads live mail, then placed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy.orm import Session

from helpdesk_tui.desk.imports import Chunk, MoreOfTicket, NewTicket, Reject
from helpdesk_tui.errors import MailUnreadable, Usage
from helpdesk_tui.language import _
from helpdesk_tui.mail.parse import parse
from helpdesk_tui.rules.routing import plain_address
from helpdesk_tui.rules.threading import TAG_NUMBER
from helpdesk_tui.store.queries.setup import queues
from helpdesk_tui.store.queries.transfer import (
    MAIL,
    MESSAGE,
    THREAD,
    known,
    newest_at,
    people_here,
    people_of,
    taken_in_live,
    tickets_named,
)
from helpdesk_tui.store.schema import FIRST_QUEUE
from helpdesk_tui.terms import Status
from helpdesk_tui.transfer import conversations
from helpdesk_tui.transfer.conversations import Conversation, Customs, Letter
from helpdesk_tui.transfer.mapping import Mapping
from helpdesk_tui.transfer.options import Options
from helpdesk_tui.transfer.source import Found, RawMail


class MailImport:
    """Turns what a mailbox file holds into chunks; nothing of a source needs to be mapped before."""

    def __init__(self, session: Session, options: Options, mapping: Mapping, started_at: datetime) -> None:
        self._customs = _customs(session, options, mapping)
        self._started_at = started_at
        #: The ids of conversations that a dry run has seen, which writes none.
        self._dry: set[int] = set()

    def chunk(self, session: Session, found: Sequence[Found]) -> Chunk:
        """What is to be written of these mails; those that are known are left out."""
        rejects: list[Reject] = []
        letters = self._new(session, list(self._read(found, rejects)))
        gathered = conversations.gather(letters, self._known(session, letters))
        newest = newest_at(session, [one.ticket_id for one in gathered if one.ticket_id])
        tickets: list[NewTicket] = []
        more: list[MoreOfTicket] = []
        for one in gathered:
            if one.ticket_id is None:
                tickets.append(conversations.new_ticket(one, self._customs, self._started_at))
            else:
                more.append(self._more(one, newest[one.ticket_id]))
        return Chunk(found[-1].position, tickets, more, rejects)

    def count(self, chunk: Chunk) -> tuple[int, int]:
        """How many new tickets and messages a chunk of a dry run stands for, with all that was counted before."""
        tickets = messages = 0
        for new in chunk.tickets:
            ids = [hash(name) for kind, name in new.names if kind == THREAD]
            tickets += self._dry.isdisjoint(ids) or not ids
            self._dry.update(ids)
            messages += len(new.ticket.messages)
        return tickets, messages + sum(len(one.more.messages) for one in chunk.more)

    def _more(self, one: Conversation, newest: datetime) -> MoreOfTicket:
        return conversations.more_messages(one, newest, self._customs, self._started_at)

    def _read(self, found: Sequence[Found], rejects: list[Reject]) -> Iterator[Letter]:
        for one in found:
            if not isinstance(one.thing, RawMail):
                rejects.append(Reject(one.place, one.reason))
                continue
            try:
                mail = parse(one.thing.content)
            except MailUnreadable as error:
                rejects.append(Reject(one.place, error.message))
            except Exception as error:  # noqa: BLE001  a fault of ours in one mail must not stop the next one
                rejects.append(Reject(one.place, _("It cannot be read ({kind}).").format(kind=type(error).__name__)))
            else:
                letter = conversations.letter(one.thing, mail, self._customs, self._started_at)
                if letter.is_ours and not letter.people:
                    rejects.append(Reject(one.place, _("It was sent to nobody outside.")))
                else:
                    yield replace(letter, place=one.place)

    def _known(self, session: Session, letters: Sequence[Letter]) -> dict[str, list[Conversation]]:
        """The conversations that are there and that these letters name, by the ids by which they do."""
        named = tickets_named(session, self._customs.system, {id for one in letters for id in one.threads})
        tickets = {id for ids in named.values() for id in ids}
        there = {id: Conversation(id) for id in tickets}
        for id, people in people_of(session, tickets).items():
            there[id].speakers |= conversations.outside(people.speakers, self._customs)
            there[id].people |= conversations.outside(people.named | people.speakers, self._customs)
        return {name: [there[id] for id in ids] for name, ids in named.items()}

    def _new(self, session: Session, letters: Sequence[Letter]) -> list[Letter]:
        """Those that were not read before; one with the Message-ID of another mail is not taken for that one."""
        system = self._customs.system
        seen = set(known(session, system, MAIL, [one.digest for one in letters]))
        message_ids = {one.mail.message_id for one in letters} - {""}
        live = taken_in_live(session, system, message_ids)
        taken = set(known(session, system, MESSAGE, message_ids)) | {message_id for message_id, _by, _at in live}
        new: list[Letter] = []
        for one in letters:
            message_id = one.mail.message_id
            if one.digest in seen or (message_id, one.mail.sender.address, one.mail.sent_at) in live:
                continue
            seen.add(one.digest)
            new.append(conversations.without_own_id(one) if message_id in taken else one)
            taken.add(message_id)
        return new


def _customs(session: Session, options: Options, mapping: Mapping) -> Customs:
    tag = options.subject_tag
    if tag and (tag.count(TAG_NUMBER) != 1 or len(tag.replace(TAG_NUMBER, "").strip()) < 2):
        raise Usage(
            _("{tag} is no mark of a subject.").format(tag=tag),
            _("Write it as it stands there, with {{number}} for the number: [Ticket#{{number}}]").format(),
        )
    own = queues(session)
    people = people_here(session)
    return Customs(
        system=options.system,
        fallback=FIRST_QUEUE,
        queues={address: queue.id for queue in own for address in queue.addresses},
        queue_names={queue.id: queue.name for queue in own},
        folders=mapping.of("queue"),
        agents={plain_address(agent.email): agent.login for agent in people if agent.email},
        names={agent.name.casefold(): agent.login for agent in people if agent.name},
        queue=mapping.queue(options.queue) if options.queue else "",
        status=Status(options.status) if options.status else None,
        groups_by_subject=options.groups_by_subject,
        subject_tag=tag,
    )
