"""Canned replies."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from mautrix.util.async_db import Connection

from .columns import from_ms, to_ms
from .team_events import TeamEventRepository

_LIST = "SELECT name, text, by_id, by_name, updated_at FROM canned_reply"
_PUT = """
    INSERT INTO canned_reply (name, text, by_id, by_name, updated_at) VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (name) DO UPDATE SET text = excluded.text, by_id = excluded.by_id,
        by_name = excluded.by_name, updated_at = excluded.updated_at
"""
_DELETE = "DELETE FROM canned_reply WHERE name = $1 RETURNING 1"


@dataclass(frozen=True, kw_only=True)
class CannedReply:
    """A text under a name, and who wrote it last."""

    name: str
    text: str
    by_id: str
    by_name: str
    updated_at: datetime


class CannedRepository:
    """The texts that the team keeps."""

    def __init__(self, conn: Connection, events: TeamEventRepository) -> None:
        self._conn, self._events = conn, events

    async def list_all(self) -> list[CannedReply]:
        """Return all of them."""
        return [
            CannedReply(
                name=row["name"],
                text=row["text"],
                by_id=row["by_id"],
                by_name=row["by_name"],
                updated_at=from_ms(row["updated_at"]),
            )
            for row in await self._conn.fetch(_LIST)
        ]

    async def put(self, reply: CannedReply) -> None:
        """Keep one, in place of what stood under its name."""
        await self._conn.execute(
            _PUT, reply.name, reply.text, reply.by_id, reply.by_name, to_ms(reply.updated_at)
        )
        self._events.note("canned.updated", object_id=reply.name)

    async def delete(self, name: str) -> bool:
        """Forget one; False where there is none."""
        deleted = await self._conn.fetchval(_DELETE, name) is not None
        if deleted:
            self._events.note("canned.updated", object_id=name)
        return deleted
