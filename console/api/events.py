"""What the moderators' stream tells: each event with what it is about, read."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from .errors import NotUnderstood
from .fields import Fields, Json
from .messages import Held, Message, Note
from .models import Block, Customer, Ticket
from .people import Stranger
from .records import Health


@dataclass(frozen=True, kw_only=True)
class MessageNews:
    """A message that came, or that is another now, and where it belongs."""

    message: Message
    ticket: Ticket | None
    """None in a private conversation."""
    customer: Customer

    @classmethod
    def from_json(cls, data: Json) -> MessageNews:
        """Read the data of a `message.*` event."""
        fields = Fields(data, "message event")
        return cls(
            message=fields.object("message", Message.from_json),
            ticket=fields.object_or_none("ticket", Ticket.from_json),
            customer=fields.object("customer", Customer.from_json),
        )


@dataclass(frozen=True, kw_only=True)
class CustomerNews:
    """A customer who was erased, or whose conversation is another one's now."""

    id: str

    @classmethod
    def from_json(cls, data: Json) -> CustomerNews:
        """Read the data of a `customer.*` event."""
        return cls(id=Fields(data, "customer event").text("id"))


About = MessageNews | Ticket | Note | Block | Stranger | Held | Health | CustomerNews


@dataclass(frozen=True, kw_only=True)
class Event:
    """One event of the stream."""

    id: int
    type: str
    """Such as `message.created`."""
    about: About | None = None
    """None where the type alone says it all (`moderator.updated`, `canned.updated`)."""


@dataclass(frozen=True, kw_only=True)
class Reset:
    """What came in between is not told: load everything anew; the stream goes on from `id`."""

    id: int


_READERS: Mapping[str, Callable[[Json], About]] = {
    "message": MessageNews.from_json,
    "ticket": Ticket.from_json,
    "note": Note.from_json,
    "block": Block.from_json,
    "stranger": Stranger.from_json,
    "reply": Held.from_json,
    "health": Health.from_json,
    "customer": CustomerNews.from_json,
}
"""By the first word of the type."""


def read_event(number: int, kind: str, data: str) -> Event | Reset:
    """Return the event; one that can't be read is a reset, because what it told has to be loaded."""
    reader = _READERS.get(kind.partition(".")[0])
    if reader is None:
        return Event(id=number, type=kind)
    try:
        return Event(id=number, type=kind, about=reader(json.loads(data)))
    except (ValueError, NotUnderstood):
        return Reset(id=number)


def read_reset(data: str) -> Reset:
    """Return the number that the stream goes on from."""
    try:
        return Reset(id=Fields(json.loads(data), "reset").whole("last_event_id"))
    except ValueError:
        raise NotUnderstood("The desk's reset is not JSON.") from None
