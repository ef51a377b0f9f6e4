"""Every table, and nothing else. Rows stay inside `store` and `desk`; what leaves is a frozen value.

Ids rise and are never reused. `queue_id` stands on everything that belongs to a ticket and follows it by composite
keys, so that rights can later be decided row by row. Message, RawMessage and Event carry no unique constraint beside
their key (they are meant to be partitioned by range of id); what must be unique lives in small tables.
"""

from helpdesk_tui.store.tables.callbacks import (
    CallbackBooking,
    CallbackException,
    CallbackPlan,
    CallbackRequest,
    CallbackSlot,
)
from helpdesk_tui.store.tables.columns import BigId
from helpdesk_tui.store.tables.customers import (
    Customer,
    CustomerAddress,
    CustomerField,
    CustomerJoin,
    CustomerPhone,
    FieldDefinition,
    Organization,
    Participant,
)
from helpdesk_tui.store.tables.imports import NUMBER_THERE, ExternalRef, ImportReject, ImportRun
from helpdesk_tui.store.tables.log import Batch, Event, Lease, Timer
from helpdesk_tui.store.tables.mail import (
    FIRST_KEPT,
    Acknowledgement,
    Content,
    ContentChunk,
    MailGroup,
    MailQuarantine,
    MailSeen,
    Outbox,
    OutboxRecipient,
    OwnToken,
    RawMessage,
)
from helpdesk_tui.store.tables.staff import Agent, Category, Queue, QueueAddress, QueueMember, Setting, Team, TeamMember
from helpdesk_tui.store.tables.texts import CannedReply, Macro
from helpdesk_tui.store.tables.tickets import (
    Attachment,
    Draft,
    Message,
    Notice,
    Presence,
    Tag,
    Ticket,
    TicketField,
    TicketLink,
    TicketNumber,
    TicketTag,
    TicketWords,
    View,
    Watcher,
)

__all__ = [
    "FIRST_KEPT",
    "NUMBER_THERE",
    "Acknowledgement",
    "Agent",
    "Attachment",
    "Batch",
    "BigId",
    "CallbackBooking",
    "CallbackException",
    "CallbackPlan",
    "CallbackRequest",
    "CallbackSlot",
    "CannedReply",
    "Category",
    "Content",
    "ContentChunk",
    "Customer",
    "CustomerAddress",
    "CustomerField",
    "CustomerJoin",
    "CustomerPhone",
    "Draft",
    "Event",
    "ExternalRef",
    "FieldDefinition",
    "ImportReject",
    "ImportRun",
    "Lease",
    "Macro",
    "MailGroup",
    "MailQuarantine",
    "MailSeen",
    "Message",
    "Notice",
    "Organization",
    "Outbox",
    "OutboxRecipient",
    "OwnToken",
    "Participant",
    "Presence",
    "Queue",
    "QueueAddress",
    "QueueMember",
    "RawMessage",
    "Setting",
    "Tag",
    "Team",
    "TeamMember",
    "Ticket",
    "TicketField",
    "TicketLink",
    "TicketNumber",
    "TicketTag",
    "TicketWords",
    "Timer",
    "View",
    "Watcher",
]
