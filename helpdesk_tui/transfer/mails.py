"""A chunk of mails, each read as live mail is, as tickets and messages."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy.orm import Session

from helpdesk_tui.desk.imports import Chunk, MoreOfTicket, NewTicket, Reject
from helpdesk_tui.desk.signals import is_same
from helpdesk_tui.errors import Usage
from helpdesk_tui.language import _
from helpdesk_tui.mail.reader import Unread
from helpdesk_tui.rules.routing import plain_address
from helpdesk_tui.rules.threading import TAG_NUMBER
from helpdesk_tui.store.queries.setup import queues
from helpdesk_tui.store.queries.transfer import (
    MAIL,
    MESSAGE,
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

    def __init__(
        self, session: Session, options: Options, mapping: Mapping, started_at: datetime, *, is_dry: bool = False
    ) -> None:
        self._customs = _customs(session, options, mapping)
        self._started_at = started_at
        self._dry = _Dry() if is_dry else None

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
                newest_here = newest.get(one.ticket_id, self._started_at)
                more.append(conversations.more_messages(one, newest_here, self._customs, self._started_at))
        if self._dry:
            self._dry.remember(gathered)
        return Chunk(found[-1].position, tickets, more, rejects)

    def _read(self, found: Sequence[Found], rejects: list[Reject]) -> Iterator[Letter]:
        for one in found:
            if not isinstance(one.thing, RawMail):
                rejects.append(Reject(one.place, one.reason))
                continue
            if isinstance(one.thing.reading, Unread):
                rejects.append(Reject(one.place, one.thing.reading.reason))
                continue
            letter = conversations.letter(one.thing, one.thing.reading, self._customs, self._started_at)
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
        found = {name: [there[id] for id in ids] for name, ids in named.items()}
        return self._dry.among(letters, found) if self._dry else found

    def _new(self, session: Session, letters: Sequence[Letter]) -> list[Letter]:
        """Those that were not read before; one with the Message-ID of another mail is not taken for that one."""
        system = self._customs.system
        seen = set(known(session, system, MAIL, [one.digest for one in letters]))
        message_ids = {one.mail.message_id for one in letters} - {""}
        live = taken_in_live(session, system, message_ids)
        taken = set(known(session, system, MESSAGE, message_ids)) | {one.message_id for one in live}
        if self._dry:
            self._dry.digests |= seen
            self._dry.message_ids |= taken
            seen, taken = self._dry.digests, self._dry.message_ids
        new: list[Letter] = []
        for one in letters:
            message_id = one.mail.message_id
            if one.digest in seen or any(is_same(here, one.mail) for here in live):
                continue
            seen.add(one.digest)
            new.append(conversations.without_own_id(one) if message_id in taken else one)
            taken.add(message_id)
        return new


#: The ticket of a conversation that a dry run would have made.
_NO_TICKET = 0


@dataclass
class _Dry:
    """What a dry run would have written by now: the import finds it in the store."""

    digests: set[str] = field(default_factory=set)
    message_ids: set[str] = field(default_factory=set)
    by_id: defaultdict[str, list[Conversation]] = field(default_factory=lambda: defaultdict(list))

    def among(self, letters: Sequence[Letter], found: dict[str, list[Conversation]]) -> dict[str, list[Conversation]]:
        """What these letters name, with what is only remembered here."""
        ids = {id for one in letters for id in one.threads}
        return {id: [*found.get(id, ()), *self.by_id.get(id, ())] for id in ids}

    def remember(self, gathered: Sequence[Conversation]) -> None:
        """Take note of conversations, and let their letters go."""
        for one in gathered:
            one.ticket_id = _NO_TICKET if one.ticket_id is None else one.ticket_id
            for letter in one.letters:
                for id in letter.threads:
                    if one not in self.by_id[id]:
                        self.by_id[id].append(one)
            one.letters = []


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
