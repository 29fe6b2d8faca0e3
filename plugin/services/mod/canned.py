"""Canned replies: texts that the team keeps under a name, with places for what differs."""

from __future__ import annotations

from ...db.canned import CannedReply
from ...db.database import Database
from ...domain.errors import NotFound
from ...domain.model import Moderator
from ...domain.text import checked_text
from ..audit import acting, write_down
from ..ports import Clock


class CannedService:
    """Keeps the canned replies, which all moderators share."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database, self._clock = database, clock

    async def list_all(self) -> list[CannedReply]:
        """Return them by name."""
        async with self._database.snapshot() as tx:
            return sorted(await tx.canned.list_all(), key=lambda reply: reply.name)

    async def put(self, by: Moderator, name: str, text: str) -> CannedReply:
        """Keep a text under a name, in place of what stood there. Raises TextEmpty, TextTooLong."""
        now = self._clock.now()
        reply = CannedReply(name=name, text=checked_text(text), by_id=by.id, by_name=by.name, updated_at=now)
        async with self._database.transaction() as tx:
            await tx.canned.put(reply)
            await write_down(tx, now, acting(by), "canned.written", {"canned": name})
        return reply

    async def delete(self, by: Moderator, name: str) -> None:
        """Forget one. Raises NotFound."""
        async with self._database.transaction() as tx:
            if not await tx.canned.delete(name):
                raise NotFound
            await write_down(tx, self._clock.now(), acting(by), "canned.deleted", {"canned": name})
