"""Direct conversations, and the only record of the rooms they are held in."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from mautrix.util.async_db import Connection

from ..domain.desk import LastWords
from ..domain.model import Direct
from .columns import Row, from_ms, to_ms

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
# The messages of a customer with a moderator are one conversation, in however many rooms they stand.
_LIST = """
    SELECT d.id, d.customer_id, d.active_at, m.seq, m.author_kind, m.author_name, m.text, m.created_at, (
        SELECT COUNT(*) FROM direct a JOIN batch b ON b.direct_id = a.id JOIN outbox o ON o.batch_id = b.id
        WHERE a.customer_id = d.customer_id AND a.moderator_id = d.moderator_id
        AND b.state IN ('failed', 'unconfirmed') AND o.message_id IS NOT NULL
    ) AS undelivered
    FROM direct d LEFT JOIN message m ON m.id = (
        SELECT n.id FROM message n WHERE n.customer_id = d.customer_id AND n.moderator_id = d.moderator_id
        ORDER BY n.seq DESC LIMIT 1
    )
    WHERE d.moderator_id = $1 AND (d.active_at, d.id) < ($2, $3) AND NOT EXISTS (
        SELECT 1 FROM direct l WHERE l.customer_id = d.customer_id AND l.moderator_id = d.moderator_id
        AND (l.active_at, l.id) > (d.active_at, d.id)
    )
    ORDER BY d.active_at DESC, d.id DESC LIMIT $4
"""
_TOUCH = "UPDATE direct SET active_at = $2 WHERE id = $1"
_SET_ROOM = "UPDATE direct SET room_id = $2 WHERE id = $1 AND room_id IS NULL"
_FORGET_ROOM = "UPDATE direct SET room_id = NULL WHERE id = $1 AND room_id = $2"


@dataclass(frozen=True, kw_only=True)
class DirectPlace:
    """Where a page of a list ended: its last conversation, and when that was used, in milliseconds."""

    active_at: int
    id: str


_TOP = DirectPlace(active_at=2**53, id="")


@dataclass(frozen=True, kw_only=True)
class DirectEntry:
    """A conversation in the list of its moderator."""

    id: str
    customer_id: str
    active_at: datetime
    last: LastWords | None
    last_seq: int
    undelivered: int
    """Messages that did not get into the room."""

    @property
    def place(self) -> DirectPlace:
        return DirectPlace(active_at=to_ms(self.active_at), id=self.id)


def _entry(row: Row) -> DirectEntry:
    last = None
    if row["seq"] is not None:
        last = LastWords(
            author_kind=row["author_kind"],
            author_name=row["author_name"],
            text=row["text"],
            created_at=from_ms(row["created_at"]),
        )
    return DirectEntry(
        id=row["id"],
        customer_id=row["customer_id"],
        active_at=from_ms(row["active_at"]),
        last=last,
        last_seq=row["seq"] or 0,
        undelivered=row["undelivered"],
    )


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

    async def list_page(self, moderator_id: str, after: DirectPlace | None, limit: int) -> list[DirectEntry]:
        """Return a moderator's conversations, used last first, from below a place on."""
        top = after or _TOP
        rows = await self._conn.fetch(_LIST, moderator_id, top.active_at, top.id, limit)
        return [_entry(row) for row in rows]

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
