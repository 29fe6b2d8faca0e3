"""What is said in a conversation: messages, notes, what is held, and private conversations."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, cast

from .fields import Fields, Json
from .models import Customer, CustomerDetail, Delivery, Last, Person


@dataclass(frozen=True, kw_only=True)
class Author:
    """Who wrote a message."""

    kind: Literal["customer", "moderator", "system"]
    id: str
    name: str | None
    verified: bool

    @classmethod
    def from_json(cls, data: Json) -> Author:
        """Read an `author`."""
        fields = Fields(data, "author")
        return cls(
            kind=cast(Literal["customer", "moderator", "system"], fields.text("kind")),
            id=fields.text("id"),
            name=fields.text_or_none("name"),
            verified=fields.flag("verified"),
        )


@dataclass(frozen=True, kw_only=True)
class Message:
    """One message of a conversation."""

    id: str
    seq: int
    """Place in the customer's conversation."""
    ticket: int | None
    """None in a private conversation."""
    channel: Literal["team", "direct"]
    author: Author
    text: str
    reply_to: str | None
    client_id: str | None
    """The id that its writer chose, so that a repeat is recognised."""
    created_at: datetime
    edited_at: datetime | None
    deleted_at: datetime | None
    delivery: Delivery
    delivery_error: str | None

    @classmethod
    def from_json(cls, data: Json) -> Message:
        """Read a `message`."""
        fields = Fields(data, "message")
        return cls(
            id=fields.text("id"),
            seq=fields.whole("seq"),
            ticket=fields.whole_or_none("ticket"),
            channel=cast(Literal["team", "direct"], fields.text("channel")),
            author=fields.object("author", Author.from_json),
            text=fields.text("text"),
            reply_to=fields.text_or_none("reply_to"),
            client_id=fields.text_or_none("client_id"),
            created_at=fields.time("created_at"),
            edited_at=fields.time_or_none("edited_at"),
            deleted_at=fields.time_or_none("deleted_at"),
            delivery=cast(Delivery, fields.text("delivery")),
            delivery_error=fields.text_or_none("delivery_error"),
        )


@dataclass(frozen=True, kw_only=True)
class Note:
    """A word for the team; no customer ever sees it."""

    id: str
    ticket: int | None
    """None in a private conversation."""
    customer_id: str
    text: str
    by: Person
    created_at: datetime

    @classmethod
    def from_json(cls, data: Json) -> Note:
        """Read a `note`."""
        fields = Fields(data, "note")
        return cls(
            id=fields.text("id"),
            ticket=fields.whole_or_none("ticket"),
            customer_id=fields.text("customer_id"),
            text=fields.text("text"),
            by=fields.object("by", Person.from_json),
            created_at=fields.time("created_at"),
        )


@dataclass(frozen=True, kw_only=True)
class HeldAuthor:
    """Who wrote what is held: a moderator or a customer."""

    id: str
    name: str | None

    @classmethod
    def from_json(cls, data: Json) -> HeldAuthor:
        """Read the `author` of a `held`."""
        fields = Fields(data, "author")
        return cls(id=fields.text("id"), name=fields.text_or_none("name"))


@dataclass(frozen=True, kw_only=True)
class Held:
    """What waits for a moderator to release or to drop it."""

    id: str
    kind: Literal["reply", "message"]
    """A reply of the team that asks for a secret, or a customer's messages that a block keeps."""
    ticket: int | None
    customer: Customer
    author: HeldAuthor
    text: str
    why: str | None
    created_at: datetime
    edits: str | None
    """The message that it is an edit of."""
    direct: bool
    can_release: bool
    """By the one who asks."""

    @classmethod
    def from_json(cls, data: Json) -> Held:
        """Read a `held`."""
        fields = Fields(data, "held text")
        return cls(
            id=fields.text("id"),
            kind=cast(Literal["reply", "message"], fields.text("kind")),
            ticket=fields.whole_or_none("ticket"),
            customer=fields.object("customer", Customer.from_json),
            author=fields.object("author", HeldAuthor.from_json),
            text=fields.text("text"),
            why=fields.text_or_none("why"),
            created_at=fields.time("created_at"),
            edits=fields.text_or_none("edits"),
            direct=fields.flag("direct"),
            can_release=fields.flag("can_release"),
        )


@dataclass(frozen=True, kw_only=True)
class Direct:
    """A private conversation of a customer with the moderator who asks."""

    id: str
    customer: CustomerDetail
    active_at: datetime
    last: Last | None
    last_seq: int
    undelivered: int

    @classmethod
    def from_json(cls, data: Json) -> Direct:
        """Read an item of `v1/mod/direct`."""
        fields = Fields(data, "direct conversation")
        return cls(
            id=fields.text("id"),
            customer=fields.object("customer", CustomerDetail.from_json),
            active_at=fields.time("active_at"),
            last=fields.object_or_none("last", Last.from_json),
            last_seq=fields.whole("last_seq"),
            undelivered=fields.whole("undelivered"),
        )
