"""Calls: when teams make them, who waits for one, and every booking."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Index, Text, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from helpdesk_tui.store.tables.columns import NEVER_REUSED, BigId, one_of, own_id, ref, text_column, with_ticket
from helpdesk_tui.terms import CallOutcome, CallState


class CallbackPlan(SQLModel, table=True):
    """When a team calls back: the length of a slot, the weekly pattern, and how many calls at a time."""

    __tablename__ = "callback_plan"
    __table_args__ = (
        CheckConstraint("slot_minutes BETWEEN 5 AND 480", name="slot_minutes_known"),
        CheckConstraint("capacity BETWEEN 0 AND 1000", name="capacity_known"),
    )
    team_id: int = Field(primary_key=True, foreign_key="team.id", sa_type=BigId)
    slot_minutes: int = 15
    #: As `rules.calendar` reads them, in `zone` (an IANA name).
    hours: str = text_column()
    zone: str = text_column()
    capacity: int = 1
    horizon_days: int = 30
    notice_minutes: int = 30
    #: So often a customer who does not answer is tried.
    attempts: int = 3


class CallbackException(SQLModel, table=True):
    """A date on which a team calls at other hours, or with other people; None is as the pattern says, "" is closed."""

    __tablename__ = "callback_exception"
    __table_args__ = (CheckConstraint("capacity BETWEEN 0 AND 1000", name="capacity_known"),)
    team_id: int = Field(primary_key=True, foreign_key="team.id", sa_type=BigId)
    day: date = Field(primary_key=True)
    hours: str | None = Field(default=None, sa_type=Text)
    capacity: int | None = None


class CallbackSlot(SQLModel, table=True):
    """A stretch of time in which somebody has booked a call, or had. The database counts `taken`, and refuses more."""

    __tablename__ = "callback_slot"
    __table_args__ = (UniqueConstraint("team_id", "start_at", "end_at"), NEVER_REUSED)
    id: int = own_id()
    team_id: int = ref("team")
    start_at: datetime
    end_at: datetime
    capacity: int = 0
    taken: int = 0


class CallbackRequest(SQLModel, table=True):
    """A customer's wish to be called; it ends when they were reached, or nobody shall call any more."""

    __tablename__ = "callback_request"
    __table_args__ = (
        with_ticket(),
        one_of("state", CallState),
        Index(
            "callback_request_open",
            "ticket_id",
            unique=True,
            sqlite_where=text("state = 'open'"),
            postgresql_where=text("state = 'open'"),
        ),
        NEVER_REUSED,
    )
    id: int = own_id()
    ticket_id: int = Field(sa_type=BigId, index=True)
    queue_id: int = Field(sa_type=BigId)
    team_id: int = ref("team")
    #: Who calls; None is whoever of the team is free.
    agent_id: int | None = ref("agent", index=True)
    #: Where to call (E.164), and the time zone of that number, "" where that is not one.
    number: str = text_column()
    zone: str = text_column()
    asked: str = text_column()
    state: str = text_column(CallState.OPEN)
    #: The entry in the customer's calendar, and how often it was changed (RFC 5545 §3.8.4.7, §3.8.7.4).
    uid: str = text_column()
    sequence: int = 0
    created_at: datetime


class CallbackBooking(SQLModel, table=True):
    """A call in a slot. `holds`: it takes a place; not where it was moved or cancelled. `attempt` counts from 1."""

    __tablename__ = "callback_booking"
    __table_args__ = (
        with_ticket(),
        one_of("outcome", CallOutcome),
        Index(
            "callback_booking_pending",
            "request_id",
            unique=True,
            sqlite_where=text("holds AND outcome IS NULL"),
            postgresql_where=text("holds AND outcome IS NULL"),
        ),
        NEVER_REUSED,
    )
    id: int = own_id()
    request_id: int = ref("callback_request", index=True)
    ticket_id: int = Field(sa_type=BigId, index=True)
    queue_id: int = Field(sa_type=BigId)
    slot_id: int = ref("callback_slot", index=True)
    attempt: int = 1
    holds: bool = True
    outcome: str | None = Field(default=None, sa_type=Text)
    made_at: datetime
