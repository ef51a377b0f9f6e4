"""The decision table of the mailroom once more, written from its promise alone: what has to become of one mail.

It knows nothing of the program's own rules; a mail is described by how it was made, not by what was read from it. Three
things were decided beyond the promise: a subject alone counts only as that of an answer; a token of a ticket on which
nothing happened for 400 days opens nothing, and its ticket is named to agents as one that was closed long ago; whoever
took part in a ticket takes part in the one it was merged into.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from tests.mail.scene import State


class Token(StrEnum):
    """Where a mail carries the token of an outgoing mail."""

    NO = "no token"
    REPLY_TO = "in In-Reply-To"
    REFERENCES = "in References"
    PLUS = "in a plus address"
    TWO = "two of two tickets"
    UNKNOWN = "an unknown one"


class Weak(StrEnum):
    """How else a mail refers to the ticket."""

    NO = "no link"
    ID = "inbound Message-ID"
    NUMBER = "number in the subject"
    ANSWER = "subject of an answer"
    SAME = "same subject"


class Who(StrEnum):
    """Whose address stands in From."""

    REQUESTER = "requester"
    COPIED = "somebody an agent wrote to"
    ALIAS = "plus address of the requester"
    SECOND = "second address of the requester"
    STRANGER = "stranger"
    AGENT = "agent of the queue"
    OUTER_AGENT = "agent of another queue"


class Proof(StrEnum):
    """What the border server and the From line say about the sender."""

    PASS = "pass"
    NONE = "none"
    FAIL = "fail"
    OWN_CLAIM = "a pass that the sender wrote"
    TWO_FROM = "two From lines"
    PAIR = "a@good <b@evil>"


class Kind(StrEnum):
    """Who or what sent it."""

    PERSON = "person"
    LIST = "list"
    ROBOT = "robot"
    BOUNCE = "bounce"


@dataclass(frozen=True)
class Case:
    """One mail of the cross product, and the ticket it is about; `is_told`: the token was issued to the agents."""

    token: Token = Token.NO
    weak: Weak = Weak.NO
    who: Who = Who.REQUESTER
    proof: Proof = Proof.PASS
    kind: Kind = Kind.PERSON
    state: State = State.WAITING
    is_confidential: bool = False
    is_told: bool = False

    @property
    def is_attack(self) -> bool:
        """True where the sender is forged or does not belong there, or nothing of what it names is real."""
        names_nothing = self.token in (Token.NO, Token.UNKNOWN) and self.weak in (Weak.NO, Weak.SAME)
        return self.is_forged or not self.belongs or names_nothing

    @property
    def is_forged(self) -> bool:
        """True where the check of the sender has failed."""
        return self.proof in (Proof.FAIL, Proof.TWO_FROM, Proof.PAIR)

    @property
    def is_proven(self) -> bool:
        """True where the border server vouches for the sender."""
        return self.proof is Proof.PASS

    @property
    def belongs(self) -> bool:
        """Signal P: From is the requester or somebody whom an agent wrote to."""
        if self.proof is Proof.PAIR:
            return False
        if self.who in (Who.AGENT, Who.OUTER_AGENT):
            return self.is_told
        return self.who is not Who.STRANGER

    @property
    def is_over(self) -> bool:
        """True where the ticket is not opened again."""
        return self.state in (State.LONG_CLOSED, State.EXPIRED)

    @property
    def has_token(self) -> bool:
        """Signal T."""
        return self.token not in (Token.NO, Token.UNKNOWN)

    @property
    def has_weak_link(self) -> bool:
        """Signal W; by subject only for the requester, and only to a ticket that is open."""
        if self.weak in (Weak.ANSWER, Weak.SAME):
            is_theirs = self.who in (Who.REQUESTER, Who.ALIAS, Who.SECOND) and self.proof is not Proof.PAIR
            return is_theirs and self.state in (State.WAITING, State.EXPIRED)
        return self.weak is not Weak.NO


@dataclass(frozen=True)
class Fate:
    """The row and what comes of it; `ticket` and `linked` are `main`, `other`, `new` or ""."""

    row: int
    disposition: str
    ticket: str
    linked: str = ""


def fate_of(case: Case) -> Fate:
    """What has to become of a mail, the first line that fits."""
    if case.kind is Kind.BOUNCE:
        return Fate(2, "bounce", "main") if case.has_token else Fate(3, "bounce", "")
    if case.kind is Kind.ROBOT:
        return Fate(4, "appended", "main") if case.has_token else Fate(5, "robot", "")
    if (case.has_token or case.has_weak_link) and case.is_over:
        return Fate(15, "linked", "new", "main")
    if case.has_token:
        return _by_token(case)
    if case.has_weak_link:
        return _by_weak_link(case)
    return Fate(17, "new", "new")


def _by_token(case: Case) -> Fate:
    if case.is_told and case.who is Who.AGENT and case.is_proven:
        return Fate(16, "appended", "main")
    if case.belongs and case.is_forged:
        return Fate(7, "appended", "main")
    if case.belongs:
        return Fate(14, "appended", "main", "other") if case.token is Token.TWO else Fate(6, "appended", "main")
    if case.is_proven and not case.is_confidential:
        return Fate(8, "appended", "main")
    return Fate(9, "linked", "new", "main")


def _by_weak_link(case: Case) -> Fate:
    if not case.belongs or case.is_forged:
        return Fate(13, "linked", "new", "main")
    if case.is_proven and case.weak is not Weak.SAME:
        return Fate(10, "appended", "main")
    if case.weak is not Weak.ID:
        return Fate(12, "linked", "new", "main")
    return Fate(13, "linked", "new", "main") if case.is_confidential else Fate(11, "appended", "main")
