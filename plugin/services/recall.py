"""Words taken back: blanked in the database, kept out of the room, and redacted where they are in it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from ..db.transaction import Transaction
from ..domain.model import Message, mark_lane


async def recall(tx: Transaction, messages: Iterable[Message], now: datetime) -> dict[int, bool]:
    """Take a customer's messages back; return the tickets of those on their way, and if the group may know.

    What was joined with them is posted once more without them.
    """
    # A batch that is being made of them right now would not be found.
    await tx.batches.wait_for_making()
    tickets: dict[int, bool] = {}
    for message in messages:
        await tx.conversations.blank_message(message, now)
        batch_id = await tx.outbox.remove_message(message.id)
        if batch_id is not None:
            knows = await _withdraw(tx, batch_id, message.ticket, now)
            if message.ticket is not None:
                tickets[message.ticket] = tickets.get(message.ticket, False) or knows
            await tx.outbox.put_back(batch_id)
    return tickets


async def _withdraw(tx: Transaction, batch_id: str, ticket: int | None, now: datetime) -> bool:
    """Drop a batch and all marks, which repeat its words; return whether it may be in the room.

    The batch is locked by that: a post of it that is noted later is found to be of a dropped batch.
    """
    seen = await tx.batches.drop(batch_id)
    marks = [] if ticket is None else await tx.batches.list_marks(mark_lane(ticket), batch_id)
    for mark_id in marks:
        await tx.batches.drop(mark_id)
    for withdrawn in (batch_id, *marks):
        await tx.redactions.add_batch(withdrawn, now)
    return seen
