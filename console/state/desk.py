"""What the console knows of the desk; pure: events go in, what changed comes out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ..api.events import CustomerNews, Event, MessageNews, Reset
from ..api.models import Customer, Ticket
from ..api.records import Health, Me, Stats
from .plain import plain

Change = Literal[
    "blocks",
    "canned",
    "counts",
    "direct",
    "everything",
    "health",
    "held",
    "me",
    "moderators",
    "strangers",
    "tickets",
]

_COUNTED = ("blocks", "held", "strangers", "tickets")
"""Whose changes may change the numbers in the tabs."""

_CHANGES: dict[str, Change] = {
    "ticket": "tickets",
    "message": "tickets",
    "note": "tickets",
    "block": "blocks",
    "stranger": "strangers",
    "reply": "held",
    "moderator": "moderators",
    "canned": "canned",
    "health": "health",
}
"""By the first word of an event's type."""


@dataclass(frozen=True, kw_only=True)
class Connection:
    """How the stream is."""

    state: Literal["connecting", "live", "lost"] = "connecting"
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class Notice:
    """Something that a moderator is told of at once."""

    kind: Literal["ticket", "direct", "failed"]
    title: str
    text: str


class Desk:
    """What all screens share; screens keep their own lists."""

    def __init__(self, me: Me) -> None:
        self.me = me
        self.stats: Stats | None = None
        self.health: Health | None = None
        self.connection = Connection()
        self.last_event_id = me.last_event_id
        self.unread_direct: set[str] = set()
        """Customers who wrote in private since their conversation was looked at last."""

    def apply(self, event: Event | Reset) -> set[Change]:
        """Take in an event and return what changed; one that was seen before changes nothing."""
        if isinstance(event, Reset):
            self.last_event_id = event.id
            return {"everything", "counts"}
        if event.id <= self.last_event_id:
            return set()
        self.last_event_id = event.id
        if isinstance(event.about, CustomerNews):
            self.unread_direct.discard(event.about.id)
            return {"everything", "counts"}
        change = _CHANGES.get(event.type.partition(".")[0])
        if change is None:
            return set()
        changes: set[Change] = {change}
        if isinstance(event.about, MessageNews) and event.about.message.channel == "direct":
            changes = {"direct"}
            if event.type == "message.created" and event.about.message.author.kind == "customer":
                self.unread_direct.add(event.about.customer.id)
        if isinstance(event.about, Health):
            self.health = event.about
        if changes & set(_COUNTED):
            changes.add("counts")
        return changes

    def count(self, stats: Stats) -> None:
        """Take in the numbers."""
        self.stats, self.health = stats, stats.health

    def number_of(self, section: str) -> int | None:
        """Return the number that stands in a section's tab; None where there is none."""
        if section == "direct":
            return len(self.unread_direct) or None
        if self.stats is None:
            return None
        stats = self.stats
        numbers = {"tickets": stats.waiting, "held": stats.held, "strangers": stats.strangers_today}
        return numbers.get(section) or None


def name_of(customer: Customer) -> str:
    """Return what a customer is called on the screen."""
    if customer.name:
        return plain(customer.name)
    if customer.account:
        account = plain(customer.account).rpartition(":")[2]
        return account if len(account) <= 16 else f"{account[:6]}…{account[-4:]}"
    return plain(customer.identity)


def notice_of(event: Event) -> Notice | None:
    """Return what a moderator is told of an event; nothing about blocked customers."""
    about = event.about
    if event.type == "ticket.created" and isinstance(about, Ticket):
        if about.customer.blocked:
            return None
        text = plain(about.last.text) if about.last else ""
        return Notice(
            kind="ticket", title=f"New ticket #{about.number} · {name_of(about.customer)}", text=text
        )
    if not isinstance(about, MessageNews) or about.customer.blocked:
        return None
    message, who = about.message, name_of(about.customer)
    if event.type == "message.delivery" and message.delivery == "failed":
        where = f"#{message.ticket}" if message.ticket else "Direct"
        return Notice(
            kind="failed", title=f"Not delivered · {where} · {who}", text=plain(message.delivery_error or "")
        )
    if event.type == "message.created" and message.channel == "direct" and message.author.kind == "customer":
        return Notice(kind="direct", title=f"Direct message · {who}", text=plain(message.text)[:140])
    return None
