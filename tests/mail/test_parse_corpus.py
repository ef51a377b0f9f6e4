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
from tests.build import Proves
from tests.mail.raw_mail import a_part, mail_of, read

FOLDER = Path(os.environ.get("HELPDESK_MAIL_CORPUS", ""))
pytestmark = pytest.mark.skipif(
    not os.environ.get("HELPDESK_MAIL_CORPUS"),
    reason="NOT TESTED: real mails of others (HELPDESK_MAIL_CORPUS names no folder)",
)


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


def test_the_new_text_of_most_replies_is_found() -> None:
    replies = {name: facts for name, facts in expected().items() if facts["kind"] == "reply" and _tells_text(facts)}
    missed = [name for name, facts in replies.items() if not _is_found(name, facts)]
    assert len(missed) <= len(replies) * 0.12, missed


def _tells_text(facts: dict[str, Any]) -> bool:
    return any(key.startswith(("reply_text", "reply_contains")) for key in facts)


def _is_found(name: str, facts: dict[str, Any]) -> bool:
    content = (FOLDER / name).read_bytes()
    if name.endswith(".html"):
        content = mail_of(a_part("text/html", content))
    elif not name.endswith(".eml"):
        content = mail_of(a_part("text/plain; charset=utf-8", content))
    mail = read(content)
    if "reply_text" in facts:
        return mail.text.strip() == str(facts["reply_text"]).strip()
    if "reply_contains" in facts:
        return bool(mail.quoted) and all(words in mail.text for words in facts["reply_contains"])
    return _dense(mail.text) == _dense(str(facts["reply_text_ignoring_whitespace"]))


def _dense(text: str) -> str:
    return re.sub(r"\s+", "", text)
