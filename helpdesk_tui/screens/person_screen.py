"""The keys about people: whose a ticket is, who else belongs to it, and to which other matter it belongs."""

from __future__ import annotations

from functools import partial

from helpdesk_tui.desk.beside import beside
from helpdesk_tui.desk.merging import merge
from helpdesk_tui.desk.pages import TicketPage, preview_page
from helpdesk_tui.desk.participants import accept, set_requester
from helpdesk_tui.errors import HelpdeskError
from helpdesk_tui.language import _
from helpdesk_tui.rules.callers import read_caller
from helpdesk_tui.screens.call_screen import CallScreen
from helpdesk_tui.screens.dialogs.dialog import Ask, NumberPicker
from helpdesk_tui.store.queries.people import customer_of_ticket
from helpdesk_tui.store.queries.tickets import ticket_by_number, ticket_rows
from helpdesk_tui.terms import ACTIVE


class PersonScreen(CallScreen):
    """A screen whose keys say who is who on the chosen ticket."""

    #: What is shown of a ticket, None while it is being read.
    page: TicketPage | None = None

    def action_customer(self) -> None:
        """Open the customer's screen."""
        if self.can("customer"):
            self.desk_app.opening(self._open_customer(self.chosen()[0]))

    async def _open_customer(self, ticket_id: int) -> None:
        from helpdesk_tui.screens.customer import CustomerScreen

        row = await self.desk_app.read(customer_of_ticket, ticket_id)
        await self.app.push_screen(CustomerScreen(row.id))

    def action_accept(self) -> None:
        """Let in whom the shown ticket names as new to it, whoever has written since."""
        if not self.can("accept"):
            return
        if (page := self.page) is None or page.newcomer is None or [page.ticket.id] != self.chosen():
            self.refuse(HelpdeskError(_("This ticket is still being read."), _("Then press the key again.")))
            return
        address = page.newcomer.address
        self.act(self.chosen(), lambda desk, numbers: accept(desk, numbers[0], address))

    def action_requester(self) -> None:
        """Say whose ticket it is."""
        if self.can("requester"):
            self.desk_app.opening(self._ask_requester(self.chosen()[0]))

    async def _ask_requester(self, ticket_id: int) -> None:
        page = await self.desk_app.read(preview_page, ticket_id)
        if page is not None:
            proposed = page.passed_on.whole if page.passed_on else ""
            help_words = _("Name <address>, an address or a name; answers go there")
            asked = Ask(_("Whose request is it"), help_words, proposed, read_caller)
            self.app.push_screen(asked, partial(self._set_requester, [ticket_id]))

    def _set_requester(self, ids: list[int], answer: str | None) -> None:
        if answer and answer.strip():
            person = read_caller(answer).person
            self.act(ids, lambda desk, numbers: set_requester(desk, numbers[0], person))

    def action_merge(self) -> None:
        """Merge the ticket into the one it says it belongs to, or into another."""
        if self.can("merge"):
            self.desk_app.opening(self._ask_merge(self.chosen()[0]))

    async def _ask_merge(self, ticket_id: int) -> None:
        page = await self.desk_app.read(preview_page, ticket_id)
        if page is None:
            return
        if page.ticket.linked_to:
            self._merge([ticket_id], str(page.ticket.linked_to))
        else:
            title = _("#{number} becomes part of ticket").format(number=page.ticket.number)
            likely = await self._likely(ticket_id)
            asked = NumberPicker(title, likely) if likely else Ask(title, _("such as 1042"))
            self.app.push_screen(asked, partial(self._merge, [ticket_id]))

    async def _likely(self, ticket_id: int) -> list[tuple[str, str]]:
        """What may be the same matter: what looks like it, and what else is open of its customer."""
        around = await self.desk_app.read(beside, ticket_id, self.desk_app.desk.actor)
        rows = (*around.suggestions, *around.others) if around else ()
        found = {row.number: row for row in rows if row.status in ACTIVE and row.merged_into is None}
        return [
            (str(row.number), f"#{row.number} {row.subject} · {row.requester.called} · {row.queue}")
            for row in found.values()
        ]

    def _merge(self, ids: list[int], answer: str | None) -> None:
        digits = (answer or "").strip().lstrip("#")
        if digits.isdecimal() and len(digits) < 19:
            self.desk_app.opening(self._merge_known(ids, int(digits)))
        elif digits:
            self.refuse(HelpdeskError(_("{words} is not a ticket number.").format(words=digits[:20])))

    async def _merge_known(self, ids: list[int], into: int) -> None:
        """Merge; where the other ticket is another customer's, it is shown and asked for first."""
        rows, target = await self.desk_app.read(ticket_rows, ids), await self.desk_app.read(ticket_by_number, into)

        def go_on(answer: str) -> None:
            if answer == "yes":
                self.act(ids, lambda desk, numbers: merge(desk, numbers[0], into))

        if target is None or not rows or target.requester == rows[0].requester:
            go_on("yes")
            return
        words = f"#{target.number} {target.subject} · {target.requester.called} · {target.queue}"
        options = [("yes", _("into {ticket}").format(ticket=words)), ("no", _("leave it as it is"))]
        self.pick(_("It is another customer's. Merge it?"), options, go_on)


def page_refusal(page: TicketPage, action: str) -> str:
    """Why an action cannot be done on the ticket of a page; "" where it can."""
    if action in ("reply", "reply_all", "ask_back", "forward"):
        return page.reply_refusal if action != "forward" else page.forward_refusal
    if action == "accept" and page.newcomer is None:
        return _("Nobody new to this ticket has written last.")
    if action == "merge" and page.ticket.merged_into:
        return _("It was merged into #{number} before.").format(number=page.ticket.merged_into)
    return ""
