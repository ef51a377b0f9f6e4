"""The keys: one table that feeds bindings, footer, `?`, palette and documentation.

An id is `area.action`; areas are `any` (everywhere), `list`, `customer`, `aside` (mail kept aside), `board` (with the list's keys for moving and marking), `ticket`, `verb` (list, board
and ticket) and `write` (composer).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from textual.binding import Binding

from helpdesk_tui.language import _


@dataclass(frozen=True, slots=True)
class Key:
    """One thing a key does: its id, the keys, the word in the footer ("" leaves it out), and a sentence."""

    id: str
    keys: str
    word: str
    help: str

    @property
    def area(self) -> str:
        """Where it works."""
        return self.id.partition(".")[0]

    @property
    def action(self) -> str:
        """The name of the screen's action."""
        return self.id.partition(".")[2]

    @property
    def name(self) -> str:
        """What it is called where there is room for more than its key: the word, else the action's own name."""
        return self.word or self.action.replace("_", " ")

    @property
    def shown(self) -> str:
        """The first key as people read it."""
        return _READABLE.get(self.keys.split(",")[0], self.keys.split(",")[0])

    @property
    def short(self) -> str:
        """The first key as it stands where room is scarce: `^S`."""
        shown = self.shown
        return f"^{shown[5:].upper()}" if shown.startswith("ctrl+") and len(shown) == 6 else shown

    @property
    def all_shown(self) -> str:
        """All keys as people read them."""
        return " ".join(_READABLE.get(key, key) for key in self.keys.split(","))


_READABLE = {
    "question_mark": "?",
    "colon": ":",
    "slash": "/",
    "number_sign": "#",
    "asterisk": "*",
    "space": "space",
    "comma": ",",
    "full_stop": ".",
    "plus": "+",
    "equals_sign": "=",
    "greater_than_sign": ">",
    "less_than_sign": "<",
    "exclamation_mark": "!",
    "minus": "-",
    "enter": "Enter",
    "escape": "Esc",
    "pageup": "PgUp",
    "pagedown": "PgDn",
    "home": "Home",
    "end": "End",
    "down": "↓",
    "up": "↑",
    "left": "←",
    "right": "→",
    "tab": "Tab",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
    "backspace": "⌫",
}


