"""Work goes over by a command as it does on the board."""

from __future__ import annotations

import pytest

from helpdesk_tui.desk import assignment, settings
from helpdesk_tui.desk.drafts import save_draft
from tests.build import Place, a_ticket, row
from tests.cli.conftest import Helpdesk

pytestmark = pytest.mark.one_store


@pytest.fixture
def numbers(place: Place) -> list[int]:
    """Three tickets of bob's, and the text of a new request he has begun."""
    bob = place.desk("bob")
    numbers = [a_ticket(bob, subject) for subject in ("Printer", "Phone", "Mouse")]
    assignment.take(bob, numbers)
    save_draft(bob, None, "new", "Mira called")
    return numbers


def assignees(place: Place, numbers: list[int]) -> list[str | None]:
    return [row(place.desk("root"), number).assignee for number in numbers]


def test_all_of_somebody_goes_to_one_and_comes_back(place: Place, as_root: Helpdesk, numbers: list[int]) -> None:
    plan = as_root.json("agent", "hand-over", "bob", "--to", "anna", "--dry-run")
    assert (sorted(plan["shares"]["anna"]), plan["to_queues"], plan["stay"]) == (sorted(numbers), [], [])
    assert (plan["calls_and_texts"], plan["rest_to"]) == ([{"kind": "new", "ticket": None}], "anna")
    assert assignees(place, numbers) == ["bob"] * 3
    done = as_root.json("agent", "hand-over", "bob", "--to", "anna", "--batch-id", "once")
    assert done["outcome"] == "3 tickets, 1 unsent text handed over to anna"
    assert as_root.json("agent", "hand-over", "bob", "--to", "anna", "--batch-id", "once") == done
    assert assignees(place, numbers) == ["anna"] * 3
    as_root("ticket", "undo")
    assert assignees(place, numbers) == ["bob"] * 3


def test_without_names_it_is_shared_out_as_room_allows(place: Place, as_root: Helpdesk, numbers: list[int]) -> None:
    settings.set_agent(place.desk("root"), "anna", capacity=1)
    plan = as_root.json("agent", "hand-over", "bob", "--to", "anna", "--to", "bob", "--dry-run")
    assert (len(plan["shares"]["anna"]), len(plan["to_queues"])) == (1, 2)
    shown = as_root("agent", "hand-over", "bob", "--dry-run").out.decode()
    assert "root" in shown
    assert "calls and unsent texts" in shown
    as_root("agent", "hand-over", "bob")
    assert "bob" not in assignees(place, numbers)


def test_what_the_other_could_not_see_stays(place: Place, as_root: Helpdesk, numbers: list[int]) -> None:
    settings.set_agent(place.desk("root"), "anna", queues=["-support"])
    plan = as_root.json("agent", "hand-over", "bob", "--to", "anna", "--dry-run")
    assert (plan["shares"], sorted(plan["stay"])) == ({"anna": []}, sorted(numbers))


@pytest.mark.parametrize("words", [["nobody"], ["bob", "--to", "nobody"]])
def test_a_name_that_nobody_has_is_refused(as_root: Helpdesk, numbers: list[int], words: list[str]) -> None:
    done = as_root("agent", "hand-over", *words, code=1)
    assert b"There is no agent nobody." in done.err


def test_only_leads_hand_over(place: Place, helpdesk: Helpdesk, numbers: list[int]) -> None:
    for more in ([], ["--dry-run"]):
        done = helpdesk("agent", "hand-over", "bob", "--to", "anna", *more, code=1)
        assert b"Only a lead or an admin may do this." in done.err
    assert assignees(place, numbers) == ["bob"] * 3
