"""Texts of the bot's own: for the group, or for a direct room, and never for both."""

from __future__ import annotations

from datetime import datetime

from ..db.transaction import Transaction
from ..domain.blocks import is_in_force
from ..domain.model import ANSWERS, UNHEARD, OutboxRow, direct_answers_lane
from .ids import new_ulid
from .quiet_room import blanked


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
    tx: Transaction, now: datetime, text: str, *, customer_id: str, ticket: int, knows: bool = True
) -> None:
    """Tell the group what a customer did, unless a block keeps that customer out of it.

    Then dots take the same way to the quiet room, so that the customer can't tell. `knows`: the group has
    seen what it is about.
    """
    blocks = await tx.blocks.list_not_over_before(customer_id, now)
    is_heard = knows and not any(is_in_force(block, now) for block in blocks)
    row = OutboxRow(
        id=new_ulid(now),
        lane=ANSWERS if is_heard else UNHEARD,
        customer_id=customer_id,
        ticket=ticket if is_heard else None,
        text=text if is_heard else blanked(text),
        created_at=now,
    )
    await tx.outbox.add_answer(row)
