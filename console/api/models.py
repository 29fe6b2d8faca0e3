"""What the desk speaks of, as frozen values; `from_json` reads them from the API's objects."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, cast

from .fields import Fields, Json

Status = Literal["open", "closed"]
Side = Literal["team", "customer"]
Delivery = Literal["stored", "sent", "delivered", "failed", "held"]


@dataclass(frozen=True, kw_only=True)
class Person:
    """A member of the team."""

    id: str
    name: str

    @classmethod
    def from_json(cls, data: Json) -> Person:
        """Read a `person`."""
        fields = Fields(data, "person")
        return cls(id=fields.text("id"), name=fields.text("name"))


@dataclass(frozen=True, kw_only=True)
class Customer:
    """Who writes through the widget, in short."""

    id: str
    name: str | None
    identity: str
    account: str | None
    blocked: bool

    @classmethod
    def from_json(cls, data: Json) -> Customer:
        """Read a short `customer`."""
        return cls(**_customer(Fields(data, "customer")))


def _customer(fields: Fields) -> dict[str, Any]:
    return {
        "id": fields.text("id"),
        "name": fields.text_or_none("name"),
        "identity": fields.text("identity"),
        "account": fields.text_or_none("account"),
        "blocked": fields.flag("blocked"),
    }


@dataclass(frozen=True, kw_only=True)
class Block:
    """A shadow block; a timeout is a block by another word."""

    id: str
    customer: Customer
    kind: Literal["block", "timeout"]
    reason: str | None
    by: Person
    created_at: datetime
    expires_at: datetime | None
    """None: until it is lifted."""
    lifted_at: datetime | None
    held: int
    """Messages that it keeps from the team."""
    ticket: int | None
    """The customer's current one."""
    private: bool
    """Made in a direct conversation: its reason shows to that moderator alone."""

    @classmethod
    def from_json(cls, data: Json) -> Block:
        """Read a `block`."""
        fields = Fields(data, "block")
        return cls(
            id=fields.text("id"),
            customer=fields.object("customer", Customer.from_json),
            kind=cast(Literal["block", "timeout"], fields.text("kind")),
            reason=fields.text_or_none("reason"),
            by=fields.object("by", Person.from_json),
            created_at=fields.time("created_at"),
            expires_at=fields.time_or_none("expires_at"),
            lifted_at=fields.time_or_none("lifted_at"),
            held=fields.whole("held"),
            ticket=fields.whole_or_none("ticket"),
            private=fields.flag("private"),
        )


@dataclass(frozen=True, kw_only=True)
class EarlierTicket:
    """One of a customer's tickets."""

    number: int
    status: Status
    opened_at: datetime

    @classmethod
    def from_json(cls, data: Json) -> EarlierTicket:
        """Read an item of a customer's `tickets`."""
        fields = Fields(data, "ticket of a customer")
        return cls(
            number=fields.whole("number"),
            status=cast(Status, fields.text("status")),
            opened_at=fields.time("opened_at"),
        )


@dataclass(frozen=True, kw_only=True)
class CustomerDetail(Customer):
    """Who writes through the widget, with all that the team may know."""

    email: str | None
    created_at: datetime
    page_url: str | None
    origin: str | None
    """The site of the page."""
    locale: str | None
    tickets: tuple[EarlierTicket, ...]
    """Newest first."""
    blocks: tuple[Block, ...]
    """Newest first."""

    @classmethod
    def from_json(cls, data: Json) -> CustomerDetail:
        """Read a long `customer`."""
        fields = Fields(data, "customer")
        return cls(
            **_customer(fields),
            email=fields.text_or_none("email"),
            created_at=fields.time("created_at"),
            page_url=fields.text_or_none("page_url"),
            origin=fields.text_or_none("origin"),
            locale=fields.text_or_none("locale"),
            tickets=fields.many("tickets", EarlierTicket.from_json),
            blocks=fields.many("blocks", Block.from_json),
        )


@dataclass(frozen=True, kw_only=True)
class Last:
    """The newest message of a conversation, in one line."""

    kind: str
    """Of its author."""
    name: str | None
    text: str
    created_at: datetime

    @classmethod
    def from_json(cls, data: Json) -> Last:
        """Read a `last`."""
        fields = Fields(data, "last message")
        author = Fields(fields.json("author"), "author")
        return cls(
            kind=author.text("kind"),
            name=author.text_or_none("name"),
            text=fields.text("text"),
            created_at=fields.time("created_at"),
        )


@dataclass(frozen=True, kw_only=True)
class Ticket:
    """A case in a conversation, as lists show it."""

    number: int
    status: Status
    waiting: Side | None
    """Whose answer is awaited."""
    waiting_since: datetime | None
    opened_at: datetime
    active_at: datetime
    closed_at: datetime | None
    assignee: Person | None
    tags: tuple[str, ...]
    score: int | None
    comment: str | None
    last: Last | None
    last_seq: int
    """Of its newest message; 0 if there is none."""
    undelivered: int
    customer: Customer

    @classmethod
    def from_json(cls, data: Json) -> Ticket:
        """Read a `ticket` of a list."""
        fields = Fields(data, "ticket")
        return cls(**_ticket(fields), customer=fields.object("customer", Customer.from_json))


def _ticket(fields: Fields) -> dict[str, Any]:
    return {
        "number": fields.whole("number"),
        "status": fields.text("status"),
        "waiting": fields.text_or_none("waiting"),
        "waiting_since": fields.time_or_none("waiting_since"),
        "opened_at": fields.time("opened_at"),
        "active_at": fields.time("active_at"),
        "closed_at": fields.time_or_none("closed_at"),
        "assignee": fields.object_or_none("assignee", Person.from_json),
        "tags": fields.texts("tags"),
        "score": fields.whole_or_none("score"),
        "comment": fields.text_or_none("comment"),
        "last": fields.object_or_none("last", Last.from_json),
        "last_seq": fields.whole("last_seq"),
        "undelivered": fields.whole("undelivered"),
    }


@dataclass(frozen=True, kw_only=True)
class TicketDetail(Ticket):
    """A case with all that is known of its customer."""

    customer: CustomerDetail

    @classmethod
    def from_json(cls, data: Json) -> TicketDetail:
        """Read the `ticket` that was asked for by its number."""
        fields = Fields(data, "ticket")
        return cls(**_ticket(fields), customer=fields.object("customer", CustomerDetail.from_json))


@dataclass(frozen=True, kw_only=True)
class Found(Ticket):
    """A case that a search found."""

    match_id: str | None
    """The message that holds the words; None where the ticket or its customer does."""
    match: str

    @classmethod
    def from_json(cls, data: Json) -> Found:
        """Read an item of a search."""
        fields = Fields(data, "found ticket")
        match = Fields(fields.json("match"), "match")
        return cls(
            **_ticket(fields),
            customer=fields.object("customer", Customer.from_json),
            match_id=match.text_or_none("message_id"),
            match=match.text("text"),
        )
