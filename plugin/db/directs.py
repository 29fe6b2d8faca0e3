"""Direct conversations, and the only record of the rooms they are held in."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from mautrix.util.async_db import Connection

from ..domain.model import Direct
from .columns import Row, to_ms

_DIRECT = "id, customer_id, moderator_id, room_id"
_ADD = """
    INSERT INTO direct (id, customer_id, moderator_id, room_id, created_at, active_at)
    VALUES ($1, $2, $3, NULL, $4, $4)
"""
_GET = f"SELECT {_DIRECT} FROM direct WHERE id = $1"
# Conversations that became one may have brought two with the same moderator: the one used last goes on.
_FIND = f"""
    SELECT {_DIRECT} FROM direct WHERE customer_id = $1 AND moderator_id = $2
    ORDER BY active_at DESC, id DESC LIMIT 1
"""
_GET_BY_ROOM = f"SELECT {_DIRECT} FROM direct WHERE room_id = $1"
_TOUCH = "UPDATE direct SET active_at = $2 WHERE id = $1"
_SET_ROOM = "UPDATE direct SET room_id = $2 WHERE id = $1 AND room_id IS NULL"
_FORGET_ROOM = "UPDATE direct SET room_id = NULL WHERE id = $1 AND room_id = $2"


def _from_row(row: Row) -> Direct:
    return Direct(
        id=row["id"],
        customer_id=row["customer_id"],
        moderator_id=row["moderator_id"],
        room_id=row["room_id"],
    )


class DirectRepository:
    """Who speaks with whom in private, and where."""

    def __init__(self, conn: Connection) -> None:
        self._conn = conn

    async def add(self, direct: Direct, at: datetime) -> None:
        """Store a new one; its room is made when there is something to say in it."""
        await self._conn.execute(_ADD, direct.id, direct.customer_id, direct.moderator_id, to_ms(at))

    async def get(self, direct_id: str) -> Direct | None:
        """Return the direct conversation."""
        row = await self._conn.fetchrow(_GET, direct_id)
        return None if row is None else _from_row(row)

    async def find(self, customer_id: str, moderator_id: str) -> Direct | None:
        """Return the one of a customer with a moderator."""
        row = await self._conn.fetchrow(_FIND, customer_id, moderator_id)
        return None if row is None else _from_row(row)

    async def get_by_room(self, room_id: str) -> Direct | None:
        """Return the one that is held in a room; None for every other room."""
        row = await self._conn.fetchrow(_GET_BY_ROOM, room_id)
        return None if row is None else _from_row(row)

    async def list_rooms_among(self, room_ids: Collection[str]) -> set[str]:
        """Return those of some rooms in which a direct conversation is held."""
        return {room_id for room_id in room_ids if await self.get_by_room(room_id)}

    async def touch(self, direct_id: str, at: datetime) -> None:
        """Note a message of either side."""
        await self._conn.execute(_TOUCH, direct_id, to_ms(at))

    async def set_room(self, direct_id: str, room_id: str) -> None:
        """Remember the room, where there is none yet."""
        await self._conn.execute(_SET_ROOM, direct_id, room_id)

    async def forget_room(self, direct_id: str, room_id: str) -> None:
        """Forget a room that the bot is not in any more, so that another is made."""
        await self._conn.execute(_FORGET_ROOM, direct_id, room_id)
