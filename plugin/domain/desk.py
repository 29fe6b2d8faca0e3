"""What moderators see of tickets and customers: values made to be shown, each of one look at the database."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from .model import AuthorKind, Identity

Waiting = Literal["team", "customer"]
"""Whose turn it is in an open ticket."""

DeliveryState = Literal["stored", "sent", "delivered", "failed", "held"]
Sort = Literal["activity", "waiting", "number"]


@dataclass(frozen=True, kw_only=True)
class Person:
    """A moderator, by name."""

    id: str
    name: str


@dataclass(frozen=True, kw_only=True)
class CustomerLine:
    """A customer in a list."""

    id: str
    name: str | None
    identity: Identity
    account: str | None
    blocked: bool


@dataclass(frozen=True, kw_only=True)
class LastWords:
    """The newest message of a ticket."""

    author_kind: AuthorKind
    author_name: str | None
    text: str
    created_at: datetime


@dataclass(frozen=True, kw_only=True)
class TicketItem:
    """A ticket in a list."""

    number: int
    status: Literal["open", "closed"]
    waiting: Waiting | None
    """None: it is closed, or nobody has said anything yet."""
    waiting_since: datetime | None
    """When the customer wrote the first message that is not answered yet."""
    opened_at: datetime
    active_at: datetime
    closed_at: datetime | None
    assignee: Person | None
    tags: tuple[str, ...]
    score: int | None
    comment: str | None
    last: LastWords | None
    last_seq: int
    """Of the newest message; 0 where there is none."""
    undelivered: int
    """Messages that did not get to the group."""
    customer: CustomerLine


@dataclass(frozen=True, kw_only=True)
class TicketFilter:
    """Which tickets a list has; each None or False says nothing."""

    status: Literal["open", "closed"] | None = None
    waiting: Waiting | None = None
    """With `team` it leaves out customers who are blocked: nobody is to hurry for them."""
    assignee: str | None = None
    unassigned: bool = False
    blocked: bool = False


@dataclass(frozen=True, kw_only=True)
class TicketPlace:
    """Where a page of a list ended: the sort's key of its last ticket, and that ticket."""

    key: int
    number: int


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """How far a message has got on its way to the group; what came from there is there."""

    state: DeliveryState
    error: str | None = None


@dataclass(frozen=True, kw_only=True)
class TeamNote:
    """A moderator's words for the team, or, about no ticket, for themselves."""

    id: str
    customer_id: str
    ticket: int | None
    by: Person
    text: str
    created_at: datetime


@dataclass(frozen=True, kw_only=True)
class TicketLine:
    """One of a customer's tickets."""

    number: int
    status: Literal["open", "closed"]
    opened_at: datetime


@dataclass(frozen=True, kw_only=True)
class CustomerParticulars:
    """What is known of a customer beside the list."""

    line: CustomerLine
    email: str | None
    created_at: datetime
    page_url: str | None
    """The page that the customer came from last."""
    locale: str | None
    tickets: tuple[TicketLine, ...]
    """The newest first, so many as there is room for."""
