"""The life of a ticket: which one a message belongs to, and who may open and close it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from .model import Ticket

Policy = Literal["per_customer", "per_case"]
Step = Literal["keep", "reopen", "new"]


@dataclass(frozen=True, kw_only=True)
class TicketRules:
    """How long a case lasts."""

    policy: Policy
    close_after: timedelta
    """Without activity; zero: never."""
    reopen_within: timedelta
    """`per_case`: how long after closing a message still belongs to the same ticket."""


def step_for_message(ticket: Ticket | None, rules: TicketRules, now: datetime) -> Step:
    """Say what a customer's message at `now` does to the customer's newest ticket."""
    if ticket is None:
        return "new"
    if ticket.status == "open":
        return "keep"
    if rules.policy == "per_customer":
        return "reopen"
    closed_at = ticket.closed_at or ticket.opened_at
    return "reopen" if now - closed_at <= rules.reopen_within else "new"
