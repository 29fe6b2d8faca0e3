"""What an anonymous customer has said becomes a part of the conversation that somebody has proven theirs."""

from __future__ import annotations

from datetime import datetime

from ..db.transaction import Transaction
from ..domain.model import Customer
from .ids import new_ulid


async def join(tx: Transaction, anonymous: Customer, proven: Customer, now: datetime) -> None:
    """Append a conversation to another one; both are locked.

    Its messages follow in their order, and the other browsers of the proven customer are told. Its tickets
    keep their numbers, and a Reply to them reaches the proven customer, whose own ticket stays the current
    one. What was on its way to the team goes on, after what waits already; a block holds the whole.
    """
    # No batch is made meanwhile of what waits in them. This lock comes after the customers', as everywhere.
    await tx.batches.wait_for_making()
    tickets = await tx.joining.list_tickets(anonymous.id)
    await tx.joining.join(anonymous, proven)
    for number in tickets:
        await tx.conversations.add_event(proven.id, "ticket.updated", ticket=number)
    tx.team_events.note("customer.joined", object_id=anonymous.id)
    await tx.records.add_audit(
        new_ulid(now),
        at=now,
        actor_id=proven.id,
        actor_name="customer",
        action="conversation.joined",
        target={"customer": proven.id},
        detail={"from": anonymous.id, "tickets": tickets},
    )
