"""How tickets have to do with each other, and what somebody is to look at, in words."""

from __future__ import annotations

from datetime import datetime

from helpdesk_tui.desk.pages import TicketPage
from helpdesk_tui.language import _
from helpdesk_tui.screens.phrases import moment
from helpdesk_tui.store.queries.notices import NoticeRow
from helpdesk_tui.store.queries.relations import Relation
from helpdesk_tui.terms import NoticeKind


def relation_word(relation: Relation) -> str:
    """What another ticket is to this one."""
    return {
        Relation.RELATED: _("has to do with it"),
        Relation.PARENT: _("the matter it is part of"),
        Relation.CHILD: _("part of its matter"),
        Relation.DUPLICATE_OF: _("what it is a duplicate of"),
        Relation.DUPLICATE: _("a duplicate of it"),
        Relation.MERGED: _("went into it"),
        Relation.SPLIT_FROM: _("what it came out of"),
        Relation.SPLIT_OFF: _("came out of it"),
    }[relation]


def snoozed_words(page: TicketPage, now: datetime) -> str:
    """Until when a ticket is put away; "" where it is not."""
    until = page.ticket.snoozed_until
    return _("snoozed until {when}").format(when=moment(until, now)) if until else ""


def notice_words(notice: NoticeRow, said: str) -> str:
    """Why somebody is to look at a ticket, and what was said to them."""
    words = {
        NoticeKind.MENTION: _("{by} asks you"),
        NoticeKind.HANDOVER: _("{by} hands it on to you"),
        NoticeKind.REMINDER: _("you wanted to be reminded"),
        NoticeKind.WATCHED: _("new here, which you watch"),
    }[notice.kind].format(by=notice.by)
    return f"{words}: {said}" if said else words
