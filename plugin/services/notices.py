"""Texts of the bot's own: for the group, or for a direct room, and never for both."""

from __future__ import annotations

from datetime import datetime

from ..db.transaction import Transaction
from ..domain.blocks import is_in_force
from ..domain.model import ANSWERS, OutboxRow, direct_answers_lane
from .ids import new_ulid


async def say_to_team(
    tx: Transaction,
    now: datetime,
    text: str,
    *,
    customer_id: str | None = None,
    ticket: int | None = None,
    direct_id: str | None = None,
) -> None:
    """Put a text on its way to the group, about a ticket where one is given, or to a direct room alone."""
    await tx.outbox.add_answer(
        OutboxRow(
            id=new_ulid(now),
            lane=ANSWERS if direct_id is None else direct_answers_lane(direct_id),
            customer_id=customer_id,
            ticket=ticket,
            text=text,
            created_at=now,
            direct_id=direct_id,
        )
    )


async def tell_team_unless_blocked(
    tx: Transaction, now: datetime, text: str, *, customer_id: str, ticket: int
) -> None:
    """Tell the group what a customer did, unless a block keeps that customer out of it."""
    blocks = await tx.blocks.list_not_over_before(customer_id, now)
    if not any(is_in_force(block, now) for block in blocks):
        await say_to_team(tx, now, text, customer_id=customer_id, ticket=ticket)