def table() -> tuple[Key, ...]:
    """All keys, in the order people look for them."""
    return (
        Key("verb.reply", "r", _("reply"), _("answer the customer")),
        Key("verb.reply_all", "R", "", _("answer all whom the mail names")),
        Key("verb.forward", "f", "", _("pass the mail on to somebody")),
        Key("verb.ask_back", "N", "", _("ask the customer back; it comes back by itself")),
        Key("verb.note", "c", _("note"), _("write an internal note; @name asks a colleague")),
        Key("verb.log_call", "F", "", _("write down a call")),
        Key("verb.assign", "a", _("assign"), _("give the ticket to an agent")),
        Key("verb.hand_on", "e", "", _("hand it on with a note, which they see first")),
        Key("verb.take", "A", _("take"), _("take the ticket yourself")),
        Key("verb.priority", "p", _("prio"), _("choose the priority")),
        Key("verb.status", "s", _("status"), _("choose the status")),
        Key("verb.solve", "x", _("solve"), _("mark as solved")),
        Key("verb.reopen", "X", "", _("open again")),
        Key("verb.category", "C", "", _("choose the category")),
        Key("verb.tags", "t", _("tags"), _("put tags on, take tags off")),
        Key("verb.queue", "M", "", _("move to another queue")),
        Key("verb.due", "D", "", _("agree on a due date")),
        Key("verb.summary", "S", "", _("say in one line what it is about")),
        Key("verb.callback", "b", _("callback"), _("call the customer back: book, move, give up")),
        Key("verb.customer", "i", "", _("the customer: all of theirs by time, who is who")),
        Key("verb.accept", "I", "", _("let in who wrote last: their mail belongs here")),
        Key("verb.requester", "E", "", _("say whose request it is")),
        Key("verb.merge", "m", "", _("merge it into another ticket")),
        Key("verb.relations", "L", "", _("linked tickets: open, link, incident, unmerge")),
        Key("verb.snooze", "Z", "", _("put it away until later, or be reminded")),
        Key("verb.watch", "w", "", _("be told what is new on it, or no more")),
        Key("verb.macro", "z", "", _("do a macro: several things at once")),
        Key("any.card", "T", "", _("the card of the call that is due, or booked here")),
        Key("any.calendar", "B", "", _("the week of calls, only to look at")),
        Key("any.new", "n,ctrl+n", _("new/call"), _("new request or call; ctrl+n inside a field")),
        Key("any.undo", "u", _("undo"), _("take back your last change")),
        Key("any.redo", "U", "", _("do again what you undid")),
        Key("any.board", "H", "", _("the board: hand work over, share it out")),
        Key("any.aside", "V", "", _("mail that became no ticket")),
        Key("any.jump", "number_sign", "", _("go to a ticket by its number")),
        Key("any.palette", "colon,ctrl+p", "", _("choose any of these by name")),
        Key("any.help", "question_mark", _("keys"), _("show the keys")),
        Key("any.refresh", "ctrl+r", "", _("sort the list anew, load what is new")),
        Key("any.redraw", "ctrl+l", "", _("draw the screen anew")),
        Key("any.suspend", "ctrl+z", "", _("leave for the shell; fg comes back")),
        Key("any.quit", "Q,ctrl+q", "", _("quit")),
        Key("list.down", "j,down", "", _("next line")),
        Key("list.up", "k,up", "", _("previous line")),
        Key("list.top", "g,home", "", _("first line")),
        Key("list.bottom", "G,end", "", _("last line")),
        Key("list.half_down", "ctrl+d", "", _("half a page down")),
        Key("list.half_up", "ctrl+u", "", _("half a page up")),
        Key("list.page_down", "pagedown", "", _("a page down")),
        Key("list.page_up", "pageup", "", _("a page up")),
        Key("list.open", "enter,l,right", _("open"), _("open the ticket")),
        Key("list.back", "q,h,left", "", _("back: filter, marks, then quit")),
        Key("list.peel", "escape", "", _("back: filter, marks; never quits")),
        Key("list.mark", "space", _("mark"), _("mark the ticket and go on")),
        Key("list.mark_range", "v", "", _("mark from the last mark to here")),
        Key("list.mark_all", "asterisk", "", _("mark all that match")),
        Key("list.filter", "slash,ctrl+f", _("filter"), _("filter while you type")),
        Key("list.preview", "P", "", _("show or hide the preview")),
        Key("list.grow", "plus", "", _("larger preview")),
        Key("list.shrink", "minus", "", _("smaller preview")),
        Key("list.next_view", "full_stop,right_square_bracket", "", _("next view")),
        Key("list.previous_view", "comma,left_square_bracket", "", _("previous view")),
        Key("list.copy", "y", "", _("copy the number")),
        Key(
            "board.give", "enter", _("do it"), _("do what the line above says; without marks: to the tickets, open one")
        ),
        Key("board.share", "equals_sign", _("propose"), _("propose who gets the marked tickets")),
        Key("board.enter", "l,right", "", _("to the tickets; there, open one")),
        Key("board.pane", "tab,full_stop,comma", _("other pane"), _("to the other pane")),
        Key("board.left", "h,left", "", _("to the left pane, marks stay; there, back")),
        Key("board.back", "q,escape", _("back"), _("back: marks, pane, then the list")),
        Key("ticket.line_down", "j,down", "", _("a line down")),
        Key("ticket.line_up", "k,up", "", _("a line up")),
        Key("ticket.top", "g,home", "", _("to the first message")),
        Key("ticket.bottom", "G,end", "", _("to the last message")),
        Key("ticket.page_down", "pagedown,space,ctrl+d", "", _("a page down")),
        Key("ticket.page_up", "pageup,ctrl+u", "", _("a page up")),
        Key("ticket.next_message", "full_stop,right_square_bracket", "", _("next message")),
        Key("ticket.previous_message", "comma,left_square_bracket", "", _("previous message")),
        Key("ticket.unfold", "enter,l,right", _("unfold"), _("open or fold what is quoted")),
        Key("ticket.next_ticket", "J", _("next"), _("next ticket of the list")),
        Key("ticket.previous_ticket", "K", "", _("previous ticket of the list")),
        Key("ticket.back", "q,h,left,escape", _("back"), _("back to the list")),
        Key("ticket.find", "slash,ctrl+f", _("find"), _("find words in the thread")),
        Key("ticket.files", "o", _("files"), _("files and links: save, show, open, copy")),
        Key("ticket.original", "v", "", _("the mail as it came, its head first")),
        Key("ticket.quote_in", "greater_than_sign", "", _("quote the message in the answer")),
        Key("ticket.split", "less_than_sign", "", _("make a ticket of the message")),
        Key("ticket.delivery", "exclamation_mark", "", _("what to do about a mail that did not arrive")),
        Key("ticket.why", "W", "", _("why this mail lies here, and where the time went")),
        Key("ticket.copy", "y", "", _("copy the message's text")),
        Key("ticket.properties", "P", "", _("show or hide the side panel")),
        Key("aside.ticket", "t", _("ticket"), _("make a ticket of it; what comes like it goes on there")),
        Key("aside.put_away", "x", _("put away"), _("put the entry away; its mails stay")),
        Key("aside.why", "enter,l,right,w", _("why"), _("why it lies here, and how its original begins")),
        Key("aside.next_list", "full_stop,right_square_bracket,tab", _("next list"), _("the next list")),
        Key("aside.previous_list", "comma,left_square_bracket", "", _("the list before")),
        Key("aside.down", "j,down", "", _("next entry")),
        Key("aside.up", "k,up", "", _("previous entry")),
        Key("aside.top", "g,home", "", _("first entry")),
        Key("aside.bottom", "G,end", "", _("last entry")),
        Key("aside.page_down", "pagedown,space,ctrl+d", "", _("a page of entries down")),
        Key("aside.page_up", "pageup,ctrl+u", "", _("a page of entries up")),
        Key("aside.back", "q,h,left,escape", _("back"), _("back to where one was")),
        Key("slots.book", "enter", _("book/move"), _("book the slot, or move the call there")),
        Key("slots.next_free", "n", _("next free"), _("to the next slot that is free")),
        Key("slots.give_up", "x", _("give up"), _("nobody shall be called any more")),
        Key("slots.team", "t", _("team"), _("choose who calls")),
        Key("slots.next_week", "full_stop,right_square_bracket", _("week"), _("the week after")),
        Key("slots.previous_week", "comma,left_square_bracket", "", _("the week before")),
        Key("slots.down", "j,down", "", _("the next free slot below")),
        Key("slots.up", "k,up", "", _("the next free slot above")),
        Key("slots.right", "l,right", "", _("a free slot of a later day")),
        Key("slots.left", "h,left", "", _("a free slot of an earlier day")),
        Key("slots.first", "g,home", "", _("the first free slot of the day")),
        Key("slots.last", "G,end", "", _("the last free slot of the day")),
        Key("slots.back", "q,escape", _("back"), _("back; nothing is booked")),
        Key("card.reached", "1", "", _("reached")),
        Key("card.no_answer", "2", "", _("no answer: the next free slot is booked")),
        Key("card.voicemail", "3", "", _("voicemail: the next free slot is booked")),
        Key("card.wrong_number", "4", "", _("wrong number: ask for the right one")),
        Key("card.later", "5", "", _("later: choose when")),
        Key("card.copy", "y", "", _("copy the phone number")),
        Key("card.down", "j,down,pagedown", "", _("further down")),
        Key("card.up", "k,up,pageup", "", _("further up")),
        Key("card.leave", "q,escape", "", _("leave; the call stays booked")),
        Key("customer.open", "enter,l,right", _("open"), _("open the ticket")),
        Key("customer.down", "j,down", "", _("next line")),
        Key("customer.up", "k,up", "", _("previous line")),
        Key("customer.top", "g,home", "", _("the newest")),
        Key("customer.bottom", "G,end", "", _("the oldest")),
        Key("customer.page_down", "pagedown,space,ctrl+d", "", _("a page down")),
        Key("customer.page_up", "pageup,ctrl+u", "", _("a page up")),
        Key(
            "customer.next_list",
            "tab,full_stop,comma,right_square_bracket,left_square_bracket",
            _("tickets"),
            _("everything by time, or the tickets alone"),
        ),
        Key("customer.add", "a", _("add"), _("one more address or phone")),
        Key("customer.remove", "d", _("take away"), _("take an address or a phone away")),
        Key("customer.rename", "e", _("name"), _("say what they are called")),
        Key("customer.company", "o", _("company"), _("say whose company they belong to")),
        Key("customer.join", "J", _("same as"), _("say which other record is the same person")),
        Key("customer.split", "S", _("split"), _("take apart what was joined")),
        Key("customer.back", "q,h,left,escape", _("back"), _("back to the ticket")),
        Key("write.send", "ctrl+s", _("send"), _("send or save")),
        Key("write.then", "ctrl+o", _("then"), _("choose what happens next, and when it leaves")),
        Key("write.recipients", "ctrl+r", _("who"), _("choose who gets it; of a call, number and times")),
        Key("write.canned", "ctrl+t", _("canned"), _("put a prepared text in; keep or edit one")),
        Key("write.attach", "ctrl+f", _("file"), _("attach a file, or take one away")),
        Key("write.editor", "ctrl+g", "$EDITOR", _("write in your own editor")),
        Key("write.thread", "tab", _("thread"), _("to the thread; the draft stays")),
        Key("write.leave", "escape", _("leave"), _("leave; the draft stays")),
    )


