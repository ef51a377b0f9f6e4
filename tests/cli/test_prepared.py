"""Prepared texts and macros from files and back."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from helpdesk_tui.desk.door import Desk
from tests.build import Place, a_mail, received, row, thread
from tests.cli.conftest import Helpdesk

pytestmark = pytest.mark.one_store

TEXTS = '''[[text]]
name = "Password"
folder = "Accounts"
language = "de"
text = """
Guten Tag {{customer}},
"quoted" \\\\ and more"""

[[text]]
name = "Thanks"
text = "Thank you."
'''
MACROS = """[[macro]]
name = "Done"
digit = "1"
steps = ["canned Thanks", "status solved", "tag +vpn"]
"""


@pytest.fixture
def desk(place: Place) -> Desk:
    """The same store, looked at from within."""
    return place.desk("anna")


def test_what_is_listed_as_toml_is_read_again(helpdesk: Helpdesk, a_file: Callable[[str | bytes], str]) -> None:
    helpdesk("canned", "apply", a_file(TEXTS))
    listed = helpdesk("canned", "list", "--toml").out
    helpdesk("canned", "apply", "-", stdin=listed)
    assert helpdesk("canned", "list", "--toml").out == listed
    assert [one["text"] for one in helpdesk.json("canned", "list")] == [
        "Thank you.",
        'Guten Tag {{customer}},\n"quoted" \\ and more',
    ]
    helpdesk("macro", "apply", a_file(MACROS))
    listed = helpdesk("macro", "list", "--toml").out
    helpdesk("macro", "apply", "-", stdin=listed)
    assert helpdesk("macro", "list", "--toml").out == listed


def test_a_macro_is_run_and_taken_back(helpdesk: Helpdesk, desk: Desk, a_file: Callable[[str | bytes], str]) -> None:
    numbers = [str(received(desk, a_mail("It burns.", subject=subject)).ticket) for subject in ("One", "Two")]
    helpdesk("canned", "apply", a_file(TEXTS))
    helpdesk("macro", "apply", a_file(MACROS))
    helpdesk("macro", "run", "Done", *numbers)
    assert {row(desk, int(one)).status for one in numbers} == {"solved"}
    assert [thread(desk, int(one))[-1].text.split("\n")[-1] for one in numbers] == ["Thank you."] * 2
    assert helpdesk.json("macro", "list")[0]["uses"] == 1
    helpdesk("ticket", "undo")
    assert {row(desk, int(one)).status for one in numbers} == {"new"}


def test_everybodys_are_a_leads(helpdesk: Helpdesk, as_root: Helpdesk, a_file: Callable[[str | bytes], str]) -> None:
    helpdesk("canned", "apply", a_file(TEXTS), "--shared", code=1)
    as_root("canned", "apply", a_file(TEXTS), "--shared")
    assert {one["is_shared"] for one in helpdesk.json("canned", "list")} == {True}
    helpdesk("canned", "remove", "Thanks", code=1)
    helpdesk("canned", "remove", "Thanks", "--shared", code=1)
    as_root("canned", "remove", "Thanks", "--shared")
    as_root("macro", "apply", a_file(MACROS))
    as_root("macro", "remove", "Done")
    assert [one["name"] for one in helpdesk.json("canned", "list")] == ["Password"]


@pytest.mark.parametrize(
    ("group", "text", "says"),
    [
        ("canned", "not toml", "no TOML"),
        ("canned", "", "no [[text]]"),
        ("canned", MACROS, "no [[text]]"),
        ("canned", '[[text]]\nname = "x"\ntext = "fine"\n[[text]]\nname = "y"', "number 2: text is missing"),
        ("canned", '[[text]]\nname = "x"\ntext = "y"\ntitle = "z"', "title is unknown"),
        ("canned", '[[text]]\nname = "x"\ntext = 3', "text is to be a text"),
        ("canned", '[[text]]\nname = "x"\ntext = "{{nobody}}"', "nobody"),
        ("canned", 'text = ["x"]', "it is no table"),
        ("macro", '[[macro]]\nname = "x"\nsteps = "status solved"', "steps is to be a list"),
        ("macro", '[[macro]]\nname = "x"\nsteps = ["dance now"]', "Step 1 (dance now)"),
        ("macro", '[[macro]]\nname = "x"\nsteps = ["status new"]\ndigit = "12"', "a digit from 1 to 9"),
    ],
)
def test_a_wrong_file_keeps_nothing(helpdesk: Helpdesk, group: str, text: str, says: str) -> None:
    done = helpdesk(group, "apply", "-", "--json", stdin=text.encode(), code=2)
    error = json.loads(done.out)["error"]
    assert says in error["message"] + error["hint"]
    assert helpdesk.json(group, "list") == []
