"""A sender that is killed at any step leaves a reply that is sent later, sent already, or in doubt; never sent twice."""

from __future__ import annotations

from typing import NamedTuple

import pytest

from helpdesk_tui.desk.conversation import reply
from tests.build import Proves, a_ticket, history, thread
from tests.mail.installation import Installation
from tests.services.smtp import SmtpSink

pytestmark = pytest.mark.one_store

SENDER = "helpdesk_tui.mail.outbox"
SMTP = "helpdesk_tui.mail.smtp"
DELIVERY = "helpdesk_tui.desk.delivery"


class Step(NamedTuple):
    """Where the process ends, what the store says then and after the next start, and how often the mail went out."""

    name: str
    when: str
    target: str
    turn: int
    left_as: str
    becomes: str
    times: tuple[int, ...]


STEPS = (
    Step("before claiming", "before", f"{SENDER}:claim", 1, "queued", "sent", (1,)),
    Step("claiming", "after", f"{DELIVERY}:_keep_copy", 1, "queued", "sent", (1,)),
    Step("claimed", "after", f"{SENDER}:claim", 1, "sending", "unsure", (0,)),
    Step("connecting", "before", f"{SMTP}:SmtpTransport._connect", 1, "sending", "unsure", (0,)),
    Step("greeted", "after", f"{SMTP}:_begin_mail", 1, "sending", "unsure", (0,)),
    # Here it has gone out, and whether the server takes it from somebody who is gone is for the server to say.
    Step("waiting for the answer", "before", f"{SMTP}:_Smtp.getreply", 9, "sending", "unsure", (0, 1)),
    Step("accepted", "after", f"{SMTP}:_send_content", 1, "sending", "unsure", (1,)),
    Step("concluding", "after", "helpdesk_tui.desk.door:Changes.conclude", 1, "sending", "unsure", (1,)),
    Step("concluded", "after", f"{SENDER}:conclude", 1, "sent", "sent", (1,)),
)
#: The moments that differ most; `make test` looks at these, and at each on one kind of store only.
FEW = {"claimed": "postgres", "waiting for the answer": "sqlite", "accepted": "postgres", "concluding": "sqlite"}


def cases() -> list[object]:
    return [
        pytest.param(
            place, step, marks=() if FEW.get(step.name) == place else pytest.mark.long, id=f"{place}-{step.name}"
        )
        for place in ("sqlite", "postgres")
        for step in STEPS
    ]


@pytest.mark.parametrize(("place", "step"), cases(), indirect=["place"])
def test_a_sender_killed_on_the_way(
    installation: Installation, smtp_sink: SmtpSink, step: Step, proves: Proves
) -> None:
    installation.send_through(smtp_sink)
    number = a_ticket(installation.desk())
    reply(installation.desk(), number, "Try again.")
    installation.killed(step.when, step.target, step.turn)
    assert states(installation) == [step.left_as]
    for _start in range(2):
        assert installation.poll_well() == {}
        assert states(installation) == [step.becomes]
        assert len(smtp_sink.messages) in step.times
    assert thread(installation.desk(), number)[-1].delivery == step.becomes
    changes = [
        event.changes["delivery"] for event in history(installation.desk(), number) if "delivery" in event.changes
    ]
    assert changes == [["sending", step.becomes]]
    proves("kills", 1)


def states(installation: Installation) -> list[str]:
    """The states of all outgoing mail."""
    return [row.state for row in installation.sql("SELECT state FROM outbox ORDER BY id")]
