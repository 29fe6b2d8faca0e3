"""Private conversations with one moderator: who can be written to, and where a message belongs."""

from __future__ import annotations

from datetime import datetime

from ..db.database import Database
from ..db.transaction import Transaction
from ..domain.errors import Invalid
from ..domain.model import Direct, Moderator, can_be_written_to
from .ids import new_ulid


class DirectService:
    """Knows the moderators that customers may choose from, and opens conversations with them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def list_offered(self) -> list[Moderator]:
        """Return the moderators who can be written to, by name."""
        async with self._database.snapshot() as tx:
            offered = [m for m in await tx.moderators.list_active() if can_be_written_to(m)]
        return sorted(offered, key=lambda moderator: (moderator.name.casefold(), moderator.id))

    async def open(self, tx: Transaction, customer_id: str, moderator_id: str, now: datetime) -> Direct:
        """Return the conversation that a customer's new message belongs to, under the customer's lock.

        Raises:
            Invalid: this moderator can't be written to.
        """
        offered = [m.id for m in await tx.moderators.list_active() if can_be_written_to(m)]
        if moderator_id not in offered:
            raise Invalid("moderator must be somebody who can be written to.", field="moderator")
        direct = await tx.directs.find(customer_id, moderator_id)
        if direct is None:
            direct = Direct(
                id=new_ulid(now), customer_id=customer_id, moderator_id=moderator_id, room_id=None
            )
            await tx.directs.add(direct, now)
        await tx.directs.touch(direct.id, now)
        return direct
