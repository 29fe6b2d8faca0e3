"""Values of the API for tests of what the console makes of them."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

from console.api.messages import Author, Message, Note
from console.api.models import Customer, Last, Person, Ticket
from console.api.records import BlockRules, Limits, Me, Self

NOON = datetime(2026, 3, 1, 12, tzinfo=timezone.utc)
ALICE = Person(id="alice", name="Alice")
BOB = Person(id="bob", name="Bob")


def customer(**more: Any) -> Customer:
    """Make a customer."""
    values = {"id": "mallory", "name": "Mallory", "identity": "anonymous", "account": None, "blocked": False}
    return Customer(**{**values, **more})


def ticket(number: int = 1042, **more: Any) -> Ticket:
    """Make an open ticket that waits for the team since noon."""
    last = Last(kind="customer", name=None, text="Hello", created_at=NOON)
    values: dict[str, Any] = {
        "status": "open",
        "waiting": "team",
        "waiting_since": NOON,
        "opened_at": NOON,
        "active_at": NOON,
        "closed_at": None,
        "assignee": None,
        "tags": (),
        "score": None,
        "comment": None,
        "last": last,
        "last_seq": 1,
        "undelivered": 0,
        "customer": customer(),
    }
    return Ticket(number=number, **{**values, **more})


def message(seq: int, text: str = "Hello", **more: Any) -> Message:
    """Make a customer's message, a minute after the one before."""
    values: dict[str, Any] = {
        "id": f"message{seq}",
        "ticket": 1042,
        "channel": "team",
        "author": Author(kind="customer", id="mallory", name="Mallory", verified=False),
        "reply_to": None,
        "client_id": None,
        "created_at": NOON + timedelta(minutes=seq),
        "edited_at": None,
        "deleted_at": None,
        "delivery": "delivered",
        "delivery_error": None,
    }
    return Message(seq=seq, text=text, **{**values, **more})


def note(name: str, minutes: float) -> Note:
    """Make a note, some minutes after noon."""
    at = NOON + timedelta(minutes=minutes)
    return Note(id=name, ticket=1042, customer_id="mallory", text=name, by=BOB, created_at=at)


def me(**more: Any) -> Me:
    """Make what the desk says of Alice."""
    values: dict[str, Any] = {
        "moderator": Self(id="alice", name="Alice", role="moderator"),
        "token_id": "token",
        "last_event_id": 10,
        "desk": "Example support",
        "limits": Limits(text=4000, note=4000, page=200),
        "blocks": BlockRules(default="3d", longest="30d", forever=False),
        "support_room": True,
        "team": (ALICE, BOB),
    }
    return Me(**{**values, **more})
