"""Alerts of monitoring programs."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from helpdesk_tui.terms import IncomingMail


class State(StrEnum):
    """What an alert says of its matter."""

    PROBLEM = "problem"
    RECOVERY = "recovery"


@dataclass(frozen=True, slots=True)
class Alert:
    """An alert: `key` names its matter over time."""

    key: str
    state: State


def alert_of(mail: IncomingMail) -> Alert | None:
    """The alert that a mail is."""
    return None
