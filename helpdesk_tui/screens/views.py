"""The views of the list: saved queries under a digit."""

from __future__ import annotations

from dataclasses import dataclass

from helpdesk_tui.language import _


@dataclass(frozen=True, slots=True)
class ListView:
    """A saved query under a digit."""

    name: str
    query: str


#: What somebody is to look at.
FOR_ME = "is:noticed"


def calls_view() -> ListView:
    """Today's calls, under 0."""
    return ListView(_("Calls"), "is:calling")


def default_views() -> list[ListView]:
    """The views that make sense on the first day."""
    return [
        ListView(_("Mine"), "is:open me"),
        ListView(_("Unassigned"), "is:unassigned"),
        ListView(_("Waiting"), "is:waiting"),
        ListView(_("Due"), "is:due"),
        ListView(_("New"), "is:new"),
        ListView(_("Open"), "is:open"),
        ListView(_("Solved"), "is:solved"),
        ListView(_("For me"), FOR_ME),
    ]
