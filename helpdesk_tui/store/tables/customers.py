"""Who asks, and what is known of them."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Text, UniqueConstraint
from sqlmodel import Field, SQLModel

from helpdesk_tui.store.tables.columns import (
    NEVER_REUSED,
    BigId,
    json_column,
    own_id,
    ref,
    text_column,
    with_ticket,
)


class Organization(SQLModel, table=True):
    """A customer's company."""

    __table_args__ = (NEVER_REUSED,)
    id: int = own_id()
    name: str = Field(index=True, sa_type=Text)


class Customer(SQLModel, table=True):
    """A person outside."""

    __table_args__ = (NEVER_REUSED,)
    id: int = own_id()
    name: str = text_column()
    #: Name and addresses folded as `rules.words.fold` does, for finding by a few characters.
    search_key: str = Field(default="", sa_type=Text, index=True)
    organization_id: int | None = ref("organization")
    created_at: datetime


class CustomerAddress(SQLModel, table=True):
    """An e-mail address, case-folded; belongs to one customer."""

    __tablename__ = "customer_address"
    address: str = Field(primary_key=True, sa_type=Text)
    customer_id: int = ref("customer", index=True)
    position: int = 0


class CustomerPhone(SQLModel, table=True):
    """A phone number as written, and its digits for finding it in any format."""

    __tablename__ = "customer_phone"
    __table_args__ = (NEVER_REUSED,)
    id: int = own_id()
    customer_id: int = ref("customer", index=True)
    number: str = text_column()
    digits: str = Field(default="", sa_type=Text, index=True)


class CustomerJoin(SQLModel, table=True):
    """Two records that were found to be one person; `moved` says what is to go back if they were not."""

    __tablename__ = "customer_join"
    __table_args__ = (NEVER_REUSED,)
    id: int = own_id()
    kept_id: int = ref("customer", index=True)
    joined_id: int = ref("customer", index=True)
    agent_id: int | None = ref("agent")
    moved: dict[str, Any] = json_column(dict)
    at: datetime
    split_at: datetime | None = None


class Participant(SQLModel, table=True):
    """Somebody outside whom an agent let into a ticket: their mail belongs there, and they get answers."""

    __table_args__ = (with_ticket(),)
    ticket_id: int = Field(primary_key=True, sa_type=BigId, sa_column_kwargs={"autoincrement": False})
    queue_id: int = Field(sa_type=BigId)
    address: str = Field(primary_key=True, sa_type=Text)
    name: str = text_column()
    agent_id: int | None = ref("agent")
    at: datetime


class FieldDefinition(SQLModel, table=True):
    """A named field of customers or tickets, such as contract or device."""

    __tablename__ = "field_definition"
    __table_args__ = (
        UniqueConstraint("subject", "name"),
        CheckConstraint("subject IN ('customer', 'ticket')", name="subject_known"),
        CheckConstraint("kind IN ('text', 'number', 'date', 'choice')", name="kind_known"),
        NEVER_REUSED,
    )
    id: int = own_id()
    subject: str = Field(sa_type=Text)
    name: str = Field(sa_type=Text)
    kind: str = text_column("text")
    choices: list[str] = json_column()


class CustomerField(SQLModel, table=True):
    """The value of a named field on a customer."""

    __tablename__ = "customer_field"
    definition_id: int = Field(primary_key=True, foreign_key="field_definition.id", sa_type=BigId)
    customer_id: int = Field(primary_key=True, foreign_key="customer.id", sa_type=BigId)
    value: str = text_column()
