"""Doing a macro: all its steps on all its tickets in one transaction, with one undo."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from helpdesk_tui.desk.answering import Preview, all_said, as_shown, whole
from helpdesk_tui.desk.assignment import agent_named
from helpdesk_tui.desk.conversation import answer_one
from helpdesk_tui.desk.door import Change, Changes, Desk
from helpdesk_tui.desk.followups import set_reminder
from helpdesk_tui.desk.free_slots import Writer
from helpdesk_tui.desk.letters import NOTE_LEFT, own_message
from helpdesk_tui.desk.membership import refuse_strangers
from helpdesk_tui.desk.notices import tell_watchers
from helpdesk_tui.desk.sending import AT_ONCE, Sending, refuse_overtaken
from helpdesk_tui.desk.texts import count_uses, steps_of
from helpdesk_tui.desk.tickets import Fields, edits, name_tickets, tags_of, write_tags
from helpdesk_tui.desk.watching import ask_colleagues
from helpdesk_tui.desk.wording import filled, signed
from helpdesk_tui.errors import NotFound
from helpdesk_tui.language import _
from helpdesk_tui.rules.macros import Deed, Step, read_steps
from helpdesk_tui.rules.untrusted import clean_line
from helpdesk_tui.store.queries.texts import CannedRow, canned_replies
from helpdesk_tui.store.sight import sees
from helpdesk_tui.store.tables import Message
from helpdesk_tui.terms import MessageKind, Outcome, Person, Priority, Status, Verb


class _Rehearsed(Exception):
    """Nothing of it stays; carries what would have been sent."""

    def __init__(self, shown: list[Preview]) -> None:
        super().__init__()
        self.shown = shown


def run_macro(
    desk: Desk, tickets: Sequence[int], macro_id: int, sending: Sending = AT_ONCE, shown: Sequence[Preview] = ()
) -> Outcome:
    """Do the steps of a macro on these tickets.

    Args:
        shown: what was looked at before; then what it sends goes to those who were shown, as it was shown.
    Raises:
        Refused, NotFound, Usage: a step cannot be done on one of them; nothing is done then.
        Overtaken: somebody wrote on one since it was looked at, or it would read otherwise; nothing is done then.
    """
    macro = _macro(desk, macro_id)
    with desk.change(Verb.MACRO, tickets) as changes:
        answers = _on_all(desk, changes, macro, sending, {one.number: one for one in shown})
        count_uses(changes.session, (), [macro_id])
        said = _("{name} on {tickets}").format(name=macro.name, tickets=name_tickets(changes.numbers))
        if answers and len(changes) == 1:
            people = ", ".join(Person(*one).called for one in (*answers[0].to, *answers[0].cc))
            said += " · " + _("an answer to {people}").format(people=people)
        changes.say(said)
    return changes.outcome


def rehearse_macro(desk: Desk, tickets: Sequence[int], macro_id: int) -> list[Preview]:
    """What a macro would send once its other steps are done; nothing of it stays. None where it sends nothing.

    Raises:
        Refused, NotFound, Usage: a step cannot be done on one of them.
    """
    macro = _macro(desk, macro_id)
    try:
        with desk.change(Verb.MACRO, tickets) as changes:
            seen = {change.ticket.id: all_said(changes.session, change.ticket.id) for change in changes}
            subjects = {change.ticket.id: (change.ticket.number, change.ticket.subject) for change in changes}
            answers = _on_all(desk, changes, macro, AT_ONCE, {})
            raise _Rehearsed([_as_shown(one, *subjects[one.ticket_id], seen[one.ticket_id]) for one in answers])
    except _Rehearsed as done:
        return done.shown


def _as_shown(message: Message, number: int, subject: str, seen: frozenset[int]) -> Preview:
    to, cc = (tuple(Person(*one) for one in people) for people in (message.to, message.cc))
    return Preview(number, subject, to[0], whole(message.text, message.quoted), cc=(*to[1:], *cc), seen=seen)


@dataclass(frozen=True, slots=True)
class _Macro:
    name: str
    steps: Sequence[Step]
    texts: Sequence[CannedRow]


def _macro(desk: Desk, macro_id: int) -> _Macro:
    name, lines = desk.ask(steps_of, macro_id)
    steps = sorted(read_steps(lines), key=lambda one: one.deed is not Deed.RESOLUTION)  # a status may ask for it
    return _Macro(name, steps, desk.ask(canned_replies, desk.actor))


def _on_all(
    desk: Desk, changes: Changes, macro: _Macro, sending: Sending, looked_at: Mapping[int, Preview]
) -> list[Message]:
    """Do it on all tickets; returns the answers."""
    writer = Writer(desk.actor, desk.settings, changes.now)
    answers = []
    out_of_sight: list[tuple[Change, int]] = []
    for change in changes:
        for step in macro.steps:
            with changes.session.no_autoflush:
                _do(changes, change, step, writer)
            if not sees(changes.session, change.ticket.queue_id):  # what is written is written where one still is
                out_of_sight.append((change, change.ticket.queue_id))
                change.ticket.queue_id = change.before["queue_id"]
            changes.session.flush()
        _note(changes, change, macro.steps, writer)
        answers.append(_answer(changes, change, macro, writer, sending, looked_at))
    for change, queue_id in out_of_sight:
        change.ticket.queue_id = queue_id
    return [one for one in answers if one is not None]


def _do(changes: Changes, change: Change, step: Step, writer: Writer) -> None:
    """One step on one ticket; notes and the answer come last of all."""
    if step.deed is Deed.ASSIGN:
        _assign(changes, change, step.value)
    elif step.deed is Deed.TAG:
        _tag(changes, change, step.value.split())
    elif step.deed is Deed.REMIND:
        set_reminder(changes, change, int(step.value), writer.settings.calendar)
    elif step.deed not in (Deed.REPLY, Deed.CANNED, Deed.NOTE):
        for edit in edits(changes.session, _fields(step), writer.settings.calendar):
            edit(changes, change)


def _note(changes: Changes, change: Change, steps: Sequence[Step], writer: Writer) -> None:
    """What the steps note, as one note; colleagues whom it calls by name are told of it."""
    notes = [step.value for step in steps if step.deed is Deed.NOTE]
    if not notes:
        return
    text = filled(changes.session, change.ticket, "\n\n".join(notes), writer)
    message = own_message(changes, change.ticket, MessageKind.NOTE, text)
    change.record(NOTE_LEFT, None, message.id)
    asked, _told = ask_colleagues(changes, change.ticket, message.id, text)
    tell_watchers(changes, change.ticket, asked)


def _answer(
    changes: Changes,
    change: Change,
    macro: _Macro,
    writer: Writer,
    sending: Sending,
    looked_at: Mapping[int, Preview],
) -> Message | None:
    """The answer of a macro, as `r` would send it.

    Raises:
        Overtaken: somebody wrote on the ticket what its reader has not seen.
    """
    said = next((step for step in macro.steps if step.deed in (Deed.REPLY, Deed.CANNED)), None)
    if said is None:
        return None
    refuse_overtaken(changes, change.ticket.id, sending.seen)
    has_status = any(step.deed is Deed.STATUS for step in macro.steps)
    text, used = said.value, sending.canned
    if said.deed is Deed.CANNED:
        row = _canned(said.value, macro.texts)
        text, used = row.text, (*used, row.id)
    body = filled(changes.session, change.ticket, text, writer)
    then = None if has_status else Status.WAITING_CUSTOMER
    status = change.ticket.status
    told = signed(changes.session, change.ticket.id, replace(sending, canned=used), writer)
    to, cc = as_shown(changes, change, looked_at, whole(body, told.quoted))
    message = answer_one(changes, change, body, to, cc, then, told, writer.settings.calendar)
    if has_status and change.ticket.status != status:
        change.ticket.status = status
    return message


def _fields(step: Step) -> Fields:
    value = step.value
    if step.deed is Deed.STATUS:
        return Fields(status=Status(value))
    if step.deed is Deed.PRIORITY:
        return Fields(priority=Priority(value))
    if step.deed is Deed.CATEGORY:
        return Fields(category=value)
    return Fields(queue=value) if step.deed is Deed.QUEUE else Fields(resolution=value)


def _assign(changes: Changes, change: Change, login: str) -> None:
    if login in ("nobody", "none"):
        change.ticket.assignee_id = None
        return
    agent = agent_named(changes, changes.actor.login if login == "me" else login)
    refuse_strangers(changes.session, [change.ticket], agent)
    change.ticket.assignee_id = agent.id


def _tag(changes: Changes, change: Change, words: Sequence[str]) -> None:
    before = tags_of(changes.session, change.ticket.id)
    wanted = {one.lstrip("+") for one in words if not one.startswith("-")}
    after = sorted((set(before) | wanted) - {one[1:] for one in words if one.startswith("-")})
    if after != before:
        write_tags(changes.session, change.ticket.id, before, after)
        first = change.more["tags"][0] if "tags" in change.more else before
        change.record("tags", first, after)


def _canned(path: str, texts: Sequence[CannedRow]) -> CannedRow:
    found = next((one for one in texts if path in (one.path, one.name)), None)
    if found is None:
        raise NotFound(
            _("There is no canned reply {name}.").format(name=clean_line(path, 80)),
            _("`helpdesk canned list` shows them."),
        )
    return found
