"""Who works here and where: queues, agents, teams, what is set for all."""

from datetime import datetime

from sqlalchemy import Text
from sqlmodel import Field, SQLModel

from helpdesk_tui.store.tables.columns import NEVER_REUSED, BigId, json_column, one_of, own_id, ref, text_column
from helpdesk_tui.terms import ResolutionRule, Role


class Queue(SQLModel, table=True):
    """A bucket of work with its own addresses."""

    __table_args__ = (NEVER_REUSED,)
    id: int = own_id()
    name: str = Field(unique=True, sa_type=Text)
    display_name: str = text_column()
    is_confidential: bool = False
    #: Whether a new request is confirmed: `yes`, `no`, or "" where nobody has decided.
    acknowledges: str = text_column()
    #: By when it promises a first answer, in working time (`4h`); "" promises no time.
    acknowledges_within: str = text_column()
    acknowledges_with_number: bool = False
    #: The queue's own text by language; the program's own where it is missing.
    acknowledgement: dict[str, str] = json_column(dict)
    #: What machines write: `aside` keeps it apart, `ticket` makes one ticket of like mails.
    robots: str = text_column("aside")
    #: Answers come back to an address with the thread's token behind a plus sign (RFC 5233).
    has_plus_addresses: bool = False
    #: Whether an agent is asked what solved a ticket.
    resolution_rule: str = text_column(ResolutionRule.ASKED)
    #: After so many working days a solved ticket closes by itself; 0 never.
    closes_after: int = 5
    #: How its letters begin and end, by language.
    salutation: dict[str, str] = json_column(dict)
    signature: dict[str, str] = json_column(dict)


class QueueAddress(SQLModel, table=True):
    """An address of a queue, case-folded; `position` 0 is the one it answers from."""

    __tablename__ = "queue_address"
    address: str = Field(primary_key=True, sa_type=Text)
    queue_id: int = ref("queue", index=True)
    position: int = 0


class Agent(SQLModel, table=True):
    """A person who answers."""

    __table_args__ = (one_of("role", (Role.AGENT, Role.LEAD, Role.ADMIN)), NEVER_REUSED)
    id: int = own_id()
    login: str = Field(unique=True, sa_type=Text)
    name: str = text_column()
    email: str = text_column()
    role: str = text_column(Role.AGENT)
    is_active: bool = True
    away_until: datetime | None = None
    #: So many tickets that wait for us are a full load.
    capacity: int = 20


class QueueMember(SQLModel, table=True):
    """An agent who belongs to a queue, and so sees what lies in it."""

    __tablename__ = "queue_member"
    queue_id: int = Field(primary_key=True, foreign_key="queue.id", sa_type=BigId)
    agent_id: int = Field(primary_key=True, foreign_key="agent.id", sa_type=BigId, index=True)


class Setting(SQLModel, table=True):
    """What holds for everybody who uses this store, such as whose figures may be seen."""

    name: str = Field(primary_key=True, sa_type=Text)
    value: str = text_column()


class Team(SQLModel, table=True):
    """A set of agents."""

    __table_args__ = (NEVER_REUSED,)
    id: int = own_id()
    name: str = Field(unique=True, sa_type=Text)


class TeamMember(SQLModel, table=True):
    """An agent of a team."""

    __tablename__ = "team_member"
    team_id: int = Field(primary_key=True, foreign_key="team.id", sa_type=BigId)
    agent_id: int = Field(primary_key=True, foreign_key="agent.id", sa_type=BigId)


class Category(SQLModel, table=True):
    """What a ticket is about."""

    __table_args__ = (NEVER_REUSED,)
    id: int = own_id()
    name: str = Field(unique=True, sa_type=Text)
