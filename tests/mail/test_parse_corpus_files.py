"""Files in real mails of others: names and sizes as the part trees beside those mails say, and winmail.dat as listed.

Set HELPDESK_MAIL_CORPUS as for `test_parse_corpus`.
"""

from __future__ import annotations

import base64
import itertools
import json
import os
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from helpdesk_tui.errors import MailUnreadable
from helpdesk_tui.mail import tnef
from helpdesk_tui.mail.files import safe_name
from helpdesk_tui.mail.headers import skip_envelope
from helpdesk_tui.mail.structure import Part, read_structure
from helpdesk_tui.terms import IncomingFile
from tests.build import Proves
from tests.mail.raw_mail import read

FOLDER = Path(os.environ.get("HELPDESK_MAIL_CORPUS", ""))
pytestmark = pytest.mark.skipif(
    not os.environ.get("HELPDESK_MAIL_CORPUS"),
    reason="NOT TESTED: real mails of others (HELPDESK_MAIL_CORPUS names no folder)",
)
TREES = FOLDER / "stalwart" / "eml"
PACKED = FOLDER / "mimekit" / "tnef"
BOXES = FOLDER / "mimekit" / "mbox"

#: What is neither kept as the tree says nor read as text: the mail, the number of the part, and why.
MISSES: dict[tuple[str, int], str] = {
    ("malformed/009", 3): "the tree takes the next part of the outer multipart into this one; here they are two",
    ("malformed/012", 3): "the same with attached mails",
    ("rfc/000", 4): "the words in the place of base64 are none; the file holds what they decode to",
    ("rfc/000", 5): "the same with a picture",
    ("thirdparty/015", 2): "the tree takes the next two attached mails into this one; here they are three",
}
#: What the lists of TNEF name twice, since the same embedded message also has a marker of 89 bytes beside it.
LISTED_TWICE = {"christmas": 2}
#: What the lists leave out: two name only the text, one not the file in an embedded message.
NOT_LISTED = {"long-filename": 1, "missing-filenames": 4, "christmas": 1}


@dataclass(frozen=True, slots=True)
class Listed:
    """A part that a tree calls an attachment."""

    mail: str
    number: int
    name: str
    kind: str
    content: bytes | None


def listed() -> Iterator[Listed]:
    for path in sorted(TREES.rglob("*.json")):
        tree = json.loads(path.read_text())
        mail = path.with_suffix(".eml")
        if not mail.exists():
            continue
        raw = mail.read_bytes()
        for number in tree["attachments"]:
            part = tree["parts"][number]
            ((kind, content),) = part["body"].items()
            if kind == "Message":
                content = _uncoded(raw[part["offset_body"] : part["offset_end"]], part)
            content = content.encode() if isinstance(content, str) else bytes(content)
            yield Listed(str(path.relative_to(TREES).with_suffix("")), number, _name(part), kind, content)


def _uncoded(content: bytes, part: dict[str, Any]) -> bytes:
    is_coded = any(header["value"] == {"Text": "base64"} for header in part["headers"])
    return base64.b64decode(content) if is_coded else content


def _name(part: dict[str, Any]) -> str:
    """The file name of Content-Disposition, else the name of Content-Type."""
    names: dict[str, str] = {}
    for header in part["headers"]:
        value = header["value"].get("ContentType") if isinstance(header["value"], dict) else None
        for setting in (value or {}).get("attributes") or []:
            names.setdefault(f"{header['name']}/{setting['name']}", setting["value"])
    return names.get("content_disposition/filename") or names.get("content_type/name") or ""


def test_files_are_as_the_trees_say(proves: Proves) -> None:
    wanted, missed = list(listed()), set()
    for one in wanted:
        mail = read((TREES / f"{one.mail}.eml").read_bytes())
        text = _dense(mail.text + mail.quoted)
        is_read = one.kind == "Text" and _dense((one.content or b"").decode()) in text
        if not is_read and not any(_is_it(file, one) for file in mail.files):
            missed.add((one.mail, one.number))
    assert missed == set(MISSES)
    proves("files of real mails as their trees say", len(wanted) - len(missed))


def _is_it(file: IncomingFile, one: Listed) -> bool:
    if one.name and safe_name(one.name) != file.name:
        return False
    return file.content == one.content or file.content.strip() == (one.content or b"").strip()


def _dense(text: str) -> str:
    return re.sub(r"\s+", "", text)


def packed() -> list[Path]:
    return sorted(PACKED.glob("*.tnef"))


def test_packed_files_are_as_listed(proves: Proves) -> None:
    count = 0
    for path in packed():
        found = tnef.unpack(path.read_bytes())
        names = [file.name.removesuffix(".txt") for file in found.files]
        names += ["body.html"] if found.html else ["body.rtf"] if found.rtf else []
        wanted = path.with_suffix(".list").read_text().splitlines()
        missed, more = Counter(wanted) - Counter(names), Counter(names) - Counter(wanted)
        assert missed.total() == LISTED_TWICE.get(path.stem, 0), missed
        assert sum(number for name, number in more.items() if not name.startswith("body.")) == NOT_LISTED.get(
            path.stem, 0
        )
        count += len(wanted) - missed.total()
    proves("packed files as listed", count)


def test_a_packed_file_is_read_whole_in_a_mail() -> None:
    for path in sorted(PACKED.glob("*.eml")):
        mail = read(path.read_bytes())
        assert mail.text, path.name
        assert all(file.name != "winmail.dat" for file in mail.files), path.name


def mails(box: str) -> list[tuple[bytes, list[str]]]:
    """Each mail of a mailbox and the kinds of its parts by depth, which stand beside it."""
    content = (BOXES / f"{box}.mbox.txt").read_bytes()
    starts = [found.start() for found in re.finditer(rb"^From (?:-|\d+@xxx)", content, re.M)] + [len(content)]
    trees = re.split(r"^From (?:-|\d+@xxx).*\n", (BOXES / f"{box}-summary.txt").read_text(), flags=re.M)[1:]
    raws = [content[start:end] for start, end in itertools.pairwise(starts)]
    assert len(raws) == len(trees)
    return [(raw, re.findall(r"^ *Content-Type: \S+", tree, re.M)) for raw, tree in zip(raws, trees, strict=True)]


@pytest.mark.parametrize("box", ["content-length", "issue1189"])
def test_parts_are_as_summed_up(box: str) -> None:
    for number, (raw, wanted) in enumerate(mails(box)):
        root = read_structure(raw, skip_envelope(raw)).root
        assert list(_rows(raw, root, 0)) == [row.lower().replace("content-type: ", "") for row in wanted], number


def _rows(raw: bytes, part: Part, depth: int) -> Iterator[str]:
    yield " " * 3 * depth + part.kind
    for child in part.parts:
        yield from _rows(raw, child, depth + 1)
    if part.kind == "message/rfc822":
        yield from _rows(raw, read_structure(raw, part.start, part.end).root, depth + 1)


def test_no_file_of_the_corpus_stops_the_reader() -> None:
    for path in sorted(FOLDER.rglob("*")):
        if path.is_file():
            try:
                read(path.read_bytes())
            except MailUnreadable:
                continue
