"""Which tickets a list shows, and in which order; the same rules as the desk's own, for live changes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..api.client import Sort
from ..api.models import Ticket

Wishes = Mapping[str, Any]
"""Arguments of the client's `tickets`."""


@dataclass(frozen=True, kw_only=True)
class Filter:
    """One of the lists of tickets."""

    name: str
    title: str
    key: str
    wishes: Wishes = field(default_factory=dict)
    matches: Callable[[Ticket, str], bool]
    """Tells whether a ticket belongs in it, for a moderator's id."""
    empty: str


FILTERS = (
    Filter(
        name="open",
        title="Open",
        key="o",
        wishes={"status": "open"},
        matches=lambda ticket, _: ticket.status == "open",
        empty="No open tickets.",
    ),
    Filter(
        name="waiting",
        title="Waiting for us",
        key="w",
        wishes={"status": "open", "waiting": "team"},
        matches=lambda ticket, _: is_waiting_for_us(ticket),
        empty="Nobody waits for us.",
    ),
    Filter(
        name="mine",
        title="Mine",
        key="m",
        wishes={"status": "open", "assignee": "me"},
        matches=lambda ticket, me: (
            ticket.status == "open" and ticket.assignee is not None and ticket.assignee.id == me
        ),
        empty="No open ticket is yours.",
    ),
    Filter(
        name="unassigned",
        title="Unassigned",
        key="u",
        wishes={"status": "open", "assignee": "none"},
        matches=lambda ticket, _: ticket.status == "open" and ticket.assignee is None,
        empty="Every open ticket has somebody.",
    ),
    Filter(
        name="blocked",
        title="Blocked",
        key="b",
        wishes={"blocked": True},
        matches=lambda ticket, _: ticket.customer.blocked,
        empty="Nobody is blocked.",
    ),
    Filter(
        name="closed",
        title="Closed",
        key="c",
        wishes={"status": "closed"},
        matches=lambda ticket, _: ticket.status == "closed",
        empty="No closed tickets.",
    ),
)

SORTS: tuple[tuple[Sort, str], ...] = (
    ("activity", "newest activity"),
    ("waiting", "waiting longest"),
    ("number", "number"),
)


def is_waiting_for_us(ticket: Ticket) -> bool:
    """Tell whether the team owes an answer; a blocked customer is owed none."""
    return ticket.status == "open" and ticket.waiting == "team" and not ticket.customer.blocked


def order_by(sort: Sort) -> Callable[[Ticket], Any]:
    """Return what the desk sorts tickets by, smallest first."""
    if sort == "number":
        return lambda ticket: -ticket.number
    if sort == "waiting":
        return lambda ticket: (
            ticket.waiting_since is None,
            ticket.waiting_since.timestamp() if ticket.waiting_since else 0.0,
            ticket.number,
        )
    return lambda ticket: (-ticket.active_at.timestamp(), -ticket.number)
