"""What goes along with an answer beside its words: files, when it leaves, and what its writer had seen by then."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from helpdesk_tui.desk.door import Changes, Desk
from helpdesk_tui.errors import Overtaken, Refused
from helpdesk_tui.language import _
from helpdesk_tui.rules.untrusted import clean_line
from helpdesk_tui.store import content
from helpdesk_tui.store.statements import add_rows
from helpdesk_tui.store.tables import Attachment, Content, Message
from helpdesk_tui.store.transaction import writing

#: Mail servers commonly take 25 MB; in transport a file is longer by a third (RFC 2045 §6.8).
MOST_BYTES = 18_000_000


@dataclass(frozen=True, slots=True)
class KeptFile:
    """A file that is kept already and is to go along; `size` in bytes, `sha256` hexadecimal."""

    name: str
    content_type: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Sending:
    """How an answer is sent.

    Args:
        leaves_at: not before then, and until then it can be taken back; None is at once.
        is_timed: its writer chose that time; until then it can be overtaken by what others write.
        seen: the ids of the messages its writer had before them; None does not ask whether there are others.
        files: what goes along. answers: the id of the message it answers; None is the last one.
        quoted: what stands below the text, such as a signature and what is answered.
        begins_anew: it goes on from no mail that its recipients have.
        remind_in: after so many working days the ticket comes back, unless they answer; 0 is never.
        resolution: what solved it, where the answer does. canned: the ids of the prepared texts in it, to be counted.
    """

    leaves_at: datetime | None = None
    is_timed: bool = False
    seen: Collection[int] | None = None
    files: tuple[KeptFile, ...] = ()
    answers: int | None = None
    quoted: str = ""
    begins_anew: bool = False
    remind_in: int = 0
    resolution: str = ""
    canned: tuple[int, ...] = ()


AT_ONCE = Sending()


def keep_file(desk: Desk, name: str, content_type: str, body: bytes) -> KeptFile:
    """Keep a file that is to be attached. Not a verb: nobody else sees it before it is sent.

    Raises:
        Refused: no mail server would take it.
    """
    if len(body) > MOST_BYTES:
        raise Refused(
            _("{name} is too large for a mail.").format(name=clean_line(name, 80)),
            _("{n} MB is the most; send a link instead.").format(n=MOST_BYTES // 1_000_000),
        )
    with writing(desk.store, desk.actor) as session:
        return KeptFile(clean_line(name, 200), content_type, len(body), content.keep(session, body))


def refuse_overtaken(changes: Changes, ticket_id: int, seen: Collection[int] | None) -> None:
    """Stop where somebody else wrote on the ticket what the writer has not seen.

    Raises:
        Overtaken: somebody did; it names them.
    """
    if seen is None:
        return
    there = select(Message).where(
        col(Message.ticket_id) == ticket_id,
        col(Message.is_withdrawn).is_(False),
        col(Message.is_automatic).is_(False),
    )
    rows = changes.session.execute(there.order_by(col(Message.id))).scalars()
    me = changes.actor.agent_id
    unseen = [one for one in rows if one.id not in seen and (one.agent_id is None or one.agent_id != me)]
    if unseen:
        names = dict.fromkeys(clean_line(one.from_name or one.from_address, 60) for one in unseen)
        raise Overtaken(
            _("{names} wrote on it meanwhile.").format(names=", ".join(names)),
            _("Nothing was sent. Read that first, then send or change yours."),
        )


def attach(session: Session, message: Message, files: Sequence[KeptFile]) -> None:
    """Let files go along with a message.

    Raises:
        Refused: together they are too large, or one is not kept any more.
    """
    if sum(one.size for one in files) > MOST_BYTES:
        raise Refused(
            _("The files are too large for one mail."),
            _("{n} MB is the most together; take one away.").format(n=MOST_BYTES // 1_000_000),
        )
    place = {"message_id": message.id, "ticket_id": message.ticket_id, "queue_id": message.queue_id}
    about = ({"name": one.name, "content_type": one.content_type, "size": one.size} for one in files)
    add_rows(
        session, Attachment, [{**place, **told, "sha256": one.sha256} for told, one in zip(about, files, strict=True)]
    )
    for one in files:
        if session.execute(select(col(Content.size)).where(col(Content.sha256) == one.sha256)).first() is None:
            raise Refused(_("{name} is not kept any more.").format(name=one.name), _("Attach it anew."))