#: What the line of keys shows, the most wanted first; how much of it depends on the width.
_FOOTER = (
    "ticket", "put_away", "next_list", "book", "next_free", "give_up", "team", "next_week", "give", "share", "pane", "reply", "assign", "take", "priority",
    "status", "solve", "new", "callback", "filter", "send", "then", "recipients", "canned", "attach", "editor", "thread",
    "leave", "note", "why", "undo", "tags", "open", "unfold", "back", "mark", "next_ticket",
)  # fmt: skip


def footer(keys: Iterable[Key]) -> list[Key]:
    """The keys that have a word, in the order of the line of keys."""
    worded = [key for key in keys if key.word]
    return sorted(worded, key=lambda key: _FOOTER.index(key.action) if key.action in _FOOTER else len(_FOOTER))


def bindings(*areas: str) -> list[Binding]:
    """The bindings of these areas, for a screen or the app."""
    return [
        Binding(key.keys, key.action, key.word or key.help, show=False, id=key.id)
        for key in table()
        if key.area in areas
    ]


def macro_bindings() -> list[Binding]:
    """1 to 9: the macros under these digits."""
    return [
        Binding(str(n), f"macro_under({n})", _("macro {n}").format(n=n), show=False, id=f"ticket.macro_{n}")
        for n in range(1, 10)
    ]


def view_bindings() -> list[Binding]:
    """1 to 9: the saved views; 0: today's calls."""
    calls = Binding("0", "view(0)", _("today's calls"), show=False, id="list.view_0")
    return [calls] + [
        Binding(str(n), f"view({n})", _("view {n}").format(n=n), show=False, id=f"list.view_{n}") for n in range(1, 10)
    ]
