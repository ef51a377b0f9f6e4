"""Doing a macro: all its steps on all its tickets in one transaction, with one undo."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

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
from helpdesk_tui.terms import MessageKind, Outcome, Person, Priority, Status, Verb


def run_macro(desk: Desk, tickets: Sequence[int], macro_id: int, sending: Sending = AT_ONCE) -> Outcome:
    """Do the steps of a macro on these tickets.

    Raises:
        Refused, NotFound, Usage: a step cannot be done on one of them; nothing is done then.
    """
    name, lines = desk.ask(steps_of, macro_id)
    steps = sorted(read_steps(lines), key=lambda one: one.deed is not Deed.RESOLUTION)  # a status may ask for it
    texts = desk.ask(canned_replies, desk.actor)
    with desk.change(Verb.MACRO, tickets) as changes:
        writer = Writer(desk.actor, desk.settings, changes.now)
        for change in changes:
            for step in steps:
                _do(changes, change, step, writer)
            _note(changes, change, steps, writer)
            answered = _answer(changes, change, steps, writer, texts, sending)
        count_uses(changes.session, (), [macro_id])
        said = _("{name} on {tickets}").format(name=name, tickets=name_tickets(changes.numbers))
        if answered and len(changes) == 1:
            said += " · " + _("an answer to {people}").format(people=", ".join(one.called for one in answered))
        changes.say(said)
    return changes.outcome


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
    steps: Sequence[Step],
    writer: Writer,
    texts: Sequence[CannedRow],
    sending: Sending,
) -> list[Person]:
    """The answer of a macro, as `r` would send it; returns whom it goes to.

    Raises:
        Overtaken: somebody wrote on the ticket what its reader has not seen.
    """
    said = next((step for step in steps if step.deed in (Deed.REPLY, Deed.CANNED)), None)
    if said is None:
        return []
    refuse_overtaken(changes, change.ticket.id, sending.seen)
    has_status = any(step.deed is Deed.STATUS for step in steps)
    text, used = said.value, sending.canned
    if said.deed is Deed.CANNED:
        row = _canned(said.value, texts)
        text, used = row.text, (*used, row.id)
    body = filled(changes.session, change.ticket, text, writer)
    then = None if has_status else Status.WAITING_CUSTOMER
    status = change.ticket.status
    told = signed(changes.session, change.ticket.id, replace(sending, canned=used), writer)
    message = answer_one(changes, change, body, (), None, then, told, writer.settings.calendar)
    if has_status and change.ticket.status != status:
        change.ticket.status = status
    return [Person(*one) for one in (*message.to, *message.cc)]


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
