"""What consoles have asked for, by the ids they gave: asked for again, it is done once."""

from __future__ import annotations

from datetime import datetime

from mautrix.util.async_db import Connection

from .columns import to_ms

_FIND = "SELECT object_id FROM console_act WHERE moderator_id = $1 AND client_id = $2"
_ADD = """
    INSERT INTO console_act (moderator_id, client_id, object_id, at) VALUES ($1, $2, $3, $4)
    ON CONFLICT (moderator_id, client_id) DO NOTHING RETURNING 1
"""
_PRUNE = "DELETE FROM console_act WHERE at < $1"


class ConsoleActRepository:
    """Ids that moderators' programs chose; those of customers are another matter, and may be alike."""

    def __init__(self, conn: Connection) -> None:
        self._conn = conn

    async def find(self, moderator_id: str, client_id: str) -> str | None:
        """Return the message, held reply or note that was made under an id."""
        found: str | None = await self._conn.fetchval(_FIND, moderator_id, client_id)
        return found

    async def add(self, moderator_id: str, client_id: str, object_id: str, at: datetime) -> bool:
        """Note what was made; False where something else was under the same id meanwhile."""
        return await self._conn.fetchval(_ADD, moderator_id, client_id, object_id, to_ms(at)) is not None

    async def prune(self, before: datetime) -> None:
        """Forget what nobody will ask for again."""
        await self._conn.execute(_PRUNE, to_ms(before))
