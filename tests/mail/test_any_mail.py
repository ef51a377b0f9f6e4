"""Mails thrown together from everything that a header may hold: whatever comes, the promises hold."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.build import MIRA, SUPPORT, FrozenClock, Place, Proves
from tests.mail.letterbox import BORDER, seen_by_border, written
from tests.mail.oracle import Case
from tests.mail.promises import PROMISES
from tests.mail.scene import ANNA, BOB, CANARY, MIRAS_SECOND, ROSA, SUBJECT, Scene, Setting, build, restored
from tests.mail.trials import Trial, start_of, trial

IS_LONG = bool(os.environ.get("HELPDESK_LONG"))
COUNT = 1_500 if IS_LONG else 60
UNKNOWN = f"{'a' * 26}.hd@desk.example"
EVIL = "evil@elsewhere.example"
#: Words that stand in a header of a mail; {ours}, {other}, {theirs} and {number} are those of the scene.
IDS = (
    "<{ours}>",
    "<{OURS}>",
    "<{other}>",
    "<{theirs}>",
    f"<{UNKNOWN}>",
    "<nobody@knows.example>",
    "{ours}",
    "<>",
    "<{ours}",
)
KNOWN = (MIRA.whole, ROSA.whole, f"Mira <{MIRAS_SECOND}>", "mira+x@customer.example", ANNA.whole, BOB.whole)
SENDERS = (*KNOWN, EVIL, f"mira@customer.example <{EVIL}>", f"{EVIL} <mira@customer.example>", "Mira Kern", "", "@", "MIRA@CUSTOMER.EXAMPLE")  # fmt: skip
PLACES = (
    SUPPORT,
    "support+{token}@desk.example",
    "support+{other_token}@desk.example",
    "billing@desk.example",
    EVIL,
    "",
)
SUBJECTS = (SUBJECT, f"Re: {SUBJECT}", "[#{number}] Hello", "Ticket {number}", "Abwesenheitsnotiz: {number}", "Scanner", "", f"WG: {SUBJECT}")  # fmt: skip
MARKS = (
    "Auto-Submitted: auto-replied", "Auto-Submitted: no", "Precedence: bulk", "List-Id: <a.b>", "X-Loop: x",
    "Return-Path: <>", "Reply-To: evil@elsewhere.example", "Sender: evil@elsewhere.example", "Importance: high",
    "Cc: support@desk.example, evil@elsewhere.example", "Delivered-To: billing@desk.example",
    "Delivered-To: support+{token}@desk.example", "Resent-From: mira@customer.example", "X-Helpdesk-Queue: billing",
    "Content-Type: multipart/report; report-type=disposition-notification; boundary=x",
)  # fmt: skip
VERDICTS = ("pass", "fail", "none", "temperror", "")


@dataclass(frozen=True)
class Parts:
    """What a mail is made of."""

    senders: list[str]
    to: str
    subject: str
    reply_to: list[str]
    references: list[str]
    marks: list[str]
    verdicts: list[str]
    domain: str
    text: str


def some(words: tuple[str, ...], most: int) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(words), max_size=most)


parts = st.builds(
    Parts,
    senders=some(SENDERS, 2),
    to=st.sampled_from(PLACES),
    subject=st.sampled_from(SUBJECTS),
    reply_to=some(IDS, 2),
    references=some(IDS, 5),
    marks=some(MARKS, 4),
    verdicts=some(VERDICTS, 3),
    domain=st.sampled_from(("customer.example", "home.example", "desk.example", "elsewhere.example")),
    text=st.sampled_from(("Hello", "", "Message-ID: <{ours}>", "> On Monday we wrote\r\n> Is it on?")),
)


def mail_of(made: Parts, scene: Scene) -> bytes:
    """The mail of these parts."""
    known = {
        "ours": scene.ours, "OURS": scene.ours.upper(), "other": scene.other_ours, "theirs": scene.theirs,
        "number": scene.number, "token": scene.ours.partition(".")[0], "other_token": scene.other_ours.partition(".")[0],
    }  # fmt: skip
    fields = [f"In-Reply-To: {' '.join(made.reply_to)}", f"References: {' '.join(made.references)}", *made.marks]
    border = [f"Authentication-Results: {BORDER}; dmarc={one} header.from={made.domain}" for one in made.verdicts]
    return written(
        made.senders,
        made.subject.format(**known),
        made.text.format(**known),
        border=[*border, *seen_by_border("", made.domain)],
        to=made.to.format(**known),
        fields=[one.format(**known) for one in fields],
    )


def is_by_a_stranger(made: Parts) -> bool:
    """True where From names nobody who belongs to the ticket, or not for certain."""
    return len(made.senders) != 1 or made.senders[0] not in (*KNOWN, "MIRA@CUSTOMER.EXAMPLE")


def nothing_leaves_but_a_confirmation(one: Trial) -> None:
    sent = [message for message in one.new["message"] if message["kind"] == "outbound"]
    assert len(one.new["outbox"]) == len(sent) <= len(one.new["ticket"])
    assert all(message["subject"] == "We have received your request" for message in sent)
    assert CANARY not in str(sent)


def test_whatever_comes_the_promises_hold(sqlite_place: Callable[[FrozenClock], Place], proves: Proves) -> None:
    with sqlite_place(FrozenClock()) as place:
        scene = build(place, Setting())
        with restored(place) as go_back:
            start = start_of(scene)

            @settings(max_examples=COUNT, deadline=None, derandomize=not IS_LONG)
            @given(made=parts)
            def each(made: Parts) -> None:
                go_back()
                one = trial(Case(), mail_of(made, scene), scene, start)
                for promise in PROMISES:
                    promise(one)
                nothing_leaves_but_a_confirmation(one)
                if is_by_a_stranger(made) or "fail" in made.verdicts:
                    assert one.fate.row not in (6, 10, 14)

            each()
    proves("random mails", COUNT)
