"""What a first mail of ours has besides its words: who else gets it, and what goes along."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, cast

from rich.text import Text
from textual.widgets import Static

from helpdesk_tui.desk.sending import KeptFile
from helpdesk_tui.language import _, ngettext
from helpdesk_tui.rules.before_sending import oddities
from helpdesk_tui.rules.impostors import true_spelling
from helpdesk_tui.rules.routing import plain_address
from helpdesk_tui.rules.untrusted import clean_line
from helpdesk_tui.screens import attaching
from helpdesk_tui.screens.dialogs.attach import AttachDialog
from helpdesk_tui.screens.dialogs.before_sending import BeforeSending
from helpdesk_tui.screens.dialogs.people_of_mail import Chosen, PeopleDialog
from helpdesk_tui.screens.phrases import size
from helpdesk_tui.screens.recipients import shown
from helpdesk_tui.terms import Person

if TYPE_CHECKING:
    from helpdesk_tui.app import HelpdeskApp

People = tuple[Person, ...]
#: So many of a kind stand in a line; the last look before it goes names them all.
_MOST_SHOWN = 2


class FirstMail(Static):
    """A line that says it; nothing is to be seen of it where there is nothing.

    Attributes:
        also: Who gets it beside the one it is written to. cc: who gets a copy. files: what goes along.
    """

    def __init__(self) -> None:
        super().__init__("", id="first-mail", markup=False)
        self.also: People = ()
        self.cc: People = ()
        self.files: tuple[KeptFile, ...] = ()
        self._is_mail = False

    @property
    def _app(self) -> HelpdeskApp:
        return cast("HelpdeskApp", self.app)

    def show(self, *, is_mail: bool) -> None:
        """Say what there is, as long as it is a mail."""
        self._is_mail = is_mail
        said = []
        if self.also:
            said.append(_("To {people} as well").format(people=_first_of(list(map(shown, self.also)))))
        if self.cc:
            said.append(_("Cc {people}").format(people=_first_of(list(map(shown, self.cc)))))
        if self.files:
            words = ngettext("{n} file", "{n} files", len(self.files)).format(n=len(self.files))
            said.append(
                f"+ {words}: " + _first_of([f"{clean_line(one.name, 40)} {size(one.size)}" for one in self.files])
            )
        self.display = is_mail and bool(said)
        self.update(Text("\n".join(said), "bold", no_wrap=True, overflow="ellipsis"))

    def fields(self) -> dict[str, Any]:
        """As a draft keeps it; nothing where there is nothing."""
        kept = {
            "also": [[one.name, one.address] for one in self.also],
            "cc": [[one.name, one.address] for one in self.cc],
            "files": attaching.as_fields(self.files),
        }
        return {name: value for name, value in kept.items() if value}

    @property
    def in_words(self) -> str:
        """The names of files and people."""
        return ", ".join([*(one.name for one in self.files), *(one.called for one in (*self.also, *self.cc))])

    def restore(self, fields: Mapping[str, Any]) -> None:
        """As a draft kept it."""
        self.also, self.cc = (tuple(Person(*one) for one in fields.get(name, ())) for name in ("also", "cc"))
        self.files = attaching.from_fields(fields.get("files", ()))
        self.show(is_mail=self._is_mail)

    def choose_people(self, written_to: Person | None, then: Callable[[Person | None], None]) -> None:
        """Choose who gets it.

        Args:
            written_to: whom it is written to so far.
            then: is told whom it is written to now; None where nobody is in To.
        """

        def take(chosen: Chosen | None) -> None:
            if chosen is None:
                return
            to, self.cc = chosen
            self.also = to[1:]
            self.show(is_mail=self._is_mail)
            then(to[0] if to else None)

        to = (*([written_to] if written_to is not None else []), *self.also)
        self.app.push_screen(PeopleDialog(to, self.cc, [], {plain_address(one.address) for one in to}), take)

    def choose_files(self, then: Callable[[], None]) -> None:
        """Attach a file, or take one away; `then` is called when that is done."""

        def changed(files: tuple[KeptFile, ...]) -> None:
            self.files = files
            self.show(is_mail=self._is_mail)
            then()

        async def attach(answer: str) -> None:
            kept = await attaching.kept(self._app, answer)
            changed((*self.files, kept))

        def taken(answer: str | None) -> None:
            if answer is None:
                return
            if (left := attaching.without(self.files, answer)) is not None:
                changed(left)
            else:
                self._app.opening(attach(answer))

        self.app.push_screen(AttachDialog(self.files), taken)

    def look_before(self, written_to: Person, text: str, then: Callable[[], None]) -> None:
        """Go on at once where nothing is odd about it, else when a person has seen it and wants to."""
        people = (written_to, *self.also, *self.cc)
        known = {plain_address(one.address) for one in people if not true_spelling(one.address)}
        odd = oddities(text, people, known, has_files=bool(self.files))
        if max(len(self.also), len(self.cc)) > _MOST_SHOWN:  # the line named only the first
            odd += [_("It goes to {people}").format(people=shown(one)) for one in people]
        if not odd:
            then()
            return
        now = self._app.desk.clock()
        self.app.push_screen(BeforeSending(odd, [], text, now), lambda answer: then() if answer == "send" else None)


def _first_of(names: list[str]) -> str:
    """The first few, and how many more there are."""
    more = f" +{len(names) - _MOST_SHOWN}" if len(names) > _MOST_SHOWN else ""
    return ", ".join(names[:_MOST_SHOWN]) + more
