"""Real mails of others, kept outside this repository: none may stop the reader, and most are understood.

Set HELPDESK_MAIL_CORPUS to the folder with MANIFEST.tsv and expected.json.
"""

from __future__ import annotations

import csv
import json
import os
import re
from pathlib import Path
from typing import Any

import pytest

from helpdesk_tui.errors import MailUnreadable
from helpdesk_tui.rules.impostors import marks_of
from helpdesk_tui.terms import IncomingMail, Person
from tests.build import Proves
from tests.mail.raw_mail import a_part, mail_of, read

FOLDER = Path(os.environ.get("HELPDESK_MAIL_CORPUS", ""))
pytestmark = pytest.mark.skipif(
    not os.environ.get("HELPDESK_MAIL_CORPUS"),
    reason="NOT TESTED: real mails of others (HELPDESK_MAIL_CORPUS names no folder)",
)
#: Replies whose new text is not what upstream expects, each with the reason.
MISSED_REPLIES = {
    "reply-talon/standard_replies/iphone.eml": "upstream parts the quote alone; another source expects the line of the "
    "phone folded, as is done here",
    "reply-talon/standard_replies/sparrow.eml": "upstream parts the quote alone; the signature is folded here",
}
#: Mails of people, as far as they are no spam: few of them may look as if they pretended.
ORDINARY = (
    "aerc-jwz", "enmime", "stalwart", "reply-talon", "cpython", "mikel-mail", "mimekit", "spamassassin/easy",
    "spamassassin/hard",
)  # fmt: skip


def expected() -> dict[str, dict[str, Any]]:
    return dict(json.loads((FOLDER / "expected.json").read_text()))


def messages() -> list[str]:
    with (FOLDER / "MANIFEST.tsv").open() as rows:
        return [f"{row['group']}/{row['file']}" for row in csv.DictReader(rows, delimiter="\t") if row["role"] == "msg"]


def test_every_mail_is_read(proves: Proves) -> None:
    refused = []
    for name in messages():
        try:
            read((FOLDER / name).read_bytes())
        except MailUnreadable:
            refused.append(name)
    assert len(refused) <= 4, refused
    proves("real mails read", len(messages()) - len(refused))


def test_the_new_text_of_replies_is_exact(proves: Proves) -> None:
    """The figure is of the entries that give the whole new text."""
    facts = expected()
    exact = [name for name, fact in facts.items() if "reply_text" in fact]
    missed = {name for name, fact in facts.items() if _tells_text(fact) and not _is_found(name, fact)}
    assert missed == set(MISSED_REPLIES)
    assert len(missed & set(exact)) <= len(exact) * 0.1
    proves("new texts of real replies", len(exact))
    proves("new texts of real replies, exact", len(exact) - len(missed & set(exact)))


def test_the_new_text_of_both_german_replies_is_exact() -> None:
    german = {name: fact for name, fact in expected().items() if fact.get("lang") == "german"}
    assert len(german) == 2
    assert all(_is_found(name, fact) for name, fact in german.items())


def test_what_is_folded_of_real_replies_is_the_quote() -> None:
    """Word by word: upstream joins a wrapped `On … wrote:` and turns other marks into `>`."""
    facts = {name: fact for name, fact in expected().items() if fact.get("quoted_text")}
    folded = {name: read(_as_mail(name)).quoted for name in facts}
    wrong = {name for name, fact in facts.items() if _words(folded[name]) != _words(str(fact["quoted_text"]))}
    assert not wrong


def test_few_mails_of_people_look_as_if_they_pretended(proves: Proves) -> None:
    known = (Person("Anna Schmidt", "anna@desk.example"), Person("Support", "support@desk.example"))
    mails = [mail for name in messages() if name.startswith(ORDINARY) and (mail := _read_or_none(name))]
    marked = [mark for mail in mails for mark in marks_of(mail, ["desk.example"], known) if mark.startswith("! ")]
    assert len(marked) < len(mails) * 0.03, marked
    assert not [mark for mark in marked if not mark.startswith("! Answers are asked for at")]
    proves("mails of people looked at for pretence", len(mails))
    proves("of them marked", len(marked))


def _read_or_none(name: str) -> IncomingMail | None:
    try:
        return read((FOLDER / name).read_bytes())
    except MailUnreadable:
        return None


def _tells_text(facts: dict[str, Any]) -> bool:
    return any(key.startswith(("reply_text", "reply_contains")) for key in facts)


def _is_found(name: str, facts: dict[str, Any]) -> bool:
    mail = read(_as_mail(name))
    if "reply_text" in facts:
        return mail.text.strip() == str(facts["reply_text"]).strip()
    if "reply_contains" in facts:
        return bool(mail.quoted) and all(words in mail.text for words in facts["reply_contains"])
    return _dense(mail.text) == _dense(str(facts["reply_text_ignoring_whitespace"]))


def _as_mail(name: str) -> bytes:
    content = (FOLDER / name).read_bytes()
    if name.endswith(".html"):
        return mail_of(a_part("text/html", content))
    return content if name.endswith(".eml") else mail_of(a_part("text/plain; charset=utf-8", content))


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text)


def _dense(text: str) -> str:
    return re.sub(r"\s+", "", text)
