"""What holds for every mail, whatever it is: each promise looks at what one mail changed."""

from __future__ import annotations

from collections.abc import Callable

from tests.mail.scene import MIRAS_SECOND
from tests.mail.trials import Trial

Promise = Callable[[Trial], None]
#: What a mail may change of a ticket that was there: that somebody has something to do now.
MAY_CHANGE = {"status", "waiting_for", "waiting_since", "updated_at", "closed_at", "version"}
#: The rows of tables that no mail ever changes.
UNTOUCHED = (
    "agent", "acknowledgement", "attachment", "content", "customer", "customer_address", "customer_phone", "draft",
    "event", "message", "own_token", "participant", "queue", "queue_address", "queue_member", "raw_message",
    "ticket_number", "ticket_tag", "timer",
)  # fmt: skip
MIRAS = {"mira@customer.example", MIRAS_SECOND}


def it_is_kept_byte_for_byte_and_has_one_fate(trial: Trial) -> None:
    (kept,) = trial.new["raw_message"]
    bodies = {content["sha256"]: bytes(content["body"]) for content in trial.new["content"]}
    assert bodies[kept["sha256"]] == trial.raw
    assert (kept["disposition"], kept["why_row"]) == (trial.fate.disposition, trial.fate.row)
    assert [seen["fate"] for seen in trial.new["mail_seen"]] == [trial.fate.disposition]
    assert trial.gone == 0
    assert trial.reason


def it_changes_nothing_of_a_ticket_but_that_somebody_has_to_act(trial: Trial) -> None:
    allowed = MAY_CHANGE | ({"linked_to"} if trial.fate.row == 14 else set())
    assert all(names <= allowed for names in trial.changed["ticket"]), trial.case
    assert len(trial.changed["ticket"]) <= 1, trial.case
    assert not any(trial.changed[table] for table in UNTOUCHED), trial.case


def it_wakes_a_ticket_only_where_somebody_may_speak(trial: Trial) -> None:
    wakes = any("waiting_for" in names for names in trial.changed["ticket"])
    assert wakes <= (trial.fate.row in (2, 6, 7, 8, 10, 11, 14)), trial.case


def it_changes_the_recipients_of_no_mail(trial: Trial) -> None:
    assert all(names <= {"state", "words", "updated_at"} for names in trial.changed["outbox"]), trial.case
    assert not trial.changed["outbox"] or trial.fate.row == 2, trial.case
    assert not trial.new["participant"], trial.case
    assert not [new for new in trial.new["customer_address"] if new["address"] in MIRAS], trial.case
    assert trial.next_after.lower() in MIRAS, trial.case  # in the letters they wrote themselves


PROMISES: tuple[Promise, ...] = (
    it_is_kept_byte_for_byte_and_has_one_fate,
    it_changes_nothing_of_a_ticket_but_that_somebody_has_to_act,
    it_wakes_a_ticket_only_where_somebody_may_speak,
    it_changes_the_recipients_of_no_mail,
)
